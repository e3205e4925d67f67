//! Bends of what is published and what is archived: certificates, the index, lists of revoked certificates, sealed logs.

use std::collections::BTreeSet;

use collaudo_forge::{Digest, Moment, open_index, open_log, reissue, seal_index, seal_log};
use collaudo_record::{BodyHash, LogEntry, What};
use sha1::{Digest as _, Sha1};
use x509_cert::TbsCertificate;

use crate::{Bench, Unfit, bench::signed_at};

/// The name of the signed index.
pub(crate) const INDEX: &str = "indice.ldif.p7m";

impl Bench<'_> {
    /// Issues a provider's certificate anew, signs all its messages with it and publishes it in the index.
    pub(crate) fn certificate(
        &mut self,
        name: &str,
        digest: Digest,
        edit: impl FnOnce(&mut TbsCertificate),
    ) -> Result<(), Unfit> {
        let old = self.keys.provider(name)?.clone();
        let new = old.with_certificate(&reissue(old.certificate(), self.keys.authority()?, digest, edit)?)?;
        self.adopt(name, &old, &new)
    }

    /// Signs all messages of a provider with another key and certificate, and publishes the certificate in the index.
    pub(crate) fn adopt(
        &mut self,
        name: &str,
        old: &collaudo_forge::Signer,
        new: &collaudo_forge::Signer,
    ) -> Result<(), Unfit> {
        for hash in self.messages() {
            let Some(opened) = self.opened(&hash) else { continue };
            if self.author(&opened).is_ok_and(|author| author == name) {
                let bytes = collaudo_forge::reseal(&opened, new, signed_at(&opened));
                self.replace(&hash, bytes);
            }
        }
        let (old, new) = (old.certificate().to_vec(), new.certificate().to_vec());
        let binary = |der: &[u8]| collaudo_forge::base64_lines(der).replace("\r\n", "");
        self.index(|text| {
            let text = text.replace(&binary(&old), &binary(&new));
            replace_hash(&text, &hex(&Sha1::digest(&old)), &hex(&Sha1::digest(&new)))
        })?;
        self.only(name);
        Ok(())
    }

    /// Rewrites the index (unfolded lines) and signs it anew, in every issue that was published or read.
    pub(crate) fn index(&mut self, rewrite: impl Fn(&str) -> String) -> Result<(), Unfit> {
        let first = self.trace.header.index.clone();
        let mut found = false;
        for old in self.issues(INDEX) {
            let der = self.trace.body(&old).ok_or_else(|| Unfit::Missing("index".to_owned()))?;
            let (text, at) = match open_index(der) {
                Ok(opened) => opened,
                Err(why) if old == first => return Err(why.into()),
                Err(_) => continue,
            };
            let unfolded = text.replace("\r\n", "\n").replace("\n ", "");
            let rewritten = rewrite(&unfolded);
            found |= old == first && rewritten != unfolded;
            let sealed = seal_index(&fold(&rewritten), self.keys.index()?, at);
            self.reissued(&old, sealed);
        }
        if found { Ok(()) } else { Err(Unfit::Missing("point to bend in the index".to_owned())) }
    }

    /// Changes the octets of every issue of the index.
    pub(crate) fn index_octets(&mut self, change: impl Fn(&[u8]) -> Vec<u8>) {
        for old in self.issues(INDEX) {
            let changed = change(self.trace.body(&old).unwrap_or_default());
            self.reissued(&old, changed);
        }
    }

    /// Rewrites one provider's record of the index, from its `dn` line to its last.
    pub(crate) fn record(&mut self, name: &str, rewrite: impl Fn(&str) -> String) -> Result<(), Unfit> {
        let mark = format!("providerName: {}\n", self.identity(name)?.display_name);
        self.index(|text| {
            let records = text.split("\n\n").map(|record| {
                let whole = format!("{}\n", record.trim_end_matches('\n'));
                if whole.contains(&mark) {
                    rewrite(&whole).trim_end_matches('\n').to_owned()
                } else {
                    record.to_owned()
                }
            });
            records.collect::<Vec<_>>().join("\n\n")
        })
    }

    /// A provider that never asked for a document, or never after its first time; it alone stays bound.
    pub(crate) fn unread(&mut self, provider: &str, document: &str, keep: usize) -> Result<(), Unfit> {
        let (before, mut kept) = (self.trace.events.len(), 0);
        self.trace.events.retain(|event| match &event.what {
            What::Consulted { host, document: read, .. } if host == provider && read == document => {
                kept += 1;
                kept <= keep
            }
            _ => true,
        });
        self.only(provider);
        let found = self.trace.events.len() < before;
        if found { Ok(()) } else { Err(Unfit::Missing(format!("{provider} reading {document}"))) }
    }

    /// Every seal of a provider's log is gone; it alone stays bound.
    pub(crate) fn unsealed(&mut self, name: &str) -> Result<(), Unfit> {
        let before = self.trace.events.len();
        self.trace.events.retain(|event| !matches!(&event.what, What::Sealed { provider, .. } if provider == name));
        self.only(name);
        if self.trace.events.len() < before { Ok(()) } else { Err(Unfit::Missing(format!("seal of {name}"))) }
    }

    /// Changes the lines of every sealed day of a provider's log under a seal made anew; it alone stays bound.
    pub(crate) fn sealed_lines(&mut self, name: &str, change: impl Fn(&str) -> String) -> Result<(), Unfit> {
        let signer = self.keys.provider(name)?.clone();
        self.seals(name, |der| {
            let (text, at) = open_log(der)?;
            let changed = change(&text);
            if changed == text {
                return Err(Unfit::Missing("point to bend in a sealed log".to_owned()));
            }
            Ok(seal_log(&changed, &signer, at.unwrap_or(0)))
        })
    }

    /// Changes the octets of every seal of a provider's log; it alone stays bound.
    pub(crate) fn seals(&mut self, name: &str, change: impl Fn(&[u8]) -> Result<Vec<u8>, Unfit>) -> Result<(), Unfit> {
        let mut found = false;
        for n in 0..self.trace.events.len() {
            let Some(What::Sealed { provider, seal, .. }) = self.trace.events.get(n).map(|event| event.what.clone())
            else {
                continue;
            };
            if provider != name {
                continue;
            }
            let new = change(self.trace.body(&seal).unwrap_or_default())?;
            let new = self.trace.keep(new);
            if let Some(What::Sealed { seal, .. }) = self.trace.events.get_mut(n).map(|event| &mut event.what) {
                *seal = new;
                found = true;
            }
        }
        self.only(name);
        if found { Ok(()) } else { Err(Unfit::Missing(format!("seal of {name}"))) }
    }

    /// Puts a line into the sealed day that it belongs to, where there is one: written as the line that it was made after.
    pub(crate) fn seal_too(&mut self, name: &str, like: &LogEntry, entry: &LogEntry) {
        let moment = Moment::at_micros(entry.at.0);
        let today = moment.day.split('/').rev().collect::<Vec<_>>().join("-");
        let Ok(signer) = self.keys.provider(name).cloned() else { return };
        let words = |entry: &LogEntry| {
            let related = entry.related.first().cloned().unwrap_or_default();
            [related, entry.at.0.to_string(), entry.event.clone()]
        };
        let (old, new) = (words(like), words(entry));
        for n in 0..self.trace.events.len() {
            let Some(What::Sealed { provider, day, seal }) = self.trace.events.get(n).map(|event| event.what.clone())
            else {
                continue;
            };
            let Ok((text, at)) = open_log(self.trace.body(&seal).unwrap_or_default()) else { continue };
            let model = text.lines().find(|line| old.first().is_some_and(|related| line.contains(related.as_str())));
            let Some(model) = model.filter(|_| provider == name && day == today) else { continue };
            let line = old.iter().zip(&new).fold(model.to_owned(), |line, (old, new)| line.replace(old.as_str(), new));
            let sealed = seal_log(&format!("{}\n{line}\n", text.trim_end()), &signer, at.unwrap_or(0));
            let sealed = self.trace.keep(sealed);
            if let Some(What::Sealed { seal, .. }) = self.trace.events.get_mut(n).map(|event| &mut event.what) {
                *seal = sealed;
            }
        }
    }

    /// The documents that are neither the index nor a list of revoked certificates: each provider's own file.
    pub(crate) fn own_files(&self) -> BTreeSet<String> {
        let own = |what: &What| match what {
            What::Published { document, .. } if document.ends_with("/record.ldif.p7m") => Some(document.clone()),
            _ => None,
        };
        self.trace.events.iter().filter_map(|event| own(&event.what)).collect()
    }

    /// Puts other octets in the place of every issue of a document.
    pub(crate) fn reissue(
        &mut self,
        name: &str,
        change: impl Fn(&[u8]) -> Result<Vec<u8>, Unfit>,
    ) -> Result<(), Unfit> {
        for old in self.issues(name) {
            let changed = change(self.trace.body(&old).unwrap_or_default())?;
            self.reissued(&old, changed);
        }
        Ok(())
    }

    /// Every issue of a document that the trace has, the index of its header among them.
    fn issues(&self, name: &str) -> BTreeSet<BodyHash> {
        let issue = |what: &What| match what {
            What::Published { document, body } | What::Consulted { document, body, .. } if document == name => {
                body.clone()
            }
            _ => None,
        };
        let first = (name == INDEX).then(|| self.trace.header.index.clone());
        self.trace.events.iter().filter_map(|event| issue(&event.what)).chain(first).collect()
    }

    /// Puts other octets in the place of a document, wherever it was published or read.
    fn reissued(&mut self, old: &BodyHash, octets: Vec<u8>) {
        let new = self.trace.keep(octets);
        if self.trace.header.index == *old {
            self.trace.header.index = new.clone();
        }
        for event in &mut self.trace.events {
            match &mut event.what {
                What::Published { body: Some(body), .. } | What::Consulted { body: Some(body), .. } if body == old => {
                    *body = new.clone();
                }
                _ => {}
            }
        }
    }
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02X}")).collect()
}

fn replace_hash(text: &str, old: &str, new: &str) -> String {
    text.replace(old, new).replace(&old.to_ascii_lowercase(), &new.to_ascii_lowercase())
}

fn fold(text: &str) -> String {
    let mut folded = String::new();
    for line in text.split_inclusive('\n') {
        for (n, character) in line.chars().enumerate() {
            if n > 0 && n % 76 == 0 && character != '\n' {
                folded.push_str("\n ");
            }
            folded.push(character);
        }
    }
    folded
}
