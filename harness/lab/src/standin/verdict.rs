//! What becomes of a message, by its recipients and its header.

use std::{collections::BTreeMap, time::Duration};

use collaudo_forge::{Entity, unsigned};
use collaudo_node::Timestamp;

use super::{
    Twin,
    door::{Decision, Mail, stuffed},
};
use crate::outcome::{HEADER, Outcome, addressees, asked_in_envelope, is_at, is_envelope, of_address};

/// How long a late provider asks to try again.
const LATE: Duration = Duration::from_secs(13 * 3600);

/// What a provider's border remembers.
#[derive(Debug)]
pub(super) struct Border {
    /// Its certified domain.
    domain: String,
    /// When each late envelope, by its identifier, came first.
    late: BTreeMap<String, Timestamp>,
}

impl Border {
    pub(super) fn new(domain: String) -> Self {
        Self { domain, late: BTreeMap::new() }
    }

    /// What becomes of a message that a person submits.
    pub(super) fn submitted(&self, mail: &Mail) -> Decision {
        let message = mail.message();
        let fields = Entity::read(&message).fields;
        let recipients = mail.recipients();
        let asked = match fields.get(HEADER).map(|value| value.trim().to_owned()) {
            None => None,
            Some(value) => match Outcome::named(&value) {
                Some(outcome) => Some(outcome),
                None => return Decision::Answer(unknown(&value)),
            },
        };
        let own = recipients.iter().find(|address| {
            let special = of_address(address).filter(|outcome| is_done_to_the_recipients_provider(*outcome));
            is_at(address, &self.domain)
                && (special.is_some() || asked.is_some_and(|outcome| !outcome.is_the_senders()))
        });
        if let Some(own) = own {
            return Decision::Answer(format!(
                "550 5.7.1 <{own}> is at the sender's own provider: what is asked for here happens between two providers; \
                 write to another one"
            ));
        }
        match asked.or_else(|| recipients.iter().find_map(|address| of_address(address))) {
            // A hidden recipient is what an access point must not accept.
            Some(Outcome::NonAcceptance) => {
                let message = [format!("Bcc: nascosto@{}\r\n", self.domain).as_bytes(), &message].concat();
                Decision::Pass(stuffed(&message))
            }
            _ => Decision::Pass(mail.raw.clone()),
        }
    }

    /// What becomes of a message that another provider hands over, and the twin that takes it where it goes elsewhere.
    pub(super) fn received(&mut self, mail: &Mail, now: Timestamp) -> (Decision, Option<Twin>) {
        let pass = || (Decision::Pass(mail.raw.clone()), None);
        let message = mail.message();
        let fields = Entity::read(&message).fields;
        if !is_envelope(&fields) {
            return pass();
        }
        let asked = asked_in_envelope(&message);
        let special = || {
            let outcomes = mail.recipients().iter().filter_map(|address| of_address(address)).collect::<Vec<_>>();
            outcomes.into_iter().find(|outcome| is_done_to_the_recipients_provider(*outcome))
        };
        match asked.or_else(special) {
            Some(Outcome::MailboxFull) => (Decision::Elsewhere, Some(Twin::Full)),
            Some(Outcome::NoSuchUser) => (Decision::Elsewhere, Some(Twin::Empty)),
            Some(Outcome::Silent) => (Decision::Answer("250 2.0.0 Taken, and never heard of again".into()), None),
            Some(Outcome::Anomaly) => (Decision::Pass(stuffed(&unsigned(&message))), None),
            Some(Outcome::Late) => {
                let identifier = fields.get("Message-ID").unwrap_or_default();
                let first = *self.late.entry(identifier).or_insert(now);
                match now.since(first) < LATE {
                    true => (Decision::Answer("451 4.7.1 Late on demand; please try again later".into()), None),
                    false => pass(),
                }
            }
            Some(Outcome::Virus | Outcome::NonAcceptance | Outcome::VirusAtSender) | None => pass(),
        }
    }

    /// Whether the scanner is to find something in this message on demand.
    pub(super) fn is_hostile(&self, message: &[u8]) -> bool {
        let fields = Entity::read(message).fields;
        let addressed = |outcome: Outcome, everywhere: bool| {
            let mut there = addressees(&fields).into_iter();
            there.any(|address| of_address(&address) == Some(outcome) && (everywhere || is_at(&address, &self.domain)))
        };
        if is_envelope(&fields) {
            return asked_in_envelope(message)
                .map_or_else(|| addressed(Outcome::Virus, false), |outcome| outcome == Outcome::Virus);
        }
        let asked = fields.get(HEADER).and_then(|value| Outcome::named(&value));
        asked.map_or_else(|| addressed(Outcome::VirusAtSender, true), |outcome| outcome == Outcome::VirusAtSender)
    }
}

/// Of a special address: whether its provider behaves so only where somebody makes it.
fn is_done_to_the_recipients_provider(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Late | Outcome::Virus | Outcome::Anomaly)
}

fn unknown(value: &str) -> String {
    let clean: String = value.chars().filter(|c| c.is_ascii_graphic()).take(40).collect();
    let names = Outcome::ALL.map(Outcome::name).join(", ");
    format!("550 5.6.0 {HEADER}: \"{clean}\" is none; there are {names}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(to: &str, header: &str) -> Mail {
        let message = format!("From: a@alfa.test\r\nTo: {to}\r\n{header}\r\nx\r\n");
        Mail {
            mail: "MAIL FROM:<a@alfa.test>".into(),
            rcpt: vec![format!("RCPT TO:<{to}>")],
            raw: stuffed(message.as_bytes()),
        }
    }

    fn answer(decision: Decision) -> String {
        match decision {
            Decision::Answer(answer) => answer,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_outcome_that_there_is_not_is_refused_with_those_that_there_are() {
        let border = Border::new("alfa.test".into());
        let refused = answer(border.submitted(&mail("b@beta.test", "X-Collaudo-Outcome: ful\r\n")));
        assert!(
            refused.starts_with("550") && refused.contains("\"ful\"") && refused.contains("mailbox-full"),
            "{refused}"
        );
    }

    #[test]
    fn what_happens_between_providers_is_refused_within_one() {
        let border = Border::new("alfa.test".into());
        for refused in [mail("lenta@alfa.test", ""), mail("b@alfa.test", "X-Collaudo-Outcome: silent\r\n")] {
            assert!(answer(border.submitted(&refused)).starts_with("550 5.7.1"));
        }
        for passed in [mail("piena@alfa.test", ""), mail("lenta@beta.test", ""), mail("b@alfa.test", "")] {
            assert_eq!(border.submitted(&passed), Decision::Pass(passed.raw.clone()));
        }
    }

    #[test]
    fn a_formal_fault_is_put_into_the_message() {
        let border = Border::new("alfa.test".into());
        for asked in [mail("rifiutata@beta.test", ""), mail("b@beta.test", "X-Collaudo-Outcome: non-acceptance\r\n")] {
            let Decision::Pass(raw) = border.submitted(&asked) else { panic!("it passes") };
            assert!(raw.starts_with(b"Bcc: nascosto@alfa.test\r\nFrom: "));
        }
    }

    #[test]
    fn the_scanner_finds_what_was_asked_at_the_provider_that_was_asked() {
        let hostile = |domain: &str, message: &str| Border::new(domain.into()).is_hostile(message.as_bytes());
        assert!(hostile("alfa.test", "To: infetta@beta.test\r\n\r\n"));
        assert!(hostile("alfa.test", "To: b@beta.test\r\nX-Collaudo-Outcome: virus-at-sender\r\n\r\n"));
        assert!(!hostile("alfa.test", "To: virus@beta.test\r\n\r\n"));
        assert!(hostile("beta.test", "X-Trasporto: posta-certificata\r\nTo: virus@beta.test\r\n\r\n"));
        assert!(!hostile("gamma.test", "X-Trasporto: posta-certificata\r\nTo: c@gamma.test, virus@beta.test\r\n\r\n"));
        assert!(!hostile("beta.test", "X-Ricevuta: accettazione\r\nTo: virus@beta.test\r\n\r\n"));
    }

    #[test]
    fn a_late_envelope_is_put_off_for_thirteen_hours() {
        let mut border = Border::new("beta.test".into());
        let late = mail("lenta@beta.test", "X-Trasporto: posta-certificata\r\nMessage-ID: <1@alfa.test>\r\n");
        let noon = Timestamp::from_unix_micros(1_772_448_000_000_000);
        let hours = |n: u64| noon + Duration::from_secs(n * 3600);
        assert!(answer(border.received(&late, noon).0).starts_with("451"));
        assert!(answer(border.received(&late, hours(12)).0).starts_with("451"));
        assert_eq!(border.received(&late, hours(13)).0, Decision::Pass(late.raw.clone()));
    }
}
