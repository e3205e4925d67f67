//! People: all on one host, each step a client that logs in and submits.

use std::{io, rc::Rc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use collaudo_record::What;
use collaudo_scenario::Step;
use tokio::task::spawn_local;

use super::smtp;
use crate::{
    clock::span,
    net::{Net, SUBMISSION_PORT, USERS},
};

/// Submits the steps, each at its instant.
pub(crate) async fn run(net: Rc<Net>, steps: Rc<Vec<Step>>) -> turmoil::Result {
    each_at_its_instant(net.clone(), USERS, &steps, |step| {
        let net = net.clone();
        async move { submit(&net, &step).await }
    })
    .await
}

/// Carries out steps on a host until the run is over; one that cannot be carried out is recorded.
pub(super) async fn each_at_its_instant<Done: Future<Output = io::Result<()>> + 'static>(
    net: Rc<Net>,
    host: &str,
    steps: &[Step],
    carry_out: impl Fn(Step) -> Done,
) -> turmoil::Result {
    let clock = net.recorder.clock().clone();
    let bell = clock.bell(host);
    let mut waiting = steps.iter().peekable();
    loop {
        while let Some(step) = waiting.next_if(|step| net.epoch.after(span(step.at)) <= clock.now()) {
            let (net, id, done) = (net.clone(), step.id.clone(), carry_out(step.clone()));
            spawn_local(async move {
                if let Err(error) = done.await {
                    net.recorder.observed(What::StepFailed { step: id, why: error.to_string() });
                }
                net.stir();
            });
        }
        clock.set_alarm(host, waiting.peek().map(|step| net.epoch.after(span(step.at))));
        bell.notified().await;
        net.stir();
    }
}

async fn submit(net: &Net, step: &Step) -> io::Result<()> {
    let submit = &step.submit;
    let host = net
        .hosts
        .iter()
        .find(|(_, short)| **short == submit.provider)
        .map(|(name, _)| name.clone())
        .ok_or(io::ErrorKind::NotFound)?;
    let mut dialogue = smtp::connect(net, "client.users.test", &host, SUBMISSION_PORT, Some(&step.id)).await?;
    let secret = STANDARD.encode(format!("\0{}\0{}", submit.account, submit.password));
    if dialogue.ask(&format!("AUTH PLAIN {secret}")).await? != 235 {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    smtp::transact(&mut dialogue, &submit.reverse_path, &submit.forward_paths, &submit.message).await?;
    dialogue.ask("QUIT").await?;
    dialogue.close().await
}
