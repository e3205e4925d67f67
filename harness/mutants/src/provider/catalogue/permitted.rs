//! Good providers that make use of what the law permits: nothing may fail because of them.

use collaudo_forge::{Entity, Opened};

use super::{ALFA, BETA, bends::set};
use crate::{
    catalogue::{BCC, CROSS, INFECTED_ENVELOPE, ORDINARY_VIRUS, SAME},
    edit::bend_parts,
    pick::Kind,
    provider::{Desk, GOOD, Habit, Mail},
};

/// A table of permitted variants: name, who, scenario, what is made use of, the row that permits it, habit.
macro_rules! permitted {
    ($($id:expr, $provider:expr, $scenario:expr, $why:literal, $row:literal, $habit:expr;)*) => {
        pub(crate) static ALL: &[crate::provider::BentProvider] = &[$(crate::provider::BentProvider {
            id: $id,
            provider: $provider,
            scenarios: &[$scenario],
            why: $why,
            must_fail: &[],
            permits: Some(concat!("PEC-", $row)),
            habit: $habit,
        }),*];
    };
}

permitted! {
    "permitted-mark-on-detection", BETA, INFECTED_ENVELOPE,
        "A virus-detection notice bears the mark of notices about viruses, which its own rules do not name.", "2.1.1.1.3-02",
        makes!(Kind::VirusDetection, |message| set(message, "X-VerificaSicurezza", "errore"));
    "permitted-part-of-acceptance", ALFA, CROSS,
        "The acceptance receipt holds a part for the provider's own services.", "2.2.1-06",
        makes!(Kind::Acceptance, with_data);
    "permitted-page-of-acceptance", ALFA, SAME,
        "The acceptance receipt holds a text of the provider's own.", "3.1.4-10",
        makes!(Kind::Acceptance, with_text);
    "permitted-part-of-refusal", ALFA, BCC,
        "The non-acceptance notice holds a text of the provider's own.", "3.1.2-12",
        makes!(Kind::NonAcceptance, with_text);
    "permitted-part-of-envelope", ALFA, CROSS,
        "The transport envelope holds a part for the provider's own services.", "3.1.5-20",
        makes!(Kind::Envelope, with_data);
    "permitted-order-of-receipts", BETA, CROSS,
        "The delivery receipt leaves before the take-charge receipt.", "3.5-03",
        Habit { sends: Some(delivery_first), ..GOOD };
    "permitted-silence-on-infected-ordinary-mail", BETA, ORDINARY_VIRUS,
        "Infected ordinary mail is taken and dropped, and nobody is told.", "2.2.2-21",
        Habit {
            replies: Some(|_, command, lines| {
                if command == "." && lines.iter().any(|line| line.starts_with('5')) {
                    *lines = vec!["250 2.0.0 Ok".to_owned()];
                }
            }),
            ..GOOD
        };
}

fn with_text(message: &mut Opened) -> bool {
    bend_parts(message, |parts| {
        let fields = "Content-Type: text/plain; charset=us-ascii; name=\"avviso.txt\"\r\n\
                      Content-Disposition: attachment; filename=\"avviso.txt\"\r\n";
        parts.push(Entity::leaf(fields, "Assistenza: 800 000 000\r\n"));
        true
    })
}

fn with_data(message: &mut Opened) -> bool {
    bend_parts(message, |parts| {
        let fields = "Content-Type: application/octet-stream; name=\"servizio.bin\"\r\n\
                      Content-Transfer-Encoding: base64\r\n\
                      Content-Disposition: attachment; filename=\"servizio.bin\"\r\n";
        parts.push(Entity::leaf(fields, "AAECAwQF\r\n"));
        true
    })
}

/// Keeps the take-charge receipt back until the delivery receipt goes.
fn delivery_first(desk: &mut Desk<'_>, mail: Mail) -> Vec<Mail> {
    match mail.kind() {
        Some(Kind::TakeCharge) => {
            desk.memory.waiting = Some(mail);
            Vec::new()
        }
        Some(Kind::Delivery) => std::iter::once(mail).chain(desk.memory.waiting.take()).collect(),
        _ => vec![mail],
    }
}
