//! What is tried before a foreign provider is examined: whether everything answers, and everyone is let in.

use std::{io, rc::Rc, time::Duration};

use collaudo_record::Instant;

use super::{
    from_now, mailbox,
    smtp::{Caller, Client, Entrance, Letter},
};
use crate::{
    clock::span,
    live::{
        foreign::{Foreign, Mailbox},
        watch::pause,
    },
    net::{IMAPS_PORT, Net, POP3S_PORT, RELAY_PORT, SUBMISSION_PORT, SUBMISSIONS_PORT, USERS},
};

/// How long one trial may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long a first message may take to come.
const FIRST_MESSAGE: Duration = Duration::from_secs(60);

/// How long nothing more must come of it.
const LAST_MESSAGE: Duration = Duration::from_secs(2);

/// One trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// What was tried, such as `submission at 127.0.0.1:2587`.
    pub what: String,
    /// What went wrong and what to do; none where it went well.
    pub fault: Option<String>,
}

/// What all trials showed.
#[derive(Clone, Debug, Default)]
pub struct Preflight {
    /// In their order.
    pub trials: Vec<Trial>,
    /// The first message that came of a submission by the first user to itself, and when it was seen.
    pub first_message: Option<(Instant, Vec<u8>)>,
}

/// Tries every address, every login, and one message.
pub(crate) async fn run(net: &Rc<Net>, foreign: &Foreign) -> Preflight {
    let mut flight = Preflight::default();
    let users: Vec<_> = foreign.mailboxes.iter().filter(|mailbox| mailbox.submits).collect();
    for (port, name) in [
        (SUBMISSION_PORT, "submission"),
        (SUBMISSIONS_PORT, "submissions"),
        (RELAY_PORT, "relay"),
        (IMAPS_PORT, "imap"),
        (POP3S_PORT, "pop3"),
    ] {
        let Some(at) = foreign.ports.get(&port) else { continue };
        let what = format!("{name} at {at}: connection and TLS");
        let advice =
            "start the server, open the port, or correct [subject.at]; TLS must lead to tls_authority and bear host";
        flight.trial(net, what, advice, reach(net, foreign, port)).await;
    }
    for user in &users {
        let what = format!("submission as {}: login", user.address);
        flight
            .trial(net, what, "correct the password in LAB.toml, or make the user", submits(net, foreign, user))
            .await;
    }
    for mailbox in &foreign.mailboxes {
        let what = format!("mailbox {} {}", mailbox.address, mailbox::how(foreign, mailbox));
        let advice = match mailbox.maildir {
            Some(_) => "make the mailbox, correct its path, or run as somebody who may delete there",
            None => "correct the password in LAB.toml, or make the mailbox",
        };
        flight.trial(net, what, advice, mailbox::empty(net, foreign, mailbox)).await;
    }
    if let Some(user) = users.first().filter(|_| flight.trials.iter().all(|trial| trial.fault.is_none())) {
        let what = format!("a message of {0} to {0}", user.address);
        let advice =
            "look into the provider's log: a submission must give at least an acceptance receipt within a minute";
        let mut first = None;
        flight.trial_of(net, FIRST_MESSAGE, what, advice, first_message(net, foreign, user, &mut first)).await;
        flight.first_message = first;
    }
    flight
}

impl Preflight {
    async fn trial(&mut self, net: &Net, what: String, advice: &str, work: impl Future<Output = io::Result<()>>) {
        self.trial_of(net, PATIENCE, what, advice, work).await;
    }

    async fn trial_of(
        &mut self,
        net: &Net,
        patience: Duration,
        what: String,
        advice: &str,
        work: impl Future<Output = io::Result<()>>,
    ) {
        let tried = tokio::select! {
            biased;
            tried = work => tried,
            () = net.recorder.clock().sleep_until(from_now(net, patience)) => Err(io::ErrorKind::TimedOut.into()),
        };
        let fault = tried.err().map(|error| format!("{error}; {advice}"));
        self.trials.push(Trial { what, fault });
    }
}

const ME: Caller<'_> = Caller { host: USERS, name: "client.users.test" };

async fn reach(net: &Net, foreign: &Foreign, port: u16) -> io::Result<()> {
    let entrance = match port {
        RELAY_PORT => Entrance::Relay,
        SUBMISSION_PORT => Entrance::Submission { implicit_tls: false },
        SUBMISSIONS_PORT => Entrance::Submission { implicit_tls: true },
        _ => return mailbox::enter(net, foreign, port).await.map(drop),
    };
    Client::connect(net, ME, &foreign.host, entrance, &[]).await?.quit().await
}

async fn submitter(net: &Net, foreign: &Foreign, user: &Mailbox) -> io::Result<Client> {
    let implicit_tls = !foreign.ports.contains_key(&SUBMISSION_PORT);
    let mut client = Client::connect(net, ME, &foreign.host, Entrance::Submission { implicit_tls }, &[]).await?;
    client.login(&user.address, &user.password).await?;
    Ok(client)
}

async fn submits(net: &Net, foreign: &Foreign, user: &Mailbox) -> io::Result<()> {
    submitter(net, foreign, user).await?.quit().await
}

/// Submits a message and waits for what comes of it.
async fn first_message(
    net: &Net,
    foreign: &Foreign,
    user: &Mailbox,
    first: &mut Option<(Instant, Vec<u8>)>,
) -> io::Result<()> {
    let mut client = submitter(net, foreign, user).await?;
    let address = &user.address;
    let message = format!(
        "From: {address}\r\nTo: {address}\r\nSubject: Prova di collegamento\r\n\
         Message-ID: <prova.{}@client.users.test>\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=us-ascii\r\n\r\nProva.\r\n",
        net.recorder.clock().now().0
    );
    let message = message.into_bytes().into();
    client.transact(&Letter { reverse_path: address.clone(), forward_paths: vec![address.clone()], message }).await?;
    client.quit().await?;
    let mut reader = mailbox::Reader::of(foreign, user, None);
    let mut came = net.recorder.clock().now();
    // What else comes of it must not come into the first scenario.
    while first.is_none() || net.recorder.clock().now() < came.after(span(LAST_MESSAGE)) {
        let mut found = Vec::new();
        reader.look(net, foreign, user, |octets| found.push(octets)).await?;
        if let Some(octets) = found.into_iter().next() {
            came = net.recorder.clock().now();
            first.get_or_insert((came, octets));
        }
        pause(reader.every(foreign)).await;
    }
    Ok(())
}
