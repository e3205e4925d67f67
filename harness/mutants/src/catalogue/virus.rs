//! Viruses: the three notices, what is put aside, what must never arrive.

use collaudo_forge::Entity;
use collaudo_record::Span;

use super::{CROSS, INFECTED_ENVELOPE, INFECTED_SUBMISSION, VIRUS_FOUND};
use crate::edit::{Said, bend_xml, finding, rewrite_texts};
use crate::pick::{DETECTION, ENVELOPE, NON_ACCEPTANCE, NON_DELIVERY, Pick, is_message};
use crate::{Bench, Unfit};

const FOR_BRUNO: Pick = DETECTION.about("bruno@beta.test");

mutants! {
    "virus-refusal-x-ricevuta-missing", INFECTED_SUBMISSION, "The non-acceptance notice for a virus does not say what it is.",
        ["2.1-12", "2.1.1.1.3-01", "3.1.3-03", "DM.6-01"],
        |b| b.drop_header(NON_ACCEPTANCE, "X-Ricevuta");
    "virus-refusal-x-ricevuta-english", INFECTED_SUBMISSION, "The non-acceptance notice for a virus names its kind in English.",
        ["3.1.3-03", "A-01", "DM.6-01"],
        |b| b.set_header(NON_ACCEPTANCE, "X-Ricevuta", "non-acceptance");
    "virus-refusal-security-missing", INFECTED_SUBMISSION, "The non-acceptance notice for a virus lacks X-VerificaSicurezza.",
        ["3.1.3-04"],
        |b| b.drop_header(NON_ACCEPTANCE, "X-VerificaSicurezza");
    "virus-refusal-security-english", INFECTED_SUBMISSION, "The non-acceptance notice for a virus says X-VerificaSicurezza: error.",
        ["3.1.3-04", "A-01"],
        |b| b.set_header(NON_ACCEPTANCE, "X-VerificaSicurezza", "error");
    "virus-refusal-subject-prefix", INFECTED_SUBMISSION, "The non-acceptance notice for a virus has the subject of a formal one.",
        ["3.1.3-05"],
        |b| b.prefix(NON_ACCEPTANCE, "AVVISO DI NON ACCETTAZIONE: ");
    "virus-refusal-subject-other", INFECTED_SUBMISSION, "The subject of the non-acceptance notice for a virus is not the original's.",
        ["3.1.3-05"],
        |b| b.other_subject(NON_ACCEPTANCE);
    "virus-refusal-date", INFECTED_SUBMISSION, "The Date of the non-acceptance notice for a virus is an hour late.",
        ["3.1.3-06", "4.1-02", "DM.9-01"],
        |b| b.date(NON_ACCEPTANCE, 3_600);
    "virus-refusal-from", INFECTED_SUBMISSION, "The non-acceptance notice for a virus comes from an address that its certificate does not name.",
        ["2.1-05", "2.2.6-01", "3.1.3-06"],
        |b| b.author_address(NON_ACCEPTANCE);
    "virus-refusal-to", INFECTED_SUBMISSION, "The non-acceptance notice for a virus is addressed to somebody else.",
        ["2.1-10", "3.1.3-06"],
        |b| b.set_header(NON_ACCEPTANCE, "To", "aldo@alfa.test");
    "virus-refusal-msgid-missing", INFECTED_SUBMISSION, "The non-acceptance notice for a virus does not repeat the client's identifier.",
        ["2.1.1.1.3-01", "2.2.1-14", "3.1.3-06"],
        |b| b.drop_header(NON_ACCEPTANCE, "X-Riferimento-Message-ID");
    "virus-refusal-msgid-other", INFECTED_SUBMISSION, "The non-acceptance notice for a virus repeats another identifier.",
        ["2.2.1-14", "3.1.3-06"],
        |b| b.set_header(NON_ACCEPTANCE, "X-Riferimento-Message-ID", "<un.altro@client.alfa.test>");
    "virus-refusal-text-day", INFECTED_SUBMISSION, "The text of the non-acceptance notice for a virus has no date.",
        ["3.1.3-07"], |b| b.unsaid(NON_ACCEPTANCE, Said::Day);
    "virus-refusal-text-subject", INFECTED_SUBMISSION, "The text of the non-acceptance notice for a virus has no subject.",
        ["3.1.3-07"], |b| b.unsaid(NON_ACCEPTANCE, Said::Subject);
    "virus-refusal-text-sender", INFECTED_SUBMISSION, "The text of the non-acceptance notice for a virus has no sender.",
        ["3.1.3-07"], |b| b.unsaid(NON_ACCEPTANCE, Said::Sender);
    "virus-refusal-text-recipients", INFECTED_SUBMISSION, "The text of the non-acceptance notice for a virus has no recipients.",
        ["3.1.3-07"], |b| b.unsaid(NON_ACCEPTANCE, Said::Recipients);
    "virus-refusal-text-identifier", INFECTED_SUBMISSION, "The text of the non-acceptance notice for a virus has no identifier.",
        ["3.1.3-07"], |b| b.unsaid(NON_ACCEPTANCE, Said::Identifier);
    "virus-refusal-text-virus", INFECTED_SUBMISSION, "The text of the non-acceptance notice for a virus does not say what was found.",
        ["3.1.3-07"], |b| b.unsaid(NON_ACCEPTANCE, Said::Finding);
    "virus-refusal-errore-altro", INFECTED_SUBMISSION, "The non-acceptance notice for a virus certifies a formal error.",
        ["3.1.3-08"],
        |b| b.xml(NON_ACCEPTANCE, |xml| xml.set_attribute("postacert", "errore", "altro"));
    "virus-refusal-tipo-invented", INFECTED_SUBMISSION, "The certification data of the non-acceptance notice for a virus has a kind that does not exist.",
        ["3.1.3-08", "4.4-02"],
        |b| b.xml(NON_ACCEPTANCE, |xml| xml.set_attribute("postacert", "tipo", "virus"));
    "virus-refusal-with-original", INFECTED_SUBMISSION, "The non-acceptance notice for a virus holds the infected original.",
        ["3.1.3-08"],
        |b| {
            let submitted = b.submitted()?;
            let original = b.trace.body(&submitted).unwrap_or_default().to_vec();
            b.parts(NON_ACCEPTANCE, |parts| {
                parts.push(attached(&original));
                true
            })
        };
    "virus-refusal-lost", INFECTED_SUBMISSION, "An infected submission is refused and nobody is told.",
        ["2.2.1-04", "3.1.3-02", "DPR.12-01"],
        |b| b.lose(NON_ACCEPTANCE);
    "virus-refusal-not-kept", INFECTED_SUBMISSION, "An infected submission is refused and thrown away.",
        ["2.2.1-04", "2.2.4-01", "2.2.4-02", "DM.11-01", "DPR.12-01"],
        |b| b.unretained("alfa");
    "virus-refusal-kept-altered", INFECTED_SUBMISSION, "An infected submission is disinfected before it is put aside.",
        ["2.2.1-04", "2.2.4-01", "2.2.4-02", "DM.11-01", "DPR.12-01"],
        |b| b.retained("alfa", |bytes| {
            let mut message = Entity::read(bytes);
            message.body = collaudo_forge::Body::Leaf(b"rimosso\r\n".to_vec());
            message.to_bytes()
        });
    "virus-accepted", CROSS, "An infected submission is accepted and sent on.",
        ["2.2.1-04", "2.2.4-01", "2.2.4-02", "3.1.3-01", "3.1.3-02", "5.4-01", "DM.11-01", "DPR.12-01"],
        |b| {
            b.infect()?;
            b.only("alfa");
            Ok(())
        };

    "detection-x-ricevuta-missing", INFECTED_ENVELOPE, "The virus-detection notice does not say what it is.",
        ["2.1-12", "2.1.1.1.3-01", "3.2.3-05", "DM.6-01"],
        |b| b.drop_header(FOR_BRUNO, "X-Ricevuta");
    "detection-x-ricevuta-english", INFECTED_ENVELOPE, "The virus-detection notice names its kind in English.",
        ["3.2.3-05", "A-01", "DM.6-01"],
        |b| b.set_header(FOR_BRUNO, "X-Ricevuta", "virus-detection");
    "detection-x-mittente-missing", INFECTED_ENVELOPE, "The virus-detection notice does not say who the sender is.",
        ["3.2.3-06"],
        |b| b.drop_header(FOR_BRUNO, "X-Mittente");
    "detection-x-mittente-other", INFECTED_ENVELOPE, "The virus-detection notice names another sender.",
        ["3.2.3-06"],
        |b| b.set_header(FOR_BRUNO, "X-Mittente", "altri@gamma.test");
    "detection-x-mittente-english", INFECTED_ENVELOPE, "The sender stands in a field with an English name.",
        ["3.2.3-06"],
        |b| b.edit(FOR_BRUNO, |message| {
            let Some(sender) = message.fields().get("X-Mittente") else { return false };
            message.fields_mut().set("X-Sender", &sender);
            message.fields_mut().remove("X-Mittente")
        });
    "detection-date", INFECTED_ENVELOPE, "The virus-detection notice's Date is an hour late.",
        ["3.2.3-07", "4.1-02", "DM.9-01"],
        |b| b.date(FOR_BRUNO, 3_600);
    "detection-subject-prefix", INFECTED_ENVELOPE, "The virus-detection notice's subject has another prefix.",
        ["3.2.3-08"],
        |b| b.prefix(FOR_BRUNO, "RILEVAZIONE VIRUS: ");
    "detection-subject-other", INFECTED_ENVELOPE, "The virus-detection notice's subject is not the original's.",
        ["3.2.3-08"],
        |b| b.other_subject(FOR_BRUNO);
    "detection-from", INFECTED_ENVELOPE, "The virus-detection notice comes from an address that its certificate does not name.",
        ["2.1-05", "2.2.6-01", "3.2.3-09"],
        |b| b.author_address(FOR_BRUNO);
    "detection-msgid-missing", INFECTED_ENVELOPE, "The virus-detection notice does not repeat the client's identifier.",
        ["2.1.1.1.3-01", "3.2.3-10"],
        |b| b.drop_header(FOR_BRUNO, "X-Riferimento-Message-ID");
    "detection-msgid-other", INFECTED_ENVELOPE, "The virus-detection notice repeats another identifier.",
        ["3.2.3-10"],
        |b| b.set_header(FOR_BRUNO, "X-Riferimento-Message-ID", "<un.altro@client.gamma.test>");
    "detection-text-day", INFECTED_ENVELOPE, "The virus-detection notice's text has no date.",
        ["3.2.3-11"], |b| b.unsaid(FOR_BRUNO, Said::Day);
    "detection-text-subject", INFECTED_ENVELOPE, "The virus-detection notice's text has no subject.",
        ["3.2.3-11"], |b| b.unsaid(FOR_BRUNO, Said::Subject);
    "detection-text-sender", INFECTED_ENVELOPE, "The virus-detection notice's text has no sender.",
        ["3.2.3-11"], |b| b.unsaid(FOR_BRUNO, Said::Sender);
    "detection-text-recipient", INFECTED_ENVELOPE, "The virus-detection notice's text does not say about whom.",
        ["3.2.3-11"], |b| b.unsaid(FOR_BRUNO, Said::Recipient);
    "detection-text-identifier", INFECTED_ENVELOPE, "The virus-detection notice's text has no identifier.",
        ["3.2.3-11"], |b| b.unsaid(FOR_BRUNO, Said::Identifier);
    "detection-text-virus", INFECTED_ENVELOPE, "The virus-detection notice's text does not say what was found.",
        ["3.2.3-11"], |b| b.unsaid(FOR_BRUNO, Said::Finding);
    "detection-explanation-missing", INFECTED_ENVELOPE, "The virus-detection notice does not certify what was found.",
        ["3.2.3-12"],
        |b| b.xml(FOR_BRUNO, |xml| xml.remove("errore-esteso"));
    "detection-tipo-invented", INFECTED_ENVELOPE, "The virus-detection notice's certification data has a kind that does not exist.",
        ["3.2.3-13", "4.4-02"],
        |b| b.xml(FOR_BRUNO, |xml| xml.set_attribute("postacert", "tipo", "virus"));
    "detection-consegna-missing", INFECTED_ENVELOPE, "The virus-detection notice does not certify about whom.",
        ["3.2.3-03", "3.2.3-13", "4.4-21"],
        |b| b.xml(FOR_BRUNO, |xml| xml.remove("consegna"));
    "detection-with-original", INFECTED_ENVELOPE, "The virus-detection notice holds the infected original.",
        ["3.2.3-13"],
        |b| {
            let (_, envelope) = b.first(ENVELOPE)?;
            let original = envelope.content().parts().find(|part| is_message(part)).cloned();
            b.parts(FOR_BRUNO, |parts| original.iter().any(|original| {
                parts.push(original.clone());
                true
            }))
        };
    "detection-lost", INFECTED_ENVELOPE, "An infected envelope is put aside and its sender's provider is not told.",
        ["2.2.2-19", "2.2.2-22", "3.2.3-02", "3.2.3-03", "DPR.12-02"],
        |b| {
            b.lose(Pick { nth: 1, ..DETECTION })?;
            b.lose(DETECTION)?;
            b.only("beta");
            Ok(())
        };
    "detection-lost-for-one", INFECTED_ENVELOPE, "Two recipients' message was infected, and one virus-detection notice is missing.",
        ["3.2.3-03"],
        |b| {
            b.lose(FOR_BRUNO)?;
            b.only("beta");
            Ok(())
        };
    "detection-twice", INFECTED_ENVELOPE, "There are two virus-detection notices about one recipient.",
        ["3.2.3-03"],
        |b| {
            b.double(FOR_BRUNO)?;
            b.only("beta");
            Ok(())
        };
    "detection-to-user", INFECTED_ENVELOPE, "The virus-detection notice is sent to the user and not to the service mailbox.",
        ["3.2.3-04"],
        |b| b.misdirect(FOR_BRUNO, "gamma", "carla@gamma.test");
    "infected-envelope-delivered", INFECTED_ENVELOPE, "An infected envelope lies in its recipient's mailbox too.",
        ["2.2.2-19", "3.2.3-01", "DPR.12-02"],
        |b| {
            b.store_too(ENVELOPE, "beta", "bruno@beta.test")?;
            b.only("beta");
            Ok(())
        };
    "infected-envelope-receipted", INFECTED_ENVELOPE, "There is a delivery receipt for an infected envelope.",
        ["2.1.1.1.1-05", "2.2.3-02", "3.3.2-01"],
        |b| b.delivery("beta", "bruno@beta.test", ENVELOPE, Span::from_secs(1));
    "infected-envelope-in-anomaly", INFECTED_ENVELOPE, "An infected envelope is delivered in an anomaly envelope.",
        ["2.2.2-04", "2.2.2-18", "2.2.2-19", "3.2.2-01", "3.2.3-01", "DPR.12-02"],
        |b| b.wrapped_too("gamma", "beta");
    "infected-envelope-not-kept", INFECTED_ENVELOPE, "An infected envelope is thrown away.",
        ["2.2.2-19", "2.2.4-01", "2.2.4-02", "DM.11-01", "DPR.12-02"],
        |b| b.unretained("beta");
    "infected-envelope-taken-for-clean", CROSS, "An infected envelope is delivered like any other.",
        [
            "2.2.2-19", "2.2.2-22", "2.2.4-01", "2.2.4-02", "3.2.3-01", "3.2.3-02", "3.2.3-03", "5.4-01", "DM.11-01",
            "DPR.12-02",
        ],
        |b| {
            b.infect()?;
            b.only("beta");
            Ok(())
        };

    "virus-non-delivery-x-ricevuta-missing", VIRUS_FOUND, "The non-delivery notice for a virus does not say what it is.",
        ["2.1-12", "2.1.1.1.3-01", "3.2.4-02", "DM.6-01"],
        |b| b.drop_header(NON_DELIVERY, "X-Ricevuta");
    "virus-non-delivery-x-ricevuta-invented", VIRUS_FOUND, "The non-delivery notice for a virus names its kind with a word that does not exist.",
        ["3.2.4-02", "A-01", "DM.6-01"],
        |b| b.set_header(NON_DELIVERY, "X-Ricevuta", "mancata-consegna");
    "virus-non-delivery-security-missing", VIRUS_FOUND, "The non-delivery notice for a virus lacks X-VerificaSicurezza.",
        ["3.2.4-03"],
        |b| b.drop_header(NON_DELIVERY, "X-VerificaSicurezza");
    "virus-non-delivery-date", VIRUS_FOUND, "The Date of the non-delivery notice for a virus is an hour late.",
        ["3.2.4-04", "4.1-02", "DM.9-01"],
        |b| b.date(NON_DELIVERY, 3_600);
    "virus-non-delivery-subject-prefix", VIRUS_FOUND, "The non-delivery notice for a virus has the subject of any other.",
        ["3.2.4-05"],
        |b| b.prefix(NON_DELIVERY, "AVVISO DI MANCATA CONSEGNA: ");
    "virus-non-delivery-from", VIRUS_FOUND, "The non-delivery notice for a virus comes from an address that its certificate does not name.",
        ["2.1-05", "2.2.6-01", "3.2.4-06"],
        |b| b.author_address(NON_DELIVERY);
    "virus-non-delivery-to", VIRUS_FOUND, "The non-delivery notice for a virus is addressed to somebody else.",
        ["2.1-10", "3.2.4-07"],
        |b| b.set_header(NON_DELIVERY, "To", "aldo@alfa.test");
    "virus-non-delivery-msgid-missing", VIRUS_FOUND, "The non-delivery notice for a virus does not repeat the client's identifier.",
        ["2.1.1.1.3-01", "2.2.1-14", "3.2.4-08"],
        |b| b.drop_header(NON_DELIVERY, "X-Riferimento-Message-ID");
    "virus-non-delivery-text-day", VIRUS_FOUND, "The text of the non-delivery notice for a virus has no date.",
        ["3.2.4-09"], |b| b.unsaid(NON_DELIVERY, Said::Day);
    "virus-non-delivery-text-subject", VIRUS_FOUND, "The text of the non-delivery notice for a virus has no subject.",
        ["3.2.4-09"], |b| b.unsaid(NON_DELIVERY, Said::Subject);
    "virus-non-delivery-text-recipient", VIRUS_FOUND, "The text of the non-delivery notice for a virus does not say to whom.",
        ["3.2.4-09"], |b| b.unsaid(NON_DELIVERY, Said::Recipient);
    "virus-non-delivery-text-identifier", VIRUS_FOUND, "The text of the non-delivery notice for a virus has no identifier.",
        ["3.2.4-09"], |b| b.unsaid(NON_DELIVERY, Said::Identifier);
    "virus-non-delivery-text-virus", VIRUS_FOUND, "The text of the non-delivery notice for a virus does not say what was found.",
        ["3.2.4-09"], |b| b.unsaid(NON_DELIVERY, Said::Finding);
    "virus-non-delivery-tipo-invented", VIRUS_FOUND, "The certification data of the non-delivery notice for a virus has a kind that does not exist.",
        ["3.2.4-11", "4.4-02"],
        |b| b.xml(NON_DELIVERY, |xml| xml.set_attribute("postacert", "tipo", "mancata-consegna"));
    "virus-non-delivery-errore-altro", VIRUS_FOUND, "The non-delivery notice for a virus certifies another error.",
        ["3.2.4-11"],
        |b| b.xml(NON_DELIVERY, |xml| xml.set_attribute("postacert", "errore", "altro"));
    "virus-non-delivery-consegna-missing", VIRUS_FOUND, "The non-delivery notice for a virus does not certify to whom.",
        ["3.2.4-11", "4.4-21"],
        |b| b.xml(NON_DELIVERY, |xml| xml.remove("consegna"));
    "virus-non-delivery-explanation-missing", VIRUS_FOUND, "The non-delivery notice for a virus does not certify why.",
        ["3.2.4-11"],
        |b| b.xml(NON_DELIVERY, |xml| xml.remove("errore-esteso"));
    "virus-non-delivery-explanation-other", VIRUS_FOUND, "The non-delivery notice for a virus certifies another virus than the notice that it answers.",
        ["3.2.4-10"],
        |b| other_virus(b);
    "virus-non-delivery-oggetto-other", VIRUS_FOUND, "The non-delivery notice for a virus certifies another subject than the notice that it answers.",
        ["3.2.4-10", "4.4-11"],
        |b| b.xml(NON_DELIVERY, |xml| xml.set_text("oggetto", "Tutt'altro"));
    "virus-non-delivery-lost", VIRUS_FOUND, "The other provider found a virus, and the user is not told.",
        ["2.2.2-24", "3.2.4-01", "DPR.8-01"],
        |b| b.lose(NON_DELIVERY);
    "virus-non-delivery-twice", VIRUS_FOUND, "The user gets two non-delivery notices for one virus-detection notice.",
        ["3.2.4-01"],
        |b| {
            b.double(NON_DELIVERY)?;
            b.only("alfa");
            Ok(())
        };
}

fn attached(original: &[u8]) -> Entity {
    let fields = "Content-Type: message/rfc822; name=\"postacert.eml\"\r\n\
                  Content-Disposition: attachment; filename=\"postacert.eml\"\r\n";
    Entity::leaf(fields, original)
}

/// Text and certification data agree, on something that the other provider did not say.
fn other_virus(bench: &mut Bench<'_>) -> Result<(), Unfit> {
    bench.edit(NON_DELIVERY, |message| {
        let why = collaudo_forge::Xml(message.daticert().unwrap_or_default()).text("errore-esteso").unwrap_or_default();
        let (found, other) = (finding(&why), "W32/Altro.A");
        rewrite_texts(message, &|text| text.replace(found, other))
            & bend_xml(message, |xml| xml.set_text("errore-esteso", &why.replace(found, other)))
    })
}
