//! Bends of what happened: messages lost, doubled, late, astray; logs, channels.

use collaudo_forge::{Certified, Entity, Kind as Forged, Moment, Opened, PeerIdentity, Xml, unix_of_date};
use collaudo_record::{Basis, BodyHash, Event, Forward, Instant, LogEntry, Reply, Span, Transfer, What};

use crate::{
    Bench, Pick, Unfit,
    bench::{SetMessage, body_of, body_of_mut, signed_at},
    edit::{bend_xml, rewrite_texts},
    pick::ACCEPTANCE,
};

impl Bench<'_> {
    /// A message that was never sent: every transfer and every copy of it is gone.
    pub(crate) fn lose(&mut self, pick: Pick) -> Result<(), Unfit> {
        let lost = self.find(pick)?;
        self.trace.events.retain(|event| body_of(&event.what).is_none_or(|body| !lost.contains(body)));
        Ok(())
    }

    /// A message that was made twice: the same with another Message-ID, seen again wherever the first was seen, and logged
    /// with it.
    pub(crate) fn double(&mut self, pick: Pick) -> Result<(), Unfit> {
        for hash in self.find(pick)? {
            let Some(mut again) = self.opened(&hash) else { continue };
            let id = again.fields().get("Message-ID").unwrap_or_default();
            let twice = id.replacen('<', "<bis.", 1);
            again.fields_mut().set("Message-ID", &twice);
            self.each_log(|_, _, entry| {
                if entry.related.iter().any(|one| one == bare(&id))
                    && !entry.related.iter().any(|one| one == bare(&twice))
                {
                    entry.related.push(bare(&twice).to_owned());
                }
            });
            let twin = self.trace.keep(again.to_bytes());
            let mut events = Vec::new();
            for event in &self.trace.events {
                events.push(event.clone());
                if body_of(&event.what) == Some(&hash) {
                    events.push(with_body(event, &twin));
                }
            }
            self.trace.events = events;
        }
        Ok(())
    }

    /// Puts a copy of a message, as it was first seen, in one more mailbox.
    pub(crate) fn store_too(&mut self, pick: Pick, provider: &str, mailbox: &str) -> Result<(), Unfit> {
        let (hash, _) = self.first(pick)?;
        let seen = |event: &Event| body_of(&event.what) == Some(&hash);
        let at = self.trace.events.iter().rev().find(|event| seen(event)).map(|event| event.at);
        let at = at.ok_or_else(|| Unfit::Missing(format!("event of {pick:?}")))?;
        self.store(at, provider, mailbox, hash);
        Ok(())
    }

    /// Puts a message in a mailbox.
    pub(crate) fn store(&mut self, at: Instant, provider: &str, mailbox: &str, body: BodyHash) {
        let what = What::Stored { provider: provider.into(), mailbox: mailbox.into(), body };
        self.trace.events.push(Event { at, basis: Basis::Declared, what });
    }

    /// Changes the copies that lie in mailboxes and nothing that crossed; everybody stays bound.
    pub(crate) fn stored(&mut self, pick: Pick, change: impl Fn(&[u8]) -> Vec<u8>) -> Result<(), Unfit> {
        let bodies = self.find(pick)?;
        let mut found = false;
        for n in 0..self.trace.events.len() {
            let Some(What::Stored { body, .. }) = self.trace.events.get(n).map(|event| event.what.clone()) else {
                continue;
            };
            if !bodies.contains(&body) {
                continue;
            }
            let changed = change(self.trace.body(&body).unwrap_or_default());
            let new = self.trace.keep(changed);
            if let Some(What::Stored { body, .. }) = self.trace.events.get_mut(n).map(|event| &mut event.what) {
                *body = new;
                found = true;
            }
        }
        if found { Ok(()) } else { Err(Unfit::Missing(format!("stored copy of {pick:?}"))) }
    }

    /// Takes a message out of every mailbox; what crossed stays.
    pub(crate) fn unstore(&mut self, pick: Pick) -> Result<(), Unfit> {
        let bodies = self.find(pick)?;
        let before = self.trace.events.len();
        self.trace.events.retain(|event| !matches!(&event.what, What::Stored { body, .. } if bodies.contains(body)));
        if self.trace.events.len() < before { Ok(()) } else { Err(Unfit::Missing(format!("stored copy of {pick:?}"))) }
    }

    /// Takes everything out of a mailbox.
    pub(crate) fn unstore_at(&mut self, address: &str) -> Result<(), Unfit> {
        let before = self.trace.events.len();
        self.trace.events.retain(|event| !matches!(&event.what, What::Stored { mailbox, .. } if mailbox == address));
        if self.trace.events.len() < before { Ok(()) } else { Err(Unfit::Missing(format!("message in {address}"))) }
    }

    /// Moves the events of mailboxes that hold a message.
    pub(crate) fn store_at(&mut self, pick: Pick, span: Span) -> Result<(), Unfit> {
        let bodies = self.find(pick)?;
        let mut found = false;
        for event in &mut self.trace.events {
            if matches!(&event.what, What::Stored { body, .. } if bodies.contains(body)) {
                event.at = event.at.after(span);
                found = true;
            }
        }
        if found { Ok(()) } else { Err(Unfit::Missing(format!("stored copy of {pick:?}"))) }
    }

    /// Moves a whole message in time: the events, and every time that it states, signing time included.
    pub(crate) fn retime(&mut self, pick: Pick, hours: i64) -> Result<(), Unfit> {
        let (_, opened) = self.first(pick)?;
        let author = self.author(&opened)?;
        let old = date_of(&opened)?;
        let id = opened.fields().get("Message-ID").unwrap_or_default();
        let span = Span::from_hours(hours);
        for hash in self.find(pick)? {
            let Some(mut message) = self.opened(&hash) else { continue };
            restamp(&mut message, old, old + hours * 3_600);
            let signer = self.keys.provider(&author)?;
            let bytes = collaudo_forge::reseal(&message, signer, signed_at(&message) + hours * 3_600);
            for event in &mut self.trace.events {
                if body_of(&event.what) == Some(&hash) {
                    shift(event, span);
                }
            }
            self.replace(&hash, bytes);
        }
        self.each_log(|_, at, entry| {
            if entry.related.iter().any(|related| id.contains(related.as_str())) {
                entry.at = entry.at.after(span);
                *at = at.after(span);
            }
        });
        self.only(&author);
        Ok(())
    }

    /// A timeout notice that the sender's provider makes so long after acceptance, about the first recipient.
    pub(crate) fn notice(&mut self, hours: i64, second: bool) -> Result<(), Unfit> {
        let (_, acceptance) = self.first(ACCEPTANCE)?;
        let author = self.author(&acceptance)?;
        let certified = Certified::of_envelope(&acceptance.to_bytes());
        let recipient = certified.recipients.first().map(|each| each.address.clone()).unwrap_or_default();
        let at = Instant((date_of(&acceptance)? + hours * 3_600) * 1_000_000);
        let kind = Forged::Timeout { recipient: &recipient, second };
        let signer = self.keys.provider(&author)?;
        let peer = self.identity(&author)?;
        let to = certified.sender.clone();
        let message = collaudo_forge::receipt(kind, &certified, &peer, &to, signer, at.0);
        self.log_made(&author, "preavviso-errore-consegna", &certified, &message, at);
        let body = self.trace.keep(message);
        self.store(at, &author, &to, body);
        self.only(&author);
        Ok(())
    }

    /// A delivery receipt that a provider makes for a recipient, carried to the sender's provider.
    pub(crate) fn delivery(&mut self, provider: &str, recipient: &str, of: Pick, later: Span) -> Result<(), Unfit> {
        let (hash, envelope) = self.first(of)?;
        let certified = Certified::of_envelope(&envelope.to_bytes());
        let seen = self.trace.events.iter().rev().find(|event| body_of(&event.what) == Some(&hash));
        let at = seen.map(|event| event.at.after(later)).ok_or_else(|| Unfit::Missing(format!("event of {of:?}")))?;
        let original = envelope.original();
        let kind = Forged::Delivery { recipient, form: certified.form, original: original.as_deref() };
        let peer = self.identity(provider)?;
        let to = certified.sender.clone();
        let message = collaudo_forge::receipt(kind, &certified, &peer, &to, self.keys.provider(provider)?, at.0);
        self.log_made(provider, "avvenuta-consegna", &certified, &message, at);
        let body = self.trace.keep(message);
        let receiver = self.provider_of(&to)?;
        self.store(at, &receiver, &to, body);
        self.only(provider);
        Ok(())
    }

    /// Changes every transfer of a message.
    pub(crate) fn transfers(&mut self, pick: Pick, change: impl Fn(&mut Transfer)) -> Result<(), Unfit> {
        let bodies = self.find(pick)?;
        self.change_transfers(|transfer| transfer.body.as_ref().is_some_and(|body| bodies.contains(body)), change)
    }

    /// Gives a provider another limit, made from the size of the first submission and the number of its recipients.
    pub(crate) fn limit(&mut self, name: &str, of: impl Fn(u64, u64) -> u64) -> Result<(), Unfit> {
        let submitted = self.submitted()?;
        let octets = self.trace.body(&submitted).unwrap_or_default().len() as u64;
        let paths = self.trace.events.iter().find_map(|event| match &event.what {
            What::Transfer(transfer) if transfer.step.is_some() => Some(transfer.forward_paths.len() as u64),
            _ => None,
        });
        let limit = of(octets, paths.unwrap_or(1));
        let provider = self.trace.header.providers.iter_mut().find(|provider| provider.name == name);
        provider.ok_or_else(|| Unfit::Missing(format!("provider {name}")))?.max_octets = limit;
        self.only(name);
        Ok(())
    }

    /// The submission refused at its final dot, and nothing of what followed from it.
    pub(crate) fn turn_away(&mut self, code: u16) -> Result<(), Unfit> {
        self.submissions(|transfer| transfer.reply = Some(Reply { code, text: "no".into() }))?;
        self.trace.events.retain(|event| match &event.what {
            What::Opened(session) | What::Secured(session) | What::Closed { session, .. } => session.port == 587,
            What::Transfer(transfer) => transfer.step.is_some(),
            What::Stored { .. } | What::Logged { .. } | What::Retained { .. } => false,
            What::Entered { .. } | What::Fetched { .. } => false,
            What::StepFailed { .. }
            | What::Host { .. }
            | What::Fault { .. }
            | What::Sealed { .. }
            | What::Published { .. }
            | What::Consulted { .. }
            | What::Requested(_)
            | What::Terms(_)
            | What::Announced { .. }
            | What::Resolved { .. } => true,
        });
        Ok(())
    }

    /// Changes every submission.
    pub(crate) fn submissions(&mut self, change: impl Fn(&mut Transfer)) -> Result<(), Unfit> {
        self.change_transfers(|transfer| transfer.step.is_some(), change)
    }

    pub(crate) fn change_transfers(
        &mut self,
        wanted: impl Fn(&Transfer) -> bool,
        change: impl Fn(&mut Transfer),
    ) -> Result<(), Unfit> {
        let mut found = false;
        for event in &mut self.trace.events {
            if let What::Transfer(transfer) = &mut event.what
                && wanted(transfer)
            {
                change(transfer);
                found = true;
            }
        }
        if found { Ok(()) } else { Err(Unfit::Missing("transfer".to_owned())) }
    }

    /// Sends a message to one other address: paths, `To` and mailbox.
    pub(crate) fn misdirect(&mut self, pick: Pick, provider: &str, address: &str) -> Result<(), Unfit> {
        self.set_header(pick, "To", address)?;
        self.redirect(pick, provider, address)
    }

    /// Sends a message to one other address: paths and mailbox.
    pub(crate) fn redirect(&mut self, pick: Pick, provider: &str, address: &str) -> Result<(), Unfit> {
        let bodies = self.find(pick)?;
        for event in &mut self.trace.events {
            match &mut event.what {
                What::Stored { provider: at, mailbox, body } if bodies.contains(body) => {
                    *at = provider.to_owned();
                    *mailbox = address.to_owned();
                }
                What::Transfer(transfer) if transfer.body.as_ref().is_some_and(|body| bodies.contains(body)) => {
                    set_paths(transfer, address);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Strips TLS from the connections of some transfers.
    pub(crate) fn in_clear(&mut self, wanted: impl Fn(&Transfer) -> bool) -> Result<(), Unfit> {
        let mut sessions = Vec::new();
        for event in &mut self.trace.events {
            if let What::Transfer(transfer) = &mut event.what
                && wanted(transfer)
            {
                transfer.secured = false;
                sessions.push(transfer.session.clone());
            }
        }
        let before = self.trace.events.len();
        self.trace.events.retain(|event| !matches!(&event.what, What::Secured(session) if sessions.contains(session)));
        if self.trace.events.len() < before { Ok(()) } else { Err(Unfit::Missing("secured connection".to_owned())) }
    }

    /// Changes every log line of a provider, which alone stays bound.
    pub(crate) fn log(&mut self, name: &str, change: impl Fn(&mut LogEntry)) -> Result<(), Unfit> {
        let mut found = false;
        self.each_log(|provider, _, entry| {
            if provider == name {
                change(entry);
                found = true;
            }
        });
        self.only(name);
        if found { Ok(()) } else { Err(Unfit::Missing(format!("log of {name}"))) }
    }

    /// Removes every log line of a provider, which alone stays bound.
    pub(crate) fn no_log(&mut self, name: &str) -> Result<(), Unfit> {
        let before = self.trace.events.len();
        self.trace.events.retain(|event| !matches!(&event.what, What::Logged { provider, .. } if provider == name));
        self.only(name);
        if self.trace.events.len() < before { Ok(()) } else { Err(Unfit::Missing(format!("log of {name}"))) }
    }

    /// Gives the transaction another identifier, everywhere: another good trace, if the identifier is good.
    pub(crate) fn rename_identifier(&mut self, old: &str, new: &str) -> Result<(), Unfit> {
        self.edit_all(|message| {
            let id = message.fields().get("Message-ID").unwrap_or_default();
            let mut found = id.contains(old);
            if found {
                message.fields_mut().set("Message-ID", &id.replace(old, new));
            }
            found |= rewrite_texts(message, &|text| text.replace(old, new));
            found |= bend_xml(message, |xml| xml.set_text("identificativo", new));
            if let Some(part) = message.original_mut() {
                let original = String::from_utf8_lossy(&part.decoded()).replace(old, new);
                part.set_message(original.as_bytes());
            }
            found
        })?;
        self.each_log(|_, _, entry| {
            let renamed = entry.pec_msgid.as_ref().map(|id| id.replace(old, new));
            entry.pec_msgid = renamed;
            entry.related.iter_mut().for_each(|id| *id = id.replace(old, new));
        });
        Ok(())
    }

    pub(crate) fn identity(&self, name: &str) -> Result<PeerIdentity, Unfit> {
        let provider = self.trace.header.providers.iter().find(|provider| provider.name == name);
        let provider = provider.ok_or_else(|| Unfit::Missing(format!("provider {name}")))?;
        Ok(PeerIdentity {
            display_name: provider.display_name.clone(),
            domain: provider.domains.first().cloned().unwrap_or_default(),
            certified_address: provider.certified_address.clone(),
        })
    }

    /// Logs a message that a provider made because of another, as it logged the other where it did.
    pub(crate) fn log_made(&mut self, name: &str, event: &str, of: &Certified, made: &[u8], at: Instant) {
        let id = Entity::read(made).fields.get("Message-ID").unwrap_or_default();
        let logged = self.trace.events.iter().find_map(|event| match &event.what {
            What::Logged { provider, entry }
                if provider == name && entry.pec_msgid.as_deref() == Some(&of.identifier) =>
            {
                Some(entry.clone())
            }
            _ => None,
        });
        let entry = logged.unwrap_or_else(|| LogEntry {
            event: String::new(),
            pec_msgid: Some(of.identifier.clone()),
            msgid: of.msgid.clone(),
            sender: of.sender.clone(),
            recipients: of.recipients.iter().map(|recipient| recipient.address.clone()).collect(),
            subject: of.subject.clone(),
            related: Vec::new(),
            sending_provider: self.sender_of(of),
            at,
        });
        let like = entry.clone();
        let entry = LogEntry { event: event.to_owned(), related: vec![bare(&id).to_owned()], at, ..entry };
        self.seal_too(name, &like, &entry);
        let what = What::Logged { provider: name.to_owned(), entry };
        self.trace.events.push(Event { at, basis: Basis::Declared, what });
    }

    /// The name of the provider that a message was sent from.
    fn sender_of(&self, of: &Certified) -> String {
        let name = self.provider_of(&of.sender).unwrap_or_default();
        self.identity(&name).map(|identity| identity.display_name).unwrap_or_default()
    }

    pub(crate) fn provider_of(&self, address: &str) -> Result<String, Unfit> {
        let domain = address.rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
        let provider = self.trace.header.providers.iter().find(|provider| provider.domains.contains(&domain));
        provider.map(|provider| provider.name.clone()).ok_or_else(|| Unfit::Missing(format!("provider of {address}")))
    }

    pub(crate) fn each_log(&mut self, mut change: impl FnMut(&str, &mut Instant, &mut LogEntry)) {
        for event in &mut self.trace.events {
            if let What::Logged { provider, entry } = &mut event.what {
                change(provider, &mut event.at, entry);
            }
        }
    }
}

/// An identifier without its angle brackets.
pub(crate) fn bare(id: &str) -> &str {
    id.trim().trim_matches(['<', '>'])
}

/// Leaves one forward path, to this address.
pub(crate) fn set_paths(transfer: &mut Transfer, address: &str) {
    let reply = transfer.forward_paths.first().and_then(|forward| forward.reply.clone());
    transfer.forward_paths = vec![Forward { path: address.to_owned(), reply }];
}

fn with_body(event: &Event, hash: &BodyHash) -> Event {
    let mut event = event.clone();
    if let Some(body) = body_of_mut(&mut event.what) {
        *body = hash.clone();
    }
    event
}

fn shift(event: &mut Event, span: Span) {
    event.at = event.at.after(span);
    if let What::Transfer(transfer) = &mut event.what {
        transfer.began = transfer.began.after(span);
        transfer.body_at = transfer.body_at.map(|at| at.after(span));
    }
}

pub(crate) fn date_of(opened: &Opened) -> Result<i64, Unfit> {
    let date = opened.fields().get("Date").unwrap_or_default();
    unix_of_date(&date).ok_or_else(|| Unfit::Missing(format!("readable Date in {date:?}")))
}

/// Writes another time into header, text and certification data.
pub(crate) fn restamp(message: &mut Opened, old: i64, new: i64) {
    let (before, after) = (Moment::at(old), Moment::at(new));
    message.fields_mut().set("Date", &after.date);
    let pairs = [(&before.day, &after.day), (&before.hour, &after.hour), (&before.zone, &after.zone)];
    rewrite_texts(message, &|text| pairs.iter().fold(text.to_owned(), |text, (old, new)| text.replace(*old, new)));
    bend_xml(message, |xml: &mut Xml| {
        xml.set_text("giorno", &after.day);
        xml.set_text("ora", &after.hour);
        xml.set_attribute("data", "zona", &after.zone)
    });
}
