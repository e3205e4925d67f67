use collaudo_record::Outcome;

use super::{
    Case, GENERATED, Rule, Ruling,
    case::{collapsed, holds_in_any_case, listed, shown},
    date::{date, date_of_arrival},
    words::words,
};
use crate::{
    Clause,
    reading::{Field, Kind, Mailbox},
    story::{
        address::{domain, same},
        octets::unfolded,
    },
};

use Kind::{
    Accettazione, Anomalia, AvvenutaConsegna, ErroreConsegna, NonAccettazione, PostaCertificata,
    PreavvisoErroreConsegna, PresaInCarico, RilevazioneVirus,
};

pub(super) const RULES: &[Rule] = &[
    // Every message.
    Rule::all(Clause::PEC_2_1_1_01, GENERATED, takes_over_fields),
    Rule::all(Clause::PEC_2_1_12, GENERATED, one_field_of_kind),
    Rule::all(Clause::PEC_2_1_1_1_3_02, GENERATED, security_field_only_for_viruses),
    Rule::all(Clause::PEC_A_01, GENERATED, italian_names),
    Rule::all(Clause::PEC_2_1_1_1_1_01, &[Accettazione, PresaInCarico, AvvenutaConsegna], kind_field),
    Rule::all(
        Clause::PEC_2_1_1_1_3_01,
        &[NonAccettazione, ErroreConsegna, PreavvisoErroreConsegna, RilevazioneVirus],
        notice_fields,
    ),
    Rule::all(Clause::PEC_2_1_1_2_07, &[PostaCertificata, Anomalia], kind_field),
    // Non-acceptance notice, formal.
    Rule::plain(Clause::PEC_3_1_2_03, &[NonAccettazione], kind_field),
    Rule::plain(Clause::PEC_3_1_2_04, &[NonAccettazione], date),
    Rule::plain(Clause::PEC_3_1_2_05, &[NonAccettazione], |case| subject(case, "AVVISO DI NON ACCETTAZIONE: ")),
    Rule::plain(Clause::PEC_3_1_2_06, &[NonAccettazione], from),
    Rule::plain(Clause::PEC_3_1_2_07, &[NonAccettazione], to_sender),
    Rule::plain(Clause::PEC_3_1_2_08, &[NonAccettazione], reference),
    // Non-acceptance notice for a virus.
    Rule::virus(Clause::PEC_3_1_3_03, &[NonAccettazione], kind_field),
    Rule::virus(Clause::PEC_3_1_3_04, &[NonAccettazione], security_field),
    Rule::virus(Clause::PEC_3_1_3_05, &[NonAccettazione], |case| {
        subject(case, "AVVISO DI NON ACCETTAZIONE PER VIRUS: ")
    }),
    Rule::virus(Clause::PEC_3_1_3_06, &[NonAccettazione], fields_of_a_notice),
    // Acceptance receipt.
    Rule::all(Clause::PEC_3_1_4_01, &[Accettazione], kind_field),
    Rule::all(Clause::PEC_3_1_4_02, &[Accettazione], date),
    Rule::all(Clause::PEC_3_1_4_03, &[Accettazione], |case| subject(case, "ACCETTAZIONE: ")),
    Rule::all(Clause::PEC_3_1_4_04, &[Accettazione], from),
    Rule::all(Clause::PEC_3_1_4_05, &[Accettazione], to_sender),
    Rule::all(Clause::PEC_3_1_4_06, &[Accettazione], reference),
    // Transport envelope.
    Rule::all(Clause::PEC_2_1_06, &[PostaCertificata], one_author),
    Rule::all(Clause::PEC_2_1_07, &[PostaCertificata], sender_is_from),
    Rule::all(Clause::PEC_2_2_1_10, &[PostaCertificata], identifier_form),
    Rule::all(Clause::PEC_2_2_1_11, &[PostaCertificata], identifier_everywhere),
    Rule::all(Clause::PEC_3_1_5_07, &[PostaCertificata], kind_field),
    Rule::all(Clause::PEC_3_1_5_08, &[PostaCertificata], date),
    Rule::all(Clause::PEC_3_1_5_09, &[PostaCertificata], |case| subject(case, "POSTA CERTIFICATA: ")),
    Rule::all(Clause::PEC_3_1_5_10, &[PostaCertificata], on_behalf),
    Rule::all(Clause::PEC_3_1_5_11, &[PostaCertificata], reply_to_sender),
    Rule::all(Clause::PEC_3_1_5_12, &[PostaCertificata], message_id),
    Rule::all(Clause::PEC_3_1_5_13, &[PostaCertificata], reference),
    Rule::all(Clause::PEC_3_1_5_14, &[PostaCertificata], receipt_asked),
    Rule::all(Clause::PEC_PRACT_01, &[PostaCertificata], per_conto_di),
    // Timeout notice.
    Rule::all(Clause::PEC_3_1_6_07, &[PreavvisoErroreConsegna], kind_field),
    Rule::all(Clause::PEC_3_1_6_08, &[PreavvisoErroreConsegna], date),
    Rule::all(Clause::PEC_3_1_6_09, &[PreavvisoErroreConsegna], |case| {
        subject(case, "AVVISO DI MANCATA CONSEGNA PER SUP. TEMPO MASSIMO: ")
    }),
    Rule::all(Clause::PEC_3_1_6_10, &[PreavvisoErroreConsegna], from),
    Rule::all(Clause::PEC_3_1_6_11, &[PreavvisoErroreConsegna], reference),
    Rule::all(Clause::PEC_3_1_6_12, &[PreavvisoErroreConsegna], to_sender),
    // Take-charge receipt.
    Rule::all(Clause::PEC_3_2_1_05, &[PresaInCarico], kind_field),
    Rule::all(Clause::PEC_3_2_1_06, &[PresaInCarico], date),
    Rule::all(Clause::PEC_3_2_1_07, &[PresaInCarico], |case| subject(case, "PRESA IN CARICO: ")),
    Rule::all(Clause::PEC_3_2_1_08, &[PresaInCarico], from),
    Rule::all(Clause::PEC_3_2_1_09, &[PresaInCarico], to_service_mailbox),
    Rule::all(Clause::PEC_3_2_1_10, &[PresaInCarico], reference),
    // Virus-detection notice.
    Rule::all(Clause::PEC_3_2_3_05, &[RilevazioneVirus], kind_field),
    Rule::all(Clause::PEC_3_2_3_06, &[RilevazioneVirus], original_sender),
    Rule::all(Clause::PEC_3_2_3_07, &[RilevazioneVirus], date),
    Rule::all(Clause::PEC_3_2_3_08, &[RilevazioneVirus], |case| subject(case, "PROBLEMA DI SICUREZZA: ")),
    Rule::all(Clause::PEC_3_2_3_09, &[RilevazioneVirus], from),
    Rule::all(Clause::PEC_3_2_3_10, &[RilevazioneVirus], reference),
    // Non-delivery notice for a virus.
    Rule::virus(Clause::PEC_3_2_4_02, &[ErroreConsegna], kind_field),
    Rule::virus(Clause::PEC_3_2_4_03, &[ErroreConsegna], security_field),
    Rule::virus(Clause::PEC_3_2_4_04, &[ErroreConsegna], date),
    Rule::virus(Clause::PEC_3_2_4_05, &[ErroreConsegna], |case| {
        subject(case, "AVVISO DI MANCATA CONSEGNA PER VIRUS: ")
    }),
    Rule::virus(Clause::PEC_3_2_4_06, &[ErroreConsegna], from),
    Rule::virus(Clause::PEC_3_2_4_07, &[ErroreConsegna], to_sender),
    Rule::virus(Clause::PEC_3_2_4_08, &[ErroreConsegna], reference),
    // Anomaly envelope.
    Rule::all(Clause::PEC_3_2_2_08, &[Anomalia], kind_field),
    Rule::all(Clause::PEC_3_2_2_09, &[Anomalia], date_of_arrival),
    Rule::all(Clause::PEC_3_2_2_10, &[Anomalia], |case| subject(case, "ANOMALIA MESSAGGIO: ")),
    Rule::all(Clause::PEC_3_2_2_11, &[Anomalia], on_behalf),
    Rule::all(Clause::PEC_3_2_2_12, &[Anomalia], reply_to_sender),
    // Delivery receipt.
    Rule::all(Clause::PEC_3_3_2_04, &[AvvenutaConsegna], kind_field),
    Rule::all(Clause::PEC_3_3_2_05, &[AvvenutaConsegna], date),
    Rule::all(Clause::PEC_3_3_2_06, &[AvvenutaConsegna], |case| subject(case, "CONSEGNA: ")),
    Rule::all(Clause::PEC_3_3_2_07, &[AvvenutaConsegna], from),
    Rule::all(Clause::PEC_3_3_2_08, &[AvvenutaConsegna], to_sender),
    Rule::all(Clause::PEC_3_3_2_09, &[AvvenutaConsegna], reference),
    Rule::all(Clause::PEC_3_3_2_11, &[AvvenutaConsegna], form_told),
    // Non-delivery notice.
    Rule::plain(Clause::PEC_3_3_3_02, &[ErroreConsegna], kind_field),
    Rule::plain(Clause::PEC_3_3_3_03, &[ErroreConsegna], date),
    Rule::plain(Clause::PEC_3_3_3_04, &[ErroreConsegna], |case| subject(case, "AVVISO DI MANCATA CONSEGNA: ")),
    Rule::plain(Clause::PEC_3_3_3_05, &[ErroreConsegna], from),
    Rule::plain(Clause::PEC_3_3_3_06, &[ErroreConsegna], to_sender),
    Rule::plain(Clause::PEC_3_3_3_07, &[ErroreConsegna], reference),
];

/// The lists of each kind say which fields, row by row; this row asks that there be any of either sort (R-0085).
//= PEC-2.1.1-01
fn takes_over_fields(case: &Case<'_>) -> Option<Ruling> {
    const COPIED: [&str; 4] = ["To", "Cc", "Reply-To", "Received"];
    let original = if case.reading.kind == Anomalia { case.received() } else { case.original() }?;
    let head = case.head();
    let own = |name: &str| head.first(name).map(|field| unfolded(field.raw()));
    let is_copied = |name: &&&str| original.first(name).is_some_and(|field| own(name) == Some(unfolded(field.raw())));
    let mut taken: Vec<&str> = COPIED.iter().filter(is_copied).copied().collect();
    let subject = original.subject.as_deref().map(collapsed).filter(|subject| !subject.is_empty());
    let contains = |subject: &str| head.subject.as_deref().is_some_and(|own| collapsed(own).contains(subject));
    let has_subject = subject.as_deref().is_some_and(contains);
    let msgid = case.msgid().flatten();
    let has_reference = msgid.is_some() && head.x_riferimento.as_deref() == msgid;
    taken.extend(has_subject.then_some("Subject"));
    taken.extend(has_reference.then_some("X-Riferimento-Message-ID"));
    if taken.is_empty() && subject.is_none() && msgid.is_none() {
        return None;
    }
    let added = ["X-Ricevuta", "X-Trasporto"].into_iter().filter(|name| head.first(name).is_some());
    let words = words!("taken over: {}; added: {}", listed(&taken), listed(added));
    Some(Ruling::holds(!taken.is_empty(), "fields of the original, and fields of its kind", words))
}

/// The form issued, or the one asked for (R-0013); a receipt without the field says it elsewhere (R-0081).
//= PEC-3.3.2-11
fn form_told(case: &Case<'_>) -> Option<Ruling> {
    let issued = case.reading.form()?.wire();
    let asked = case.asked().unwrap_or(issued);
    let expected = format!("X-TipoRicevuta: {issued} (recalled, not read)");
    let own = case.head().tipo_ricevuta.as_deref()?;
    Some(Ruling::holds(own == issued || own == asked, expected, format!("X-TipoRicevuta {own}")))
}

//= PEC-2.1-12
fn one_field_of_kind(case: &Case<'_>) -> Option<Ruling> {
    let count = |name| case.head().all(name).count();
    let (receipts, transports) = (count("X-Ricevuta"), count("X-Trasporto"));
    let words = words!("{receipts} X-Ricevuta, {transports} X-Trasporto");
    Some(Ruling::holds(receipts + transports == 1, "exactly one of X-Ricevuta and X-Trasporto", words))
}

//= PEC-2.1.1.1.3-02
fn security_field_only_for_viruses(case: &Case<'_>) -> Option<Ruling> {
    let value = case.head().value("X-VerificaSicurezza");
    if case.is_about_virus() {
        return None;
    }
    Some(Ruling::holds(value.is_none(), "no X-VerificaSicurezza", words!("X-VerificaSicurezza {}", shown(value))))
}

//= PEC-3.1.3-04
//= PEC-3.2.4-03
fn security_field(case: &Case<'_>) -> Option<Ruling> {
    let own = case.head().value("X-VerificaSicurezza");
    let holds = own.is_some_and(|own| own.eq_ignore_ascii_case("errore"));
    Some(Ruling::holds(holds, "X-VerificaSicurezza: errore", words!("X-VerificaSicurezza {}", shown(own))))
}

//= PEC-3.1.3-06
fn fields_of_a_notice(case: &Case<'_>) -> Option<Ruling> {
    let rulings = [from(case), to_sender(case), date(case), reference(case)];
    rulings.into_iter().flatten().max_by_key(|ruling| ruling.outcome)
}

//= PEC-3.2.3-06
fn original_sender(case: &Case<'_>) -> Option<Ruling> {
    let own = case.head().value("X-Mittente").map(|own| own.trim().trim_matches(['<', '>']));
    let senders = case.senders();
    let holds = own.is_some_and(|own| senders.iter().any(|sender| same(own, sender)));
    let expected = words!("X-Mittente: {}", senders.first().unwrap_or(&"the original sender"));
    Some(Ruling::holds(holds, expected, words!("X-Mittente {}", shown(own))))
}

//= PEC-A-01
fn italian_names(case: &Case<'_>) -> Option<Ruling> {
    const VALUES: [(&str, &[&str]); 4] = [
        (
            "X-Ricevuta",
            &[
                "accettazione",
                "non-accettazione",
                "presa-in-carico",
                "avvenuta-consegna",
                "errore-consegna",
                "preavviso-errore-consegna",
                "rilevazione-virus",
            ],
        ),
        ("X-Trasporto", &["posta-certificata", "errore"]),
        ("X-TipoRicevuta", &["completa", "breve", "sintetica"]),
        ("X-VerificaSicurezza", &["errore"]),
    ];
    let own = case.head().fields.iter().filter_map(|field| {
        let (name, values) = VALUES.iter().find(|(name, _)| name.eq_ignore_ascii_case(field.name()))?;
        Some((name, field.value(), values.iter().any(|value| value.eq_ignore_ascii_case(field.value()))))
    });
    let own: Vec<_> = own.collect();
    let english: Vec<&str> = case.head().fields.iter().map(Field::name).filter(|name| is_english(name)).collect();
    // A field that is missing is another row's affair.
    if own.is_empty() && english.is_empty() {
        return None;
    }
    let holds = english.is_empty() && own.iter().all(|(.., known)| *known);
    let own = own.iter().map(|(name, value, _)| words!("{name}: {value}"));
    let words = listed(own.chain(english.iter().map(|name| (*name).to_owned())));
    Some(Ruling::holds(holds, "the Italian field names with Italian values", words))
}

/// Whether a field bears the name that Appendix A gives one of ours for English readers. `X-Sender` is left out: clients
/// write it of their own accord.
fn is_english(name: &str) -> bool {
    const NAMES: [&str; 6] = [
        "xreferencemessageidentifier",
        "xreferencemessageid",
        "xnotification",
        "xnotificationtype",
        "xsecurityverification",
        "xtransport",
    ];
    let bare = || name.bytes().filter(|b| *b != b'-').map(|b| b.to_ascii_lowercase());
    bare().next() == Some(b'x') && NAMES.iter().any(|one| bare().eq(one.bytes()))
}

//= PEC-3.1.4-01
fn kind_field(case: &Case<'_>) -> Option<Ruling> {
    let (name, value) = match case.reading.kind {
        PostaCertificata => ("X-Trasporto", "posta-certificata"),
        Anomalia => ("X-Trasporto", "errore"),
        kind => ("X-Ricevuta", kind.wire()),
    };
    let own = case.head().value(name);
    let holds = own.is_some_and(|own| own.eq_ignore_ascii_case(value));
    Some(Ruling::holds(holds, words!("{name}: {value}"), words!("{name}: {}", own.unwrap_or("not there"))))
}

//= PEC-2.1.1.1.3-01
fn notice_fields(case: &Case<'_>) -> Option<Ruling> {
    let kind = case.head().value("X-Ricevuta");
    let reference = case.head().x_riferimento.as_deref();
    let holds = kind.is_some() && (reference.is_some() || case.msgid().flatten().is_none());
    let words = words!("X-Ricevuta {}, X-Riferimento-Message-ID {}", shown(kind), shown(reference));
    Some(Ruling::holds(holds, "X-Ricevuta and X-Riferimento-Message-ID", words))
}

fn subject(case: &Case<'_>, prefix: &str) -> Option<Ruling> {
    let own = collapsed(case.head().subject.as_deref().unwrap_or_default());
    let prefix = prefix.trim_end();
    let rest = own.strip_prefix(prefix).map(str::trim);
    let (holds, expected) = match case.subject() {
        Some(original) => {
            let original = collapsed(original.unwrap_or_default());
            (rest.is_some_and(|rest| case.are_one(rest, &original)), words!("{prefix} {original}"))
        }
        None => (rest.is_some(), words!("{prefix} and the original subject")),
    };
    Some(Ruling::holds(holds, words!("Subject {:?}", expected.trim_end()), words!("Subject {own:?}")))
}

fn from(case: &Case<'_>) -> Option<Ruling> {
    let wanted = case.own_address()?;
    let own: Vec<&str> = case.head().from.iter().map(|from| from.address.as_str()).collect();
    let holds = matches!(own.as_slice(), [only] if case.is_own_address(only));
    Some(Ruling::holds(holds, words!("From {wanted}"), words!("From {}", listed(own))))
}

fn to_sender(case: &Case<'_>) -> Option<Ruling> {
    Some(to(case, &case.senders(), "the original sender")).filter(|_| case.sender().is_some())
}

//= PEC-3.2.1-09
fn to_service_mailbox(case: &Case<'_>) -> Option<Ruling> {
    let listed = case.index()?.managing(&domain(case.sender()?)).and_then(|record| record.mail_receipt.as_deref());
    Some(to(case, &[listed?], "mailReceipt of the sender's provider"))
}

/// To one of these addresses alone; the first is the one to name.
fn to(case: &Case<'_>, addresses: &[&str], what: &str) -> Ruling {
    let own: Vec<&str> = case.head().to.iter().map(|to| to.address.as_str()).collect();
    let holds = matches!(own.as_slice(), [only] if addresses.iter().any(|address| same(only, address)));
    let expected = words!("To {}, {what}", addresses.first().unwrap_or(&"nobody"));
    Ruling::holds(holds, expected, words!("To {}", listed(own)))
}

fn reference(case: &Case<'_>) -> Option<Ruling> {
    let own = case.head().x_riferimento.as_deref();
    let msgid = case.msgid()?;
    if own.is_none() && msgid.is_none() {
        return None;
    }
    let expected = words!("X-Riferimento-Message-ID {}, the client's identifier", shown(msgid));
    Some(Ruling::holds(own == msgid, expected, words!("X-Riferimento-Message-ID {}", shown(own))))
}

//= PEC-2.1-06
fn one_author(case: &Case<'_>) -> Option<Ruling> {
    let expected = words!("one author {} with {} in its name", case.own_address()?, shown(case.sender()));
    let authors = &case.head().from;
    let holds = matches!(authors.as_slice(), [only] if case.is_own_address(&only.address) && names_sender(case, only));
    Some(Ruling::holds(holds, expected, words!("From {}", mailboxes(authors))))
}

//= PEC-2.1-07
fn sender_is_from(case: &Case<'_>) -> Option<Ruling> {
    let text = |name| case.head().value(name).map(collapsed);
    let (from, sender) = (text("From"), text("Sender"));
    let expected = words!("Sender {}, equal to From", shown(from.as_deref()));
    let outcome = match &sender {
        // Many deployed providers leave it out.
        None => Outcome::Deviation,
        Some(_) if sender == from => Outcome::Pass,
        Some(_) => Outcome::Fail,
    };
    Some(Ruling::of(outcome, expected, words!("Sender {}", shown(sender.as_deref()))))
}

//= PEC-3.1.5-10
//= PEC-3.2.2-11
fn on_behalf(case: &Case<'_>) -> Option<Ruling> {
    let expected = words!("From \"Per conto di: {}\" <{}>", case.sender().unwrap_or("the sender"), case.own_address()?);
    let author = case.head().from.first();
    let holds = author.is_some_and(|author| case.is_own_address(&author.address) && names_sender(case, author));
    let italian = author.is_some_and(|author| collapsed(&author.name).starts_with("Per conto di:"));
    let outcome = match (holds, italian) {
        (true, true) => Outcome::Pass,
        // Another wording, such as the one that RFC 6109 prints in English.
        (true, false) => Outcome::Deviation,
        (false, _) => Outcome::Fail,
    };
    Some(Ruling::of(outcome, expected, words!("From {}", mailboxes(&case.head().from))))
}

//= PEC-PRACT-01
fn per_conto_di(case: &Case<'_>) -> Option<Ruling> {
    let sender = case.sender()?;
    let expected = words!("From \"Per conto di: {sender}\" <posta-certificata@...>");
    let author = case.head().from.first();
    let holds = author.is_some_and(|author| {
        let local = author.address.rsplit_once('@').map(|(local, _)| local);
        let name = collapsed(&author.name);
        let shown = name.strip_prefix("Per conto di:").map(str::trim);
        let is_sender = |shown: &str| case.senders().iter().any(|sender| same(shown, sender));
        local.is_some_and(|local| same(local, "posta-certificata")) && shown.is_some_and(is_sender)
    });
    Some(Ruling::holds(holds, expected, words!("From {}", mailboxes(&case.head().from))))
}

/// Whether a display name tells on whose behalf the message comes.
fn names_sender(case: &Case<'_>, author: &Mailbox) -> bool {
    let senders = senders(case);
    // Of a stored anomaly envelope that lacks its message nobody knows whom it should name.
    if case.is_alone && senders.is_empty() {
        return !author.name.trim().is_empty();
    }
    senders.iter().any(|sender| holds_in_any_case(&author.name, sender))
}

/// Whom an envelope may name as the sender. Of what lies in an anomaly envelope nothing is certain: any of the addresses
/// that it comes with will do.
fn senders<'a>(case: &Case<'a>) -> Vec<&'a str> {
    let Some(head) = case.received() else { return case.senders() };
    let addresses = head.from.iter().chain(&head.reply_to).map(|mailbox| mailbox.address.as_str());
    let in_name = head.from.iter().filter_map(|from| from.name.rsplit_once(": ").map(|(_, sender)| sender.trim()));
    let return_path = head.value("Return-Path").map(|path| path.trim_matches(['<', '>']));
    addresses
        .chain(in_name)
        .chain(return_path)
        .chain(case.came_from())
        .filter(|address| address.contains('@'))
        .collect()
}

//= PEC-3.1.5-11
//= PEC-3.2.2-12
fn reply_to_sender(case: &Case<'_>) -> Option<Ruling> {
    let enclosed = || case.reading.postacert.as_ref().map(|enclosed| &*enclosed.head);
    let original = case.received().or_else(enclosed)?;
    // Where there was one, it is kept: that is another row.
    if original.first("Reply-To").is_some() {
        return None;
    }
    let own: Vec<&str> = case.head().reply_to.iter().map(|reply| reply.address.as_str()).collect();
    let wanted = senders(case);
    let authors = original.from.iter().map(|from| from.address.as_str());
    let wanted: Vec<&str> = wanted.into_iter().chain(authors).collect();
    let holds = matches!(own.as_slice(), [only] if wanted.iter().any(|wanted| same(only, wanted)));
    Some(Ruling::holds(
        holds,
        words!("Reply-To {}, the original sender", wanted.first()?),
        words!("Reply-To {}", listed(own)),
    ))
}

//= PEC-2.2.1-10
fn identifier_form(case: &Case<'_>) -> Option<Ruling> {
    let expected = "Message-ID of letters, digits and dots at the provider's domain or server";
    let own = case.head().message_id.as_deref();
    let Some((local, host)) = own.and_then(|id| id.split_once('@')) else {
        return Some(Ruling::holds(false, expected, words!("Message-ID {}", shown(own))));
    };
    let atom =
        |text: &str| !text.is_empty() && text.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atext));
    let host = host.to_ascii_lowercase();
    let domains = case.issuer.domains.iter().cloned().chain([domain(&case.issuer.certified_address)]);
    let is_own = domains.into_iter().any(|own| host == own || host.ends_with(&format!(".{own}")));
    let is_listed = || {
        case.view
            .index
            .records
            .iter()
            .any(|record| record.name == case.issuer.display_name && record.domains.contains(&host))
    };
    let outcome = match atom(local) && atom(&host) {
        false => Outcome::Fail,
        true if is_own || is_listed() => Outcome::Pass,
        // One deployed provider uses its customer's domain: without an index it cannot be told whose it is.
        true if case.view.index.records.is_empty() => Outcome::Deviation,
        true => Outcome::Fail,
    };
    Some(Ruling::of(outcome, expected, words!("Message-ID {}", shown(own))))
}

fn is_atext(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b)
}

//= PEC-2.2.1-11
fn identifier_everywhere(case: &Case<'_>) -> Option<Ruling> {
    let own = case.head().message_id.as_deref();
    // An original that is missing is a row of its own.
    let original = case.reading.postacert.as_ref()?.head.message_id.as_deref();
    let certified = case.daticert().and_then(|daticert| daticert.identificativo.as_deref());
    let holds = own.is_some() && own == original && certified.is_none_or(|certified| own == Some(certified));
    let words = words!("envelope {}, original {}, certified {}", shown(own), shown(original), shown(certified));
    Some(Ruling::holds(holds, "one Message-ID in envelope and original, as certified", words))
}

//= PEC-3.1.5-12
fn message_id(case: &Case<'_>) -> Option<Ruling> {
    let certified = case.daticert()?.identificativo.as_deref();
    let own = case.head().message_id.as_deref();
    let expected = words!("Message-ID {}, the certified identifier", shown(certified));
    Some(Ruling::holds(own.is_some() && own == certified, expected, words!("Message-ID {}", shown(own))))
}

//= PEC-3.1.5-14
fn receipt_asked(case: &Case<'_>) -> Option<Ruling> {
    let own = case.head().tipo_ricevuta.as_deref();
    let outcome = match own {
        Some("completa" | "breve" | "sintetica") => Outcome::Pass,
        Some(_) => Outcome::Fail,
        // Absent on 8 of 21 real envelopes, where it means completa.
        None => Outcome::Deviation,
    };
    Some(Ruling::of(outcome, "X-TipoRicevuta completa, breve or sintetica", words!("X-TipoRicevuta {}", shown(own))))
}

fn mailboxes(mailboxes: &[Mailbox]) -> String {
    listed(mailboxes.iter().map(|mailbox| match mailbox.name.as_str() {
        "" => mailbox.address.clone(),
        name => words!("{name:?} <{}>", mailbox.address),
    }))
}
