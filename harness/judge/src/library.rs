//! Public documents over time: which provider index and which list of revoked certificates each host had, and when.

use std::collections::BTreeMap;

use collaudo_record::{BodyHash, Instant, Span, Trace, What};

use crate::reading::{Certificate, Crl, Index};

/// The name of the list of revoked certificates.
const CRL: &str = "autorita.crl";

/// How long a list of revoked certificates counts where none says so.
const CRL_LIFE: Span = Span::from_hours(6);

/// Documents by host and event.
#[derive(Debug)]
pub(crate) struct Library<'a> {
    base: &'a Index,
    indexes: BTreeMap<(&'a BodyHash, bool), Index>,
    crls: BTreeMap<&'a BodyHash, Crl>,
    /// Lists of revoked certificates as they were published.
    published: Vec<(u32, Instant, Option<&'a BodyHash>)>,
    /// Signed indexes as they were published.
    files: Vec<(u32, &'a BodyHash)>,
    consultations: Vec<Consultation<'a>>,
}

/// A host asked for a document.
#[derive(Clone, Debug)]
pub(crate) struct Consultation<'a> {
    /// Its place in the trace's events.
    pub(crate) event: u32,
    /// When.
    pub(crate) at: Instant,
    /// Who asked.
    pub(crate) host: &'a str,
    /// The document's name.
    pub(crate) document: &'a str,
    /// `https` or `ldap`.
    pub(crate) over: &'a str,
    /// What it got.
    body: Option<&'a BodyHash>,
    /// What that is worth to it.
    pub(crate) worth: Worth,
}

/// What a host got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Worth {
    /// Nothing.
    Nothing,
    /// A document that it must not take: its signature does not hold, or it is older than the one it has.
    Bad,
    /// One to go by.
    Good,
}

/// Whether a certificate was revoked, as far as a host could know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Revocation {
    No,
    /// The host may know and may not; or it could not look.
    Unsure,
    Yes,
}

impl Consultation<'_> {
    /// Whether it asked for the provider index.
    pub(crate) fn is_of_index(&self) -> bool {
        self.document != CRL
    }
}

impl<'a> Library<'a> {
    /// Reads every document of the trace. `base` is the index that stands in the header: whoever is never seen to consult
    /// another goes by it.
    pub(crate) fn of(trace: &'a Trace, base: &'a Index) -> Self {
        let signer = trace.body(&trace.header.index_signer).and_then(Certificate::read);
        let trust = trace.header.trust.iter().filter_map(|hash| trace.body(hash));
        let trust: Vec<Certificate> = trust.filter_map(Certificate::read).collect();
        let mut library = Self {
            base,
            indexes: BTreeMap::new(),
            crls: BTreeMap::new(),
            published: Vec::new(),
            files: Vec::new(),
            consultations: Vec::new(),
        };
        for (event, place) in trace.events.iter().zip(0_u32..) {
            match &event.what {
                What::Published { document, body } if document == CRL => {
                    library.keep_crl(trace, body.as_ref(), &trust);
                    library.published.push((place, event.at, body.as_ref()));
                }
                // A provider's file of its own records stands under its own address.
                What::Published { document, body: Some(body) } if !document.contains("://") => {
                    library.keep_index(trace, Some(body), false, signer.as_ref());
                    library.files.push((place, body));
                }
                What::Consulted { host, document, over, body } => {
                    let body = body.as_ref();
                    if document == CRL {
                        library.keep_crl(trace, body, &trust);
                    } else {
                        library.keep_index(trace, body, over == "ldap", signer.as_ref());
                    }
                    let mut one =
                        Consultation { event: place, at: event.at, host, document, over, body, worth: Worth::Nothing };
                    one.worth = library.worth(&one);
                    library.consultations.push(one);
                }
                _ => {}
            }
        }
        library
    }

    fn keep_crl(&mut self, trace: &'a Trace, body: Option<&'a BodyHash>, trust: &[Certificate]) {
        let Some((hash, octets)) = body.and_then(|hash| Some((hash, trace.body(hash)?))) else { return };
        if let Some(crl) = Crl::read(octets, trust) {
            self.crls.entry(hash).or_insert(crl);
        }
    }

    fn keep_index(
        &mut self,
        trace: &'a Trace,
        body: Option<&'a BodyHash>,
        is_directory: bool,
        signer: Option<&Certificate>,
    ) {
        let Some((hash, octets)) = body.and_then(|hash| Some((hash, trace.body(hash)?))) else { return };
        self.indexes.entry((hash, is_directory)).or_insert_with(|| match is_directory {
            true => Index::of_directory(octets, signer),
            false => Index::read(octets, signer),
        });
    }

    fn worth(&self, one: &Consultation<'a>) -> Worth {
        if one.body.is_none() {
            return Worth::Nothing;
        }
        if !one.is_of_index() {
            let is_read = one.body.is_some_and(|body| self.crls.contains_key(body));
            return if is_read { Worth::Good } else { Worth::Bad };
        }
        let Some(index) = self.got(one) else { return Worth::Bad };
        let made = |index: &Index| index.signature.as_ref().and_then(|signature| signature.signed_at);
        let before = self.good(one.host, one.event).and_then(made);
        // A directory is what it is now.
        let is_older = one.over != "ldap" && made(index).zip(before).is_some_and(|(new, old)| new < old);
        match index.problem.is_some() && one.over != "ldap" || index.records.is_empty() || is_older {
            true => Worth::Bad,
            false => Worth::Good,
        }
    }

    /// What a consultation of the index brought.
    pub(crate) fn got(&self, one: &Consultation<'a>) -> Option<&Index> {
        self.indexes.get(&(one.body?, one.over == "ldap"))
    }

    /// The last good index that a host had got before an event.
    fn good(&self, host: &str, event: u32) -> Option<&Index> {
        let last = self.consulted(host).rfind(|one| one.event < event && one.worth == Worth::Good)?;
        if last.over != "ldap" {
            return self.got(last);
        }
        // A search may bring some of the entries: then the directory held what the last good file holds.
        let is_whole = |index: &&Index| index.records.len() + 2 > self.base.records.len();
        let files = self.files.iter().filter(|(place, _)| *place < last.event);
        let file =
            || files.filter_map(|(_, body)| self.indexes.get(&(*body, false))).filter(|file| file.problem.is_none());
        Some(self.got(last).filter(is_whole).or_else(|| file().next_back()).unwrap_or(self.base))
    }

    /// What a host asked for of the index, in its order.
    pub(crate) fn consulted<'s>(&'s self, host: &'s str) -> impl DoubleEndedIterator<Item = &'s Consultation<'a>> {
        self.consultations.iter().filter(move |one| one.host == host && one.is_of_index())
    }

    /// Everything that anybody asked for, in its order.
    pub(crate) fn consultations(&self) -> impl Iterator<Item = &Consultation<'a>> {
        self.consultations.iter()
    }

    /// The index in force for a host: the last good one that it got.
    pub(crate) fn index(&self, host: &str, event: u32) -> &Index {
        self.good(host, event).unwrap_or(self.base)
    }

    /// Whether a host could know of a domain by then: it is not one that the index lacked for it and has otherwise.
    pub(crate) fn knows(&self, host: &str, event: u32, domain: &str) -> bool {
        let is_of_the_base = self.base.managing(domain).is_some();
        self.has_index(host, event) && (!is_of_the_base || self.index(host, event).managing(domain).is_some())
    }

    /// Whether a host has any index by then; one that is never seen to ask has.
    pub(crate) fn has_index(&self, host: &str, event: u32) -> bool {
        self.consulted(host).next().is_none() || self.good(host, event).is_some()
    }

    /// Whether a certificate was revoked for a host. A signature made before the revocation leaves it open.
    pub(crate) fn revocation(
        &self,
        host: &str,
        (event, at): (u32, Instant),
        certificate: &Certificate,
        signed_at: Option<Instant>,
    ) -> Revocation {
        let read = |body: Option<&BodyHash>| body.and_then(|body| self.crls.get(body));
        let known = self.consultations.iter().filter(|one| !one.is_of_index() && one.host == host && one.event < event);
        let published: Vec<_> = self.published.iter().filter(|(place, ..)| *place < event).collect();
        let settled = |since: Instant| match signed_at.is_some_and(|signed| signed < since) {
            true => Revocation::Unsure,
            false => Revocation::Yes,
        };
        let mut learned = known.clone().filter_map(|one| read(one.body)?.revoked(certificate));
        if let Some(since) = learned.next() {
            return settled(since);
        }
        let first =
            published.iter().find_map(|(place, from, body)| Some((*place, *from, read(*body)?.revoked(certificate)?)));
        let holds = |crl: &Crl| crl.holds_at(at) && crl.revoked(certificate).is_none();
        let holds_one = known.clone().any(|one| read(one.body).is_some_and(holds));
        let is_gone = published.last().is_some_and(|(.., body)| body.is_none());
        let got_none = known.clone().next_back().is_some_and(|one| one.body.is_none());
        match first {
            None if (is_gone || got_none) && !holds_one => Revocation::Unsure,
            None => Revocation::No,
            Some((place, from, since)) => {
                let earlier = || published.iter().filter(|(before, ..)| *before < place);
                let could_hold = holds_one
                    || earlier().any(|(.., body)| read(*body).is_some_and(holds))
                    || earlier().next().is_none() && at <= from.after(CRL_LIFE);
                if could_hold || is_gone || got_none { Revocation::Unsure } else { settled(since) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use collaudo_record::{Basis, Event, Outcome, Transfer};

    use super::*;
    use crate::{
        fixture::{self, EPOCH, INDEX_SIGNER, ISSUER, REVOCABLE, Signing, list_of_revoked, signed_data},
        judge,
    };

    /// An event put before all others.
    fn first(trace: &mut Trace, what: What) {
        trace.events.insert(0, Event { at: EPOCH, basis: Basis::Observed, what });
    }

    fn consulted(trace: &mut Trace, host: &str, document: &str, octets: Option<&[u8]>) -> What {
        let body = octets.map(|octets| trace.keep(octets.to_vec()));
        What::Consulted { host: host.into(), document: document.into(), over: "https".into(), body }
    }

    fn outcome(trace: &Trace, clause: &str, provider: &str) -> Option<Outcome> {
        let mut verdicts = judge(trace).verdicts.into_iter();
        verdicts.find(|one| one.clause == clause && one.provider == provider).map(|one| one.outcome)
    }

    /// The world whose index lists the revocable certificate as alfa's, which signs alfa's first envelope.
    fn revocable() -> Trace {
        let own = STANDARD.encode(include_bytes!("../tests/fixtures/alfa.der"));
        let ldif = fixture::ldif().replace(&own, &STANDARD.encode(REVOCABLE));
        let sign = |draft: &mut fixture::Draft| {
            if draft.name == "busta" {
                draft.signing = Signing::Revocable;
            }
        };
        let mut trace = fixture::trace_with_index(sign, &ldif, Signing::Index);
        let issuer = trace.keep(ISSUER);
        trace.header.trust.push(issuer);
        trace
    }

    fn revocation(trace: &Trace, hours: i64, signed: i64) -> Revocation {
        let index = Index::of(trace);
        let library = Library::of(trace, &index);
        let leaf = Certificate::read(REVOCABLE).expect("a fixture");
        let at = EPOCH.after(Span::from_hours(hours));
        library.revocation("beta", (u32::MAX, at), &leaf, Some(EPOCH.after(Span::from_hours(signed))))
    }

    #[test]
    fn a_revocation_counts_once_the_last_list_without_it_has_run_out() {
        let mut trace = revocable();
        assert_eq!(revocation(&trace, 2, 2), Revocation::No);
        for has_it in [true, false] {
            let body = Some(trace.keep(list_of_revoked(has_it)));
            first(&mut trace, What::Published { document: CRL.into(), body });
        }
        assert_eq!(revocation(&trace, 5, 5), Revocation::Unsure);
        assert_eq!(revocation(&trace, 7, 7), Revocation::Yes);
        assert_eq!(revocation(&trace, 7, 0), Revocation::Unsure, "signed before it was revoked");
        let knows = consulted(&mut trace, "beta", CRL, Some(list_of_revoked(true)));
        first(&mut trace, knows);
        assert_eq!(revocation(&trace, 5, 5), Revocation::Yes);
    }

    #[test]
    fn without_a_list_nothing_is_sure() {
        let mut trace = revocable();
        let none = consulted(&mut trace, "beta", CRL, None);
        first(&mut trace, none);
        assert_eq!(revocation(&trace, 1, 1), Revocation::Unsure);
        let got = consulted(&mut trace, "beta", CRL, Some(list_of_revoked(false)));
        first(&mut trace, got);
        assert_eq!(revocation(&trace, 1, 1), Revocation::No);
        assert_eq!(revocation(&trace, 9, 9), Revocation::Unsure);
    }

    /// Beta had an index and can get no other; it puts an envelope off, and takes it when it comes again.
    #[test]
    fn what_is_put_off_for_want_of_a_list_is_not_laid_to_the_index() {
        let put_off = |list_comes_first: bool| {
            let mut trace = fixture::trace(|_| {});
            let issuer = trace.keep(ISSUER);
            trace.header.trust.push(issuer);
            let good = trace.body(&trace.header.index).map(<[u8]>::to_vec);
            for (document, octets) in [(CRL, None), ("indice.p7m", None), ("indice.p7m", good.as_deref())] {
                let what = consulted(&mut trace, "beta", document, octets);
                first(&mut trace, what);
            }
            let is_envelope =
                |event: &Event| matches!(&event.what, What::Transfer(one) if one.session.client == "alfa");
            let place = trace.events.iter().position(is_envelope).expect("an envelope");
            let mut refused = trace.events[place].clone();
            if let What::Transfer(Transfer { reply: Some(reply), .. }) = &mut refused.what {
                reply.code = 451;
            }
            let what = consulted(&mut trace, "beta", CRL, Some(list_of_revoked(false)));
            let list = Event { at: refused.at, basis: Basis::Observed, what };
            let both = if list_comes_first { [list, refused] } else { [refused, list] };
            trace.events.splice(place..place, both);
            outcome(&trace, "PEC-4.5-10", "beta")
        };
        assert_eq!(put_off(true), Some(Outcome::Fail));
        assert_eq!(put_off(false), Some(Outcome::Pass));
    }

    /// Beta takes in charge what comes signed with a certificate that it knew to be revoked, two hours later.
    #[test]
    fn a_revoked_envelope_that_is_taken_for_a_correct_one_fails() {
        let mut trace = revocable();
        for event in &mut trace.events {
            event.at = event.at.after(Span::from_hours(2));
        }
        assert_eq!(outcome(&trace, "PEC-2.2.2-16", "beta"), None);
        let knows = consulted(&mut trace, "beta", CRL, Some(list_of_revoked(true)));
        first(&mut trace, knows);
        // The draft was signed before the certificate was revoked: whether that counts is open.
        assert_eq!(outcome(&trace, "PEC-2.2.2-16", "beta"), None);
        let late = |draft: &mut fixture::Draft| {
            if draft.name == "busta" {
                draft.signing = Signing::Revocable;
            }
            draft.seen = draft.seen.0.checked_add(Span::from_hours(2).0).map_or(draft.seen, Span);
        };
        let base = revocable();
        let mut trace = fixture::trace_with_index(late, &Index::of(&base).ldif, Signing::Index);
        let issuer = trace.keep(ISSUER);
        trace.header.trust.push(issuer);
        let knows = consulted(&mut trace, "beta", CRL, Some(list_of_revoked(true)));
        first(&mut trace, knows);
        assert_eq!(outcome(&trace, "PEC-2.2.2-16", "beta"), Some(Outcome::Fail));
        assert_eq!(outcome(&trace, "PEC-2.2.2-15", "beta"), Some(Outcome::Fail));
        let is_answer = |what: &What| matches!(what, What::Transfer(transfer) if transfer.session.client == "beta");
        trace.events.retain(|event| !is_answer(&event.what));
        assert_eq!(outcome(&trace, "PEC-2.2.2-16", "beta"), Some(Outcome::Pass));
    }

    #[test]
    fn who_has_got_an_index_without_a_provider_takes_its_mail_for_ordinary() {
        let without = fixture::ldif().replace("dn: providerName=Alfa", "dn: providerName=Altri");
        let own = STANDARD.encode(include_bytes!("../tests/fixtures/alfa.der"));
        let without = without.replace(&own, &STANDARD.encode(ISSUER)).replace("alfa.test", "altri.test");
        let file = |at| signed_data(without.as_bytes(), Signing::Index, at, true);
        let mut trace = fixture::trace(|_| {});
        assert_ne!(outcome(&trace, "PEC-2.2.2-11", "beta"), Some(Outcome::Fail));
        let newer = consulted(&mut trace, "beta", "indice.p7m", Some(&file(EPOCH)));
        first(&mut trace, newer);
        assert_eq!(outcome(&trace, "PEC-2.2.2-11", "beta"), Some(Outcome::Fail));
        // One that is older than what it has is not to be taken.
        let mut trace = fixture::trace(|_| {});
        let older = consulted(&mut trace, "beta", "indice.p7m", Some(&file(Instant(EPOCH.0 - 1_000_000))));
        first(&mut trace, older);
        let good = trace.body(&trace.header.index).map(<[u8]>::to_vec);
        let good = consulted(&mut trace, "beta", "indice.p7m", good.as_deref());
        first(&mut trace, good);
        assert_ne!(outcome(&trace, "PEC-2.2.2-11", "beta"), Some(Outcome::Fail));
        let index = Index::of(&trace);
        let worth: Vec<_> = Library::of(&trace, &index).consultations().map(|one| one.worth).collect();
        assert_eq!(worth, [Worth::Good, Worth::Bad]);
    }

    #[test]
    fn the_same_file_got_again_is_not_older_than_itself() {
        let mut trace = fixture::trace(|_| {});
        let good = trace.body(&trace.header.index).map(<[u8]>::to_vec);
        for _ in 0..2 {
            let again = consulted(&mut trace, "beta", "indice.p7m", good.as_deref());
            first(&mut trace, again);
        }
        let index = Index::of(&trace);
        let worth: Vec<_> = Library::of(&trace, &index).consultations().map(|one| one.worth).collect();
        assert_eq!(worth, [Worth::Good, Worth::Good]);
    }

    #[test]
    fn a_file_that_another_signed_is_bad() {
        let mut trace = fixture::trace(|_| {});
        let forged = signed_data(fixture::ldif().as_bytes(), Signing::Alfa, EPOCH, true);
        let forged = consulted(&mut trace, "beta", "indice.p7m", Some(&forged));
        first(&mut trace, forged);
        let index = Index::of(&trace);
        let library = Library::of(&trace, &index);
        assert!(library.consultations().all(|one| one.worth == Worth::Bad));
        assert!(!library.has_index("beta", 9) && library.has_index("alfa", 9));
        assert!(Certificate::read(INDEX_SIGNER).is_some());
    }

    #[test]
    fn the_file_lies_where_the_root_record_says() {
        let with = |over: &str| {
            let mut trace = fixture::trace(|_| {});
            let good = trace.body(&trace.header.index).map(<[u8]>::to_vec);
            let mut what = consulted(&mut trace, "alfa", "indice.p7m", good.as_deref());
            if let What::Consulted { over: own, .. } = &mut what {
                over.clone_into(own);
            }
            first(&mut trace, what);
            outcome(&trace, "PEC-4.5-06", "alfa")
        };
        assert_eq!((with("https"), with("http")), (Some(Outcome::Pass), Some(Outcome::Fail)));
    }

    #[test]
    fn a_hash_that_the_index_lists_with_another_certificate_is_not_enough() {
        let own = STANDARD.encode(include_bytes!("../tests/fixtures/alfa.der"));
        let ldif = fixture::ldif().replace(&own, &STANDARD.encode(ISSUER));
        let trace = fixture::trace_with_index(|_| {}, &ldif, Signing::Index);
        assert_eq!(outcome(&trace, "PEC-2.2.2-13", "beta"), Some(Outcome::Fail));
        let mut silent = trace;
        let is_answer = |what: &What| matches!(what, What::Transfer(transfer) if transfer.session.client == "beta");
        silent.events.retain(|event| !is_answer(&event.what));
        assert_eq!(outcome(&silent, "PEC-2.2.2-13", "beta"), Some(Outcome::Pass));
    }
}
