//! The certification data: what the DTD forbids, and what contradicts the rest of the message.

use collaudo_forge::Xml;

bends! {
    "data-parts-swapped", "avvenuta-consegna/complete", Valid,
        "dati stands before intestazione.",
        "L'elemento dati precede intestazione.",
        ["4.4-01"], |b| b.xml(|xml| moved_behind(xml, "intestazione", "dati"));
    "data-without-intestazione", "posta-certificata/complete", Valid,
        "There is no intestazione.",
        "Manca l'elemento intestazione.",
        ["4.4-01", "4.4-07", "4.4-08", "4.4-10", "4.4-11"], |b| b.xml(|xml| xml.remove("intestazione"));
    "data-without-intestazione-on-delivery", "avvenuta-consegna/complete", Valid,
        "The delivery receipt's certification data has no intestazione.",
        "Nei dati di certificazione della ricevuta di avvenuta consegna manca l'elemento intestazione.",
        ["4.4-01", "4.4-07", "4.4-08", "4.4-10", "4.4-11"], |b| b.xml(|xml| xml.remove("intestazione"));
    "data-empty", "accettazione/mixed", Valid,
        "The acceptance receipt certifies nothing: its data is empty.",
        "La ricevuta di accettazione non certifica nulla: i dati sono vuoti.",
        ["2.2.1-08", "4.4-01", "4.4-07", "4.4-08", "4.4-11", "4.4-13", "4.4-18"],
        |b| b.xml(|xml| xml.remove("intestazione") && xml.remove("dati"));
    "data-control-character", "avvenuta-consegna/brief", Valid,
        "The provider's name holds the control character U+0016, which XML does not allow.",
        "Il nome del gestore contiene il carattere di controllo U+0016, che l'XML non ammette.",
        ["4.4-01"], |b| b.xml(|xml| {
            let subject = xml.text("gestore-emittente").unwrap_or_default();
            xml.set_text("gestore-emittente", &format!("{subject}\u{16}"))
        });
    "data-control-reference", "accettazione/mixed", Valid,
        "The subject holds the reference &#18;, which XML does not allow.",
        "L'oggetto contiene il riferimento &#18;, che l'XML non ammette.",
        ["4.4-01"], |b| b.xml(|xml| replaced(xml, "</oggetto>", "&#18;</oggetto>"));
    "data-ampersand-bare", "errore-consegna/non-delivery-full", Valid,
        "An ampersand in the reason is not escaped.",
        "Una e commerciale nel motivo non è codificata.",
        ["4.4-01"], |b| b.xml(|xml| replaced(xml, "</errore-esteso>", " & altro</errore-esteso>"));
    "data-tag-unclosed", "errore-consegna/virus", Valid,
        "An element is not closed.",
        "Un elemento non è chiuso.",
        ["4.4-01"], |b| b.xml(|xml| replaced(xml, "</errore-esteso>", ""));
    "tipo-missing", "accettazione/complete", Valid,
        "The acceptance receipt's certification data has no kind.",
        "I dati di certificazione della ricevuta di accettazione non hanno il tipo.",
        ["3.1.4-08", "4.4-02"], |b| b.xml(|xml| xml.remove_attribute("postacert", "tipo"));
    "tipo-english", "accettazione/mixed", Valid,
        "The acceptance receipt's certification data names its kind in English.",
        "I dati di certificazione della ricevuta di accettazione indicano il tipo in inglese.",
        ["3.1.4-08", "4.4-02"], |b| b.xml(|xml| xml.set_attribute("postacert", "tipo", "acceptance"));
    "tipo-invented", "errore-consegna/non-delivery-full", Valid,
        "The non-delivery notice certifies a kind that does not exist.",
        "L'avviso di mancata consegna certifica un tipo che non esiste.",
        ["3.3.3-09", "4.4-02"], |b| b.xml(|xml| xml.set_attribute("postacert", "tipo", "mancata-consegna"));
    "errore-on-acceptance", "accettazione/complete", Valid,
        "The acceptance receipt certifies an error.",
        "La ricevuta di accettazione certifica un errore.",
        ["3.1.4-08"], |b| b.xml(|xml| xml.set_attribute("postacert", "errore", "altro"));
    "errore-invented", "accettazione/mixed", Valid,
        "The acceptance receipt certifies an error that does not exist.",
        "La ricevuta di accettazione certifica un errore che non esiste.",
        ["3.1.4-08", "4.4-03"], |b| b.xml(|xml| xml.set_attribute("postacert", "errore", "nessun errore"));
    "errore-no-dest-on-acceptance", "accettazione/complete", Valid,
        "The acceptance receipt certifies a wrong recipient.",
        "La ricevuta di accettazione certifica un destinatario errato.",
        ["3.1.4-08", "4.4-04"], |b| b.xml(|xml| xml.set_attribute("postacert", "errore", "no-dest"));
    "errore-virus-on-take-charge", "presa-in-carico/complete", Valid,
        "The take-charge receipt certifies a virus.",
        "La ricevuta di presa in carico certifica un virus.",
        ["3.2.1-13", "4.4-05"], |b| b.xml(|xml| xml.set_attribute("postacert", "errore", "virus"));
    "errore-none-on-refusal", "non-accettazione/non-acceptance-bcc", Valid,
        "The non-acceptance notice certifies that there is no error.",
        "L'avviso di non accettazione certifica che non c'è errore.",
        ["3.1.2-10"], |b| b.xml(|xml| xml.set_attribute("postacert", "errore", "nessuno"));
    "errore-none-on-non-delivery", "errore-consegna/non-delivery-disabled", Valid,
        "The non-delivery notice certifies that there is no error.",
        "L'avviso di mancata consegna certifica che non c'è errore.",
        ["3.3.3-09"], |b| b.xml(|xml| xml.set_attribute("postacert", "errore", "nessuno"));
    "errore-altro-on-virus", "non-accettazione/virus", Valid,
        "The non-acceptance notice for a virus certifies a formal error.",
        "L'avviso di non accettazione per virus certifica un errore formale.",
        ["3.1.3-08"], |b| b.xml(|xml| xml.set_attribute("postacert", "errore", "altro"));
    "mittente-missing", "posta-certificata/complete", Valid,
        "The envelope certifies no sender.",
        "La busta non certifica alcun mittente.",
        ["4.4-06", "4.4-07"], |b| b.xml(|xml| xml.remove("mittente"));
    "mittente-other", "posta-certificata/complete", Valid,
        "The envelope certifies another sender than wrote the original.",
        "La busta certifica un mittente diverso da chi ha scritto l'originale.",
        ["4.4-07"], |b| b.xml(|xml| xml.set_text("mittente", "aldo@esterno.test"));
    "mittente-other-on-acceptance", "accettazione/complete", Valid,
        "The acceptance receipt certifies another sender than its To and its text name.",
        "La ricevuta di accettazione certifica un mittente diverso da quello del campo To e del testo.",
        ["4.4-07"], |b| b.xml(|xml| xml.set_text("mittente", "aldo@esterno.test"));
    "mittente-other-on-delivery", "avvenuta-consegna/complete", Valid,
        "The delivery receipt certifies another sender than wrote the original.",
        "La ricevuta di avvenuta consegna certifica un mittente diverso da chi ha scritto l'originale.",
        ["4.4-07"], |b| b.xml(|xml| xml.set_text("mittente", "aldo@esterno.test"));
    "oggetto-other-on-acceptance", "accettazione/complete", Valid,
        "The acceptance receipt certifies another subject than its header and its text have.",
        "La ricevuta di accettazione certifica un oggetto diverso da quello dell'intestazione e del testo.",
        ["4.4-11"], |b| b.xml(|xml| xml.set_text("oggetto", "Tutt'altro"));
    "destinatari-missing", "posta-certificata/brief", Valid,
        "The envelope certifies no recipient.",
        "La busta non certifica alcun destinatario.",
        ["4.4-06", "4.4-08"], |b| b.xml(|xml| {
            let mut found = false;
            while xml.remove("destinatari") {
                found = true;
            }
            found
        });
    "destinatari-tipo-invented", "posta-certificata/mixed", Valid,
        "The envelope certifies a kind of recipient that does not exist.",
        "La busta certifica un tipo di destinatario che non esiste.",
        ["4.4-09"], |b| b.xml(|xml| xml.set_attribute("destinatari", "tipo", "interno"));
    "destinatari-tipo-belied", "accettazione/complete", Valid,
        "The certification data says of a recipient that it is ordinary, the text that it is certified.",
        "I dati di certificazione dicono di un destinatario che è esterno, il testo che è di posta certificata.",
        ["2.2.1-08", "3.1.4-07"], |b| b.xml(|xml| xml.set_attribute("destinatari", "tipo", "esterno"));
    "risposte-missing", "posta-certificata/complete", Valid,
        "The envelope certifies no reply address.",
        "La busta non certifica l'indirizzo per le risposte.",
        ["4.4-06", "4.4-10"], |b| b.xml(|xml| xml.remove("risposte"));
    "risposte-before-destinatari", "avvenuta-consegna/complete", Valid,
        "The reply address stands before the recipients.",
        "L'indirizzo per le risposte precede i destinatari.",
        ["4.4-06"], |b| b.xml(|xml| {
            let Some(element) = xml.element("risposte") else { return false };
            xml.remove("risposte") && xml.insert_before("destinatari", &element)
        });
    "oggetto-other", "posta-certificata/mixed", Valid,
        "The envelope certifies another subject than the original's.",
        "La busta certifica un oggetto diverso da quello dell'originale.",
        ["4.4-11"], |b| b.xml(|xml| xml.set_text("oggetto", "Tutt'altro"));
    "oggetto-other-on-delivery", "avvenuta-consegna/brief", Valid,
        "The delivery receipt certifies another subject.",
        "La ricevuta di avvenuta consegna certifica un altro oggetto.",
        ["4.4-11"], |b| b.xml(|xml| xml.set_text("oggetto", "Tutt'altro"));
    "gestore-missing", "avvenuta-consegna/concise", Valid,
        "The delivery receipt does not certify which provider speaks.",
        "La ricevuta di avvenuta consegna non certifica quale gestore parla.",
        ["4.4-12", "4.4-13"], |b| b.xml(|xml| xml.remove("gestore-emittente"));
    "gestore-empty", "avvenuta-consegna/complete-cc", Valid,
        "The certifying provider has no name.",
        "Il gestore che certifica non ha nome.",
        ["4.4-13"], |b| b.xml(|xml| xml.set_text("gestore-emittente", ""));
    "dati-order", "avvenuta-consegna/complete", Valid,
        "The time stands before the provider.",
        "La data precede il gestore.",
        ["4.4-12"], |b| b.xml(|xml| moved_behind(xml, "gestore-emittente", "data"));
    "dati-unknown-element", "avvenuta-consegna/brief", Valid,
        "The certification data holds an element of the provider's own.",
        "I dati di certificazione contengono un elemento proprio del gestore.",
        ["4.4-12"], |b| b.xml(|xml| xml.insert_after("identificativo", "<numero>7</numero>"));
    "data-missing", "presa-in-carico/complete", Valid,
        "The take-charge receipt certifies no time.",
        "La ricevuta di presa in carico non certifica data e ora.",
        ["4.4-12"], |b| b.xml(|xml| xml.remove("data"));
    "hour-other", "avvenuta-consegna/concise", Valid,
        "The delivery receipt certifies another hour than its Date and its text.",
        "La ricevuta di avvenuta consegna certifica un'ora diversa da quella del campo Date e del testo.",
        ["4.1-02", "DM.9-01"], |b| b.xml(|xml| {
            let hour = xml.text("ora").unwrap_or_default();
            let new = if hour.starts_with("04") { "05" } else { "04" };
            xml.set_text("ora", &format!("{new}{}", hour.get(2..).unwrap_or_default()))
        });
    "zona-missing", "avvenuta-consegna/complete-cc", Valid,
        "The certified time has no zone.",
        "L'ora certificata non ha la zona.",
        ["4.4-14"], |b| b.xml(|xml| xml.remove_attribute("data", "zona"));
    "zona-with-colon", "avvenuta-consegna/complete", Valid,
        "The zone is written with a colon.",
        "La zona è scritta con i due punti.",
        ["4.4-15"], |b| b.xml(|xml| {
            let zone = xml.attribute("data", "zona").unwrap_or_default();
            let (hours, minutes) = zone.split_at_checked(3).unwrap_or((&zone, ""));
            let colon = format!("{hours}:{minutes}");
            xml.set_attribute("data", "zona", &colon)
        });
    "giorno-iso", "avvenuta-consegna/brief", Valid,
        "The certified day is written year first.",
        "Il giorno certificato è scritto con l'anno per primo.",
        ["4.4-16"], |b| b.xml(|xml| {
            let day = xml.text("giorno").unwrap_or_default();
            xml.set_text("giorno", &day.split('/').rev().collect::<Vec<_>>().join("-"))
        });
    "giorno-missing", "avvenuta-consegna/concise", Valid,
        "The certified time has no day.",
        "All'ora certificata manca il giorno.",
        ["4.4-14"], |b| b.xml(|xml| xml.remove("giorno"));
    "ora-with-dots", "avvenuta-consegna/complete-cc", Valid,
        "The certified hour is written with dots.",
        "L'ora certificata è scritta con i punti.",
        ["4.4-17"], |b| b.xml(|xml| {
            let hour = xml.text("ora").unwrap_or_default();
            xml.set_text("ora", &hour.replace(':', "."))
        });
    "identificativo-other", "posta-certificata/concise", Valid,
        "The envelope certifies another identifier than its Message-ID.",
        "La busta certifica un identificativo diverso dal suo Message-ID.",
        ["2.2.1-11", "3.1.5-12", "4.4-18"], |b| b.xml(|xml| {
            let id = xml.text("identificativo").unwrap_or_default();
            xml.set_text("identificativo", &format!("altro.{id}"))
        });
    "msgid-missing", "posta-certificata/brief", Valid,
        "The envelope does not certify the client's identifier.",
        "La busta non certifica l'identificativo del client.",
        ["2.2.1-15", "4.4-19"], |b| b.xml(|xml| xml.remove("msgid"));
    "msgid-other", "avvenuta-consegna/complete", Valid,
        "The delivery receipt certifies another client's identifier than its header has.",
        "La ricevuta di avvenuta consegna certifica un identificativo del client diverso da quello dell'intestazione.",
        ["2.2.1-15", "4.4-19"], |b| b.xml(|xml| xml.set_text("msgid", "<un.altro@client.test>"));
    "ricevuta-missing", "posta-certificata/mixed", Valid,
        "The envelope does not certify which receipt is asked for.",
        "La busta non certifica quale ricevuta è richiesta.",
        ["3.1.5-18", "4.4-20"], |b| b.xml(|xml| xml.remove("ricevuta"));
    "ricevuta-other", "posta-certificata/complete", Valid,
        "The envelope certifies another form than its header asks for.",
        "La busta certifica un tipo di ricevuta diverso da quello chiesto nell'intestazione.",
        ["3.1.5-18"], |b| b.xml(|xml| xml.set_attribute("ricevuta", "tipo", "sintetica"));
    "ricevuta-invented", "avvenuta-consegna/complete", Valid,
        "The delivery receipt certifies a form that does not exist.",
        "La ricevuta di avvenuta consegna certifica un tipo che non esiste.",
        ["3.3.2.1-06", "4.4-20"], |b| b.xml(|xml| xml.set_attribute("ricevuta", "tipo", "lunga"));
    "ricevuta-on-take-charge", "presa-in-carico/complete", Valid,
        "The take-charge receipt certifies a form of delivery receipt.",
        "La ricevuta di presa in carico certifica un tipo di ricevuta di consegna.",
        ["4.4-20"], |b| b.xml(|xml| xml.insert_before("ricezione", "<ricevuta tipo=\"completa\"/>"));
    "consegna-missing", "avvenuta-consegna/concise", Valid,
        "The delivery receipt does not certify to whom.",
        "La ricevuta di avvenuta consegna non certifica a chi.",
        ["3.3.2.1-06", "4.4-21"], |b| b.xml(|xml| xml.remove("consegna"));
    "consegna-on-acceptance", "accettazione/complete", Valid,
        "The acceptance receipt certifies a delivery.",
        "La ricevuta di accettazione certifica una consegna.",
        ["4.4-21"], |b| b.xml(|xml| xml.insert_after("msgid", "<consegna>bruno@beta.test</consegna>"));
    "consegna-missing-on-notice", "preavviso-errore-consegna/first-notice", Valid,
        "The first timeout notice does not certify about whom.",
        "Il primo avviso di superamento dei tempi massimi non certifica per chi.",
        ["3.1.6-17", "4.4-21"], |b| b.xml(|xml| xml.remove("consegna"));
    "ricezione-missing", "presa-in-carico/complete", Valid,
        "The take-charge receipt does not certify for whom.",
        "La ricevuta di presa in carico non certifica per chi.",
        ["3.2.1-03", "3.2.1-13", "4.4-22"], |b| b.xml(|xml| {
            let mut found = false;
            while xml.remove("ricezione") {
                found = true;
            }
            found
        });
    "ricezione-on-acceptance", "accettazione/mixed", Valid,
        "The acceptance receipt certifies for whom it took charge.",
        "La ricevuta di accettazione certifica per chi ha preso in carico.",
        ["4.4-22"], |b| b.xml(|xml| xml.insert_after("msgid", "<ricezione>bruno@beta.test</ricezione>"));
    "code-missing", "errore-consegna/non-delivery-unknown-altro", Valid,
        "The non-delivery notice certifies a reason without its code.",
        "L'avviso di mancata consegna certifica un motivo senza il suo codice.",
        ["AGID.12-01"], |b| b.xml(|xml| replaced(xml, "<errore-esteso>5.1.1 - ", "<errore-esteso>"));
    "mailbox-full-as-unknown", "errore-consegna/non-delivery-full", Valid,
        "A full mailbox is certified as a recipient that does not exist.",
        "Una casella piena è certificata come destinatario inesistente.",
        ["AGID.12-02"], |b| b.xml(|xml| xml.set_attribute("postacert", "errore", "no-dest"));
    "brief-certified-as-complete", "avvenuta-consegna/brief", Valid,
        "A brief receipt certifies that it is complete.",
        "Una ricevuta breve certifica di essere completa.",
        ["3.3.2.2-15"], |b| b.xml(|xml| xml.set_attribute("ricevuta", "tipo", "completa"));
    "explanation-missing", "errore-consegna/non-delivery-unknown-altro", Valid,
        "The non-delivery notice does not certify why.",
        "L'avviso di mancata consegna non certifica il motivo.",
        ["3.3.3-09"] + ["4.4-23"], |b| b.xml(|xml| xml.remove("errore-esteso"));
}

/// Moves an element behind another.
fn moved_behind(xml: &mut Xml, name: &str, other: &str) -> bool {
    let Some(element) = xml.element(name) else { return false };
    xml.remove(name) && xml.insert_after(other, &element)
}

fn replaced(xml: &mut Xml, old: &str, new: &str) -> bool {
    let before = xml.0.clone();
    xml.0 = before.replacen(old, new, 1);
    xml.0 != before
}
