//! Messages over the limit: a notice up to a certain size, SMTP's own error beyond it.

use collaudo_record::{Outcome, Provider};

use super::{Check, Findings, Occasion, View, access::Fate};
use crate::{
    Clause,
    reading::Virus,
    story::{Fault, Submission},
};

/// One bound, below which notices are given.
pub(super) const BOUND: Check = Check { clauses: &[Clause::PEC_3_1_2_02], run: bound };

/// A submission that was refused for its size alone.
struct Refused<'v> {
    submission: &'v Submission<'v>,
    octets: u64,
    notice: Option<u32>,
}

//= PEC-3.1.2-02
fn bound(view: &View<'_>, out: &mut Findings) {
    for provider in view.story.providers.all() {
        let refused = refused(view, provider);
        let noticed = refused.iter().filter(|one| one.notice.is_some()).map(|one| one.octets).max();
        let unnoticed = refused.iter().filter(|one| one.notice.is_none()).map(|one| one.octets).min();
        for one in &refused {
            let occasion = Occasion::of(view, provider, one.submission, one.notice).by("R-0080");
            let code = one.submission.code().map_or_else(|| "no reply".to_owned(), |code| format!("reply {code}"));
            let observed = format!("{} octets: {code}{}", one.octets, one.notice.map_or("", |_| " and a notice"));
            let (outcome, expected) = match one.notice {
                Some(_) => {
                    let holds = unnoticed.is_none_or(|least| one.octets < least);
                    (pass_if(holds), "a notice below one bound, an error of SMTP above it".to_owned())
                }
                None => {
                    let holds = noticed.is_none_or(|most| most < one.octets);
                    let expected = "an error of SMTP for want of room (552, or 5.2.3, 5.3.4), above one bound";
                    let outcome = if says_size(one.submission) { pass_if(holds) } else { Outcome::Deviation };
                    (if holds { outcome } else { Outcome::Fail }, expected.to_owned())
                }
            };
            occasion.judge(out, &[Clause::PEC_3_1_2_02], outcome, &expected, &observed);
        }
    }
}

fn pass_if(holds: bool) -> Outcome {
    if holds { Outcome::Pass } else { Outcome::Fail }
}

/// What was turned away at its access point and has no other fault than its size.
fn refused<'v>(view: &'v View<'v>, provider: &Provider) -> Vec<Refused<'v>> {
    let is_size = |fault: &Fault| matches!(fault, Fault::Size | Fault::SizeTimesRecipients);
    let own = view.story.submissions.iter().filter(|one| one.provider.name == provider.name);
    let over = own.filter(|one| {
        let faults = &one.formal.faults;
        !faults.is_empty() && faults.iter().all(is_size) && one.virus() == Virus::None
    });
    let told = over.filter_map(|submission| {
        let octets = submission.message?.0.octets;
        let fate = Fate::of(view.story, submission);
        let notice = fate.notices.first().copied();
        let is_turned_away = !fate.let_in() && (notice.is_some() || submission.refused());
        is_turned_away.then_some(Refused { submission, octets, notice })
    });
    told.collect()
}

/// Whether SMTP itself refused it for its size.
pub(super) fn says_size(submission: &Submission<'_>) -> bool {
    let names_size = |text: &str| ["5.2.3", "5.3.4"].iter().any(|code| text.starts_with(code));
    let reply = submission.transfer.reply.as_ref();
    reply.is_some_and(|reply| reply.code == 552 && !reply.text.starts_with("5.2.2") || names_size(&reply.text))
}
