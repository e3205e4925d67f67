use super::{fails, passes};
use crate::story::testing::{DIGEST, ORIGINAL, Pec, Script, brief, crossing, delivery, enclosed};

fn asking(word: &str) -> String {
    ORIGINAL.replace("Subject:", &format!("X-TipoRicevuta: {word}\r\nSubject:"))
}

fn copied() -> String {
    ORIGINAL.replace("To: bruno@beta.test", "To: dario@beta.test\r\nCc: bruno@beta.test")
}

/// A crossing whose delivery receipt encloses this.
fn receipt(original: &str, enclosing: Option<String>) -> Script {
    let mut receipt: Pec = delivery(original);
    receipt.original = enclosing;
    let text = receipt.write();
    let script = crossing(original).bent("consegna", |act| act.message().clone_from(&text));
    script.bent("consegna-filed", |act| act.message().clone_from(&text))
}

#[test]
fn complete_for_to_and_concise_for_cc() {
    passes(
        &crossing(ORIGINAL),
        &["2.1-14 beta", "3.3.2.1-01 beta", "3.3.2.1-02 beta", "3.3.2.1-03 beta", "3.1.5-15 alfa"],
    );
    let bare = ["2.1-14 beta", "3.3.2.1-01 beta", "3.3.2.1-02 beta", "3.3.2.1-03 beta"];
    fails(&receipt(ORIGINAL, None), &bare);
    passes(&receipt(&copied(), None), &["2.1-14 beta", "3.3.2.1-02 beta", "3.3.2.3-03 beta"]);
    fails(&crossing(&copied()), &["2.1-14 beta", "3.3.2.1-02 beta"]);
}

#[test]
fn who_is_in_both_or_neither_is_primary() {
    let both = ORIGINAL.replace("Subject:", "Cc: bruno@beta.test\r\nSubject:");
    passes(&crossing(&both), &["3.3.2.1-04 beta", "2.1-14 beta"]);
    fails(&receipt(&both, None), &["2.1-14 beta", "3.3.2.1-03 beta", "3.3.2.1-04 beta"]);
}

#[test]
fn the_complete_receipt_holds_the_whole_original() {
    let shortened = enclosed(ORIGINAL).replace("ciao", "cia");
    fails(&receipt(ORIGINAL, Some(shortened)), &["3.3.2.1-03 beta"]);
}

#[test]
fn what_is_asked_for_is_passed_on() {
    passes(
        &receipt(&asking("sintetica"), None),
        &["3.1.5-15 alfa", "3.3.2-10 alfa", "3.3.2.3-01 beta", "3.3.2.3-03 beta"],
    );
    fails(&crossing(&asking("sintetica")), &["2.1-14 beta", "3.3.2.3-01 beta"]);
    let lost = |script: Script, name: &str| script.text(name, "X-TipoRicevuta: breve\r\nReply", "Reply");
    let script = crossing(&asking("breve"));
    fails(&lost(lost(script, "busta"), "busta-stored"), &["3.1.5-15 alfa", "3.3.2-10 alfa"]);
    let invented =
        |script: Script, name: &str| script.text(name, "Reply-To: anna", "X-TipoRicevuta: breve\r\nReply-To: anna");
    let invented = invented(invented(receipt(ORIGINAL, Some(brief(ORIGINAL))), "busta"), "busta-stored");
    fails(&invented, &["3.1.5-15 alfa"]);
}

#[test]
fn the_brief_receipt_holds_hashes_of_attachments() {
    let original = asking("breve");
    let good = brief(&original);
    passes(&receipt(&original, Some(good.clone())), &["3.3.2.2-02 beta", "3.3.2.2-03 beta", "2.1-14 beta"]);
    fails(&crossing(&original), &["2.1-14 beta", "3.3.2.2-02 beta", "3.3.2.2-03 beta"]);
    fails(&receipt(&original, Some(good.replace(DIGEST, "1;2"))), &["3.3.2.2-03 beta"]);
    fails(&receipt(&original, Some(good.replace("ciao", "miao"))), &["3.3.2.2-03 beta"]);
    fails(&receipt(&original, Some(good.replace("--o\r\n\r\nciao\r\n", ""))), &["3.3.2.2-03 beta"]);
}

#[test]
fn without_attachments_brief_and_complete_coincide() {
    let plain = "Date: Mon, 1 Jun 2026 10:00:00 +0200\r\nFrom: anna@alfa.test\r\nTo: bruno@beta.test\r\n\
        Subject: Contratto\r\nMessage-ID: <m1@client>\r\nX-TipoRicevuta: breve\r\n\r\nciao\r\n";
    passes(&crossing(plain), &["3.3.2.2-02 beta"]);
    fails(&receipt(plain, None), &["2.1-14 beta", "3.3.2.2-02 beta"]);
}

#[test]
fn a_signed_original_keeps_its_signature_part() {
    let signed = asking("breve").replace(
        "multipart/mixed; boundary=o\r\n\r\n",
        "multipart/signed; boundary=s\r\n\r\n--s\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n",
    ) + "--s\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\n\r\nMIIB\r\n--s--\r\n";
    let good = brief(&signed);
    passes(&receipt(&signed, Some(good.clone())), &["3.3.2.2-09 beta", "3.3.2.2-10 beta", "3.3.2.2-03 beta"]);
    fails(&receipt(&signed, Some(good.replace("MIIB", "MIIC"))), &["3.3.2.2-10 beta"]);
    let hashed = good.replace("application/pkcs7-signature; name=smime.p7s", "text/plain; name=smime.p7s.hash");
    fails(&receipt(&signed, Some(hashed)), &["3.3.2.2-09 beta", "3.3.2.2-10 beta"]);
    let all = ["2.1-14 beta", "3.3.2.2-02 beta", "3.3.2.2-03 beta", "3.3.2.2-10 beta"];
    fails(&crossing(&signed), &all);
}

#[test]
fn an_opaque_original_and_an_attached_message_have_their_own_ways() {
    let opaque = "Date: Mon, 1 Jun 2026 10:00:00 +0200\r\nFrom: anna@alfa.test\r\nTo: bruno@beta.test\r\n\
        Subject: Contratto\r\nMessage-ID: <m1@client>\r\nX-TipoRicevuta: breve\r\n\
        Content-Type: application/pkcs7-mime; name=smime.p7m\r\n\r\nMIIB\r\n";
    passes(&crossing(opaque), &["3.3.2.2-09 beta", "3.3.2.2-11 beta", "3.3.2.2-02 beta"]);
    let hashed = enclosed(opaque).replace("application/pkcs7-mime; name=smime.p7m", "text/plain; name=smime.p7m.hash");
    fails(&receipt(opaque, Some(hashed)), &["3.3.2.2-09 beta", "3.3.2.2-11 beta"]);
    let forwarded = asking("breve")
        .replace("text/csv; name=a.csv\r\n\r\n1;2", "message/rfc822; name=a.eml\r\n\r\nSubject: x\r\n\r\n1;2");
    let whole = brief(&forwarded).replace(
        "Content-Type: message/rfc822; name=a.eml\r\n\r\nSubject: x\r\n\r\n1;2",
        &format!("Content-Type: text/plain; name=a.eml.hash\r\n\r\n{DIGEST}"),
    );
    passes(&receipt(&forwarded, Some(whole)), &["3.3.2.2-12 beta"]);
    fails(&crossing(&forwarded), &["2.1-14 beta", "3.3.2.2-02 beta", "3.3.2.2-03 beta", "3.3.2.2-12 beta"]);
}
