//! The readable texts, in Italian: the models of RFC 6109 §3 in our own words.

use crate::{Certified, Kind, Moment};

/// The text of a receipt or notice; the offset as its provider writes it.
pub(crate) fn text(kind: Kind<'_>, certified: &Certified, moment: &Moment, zone: &str) -> String {
    let Certified { sender, subject, identifier, recipients, .. } = certified;
    let when = format!("Il giorno {} alle ore {} ({zone})", moment.day, moment.hour);
    let whose = format!("\"{subject}\" proveniente da \"{sender}\"\r\n");
    let one = format!("e indirizzato a \"{}\"\r\n", kind.concerned().unwrap_or_default());
    let all = match kind {
        Kind::TakeCharge { recipients } => lines(recipients.iter().cloned()),
        Kind::Acceptance => lines(recipients.iter().map(|recipient| {
            let kind = if recipient.certified { "posta certificata" } else { "posta ordinaria" };
            format!("{} (\"{kind}\")", recipient.address)
        })),
        _ => lines(recipients.iter().map(|recipient| recipient.address.clone())),
    };
    let whom = if kind.concerned().is_some() { one } else { format!("ed indirizzato a:\r\n{all}") };
    let place = if kind.is_about_message() { "il messaggio" } else { "nel messaggio" };
    format!(
        "{}\r\n\r\n{when} {place}\r\n{whose}{whom}{}\r\nIdentificativo del messaggio: {identifier}\r\n",
        title(kind),
        outcome(kind)
    )
}

/// One address a line.
pub(crate) fn lines(items: impl Iterator<Item = String>) -> String {
    items.map(|item| format!("{item}\r\n")).collect()
}

fn title(kind: Kind<'_>) -> &'static str {
    match kind {
        Kind::Acceptance => "Ricevuta di accettazione",
        Kind::NonAcceptance { .. } => "Errore nell'accettazione del messaggio",
        Kind::NonAcceptanceVirus { .. } => "Errore nell'accettazione del messaggio per presenza di virus",
        Kind::TakeCharge { .. } => "Ricevuta di presa in carico",
        Kind::Delivery { form: crate::Form::Complete, .. } => "Ricevuta di avvenuta consegna",
        Kind::Delivery { form: crate::Form::Brief, .. } => "Ricevuta breve di avvenuta consegna",
        Kind::Delivery { form: crate::Form::Concise, .. } => "Ricevuta sintetica di avvenuta consegna",
        Kind::NonDelivery { .. } | Kind::Timeout { .. } => "Avviso di mancata consegna",
        Kind::VirusDetection { .. } => "Avviso di rilevazione virus informatico",
        Kind::NonDeliveryVirus { .. } => "Avviso di mancata consegna per virus informatico",
    }
}

fn outcome(kind: Kind<'_>) -> String {
    match kind {
        Kind::Acceptance => "è stato accettato dal sistema ed inoltrato.".into(),
        Kind::NonAcceptance { why } => format!(
            "è stato rilevato un problema che ne impedisce l'accettazione: {why}.\r\nIl messaggio non è stato \
             accettato."
        ),
        Kind::NonAcceptanceVirus { why } => {
            format!("è stato rilevato un problema di sicurezza: {why}.\r\nIl messaggio non è stato accettato.")
        }
        Kind::TakeCharge { .. } => "è stato accettato dal sistema.".into(),
        Kind::Delivery { .. } => "è stato consegnato nella casella di destinazione.".into(),
        Kind::NonDelivery { why, .. } => {
            format!("è stato rilevato un errore: {why}.\r\nIl messaggio è stato rifiutato dal sistema.")
        }
        Kind::Timeout { second: false, .. } => "non è stato consegnato nelle prime dodici ore (12 ore) dal suo \
             invio.\r\nNon escludendo che possa essere consegnato in seguito, si avvisa che l'invio potrebbe non \
             avere esito positivo.\r\nUn altro avviso seguirà se nelle prossime dodici ore non giungerà la conferma \
             di consegna."
            .into(),
        Kind::Timeout { second: true, .. } => "non è stato consegnato nelle ventiquattro ore (24 ore) successive al \
             suo invio.\r\nLa trasmissione è da considerarsi conclusa con esito negativo."
            .into(),
        Kind::VirusDetection { why, .. } => {
            format!("è stato rilevato un problema di sicurezza: {why}.\r\nLa trasmissione non è stata completata.")
        }
        Kind::NonDeliveryVirus { why, .. } => {
            format!("è stato rilevato un problema di sicurezza: {why}.\r\nIl messaggio non è stato consegnato.")
        }
    }
}
