//! Bends of how a message is treated: as what it is not, or not as what it is.

use collaudo_forge::{Certified, Entity, PeerIdentity, anomaly, delivery, signing_time, take_charge};
use collaudo_record::{Basis, Event, Forward, Instant, Reply, Session, Span, Transfer, What};

use crate::{
    Bench, Pick, Unfit,
    bench::body_of,
    flow::{date_of, restamp},
    pick::{ANOMALY, DELIVERY, ENVELOPE, TAKE_CHARGE},
};

/// What a scanner must find (eicar.org), in two pieces, lest it find it here.
const EICAR: &str = concat!(r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD", "-ANTIVIRUS-TEST-FILE!$H+H*");

/// Where mailboxes are read: IMAP and POP3.
const READING: [u16; 2] = [993, 995];

impl Bench<'_> {
    /// What one provider refused of another is taken as a correct envelope: it lies in the mailboxes, take-charge and
    /// delivery receipts go out. The receiver alone stays bound.
    pub(crate) fn welcome(&mut self, sender: &str, receiver: &str) -> Result<(), Unfit> {
        let (at, taken) = self.refused(sender, receiver)?;
        let body = taken.body.clone().ok_or_else(|| Unfit::Missing("message that was refused".to_owned()))?;
        let envelope = self.trace.body(&body).unwrap_or_default().to_vec();
        let paths: Vec<_> = taken.forward_paths.iter().map(|forward| forward.path.clone()).collect();
        let service = self.trace.header.providers.iter().find(|provider| provider.name == sender);
        let service = service.map(|provider| provider.service_mailbox.clone()).unwrap_or_default();
        let (peer, signer) = (self.identity(receiver)?, self.keys.provider(receiver)?.clone());
        let charge = take_charge(&envelope, &signer, &peer, &paths, &service, at.0);
        self.emit(receiver, "presa-in-carico", &envelope, &service, &charge, at)?;
        for path in &paths {
            let stored = at.after(Span::from_secs(1));
            self.store(stored, receiver, path, body.clone());
            let receipt = delivery(&envelope, &signer, &peer, path, &taken.reverse_path, stored.0);
            self.emit(receiver, "avvenuta-consegna", &envelope, &taken.reverse_path, &receipt, stored)?;
        }
        self.only(receiver);
        Ok(())
    }

    /// What a provider took and put aside lies in the mailboxes too, in an anomaly envelope.
    pub(crate) fn wrapped_too(&mut self, sender: &str, receiver: &str) -> Result<(), Unfit> {
        let between = |transfer: &Transfer| transfer.session.client == sender && transfer.session.server == receiver;
        let taken = self.trace.events.iter().find_map(|event| match &event.what {
            What::Transfer(transfer) if between(transfer) => Some((event.at, transfer.clone(), transfer.body.clone()?)),
            _ => None,
        });
        let (at, taken, body) = taken.ok_or_else(|| Unfit::Missing(format!("transfer from {sender}")))?;
        self.wrap(receiver, &taken, &body, at.after(Span::from_secs(1)))
    }

    /// What one provider refused of another is put in an anomaly envelope and in the mailboxes.
    pub(crate) fn let_in(&mut self, sender: &str, receiver: &str) -> Result<(), Unfit> {
        let (at, taken) = self.refused(sender, receiver)?;
        let body = taken.body.clone().ok_or_else(|| Unfit::Missing("message that was refused".to_owned()))?;
        self.wrap(receiver, &taken, &body, at)
    }

    /// What came from outside came from a host of nobody's, without TLS, and was refused for that; nothing of it arrives.
    pub(crate) fn starttls_first(&mut self, sender: &str, receiver: &str) -> Result<(), Unfit> {
        let from_outside = |session: &Session| session.client == sender && session.server == receiver;
        let no = Some(Reply { code: 530, text: "5.7.0 Must issue a STARTTLS command first".into() });
        self.lose(ANOMALY)?;
        self.trace.events.retain(|event| match &event.what {
            What::Secured(session) => !from_outside(session),
            What::Logged { provider, .. } => provider != receiver,
            _ => true,
        });
        for event in &mut self.trace.events {
            if let What::Transfer(Transfer { session, .. }) | What::Opened(session) | What::Closed { session, .. } =
                &mut event.what
                && from_outside(session)
            {
                session.client = "esterno".to_owned();
            }
            if let What::Transfer(transfer) = &mut event.what
                && transfer.session.client == "esterno"
            {
                (transfer.secured, transfer.body, transfer.body_at) = (false, None, None);
                (transfer.reverse_reply, transfer.reply) = (no.clone(), no.clone());
                transfer.forward_paths.clear();
            }
        }
        self.only(receiver);
        Ok(())
    }

    /// A correct envelope, the `nth`, is refused like ordinary mail, and nothing comes of it; the receiver alone stays
    /// bound.
    pub(crate) fn spurn(&mut self, receiver: &str, nth: usize) -> Result<(), Unfit> {
        let envelope = Pick { nth, ..ENVELOPE };
        self.lose(Pick { nth, ..TAKE_CHARGE })?;
        self.lose(Pick { nth, ..DELIVERY })?;
        self.unstore(envelope)?;
        let reply = Some(Reply { code: 550, text: "posta ordinaria non ammessa".into() });
        self.transfers(envelope, |transfer| transfer.reply = reply.clone())?;
        self.only(receiver);
        Ok(())
    }

    /// What was submitted holds a virus, and so does all that was made of it.
    pub(crate) fn infect(&mut self) -> Result<(), Unfit> {
        self.submission(|message| {
            *message = infected(message);
            true
        })
    }

    /// Puts a copy of a message where people fetch it, changed; what lies in the mailbox stays.
    pub(crate) fn fetched(&mut self, change: impl Fn(&[u8]) -> Vec<u8>) -> Result<(), Unfit> {
        let mut found = false;
        for n in 0..self.trace.events.len() {
            let Some(What::Fetched { body, .. }) = self.trace.events.get(n).map(|event| event.what.clone()) else {
                continue;
            };
            let changed = change(self.trace.body(&body).unwrap_or_default());
            let new = self.trace.keep(changed);
            if let Some(What::Fetched { body, .. }) = self.trace.events.get_mut(n).map(|event| &mut event.what) {
                *body = new;
                found = true;
            }
        }
        if found { Ok(()) } else { Err(Unfit::Missing("fetched message".to_owned())) }
    }

    /// Whoever looked into a mailbox was turned away.
    pub(crate) fn shut_out(&mut self) -> Result<(), Unfit> {
        let mut found = false;
        for event in &mut self.trace.events {
            if let What::Fetched { visit, .. } = &event.what {
                event.what = What::StepFailed { step: visit.clone(), why: "accesso negato".to_owned() };
                found = true;
            }
        }
        if found { Ok(()) } else { Err(Unfit::Missing("fetched message".to_owned())) }
    }

    /// Mailboxes are read without TLS.
    pub(crate) fn fetched_in_clear(&mut self) -> Result<(), Unfit> {
        let mut found = false;
        for event in &mut self.trace.events {
            if let What::Fetched { secured, .. } = &mut event.what {
                *secured = false;
                found = true;
            }
        }
        self.trace
            .events
            .retain(|event| !matches!(&event.what, What::Secured(session) if READING.contains(&session.port)));
        if found { Ok(()) } else { Err(Unfit::Missing("fetched message".to_owned())) }
    }

    /// A provider whose clock is wrong: all that it stamps and logs says another time than the one at which it happened.
    pub(crate) fn misclock(&mut self, name: &str, seconds: i64) -> Result<(), Unfit> {
        for hash in self.messages() {
            let Some(mut message) = self.opened(&hash) else { continue };
            if self.author(&message).is_ok_and(|author| author == name) {
                let (old, at) = (date_of(&message)?, signing_time(&message.signature()).unwrap_or(0));
                restamp(&mut message, old, old + seconds);
                let bytes = collaudo_forge::reseal(&message, self.keys.provider(name)?, at + seconds);
                self.replace(&hash, bytes);
            }
        }
        self.each_log(|provider, _, entry| {
            if provider == name {
                entry.at = entry.at.after(Span::from_secs(seconds));
            }
        });
        self.only(name);
        Ok(())
    }

    /// Logs a message that a provider made because of another, and brings it where it goes.
    pub(crate) fn emit(
        &mut self,
        from: &str,
        event: &str,
        because: &[u8],
        to: &str,
        message: &[u8],
        at: Instant,
    ) -> Result<(), Unfit> {
        let certified = Certified::of_envelope(because);
        self.log_made(from, event, &certified, message, at);
        let receiver = self.provider_of(to)?;
        let body = self.trace.keep(message);
        if receiver != from {
            let PeerIdentity { certified_address, .. } = self.identity(from)?;
            let reply = Some(Reply { code: 250, text: "OK".into() });
            let session = Session {
                session: self.trace.events.iter().filter_map(session_of).max().map_or(0, |last| last + 1),
                client: from.to_owned(),
                server: receiver.clone(),
                port: 25,
            };
            let transfer = Transfer {
                session: session.clone(),
                step: None,
                began: at,
                secured: true,
                account: None,
                reverse_path: certified_address,
                reverse_reply: reply.clone(),
                forward_paths: vec![Forward { path: to.to_owned(), reply: reply.clone() }],
                body: Some(body.clone()),
                body_at: Some(at),
                reply,
            };
            let events = [What::Opened(session.clone()), What::Secured(session), What::Transfer(transfer)];
            let observed = |what| Event { at, basis: Basis::Observed, what };
            self.trace.events.extend(events.map(observed));
        }
        self.store(at, &receiver, to, body);
        Ok(())
    }

    /// The last transaction between two providers that came as far as the final dot and was refused; it is no longer.
    fn refused(&mut self, sender: &str, receiver: &str) -> Result<(Instant, Transfer), Unfit> {
        let ok = Some(Reply { code: 250, text: "OK".into() });
        let mut found = None;
        for event in &mut self.trace.events {
            if let What::Transfer(transfer) = &mut event.what
                && transfer.session.client == sender
                && transfer.session.server == receiver
                && transfer.body.is_some()
                && transfer.reply.as_ref().is_some_and(|reply| reply.code >= 400)
            {
                transfer.reply = ok.clone();
                transfer.forward_paths.iter_mut().for_each(|forward| forward.reply = ok.clone());
                found = Some((event.at, transfer.clone()));
            }
        }
        found.ok_or_else(|| Unfit::Missing(format!("message of {sender} that {receiver} refused")))
    }

    fn wrap(
        &mut self,
        receiver: &str,
        taken: &Transfer,
        body: &collaudo_record::BodyHash,
        at: Instant,
    ) -> Result<(), Unfit> {
        let received = self.trace.body(body).unwrap_or_default().to_vec();
        let (peer, signer) = (self.identity(receiver)?, self.keys.provider(receiver)?.clone());
        let recipients: Vec<_> = taken.forward_paths.iter().map(|forward| forward.path.clone()).collect();
        for forward in &taken.forward_paths {
            let why = "il messaggio non proviene da un gestore";
            let bytes = anomaly(&received, &taken.reverse_path, &recipients, why, &peer, &signer, at.0);
            self.log_made(receiver, "busta-anomalia", &Certified::of_envelope(&received), &bytes, at);
            let body = self.trace.keep(bytes);
            self.store(at, receiver, &forward.path, body);
        }
        self.only(receiver);
        Ok(())
    }

    /// Every message put aside is gone.
    pub(crate) fn unretained(&mut self, name: &str) -> Result<(), Unfit> {
        let before = self.trace.events.len();
        self.trace.events.retain(|event| !matches!(&event.what, What::Retained { provider, .. } if provider == name));
        self.only(name);
        if self.trace.events.len() < before { Ok(()) } else { Err(Unfit::Missing("retained message".to_owned())) }
    }

    /// Every message put aside was changed before.
    pub(crate) fn retained(&mut self, name: &str, change: impl Fn(&[u8]) -> Vec<u8>) -> Result<(), Unfit> {
        let mut found = false;
        for n in 0..self.trace.events.len() {
            let Some(What::Retained { provider, body }) = self.trace.events.get(n).map(|event| event.what.clone())
            else {
                continue;
            };
            let changed = change(self.trace.body(&body).unwrap_or_default());
            let new = self.trace.keep(changed);
            if let Some(What::Retained { body, .. }) = self.trace.events.get_mut(n).map(|event| &mut event.what) {
                *body = new;
                found |= provider == name;
            }
        }
        self.only(name);
        if found { Ok(()) } else { Err(Unfit::Missing("retained message".to_owned())) }
    }

    /// The last event of a message.
    pub(crate) fn last_seen(&self, pick: Pick) -> Result<Instant, Unfit> {
        let bodies = self.find(pick)?;
        let seen = |event: &&Event| body_of(&event.what).is_some_and(|body| bodies.contains(body));
        let last = self.trace.events.iter().filter(seen).map(|event| event.at).max();
        last.ok_or_else(|| Unfit::Missing(format!("event of {pick:?}")))
    }
}

/// The same message with an attachment that a scanner must find.
pub(crate) fn infected(message: &Entity) -> Entity {
    let fields = "Content-Type: application/octet-stream; name=\"eicar.com\"\r\nContent-Transfer-Encoding: base64\r\n\
                  Content-Disposition: attachment; filename=\"eicar.com\"\r\n";
    let virus = Entity::leaf(fields, collaudo_forge::base64_lines(EICAR.as_bytes()));
    let text = Entity::leaf("Content-Type: text/plain; charset=us-ascii\r\n", "In allegato.\r\n");
    let anew = collaudo_forge::multipart("mixed", &[text, virus]);
    let mut whole = message.clone();
    for name in ["Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "MIME-Version"] {
        whole.fields.remove(name);
    }
    whole.fields.push("MIME-Version", "1.0");
    whole.fields.0.extend(anew.fields.0);
    Entity { body: anew.body, ..whole }
}

fn session_of(event: &Event) -> Option<u32> {
    match &event.what {
        What::Opened(session) | What::Secured(session) | What::Closed { session, .. } => Some(session.session),
        What::Transfer(transfer) => Some(transfer.session.session),
        _ => None,
    }
}
