//! What can be asked of a lab: by an address, or by a field of the message.

use collaudo_forge::{Entity, Fields, open};

/// The field of a submitted message that asks for an outcome, whoever its recipients are.
pub const HEADER: &str = "X-Collaudo-Outcome";

/// What becomes of a message on demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The mailbox is full.
    MailboxFull,
    /// There is no such mailbox.
    NoSuchUser,
    /// For thirteen hours the recipient's provider asks to try again later; then it delivers.
    Late,
    /// The recipient's provider takes the message and never says anything of it.
    Silent,
    /// The recipient's provider finds a virus.
    Virus,
    /// On its way the envelope loses its signature, and arrives in an anomaly envelope.
    Anomaly,
    /// The sender's provider does not accept the message, for a formal fault.
    NonAcceptance,
    /// The sender's provider finds a virus.
    VirusAtSender,
}

/// An address that behaves as named, like the numbers of test cards; one at each provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Special {
    /// What stands before the `@`.
    pub local: &'static str,
    /// What becomes of a message for it.
    pub outcome: Outcome,
    /// The kinds that the sender's mailbox gets, in order, all leaps included.
    pub brings: &'static [&'static str],
    /// The kind that arrives at the address itself; none where nothing does.
    pub arrives: Option<&'static str>,
    /// Whether there is a mailbox.
    pub mailbox: bool,
    /// For people.
    pub what: &'static str,
}

/// All of them.
pub const SPECIALS: [Special; 7] = [
    Special {
        local: "piena",
        outcome: Outcome::MailboxFull,
        brings: &["accettazione", "errore-consegna"],
        arrives: None,
        mailbox: true,
        what: "the mailbox is full: non-delivery notice",
    },
    Special {
        local: "inesistente",
        outcome: Outcome::NoSuchUser,
        brings: &["accettazione", "errore-consegna"],
        arrives: None,
        mailbox: false,
        what: "no such mailbox: non-delivery notice",
    },
    Special {
        local: "lenta",
        outcome: Outcome::Late,
        brings: &["accettazione", "preavviso-errore-consegna", "avvenuta-consegna"],
        arrives: Some("posta-certificata"),
        mailbox: true,
        what: "delivered after 13 hours: the 12-hour notice, then the delivery receipt",
    },
    Special {
        local: "virus",
        outcome: Outcome::Virus,
        brings: &["accettazione", "errore-consegna"],
        arrives: None,
        mailbox: true,
        what: "the recipient's provider finds a virus: virus-detection notice between the providers, non-delivery notice \
               to the sender",
    },
    Special {
        local: "anomalia",
        outcome: Outcome::Anomaly,
        brings: &["accettazione", "preavviso-errore-consegna", "preavviso-errore-consegna"],
        arrives: Some("anomalia"),
        mailbox: true,
        what: "the envelope arrives without its signature: anomaly envelope at the recipient; to the sender nothing but \
               the notices of 12 and 24 hours",
    },
    Special {
        local: "rifiutata",
        outcome: Outcome::NonAcceptance,
        brings: &["non-accettazione"],
        arrives: None,
        mailbox: true,
        what: "the sender's provider finds a formal fault: non-acceptance notice",
    },
    Special {
        local: "infetta",
        outcome: Outcome::VirusAtSender,
        brings: &["non-accettazione"],
        arrives: None,
        mailbox: true,
        what: "the sender's provider finds a virus: non-acceptance notice for a virus",
    },
];

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::MailboxFull,
        Self::NoSuchUser,
        Self::Late,
        Self::Silent,
        Self::Virus,
        Self::Anomaly,
        Self::NonAcceptance,
        Self::VirusAtSender,
    ];

    /// As the field has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::MailboxFull => "mailbox-full",
            Self::NoSuchUser => "no-such-user",
            Self::Late => "late",
            Self::Silent => "silent",
            Self::Virus => "virus",
            Self::Anomaly => "anomaly",
            Self::NonAcceptance => "non-acceptance",
            Self::VirusAtSender => "virus-at-sender",
        }
    }

    /// Reads a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name().eq_ignore_ascii_case(name.trim()))
    }

    /// Whether it is the sender's provider's doing.
    pub(crate) fn is_the_senders(self) -> bool {
        matches!(self, Self::NonAcceptance | Self::VirusAtSender)
    }
}

/// The outcome that an address asks for; `local@domain`, whichever the domain.
pub(crate) fn of_address(address: &str) -> Option<Outcome> {
    let (local, _) = address.rsplit_once('@')?;
    SPECIALS.iter().find(|special| special.local.eq_ignore_ascii_case(local)).map(|special| special.outcome)
}

/// Whether the address lies in the domain.
pub(crate) fn is_at(address: &str, domain: &str) -> bool {
    address.rsplit_once('@').is_some_and(|(_, found)| found.eq_ignore_ascii_case(domain))
}

/// The field's value in the original that a transport envelope encloses.
pub(crate) fn asked_in_envelope(envelope: &[u8]) -> Option<Outcome> {
    let original = open(envelope).ok()?.original()?;
    Outcome::named(&Entity::read(&original).fields.get(HEADER)?)
}

/// Whether a header says that this is a transport envelope.
pub(crate) fn is_envelope(fields: &Fields) -> bool {
    fields.get("X-Trasporto").is_some_and(|value| value.trim().eq_ignore_ascii_case("posta-certificata"))
}

/// The addresses of `To` and `Cc`, as far as commas and angle brackets tell them.
pub(crate) fn addressees(fields: &Fields) -> Vec<String> {
    let lists = ["To", "Cc"].into_iter().filter_map(|name| fields.get(name));
    let words =
        |list: String| list.split([',', ';', '<', '>', ' ', '\t', ':', '"']).map(str::to_owned).collect::<Vec<_>>();
    lists.flat_map(words).filter(|word| word.contains('@')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_has_one_name_and_every_special_address_one_outcome() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::named(outcome.name()), Some(outcome));
        }
        for special in SPECIALS {
            assert_eq!(of_address(&format!("{}@beta.test", special.local)), Some(special.outcome));
        }
        assert_eq!(of_address("bruno@beta.test"), None);
        assert_eq!(Outcome::named("full"), None);
    }

    #[test]
    fn addressees_are_found_with_and_without_names() {
        let fields =
            Entity::read(b"To: \"V, Rossi\" <virus@beta.test>, bruno@beta.test\r\nCc: <c@x.test>\r\n\r\n").fields;
        assert_eq!(addressees(&fields), ["virus@beta.test", "bruno@beta.test", "c@x.test"]);
    }
}
