//! The readable texts, in Italian (§3.1.2 to §3.3.3). Lines end in `\n` here.

use std::fmt::Write as _;

use super::{Certified, Form, Recipient, Timeout, legal::LegalTime, write::harmless};

/// The readable text of a message about one original, from what the kinds share.
pub(super) struct Text<'a> {
    pub(super) time: &'a LegalTime,
    pub(super) certified: &'a Certified,
}

impl Text<'_> {
    //= PEC-3.1.4-07
    pub(super) fn acceptance(&self) -> String {
        let mut to = String::new();
        for Recipient { address, certified } in &self.certified.recipients {
            let class = if *certified { "posta certificata" } else { "posta ordinaria" };
            let _ = writeln!(to, "{} (\"{class}\")", harmless(address));
        }
        self.about(
            "Ricevuta di accettazione",
            "il messaggio",
            &format!("ed indirizzato a:\n{to}"),
            "è stato accettato dal sistema ed inoltrato.",
        )
    }

    //= PEC-3.1.2-09
    pub(super) fn non_acceptance(&self, error: &str) -> String {
        self.about(
            "Errore nell'accettazione del messaggio",
            "nel messaggio",
            &format!("ed indirizzato a:\n{}", self.recipients()),
            &format!("è stato rilevato un problema che ne impedisce l'accettazione:\n{}.\nIl messaggio non è stato accettato.", harmless(error)),
        )
    }

    //= PEC-3.1.5-16
    pub(super) fn envelope(&self) -> String {
        self.about(
            "Messaggio di posta certificata",
            "il messaggio",
            &format!("è stato inviato ed è indirizzato a:\n{}", self.recipients()),
            "Il messaggio originale è allegato (postacert.eml).",
        )
    }

    //= PEC-3.2.1-12
    pub(super) fn take_charge(&self, taken: &[String]) -> String {
        self.about(
            "Ricevuta di presa in carico",
            "il messaggio",
            &format!("ed indirizzato a:\n{}", lines(taken.iter())),
            "è stato accettato dal sistema, che ne prende in carico la consegna.",
        )
    }

    //= PEC-3.3.2.1-05
    pub(super) fn delivery(&self, recipient: &str, form: Form) -> String {
        let title = match form {
            Form::Complete => "Ricevuta di avvenuta consegna",
            Form::Brief => "Ricevuta breve di avvenuta consegna",
            Form::Concise => "Ricevuta sintetica di avvenuta consegna",
        };
        let done = "è stato consegnato nella casella di destinazione.";
        self.about(title, "il messaggio", &addressed_to(recipient), done)
    }

    //= PEC-3.3.3-08
    pub(super) fn non_delivery(&self, recipient: &str, error: &str) -> String {
        self.about(
            "Avviso di mancata consegna",
            "nel messaggio",
            &addressed_to(recipient),
            &format!("è stato rilevato un errore:\n{}.\nIl messaggio è stato rifiutato dal sistema.", harmless(error)),
        )
    }

    //= PEC-3.1.6-13
    //= PEC-3.1.6-14
    //= PEC-3.1.6-15
    pub(super) fn timeout(&self, recipient: &str, limit: Timeout, error: &str) -> String {
        let outcome = match limit {
            Timeout::TwelveHours => {
                "non è stato consegnato nelle prime 12 ore dal suo invio.\n\
                 Non si esclude che possa essere consegnato in seguito; conviene tuttavia considerare che l'invio\n\
                 potrebbe non andare a buon fine. Se nelle successive dodici ore non giungerà conferma dal destinatario,\n\
                 il sistema invierà un ulteriore avviso di mancata consegna."
            }
            Timeout::TwentyFourHours => {
                "non è stato consegnato entro 24 ore dal suo invio.\n\
                 La trasmissione è da considerarsi conclusa con esito negativo."
            }
        };
        let outcome = format!("{outcome}\nErrore: {}.", harmless(error));
        self.about(
            "Avviso di mancata consegna per superamento dei tempi massimi previsti",
            "il messaggio",
            &addressed_to(recipient),
            &outcome,
        )
    }

    //= PEC-3.1.3-07
    pub(super) fn virus_non_acceptance(&self, threat: &str) -> String {
        self.about(
            "Errore nell'accettazione del messaggio per presenza di virus",
            "nel messaggio",
            &format!("ed indirizzato a:\n{}", self.recipients()),
            &format!("{}\nIl messaggio non è stato accettato.", security_problem(threat)),
        )
    }

    //= PEC-3.2.3-11
    //= PEC-3.2.3-12
    pub(super) fn virus_detection(&self, recipient: &str, threat: &str) -> String {
        self.about(
            "Avviso di rilevazione virus informatico",
            "nel messaggio",
            &addressed_to(recipient),
            &format!("{}\nPer questo motivo il messaggio non è stato consegnato.", security_problem(threat)),
        )
    }

    //= PEC-3.2.4-09
    pub(super) fn virus_non_delivery(&self, recipient: &str, error: &str) -> String {
        self.about(
            "Avviso di mancata consegna per virus",
            "nel messaggio",
            &addressed_to(recipient),
            &format!("{}\nIl messaggio non è stato consegnato.", security_problem(error)),
        )
    }

    /// *Takes* a title, how the sentence takes up the message, to whom it went (lines), what became of it.
    fn about(&self, title: &str, message: &str, to: &str, outcome: &str) -> String {
        format!(
            "{title}\n\n{} {message}\n\"{}\"\nproveniente da \"{}\"\n{}\n{outcome}\n\nIdentificativo del messaggio: {}\n",
            when(self.time),
            subject(self.certified),
            harmless(&self.certified.sender),
            to.trim_end(),
            self.certified.pec_msgid
        )
    }

    fn recipients(&self) -> String {
        lines(self.certified.recipients.iter().map(|recipient| &recipient.address))
    }
}

/// The readable text of an anomaly envelope.
//= PEC-3.2.2-13
pub(super) fn anomaly(time: &LegalTime, subject: &str, sender: &str, recipients: &[String], reason: &str) -> String {
    format!(
        "Anomalia nel messaggio\n\n{} è stato ricevuto il messaggio\n\"{}\"\nproveniente da \"{}\"\ned indirizzato a:\n{}\
         I dati del messaggio non sono stati certificati per il seguente errore:\n{}.\n\nIl messaggio originale è allegato.\n",
        when(time),
        harmless(subject),
        harmless(sender),
        lines(recipients.iter()),
        harmless(reason)
    )
}

fn security_problem(threat: &str) -> String {
    format!("è stato rilevato un problema di sicurezza [{}].", harmless(threat))
}

//= PEC-4.2-04
fn when(time: &LegalTime) -> String {
    format!("Il giorno {} alle ore {} ({})", time.day, time.hour, time.zone)
}

fn subject(certified: &Certified) -> String {
    certified.subject.as_ref().map(|subject| harmless(&subject.text).into_owned()).unwrap_or_default()
}

fn addressed_to(recipient: &str) -> String {
    format!("ed indirizzato a \"{}\"", harmless(recipient))
}

fn lines<'a>(addresses: impl Iterator<Item = &'a String>) -> String {
    addresses.flat_map(|address| [harmless(address), "\n".into()]).collect()
}
