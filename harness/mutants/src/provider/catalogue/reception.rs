//! The reception point: what it takes for certified, what it encloses, what it turns away.

use collaudo_forge::{Entity, open};
use collaudo_record::Ordinary;

use super::{
    BETA, FOREIGN,
    bends::{RELAY, as_if_signed, believes, kept, own},
};
use crate::{
    catalogue::{
        ANOMALOUS, CROSS, FOREIGN_REFUSED, FUTURE_REFUSED, ORDINARY_FORWARDED, ORDINARY_REFUSED, ORDINARY_WRAPPED,
        SIGNED_MAIL, STRAY,
    },
    edit::{bend_parts, prefix_subject, shift_date},
    pick::Kind,
    provider::{Desk, Founded, GOOD, Habit, Mail},
};

/// Takes what gamma sent for what it would be with a signature of gamma's.
const BELIEVES_GAMMA: Habit = Habit {
    hears: Some(|desk, port, mail| believes(desk, port, mail, |desk, octets| as_if_signed(desk, octets, "gamma"))),
    makes: Some(kept),
    ..GOOD
};

providers! {
    "believes-unsigned-envelope", BETA, ["reception-point/unsigned-refused"],
        "An envelope without a signature is taken in charge and delivered.",
        [
            "2.2.2-04", "2.2.2-08", "2.2.2-09", "2.2.2-10", "2.2.3-01", "2.2.3-03", "3.2.2-01", "3.2.2-17", "3.3.1-01",
            "3.3.2-01", "3.3.2-03", "PRACT-04",
        ],
        BELIEVES_GAMMA;
    "believes-altered-envelope", BETA, ["reception-point/altered-envelope-refused"],
        "An envelope that was altered under its signature is taken in charge and delivered.",
        [
            "2.2.2-04", "2.2.2-08", "2.2.2-09", "2.2.2-14", "2.2.3-01", "2.2.3-03", "3.2.2-01", "3.2.2-17", "3.3.1-01",
            "3.3.2-01", "3.3.2-03", "PRACT-04",
        ],
        BELIEVES_GAMMA;
    "believes-altered-envelope-in-open-mailbox", BETA, ["reception-point/altered-envelope-anomaly"],
        "An envelope that was altered under its signature is delivered to a mailbox that takes ordinary mail, as a certified one.",
        [
            "2.2.2-04", "2.2.2-08", "2.2.2-09", "2.2.2-14", "2.2.3-01", "2.2.3-03", "3.2.2-01", "3.3.1-01", "3.3.2-01",
            "3.3.2-03",
        ],
        BELIEVES_GAMMA;
    "believes-unlisted-signer", BETA, ["reception-point/unlisted-signer-refused"],
        "An envelope of a signer that the index does not list is taken in charge and delivered.",
        [
            "2.2.2-04", "2.2.2-08", "2.2.2-09", "2.2.2-11", "2.2.3-01", "2.2.3-03", "3.2.2-01", "3.2.2-17", "3.3.1-01",
            "3.3.2-01", "3.3.2-03", "7-02", "PRACT-04",
        ],
        BELIEVES_GAMMA;
    "believes-expired-signer", BETA, ["reception-point/expired-signer-refused"],
        "An envelope whose signer's certificate has expired is taken in charge and delivered.",
        [
            "2.2.2-04", "2.2.2-08", "2.2.2-09", "2.2.2-15", "2.2.3-01", "2.2.3-03", "3.2.2-01", "3.2.2-17", "3.3.1-01",
            "3.3.2-01", "3.3.2-03", "PRACT-04",
        ],
        BELIEVES_GAMMA;
    "believes-future-signer", BETA, [FUTURE_REFUSED],
        "An envelope whose signer's certificate is not yet valid is taken in charge and delivered.",
        [
            "2.2.2-04", "2.2.2-08", "2.2.2-09", "2.2.2-15", "2.2.3-01", "2.2.3-03", "3.2.2-01", "3.2.2-17", "3.3.1-01",
            "3.3.2-01", "3.3.2-03", "PRACT-04",
        ],
        BELIEVES_GAMMA;
    "believes-foreign-authority", BETA, [FOREIGN_REFUSED],
        "An envelope whose signer's certificate another authority issued is taken in charge and delivered.",
        [
            "2.2.2-04", "2.2.2-08", "2.2.2-09", "2.2.2-15", "2.2.3-01", "2.2.3-03", "3.2.2-01", "3.2.2-17", "3.3.1-01",
            "3.3.2-01", "3.3.2-03", "PRACT-04",
        ],
        BELIEVES_GAMMA;
    "believes-envelope-in-another-name", BETA, ["reception-point/envelope-in-another-name"],
        "An envelope in another provider's name is taken in charge and delivered.",
        [
            "2.2.2-04", "2.2.2-07", "2.2.2-17", "2.2.3-01", "2.2.3-03", "3.2.2-01", "3.3.1-01", "3.3.2-01", "3.3.2-03",
            "7-02",
        ],
        Habit {
            hears: Some(|desk, port, mail| {
                believes(desk, port, mail, |desk, octets| as_if_signed(desk, octets, named_in_from(desk, octets)?));
            }),
            makes: Some(kept),
            ..GOOD
        };
    "refuses-correct-envelope-unread", BETA, [CROSS],
        "A correct envelope is taken for an altered one, and refused.",
        ["2.2.2-05"],
        Habit { hears: Some(misreads), ..GOOD };
    "offers-no-tls", BETA, [FOREIGN],
        "The reception point does not announce that it knows TLS.",
        ["5.3-04"],
        Habit {
            replies: Some(|_, command, lines| {
                if command.get(..4).is_some_and(|verb| verb.eq_ignore_ascii_case("EHLO")) {
                    lines.retain(|line| !line.ends_with("STARTTLS"));
                }
            }),
            ..GOOD
        };
    "drops-stray-receipt", BETA, [STRAY],
        "A correct receipt for a message that nobody sent is taken and dropped.",
        ["2.2.2-06"],
        commits!(|_, commit| commit.unstore(Kind::Delivery));
    "drops-anomaly", BETA, [ANOMALOUS],
        "A listed provider's message that is no envelope is taken and dropped.",
        ["2.2.2-07", "2.2.2-17", "3.2.2-01"],
        commits!(|_, commit| commit.unstore(Kind::Anomaly));
    "delivers-anomaly-bare", BETA, [ANOMALOUS],
        "A listed provider's message that is no envelope is delivered without an anomaly envelope.",
        ["2.2.2-04", "2.2.2-07", "2.2.2-17", "3.2.2-01"],
        Habit { makes: Some(bare_anomaly), ..GOOD };
    "delivers-unlisted-signers-envelope-bare", BETA, ["reception-point/unlisted-signer-anomaly"],
        "An envelope of a signer that the index does not list is delivered as it came, without a receipt.",
        ["2.2.2-04", "2.2.2-08", "2.2.2-09", "2.2.2-11", "3.2.2-01", "7-02"],
        Habit { makes: Some(bare_anomaly), ..GOOD };
    "delivers-envelope-in-another-name-bare", BETA, ["reception-point/envelope-in-another-name"],
        "An envelope in another provider's name is delivered as it came, without a receipt.",
        ["2.2.2-04", "2.2.2-07", "2.2.2-17", "3.2.2-01", "7-02"],
        Habit { makes: Some(bare_anomaly), ..GOOD };
    "encloses-data-in-anomaly", BETA, [ANOMALOUS],
        "The anomaly envelope holds certification data.",
        ["3.2.2-14"],
        makes!(Kind::Anomaly, |message| bend_parts(message, |parts| {
            let fields = "Content-Type: application/xml; name=\"daticert.xml\"\r\n\
                          Content-Disposition: attachment; filename=\"daticert.xml\"\r\n";
            parts.push(Entity::leaf(fields, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<postacert/>\r\n"));
            true
        }));
    "calls-anomaly-something-else", BETA, [ANOMALOUS],
        "The anomaly envelope's subject has another prefix.",
        ["3.2.2-10"],
        makes!(Kind::Anomaly, |message| prefix_subject(message, "ANOMALIA: "));
    "dates-anomaly-late", BETA, [ANOMALOUS],
        "The anomaly envelope's Date is an hour late.",
        ["3.2.2-09", "4.1-02", "DM.9-01"],
        makes!(Kind::Anomaly, |message| shift_date(message, 3_600));
    "renames-what-an-anomaly-encloses", BETA, [ANOMALOUS],
        "The anomaly envelope's Message-ID is its own.",
        ["3.2.2-07"],
        makes!(Kind::Anomaly, |message| super::bends::set(message, "Message-ID", "<anomalia@beta.test>"));
    "drops-cc-of-an-anomaly", BETA, [SIGNED_MAIL],
        "The anomaly envelope drops the received message's Cc.",
        ["2.1.1.2-04", "3.2.2-05"],
        makes!(Kind::Anomaly, |message| message.fields_mut().remove("Cc"));
    "delivers-ordinary-mail-bare", BETA, [ORDINARY_WRAPPED],
        "Ordinary mail is delivered without an anomaly envelope.",
        ["2.1.1.2-01", "2.2.2-04", "2.2.2-08", "2.2.2-09", "2.2.2-10", "3.2.2-01"],
        Habit { makes: Some(bare_anomaly), ..GOOD };
    "certifies-ordinary-mail", BETA, [ORDINARY_REFUSED],
        "A mailbox that refuses ordinary mail gets it, in an anomaly envelope.",
        ["3.2.2-17", "PRACT-04"],
        Habit { founded: Some(|founded| policy(founded, Ordinary::Anomaly)), ..GOOD };
    "keeps-what-is-to-be-sent-on", BETA, [ORDINARY_FORWARDED],
        "A mailbox that sends ordinary mail on keeps it.",
        ["3.2.2-17", "PRACT-04"],
        Habit { founded: Some(|founded| policy(founded, Ordinary::Anomaly)), ..GOOD };
    "refuses-ordinary-mail-that-is-wanted", BETA, [ORDINARY_WRAPPED],
        "A mailbox that takes ordinary mail is not given it.",
        ["3.2.2-17", "PRACT-04"],
        Habit { founded: Some(|founded| policy(founded, Ordinary::Refuse)), ..GOOD };
}

/// Reads another text than the envelope has.
fn misreads(_: &mut Desk<'_>, port: u16, mail: &mut Mail) {
    if port == RELAY
        && let Ok(mut message) = open(&mail.message)
    {
        for text in message.texts_mut() {
            text.set_text(&format!("{}.", text.text()));
        }
        mail.message = message.to_bytes();
    }
}

/// What an anomaly envelope encloses, in its place.
fn bare_anomaly(desk: &mut Desk<'_>, octets: &[u8]) -> Option<Vec<u8>> {
    own(desk, octets, Kind::Anomaly)?.original()
}

/// The provider that a message's author is.
fn named_in_from<'a>(desk: &'a Desk<'_>, octets: &[u8]) -> Option<&'a str> {
    let from = Entity::read(octets).fields.get("From")?.to_ascii_lowercase();
    let named = desk.scene.header.providers.iter().find(|provider| from.contains(&provider.certified_address));
    named.map(|provider| provider.name.as_str())
}

/// Gives every mailbox another policy for ordinary mail than its holder chose.
fn policy(founded: &mut Founded, ordinary: Ordinary) {
    for user in &mut founded.plan.users {
        user.ordinary = ordinary.clone();
    }
}
