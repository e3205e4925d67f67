use std::collections::BTreeMap;

use collaudo_record::{Outcome, Verdict};

use crate::check::Finding;

/// How many events a pass cites at most.
const PASS_CITES: usize = 3;

/// At most one verdict for each clause and provider: the worst finding speaks; of passes, the first ones are cited.
pub(crate) fn aggregate(findings: Vec<Finding>) -> Vec<Verdict> {
    let mut groups: BTreeMap<_, Vec<Finding>> = BTreeMap::new();
    for finding in findings {
        groups.entry((finding.clause, finding.provider.clone())).or_default().push(finding);
    }
    groups.into_values().filter_map(worst).collect()
}

fn worst(group: Vec<Finding>) -> Option<Verdict> {
    let matched = u32::try_from(group.len()).unwrap_or(u32::MAX);
    let outcome = group.iter().map(|finding| finding.outcome).max()?;
    let declared = group.iter().any(|finding| finding.declared);
    let mut speakers = group.into_iter().filter(|finding| finding.outcome == outcome);
    let speaker = speakers.next()?;
    let mut evidence = speaker.evidence;
    if outcome == Outcome::Pass {
        evidence.extend(speakers.flat_map(|finding| finding.evidence));
        let mut seen = Vec::new();
        evidence.retain(|event| {
            !seen.contains(event)
                && {
                    seen.push(*event);
                    true
                }
                && seen.len() <= PASS_CITES
        });
    }
    let row = speaker.clause.row();
    Some(Verdict {
        clause: row.id.to_owned(),
        outcome,
        provider: speaker.provider,
        party: row.party.to_owned(),
        expected: speaker.expected,
        observed: speaker.observed,
        evidence,
        matched,
        declared,
        step: speaker.step,
        reading: speaker.reading.map(str::to_owned),
    })
}
