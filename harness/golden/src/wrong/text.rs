//! The readable text: what it must say, and how it writes dates and hours.

use super::{Bench, bench::Bent};

bends! {
    "acceptance-text-day", "accettazione/complete", Valid,
        "The acceptance receipt's text has no date.",
        "Il testo della ricevuta di accettazione non ha la data.",
        ["3.1.4-07"], |b| b.unsaid("giorno");
    "acceptance-text-zone", "accettazione/mixed", Valid,
        "The acceptance receipt's text has no offset.",
        "Il testo della ricevuta di accettazione non ha la zona oraria.",
        ["3.1.4-07", "4.2-04"], |b| b.rezoned("");
    "acceptance-text-sender", "accettazione/complete", Valid,
        "The acceptance receipt's text has no sender.",
        "Il testo della ricevuta di accettazione non ha il mittente.",
        ["3.1.4-07"], |b| b.unsaid("mittente");
    "acceptance-text-identifier", "accettazione/mixed", Valid,
        "The acceptance receipt's text has no identifier.",
        "Il testo della ricevuta di accettazione non ha l'identificativo.",
        ["3.1.4-07"], |b| b.unsaid("identificativo");
    "acceptance-text-kinds", "accettazione/complete", Valid,
        "The acceptance receipt's text does not say which recipients are certified.",
        "Il testo della ricevuta di accettazione non dice quali destinatari sono di posta certificata.",
        ["2.2.1-08", "3.1.4-07"], |b| b.text(|text| text.replace("posta certificata", "posta"));
    "acceptance-text-ordinary-as-certified", "accettazione/mixed", Valid,
        "The text says of an ordinary recipient that it is certified.",
        "Il testo dice di un destinatario ordinario che è di posta certificata.",
        ["2.2.1-08", "3.1.4-07"], |b| b.text(|text| text.replace("posta ordinaria", "posta certificata"));
    "refusal-text-cause", "non-accettazione/non-acceptance-hidden", Valid,
        "The non-acceptance notice's text does not say why.",
        "Il testo dell'avviso di non accettazione non dice il motivo.",
        ["3.1.2-09"], |b| b.unsaid("errore-esteso");
    "virus-refusal-text-virus", "non-accettazione/virus", Valid,
        "The text of the non-acceptance notice for a virus does not say what was found.",
        "Il testo dell'avviso di non accettazione per virus non dice che cosa è stato trovato.",
        ["3.1.3-07"], |b| b.unsaid("errore-esteso");
    "envelope-text-subject", "posta-certificata/complete", Valid,
        "The envelope's text has no subject.",
        "Il testo della busta non ha l'oggetto.",
        ["3.1.5-16"], |b| b.unsaid("oggetto");
    "envelope-text-recipients", "posta-certificata/mixed", Valid,
        "The envelope's text has no recipients.",
        "Il testo della busta non ha i destinatari.",
        ["3.1.5-16"], |b| b.unsaid("destinatari");
    "take-charge-text-hour", "presa-in-carico/complete", Valid,
        "The take-charge receipt's text has no time.",
        "Il testo della ricevuta di presa in carico non ha l'ora.",
        ["3.2.1-12"], |b| b.unsaid("ora");
    "take-charge-text-recipients", "presa-in-carico/complete", Valid,
        "The take-charge receipt's text has no recipients.",
        "Il testo della ricevuta di presa in carico non ha i destinatari.",
        ["3.2.1-12"], |b| b.unsaid("ricezione");
    "delivery-text-recipient", "avvenuta-consegna/complete", Valid,
        "The delivery receipt's text does not say to whom.",
        "Il testo della ricevuta di avvenuta consegna non dice a chi.",
        ["3.3.2.1-05"], |b| b.unsaid("consegna");
    "delivery-text-identifier", "avvenuta-consegna/concise", Valid,
        "The delivery receipt's text has no identifier.",
        "Il testo della ricevuta di avvenuta consegna non ha l'identificativo.",
        ["3.3.2.1-05"], |b| b.unsaid("identificativo");
    "delivery-text-english", "avvenuta-consegna/complete-cc", Valid,
        "The delivery receipt's text is in English.",
        "Il testo della ricevuta di avvenuta consegna è in inglese.",
        ["PRACT-02"], in_english;
    "text-day-with-dashes", "avvenuta-consegna/complete", Valid,
        "The text writes the date with dashes.",
        "Il testo scrive la data con i trattini.",
        ["3.3.2.1-05", "4.2-02"], |b| b.resaid("giorno", |day| day.replace('/', "-"));
    "text-hour-without-seconds", "avvenuta-consegna/concise", Valid,
        "The text leaves the seconds out.",
        "Il testo tralascia i secondi.",
        ["3.3.2.1-05", "4.2-03"], |b| b.resaid("ora", |hour| hour.chars().take(5).collect());
    "text-other-offset", "avvenuta-consegna/complete-cc", Valid,
        "The text gives an offset that Rome never has.",
        "Il testo indica una zona oraria che Roma non ha mai.",
        ["3.3.2.1-05", "4.1-02", "4.2-01", "DM.9-01"], |b| b.rezoned("(+0700)");
    "text-zone-by-name", "avvenuta-consegna/complete", Valid,
        "The text names the zone and gives no offset.",
        "Il testo nomina la zona oraria e non ne dà la differenza.",
        ["3.3.2.1-05", "4.2-04"], |b| b.rezoned("(CET)");
    "non-delivery-text-cause", "errore-consegna/non-delivery-full", Valid,
        "The non-delivery notice's text does not say why.",
        "Il testo dell'avviso di mancata consegna non dice il motivo.",
        ["3.3.3-08", "AGID.12-01"], |b| b.unsaid("errore-esteso");
    "first-notice-without-second", "preavviso-errore-consegna/first-notice", Valid,
        "The first timeout notice's text does not say that another notice will follow.",
        "Il testo del primo avviso non dice che ne seguirà un altro.",
        ["3.1.6-13"], |b| b.text(|text| without_line(text, "Un altro avviso"));
    "second-notice-without-outcome", "preavviso-errore-consegna/second-notice", Valid,
        "The second timeout notice's text does not say that the transmission has failed.",
        "Il testo del secondo avviso non dice che la trasmissione è fallita.",
        ["3.1.6-14"], |b| b.text(|text| without_line(text, "La trasmissione"));
    "notice-text-recipient", "preavviso-errore-consegna/second-notice", Valid,
        "The second timeout notice's text does not say about whom.",
        "Il testo del secondo avviso non dice per quale destinatario.",
        ["3.1.6-15"], |b| b.unsaid("consegna");
    "detection-text-identifier", "rilevazione-virus/virus", Valid,
        "The virus-detection notice's text has no identifier.",
        "Il testo dell'avviso di rilevazione virus non ha l'identificativo.",
        ["3.2.3-11"], |b| b.unsaid("identificativo");
    "detection-text-finding", "rilevazione-virus/virus", Valid,
        "The virus-detection notice's text does not say what was found.",
        "Il testo dell'avviso di rilevazione virus non dice che cosa è stato trovato.",
        ["3.2.3-11", "3.2.3-12"], |b| b.unsaid("errore-esteso");
    "virus-non-delivery-text-finding", "errore-consegna/virus", Valid,
        "The text of the non-delivery notice for a virus does not say what was found.",
        "Il testo dell'avviso di mancata consegna per virus non dice che cosa è stato trovato.",
        ["3.2.4-09"], |b| b.unsaid("errore-esteso");
    "virus-non-delivery-text-identifier", "errore-consegna/virus", Valid,
        "The text of the non-delivery notice for a virus has no identifier.",
        "Il testo dell'avviso di mancata consegna per virus non ha l'identificativo.",
        ["3.2.4-09"], |b| b.unsaid("identificativo");
    "anomaly-text-certifies", "anomalia/anomaly-ordinary", Valid,
        "The anomaly envelope's text does not say that nothing is certified.",
        "Il testo della busta di anomalia non dice che nulla è certificato.",
        ["3.2.2-13"], |b| b.text(|text| text.replace("certificat", "verificat"));
}

/// Leaves out the line that begins with these words.
fn without_line(text: &str, words: &str) -> String {
    text.split_inclusive("\r\n").filter(|line| !line.starts_with(words)).collect()
}

/// All that the text says, in English, as the RFC words it.
fn in_english(b: &mut Bench<'_>) -> Bent {
    let xml = b.xml_now();
    let said = |name: &str| xml.text(name).unwrap_or_default();
    let zone = xml.attribute("data", "zona").unwrap_or_default();
    let text = format!(
        "Delivery PEC notification\r\n\r\nOn {} at {} ({zone}), the message \"{}\" originating from \"{}\"\r\n\
         and addressed to \"{}\" was placed in the destination's mailbox.\r\nMessage identifier: {}\r\n",
        said("giorno"),
        said("ora"),
        said("oggetto"),
        said("mittente"),
        said("consegna"),
        said("identificativo")
    );
    b.text(|_| text.clone())
}
