//! Stored messages, each judged alone: by the rules of `check::message` that need nothing but the message.

mod anchors;
#[cfg(test)]
mod deployed;
mod nested;
#[cfg(test)]
mod nested_tests;
mod signature;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, sync::LazyLock};

use collaudo_record::{
    BodyHash, ClauseVerdict, FORMAT, Header, Inspection, Instant, Outcome, Player, Provider, ScenarioBrief, StoryFacts,
    Trace,
};

use crate::{
    Clause,
    anatomy::label,
    check::{
        View,
        message::{Case, Ruling, notice_hours, rulings_alone},
    },
    library::Library,
    reading::{Kind, Reading, Readings, joined},
    sighting::Sighting,
    story::{Story, address::domain},
};

pub use anchors::{Anchors, AnchorsError};

/// How what deployed providers do against the letter of the law is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// As a failure.
    Strict,
    /// As a deviation.
    #[default]
    Deployed,
}

/// Judges one stored message, or those that are found in it.
///
/// *Takes* the octets of one message as stored, with lines that end in CRLF or LF, or of a file of SignedData.
///
/// *Gives* at least one: a certified message itself, and behind it those that its original encloses; of other messages each
/// certified message found in it, or, where there is none, itself as `ordinary`. What cannot be read is said so.
pub fn inspect(octets: &[u8], anchors: &Anchors, profile: Profile) -> Vec<Inspection> {
    let mut found = Vec::new();
    nested::walk(octets, &anchors.trust, &mut |octets, place, reading| {
        found.push(inspection(octets, place, reading, anchors, profile));
    });
    found
}

fn inspection(octets: &[u8], place: &str, reading: &Reading, anchors: &Anchors, profile: Profile) -> Inspection {
    let issuer = issuer(reading, anchors);
    let verdicts = match reading.kind {
        Kind::Ordinary => Vec::new(),
        _ => verdicts(octets, reading, &issuer, anchors, profile),
    };
    Inspection {
        place: place.to_owned(),
        sha256: reading.body.clone(),
        octets: reading.octets,
        kind: reading.kind.wire().to_owned(),
        label: label(reading),
        provider: if reading.kind == Kind::Ordinary { String::new() } else { name(reading, &issuer) },
        from: reading.head.from.iter().map(|from| from.address.clone()).collect(),
        signature: signature::inspected(reading, anchors),
        verdicts,
        facts: (reading.kind != Kind::Ordinary).then(|| facts(reading)),
    }
}

/// The rules need a trace: this one holds nothing.
static NOTHING: LazyLock<Trace> = LazyLock::new(|| {
    let nothing = BodyHash::of(b"");
    let scenario =
        ScenarioBrief { id: String::new(), title: String::new(), why: String::new(), covers: vec![], expect: vec![] };
    let header = Header {
        format: FORMAT,
        scenario,
        world: "file".to_owned(),
        opaque: true,
        log_declared: false,
        seed: 0,
        epoch: Instant(0),
        providers: vec![],
        index: nothing.clone(),
        trust: vec![],
        index_signer: nothing,
    };
    Trace { header, events: vec![], bodies: [].into() }
});

fn verdicts(
    octets: &[u8],
    reading: &Reading,
    issuer: &Provider,
    anchors: &Anchors,
    profile: Profile,
) -> Vec<ClauseVerdict> {
    let (trace, readings) = (&*NOTHING, Readings::default());
    let library = Library::of(trace, &anchors.index);
    let story = Story::read(trace, &readings, &library, &[]);
    let view =
        View { trace, readings: &readings, index: &anchors.index, library: &library, sightings: &[], story: &story };
    let sighting = Sighting { reading, event: 0, at: Instant(0), declared: true, issuer: None };
    let mut rulings = rulings_alone(&Case::alone(&view, &sighting, issuer, octets));
    // Of several rulings on one row the worst speaks, of equals the first.
    rulings.dedup_by(|next, kept| {
        let is_one = next.0 == kept.0;
        if is_one && next.1.outcome > kept.1.outcome {
            std::mem::swap(next, kept);
        }
        is_one
    });
    rulings.into_iter().map(|(clause, ruling)| verdict(clause, ruling, profile)).collect()
}

fn verdict(clause: Clause, ruling: Ruling, profile: Profile) -> ClauseVerdict {
    let row = clause.row();
    let is_pass = ruling.outcome == Outcome::Pass;
    let words = |words: Cow<'static, str>| if is_pass { String::new() } else { words.into_owned() };
    ClauseVerdict {
        clause: row.id.into(),
        verdict: match (ruling.outcome, profile) {
            (Outcome::Deviation, Profile::Strict) => Outcome::Fail,
            (outcome, _) => outcome,
        },
        party: row.party.into(),
        expected: words(ruling.expected),
        observed: words(ruling.observed),
        reading: reading_of(clause, ruling.outcome).map(Cow::Borrowed),
        source: row.confidence.into(),
    }
}

/// The reading that decided how a stored message fares with a row.
fn reading_of(clause: Clause, outcome: Outcome) -> Option<&'static str> {
    match clause {
        Clause::PEC_2_1_01 if outcome == Outcome::Unknown => Some("R-0060"),
        Clause::PEC_2_1_1_2_03
        | Clause::PEC_2_1_1_2_04
        | Clause::PEC_2_1_1_2_06
        | Clause::PEC_2_1_08
        | Clause::PEC_2_1_09
        | Clause::PEC_3_1_5_03
        | Clause::PEC_3_1_5_04
        | Clause::PEC_3_1_5_06
        | Clause::PEC_3_2_2_04
        | Clause::PEC_3_2_2_05
        | Clause::PEC_3_2_2_07 => Some("R-0063"),
        _ if outcome == Outcome::Deviation => Some("R-0064"),
        _ => None,
    }
}

/// Who issued a message, as far as it and the index tell. The index goes by the domain of From, for whose certificate it is
/// is to be judged; without one the certificate's word on its address is all there is.
fn issuer(reading: &Reading, anchors: &Anchors) -> Provider {
    let signature = reading.signature.as_ref();
    let from = reading.head.from.first().map(|from| from.address.as_str());
    let named = signature.map_or(&[][..], |signature| signature.addresses());
    let is_from = |address: &&String| from.is_some_and(|from| address.eq_ignore_ascii_case(from));
    let own = named.iter().find(is_from).or_else(|| named.first()).map(String::as_str);
    let home = domain(from.or(own).unwrap_or_default());
    let signer = signature.and_then(|signature| signature.signer.as_ref());
    let listing = || anchors.index.listing(&signer?.der);
    let record = anchors.index.managing(&home).or_else(listing);
    Provider {
        name: home.clone(),
        display_name: record.map(|record| record.name.clone()).unwrap_or_default(),
        player: Player::Subject,
        domains: record.map_or_else(|| vec![home], |record| record.domains.clone()),
        certified_address: own.unwrap_or_default().to_owned(),
        service_mailbox: record.and_then(|record| record.mail_receipt.clone()).unwrap_or_default(),
        max_octets: 0,
        max_recipients: 0,
        users: vec![],
    }
}

/// For people: who the signer says it is, else who the index says it is, else the address of From.
fn name(reading: &Reading, issuer: &Provider) -> String {
    let signer = reading.signature.as_ref().and_then(|signature| signature.signer.as_ref());
    let organization = signer.and_then(|signer| signer.organizations.first().or_else(|| signer.common_names.first()));
    let from = || reading.head.from.first().map(|from| from.address.clone());
    let listed = Some(issuer.display_name.clone()).filter(|name| !name.is_empty());
    organization.cloned().or(listed).or_else(from).unwrap_or_default()
}

fn facts(reading: &Reading) -> StoryFacts {
    let head = &reading.head;
    let Some(daticert) = &reading.daticert else {
        return StoryFacts {
            identificativo: head.message_id.clone().filter(|_| reading.kind == Kind::PostaCertificata),
            msgid: head.x_riferimento.clone(),
            data: head.date,
            hours: hours(reading),
            ..StoryFacts::default()
        };
    };
    let certified = |(address, tipo): &(String, String)| (address.clone(), tipo == "certificato");
    StoryFacts {
        identificativo: daticert.identificativo.clone(),
        msgid: daticert.msgid.clone().or_else(|| head.x_riferimento.clone()),
        mittente: daticert.mittente.clone(),
        oggetto: daticert.oggetto.clone(),
        destinatari: daticert.destinatari.iter().map(certified).collect(),
        consegna: daticert.consegna.clone(),
        ricezione: daticert.ricezione.clone(),
        tipo: daticert.tipo.clone(),
        errore: daticert.errore.clone(),
        data: daticert.at.or(head.date),
        hours: hours(reading),
    }
}

/// Which of the two timeout notices it is, as its text says.
fn hours(reading: &Reading) -> Option<u32> {
    (reading.kind == Kind::PreavvisoErroreConsegna).then(|| notice_hours(&reading.text))?
}
