use std::collections::BTreeSet;

use collaudo_forge::{Body, Entity, Opened, Signer, Style, open, reseal};
use collaudo_record::{BodyHash, Player, Trace, What};

use crate::{Keys, Pick, Unfit};

/// A good trace under the hand that bends it.
pub struct Bench<'a> {
    pub(crate) trace: Trace,
    pub(crate) keys: &'a Keys,
}

impl<'a> Bench<'a> {
    pub(crate) fn new(trace: Trace, keys: &'a Keys) -> Self {
        Self { trace, keys }
    }

    /// The bent trace: events in the order of their instants, no body without a reference.
    pub(crate) fn finish(mut self) -> Trace {
        self.trace.events.sort_by_key(|event| event.at);
        let header = &self.trace.header;
        let mut used: BTreeSet<BodyHash> = header.trust.iter().cloned().collect();
        used.extend([header.index.clone(), header.index_signer.clone()]);
        used.extend(self.messages());
        used.extend(self.trace.events.iter().flat_map(|event| documents_of(&event.what)).cloned());
        self.trace.bodies.retain(|hash, _| used.contains(hash));
        self.trace
    }

    /// Every message of the trace, once, in the order in which it was first seen.
    pub(crate) fn messages(&self) -> Vec<BodyHash> {
        let mut seen = BTreeSet::new();
        let bodies = self.trace.events.iter().filter_map(|event| body_of(&event.what));
        bodies.filter(|hash| seen.insert((*hash).clone())).cloned().collect()
    }

    pub(crate) fn opened(&self, hash: &BodyHash) -> Option<Opened> {
        open(self.trace.body(hash)?).ok()
    }

    /// The bodies of one message: the copies on the wire and in mailboxes may differ in their outer header.
    pub(crate) fn find(&self, pick: Pick) -> Result<Vec<BodyHash>, Unfit> {
        let mut groups: Vec<(Vec<u8>, Vec<BodyHash>)> = Vec::new();
        for hash in self.messages() {
            let Some(opened) = self.opened(&hash).filter(|opened| pick.fits(opened)) else { continue };
            let signature = opened.signature();
            match groups.iter_mut().find(|(known, _)| *known == signature) {
                Some((_, group)) => group.push(hash),
                None => groups.push((signature, vec![hash])),
            }
        }
        groups.into_iter().nth(pick.nth).map(|(_, group)| group).ok_or_else(|| Unfit::Missing(format!("{pick:?}")))
    }

    /// The first body of a message, opened.
    pub(crate) fn first(&self, pick: Pick) -> Result<(BodyHash, Opened), Unfit> {
        let hash = self.find(pick)?.into_iter().next().ok_or_else(|| Unfit::Missing(format!("{pick:?}")))?;
        let opened = self.opened(&hash).ok_or_else(|| Unfit::Missing(hash.to_string()))?;
        Ok((hash, opened))
    }

    /// Bends every copy of a message, signs anew where the change lies under the signature, and leaves its author alone
    /// to be judged. The editor says whether it found what it looked for.
    pub(crate) fn edit(&mut self, pick: Pick, edit: impl Fn(&mut Opened) -> bool) -> Result<(), Unfit> {
        let (_, opened) = self.first(pick)?;
        let author = self.author(&opened)?;
        self.edit_quietly(pick, edit)?;
        self.only(&author);
        Ok(())
    }

    /// The same, and everybody stays bound: for a change that makes another good trace.
    pub(crate) fn edit_quietly(&mut self, pick: Pick, edit: impl Fn(&mut Opened) -> bool) -> Result<(), Unfit> {
        for hash in self.find(pick)? {
            if !self.edit_body(&hash, &edit)? {
                return Err(Unfit::Missing(format!("point to bend in {pick:?}")));
            }
        }
        Ok(())
    }

    /// Changes every signed message that the editor finds something in, and leaves everybody bound.
    pub(crate) fn edit_all(&mut self, edit: impl Fn(&mut Opened) -> bool) -> Result<(), Unfit> {
        for hash in self.messages() {
            self.edit_body(&hash, &edit)?;
        }
        Ok(())
    }

    fn edit_body(&mut self, hash: &BodyHash, edit: &impl Fn(&mut Opened) -> bool) -> Result<bool, Unfit> {
        let Some(before) = self.opened(hash) else { return Ok(false) };
        let mut after = before.clone();
        if !edit(&mut after) || after == before {
            return Ok(false);
        }
        let bytes = if after.content() == before.content() {
            after.to_bytes()
        } else {
            let author = self.author(&before)?;
            reseal(&after, self.keys.provider(&author)?, signed_at(&before))
        };
        self.replace(hash, bytes);
        Ok(true)
    }

    /// Signs a message anew, in another style or with another's key.
    pub(crate) fn resign(&mut self, pick: Pick, signer: Option<&Signer>, style: Style) -> Result<(), Unfit> {
        let (_, opened) = self.first(pick)?;
        let author = self.author(&opened)?;
        for hash in self.find(pick)? {
            let Some(opened) = self.opened(&hash) else { continue };
            let signer = signer.map_or_else(|| self.keys.provider(&author), Ok)?;
            let bytes = opened.sealed(signer, signed_at(&opened), style);
            self.replace(&hash, bytes);
        }
        self.only(&author);
        Ok(())
    }

    /// Changes the readable text under a signature that stays as it was; everybody stays bound.
    pub(crate) fn break_signature(&mut self, pick: Pick) -> Result<(), Unfit> {
        for hash in self.find(pick)? {
            let Some(mut opened) = self.opened(&hash) else { continue };
            for leaf in opened.texts_mut() {
                leaf.set_text(&format!("{}.", leaf.text()));
            }
            self.replace(&hash, opened.to_bytes());
        }
        Ok(())
    }

    /// Takes the signature away; everybody stays bound.
    pub(crate) fn unsigned(&mut self, pick: Pick) -> Result<(), Unfit> {
        for hash in self.find(pick)? {
            let bare = collaudo_forge::unsigned(self.trace.body(&hash).unwrap_or_default());
            self.replace(&hash, bare);
        }
        Ok(())
    }

    /// Rebuilds a message around its content: the outer header stays but for what says how it is signed.
    pub(crate) fn rebuild(&mut self, pick: Pick, make: impl Fn(&Opened) -> (String, Vec<u8>)) -> Result<(), Unfit> {
        for hash in self.find(pick)? {
            let Some(opened) = self.opened(&hash) else { continue };
            let mut header = opened.fields().clone();
            for name in ["Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "MIME-Version"] {
                header.remove(name);
            }
            let (fields, body) = make(&opened);
            self.replace(&hash, [&header.to_bytes(), fields.as_bytes(), b"\r\n", &body].concat());
        }
        Ok(())
    }

    /// Puts other octets in the place of a message, wherever it was seen.
    pub(crate) fn replace(&mut self, old: &BodyHash, bytes: Vec<u8>) {
        let new = self.trace.keep(bytes);
        for event in &mut self.trace.events {
            if let Some(body) = body_of_mut(&mut event.what).filter(|body| *body == old) {
                *body = new.clone();
            }
        }
    }

    /// Leaves one provider to be judged; the others become peers.
    pub(crate) fn only(&mut self, name: &str) {
        for provider in &mut self.trace.header.providers {
            provider.player = if provider.name == name { Player::Subject } else { Player::Peer };
        }
    }

    /// The provider whose certified address is in `From`.
    pub(crate) fn author(&self, opened: &Opened) -> Result<String, Unfit> {
        let from = opened.fields().get("From").unwrap_or_default().to_ascii_lowercase();
        let providers = &self.trace.header.providers;
        let author = providers.iter().find(|provider| from.contains(&provider.certified_address.to_ascii_lowercase()));
        author
            .map(|provider| provider.name.clone())
            .ok_or_else(|| Unfit::Missing(format!("provider that writes as {from}")))
    }

    /// Changes what was submitted, and every `postacert.eml` with it: another submission, treated in the same way.
    pub(crate) fn submission(&mut self, edit: impl Fn(&mut Entity) -> bool) -> Result<(), Unfit> {
        let submitted = self.submitted()?;
        let bytes = self.trace.body(&submitted).unwrap_or_default();
        let mut message = Entity::read(bytes);
        if !edit(&mut message) {
            return Err(Unfit::Missing("point to bend in the submission".to_owned()));
        }
        self.replace(&submitted, message.to_bytes());
        self.edit_all(|opened| {
            let Some(part) = opened.original_mut() else { return false };
            let mut original = Entity::read(&part.decoded());
            let found = edit(&mut original);
            part.set_message(&original.to_bytes());
            found
        })
    }

    /// The first submission that got as far as its final dot.
    pub(crate) fn submitted(&self) -> Result<BodyHash, Unfit> {
        let transfers = self.trace.events.iter().filter_map(|event| match &event.what {
            What::Transfer(transfer) if transfer.step.is_some() => transfer.body.clone(),
            _ => None,
        });
        transfers.into_iter().next().ok_or_else(|| Unfit::Missing("submission".to_owned()))
    }
}

/// An attached message is transferred as it is, never in base64.
pub(crate) trait SetMessage {
    fn set_message(&mut self, message: &[u8]);
}

impl SetMessage for Entity {
    fn set_message(&mut self, message: &[u8]) {
        self.body = Body::Leaf(message.to_vec());
    }
}

/// The message of an event: what crossed, what lies in a mailbox or aside, what a person fetched.
pub(crate) fn body_of(what: &What) -> Option<&BodyHash> {
    match what {
        What::Transfer(transfer) => transfer.body.as_ref(),
        What::Stored { body, .. } | What::Retained { body, .. } | What::Fetched { body, .. } => Some(body),
        _ => None,
    }
}

pub(crate) fn body_of_mut(what: &mut What) -> Option<&mut BodyHash> {
    match what {
        What::Transfer(transfer) => transfer.body.as_mut(),
        What::Stored { body, .. } | What::Retained { body, .. } | What::Fetched { body, .. } => Some(body),
        _ => None,
    }
}

/// The documents of an event, which are no messages.
fn documents_of(what: &What) -> Vec<&BodyHash> {
    match what {
        What::Sealed { seal, .. } => vec![seal],
        What::Published { body, .. } | What::Consulted { body, .. } => body.iter().collect(),
        What::Requested(request) => {
            [&request.server, &request.client].into_iter().flatten().chain([&request.anchor]).collect()
        }
        _ => Vec::new(),
    }
}

pub(crate) fn signed_at(opened: &Opened) -> i64 {
    opened.signed_at().unwrap_or(0)
}
