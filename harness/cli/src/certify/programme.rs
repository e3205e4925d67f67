//! Which scenarios are run, and which not, and why.

use std::{cmp::Reverse, collections::BTreeSet, time::Duration};

use collaudo_scenario::matches;

use super::{
    fit::{self, Fit, Part},
    forecast::worded,
    lab::{Lab, Ours},
};
use crate::{command::CertifyArgs, scenarios::Library};

/// The longest that a scenario may last which goes on in real time beside others: what takes minutes goes before it, and all of
/// it is over within twenty-five hours.
const A_DAY: Duration = Duration::from_secs(24 * 3_600 + 45 * 60);

/// A scenario that is not run, and why.
pub(super) type Idle = (String, String);

/// What is run, and what is not.
pub(super) struct Programme {
    /// The untimed first, and of these first what disturbs nobody; last what changes what all scenarios share.
    pub(super) parts: Vec<Part>,
    pub(super) idle: Vec<Idle>,
    /// Rows that come up only where a service is wanted that the subject does not offer.
    pub(super) unsupported: BTreeSet<String>,
}

impl Programme {
    /// Of all that there is, what was asked for and what the subject has a part in; of that what is over in a day, or was run
    /// before.
    pub(super) fn of(
        library: &Library,
        args: &CertifyArgs,
        lab: &Lab,
        ours: &Ours,
        is_kept: impl Fn(&str) -> bool,
    ) -> Self {
        let asked = |id: &str| args.patterns.is_empty() || args.patterns.iter().any(|pattern| matches(pattern, id));
        let (mut parts, mut idle) = (Vec::new(), Vec::new());
        let (mut lacking, mut offered) = (BTreeSet::new(), BTreeSet::new());
        for scenario in &library.scenarios {
            let prospect = fit::fit(scenario, lab, ours, &args.place.folder());
            let covers = scenario.brief().covers.iter().cloned();
            if prospect.lacks_service {
                lacking.extend(covers)
            } else {
                offered.extend(covers)
            }
            let id = scenario.id();
            match prospect.fit {
                _ if !asked(id) => {}
                Fit::Not(why) => idle.push((id.to_owned(), why)),
                Fit::Runs(part) => match left_out(&part, args, lab) {
                    Some(why) if !is_kept(id) => idle.push((id.to_owned(), why)),
                    _ => parts.push(*part),
                },
            }
        }
        // Whom few lanes suit begins first, and then the longest: the others go on beside them.
        parts.sort_by_key(|part| (part.alone, part.timed, Reverse(part.breadth()), part.disturbs, Reverse(part.lasts)));
        Self { parts, idle, unsupported: lacking.difference(&offered).cloned().collect() }
    }
}

/// Why a scenario is not run in which the subject has a part, if it is not.
fn left_out(part: &Part, args: &CertifyArgs, lab: &Lab) -> Option<String> {
    if part.timed && args.skip_timed {
        return Some("it takes more than minutes, and --skip-timed was given".into());
    }
    let is_wanted = args.days || !args.patterns.is_empty() || lab.has_clock();
    let how = match part {
        _ if is_wanted => return None,
        Part { timed: true, alone: true, .. } => "alone",
        Part { lasts, .. } if *lasts > A_DAY => "beside others",
        _ => return None,
    };
    Some(format!("it takes {} {how}: name it, give --days, or have [clock] move the clock", worded(part.lasts)))
}
