use std::collections::BTreeSet;

use collaudo_record::{Reply, Session, Transfer, What};

use super::{Check, Findings, Occasion, View, access::Fate};
use crate::{
    Clause,
    story::{Place, Submission, address::same},
};

/// Who submits has logged in, and as the one that he says he is.
pub(super) const LOGIN: Check =
    Check { clauses: &[Clause::PEC_2_2_1_01, Clause::PEC_5_2_01, Clause::PEC_5_2_03], run: login };

/// What crosses goes under TLS.
pub(super) const SECURE: Check =
    Check { clauses: &[Clause::PEC_5_3_01, Clause::PEC_5_3_02, Clause::PEC_5_3_03], run: secure };

fn login(view: &View<'_>, out: &mut Findings) {
    for submission in &view.story.submissions {
        let fate = Fate::of(view.story, submission);
        let occasion = Occasion::of(view, submission.provider, submission, fate.events());
        let account = submission.transfer.account.as_deref();
        //= PEC-2.2.1-01
        //= PEC-5.2-01
        if submission.taken() || account.is_none() {
            let let_in = submission.taken() || fate.let_in();
            let observed = format!(
                "{}, reply {:?}",
                account.map_or_else(|| "no login".to_owned(), |account| format!("logged in as {account}")),
                submission.code()
            );
            let expected = "a login before a message is taken";
            let both = &[Clause::PEC_2_2_1_01, Clause::PEC_5_2_01];
            occasion.holds(out, both, account.is_some() || !let_in, expected, &observed);
        }
        //= PEC-5.2-03
        let Some(account) = account else { continue };
        let is_own = same(account, submission.sender()) && !has_anothers_name(submission, account);
        let was_refused = is_turned_away(submission) || !fate.notices.is_empty();
        // What goes on as it came was sent in that name, too; of one's own name only what is certified tells.
        if (is_own && fate.entered()) || (!is_own && (fate.let_in() || was_refused)) {
            let expected = format!("accepted for {account} alone, who logged in");
            let (reverse_path, authors) = (submission.sender(), authors(submission));
            let observed = format!("{} with reverse path {reverse_path}, From {authors}", fate.words(submission));
            occasion.holds(out, &[Clause::PEC_5_2_03], is_own || !fate.let_in(), &expected, &observed);
        }
    }
}

/// Whether SMTP said no for good: to the message, to its sender, or to all its recipients. A connection that broke said nothing.
fn is_turned_away(submission: &Submission<'_>) -> bool {
    let is_no = |reply: &Option<Reply>| reply.as_ref().is_some_and(|reply| reply.code >= 500);
    let Transfer { reverse_reply, forward_paths, .. } = submission.transfer;
    let nobody = !forward_paths.is_empty() && forward_paths.iter().all(|forward| is_no(&forward.reply));
    submission.refused() || is_no(reverse_reply) || nobody
}

/// Whether the message names another user of the same provider as its author.
fn has_anothers_name(submission: &Submission<'_>, account: &str) -> bool {
    let users = || submission.provider.users.iter().filter(|user| !same(&user.address, account));
    let authors = submission.message.into_iter().flat_map(|(reading, _)| &reading.head.from);
    authors.into_iter().any(|author| users().any(|user| same(&user.address, &author.address)))
}

fn authors(submission: &Submission<'_>) -> String {
    let authors = submission.message.into_iter().flat_map(|(reading, _)| &reading.head.from);
    authors.map(|author| author.address.as_str()).collect::<Vec<_>>().join(", ")
}

fn secure(view: &View<'_>, out: &mut Findings) {
    // The explorer works above TLS: what it does not carry it cannot show.
    if view.trace.header.world == "explore" {
        return;
    }
    let words = |secured| if secured { "under TLS" } else { "in the clear" };
    for submission in view.story.submissions.iter().filter(|one| one.message.is_some()) {
        //= PEC-5.3-02
        //= PEC-5.3-01
        let secured = submission.transfer.secured;
        let occasion = Occasion::of(view, submission.provider, submission, []);
        let both = &[Clause::PEC_5_3_02, Clause::PEC_5_3_01];
        occasion.holds(out, both, secured, "submission under TLS", words(secured));
    }
    let (able, users) = (names(view, |session| &session.server), names(view, |session| &session.client));
    for appearance in &view.story.appearances {
        let Place::Wire { transfer, from: Some(from), to } = &appearance.place else { continue };
        let submission = view.story.submission_of(appearance);
        let expected = format!("TLS from {} to {}", from.name, to.name);
        let on = |provider| Occasion::new(view, provider, [appearance.event]).about(submission);
        //= PEC-5.3-01
        //= PEC-5.3-03
        let both = &[Clause::PEC_5_3_01, Clause::PEC_5_3_03];
        if transfer.secured {
            [*from, *to].into_iter().for_each(|one| on(one).holds(out, both, true, &expected, words(true)));
            continue;
        }
        // Who takes ordinary mail must take what comes in the clear (PEC-5.3-05): that it came so is its sender's choice,
        // unless he uses TLS with others and nobody ever could with this one.
        let offers_none = !able.contains(to.name.as_str()) && users.contains(from.name.as_str());
        for provider in [Some(*from), offers_none.then_some(*to)].into_iter().flatten() {
            on(provider).by("R-0093").holds(out, both, false, &expected, words(false));
        }
    }
}

/// Who stood at one end of some connection under TLS where providers meet.
fn names<'v>(view: &'v View<'v>, end: fn(&Session) -> &String) -> BTreeSet<&'v str> {
    const PROVIDERS: u16 = 25;
    let secured = view.trace.events.iter().filter_map(|event| match &event.what {
        What::Secured(session) if session.port == PROVIDERS => Some(end(session).as_str()),
        What::Transfer(transfer) if transfer.secured && transfer.session.port == PROVIDERS => {
            Some(end(&transfer.session).as_str())
        }
        _ => None,
    });
    secured.collect()
}
