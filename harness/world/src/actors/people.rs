//! People, all on one host: they submit, and they look into their mailboxes.

use std::rc::Rc;

use collaudo_scenario::{Plan, Step, Visit};

use super::{agenda::Agenda, submission, visit};
use crate::{
    clock::span,
    net::{Ended, Net, USERS},
};

/// What a person does.
#[derive(Clone)]
pub(crate) enum Errand {
    /// Submits messages over one connection.
    Submit(Rc<Vec<Step>>),
    /// Looks into a mailbox.
    Visit(Rc<Visit>),
}

/// All that people do in a plan.
pub(crate) fn agenda(plan: &Plan) -> Agenda<Errand> {
    let at = |at| plan.epoch.after(span(at));
    let steps = plan.steps.iter().filter(|step| step.submit.forged.is_none()).cloned().collect();
    let submissions = submission::sessions(steps).into_iter().filter_map(|session| {
        let instant = at(session.first()?.at);
        Some((instant, Errand::Submit(Rc::new(session))))
    });
    let visits = plan.visits.iter().map(|visit| (at(visit.at), Errand::Visit(Rc::new(visit.clone()))));
    Agenda::new(submissions.chain(visits).collect())
}

pub(crate) async fn run(net: Rc<Net>, agenda: Rc<Agenda<Errand>>) -> Ended {
    agenda
        .keep(net.clone(), USERS, |errand| {
            let net = net.clone();
            async move {
                match errand {
                    Errand::Submit(session) => submission::submit(&net, &session).await,
                    Errand::Visit(visit) => visit::look(&net, &visit).await,
                }
            }
        })
        .await
}
