//! Those who are no part of the network, all on one host: they send ordinary mail as the world does, in the clear, and ask
//! for the provider index without being entitled to it.

use std::{io, rc::Rc};

use collaudo_scenario::{Plan, Step};

use super::{
    agenda::Agenda,
    domain, failed,
    smtp::{Caller, Client, Entrance, Letter},
};
use crate::{
    clock::span,
    net::{Ended, Net, OUTSIDE},
};

/// What an outsider does.
#[derive(Clone)]
pub(crate) enum Errand {
    /// Sends ordinary mail.
    Post(Rc<Step>),
    /// Asks for the provider index; the step's id.
    Ask(String),
}

/// All that outsiders do in a plan.
pub(crate) fn agenda(plan: &Plan) -> Agenda<Errand> {
    let at = |at| plan.epoch.after(span(at));
    let posts = plan.steps.iter().filter(|step| step.submit.provider == OUTSIDE);
    let posts = posts.map(|step| (at(step.at), Errand::Post(Rc::new(step.clone()))));
    let inquiries = plan.inquiries.iter().map(|inquiry| (at(inquiry.at), Errand::Ask(inquiry.id.clone())));
    Agenda::new(posts.chain(inquiries).collect())
}

pub(crate) async fn run(net: Rc<Net>, agenda: Rc<Agenda<Errand>>) -> Ended {
    agenda
        .keep(net.clone(), OUTSIDE, |errand| {
            let net = net.clone();
            async move {
                let (step, done) = match &errand {
                    Errand::Post(step) => (&step.id, post(&net, step).await),
                    Errand::Ask(id) => (id, net.documents.request_as_anyone(OUTSIDE).map_err(io::Error::other)),
                };
                if let Err(error) = done {
                    failed(&net, step, &error);
                }
            }
        })
        .await
}

/// Once to each provider of a recipient; what is put off is not tried again.
pub(crate) async fn post(net: &Net, step: &Step) -> io::Result<()> {
    let mut rest = step.submit.forward_paths.clone();
    while let Some(first) = rest.first() {
        let host = net.exchanger(&domain(first)).ok_or(io::ErrorKind::NotFound)?;
        let (here, elsewhere) = rest.into_iter().partition(|path| net.exchanger(&domain(path)) == Some(host));
        let letter = Letter {
            reverse_path: step.submit.reverse_path.clone(),
            forward_paths: here,
            message: step.submit.message.clone(),
        };
        let me = Caller { host: OUTSIDE, name: "mail.esterno.example" };
        let mut client = Client::connect(net, me, host, Entrance::Clear, &[]).await?;
        client.transact(&letter).await?;
        client.quit().await?;
        rest = elsewhere;
    }
    Ok(())
}
