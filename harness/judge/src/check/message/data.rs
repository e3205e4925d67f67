use std::collections::BTreeSet;

use collaudo_record::Outcome;
use jiff::civil::{Date, Time};

use super::{
    CERTIFYING, Case, Rule, Ruling,
    case::{collapsed, listed, shown},
    words::words,
};
use crate::{
    Clause,
    reading::{Daticert, FlawAt, Kind, zone_minutes},
    story::{Handover, address::same},
};

use Kind::{
    Accettazione, AvvenutaConsegna, ErroreConsegna, NonAccettazione, PostaCertificata, PreavvisoErroreConsegna,
    PresaInCarico, RilevazioneVirus,
};

pub(super) const RULES: &[Rule] = &[
    Rule::all(Clause::PEC_4_4_01, CERTIFYING, root),
    Rule::all(Clause::PEC_4_4_02, CERTIFYING, tipo),
    Rule::all(Clause::PEC_4_4_03, CERTIFYING, errore),
    Rule::all(Clause::PEC_4_4_04, CERTIFYING, |case| errore_fits(case, &["no-dest", "no-dominio"], &[ErroreConsegna])),
    Rule::all(Clause::PEC_4_4_05, CERTIFYING, virus_fits),
    Rule::all(Clause::PEC_4_4_06, CERTIFYING, |case| {
        shape(case, FlawAt::Intestazione, "mittente, destinatari+, risposte, oggetto?")
    }),
    Rule::all(Clause::PEC_4_4_07, CERTIFYING, mittente),
    Rule::all(Clause::PEC_4_4_08, CERTIFYING, destinatari),
    Rule::all(Clause::PEC_4_4_09, CERTIFYING, |case| {
        shape(case, FlawAt::Destinatari, "destinatari/@tipo certificato or esterno")
    }),
    Rule::all(Clause::PEC_4_4_10, CERTIFYING, risposte),
    Rule::all(Clause::PEC_4_4_11, CERTIFYING, oggetto),
    Rule::all(Clause::PEC_4_4_12, CERTIFYING, |case| {
        shape(
            case,
            FlawAt::Dati,
            "gestore-emittente, data, identificativo, msgid?, ricevuta?, consegna?, ricezione*, errore-esteso?",
        )
    }),
    Rule::all(Clause::PEC_4_4_13, CERTIFYING, gestore),
    Rule::all(Clause::PEC_4_4_14, CERTIFYING, |case| shape(case, FlawAt::Data, "giorno, ora and the attribute zona")),
    Rule::all(Clause::PEC_4_4_15, CERTIFYING, zona),
    Rule::all(Clause::PEC_4_4_16, CERTIFYING, giorno),
    Rule::all(Clause::PEC_4_4_17, CERTIFYING, ora),
    Rule::all(Clause::PEC_4_4_18, CERTIFYING, identificativo),
    Rule::all(Clause::PEC_4_4_19, CERTIFYING, msgid),
    Rule::all(Clause::PEC_2_2_1_15, CERTIFYING, msgid),
    Rule::all(Clause::PEC_4_4_20, CERTIFYING, ricevuta),
    Rule::all(Clause::PEC_4_4_21, CERTIFYING, consegna),
    Rule::all(Clause::PEC_4_4_22, CERTIFYING, ricezione),
    Rule::all(Clause::PEC_3_2_1_03, &[PresaInCarico], ricezione),
    Rule::all(Clause::PEC_4_4_23, CERTIFYING, errore_esteso),
    Rule::all(Clause::PEC_4_5_05, &[Accettazione, PostaCertificata], found_in_any_case),
    Rule::plain(Clause::PEC_AGID_12_02, &[ErroreConsegna], full_mailbox_code),
];

/// What the DTD says of one element.
fn shape(case: &Case<'_>, at: FlawAt, expected: &'static str) -> Option<Ruling> {
    let flaws: Vec<&str> = case.daticert()?.flaws_at(at).collect();
    let is_heading = matches!(at, FlawAt::Intestazione | FlawAt::Destinatari);
    if is_heading && !flaws.is_empty() && case.repeats(|data| data.flaws_at(at).collect::<Vec<_>>()) {
        return None;
    }
    let words = if flaws.is_empty() { words!("as the DTD wants it") } else { flaws.join("; ") };
    Some(Ruling::holds(flaws.is_empty(), expected, words))
}

//= PEC-4.4-01
fn root(case: &Case<'_>) -> Option<Ruling> {
    let daticert = case.daticert()?;
    let expected = "a well-formed document: postacert with intestazione and dati";
    if let Some(problem) = &daticert.ill_formed {
        return Some(Ruling::holds(false, expected, words!("not well-formed: {problem}")));
    }
    // The two attributes of the root have rows of their own.
    let flaws: Vec<&str> = daticert.flaws_at(FlawAt::Root).chain(daticert.flaws_at(FlawAt::Text)).collect();
    let flaws: Vec<&str> =
        flaws.into_iter().filter(|words| !words.contains("attribute tipo") && !words.contains("postacert/@")).collect();
    let words = if flaws.is_empty() { words!("as the DTD wants it") } else { flaws.join("; ") };
    Some(Ruling::holds(flaws.is_empty(), expected, words))
}

//= PEC-4.4-02
fn tipo(case: &Case<'_>) -> Option<Ruling> {
    let own = case.daticert()?.tipo.as_deref();
    let holds = own.is_some_and(|own| CERTIFYING.iter().any(|kind| kind.wire() == own));
    let kinds = listed(CERTIFYING.iter().map(|kind| kind.wire()));
    Some(Ruling::holds(holds, words!("tipo one of {kinds}"), words!("tipo {}", shown(own))))
}

//= PEC-4.4-03
fn errore(case: &Case<'_>) -> Option<Ruling> {
    const VALUES: [&str; 5] = ["nessuno", "no-dest", "no-dominio", "virus", "altro"];
    let own = case.daticert()?.errore.as_deref();
    let holds = own.is_none_or(|own| VALUES.contains(&own));
    Some(Ruling::holds(holds, words!("errore one of {}, or none", listed(VALUES)), words!("errore {}", shown(own))))
}

//= PEC-4.4-04
fn errore_fits(case: &Case<'_>, values: &[&str], kinds: &[Kind]) -> Option<Ruling> {
    let own = case.daticert()?.errore.as_deref().unwrap_or("nessuno");
    let holds = !values.contains(&own) || kinds.contains(&case.reading.kind);
    let expected = words!("errore {} only with {}", listed(values), listed(kinds.iter().map(|kind| kind.wire())));
    Some(Ruling::holds(holds, expected, words!("errore {own} with {}", case.reading.kind.wire())))
}

//= PEC-4.4-05
fn virus_fits(case: &Case<'_>) -> Option<Ruling> {
    let mut ruling = errore_fits(case, &["virus"], &[ErroreConsegna, NonAccettazione])?;
    if case.reading.kind == RilevazioneVirus && ruling.outcome == Outcome::Fail {
        // The comments of the DTD leave it out; no other value would say what happened.
        ruling.outcome = Outcome::Deviation;
    }
    Some(ruling)
}

//= PEC-4.4-07
fn mittente(case: &Case<'_>) -> Option<Ruling> {
    let own = case.daticert()?.mittente.as_deref();
    let submitted = case.submission.map(|submission| submission.sender());
    let author = || Some(case.original()?.from.first()?.address.as_str());
    let sender = submitted.or_else(author).or_else(|| case.sender_shown());
    let holds = own.is_some_and(|own| sender.map_or(own.contains('@'), |sender| same(own, sender)));
    // Whether it is the sender the original alone can tell.
    if case.is_alone && sender.is_none() && holds || !holds && case.repeats(|data| data.mittente.as_deref()) {
        return None;
    }
    let expected = words!("mittente {}", sender.unwrap_or("with an address"));
    Some(Ruling::holds(holds, expected, words!("mittente {}", shown(own))))
}

//= PEC-4.4-08
fn destinatari(case: &Case<'_>) -> Option<Ruling> {
    let own: Vec<String> =
        case.daticert()?.destinatari.iter().map(|(address, _)| address.to_ascii_lowercase()).collect();
    let once: BTreeSet<&String> = own.iter().collect();
    let named = case.named_recipients();
    // Those of To and Cc that SMTP was not asked to reach are no recipients: the forward paths count.
    let asked: Option<BTreeSet<String>> = case.submission.map(|submission| {
        submission.recipients.iter().map(|recipient| recipient.address.to_ascii_lowercase()).collect()
    });
    let wanted = match (&named, &asked) {
        (Some(named), Some(asked)) => Some(named.intersection(asked).cloned().collect::<BTreeSet<_>>()),
        (Some(named), None) => Some(named.clone()),
        _ => None,
    };
    // A refused message may name recipients that its header does not.
    let strict = case.reading.kind != NonAccettazione;
    let is_asked = |address: &String| asked.as_ref().is_some_and(|asked| asked.contains(address));
    let is_named = |address: &String| named.as_ref().is_none_or(|named| named.contains(address));
    let known = |address: &&String| strict && !is_named(address) && !is_asked(address);
    let strange: Vec<&String> = own.iter().filter(known).collect();
    let missing: Vec<String> =
        wanted.iter().flatten().filter(|address| asked.is_some() && !own.contains(address)).cloned().collect();
    let holds = !own.is_empty() && once.len() == own.len() && strange.is_empty() && missing.is_empty();
    if case.is_alone && wanted.is_none() && holds || !holds && case.repeats(|data| &data.destinatari) {
        return None;
    }
    let expected = match &wanted {
        Some(wanted) => words!("one destinatari for each of {}", listed(wanted)),
        None => words!("one destinatari for each recipient"),
    };
    Some(Ruling::holds(holds, expected, words!("destinatari {}", listed(&own))))
}

//= PEC-4.4-10
fn risposte(case: &Case<'_>) -> Option<Ruling> {
    let own = case.daticert()?.risposte.as_deref();
    let original = case.original();
    // Where users want their answers only the original tells.
    if case.is_alone && original.is_none() && own.is_some_and(|own| !own.is_empty()) {
        return None;
    }
    let addresses =
        original.into_iter().flat_map(|head| head.reply_to.iter().chain(&head.from)).map(|one| one.address.as_str());
    let wanted: Vec<&str> = addresses.chain(case.sender()).collect();
    let outcome = match own {
        Some("") => Outcome::Deviation,
        Some(own) if wanted.iter().any(|wanted| same(own, wanted) || own.contains(wanted)) => Outcome::Pass,
        _ => Outcome::Fail,
    };
    if outcome != Outcome::Pass && case.repeats(|data| data.risposte.as_deref()) {
        return None;
    }
    Some(Ruling::of(outcome, words!("risposte {}", wanted.first()?), words!("risposte {}", shown(own))))
}

//= PEC-4.4-11
fn oggetto(case: &Case<'_>) -> Option<Ruling> {
    let own = collapsed(case.daticert()?.oggetto.as_deref().unwrap_or_default());
    let subject = match case.original() {
        Some(original) => original.subject.as_deref().unwrap_or_default(),
        None => case.subject_shown()?,
    };
    let subject = collapsed(subject);
    let holds = case.are_one(&own, &subject);
    if !holds && case.repeats(|data| data.oggetto.as_deref()) {
        return None;
    }
    Some(Ruling::holds(holds, words!("oggetto {subject:?}"), words!("oggetto {own:?}")))
}

//= PEC-4.4-13
fn gestore(case: &Case<'_>) -> Option<Ruling> {
    let own = case.daticert()?.gestore_emittente.as_deref().unwrap_or_default();
    let name = |name: &str| collapsed(name).to_lowercase();
    let players = case.view.trace.header.providers.iter().filter(|other| other.name != case.issuer.name);
    let listed = case.index().filter(|_| case.is_alone).map_or(&[][..], |index| &index.records);
    let others = players.map(|other| &other.display_name).chain(listed.iter().map(|record| &record.name));
    let own_name = name(&case.issuer.display_name);
    // Free text: only the name of another provider is surely wrong.
    let is_others = others.map(|other| name(other)).any(|other| other != own_name && other == name(own));
    let holds = !own.is_empty() && !is_others;
    Some(Ruling::holds(
        holds,
        match case.issuer.display_name.as_str() {
            "" => words!("gestore-emittente with the provider's name"),
            name => words!("gestore-emittente {name}"),
        },
        words!("gestore-emittente {own:?}"),
    ))
}

/// A text of the certified time; where it is missing the row about its parent says so.
fn time_text(own: Option<&str>, name: &str, form: &str, fits: impl FnOnce(&str) -> bool) -> Option<Ruling> {
    let own = own?;
    Some(Ruling::holds(fits(own), words!("{name} as {form}"), words!("{name} {own:?}")))
}

//= PEC-4.4-15
fn zona(case: &Case<'_>) -> Option<Ruling> {
    time_text(case.daticert()?.zona.as_deref(), "zona", "a sign and four digits", |own| zone_minutes(own).is_some())
}

//= PEC-4.4-16
fn giorno(case: &Case<'_>) -> Option<Ruling> {
    let fits = |own: &str| own.len() == 10 && Date::strptime("%d/%m/%Y", own).is_ok();
    time_text(case.daticert()?.giorno.as_deref(), "giorno", "dd/mm/yyyy", fits)
}

//= PEC-4.4-17
fn ora(case: &Case<'_>) -> Option<Ruling> {
    let fits = |own: &str| own.len() == 8 && Time::strptime("%H:%M:%S", own).is_ok();
    time_text(case.daticert()?.ora.as_deref(), "ora", "hh:mm:ss", fits)
}

//= PEC-4.4-18
fn identificativo(case: &Case<'_>) -> Option<Ruling> {
    let daticert = case.daticert()?;
    let own = daticert.identificativo.as_deref();
    let message_id = case.head().message_id.as_deref();
    let expected = match case.reading.kind {
        PostaCertificata => return Some(identifier(own == message_id && own.is_some(), message_id, own)),
        _ => "identificativo of the envelope, not the Message-ID of the receipt",
    };
    let well_formed =
        own.and_then(|own| own.split_once('@')).is_some_and(|(local, host)| !local.is_empty() && !host.is_empty());
    if !well_formed || own == message_id {
        return Some(Ruling::holds(false, expected, words!("identificativo {}", shown(own))));
    }
    if let Some(shown) = case.identifier_shown() {
        return Some(identifier(false, Some(shown), own));
    }
    // Envelopes of the same submission, where any was seen.
    let msgid = case.msgid().flatten();
    let mut known = case
        .envelopes()
        .filter(|envelope| msgid.is_some() && envelope.reading.head.x_riferimento.as_deref() == msgid)
        .filter_map(|envelope| envelope.reading.head.message_id.as_deref())
        .peekable();
    match known.peek().copied() {
        Some(first) => Some(identifier(known.any(|id| own == Some(id)), Some(first), own)),
        None => Some(Ruling::holds(true, expected, words!("identificativo {}", shown(own)))),
    }
}

fn identifier(holds: bool, wanted: Option<&str>, own: Option<&str>) -> Ruling {
    let expected = words!("identificativo {}, the Message-ID of the envelope", shown(wanted));
    Ruling::holds(holds, expected, words!("identificativo {}", shown(own)))
}

//= PEC-4.4-19
//= PEC-2.2.1-15
fn msgid(case: &Case<'_>) -> Option<Ruling> {
    // Where there is no `dati` at all the row about its parent says so.
    let own = case.daticert().filter(|daticert| daticert.has_dati || !case.is_alone)?.msgid.as_deref();
    let known = case.submission.map(|submission| submission.msgid()).or_else(|| case.msgid_agreed().map(Some));
    let enclosed = || case.enclosed().map(|enclosed| enclosed.head.x_riferimento.as_deref());
    let wanted = known.or_else(enclosed).unwrap_or(case.head().x_riferimento.as_deref());
    if own.is_none() && wanted.is_none() || own != wanted && case.repeats(|data| data.msgid.as_deref()) {
        return None;
    }
    Some(Ruling::holds(own == wanted, words!("msgid {}", shown(wanted)), words!("msgid {}", shown(own))))
}

//= PEC-4.4-20
fn ricevuta(case: &Case<'_>) -> Option<Ruling> {
    let daticert = case.daticert()?;
    let own = daticert.ricevuta.as_deref();
    let used = matches!(case.reading.kind, PostaCertificata | AvvenutaConsegna);
    let flawed = daticert.flaws_at(FlawAt::Ricevuta).next().is_some();
    let outcome = match (used, own) {
        _ if flawed => Outcome::Fail,
        (true, Some(_)) => Outcome::Pass,
        (true, None) | (false, Some(_)) => Outcome::Fail,
        (false, None) => return None,
    };
    let expected = "an empty ricevuta of tipo completa, breve or sintetica, in envelopes and delivery receipts";
    Some(Ruling::of(outcome, expected, words!("ricevuta {}", shown(own))))
}

//= PEC-4.4-21
fn consegna(case: &Case<'_>) -> Option<Ruling> {
    let daticert = case.daticert()?;
    let own = daticert.consegna.as_deref();
    let concerns_one =
        matches!(case.reading.kind, AvvenutaConsegna | ErroreConsegna | RilevazioneVirus | PreavvisoErroreConsegna);
    let among = own.is_some_and(|own| case.can_concern(own));
    let outcome = match (concerns_one, own) {
        (true, _) => {
            if among {
                Outcome::Pass
            } else {
                Outcome::Fail
            }
        }
        (false, Some(_)) => Outcome::Fail,
        (false, None) => return None,
    };
    let everyone = listed(daticert.destinatari.iter().map(|(address, _)| address));
    Some(Ruling::of(outcome, words!("consegna, one of {everyone}"), words!("consegna {}", shown(own))))
}

//= PEC-3.2.1-03
//= PEC-4.4-22
fn ricezione(case: &Case<'_>) -> Option<Ruling> {
    let daticert = case.daticert()?;
    let own = &daticert.ricezione;
    // Where destinatari are missing other rows say so.
    let all = &daticert.destinatari;
    let among = |one: &String| all.is_empty() || all.iter().any(|(address, _)| same(one, address)) || case.was_for(one);
    let missing = uncovered(case, daticert);
    let holds = match case.reading.kind {
        PresaInCarico => !own.is_empty() && own.iter().all(among) && missing.is_empty(),
        _ if own.is_empty() => return None,
        _ => false,
    };
    let expected =
        "one ricezione for each recipient taken in charge, all of them among destinatari; in no other message";
    let without = if missing.is_empty() { String::new() } else { words!(", without {}", listed(missing)) };
    Some(Ruling::holds(holds, expected, words!("ricezione {}{without}", listed(own))))
}

/// Recipients of the transactions that a take-charge receipt names others of, and whom no receipt of them names.
fn uncovered(case: &Case<'_>, daticert: &Daticert) -> Vec<String> {
    let story = case.view.story;
    let ours = || {
        story.handovers.iter().filter(|one| {
            one.provider.name == case.issuer.name && Some(one.pec_msgid) == daticert.identificativo.as_deref()
        })
    };
    let names = |daticert: &Daticert, recipient: &str| daticert.ricezione.iter().any(|one| same(one, recipient));
    let named = ours().filter(|one| names(daticert, one.recipient));
    let crossings: Vec<usize> = named.flat_map(|one| one.crossings.iter().copied()).collect();
    let together = |one: &&Handover<'_>| one.crossings.iter().any(|place| crossings.contains(place));
    let covered = |one: &Handover<'_>| {
        let receipts = story.at(&one.take_charges).filter_map(|receipt| receipt.reading.daticert.as_ref());
        receipts.into_iter().any(|daticert| names(daticert, one.recipient))
    };
    ours().filter(together).filter(|one| !covered(one)).map(|one| one.recipient.to_owned()).collect()
}

//= PEC-4.4-23
fn errore_esteso(case: &Case<'_>) -> Option<Ruling> {
    let own = case.daticert()?.errore_esteso.as_deref();
    let is_error =
        matches!(case.reading.kind, NonAccettazione | ErroreConsegna | PreavvisoErroreConsegna | RilevazioneVirus);
    let outcome = match own {
        Some("") => Outcome::Fail,
        Some(_) => Outcome::Pass,
        // The DTD lets it be absent.
        None if is_error => Outcome::Deviation,
        None => return None,
    };
    Some(Ruling::of(outcome, "errore-esteso with a short description", words!("errore-esteso {}", shown(own))))
}

/// Recipients whose domain the index lists in other letters, capitals or not, are certified ones.
//= PEC-4.5-05
fn found_in_any_case(case: &Case<'_>) -> Option<Ruling> {
    let (submission, daticert, index) = (case.submission?, case.daticert()?, case.index()?);
    let domains: Vec<String> = index.records.iter().flat_map(|record| record.values("managedDomains")).collect();
    let is_mixed = |address: &&str| {
        let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
        index.managing(domain).is_some() && !domains.iter().any(|listed| listed == domain)
    };
    let mixed: Vec<&str> = submission.recipients.iter().map(|one| one.address).filter(is_mixed).collect();
    // One that is not there, or of no kind at all, is another row's affair.
    let is_missed =
        |address: &&&str| daticert.destinatari.iter().any(|(own, tipo)| same(own, address) && tipo == "esterno");
    let missed: Vec<&&str> = mixed.iter().filter(is_missed).collect();
    let expected = words!("{} found among the managed domains", listed(&mixed));
    (!mixed.is_empty()).then(|| {
        Ruling::holds(missed.is_empty(), expected, words!("not found: {}", listed(missed.iter().map(|one| **one))))
    })
}

/// The code of a full mailbox: from secondary sources and real receipts, its table was not read.
const FULL: &str = "5.2.2";

//= PEC-AGID.12-02
fn full_mailbox_code(case: &Case<'_>) -> Option<Ruling> {
    let daticert = case.daticert()?;
    let (id, recipient) = (daticert.identificativo.as_deref()?, daticert.consegna.as_deref()?);
    let mut handovers = case.view.story.handovers.iter();
    let handover = handovers
        .find(|one| one.pec_msgid == id && same(one.recipient, recipient) && one.provider.name == case.issuer.name)?;
    let own = daticert.errore_esteso.as_deref();
    let coded = own.is_some_and(|own| own.contains(FULL));
    let (holds, expected) = match (handover.exists, handover.room) {
        (true, Some(false)) => (
            coded && in_text(case, daticert) && daticert.errore.as_deref() == Some("altro"),
            "errore altro and 5.2.2 in errore-esteso and in the text, for the mailbox is full (code recalled)",
        ),
        (false, _) => (!coded, "no 5.2.2, for the mailbox is unknown and not full (code recalled)"),
        _ => return None,
    };
    let words = words!("errore {}, errore-esteso {}", shown(daticert.errore.as_deref()), shown(own));
    Some(Ruling::holds(holds, expected, words))
}

fn in_text(case: &Case<'_>, daticert: &Daticert) -> bool {
    let own = daticert.errore_esteso.as_deref().unwrap_or_default();
    case.reading.text.contains(FULL) || collapsed(&case.reading.text).contains(&*collapsed(own))
}
