//! Those who look after the mailboxes of a foreign provider: what is put there shows only to whoever reads it.

use std::{cell::RefCell, collections::BTreeMap, io, rc::Rc};

use collaudo_record::What;

use super::{
    failed,
    mailbox::{self, Mark, Reader},
};
use crate::{
    live::{
        foreign::{Foreign, Mailbox},
        watch::pause,
    },
    net::{Ended, Net},
};

/// How often in a row a look may fail before it is told: a provider that has just begun lets nobody in yet.
const PATIENCE: u32 = 40;

/// So much of the end of two messages is compared: of certified ones it is the signature.
const END_OCTETS: usize = 1_000;

/// Empties every mailbox: what earlier runs left there is none of this one's. *Gives*, for those that are not emptied, what is
/// there. A provider that has just begun may be slow to let anyone in.
pub(crate) async fn empty(net: &Net, foreign: &Foreign) -> io::Result<BTreeMap<String, Mark>> {
    let mut marks = BTreeMap::new();
    for mailbox in &foreign.mailboxes {
        let mut done = empty_or_mark(net, foreign, mailbox).await;
        for _ in 1..PATIENCE {
            if done.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused) {
                pause(foreign.every).await;
                done = empty_or_mark(net, foreign, mailbox).await;
            }
        }
        let told = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", mailbox.address));
        marks.extend(done.map_err(told)?.map(|mark| (mailbox.address.clone(), mark)));
    }
    Ok(marks)
}

/// Empties a mailbox, or, where others look into it, says what is there.
async fn empty_or_mark(net: &Net, foreign: &Foreign, mailbox: &Mailbox) -> io::Result<Option<Mark>> {
    match mailbox.is_shared {
        true => mailbox::mark(net, foreign, mailbox).await.map(Some),
        false => mailbox::empty(net, foreign, mailbox).await.map(|()| None),
    }
}

/// Looks into every mailbox again and again, until the run is over.
///
/// A round looks first where receipts come, and tells last what it saw there: what a receipt is about was put in its mailbox
/// before, and is seen in the same round.
pub(crate) async fn run(net: Rc<Net>, foreign: Rc<Foreign>, marks: Rc<RefCell<BTreeMap<String, Mark>>>) -> Ended {
    let mark = |mailbox: &Mailbox| marks.borrow().get(&mailbox.address).cloned();
    let eye = |mailbox| Eye { mailbox, reader: Reader::of(&foreign, mailbox, mark(mailbox)), failures: 0 };
    let mut eyes: Vec<_> = foreign.mailboxes.iter().map(eye).collect();
    let every = eyes.iter().map(|eye| eye.reader.every(&foreign)).max().unwrap_or(foreign.every);
    let mut since = 0;
    let mut fetched = net.documents.tell_held(&foreign.provider);
    loop {
        let (begun, mut round) = (net.recorder.so_far(), Vec::new());
        let is_down = net.down.borrow().contains(&foreign.provider);
        for eye in &mut eyes {
            if is_down {
                eye.reader.hang_up();
                eye.failures = 0;
                continue;
            }
            let mut found = Vec::new();
            match eye.reader.look(&net, &foreign, eye.mailbox, |octets| found.push(octets)).await {
                Ok(()) => eye.failures = 0,
                Err(error) => eye.fault(&net, &error),
            }
            round.push((eye.mailbox, found));
        }
        for (mailbox, found) in round.into_iter().rev() {
            found.into_iter().for_each(|octets| tell(&net, &foreign, mailbox, octets, since));
        }
        fetched = net.documents.tell_fetches(&foreign.provider, fetched);
        since = begun;
        pause(every).await;
    }
}

/// Who looks into a mailbox.
struct Eye<'a> {
    mailbox: &'a Mailbox,
    reader: Reader,
    /// In a row, up to the last look.
    failures: u32,
}

impl Eye<'_> {
    /// A mailbox that cannot be looked into is told once; it is tried again all the same.
    fn fault(&mut self, net: &Net, error: &io::Error) {
        self.failures = self.failures.saturating_add(1);
        if self.failures == PATIENCE {
            failed(net, &format!("looking into {}", self.mailbox.address), error);
        }
    }
}

/// A message was put in a mailbox: behind the round before this one, and behind the transaction that brought it, if one did.
fn tell(net: &Net, foreign: &Foreign, mailbox: &Mailbox, octets: Vec<u8>, since: usize) {
    net.stir();
    let brought = net.recorder.last(|what| match what {
        What::Transfer(transfer) if transfer.session.server == foreign.provider => transfer
            .body
            .as_ref()
            .and_then(|body| net.recorder.body(body))
            .is_some_and(|body| end(&body) == end(&octets)),
        _ => false,
    });
    let body = net.recorder.keep_shared(octets.into());
    let what = What::Stored { provider: foreign.provider.clone(), mailbox: mailbox.address.clone(), body };
    match brought {
        Some(place) => net.recorder.observed_at((place + 1).max(since), what),
        None => net.recorder.observed(what),
    }
}

/// The end of a message, which no trace field on its way changes.
fn end(octets: &[u8]) -> &[u8] {
    octets.get(octets.len().saturating_sub(END_OCTETS)..).unwrap_or(octets)
}
