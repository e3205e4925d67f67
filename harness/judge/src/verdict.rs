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
        source_read: row.confidence == "read",
        step: speaker.step,
        reading: speaker.reading.map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Clause;

    fn finding(outcome: Outcome, event: u32) -> Finding {
        Finding {
            clause: Clause::PEC_3_1_4_03,
            provider: "alfa".into(),
            outcome,
            expected: "that".into(),
            observed: format!("event {event}"),
            evidence: vec![event],
            declared: event == 9,
            step: None,
            reading: None,
        }
    }

    #[test]
    fn the_worst_finding_speaks_and_all_are_counted() {
        let findings = vec![finding(Outcome::Pass, 1), finding(Outcome::Fail, 9), finding(Outcome::Unknown, 4)];
        let verdicts = aggregate(findings);
        assert_eq!(verdicts.len(), 1);
        assert_eq!((verdicts[0].outcome, verdicts[0].matched, verdicts[0].declared), (Outcome::Fail, 3, true));
        assert_eq!((verdicts[0].evidence.as_slice(), verdicts[0].party.as_str()), (&[9][..], "access-point"));
    }

    #[test]
    fn a_verdict_on_a_recalled_row_says_so() {
        let recalled = Finding { clause: Clause::PEC_AGID_SHA_01, ..finding(Outcome::Pass, 1) };
        let verdicts = aggregate(vec![finding(Outcome::Pass, 1), recalled]);
        let read: Vec<_> = verdicts.iter().map(|one| (one.clause.as_str(), one.source_read)).collect();
        assert_eq!(read, [("PEC-3.1.4-03", true), ("PEC-AGID.SHA-01", false)]);
    }

    #[test]
    fn a_pass_cites_up_to_three_events_each_once() {
        let verdicts = aggregate([5, 5, 6, 7, 8].map(|event| finding(Outcome::Pass, event)).into());
        assert_eq!(verdicts[0].evidence, [5, 6, 7]);
        assert_eq!(verdicts[0].matched, 5);
    }
}
