//! What all this does not prove.

use collaudo_record::Outcome;
use maud::{Markup, html};

use super::{Opinion, Role};

pub(super) fn section(opinion: &Opinion<'_>) -> Markup {
    let lang = opinion.lang;
    html! {
        section #limits {
            h2 { (lang.of("6. What this does not prove", "6. Che cosa tutto ciò non prova")) }
            ul { @for limit in limits(opinion) { (one(limit)) } }
        }
    }
}

/// What it is about, up to the first full stop, stands out.
fn one(limit: &str) -> Markup {
    let (about, said) = limit.split_once(". ").unwrap_or(("", limit));
    html! { li { b { (about) } ". " (said) } }
}

/// In the order of their weight; those that do not apply are left out.
fn limits(opinion: &Opinion<'_>) -> Vec<&'static str> {
    let mut limits = certificate(opinion);
    limits.extend(message(opinion));
    limits.extend(document(opinion));
    limits
}

/// On whose certificate it is, and since when.
fn certificate(opinion: &Opinion<'_>) -> Vec<&'static str> {
    let lang = opinion.lang;
    let given = |role| opinion.anchors.iter().any(|document| document.role == role);
    let mut limits = vec![lang.of(
        "Times. The time of signing and the certified times are claims of the provider, by its own clock. No time stamp of a third party was examined.",
        "Tempi. L'ora della firma e le ore certificate sono affermazioni del gestore, secondo il suo orologio. Nessuna marca temporale di terzi è stata esaminata.",
    )];
    limits.push(if given(Role::Trust) {
        lang.of(
            "Trusted certificates. They were taken as they were given (section 3); that they are the authentic ones was not examined.",
            "Certificati fidati. Sono stati presi come indicati (sezione 3); che siano quelli autentici non è stato esaminato.",
        )
    } else {
        lang.of(
            "Signer. No certificates to trust were given. A signature that holds shows that content and certificate belong together, not that the certificate is a provider's.",
            "Firmatario. Nessun certificato fidato è stato indicato. Una firma che regge mostra che contenuto e certificato vanno insieme, non che il certificato sia di un gestore.",
        )
    });
    limits.push(if given(Role::Index) {
        lang.of(
            "Index of providers. It was taken as it was given and as it is now; its own signature, and what it held on the day of the message, were not examined.",
            "Indice dei gestori. È stato preso come indicato e com'è ora; la sua firma, e ciò che conteneva il giorno del messaggio, non sono stati esaminati.",
        )
    } else {
        lang.of(
            "Provider. No index of providers was given: that the signer was an accredited provider was not examined.",
            "Gestore. Nessun indice dei gestori è stato indicato: che il firmatario fosse un gestore accreditato non è stato esaminato.",
        )
    });
    if !given(Role::Revocation) {
        limits.push(lang.of(
            "Revocation. No list of revoked certificates was given: whether a certificate had been revoked was not examined.",
            "Revoca. Nessuna lista dei certificati revocati è stata indicata: se un certificato fosse revocato non è stato esaminato.",
        ));
    }
    if opinion
        .messages
        .iter()
        .any(|message| message.inspection.signature.digest.to_ascii_lowercase().replace('-', "") == "sha1")
    {
        limits.push(lang.of(
            "SHA-1. At least one signature rests on this method, for which two contents with the same digest can be made on purpose. What it says of an old message is worth less than what a newer method says.",
            "SHA-1. Almeno una firma si fonda su questo metodo, per il quale si possono costruire ad arte due contenuti con la stessa impronta. Ciò che dice di un vecchio messaggio vale meno di quanto dice un metodo più recente.",
        ));
    }
    limits
}

/// On what a message says and how it came here.
fn message(opinion: &Opinion<'_>) -> Vec<&'static str> {
    let lang = opinion.lang;
    vec![
        lang.of(
            "Outer header. What a mail program shows as subject, sender, addressees and date stands outside the signature and can be changed without breaking it. Where it differs from the signed data, section 4 says so.",
            "Intestazione esterna. Ciò che un programma di posta mostra come oggetto, mittente, destinatari e data sta fuori dalla firma e si può cambiare senza romperla. Dove differisce dai dati firmati, la sezione 4 lo dice.",
        ),
        lang.of(
            "Persons. A certified sender is an account. Who used it, and who opened a mailbox, was not examined and cannot be seen here.",
            "Persone. Il mittente certificato è un'utenza. Chi l'abbia usata, e chi abbia aperto una casella, non è stato esaminato e qui non si vede.",
        ),
        lang.of(
            "Content. What the original message and its attachments say, and whether it is true, was not examined.",
            "Contenuto. Ciò che il messaggio originale e i suoi allegati dicono, e se sia vero, non è stato esaminato.",
        ),
        lang.of(
            "Custody. How the files came here, and from which mailbox, was not examined; the sums of section 2 name the octets that were.",
            "Custodia. Come i file siano giunti qui, e da quale casella, non è stato esaminato; le somme della sezione 2 identificano gli ottetti esaminati.",
        ),
        lang.of(
            "Completeness. That a receipt is not among the files does not show that it was never issued.",
            "Completezza. Che una ricevuta non sia tra i file non mostra che non sia mai stata emessa.",
        ),
    ]
}

/// On the examination itself.
fn document(opinion: &Opinion<'_>) -> Vec<&'static str> {
    let lang = opinion.lang;
    let verdicts = || opinion.messages.iter().flat_map(|message| &message.inspection.verdicts);
    let decided = |outcome| matches!(outcome, Outcome::Pass | Outcome::Fail | Outcome::Deviation);
    let mut limits = vec![lang.of(
        "Rules. Only requirements that one stored message can decide were applied. What a provider must do apart from its messages (its log, its mailboxes, its times of work) is not seen in them.",
        "Regole. Si sono applicati solo i requisiti che un messaggio conservato può da solo decidere. Ciò che un gestore deve fare al di là dei messaggi (registro, caselle, tempi di lavoro) in essi non si vede.",
    )];
    if verdicts().any(|verdict| verdict.source != "read" && decided(verdict.verdict)) {
        limits.push(lang.of(
            "Sources. Some requirements come from knowledge of the subject; their text was not read. Findings on them are marked where they are told in full, and conforming rows among them are worth no more.",
            "Fonti. Alcuni requisiti vengono da conoscenza della materia; il loro testo non è stato letto. Le risultanze su di essi sono segnate dove riferite per esteso, e i requisiti rispettati tra essi non valgono di più.",
        ));
    }
    limits.push(lang.of(
        "Program. It can err. Section 7 tells how to look again with others.",
        "Programma. Può errare. La sezione 7 dice come ripetere l'esame con altri.",
    ));
    limits.push(lang.of(
        "Law. What effect the law gives to these messages is for those who apply it.",
        "Diritto. Quali effetti la legge dia a questi messaggi spetta a chi la applica.",
    ));
    limits
}
