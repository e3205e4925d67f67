//! The outer header, which no signature covers: whoever has the message can edit it.

bends! {
    "acceptance-kind-missing", "accettazione/complete", Valid,
        "The acceptance receipt does not say what it is.",
        "La ricevuta di accettazione non indica che cosa sia.",
        ["2.1-12", "2.1.1.1.1-01", "3.1.4-01", "DM.6-01"], |b| b.drop("X-Ricevuta");
    "acceptance-kind-english", "accettazione/mixed", Valid,
        "The acceptance receipt names its kind in English.",
        "La ricevuta di accettazione indica il proprio tipo in inglese.",
        ["2.1.1.1.1-01", "3.1.4-01", "A-01", "DM.6-01"], |b| b.set("X-Ricevuta", "server-user-acceptance");
    "acceptance-two-kinds", "accettazione/complete", Valid,
        "The acceptance receipt says that it is an envelope too.",
        "La ricevuta di accettazione si dichiara anche busta di trasporto.",
        ["2.1-12", "DM.6-01"], |b| b.set("X-Trasporto", "posta-certificata");
    "acceptance-name-english", "accettazione/mixed", Valid,
        "The client's identifier stands in a field with an English name.",
        "L'identificativo del client sta in un campo con nome inglese.",
        ["2.2.1-15", "3.1.4-06", "4.4-19", "A-01"],
        |b| b.rename("X-Riferimento-Message-ID", "X-Reference-Message-Identifier");
    "acceptance-date", "accettazione/complete", Valid,
        "The acceptance receipt's Date is an hour late.",
        "Il campo Date della ricevuta di accettazione è avanti di un'ora.",
        ["3.1.4-02", "4.1-02", "DM.9-01"], |b| b.date(3_600);
    "acceptance-date-missing", "accettazione/mixed", Valid,
        "The acceptance receipt has no Date.",
        "La ricevuta di accettazione non ha il campo Date.",
        ["3.1.4-02"], |b| b.drop("Date");
    "acceptance-subject-prefix", "accettazione/complete", Valid,
        "The acceptance receipt's subject has another prefix.",
        "L'oggetto della ricevuta di accettazione ha un altro prefisso.",
        ["3.1.4-03"], |b| b.prefix("ACCETTATO: ");
    "acceptance-subject-edited", "accettazione/mixed", Valid,
        "The subject was edited after signing: it is not the one that is certified.",
        "L'oggetto è stato modificato dopo la firma: non è quello certificato.",
        ["3.1.4-03"], |b| b.other_subject();
    "acceptance-from", "accettazione/complete", Valid,
        "The acceptance receipt comes from an address that its certificate does not name.",
        "La ricevuta di accettazione proviene da un indirizzo diverso da quello del certificato.",
        ["2.1-05", "3.1.4-04"], |b| b.author_address();
    "acceptance-to", "accettazione/mixed", Valid,
        "The acceptance receipt is addressed to somebody else.",
        "La ricevuta di accettazione è indirizzata a qualcun altro.",
        ["3.1.4-05"], |b| b.set("To", "aldo@alfa.test");
    "acceptance-msgid-missing", "accettazione/complete", Valid,
        "The acceptance receipt's header does not repeat the client's identifier, which is certified.",
        "L'intestazione della ricevuta di accettazione non riporta l'identificativo del client, che è certificato.",
        ["2.2.1-15", "3.1.4-06", "4.4-19"], |b| b.drop("X-Riferimento-Message-ID");
    "acceptance-msgid-other", "accettazione/mixed", Valid,
        "The acceptance receipt's header has another identifier than the one that is certified.",
        "L'intestazione della ricevuta di accettazione ha un identificativo diverso da quello certificato.",
        ["2.2.1-15", "3.1.4-06", "4.4-19"], |b| b.set("X-Riferimento-Message-ID", "<un.altro@client.test>");

    "refusal-kind-english", "non-accettazione/virus", Valid,
        "The non-acceptance notice for a virus names its kind in English.",
        "L'avviso di non accettazione per virus indica il proprio tipo in inglese.",
        ["3.1.3-03", "A-01", "DM.6-01"], |b| b.set("X-Ricevuta", "non-acceptance");
    "refusal-security-missing", "non-accettazione/virus", Valid,
        "The non-acceptance notice for a virus lacks X-VerificaSicurezza.",
        "L'avviso di non accettazione per virus non ha il campo X-VerificaSicurezza.",
        ["3.1.3-04"], |b| b.drop("X-VerificaSicurezza");
    "refusal-subject-prefix", "non-accettazione/virus", Valid,
        "The non-acceptance notice for a virus has the subject of a formal one.",
        "L'avviso di non accettazione per virus ha l'oggetto di quello per eccezioni formali.",
        ["3.1.3-05"], |b| b.prefix("AVVISO DI NON ACCETTAZIONE: ");
    "refusal-date", "non-accettazione/non-acceptance-bcc", Valid,
        "The non-acceptance notice's Date is an hour late.",
        "Il campo Date dell'avviso di non accettazione è avanti di un'ora.",
        ["3.1.2-04", "4.1-02", "DM.9-01"], |b| b.date(3_600);
    "refusal-formal-with-security", "non-accettazione/non-acceptance-no-to", Valid,
        "A notice that has nothing to do with a virus carries X-VerificaSicurezza.",
        "Un avviso che non riguarda virus ha il campo X-VerificaSicurezza.",
        ["2.1.1.1.3-02"], |b| b.set("X-VerificaSicurezza", "errore");

    "envelope-kind-missing", "posta-certificata/complete", Valid,
        "The envelope does not say what it is.",
        "La busta di trasporto non indica che cosa sia.",
        ["2.1-12", "2.1.1.2-07", "3.1.5-07", "DM.6-01"], |b| b.drop("X-Trasporto");
    "envelope-with-receipt-field", "posta-certificata/concise", Valid,
        "The envelope claims to be a delivery receipt as well.",
        "La busta di trasporto si dichiara anche ricevuta di avvenuta consegna.",
        ["2.1-12", "DM.6-01"], |b| b.set("X-Ricevuta", "avvenuta-consegna");
    "envelope-date", "posta-certificata/brief", Valid,
        "The envelope's Date is an hour late.",
        "Il campo Date della busta è avanti di un'ora.",
        ["3.1.5-08", "4.1-02", "DM.9-01"], |b| b.date(3_600);
    "envelope-subject-prefix", "posta-certificata/mixed", Valid,
        "The envelope's subject has no prefix.",
        "L'oggetto della busta non ha prefisso.",
        ["3.1.5-09"], |b| b.prefix("");
    "envelope-subject-edited", "posta-certificata/complete", Valid,
        "The subject was edited after signing: it is not that of the enclosed original.",
        "L'oggetto è stato modificato dopo la firma: non è quello del messaggio originale allegato.",
        ["3.1.5-09"], |b| b.other_subject();
    "envelope-from-english", "posta-certificata/concise", Valid,
        "The envelope's author is shown in English, as the RFC prints it.",
        "L'autore della busta è mostrato in inglese, come lo stampa la RFC.",
        ["PRACT-01"] + ["3.1.5-10"], |b| b.author_shown("Per conto di:", "On behalf of:");
    "envelope-on-behalf-of-another", "posta-certificata/brief", Valid,
        "The envelope is shown on behalf of somebody else.",
        "La busta è mostrata per conto di qualcun altro.",
        ["2.1-06", "3.1.5-10", "PRACT-01"], |b| b.author_shown("anna@", "aldo@");
    "envelope-sender-differs", "posta-certificata/mixed", Valid,
        "The envelope's Sender is the user, its From the provider.",
        "Il campo Sender della busta è l'utente, il campo From il gestore.",
        ["2.1-07"], |b| b.set("Sender", "anna@alfa.test");
    "envelope-reply-to-missing", "posta-certificata/complete", Valid,
        "The envelope has no Reply-To, so that an answer goes to the provider.",
        "La busta non ha il campo Reply-To: la risposta andrebbe al gestore.",
        ["2.1-09", "3.1.5-11"], |b| b.drop("Reply-To");
    "envelope-reply-to-overruled", "posta-certificata/reply-to", Valid,
        "The envelope's Reply-To is neither the one that the original names nor the sender.",
        "Il campo Reply-To della busta non è né quello indicato dal messaggio originale né il mittente.",
        ["2.1-08", "2.1.1.2-06", "3.1.5-06"], |b| b.header("Reply-To", |value| value.replace("protocollo@", "aldo@"));
    "envelope-message-id", "posta-certificata/concise", Valid,
        "The envelope's Message-ID is not the identifier that is certified.",
        "Il Message-ID della busta non è l'identificativo certificato.",
        ["2.2.1-11", "3.1.5-12", "4.4-18"], |b| b.header("Message-ID", |id| id.replacen('<', "<altro.", 1));
    "envelope-msgid-missing", "posta-certificata/brief", Valid,
        "The envelope does not repeat the client's identifier.",
        "La busta non riporta l'identificativo del client.",
        ["3.1.5-13"], |b| b.drop("X-Riferimento-Message-ID");
    "envelope-form-unknown", "posta-certificata/mixed", Valid,
        "The envelope asks for a form of receipt that does not exist.",
        "La busta chiede un tipo di ricevuta che non esiste.",
        ["3.1.5-14", "A-01"], |b| b.set("X-TipoRicevuta", "lunga");
    "envelope-to", "posta-certificata/complete", Valid,
        "The envelope's To is not the original's.",
        "Il campo To della busta non è quello dell'originale.",
        ["2.1.1.2-03", "3.1.5-03"], |b| b.set("To", "aldo@alfa.test");
    "envelope-cc-missing", "posta-certificata/mixed", Valid,
        "The envelope drops the original's Cc.",
        "La busta tralascia il campo Cc dell'originale.",
        ["2.1.1.2-04", "3.1.5-04"], |b| b.drop("Cc");

    "take-charge-kind-english", "presa-in-carico/complete", Valid,
        "The take-charge receipt names its kind in English.",
        "La ricevuta di presa in carico indica il proprio tipo in inglese.",
        ["2.1.1.1.1-01", "3.2.1-05", "A-01", "DM.6-01"], |b| b.set("X-Ricevuta", "server-server-acceptance");
    "take-charge-date", "presa-in-carico/complete", Valid,
        "The take-charge receipt's Date is an hour early.",
        "Il campo Date della ricevuta di presa in carico è indietro di un'ora.",
        ["3.2.1-06", "4.1-02", "DM.9-01"], |b| b.date(-3_600);
    "take-charge-subject", "presa-in-carico/complete", Valid,
        "The take-charge receipt's subject has another prefix.",
        "L'oggetto della ricevuta di presa in carico ha un altro prefisso.",
        ["3.2.1-07"], |b| b.prefix("PRESO IN CARICO: ");

    "anomaly-kind-missing", "anomalia/anomaly-ordinary", Valid,
        "The anomaly envelope does not say what it is.",
        "La busta di anomalia non indica che cosa sia.",
        ["2.1-12", "2.1.1.2-07", "3.2.2-08", "DM.6-01"], |b| b.drop("X-Trasporto");
    "anomaly-subject", "anomalia/anomaly-ordinary", Valid,
        "The anomaly envelope's subject has another prefix.",
        "L'oggetto della busta di anomalia ha un altro prefisso.",
        ["3.2.2-10"], |b| b.prefix("ANOMALIA: ");
    "anomaly-to", "anomalia/anomaly-ordinary", Valid,
        "The anomaly envelope's To is not that of the enclosed message.",
        "Il campo To della busta di anomalia non è quello del messaggio allegato.",
        ["2.1.1.2-03", "3.2.2-04"], |b| b.set("To", "aldo@alfa.test");
    "anomaly-message-id", "anomalia/anomaly-ordinary", Valid,
        "The anomaly envelope's Message-ID is its own.",
        "Il Message-ID della busta di anomalia è uno suo.",
        ["3.2.2-07"], |b| b.set("Message-ID", "<tutt.altro@beta.test>");
    "delivery-kind-english", "avvenuta-consegna/complete", Valid,
        "The delivery receipt names its kind in English.",
        "La ricevuta di avvenuta consegna indica il proprio tipo in inglese.",
        ["2.1.1.1.1-01", "3.3.2-04", "A-01", "DM.6-01"], |b| b.set("X-Ricevuta", "message-delivered");
    "delivery-date", "avvenuta-consegna/brief", Valid,
        "The delivery receipt's Date is a day late.",
        "Il campo Date della ricevuta di avvenuta consegna è avanti di un giorno.",
        ["3.3.2-05", "4.1-02", "DM.9-01"], |b| b.date(86_400);
    "delivery-subject-edited", "avvenuta-consegna/concise", Valid,
        "The subject was edited after signing: it is not the one that is certified.",
        "L'oggetto è stato modificato dopo la firma: non è quello certificato.",
        ["3.3.2-06"], |b| b.other_subject();
    "delivery-to", "avvenuta-consegna/complete-cc", Valid,
        "The delivery receipt is addressed to somebody else.",
        "La ricevuta di avvenuta consegna è indirizzata a qualcun altro.",
        ["3.3.2-08"], |b| b.set("To", "aldo@alfa.test");
    "delivery-msgid-other", "avvenuta-consegna/brief", Valid,
        "The delivery receipt's header has another identifier than the one that is certified.",
        "L'intestazione della ricevuta di avvenuta consegna ha un identificativo diverso da quello certificato.",
        ["3.3.2-09"], |b| b.set("X-Riferimento-Message-ID", "<un.altro@client.test>");

    "non-delivery-kind-invented", "errore-consegna/non-delivery-full", Valid,
        "The non-delivery notice names its kind with a word that does not exist.",
        "L'avviso di mancata consegna indica il proprio tipo con una parola che non esiste.",
        ["3.3.3-02", "A-01", "DM.6-01"], |b| b.set("X-Ricevuta", "mancata-consegna");
    "non-delivery-subject", "errore-consegna/non-delivery-unknown-altro", Valid,
        "The non-delivery notice's subject has another prefix.",
        "L'oggetto dell'avviso di mancata consegna ha un altro prefisso.",
        ["3.3.3-04"], |b| b.prefix("MANCATA CONSEGNA: ");
    "non-delivery-msgid-missing", "errore-consegna/non-delivery-full", Valid,
        "The non-delivery notice does not repeat the client's identifier.",
        "L'avviso di mancata consegna non riporta l'identificativo del client.",
        ["2.1.1.1.3-01", "2.2.1-15", "3.3.3-07", "4.4-19"], |b| b.drop("X-Riferimento-Message-ID");

    "notice-subject", "preavviso-errore-consegna/first-notice", Valid,
        "The first timeout notice has the subject of a non-delivery notice.",
        "Il primo avviso di superamento dei tempi massimi ha l'oggetto di un avviso di mancata consegna.",
        ["3.1.6-09"], |b| b.prefix("AVVISO DI MANCATA CONSEGNA: ");
    "notice-to-recipient", "preavviso-errore-consegna/second-notice", Valid,
        "The second timeout notice is addressed to the recipient, as the RFC misprints it.",
        "Il secondo avviso di superamento dei tempi massimi è indirizzato al destinatario, come stampa per errore la RFC.",
        ["3.1.6-12"], |b| {
            let recipient = b.xml_now().text("consegna").unwrap_or_default();
            b.set("To", &recipient)
        };
    "notice-kind-missing", "preavviso-errore-consegna/second-notice", Valid,
        "The second timeout notice does not say what it is.",
        "Il secondo avviso di superamento dei tempi massimi non indica che cosa sia.",
        ["2.1-12", "2.1.1.1.3-01", "3.1.6-07", "DM.6-01"], |b| b.drop("X-Ricevuta");

    "detection-sender-missing", "rilevazione-virus/virus", Valid,
        "The virus-detection notice does not say who the sender is.",
        "L'avviso di rilevazione virus non indica il mittente.",
        ["3.2.3-06"], |b| b.drop("X-Mittente");
    "detection-sender-other", "rilevazione-virus/virus", Valid,
        "The virus-detection notice names another sender than it certifies.",
        "L'avviso di rilevazione virus indica un mittente diverso da quello certificato.",
        ["3.2.3-06"], |b| b.set("X-Mittente", "altri@alfa.test");
    "detection-subject", "rilevazione-virus/virus", Valid,
        "The virus-detection notice's subject has another prefix.",
        "L'oggetto dell'avviso di rilevazione virus ha un altro prefisso.",
        ["3.2.3-08"], |b| b.prefix("RILEVAZIONE VIRUS: ");
    "virus-non-delivery-security-missing", "errore-consegna/virus", Valid,
        "The non-delivery notice for a virus lacks X-VerificaSicurezza.",
        "L'avviso di mancata consegna per virus non ha il campo X-VerificaSicurezza.",
        ["3.2.4-03"], |b| b.drop("X-VerificaSicurezza");
    "virus-non-delivery-subject", "errore-consegna/virus", Valid,
        "The non-delivery notice for a virus has the subject of any other.",
        "L'avviso di mancata consegna per virus ha l'oggetto di un avviso qualsiasi.",
        ["3.2.4-05"], |b| b.prefix("AVVISO DI MANCATA CONSEGNA: ");
}
