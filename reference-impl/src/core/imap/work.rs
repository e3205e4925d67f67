//! Commands that are carried out message by message, and what is told of changes.

use collaudo_node::Bytes;

use super::{
    fetch::Fetch,
    search::Search,
    session::{Awaited, Session, Stage, Work},
};
use crate::core::mailbox::{House, Step};

impl Session {
    /// Takes up the next message.
    pub(super) fn work(&mut self, work: Work, house: &mut House<'_>) -> Option<Step> {
        let mut work = work;
        let left = match &mut work {
            Work::Fetch(fetch) => &mut fetch.left,
            Work::Search(search) => &mut search.left,
        };
        let Some(uid) = left.pop_front() else { return self.done(work, house) };
        self.look(work, uid, None, house)
    }

    /// The message that the work waits for was read.
    pub(super) fn loaded(&mut self, mut work: Work, uid: u32, body: Option<Bytes>, house: &House<'_>) {
        match (body, &mut work) {
            (Some(body), _) => {
                self.look(work, uid, Some(&body), house);
                return;
            }
            (None, Work::Fetch(fetch)) => fetch.missed = true,
            (None, Work::Search(_)) => {}
        }
        self.stage = Stage::Work(work);
    }

    /// Does with a message what is to be done, or asks for its body.
    fn look(&mut self, mut work: Work, uid: u32, body: Option<&Bytes>, house: &House<'_>) -> Option<Step> {
        let mailbox = self.account.as_deref().and_then(|account| house.mailbox(account));
        let entry = mailbox.and_then(|mailbox| mailbox.messages().get(&uid));
        let needs_body = match (&mut work, entry) {
            (Work::Fetch(fetch), None) => {
                fetch.missed = true;
                false
            }
            (Work::Search(_), None) => false,
            (Work::Fetch(fetch), Some(_)) if fetch.needs_body() && body.is_none() => true,
            (Work::Fetch(fetch), Some(entry)) => {
                if let Some((number, known)) = self.view.as_mut().and_then(|view| view.known(uid)) {
                    if fetch.tells_flags() {
                        known.learn(&entry.flags);
                    }
                    fetch.tell(number, known, entry, body, &mut self.outbox);
                }
                false
            }
            (Work::Search(search), Some(entry)) => {
                match self.view.as_ref().and_then(|view| search.look(view, uid, entry, body)) {
                    Some(fits) => {
                        search.found.extend(fits);
                        false
                    }
                    None => body.is_none(),
                }
            }
        };
        match entry.filter(|_| needs_body) {
            Some(entry) => {
                self.stage = Stage::Held(Awaited::Body(work, uid));
                Some(Step::Load(entry.body))
            }
            None => {
                self.stage = Stage::Work(work);
                None
            }
        }
    }

    fn done(&mut self, work: Work, house: &mut House<'_>) -> Option<Step> {
        match work {
            Work::Fetch(Fetch { tag, by_uid, missed, .. }) => {
                self.refresh(by_uid, house);
                let is_short = missed && !by_uid;
                self.end(&tag, if is_short { "NO [EXPUNGEISSUED] Messaggi non piu presenti" } else { "OK Fatto" })
            }
            Work::Search(Search { tag, by_uid, found, .. }) => {
                let found: String = found.iter().map(|number| format!(" {number}")).collect();
                self.outbox.say(&format!("* SEARCH{found}"));
                self.refresh(by_uid, house);
                self.end(&tag, "OK Fatto")
            }
        }
    }

    /// Tells what has changed in the mailbox; removals only where the numbering may change.
    pub(super) fn refresh(&mut self, removals: bool, house: &mut House<'_>) {
        let Some((account, view)) = self.account.as_deref().zip(self.view.as_mut()) else { return };
        let Some(mailbox) = house.mailbox(account) else { return };
        for line in view.refresh(mailbox, removals, house.heralded(account)) {
            self.outbox.say(&line);
        }
        if !view.read_only {
            house.herald(account, mailbox.next().saturating_sub(1));
        }
    }
}
