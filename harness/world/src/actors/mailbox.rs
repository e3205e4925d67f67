//! A mailbox of a foreign provider, in whichever way it may be read: as a Maildir, over IMAP, or over POP3.

use std::{collections::BTreeSet, io, time::Duration};

use tokio::net::TcpStream;

use super::{dialogue::Dialogue, imap, maildir, pop3};
use crate::{
    live::foreign::{Foreign, Mailbox},
    net::{IMAPS_PORT, Net, POP3S_PORT, TlsSide},
};

/// How many times as long is waited over POP3: each look is a login.
const LOGINS: u32 = 4;

/// What was in a mailbox before.
#[derive(Clone, Debug)]
pub(crate) enum Mark {
    /// Over IMAP: what comes has this UID or a higher one.
    Uid(u32),
    /// In a Maildir, and over POP3: it has these names.
    Names(BTreeSet<String>),
}

/// Who looks into a mailbox again and again.
pub(super) enum Reader {
    Maildir(maildir::Reader),
    /// Over one connection as long as it holds, from this UID on.
    Imap(Option<imap::Reader>, u32),
    /// What was given is known by its unique-id.
    Pop3(BTreeSet<String>),
}

impl Reader {
    /// Of what comes behind a mark, or of all that is there.
    pub(super) fn of(foreign: &Foreign, mailbox: &Mailbox, mark: Option<Mark>) -> Self {
        let (next, names) = match mark {
            Some(Mark::Uid(next)) => (next, BTreeSet::new()),
            Some(Mark::Names(names)) => (1, names),
            None => (1, BTreeSet::new()),
        };
        match (&mailbox.maildir, foreign.ports.contains_key(&IMAPS_PORT)) {
            (Some(folder), _) => Self::Maildir(maildir::Reader::of(folder, names)),
            (None, true) => Self::Imap(None, next),
            (None, false) => Self::Pop3(names),
        }
    }

    /// How often it is looked into.
    pub(super) fn every(&self, foreign: &Foreign) -> Duration {
        if matches!(self, Self::Pop3(_)) { foreign.every.saturating_mul(LOGINS) } else { foreign.every }
    }

    /// The provider is gone, and every connection with it.
    pub(super) fn hang_up(&mut self) {
        if let Self::Imap(session, _) = self {
            *session = None;
        }
    }

    /// Gives every message that was not given before.
    pub(super) async fn look(
        &mut self,
        net: &Net,
        foreign: &Foreign,
        mailbox: &Mailbox,
        mut found: impl FnMut(Vec<u8>),
    ) -> io::Result<()> {
        let Mailbox { address, password, .. } = mailbox;
        match self {
            Self::Maildir(reader) => reader.look(found),
            Self::Imap(session, next) => {
                // A provider may hang up on whoever was there for long: that is found out here, and no fault.
                if let Some(mut reader) = session.take()
                    && reader.look(next, &mut found).await.is_ok()
                {
                    *session = Some(reader);
                    return Ok(());
                }
                let mut reader = imap::Reader::enter(enter(net, foreign, IMAPS_PORT).await?, address, password).await?;
                reader.look(next, found).await?;
                *session = Some(reader);
                Ok(())
            }
            Self::Pop3(seen) => {
                let dialogue = enter(net, foreign, POP3S_PORT).await?;
                pop3::look(dialogue, address, password, seen, found).await
            }
        }
    }
}

/// Deletes all that is there.
pub(super) async fn empty(net: &Net, foreign: &Foreign, mailbox: &Mailbox) -> io::Result<()> {
    let Mailbox { address, password, maildir, .. } = mailbox;
    match Reader::of(foreign, mailbox, None) {
        Reader::Maildir(_) => maildir.as_deref().map_or(Ok(()), maildir::empty),
        Reader::Imap(..) => imap::empty(enter(net, foreign, IMAPS_PORT).await?, address, password).await,
        Reader::Pop3(_) => pop3::empty(enter(net, foreign, POP3S_PORT).await?, address, password).await,
    }
}

/// What is there.
pub(super) async fn mark(net: &Net, foreign: &Foreign, mailbox: &Mailbox) -> io::Result<Mark> {
    let mut reader = Reader::of(foreign, mailbox, None);
    if let Reader::Imap(..) = reader {
        let dialogue = enter(net, foreign, IMAPS_PORT).await?;
        return imap::Reader::enter(dialogue, &mailbox.address, &mailbox.password).await?.end().await.map(Mark::Uid);
    }
    reader.look(net, foreign, mailbox, drop).await?;
    Ok(Mark::Names(match reader {
        Reader::Maildir(reader) => reader.into_seen(),
        Reader::Pop3(seen) => seen,
        Reader::Imap(..) => BTreeSet::new(),
    }))
}

/// How it is read, in words.
pub(super) fn how(foreign: &Foreign, mailbox: &Mailbox) -> String {
    match (Reader::of(foreign, mailbox, None), &mailbox.maildir) {
        (Reader::Imap(..), _) => "over IMAP: login".into(),
        (_, None) => "over POP3: login".into(),
        (_, Some(folder)) => format!("as the Maildir {}", folder.display()),
    }
}

/// A connection of which nothing is told: it is no part of the scenario.
pub(super) async fn enter(net: &Net, foreign: &Foreign, port: u16) -> io::Result<Dialogue> {
    let at = foreign.ports.get(&port).copied().ok_or(io::ErrorKind::ConnectionRefused)?;
    let socket = TcpStream::connect(at).await?;
    socket.set_nodelay(true)?;
    let side = TlsSide::Client(net.client_tls.clone(), foreign.host.clone());
    Dialogue::new(Box::new(socket)).secure(&side).await
}
