use collaudo_record::Instant;

use crate::{
    library::{Library, Revocation},
    reading::{Kind, Reading},
};

/// Where a message arrives, and what is known there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrives<'s> {
    pub(crate) library: &'s Library<'s>,
    /// The host.
    pub(crate) host: &'s str,
    /// The place among the trace's events.
    pub(crate) event: u32,
    pub(crate) at: Instant,
}

/// What a message that arrives is worth, by the tests of RFC 6109 §2.2.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// A correct envelope, receipt or notice.
    Correct,
    /// Signed by a listed provider, yet no well-formed envelope, receipt or notice.
    Malformed,
    /// No signature.
    Unsigned,
    /// Signed with a certificate that the index does not list, or with none that could be looked up.
    Unlisted,
    /// The signature does not hold.
    Invalid,
    /// No path leads from its certificate to an anchor, or the certificate was not valid, or it was revoked.
    Untrusted,
    /// Correct or not by what the provider could know, of a revocation or for want of an index; or by how far it looks into
    /// form, which the law leaves to it (R-0091). Either treatment is right.
    Doubtful,
}

impl Standing {
    /// Makes the tests.
    pub(crate) fn of(reading: &Reading, here: Arrives<'_>) -> Self {
        let Some(signature) = &reading.signature else { return Self::Unsigned };
        if !here.library.has_index(here.host, here.event) {
            return Self::Doubtful;
        }
        let index = here.library.index(here.host, here.event);
        let revocation = signature.signer.as_ref().map_or(Revocation::No, |signer| {
            here.library.revocation(here.host, (here.event, here.at), signer, signature.signed_at)
        });
        let listed = signature.signer.as_ref().is_some_and(|signer| index.listing(&signer.der).is_some());
        match (listed, signature.valid, signature.chain.is_ok()) {
            (false, ..) => Self::Unlisted,
            (true, false, _) => Self::Invalid,
            (true, true, false) => Self::Untrusted,
            _ if revocation == Revocation::Yes => Self::Untrusted,
            _ if revocation == Revocation::Unsure => Self::Doubtful,
            (true, true, true) if is_well_formed(reading) && is_from_its_signer(reading) => {
                if is_of_one_piece(reading) { Self::Correct } else { Self::Doubtful }
            }
            (true, true, true) => Self::Malformed,
        }
    }

    /// Whether it may have been taken for a correct one.
    pub(crate) fn may_be_correct(self) -> bool {
        matches!(self, Self::Correct | Self::Doubtful)
    }

    /// Whether it comes from a certified provider: existence, origin and validity of the signature.
    pub(crate) fn is_certified(self) -> bool {
        matches!(self, Self::Correct | Self::Malformed)
    }

    /// In words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Correct => "correct",
            Self::Malformed => "signed by a provider, but neither envelope nor receipt",
            Self::Unsigned => "not signed",
            Self::Unlisted => "signed with a certificate that the index does not list",
            Self::Invalid => "signed, but the signature does not hold",
            Self::Untrusted => "signed, but with a certificate that is not to be trusted",
            Self::Doubtful => "correct or not by what the provider could look up, or by how far it looked",
        }
    }
}

/// Whether its author is the one whom the certificate names (§2.1).
fn is_from_its_signer(reading: &Reading) -> bool {
    let named = reading.signature.as_ref().map_or(&[][..], |signature| signature.addresses());
    let mut authors = reading.head.from.iter();
    authors.any(|author| named.iter().any(|address| address.eq_ignore_ascii_case(&author.address)))
}

/// Whether header and certification data say one thing, and the data follow their definition: what a taker may look into,
/// or may not (R-0091).
fn is_of_one_piece(reading: &Reading) -> bool {
    let (head, Some(data)) = (&reading.head, &reading.daticert) else { return true };
    let is_envelope = reading.kind == Kind::PostaCertificata;
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_named = |address: &str| head.to.iter().chain(&head.cc).any(|one| one.address.eq_ignore_ascii_case(address));
    let has_subject = || {
        let (own, certified) =
            (head.subject.as_deref().unwrap_or_default(), data.oggetto.as_deref().unwrap_or_default());
        words(own).ends_with(&words(certified))
    };
    let is_one_envelope = || {
        head.message_id == data.identificativo
            && head.tipo_ricevuta.as_ref().is_none_or(|form| Some(form) == data.ricevuta.as_ref())
            && data.destinatari.iter().all(|(address, _)| is_named(address))
    };
    data.flaws.is_empty() && head.x_riferimento == data.msgid && has_subject() && (!is_envelope || is_one_envelope())
}

/// Whether it says what it is, and its parts are those of its kind. Only what no reader can overlook counts: more is for
/// the rules of form.
pub(crate) fn is_well_formed(reading: &Reading) -> bool {
    let is_marked =
        |name: &str| reading.head.value(name).is_some_and(|value| value.eq_ignore_ascii_case(reading.kind.wire()));
    if !is_marked("X-Trasporto") && !is_marked("X-Ricevuta") {
        return false;
    }
    let Some(daticert) = reading.daticert.as_ref().filter(|daticert| daticert.ill_formed.is_none()) else {
        return false;
    };
    let is_its_kind = daticert.tipo.as_deref() == Some(reading.kind.wire());
    let whole = match reading.kind {
        Kind::PostaCertificata => reading.postacert.is_some(),
        Kind::Anomalia | Kind::Ordinary => false,
        _ => true,
    };
    is_its_kind && whole && daticert.identificativo.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fixture,
        reading::{Index, Readings},
        sighting::sightings,
        story::Story,
    };

    /// What the first envelope of the fixture's world is worth, changed before it was signed.
    fn envelope(old: &str, new: &str) -> Option<Standing> {
        let trace = fixture::trace(|draft| {
            if draft.name == "busta" {
                draft.swap(old, new);
            }
        });
        let (readings, index) = (Readings::of(&trace), Index::of(&trace));
        let (sightings, library) = (sightings(&trace, &readings), Library::of(&trace, &index));
        let story = Story::read(&trace, &readings, &library, &sightings);
        let mut crossed = story.appearances.iter().filter(|one| one.transfer().is_some());
        crossed.find(|one| one.issuer.is_some_and(|issuer| issuer.name == "alfa")).map(|one| one.standing)
    }

    #[test]
    fn an_envelope_whose_header_and_data_differ_may_be_taken_or_not() {
        assert_eq!(envelope("X-TipoRicevuta: completa", "X-TipoRicevuta: completa"), Some(Standing::Correct));
        for (old, new) in [
            ("Message-ID: <p1.1@", "Message-ID: <p9.9@"),
            ("X-TipoRicevuta: completa", "X-TipoRicevuta: breve"),
            ("<oggetto>Contratto", "<oggetto>Altro"),
            ("<msgid>&lt;m1@", "<msgid>&lt;m9@"),
            ("<risposte>anna@alfa.test</risposte>", ""),
        ] {
            assert_eq!(envelope(old, new), Some(Standing::Doubtful), "{new}");
        }
        assert_eq!(envelope("X-Trasporto: posta-certificata", "X-Trasporto: altro"), Some(Standing::Malformed));
    }

    #[test]
    fn a_signature_alone_makes_no_correct_envelope() {
        for (old, new) in [("X-Trasporto: posta-certificata\r\n", ""), ("<posta-certificata@alfa", "<servizio@alfa")] {
            assert_eq!(envelope(old, new), Some(Standing::Malformed), "{old}");
        }
    }
}
