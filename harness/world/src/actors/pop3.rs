//! POP3 (RFC 1939) as a strict client speaks it.

use std::{collections::BTreeSet, io};

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
    answered(login(&mut dialogue, &visit.account, &visit.password).await, entered)?;
    for number in 1..=count(&mut dialogue).await? {
        fetched(&retrieve(&mut dialogue, number).await?);
        if visit.deletes {
            ask(&mut dialogue, &format!("DELE {number}")).await?;
        }
    }
    leave(dialogue).await
}

/// Logs in and gives every message whose unique-id is not among those that were `seen`, where it is put.
pub(super) async fn look(
    mut dialogue: Dialogue,
    account: &str,
    password: &str,
    seen: &mut BTreeSet<String>,
    mut found: impl FnMut(Vec<u8>),
) -> io::Result<()> {
    status(&mut dialogue, "the connection").await?;
    login(&mut dialogue, account, password).await?;
    if count(&mut dialogue).await? > 0 {
        ask(&mut dialogue, "UIDL").await?;
        for (number, id) in unique_ids(&dialogue.content(|_| {}).await?)? {
            if !seen.contains(&id) {
                found(retrieve(&mut dialogue, number).await?);
                seen.insert(id);
            }
        }
    }
    leave(dialogue).await
}

/// Logs in and deletes all that is there.
pub(super) async fn empty(mut dialogue: Dialogue, account: &str, password: &str) -> io::Result<()> {
    status(&mut dialogue, "the connection").await?;
    login(&mut dialogue, account, password).await?;
    for number in 1..=count(&mut dialogue).await? {
        ask(&mut dialogue, &format!("DELE {number}")).await?;
    }
    leave(dialogue).await
}

async fn login(dialogue: &mut Dialogue, account: &str, password: &str) -> io::Result<String> {
    ask(dialogue, &format!("USER {account}")).await?;
    ask(dialogue, &format!("PASS {password}")).await
}

/// How many messages there are.
async fn count(dialogue: &mut Dialogue) -> io::Result<u32> {
    let stat = ask(dialogue, "STAT").await?;
    let count = stat.split(' ').next().and_then(|count| count.parse().ok());
    count.ok_or_else(|| wrong(format!("STAT was answered with \"{stat}\"; expected how many messages there are")))
}

async fn retrieve(dialogue: &mut Dialogue, number: u32) -> io::Result<Vec<u8>> {
    ask(dialogue, &format!("RETR {number}")).await?;
    dialogue.content(|_| {}).await
}

/// What is to be deleted is, behind this.
async fn leave(mut dialogue: Dialogue) -> io::Result<()> {
    ask(&mut dialogue, "QUIT").await?;
    dialogue.close().await
}

/// Number and unique-id of every message, as `UIDL` lists them.
fn unique_ids(listing: &[u8]) -> io::Result<Vec<(u32, String)>> {
    let one = |line: &str| {
        let (number, id) = line.split_once(' ')?;
        Some((number.parse().ok()?, id.trim().to_owned()))
    };
    let listing = String::from_utf8_lossy(listing);
    let read = listing.lines().map(|line| one(line).ok_or_else(|| wrong(format!("UIDL listed \"{line}\""))));
    read.collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_told_apart_by_their_unique_ids() {
        let read = unique_ids(b"1 a7\r\n2 b 9\r\n").expect("a listing");
        assert_eq!(read, [(1, "a7".to_owned()), (2, "b 9".to_owned())]);
        assert!(unique_ids(b"1\r\n").is_err() && unique_ids(b"x y\r\n").is_err());
    }
}
