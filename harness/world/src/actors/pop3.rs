//! POP3 (RFC 1939) as a strict client speaks it.

use std::io;

use collaudo_scenario::Visit;

use super::{
    dialogue::{Dialogue, wrong},
    visit::answered,
};

/// Logs in, gives every message whole, in the mailbox's order, and deletes each behind it where the visit says so.
pub(super) async fn fetch_all(
    mut dialogue: Dialogue,
    visit: &Visit,
    entered: impl FnOnce(bool),
    mut fetched: impl FnMut(&[u8]),
) -> io::Result<()> {
    status(&mut dialogue, "the connection").await?;
    answered(login(&mut dialogue, visit).await, entered)?;
    let stat = ask(&mut dialogue, "STAT").await?;
    let count: u32 = stat
        .split(' ')
        .next()
        .and_then(|count| count.parse().ok())
        .ok_or_else(|| wrong(format!("STAT was answered with \"{stat}\"; expected how many messages there are")))?;
    for number in 1..=count {
        ask(&mut dialogue, &format!("RETR {number}")).await?;
        fetched(&dialogue.content(|_| {}).await?);
        if visit.deletes {
            ask(&mut dialogue, &format!("DELE {number}")).await?;
        }
    }
    ask(&mut dialogue, "QUIT").await?;
    dialogue.close().await
}

async fn login(dialogue: &mut Dialogue, visit: &Visit) -> io::Result<String> {
    ask(dialogue, &format!("USER {}", visit.account)).await?;
    ask(dialogue, &format!("PASS {}", visit.password)).await
}

/// Says a command, gives what stands behind `+OK`.
async fn ask(dialogue: &mut Dialogue, command: &str) -> io::Result<String> {
    dialogue.say(format!("{command}\r\n").as_bytes()).await?;
    status(dialogue, command.split(' ').next().unwrap_or_default()).await
}

async fn status(dialogue: &mut Dialogue, asked: &str) -> io::Result<String> {
    let line = dialogue.text_line().await?;
    match line.strip_prefix("+OK").filter(|rest| rest.is_empty() || rest.starts_with(' ')) {
        Some(rest) => Ok(rest.trim_start().to_owned()),
        None if line.starts_with("-ERR") => {
            Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("{asked} was refused: {line}")))
        }
        None => Err(wrong(format!("{asked} was answered with \"{line}\"; expected +OK or -ERR"))),
    }
}
