//! What deployed providers do, line by line: what is allowed draws no word, what deviates is told with its row, what is
//! wrong fails.

use collaudo_record::{Outcome, SignatureVerdict};

use super::tests::{alone, complaints, rows, stored};
use crate::fixture::{Draft, Signing};

/// Nothing is said of it.
fn free(name: &str, bend: impl Fn(&mut Draft)) {
    let inspection = alone(&stored(name, bend));
    assert_eq!(inspection.signature.verdict, SignatureVerdict::Valid, "{}", inspection.signature.reason);
    assert_eq!(complaints(&inspection), Vec::<String>::new());
}

/// These rows are told as deviations, and nothing fails.
fn deviates(name: &str, expected: &[&str], bend: impl Fn(&mut Draft)) {
    let inspection = alone(&stored(name, bend));
    assert_eq!(inspection.signature.verdict, SignatureVerdict::Valid, "{}", inspection.signature.reason);
    assert_eq!(rows(&inspection, Outcome::Fail), Vec::<&str>::new(), "{:#?}", complaints(&inspection));
    assert_eq!(rows(&inspection, Outcome::Deviation), expected, "{:#?}", complaints(&inspection));
}

/// These rows fail, and no others.
fn fails(name: &str, expected: &[&str], bend: impl Fn(&mut Draft)) {
    let inspection = alone(&stored(name, bend));
    assert_eq!(rows(&inspection, Outcome::Fail), expected, "{:#?}", complaints(&inspection));
}

#[test]
fn further_attributes_order_and_names_of_algorithms_are_free() {
    for signing in [Signing::Decorated, Signing::Unsorted, Signing::Named, Signing::Open] {
        free("busta", |draft| draft.signing = signing);
    }
}

#[test]
fn micalg_and_protocol_are_free_in_their_spelling() {
    for micalg in ["sha1", "\"sha-1\"", "sha256", "\"sha-256\"", "\"SHA-256\""] {
        free("accettazione", |draft| {
            draft.after = match micalg {
                "sha1" => vec![("micalg=sha-256", "micalg=sha1")],
                "\"sha-1\"" => vec![("micalg=sha-256", "micalg=\"sha-1\"")],
                "sha256" => vec![("micalg=sha-256", "micalg=sha256")],
                "\"sha-256\"" => vec![("micalg=sha-256", "micalg=\"sha-256\"")],
                _ => vec![("micalg=sha-256", "micalg=\"SHA-256\"")],
            };
        });
    }
    free("accettazione", |draft| draft.protocol = "application/x-pkcs7-signature");
}

#[test]
fn a_signature_out_of_its_certificates_time_is_judged_at_the_time_it_claims() {
    use collaudo_record::PathVerdict;
    let trust = |years: i64| {
        let octets = stored("accettazione", |draft| {
            draft.seen = collaudo_record::Span::from_hours(24 * 365 * years);
        });
        let found = super::inspect(&octets, &super::tests::all(), super::Profile::Deployed).remove(0);
        assert_eq!(found.signature.verdict, SignatureVerdict::Valid);
        found.signature.path.trust
    };
    assert_eq!(trust(0).verdict, PathVerdict::Holds);
    assert!(trust(0).words.contains("the time that the signer claims"));
    assert_eq!(trust(-15).verdict, PathVerdict::Fails);
}

/// Goal: an issuing authority that was not given is no fault of the message. Method: another authority is trusted.
#[test]
fn an_authority_that_is_not_at_hand_is_told_and_fails_nothing() {
    use collaudo_record::PathVerdict;
    let anchors = super::Anchors::read(&[crate::fixture::INDEX_SIGNER], None, &[]).expect("a certificate");
    let found = super::inspect(&stored("accettazione", |_| {}), &anchors, super::Profile::Strict).remove(0);
    assert_eq!(found.signature.verdict, SignatureVerdict::Valid);
    assert_eq!(found.signature.path.trust.verdict, PathVerdict::Undecided);
    assert!(found.signature.path.trust.words.contains("neither comes with the message nor was given"));
    assert_eq!(complaints(&found), Vec::<String>::new());
}

#[test]
fn the_order_of_parts_is_free_behind_the_text() {
    free("busta", |draft| {
        let parts: Vec<&str> = draft.content.split("--corpo\r\n").collect();
        let [head, text, original, data] = parts.as_slice() else { panic!("three parts") };
        let data = data.strip_suffix("--corpo--").expect("the last part");
        draft.content = format!("{head}--corpo\r\n{text}--corpo\r\n{data}--corpo\r\n{original}--corpo--");
    });
}

#[test]
fn how_parts_travel_is_free() {
    free("busta", |draft| draft.swap("Content-Disposition: inline;", "Content-Disposition: attachment;"));
    free("busta", |draft| {
        draft.swap("filename=\"daticert.xml\"", "filename=daticert.xml");
        draft.swap("application/xml; name=\"daticert.xml\"", "application/xml; \r\n name=daticert.xml");
    });
    free("busta", |draft| {
        draft.swap(
            "message/rfc822; name=\"postacert.eml\"",
            "message/rfc822; name=\"postacert.eml\"\r\nContent-Transfer-Encoding: 7bit",
        );
    });
    free("busta", |draft| {
        draft.swap("boundary=\"corpo\"\r\n\r\n", "boundary=\"corpo\"\r\n\r\nThis is a preamble.\r\n")
    });
    for encoding in ["base64", "quoted-printable"] {
        free("accettazione", |draft| encode_daticert(draft, encoding));
    }
}

/// The certification data in another transfer encoding.
fn encode_daticert(draft: &mut Draft, encoding: &str) {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let at = draft.content.find("<?xml").expect("the data");
    let end = at + draft.content[at..].find("</postacert>").expect("their end") + "</postacert>".len();
    let xml = draft.content[at..end].to_owned();
    let encoded = match encoding {
        "base64" => STANDARD.encode(&xml),
        _ => xml.replace('=', "=3D").replace("><", ">=\r\n<"),
    };
    let marked = "Content-Transfer-Encoding: 7bit\r\n\r\n<?xml";
    draft.swap(&xml, &encoded);
    let start = if encoding == "base64" { encoded.get(..5) } else { Some("<?xml") }.expect("it is long");
    draft.swap(&marked.replace("<?xml", start), &format!("Content-Transfer-Encoding: {encoding}\r\n\r\n{start}"));
}

#[test]
fn the_charset_of_the_text_deviates() {
    deviates("busta", &["PEC-4.3.1-01"], |draft| draft.swap("charset=iso-8859-1", "charset=utf-8"));
    // What somebody could not convert, and raw octets under the label of another charset.
    deviates("busta", &["PEC-4.3-01", "PEC-4.3.1-01"], |draft| {
        draft.swap("originale e' incluso", "originale \u{fffd} incluso")
    });
    deviates("consegna", &["PEC-4.3-01", "PEC-4.3.1-01"], |draft| {
        draft.swap("e' stato consegnato", "\u{fffd} stato consegnato")
    });
}

#[test]
fn a_complete_receipt_for_who_is_not_primary_comes_without_the_original() {
    free("consegna-sintetica", |draft| draft.swap("ricevuta tipo=\"sintetica\"", "ricevuta tipo=\"completa\""));
}

#[test]
fn fields_that_others_add_are_free() {
    free("busta", |draft| {
        draft.header = format!(
            "Return-Path: <anna@alfa.test>\r\nX-Original-To: bruno@beta.test\r\nDelivered-To: bruno@beta.test\r\n\
             Received: from mx.alfa.test (mx.alfa.test [192.0.2.1])\r\n\tby mx.beta.test; Wed, 1 Jul 2026 10:00:03 +0200\r\n\
             X-Mozilla-Status: 0001\r\nX-Mozilla-Status2: 00000000\r\nContent-Length: 4711\r\nStatus: RO\r\n{}\
             X-Priority: 3\r\nImportance: normal\r\nX-Mailer: Posta 1.0\r\nX-REM-Subject: Contratto\r\n",
            draft.header
        );
    });
}

#[test]
fn the_order_of_fields_is_free() {
    free("busta", |draft| {
        let lines: Vec<&str> = draft.header.lines().rev().collect();
        draft.header = lines.join("\r\n") + "\r\n";
    });
}

#[test]
fn the_form_asked_for_may_be_spelled_otherwise_and_deviates_where_it_is_missing() {
    free("busta", |draft| draft.swap("X-TipoRicevuta", "X-Tiporicevuta"));
    deviates("busta", &["PEC-3.1.5-14"], |draft| draft.swap("X-TipoRicevuta: completa\r\n", ""));
}

#[test]
fn a_prefix_may_stand_in_an_encoded_word_and_prefixes_nest() {
    for word in
        ["=?UTF-8?Q?ACCETTAZIONE:_Contratto_d'affitto?=", "=?iso-8859-1?q?ACCETTAZIONE=3A_Contratto?= d'affitto"]
    {
        free("accettazione", |draft| draft.swap("ACCETTAZIONE: Contratto d'affitto", word));
    }
    free("accettazione", |draft| {
        draft.swap("ACCETTAZIONE: Contratto", "ACCETTAZIONE: POSTA CERTIFICATA: Contratto");
        draft.swap("<oggetto>Contratto", "<oggetto>POSTA CERTIFICATA: Contratto");
        draft.swap("\"Contratto", "\"POSTA CERTIFICATA: Contratto");
        draft.swap("&quot;Contratto", "&quot;POSTA CERTIFICATA: Contratto");
    });
}

#[test]
fn a_date_may_carry_a_comment_and_another_offset_and_deviates_by_seconds() {
    free("busta", |draft| draft.swap("10:00:01 +0200", "10:00:01 +0200 (CEST)"));
    free("busta", |draft| draft.swap("10:00:01 +0200", "08:00:01 +0000"));
    let rows = ["PEC-3.1.5-08", "PEC-4.1-02", "PEC-DM.9-01"];
    deviates("busta", &rows, |draft| draft.swap("10:00:01 +0200", "10:00:07 +0200"));
    fails("busta", &rows, |draft| draft.swap("10:00:01 +0200", "11:00:01 +0200"));
}

/// Goal: of three times the one that stands alone is blamed, and that there is more than one. Method: each alone, and two.
#[test]
fn of_three_times_the_one_that_stands_alone_is_wrong() {
    let one_time = ["PEC-4.1-02", "PEC-DM.9-01"];
    let with = |row| [&[row][..], &one_time].concat();
    let (date, certified, text) = ("10:00:06 +0200", "<ora>10:00:06", "alle ore 10:00:06");
    let late = |draft: &mut Draft, place: &str| draft.swap(place, &place.replace("10:", "11:"));
    fails("consegna", &with("PEC-3.3.2-05"), |draft| late(draft, date));
    fails("consegna", &with("PEC-3.3.2.1-05"), |draft| late(draft, text));
    fails("consegna", &one_time, |draft| late(draft, certified));
    fails("consegna", &one_time, |draft| draft.swap("zona=\"+0200\"", "zona=\"+0000\""));
    fails("consegna", &one_time, |draft| [date, text].into_iter().for_each(|place| late(draft, place)));
    deviates("consegna", &one_time, |draft| draft.swap(certified, "<ora>10:00:09"));
    // Where each says something else, the certification data count.
    let all = ["PEC-3.3.2-05", "PEC-3.3.2.1-05", "PEC-4.1-02", "PEC-DM.9-01"];
    fails("consegna", &all, |draft| {
        late(draft, date);
        draft.swap(text, "alle ore 12:00:06");
    });
}

#[test]
fn certification_data_that_stand_alone_against_text_and_original_are_wrong() {
    fails("consegna", &["PEC-4.4-18"], |draft| draft.swap("<identificativo>p1.1", "<identificativo>p1.99"));
    fails("consegna", &["PEC-3.3.2.1-05"], |draft| draft.swap("Identificativo: p1.1", "Identificativo: p1.99"));
    fails("busta", &["PEC-4.4-08"], |draft| draft.swap("bruno@beta.test</dest", "bianca@beta.test</dest"));
    fails("consegna", &["PEC-4.4-21"], |draft| draft.swap("<consegna>bruno@", "<consegna>bianca@"));
}

#[test]
fn an_identifier_at_a_customers_domain_deviates() {
    deviates("busta", &["PEC-2.2.1-10"], |draft| {
        (draft.header, draft.content) = (
            draft.header.replace("p1.1@alfa.test", "p1.1@cliente.test"),
            draft.content.replace("p1.1@alfa.test", "p1.1@cliente.test"),
        );
    });
}

#[test]
fn a_sender_field_that_is_left_out_deviates() {
    let sender = "Sender: \"Per conto di: anna@alfa.test\" <posta-certificata@alfa.test>\r\n";
    deviates("busta", &["PEC-2.1-07"], |draft| draft.swap(sender, ""));
}

#[test]
fn how_the_certification_data_are_written_is_free() {
    let xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
    free("busta", |draft| {
        let more = "\r\n<?xml-stylesheet type=\"text/xsl\" href=\"daticert.xsl\"?>\r\n<!DOCTYPE postacert PUBLIC \"-//X\" \"daticert.dtd\">";
        draft.swap(xml, &format!("{xml}{more}"));
    });
    for ricevuta in
        ["<ricevuta tipo=\"completa\" />", "<ricevuta tipo=\"completa\"></ricevuta>", "<ricevuta\ttipo='completa'/>"]
    {
        free("busta", |draft| draft.swap("<ricevuta tipo=\"completa\"/>", ricevuta));
    }
    free("busta", |draft| {
        draft.content = draft.content.replace("><", ">\n\t<");
    });
}

#[test]
fn an_empty_reply_address_deviates() {
    deviates("busta", &["PEC-4.4-10"], |draft| draft.swap("<risposte>anna@alfa.test</risposte>", "<risposte/>"));
}

/// A real non-conformity, under a signature that holds: told as such, and nothing else is lost or laid to it.
#[test]
fn a_control_character_in_the_certification_data_fails_one_row_and_no_other() {
    for (control, word) in
        [("\u{16}", "=?UTF-8?Q?Contr=16atto?="), ("&#18;", "=?UTF-8?Q?Contr=12atto?="), ("&#18;", "Contratto")]
    {
        for name in ["busta", "accettazione"] {
            let inspection = alone(&stored(name, |draft| {
                draft.swap("<oggetto>Contratto", &format!("<oggetto>Contr{control}atto"));
                draft.header = draft.header.replace("Contratto", word);
            }));
            assert_eq!(inspection.signature.verdict, SignatureVerdict::Valid);
            assert_eq!(rows(&inspection, Outcome::Fail), ["PEC-4.4-01"], "{:#?}", complaints(&inspection));
            assert!(rows(&inspection, Outcome::Pass).len() > 40);
            let words = inspection.verdicts.iter().find(|one| one.clause == "PEC-4.4-01").expect("the row");
            assert!(words.observed.contains("control character"), "{}", words.observed);
        }
    }
}

#[test]
fn an_unknown_mailbox_is_told_in_either_way() {
    let told = |errore: &'static str, code: &'static str| {
        move |draft: &mut Draft| {
            draft.swap("errore=\"altro\"", errore);
            draft.swap(
                "<errore-esteso>5.2.2 - Beta PEC - casella piena",
                &format!("<errore-esteso>{code} - Beta PEC - indirizzo sconosciuto"),
            );
            draft.swap("5.2.2 - Beta PEC - casella piena", &format!("{code} - Beta PEC - indirizzo sconosciuto"));
        }
    };
    free("errore-consegna", told("errore=\"no-dest\"", "5.1.1"));
    free("errore-consegna", told("errore=\"altro\"", "5.1.1"));
}

/// What somebody could not convert in a subject makes no other subject of it; another word does.
#[test]
fn a_subject_that_lost_characters_is_the_same_subject() {
    let lost = |subject: &'static str, header: &'static str| {
        move |draft: &mut Draft| {
            draft.header = draft.header.replace("Contratto", header);
            draft.content = draft.content.replace("Contratto", subject);
        }
    };
    free("accettazione", lost("Attivit?", "=?utf-8?q?Attivit=C3=A0?="));
    fails("accettazione", &["PEC-3.1.4-03"], lost("Passivit?", "=?utf-8?q?Attivit=C3=A0?="));
}

#[test]
fn a_reply_address_is_the_originals_and_deviates_as_the_senders() {
    let original = |draft: &mut Draft| {
        draft.content = draft
            .content
            .replace("From: anna@alfa.test\r\n", "From: anna@alfa.test\r\nReply-To: ufficio@alfa.test\r\n");
        draft.swap("<risposte>anna@", "<risposte>ufficio@");
    };
    free("busta", |draft| {
        original(draft);
        draft.swap("Reply-To: anna@", "Reply-To: ufficio@");
    });
    deviates("busta", &["PEC-2.1-08", "PEC-2.1.1.2-06", "PEC-3.1.5-06"], original);
}

/// Whoever writes in the name of an office: the law wants the office, deployed providers name who sent it.
#[test]
fn a_reply_address_is_the_authors_and_deviates_as_the_senders() {
    let author = |draft: &mut Draft| {
        draft.content =
            draft.content.replace("From: anna@alfa.test\r\n", "From: ufficio@alfa.test\r\nSender: anna@alfa.test\r\n");
    };
    let row = |reply_to: &str| {
        let inspection = alone(&stored("busta", |draft| {
            author(draft);
            draft.swap("Reply-To: anna@", reply_to);
        }));
        inspection.verdicts.into_iter().find(|one| one.clause == "PEC-2.1-09").map(|one| one.verdict)
    };
    assert_eq!(row("Reply-To: ufficio@"), Some(Outcome::Pass));
    assert_eq!(row("Reply-To: anna@"), Some(Outcome::Deviation));
    assert_eq!(row("Reply-To: carla@"), Some(Outcome::Fail));
}

/// What stands in for a part is judged as what it means to be.
#[test]
fn a_hash_that_is_none_fails_as_a_hash_and_not_as_a_part_that_was_left() {
    let digits = "b73c55bb565ae1997276b0ef4f91da643f8aa5e6";
    fails("consegna-breve", &["PEC-3.3.2.2-07"], |draft| draft.swap(digits, "impronta"));
}

#[test]
fn a_page_may_bring_its_own_style_and_nothing_from_elsewhere() {
    free("accettazione", |draft| draft.swap("<html><body>", "<html><head><style>p { margin: 0 }</style></head><body>"));
    let picture = "<html><body><img src=\"https://altrove.test/a.png\">";
    fails("accettazione", &["PEC-4.3.1-05"], |draft| draft.swap("<html><body>", picture));
}

#[test]
fn the_providers_name_is_free_text() {
    free("busta", |draft| draft.swap("Alfa PEC S.p.A.<", "ALFA PEC<"));
}

#[test]
fn receipts_without_ricevuta_and_deliveries_with_it_are_as_they_should_be() {
    fails("accettazione", &["PEC-4.4-20"], |draft| draft.swap("</msgid>", "</msgid><ricevuta tipo=\"completa\"/>"));
    fails("consegna", &["PEC-3.3.2.1-06", "PEC-4.4-20"], |draft| draft.swap("<ricevuta tipo=\"completa\"/>", ""));
}

/// Header, text, certification data and original say one thing; each is held against the others.
#[test]
fn what_was_edited_after_signing_is_told_by_the_rest() {
    fails("busta", &["PEC-2.1.1.2-03", "PEC-3.1.5-03"], |draft| {
        draft.swap("To: bruno@beta.test", "To: carla@beta.test");
    });
    fails("busta", &["PEC-2.1-06", "PEC-3.1.5-10", "PEC-PRACT-01"], |draft| {
        draft.swap(
            "Per conto di: anna@alfa.test\" <posta-certificata@alfa.test>\r\nSender: \"Per conto di: anna",
            "Per conto di: carla@alfa.test\" <posta-certificata@alfa.test>\r\nSender: \"Per conto di: carla",
        )
    });
    fails("consegna", &["PEC-3.3.2-08"], |draft| draft.swap("To: anna@alfa.test", "To: carla@alfa.test"));
    fails("consegna", &["PEC-2.1.1.1.1-01", "PEC-3.3.2-04", "PEC-A-01", "PEC-DM.6-01"], |draft| {
        draft.swap("X-Ricevuta: avvenuta-consegna", "X-Ricevuta: consegnata")
    });
    fails("busta", &["PEC-2.2.1-11", "PEC-3.1.5-12", "PEC-4.4-18"], |draft| {
        draft.swap("Message-ID: <p1.1@", "Message-ID: <p9.9@")
    });
}
