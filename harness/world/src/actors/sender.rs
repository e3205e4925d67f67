//! People: all on one host, each step a client that logs in and submits.

use std::rc::Rc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use collaudo_record::What;
use collaudo_scenario::Step;
use tokio::task::spawn_local;

use super::smtp;
use crate::{
    clock::span,
    net::{Net, SUBMISSION_PORT, USERS},
};

/// Carries out the steps, each at its instant.
pub(crate) async fn run(net: Rc<Net>, steps: Rc<Vec<Step>>) -> turmoil::Result {
    let clock = net.recorder.clock().clone();
    let bell = clock.bell(USERS);
    let epoch = clock.now();
    let mut waiting = steps.iter().peekable();
    loop {
        while let Some(step) = waiting.next_if(|step| epoch.after(span(step.at)) <= clock.now()) {
            spawn_local(carry_out(net.clone(), step.clone()));
        }
        clock.set_alarm(USERS, waiting.peek().map(|step| epoch.after(span(step.at))));
        bell.notified().await;
        net.stir();
    }
}

async fn carry_out(net: Rc<Net>, step: Step) {
    if let Err(error) = submit(&net, &step).await {
        net.recorder.observed(What::StepFailed { step: step.id, why: error.to_string() });
    }
    net.stir();
}

async fn submit(net: &Net, step: &Step) -> std::io::Result<()> {
    let submit = &step.submit;
    let host = net
        .hosts
        .iter()
        .find(|(_, short)| **short == submit.provider)
        .map(|(name, _)| name.clone())
        .ok_or(std::io::ErrorKind::NotFound)?;
    let mut dialogue = smtp::connect(net, "client.users.test", &host, SUBMISSION_PORT, Some(&step.id)).await?;
    let secret = STANDARD.encode(format!("\0{}\0{}", submit.account, submit.password));
    if dialogue.ask(&format!("AUTH PLAIN {secret}")).await? != 235 {
        return Err(std::io::ErrorKind::PermissionDenied.into());
    }
    smtp::transact(&mut dialogue, &submit.reverse_path, &submit.forward_paths, &submit.message).await?;
    dialogue.ask("QUIT").await?;
    dialogue.close().await
}
