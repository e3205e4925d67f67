//! People who submit: a client for each session, which logs in and hands over its messages.

use std::io;

use collaudo_scenario::Step;

use super::{
    failed, host_of,
    smtp::{Caller, Client, Entrance, Letter},
};
use crate::net::{Net, USERS};

/// Every person's client says the same name.
const ME: Caller<'_> = Caller { host: USERS, name: "client.users.test" };

/// Steps of one instant that go over one connection: those that name one session, else each by itself.
pub(super) fn sessions(steps: Vec<Step>) -> Vec<Vec<Step>> {
    let mut sessions: Vec<Vec<Step>> = Vec::new();
    for step in steps {
        match sessions.iter_mut().find(|session| session.first().is_some_and(|first| go_together(first, &step))) {
            Some(session) => session.push(step),
            None => sessions.push(vec![step]),
        }
    }
    sessions
}

fn go_together(one: &Step, other: &Step) -> bool {
    let (a, b) = (&one.submit, &other.submit);
    a.session.is_some()
        && one.at == other.at
        && (&a.session, &a.provider, &a.account, a.implicit_tls)
            == (&b.session, &b.provider, &b.account, b.implicit_tls)
}

/// Submits a session's messages; those that were not handed over are recorded.
pub(super) async fn submit(net: &Net, session: &[Step]) {
    let mut done = 0;
    if let Err(error) = hand_over(net, session, &mut done).await {
        session.iter().skip(done).for_each(|step| failed(net, &step.id, &error));
    }
}

/// Submits one message; an error where it could not be handed over.
pub(crate) async fn hand_in(net: &Net, step: &Step) -> io::Result<()> {
    hand_over(net, std::slice::from_ref(step), &mut 0).await
}

async fn hand_over(net: &Net, session: &[Step], done: &mut usize) -> io::Result<()> {
    let Some(first) = session.first().map(|step| &step.submit) else { return Ok(()) };
    let host = host_of(net, &first.provider)?;
    let entrance = Entrance::Submission { implicit_tls: first.implicit_tls };
    let ids: Vec<_> = session.iter().map(|step| step.id.clone()).collect();
    let mut client = Client::connect(net, ME, &host, entrance, &ids).await?;
    client.login(&first.account, &first.password).await?;
    let letters: Vec<_> = session.iter().map(letter).collect();
    match letters.as_slice() {
        [letter] => {
            client.transact(letter).await?;
            *done = 1;
        }
        letters => client.transact_all(letters, done).await?,
    }
    client.quit().await
}

fn letter(step: &Step) -> Letter {
    Letter {
        reverse_path: step.submit.reverse_path.clone(),
        forward_paths: step.submit.forward_paths.clone(),
        message: step.submit.message.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use collaudo_scenario::Submit;

    use super::*;

    #[test]
    fn steps_go_together_that_name_one_session_at_one_instant() {
        let steps = vec![
            step("a", 0, Some("s"), "anna@alfa.test"),
            step("b", 0, None, "anna@alfa.test"),
            step("c", 0, Some("s"), "anna@alfa.test"),
            step("d", 0, Some("t"), "anna@alfa.test"),
            step("e", 1, Some("s"), "anna@alfa.test"),
            step("f", 0, Some("s"), "aldo@alfa.test"),
            step("g", 0, None, "anna@alfa.test"),
        ];
        let ids: Vec<Vec<_>> =
            sessions(steps).into_iter().map(|session| session.into_iter().map(|step| step.id).collect()).collect();
        assert_eq!(ids, [vec!["a", "c"], vec!["b"], vec!["d"], vec!["e"], vec!["f"], vec!["g"]]);
    }

    fn step(id: &str, second: u64, session: Option<&str>, account: &str) -> Step {
        Step {
            at: Duration::from_secs(second),
            id: id.into(),
            submit: Submit {
                provider: "alfa".into(),
                account: account.into(),
                password: "segreta".into(),
                reverse_path: account.into(),
                forward_paths: Vec::new(),
                message: [].into(),
                implicit_tls: false,
                session: session.map(str::to_owned),
                forged: None,
            },
        }
    }
}
