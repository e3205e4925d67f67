use collaudo_record::*;
use collaudo_reports::{
    Answered, Lang,
    opinion::{self, Document, Examined, NotExamined, Opinion, Role},
};

use crate::{fixture::HOSTILE, html::read};

/// A delivery receipt that holds, a later one that was changed, ordinary mail; and the story of the first two.
struct Set {
    files: Vec<Document>,
    messages: Vec<Examined>,
    not_examined: Vec<NotExamined>,
    stories: Vec<StoredStory>,
    law: Vec<Requirement>,
    answers: Vec<Answered>,
}

fn set() -> Set {
    let changed = Inspection {
        signature: InspectedSignature {
            verdict: SignatureVerdict::Invalid,
            cause: SignatureCause::ContentChanged,
            reason: "the content was changed after it was signed".into(),
            ..signature()
        },
        verdicts: vec![
            verdict("PEC-2.1-01", Outcome::Fail, "a signature that holds", "the digest differs", "read"),
            verdict("PEC-3.1.4-09", Outcome::Deviation, "one receipt", HOSTILE, "recalled"),
            verdict("PEC-3.3.2-01", Outcome::Unknown, "a certified time", "none that can be read", "read"),
        ],
        ..receipt()
    };
    let ordinary = Inspection { kind: "ordinary".into(), facts: None, verdicts: Vec::new(), ..receipt() };
    let messages = [receipt(), changed, ordinary];
    let files = ["a.eml", "<b>.eml", "c.eml"];
    Set {
        files: files.map(|name| document(Role::Input, name)).to_vec(),
        messages: (1..)
            .zip(messages)
            .map(|(number, inspection)| Examined { number, file: files[number as usize - 1].into(), inspection })
            .collect(),
        not_examined: vec![NotExamined { place: "d.bin".into(), why: "it is not mail".into() }],
        stories: vec![story()],
        law: crate::fixture::catalogue().into_iter().map(|clause| clause.requirement).collect(),
        answers: Vec::new(),
    }
}

impl Set {
    fn page(&self, lang: Lang, anchors: &[Document]) -> String {
        opinion::page(&Opinion {
            lang,
            program: "collaudo 0.1.0",
            made: "2026-07-01T10:00:00Z",
            strict: false,
            anchors,
            files: &self.files,
            messages: &self.messages,
            not_examined: &self.not_examined,
            stories: &self.stories,
            answers: &self.answers,
            interrupted: false,
            law: &self.law,
        })
    }
}

fn document(role: Role, name: &str) -> Document {
    Document { role, name: name.into(), octets: 4_096, sha256: Some(BodyHash::of(name.as_bytes())) }
}

fn signature() -> InspectedSignature {
    InspectedSignature {
        verdict: SignatureVerdict::Valid,
        cause: SignatureCause::Holds,
        reason: String::new(),
        digest: "sha256".into(),
        signer: "CN=Posta Certificata, O=Beta Posta S.r.l., C=IT".into(),
        addresses: vec!["posta-certificata@beta.test".into()],
        issuer: "CN=Prova CA, C=IT".into(),
        signed_at: "2026-03-02T08:00:01Z".into(),
        path: SignaturePath::default(),
    }
}

fn receipt() -> Inspection {
    Inspection {
        place: String::new(),
        sha256: BodyHash::of(b"receipt"),
        octets: 4_096,
        kind: "avvenuta-consegna".into(),
        label: "delivery receipt (complete) for bruno@beta.test".into(),
        provider: "Beta Posta S.r.l.".into(),
        from: vec!["posta-certificata@beta.test".into()],
        signature: signature(),
        verdicts: vec![
            verdict("PEC-2.1-01", Outcome::Pass, "", "", "read"),
            verdict("PEC-2.1-05", Outcome::Pass, "", "", "read"),
        ],
        facts: Some(StoryFacts {
            identificativo: Some("opec1.1@alfa.test".into()),
            mittente: Some("anna@alfa.test".into()),
            oggetto: Some(HOSTILE.into()),
            destinatari: vec![("bruno@beta.test".into(), true)],
            consegna: Some("bruno@beta.test".into()),
            data: Some(Instant(1_772_438_401_000_000)),
            ..StoryFacts::default()
        }),
    }
}

fn verdict(
    clause: &'static str,
    verdict: Outcome,
    expected: &str,
    observed: &str,
    source: &'static str,
) -> ClauseVerdict {
    ClauseVerdict {
        clause: clause.into(),
        verdict,
        party: "delivery-point".into(),
        expected: expected.into(),
        observed: observed.into(),
        reading: None,
        source: source.into(),
    }
}

fn story() -> StoredStory {
    let line = |message, signature| StoryLine {
        message,
        kind: "avvenuta-consegna".into(),
        signature,
        data: Some(Instant(1_772_438_401_000_000)),
        consegna: "bruno@beta.test".into(),
        copies: 1,
    };
    let remark = |code, recipient: &str, words: &str| StoryRemark {
        code,
        recipient: recipient.into(),
        message: None,
        words: words.into(),
    };
    StoredStory {
        identifier: "opec1.1@alfa.test".into(),
        msgid: Vec::new(),
        mittente: "anna@alfa.test".into(),
        oggetto: "Diffida".into(),
        accepted: None,
        messages: vec![line(1, SignatureVerdict::Valid), line(2, SignatureVerdict::Invalid)],
        recipients: vec![StoryRecipient {
            address: "bruno@beta.test".into(),
            certified: Some(true),
            state: RecipientState::Delivered,
            at: Some(Instant(1_772_438_401_000_000)),
        }],
        missing: vec![remark(RemarkCode::NoAcceptance, "", "no acceptance receipt")],
        contradictions: vec![remark(RemarkCode::DoesNotCount, "bruno@beta.test", "message 2 does not count")],
        late: Vec::new(),
    }
}

/// The text of the part of the page with this id.
fn part(page: &str, id: &str) -> String {
    let start = page.find(&format!("<section id=\"{id}\">")).expect("it has such a part");
    let (part, _) = page[start..].split_once("</section>").expect("that ends");
    read(&format!("{part}</section>")).1
}

#[test]
fn the_document_reads_from_summary_to_signature_lines() {
    let page = set().page(Lang::En, &[]);
    let (elements, _) = read(&page);
    let (_, body) = page.split_once("<body>").expect("it has a body");
    let (body, _) = body.split_once("</body>").expect("that ends");
    let lines = ["</p>", "</h1>", "</h2>", "</h3>", "</h4>", "</dt>", "</dd>", "</li>", "</tr>", "</td>", "</th>"];
    let broken = lines.iter().fold(body.to_owned(), |text, end| text.replace(end, &format!("\n{end}")));
    insta::assert_snapshot!(read(&format!("<body>{broken}</body>")).1);
    assert!(!elements.iter().any(|(name, _)| ["script", "img", "link", "iframe", "form"].contains(&name.as_str())));
    assert!(page.contains("Content-Security-Policy"));
}

#[test]
fn what_a_message_says_is_shown_and_does_nothing() {
    let page = set().page(Lang::En, &[]);
    assert!(
        !page.contains(HOSTILE) && !page.contains('\u{202e}') && !page.contains('\x1b') && !page.contains("<b>.eml")
    );
    let findings = part(&page, "messages");
    assert!(
        findings.contains("<script>alert('x')</script> \"&\" \u{27e8}U+202E\u{27e9}gpj.exe\u{27e8}U+001B\u{27e9}[31m")
    );
}

#[test]
fn a_changed_message_is_told_in_words_and_counted() {
    let page = set().page(Lang::En, &[]);
    assert!(part(&page, "summary").contains("holding 1, not holding 1, absent 0"));
    let findings = part(&page, "messages");
    assert!(findings.contains("does not hold. The content is not the one that was signed"), "{findings}");
    for said in ["Against the rules: ", "Tolerated in practice: ", "Not decided: "] {
        assert!(findings.contains(said), "{said}");
    }
    assert!(findings.contains("Against the rules: Every message the system itself creates is signed"));
}

#[test]
fn every_file_stands_with_its_sum_and_what_was_not_examined_with_its_reason() {
    let set = set();
    let files = part(&set.page(Lang::En, &[]), "files");
    for file in &set.files {
        assert!(files.contains(&file.name) && files.contains(&file.sha256.as_ref().expect("it has one").0));
    }
    assert!(files.contains("d.bin: it is not mail"));
}

#[test]
fn limits_follow_what_was_given() {
    let set = set();
    let without = part(&set.page(Lang::En, &[]), "limits");
    for said in
        ["No certificates to trust were given.", "No index of providers was given", "No list of revoked certificates"]
    {
        assert!(without.contains(said), "{said}");
    }
    let given = [Role::Trust, Role::Index, Role::Revocation].map(|role| document(role, "given"));
    let with = part(&set.page(Lang::En, &given), "limits");
    assert!(
        !with.contains("was given:") && with.contains("that they are the authentic ones was not examined"),
        "{with}"
    );
    for always in ["claims of the provider, by its own clock", "stands outside the signature", "was never issued"] {
        assert!(with.contains(always) && without.contains(always), "{always}");
    }
}

#[test]
fn a_digest_that_no_longer_withstands_is_told() {
    let mut set = set();
    assert!(!part(&set.page(Lang::En, &[]), "limits").contains("SHA-1."));
    set.messages[0].inspection.signature.digest = "sha1".into();
    assert!(part(&set.page(Lang::En, &[]), "limits").contains("SHA-1."));
}

#[test]
fn a_finding_on_a_source_that_was_not_read_says_so() {
    let mut set = set();
    let said = "Source";
    assert!(part(&set.page(Lang::En, &[]), "messages").contains("was not read by its authors"));
    assert!(part(&set.page(Lang::En, &[]), "limits").contains(said));
    set.messages[1].inspection.verdicts.retain(|verdict| verdict.source == "read");
    assert!(!part(&set.page(Lang::En, &[]), "messages").contains("was not read by its authors"));
    assert!(!part(&set.page(Lang::En, &[]), "limits").contains(said));
}

#[test]
fn a_look_up_that_fails_speaks_against_the_message() {
    let mut set = set();
    let path = &mut set.messages[0].inspection.signature.path;
    path.revocation = PathCheck { verdict: PathVerdict::Fails, words: "the certificate was revoked on 1 March".into() };
    let page = set.page(Lang::En, &[document(Role::Revocation, "lista.crl")]);
    let findings = part(&page, "messages");
    assert!(findings.contains("had been revoked at the time of signing") && findings.contains("revoked on 1 March"));
    assert_eq!(page.matches("<td class=\"against\">").count(), 2);
}

#[test]
fn the_document_speaks_italian() {
    let mut set = set();
    set.law[0].statement_it = "Ogni messaggio del sistema è firmato dal suo gestore.".into();
    let page = set.page(Lang::It, &[]);
    let (elements, text) = read(&page);
    assert!(elements.iter().any(|(name, a)| name == "html" && a.contains(&("lang".into(), "it".into()))));
    for said in [
        "Esame tecnico di messaggi",
        "ricevuta di avvenuta consegna",
        "Contro le regole: Ogni messaggio del sistema",
        "è stato modificato dopo la firma",
        "manca la ricevuta di accettazione",
        "Nessuna lista dei certificati revocati",
        "punto di consegna",
    ] {
        assert!(text.contains(said), "{said}");
    }
    for english in ["What this does not prove", "Time of signing", "Tolerated in practice", "requirement"] {
        assert!(!text.contains(english), "{english}");
    }
}
