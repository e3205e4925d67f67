//! The commands of a client that has logged in.

use std::collections::BTreeSet;

use imap_codec::imap_types::{
    command::CommandBody,
    core::Charset,
    flag::{Flag as Named, StoreResponse, StoreType},
    mailbox::{ListMailbox, Mailbox as Place},
    status::StatusDataItemName,
};

use super::{
    fetch::Fetch,
    search::Search,
    session::{Awaited, Session, Stage, Then, Work},
    view::{Known, View, name},
};
use crate::core::{
    journal::Record,
    mailbox::{Flag, House, Mailbox, Step},
};

/// The numbering of a mailbox begins with its log and never anew.
const VALIDITY: u32 = 1;
const FLAGS: [Flag; 5] = [Flag::Answered, Flag::Deleted, Flag::Draft, Flag::Flagged, Flag::Seen];
const ABSENT: &str = "NO [NONEXISTENT] Cartella inesistente";
const FIXED: &str = "NO [CANNOT] Esiste la sola INBOX, e nulla vi si aggiunge";

impl Session {
    pub(super) fn serve(
        &mut self,
        tag: String,
        body: CommandBody<'static>,
        account: &str,
        house: &mut House<'_>,
    ) -> Option<Step> {
        let mailbox = house.mailbox(account)?;
        match body {
            CommandBody::Select { mailbox: place, .. } => self.select(&tag, &place, false, mailbox, house),
            CommandBody::Examine { mailbox: place, .. } => self.select(&tag, &place, true, mailbox, house),
            CommandBody::List { reference, mailbox_wildcard } => self.list(&tag, "LIST", &reference, &mailbox_wildcard),
            CommandBody::Lsub { reference, mailbox_wildcard } => self.list(&tag, "LSUB", &reference, &mailbox_wildcard),
            CommandBody::Status { mailbox: Place::Inbox, item_names } => {
                let heralded = house.heralded(account);
                let items: Vec<_> = item_names.iter().filter_map(|item| status(item, mailbox, heralded)).collect();
                self.outbox.say(&format!("* STATUS INBOX ({})", items.join(" ")));
                self.end(&tag, "OK Fatto")
            }
            CommandBody::Status { .. } | CommandBody::GetQuotaRoot { mailbox: Place::Other(_) } => {
                self.end(&tag, ABSENT)
            }
            CommandBody::GetQuotaRoot { .. } => {
                self.outbox.say("* QUOTAROOT INBOX \"\"");
                self.outbox.say(&quota(mailbox));
                self.end(&tag, "OK Fatto")
            }
            CommandBody::GetQuota { root } if root.as_ref().is_empty() => {
                self.outbox.say(&quota(mailbox));
                self.end(&tag, "OK Fatto")
            }
            CommandBody::Subscribe { mailbox: Place::Inbox } => self.end(&tag, "OK Fatto"),
            CommandBody::Idle => {
                self.stage = Stage::Idle(tag);
                self.say("+ In ascolto")
            }
            CommandBody::Create { .. }
            | CommandBody::Delete { .. }
            | CommandBody::Rename { .. }
            | CommandBody::Subscribe { .. }
            | CommandBody::Unsubscribe { .. }
            | CommandBody::Append { .. }
            | CommandBody::Copy { .. }
            | CommandBody::Move { .. }
            | CommandBody::GetQuota { .. }
            | CommandBody::SetQuota { .. } => self.end(&tag, FIXED),
            body => match self.view.take() {
                Some(view) => self.selected(tag, body, view, mailbox, house),
                None => self.end(&tag, "BAD Occorre prima SELECT"),
            },
        }
    }

    /// Commands that need a mailbox that was selected.
    fn selected(
        &mut self,
        tag: String,
        body: CommandBody<'static>,
        view: View,
        mailbox: &Mailbox,
        house: &mut House<'_>,
    ) -> Option<Step> {
        let deleted = |uid: &u32| mailbox.messages().get(uid).is_some_and(|e| e.flags.contains(&Flag::Deleted));
        let read_only = view.read_only;
        let doomed: Vec<u32> = view.all().map(|(_, known)| known.uid).filter(deleted).collect();
        match body {
            CommandBody::Close if read_only || doomed.is_empty() => return self.end(&tag, "OK Fatto"),
            CommandBody::Unselect => return self.end(&tag, "OK Fatto"),
            _ => {}
        }
        let view = self.view.insert(view);
        match body {
            CommandBody::Check => {
                self.refresh(true, house);
                self.end(&tag, "OK Fatto")
            }
            CommandBody::Fetch { sequence_set, macro_or_item_names, uid, .. } => {
                let uids = view.resolve(&sequence_set, uid);
                match (uids, Fetch::new(tag.clone(), uid, macro_or_item_names)) {
                    (Some(uids), Some(fetch)) => self.fetch(fetch, uids, mailbox),
                    _ => self.end(&tag, "BAD Insieme o dato non valido"),
                }
            }
            CommandBody::Search { charset, criteria, uid } => {
                match Search::new(tag.clone(), uid, criteria.into_inner(), view) {
                    Some(search) => self.search(search, charset.as_ref()),
                    None => self.end(&tag, "NO [LIMIT] Troppi criteri"),
                }
            }
            CommandBody::Store { .. } | CommandBody::Expunge | CommandBody::ExpungeUid { .. } if read_only => {
                self.end(&tag, "NO [READ-ONLY] Cartella aperta in sola lettura")
            }
            CommandBody::Store { sequence_set, kind, response, flags, uid, .. } => {
                match view.resolve(&sequence_set, uid) {
                    Some(uids) => {
                        let (add, remove) = change(kind, &flags);
                        let (mailbox, to_mark) = (mailbox.address.clone(), uids.clone());
                        let then = match response {
                            StoreResponse::Answer => Then::Stored { uids, by_uid: uid },
                            StoreResponse::Silent => {
                                Then::StoredSilently { uids, add: add.clone(), remove: remove.clone(), by_uid: uid }
                            }
                        };
                        self.commit(tag, then, Record::Flagged { mailbox, uids: to_mark, add, remove })
                    }
                    None => self.end(&tag, "BAD Insieme non valido"),
                }
            }
            CommandBody::Expunge => self.expunge(tag, doomed, mailbox, house),
            CommandBody::ExpungeUid { sequence_set } => {
                let named = |uid: &u32| view.covers(&sequence_set, true, 0, *uid);
                let doomed = doomed.into_iter().filter(named).collect();
                self.expunge(tag, doomed, mailbox, house)
            }
            CommandBody::Close => {
                let record = Record::Removed { mailbox: mailbox.address.clone(), uids: doomed };
                self.commit(tag, Then::Closed, record)
            }
            _ => self.end(&tag, "BAD Comando non disponibile"),
        }
    }

    fn select(
        &mut self,
        tag: &str,
        place: &Place<'_>,
        read_only: bool,
        mailbox: &Mailbox,
        house: &mut House<'_>,
    ) -> Option<Step> {
        self.view = None;
        if *place != Place::Inbox {
            return self.end(tag, ABSENT);
        }
        let view = View::open(mailbox, house.heralded(&mailbox.address), read_only);
        if !read_only {
            house.herald(&mailbox.address, mailbox.next() - 1);
        }
        let flags = FLAGS.map(name).join(" ");
        self.outbox.say(&format!("* FLAGS ({flags})"));
        self.outbox.say(&format!("* {} EXISTS", view.count()));
        self.outbox.say(&format!("* {} RECENT", view.recent()));
        if let Some(number) = view.unseen() {
            self.outbox.say(&format!("* OK [UNSEEN {number}] Primo messaggio da leggere"));
        }
        let kept = if read_only { "" } else { &flags };
        self.outbox.say(&format!("* OK [PERMANENTFLAGS ({kept})] Contrassegni conservati"));
        self.outbox.say(&format!("* OK [UIDVALIDITY {VALIDITY}] Numerazione valida"));
        self.outbox.say(&format!("* OK [UIDNEXT {}] Prossimo numero", mailbox.next()));
        self.view = Some(view);
        self.end(tag, if read_only { "OK [READ-ONLY] Fatto" } else { "OK [READ-WRITE] Fatto" })
    }

    fn list(&mut self, tag: &str, verb: &str, reference: &Place<'_>, pattern: &ListMailbox<'_>) -> Option<Step> {
        let reference = match reference {
            Place::Inbox => b"INBOX",
            Place::Other(other) => other.inner().as_ref(),
        };
        let pattern = match pattern {
            ListMailbox::Token(token) => token.as_ref(),
            ListMailbox::String(string) => string.as_ref(),
        };
        if pattern.is_empty() && verb == "LIST" {
            self.outbox.say("* LIST (\\Noselect) \"/\" \"\"");
        } else if fits(&[reference, pattern].concat()) {
            self.outbox.say(&format!("* {verb} (\\Noinferiors) \"/\" INBOX"));
        }
        self.end(tag, "OK Fatto")
    }

    fn fetch(&mut self, mut fetch: Fetch, uids: Vec<u32>, mailbox: &Mailbox) -> Option<Step> {
        let is_new = |uid: &u32| mailbox.messages().get(uid).is_some_and(|e| !e.flags.contains(&Flag::Seen));
        let may_mark = fetch.is_reading() && self.view.as_ref().is_some_and(|view| !view.read_only);
        let new: Vec<u32> = uids.iter().copied().filter(is_new).filter(|_| may_mark).collect();
        fetch.left = uids.into();
        if new.is_empty() {
            self.stage = Stage::Work(Work::Fetch(fetch));
            return None;
        }
        fetch.tell_flags();
        let mailbox = mailbox.address.clone();
        let record = Record::Flagged { mailbox, uids: new, add: [Flag::Seen].into(), remove: BTreeSet::new() };
        self.commit(fetch.tag.clone(), Then::Fetch(fetch), record)
    }

    fn search(&mut self, search: Search, charset: Option<&Charset<'_>>) -> Option<Step> {
        let is_known = |charset: &&Charset<'_>| {
            ["US-ASCII", "UTF-8"].iter().any(|known| charset.as_ref().eq_ignore_ascii_case(known))
        };
        if charset.is_some() && charset.filter(is_known).is_none() {
            return self.end(&search.tag, "NO [BADCHARSET (US-ASCII UTF-8)] Caratteri non riconosciuti");
        }
        self.stage = Stage::Work(Work::Search(search));
        None
    }

    fn expunge(&mut self, tag: String, uids: Vec<u32>, mailbox: &Mailbox, house: &mut House<'_>) -> Option<Step> {
        if uids.is_empty() {
            self.refresh(true, house);
            return self.end(&tag, "OK Fatto");
        }
        self.commit(tag, Then::Expunged, Record::Removed { mailbox: mailbox.address.clone(), uids })
    }

    fn commit(&mut self, tag: String, then: Then, record: Record) -> Option<Step> {
        self.stage = Stage::Held(Awaited::Commit(tag, then));
        Some(Step::Commit(Box::new(record)))
    }

    fn each_known(&mut self, uids: &[u32], mut change: impl FnMut(&mut Known)) {
        let Some(view) = &mut self.view else { return };
        for uid in uids {
            if let Some((_, known)) = view.known(*uid) {
                change(known);
            }
        }
    }

    /// The change is on disk: only now it is told.
    pub(super) fn committed(&mut self, tag: &str, then: Then, house: &mut House<'_>) {
        match then {
            Then::Fetch(fetch) => return self.stage = Stage::Work(Work::Fetch(fetch)),
            Then::Stored { uids, by_uid } => {
                self.each_known(&uids, |known| known.stale = true);
                self.refresh(by_uid, house);
            }
            Then::StoredSilently { uids, add, remove, by_uid } => {
                self.each_known(&uids, |known| {
                    known.flags.retain(|flag| !remove.contains(flag));
                    known.flags.extend(&add);
                });
                self.refresh(by_uid, house);
            }
            Then::Expunged => self.refresh(true, house),
            Then::Closed => self.view = None,
        }
        self.end(tag, "OK Fatto");
    }
}

fn status(item: &StatusDataItemName, mailbox: &Mailbox, heralded: u32) -> Option<String> {
    let count =
        |wanted: &dyn Fn(&BTreeSet<Flag>) -> bool| mailbox.messages().values().filter(|e| wanted(&e.flags)).count();
    Some(match item {
        StatusDataItemName::Messages => format!("MESSAGES {}", mailbox.messages().len()),
        StatusDataItemName::Recent => {
            format!("RECENT {}", mailbox.messages().range(heralded.saturating_add(1)..).count())
        }
        StatusDataItemName::UidNext => format!("UIDNEXT {}", mailbox.next()),
        StatusDataItemName::UidValidity => format!("UIDVALIDITY {VALIDITY}"),
        StatusDataItemName::Unseen => format!("UNSEEN {}", count(&|flags| !flags.contains(&Flag::Seen))),
        StatusDataItemName::Deleted => format!("DELETED {}", count(&|flags| flags.contains(&Flag::Deleted))),
        _ => return None,
    })
}

/// The room of a mailbox, in units of 1024 octets (RFC 2087 §5.1).
fn quota(mailbox: &Mailbox) -> String {
    match mailbox.quota {
        Some(limit) => format!("* QUOTA \"\" (STORAGE {} {})", mailbox.used().div_ceil(1024), limit / 1024),
        None => "* QUOTA \"\" ()".to_owned(),
    }
}

/// The flags that a STORE adds and takes away; those that are not kept are passed over.
fn change(kind: StoreType, flags: &[Named<'_>]) -> (BTreeSet<Flag>, BTreeSet<Flag>) {
    let named: BTreeSet<Flag> = flags
        .iter()
        .filter_map(|flag| match flag {
            Named::Answered => Some(Flag::Answered),
            Named::Deleted => Some(Flag::Deleted),
            Named::Draft => Some(Flag::Draft),
            Named::Flagged => Some(Flag::Flagged),
            Named::Seen => Some(Flag::Seen),
            Named::Extension(_) | Named::Keyword(_) => None,
        })
        .collect();
    match kind {
        StoreType::Add => (named, BTreeSet::new()),
        StoreType::Remove => (BTreeSet::new(), named),
        StoreType::Replace => (named, FLAGS.into()),
    }
}

/// Whether a pattern of LIST fits INBOX, whose name ignores case and has no levels.
fn fits(pattern: &[u8]) -> bool {
    let mut reached = BTreeSet::from([0]);
    for sign in pattern {
        reached = match sign {
            b'*' | b'%' => (reached.first().copied().unwrap_or(usize::MAX)..=5).collect(),
            sign => {
                let goes_on = |at: &usize| b"INBOX".get(*at).is_some_and(|letter| letter.eq_ignore_ascii_case(sign));
                reached.into_iter().filter(goes_on).map(|at| at + 1).collect()
            }
        };
    }
    reached.contains(&5)
}
