//! A pen for hand-made scenarios: what happened, told in few words.

use std::{collections::BTreeMap, sync::Arc};

use collaudo_record::*;

/// Octets by hash, as a run's folder holds them.
pub(crate) type Bodies = BTreeMap<BodyHash, Arc<[u8]>>;

/// The one row of the small catalogue whose text nobody read.
pub(crate) const RECALLED: &str = "PEC-3.1.4-09";

/// A scenario in the making.
pub(crate) struct Story {
    pub(crate) record: ScenarioRecord,
    pub(crate) bodies: Bodies,
}

impl Story {
    pub(crate) fn new(id: &str, title: &str, why: &str, providers: &[&str]) -> Self {
        let record = ScenarioRecord {
            id: id.into(),
            title: title.into(),
            why: why.into(),
            world: "sim".into(),
            seed: "0x5eed".into(),
            epoch: Instant(1_772_438_400_000_000),
            outcome: ScenarioOutcome::Passed,
            simulated: Span::from_secs(600),
            trace_sha256: "ab".repeat(32),
            problem: None,
            providers: providers.iter().map(|name| provider(name)).collect(),
            events: Vec::new(),
            verdicts: Vec::new(),
            expectations: Vec::new(),
            uncovered: Vec::new(),
            faults: Vec::new(),
            messages: Vec::new(),
            replay: format!("collaudo replay {id}@0x5eed"),
        };
        let mut story = Self { record, bodies: Bodies::new() };
        for name in providers {
            story.event(0.0, Basis::Observed, What::Host { host: (*name).into(), up: true });
        }
        story
    }

    pub(crate) fn event(&mut self, at: f64, basis: Basis, what: What) -> u32 {
        let at = self.at(at);
        self.record.events.push(Event { at, basis, what });
        self.record.events.len() as u32 - 1
    }

    fn at(&self, seconds: f64) -> Instant {
        self.record.epoch.after(Span((seconds * 1e6) as i64))
    }

    /// A message that is about step m1, first seen in the event that comes next.
    pub(crate) fn message(&mut self, kind: &str, label: &str, subject: &str) -> BodyHash {
        let ordinary = kind == "ordinary";
        let outer = if ordinary { "text/plain" } else { "multipart/signed" };
        let octets = format!(
            "From: posta-certificata@alfa.test\r\nSubject: {subject}\r\nX-About: {label}, {}\r\nContent-Type: {outer}\r\n\r\n{}\r\n",
            self.record.id,
            "Ricevuta di prova, citt\u{e0}. <b>nessun markup</b>\r\n".repeat(8),
        );
        let hash = BodyHash::of(octets.as_bytes());
        let anatomy = Anatomy {
            body: hash.clone(),
            kind: kind.into(),
            label: label.into(),
            step: Some("m1".into()),
            octets: octets.len() as u64,
            first_seen: self.record.events.len() as u32,
            headers: vec![
                ("From".into(), "posta-certificata@alfa.test".into()),
                ("Subject".into(), subject.into()),
                ("Message-ID".into(), "<opec275.20260302090001.00001.alfa@alfa.test>".into()),
            ],
            signature: (!ordinary).then(|| Signature {
                valid: true,
                reason: String::new(),
                digest: "sha256".into(),
                signer: "CN=Posta Certificata, O=Alfa PEC S.p.A., C=IT".into(),
                signed_at: "2026-03-02T08:00:01Z".into(),
            }),
            parts: if ordinary { vec![part(0, "text/plain", "", 400)] } else { parts() },
            text: "Il giorno 02/03/2026 alle ore 09:00:01 (+0100) il messaggio \u{e8} stato accettato.".into(),
            daticert: (!ordinary).then(|| daticert(kind)),
        };
        self.record.messages.push(anatomy);
        self.bodies.insert(hash.clone(), octets.into_bytes().into());
        hash
    }

    pub(crate) fn send(&mut self, at: f64, from: &str, to: &str, body: &BodyHash, reply: Option<(u16, &str)>) -> u32 {
        let session = Session { session: 0, client: from.into(), server: to.into(), port: 25 };
        let transfer = Transfer {
            session,
            step: (from == "users").then(|| "m1".into()),
            began: self.at(at - 0.02),
            secured: true,
            account: (from == "users").then(|| "anna@alfa.test".into()),
            reverse_path: "anna@alfa.test".into(),
            reverse_reply: Some(Reply { code: 250, text: "Ok".into() }),
            forward_paths: vec![Forward {
                path: "bruno@beta.test".into(),
                reply: Some(Reply { code: 250, text: "Ok".into() }),
            }],
            body: Some(body.clone()),
            body_at: Some(self.at(at - 0.01)),
            reply: reply.map(|(code, text)| Reply { code, text: text.into() }),
        };
        self.event(at, Basis::Observed, What::Transfer(transfer))
    }

    pub(crate) fn store(&mut self, at: f64, provider: &str, mailbox: &str, body: &BodyHash) -> u32 {
        let what = What::Stored { provider: provider.into(), mailbox: mailbox.into(), body: body.clone() };
        self.event(at, Basis::Declared, what)
    }

    pub(crate) fn fault(&mut self, at: f64, kind: &str, hosts: &[&str], phase: FaultPhase) {
        let hosts = hosts.iter().map(|h| (*h).into()).collect();
        self.event(at, Basis::Observed, What::Fault { fault: 0, kind: kind.into(), hosts, phase });
    }

    pub(crate) fn host(&mut self, at: f64, host: &str, up: bool) {
        self.event(at, Basis::Observed, What::Host { host: host.into(), up });
    }

    pub(crate) fn verdict(
        &mut self,
        outcome: Outcome,
        clause: &str,
        party: &str,
        said: (&str, &str),
        evidence: &[u32],
    ) {
        self.record.verdicts.push(Verdict {
            clause: clause.into(),
            outcome,
            provider: "alfa".into(),
            party: party.into(),
            expected: said.0.into(),
            observed: said.1.into(),
            evidence: evidence.to_vec(),
            matched: evidence.len() as u32,
            declared: false,
            source_read: clause != RECALLED,
            step: Some("m1".into()),
            reading: None,
        });
    }

    pub(crate) fn passes(&mut self, clauses: &[&str], evidence: &[u32]) {
        for clause in clauses {
            self.verdict(Outcome::Pass, clause, "access-point", ("what the clause says", "just that"), evidence);
        }
    }

    /// Anna's message, accepted: the submission, the receipt, and the receipt in her mailbox.
    pub(crate) fn accepted(&mut self, at: f64, subject: &str) -> u32 {
        let submitted = self.message("ordinary", "submission m1", subject);
        let event = self.send(at, "users", "alfa", &submitted, Some((250, "Ok")));
        let entry = LogEntry {
            event: "accettazione".into(),
            pec_msgid: Some("opec275.20260302090001.00001.alfa@alfa.test".into()),
            msgid: None,
            sender: "anna@alfa.test".into(),
            recipients: vec!["bruno@beta.test".into()],
            subject: subject.into(),
            related: Vec::new(),
            sending_provider: "Alfa PEC S.p.A.".into(),
            at: self.at(at),
        };
        self.event(at, Basis::Declared, What::Logged { provider: "alfa".into(), entry });
        let receipt = self.message("accettazione", "acceptance receipt", &format!("ACCETTAZIONE: {subject}"));
        self.store(at + 0.05, "alfa", "anna@alfa.test", &receipt);
        event
    }

    /// The envelope crosses, the receipts come back.
    pub(crate) fn delivered(&mut self, at: f64, subject: &str) -> u32 {
        let envelope =
            self.message("posta-certificata", "transport envelope", &format!("POSTA CERTIFICATA: {subject}"));
        let crossed = self.send(at, "alfa", "beta", &envelope, Some((250, "Ok")));
        let charge = self.message("presa-in-carico", "take-charge receipt", &format!("PRESA IN CARICO: {subject}"));
        self.store(at + 0.1, "beta", "bruno@beta.test", &envelope);
        self.send(at + 0.2, "beta", "alfa", &charge, Some((250, "Ok")));
        self.store(at + 0.25, "alfa", "servizio@alfa.test", &charge);
        let label = "delivery receipt (complete) for bruno@beta.test";
        let receipt = self.message("avvenuta-consegna", label, &format!("CONSEGNA: {subject}"));
        self.send(at + 0.3, "beta", "alfa", &receipt, Some((250, "Ok")));
        self.store(at + 0.35, "alfa", "anna@alfa.test", &receipt);
        crossed
    }
}

fn provider(name: &str) -> Provider {
    Provider {
        name: name.into(),
        display_name: format!("{}{} PEC S.p.A.", name[..1].to_uppercase(), &name[1..]),
        player: Player::Subject,
        domains: vec![format!("{name}.test")],
        certified_address: format!("posta-certificata@{name}.test"),
        service_mailbox: format!("servizio@{name}.test"),
        max_octets: 30_000_000,
        max_recipients: 500,
        users: vec![User {
            address: format!("anna@{name}.test"),
            quota_octets: None,
            ordinary: collaudo_record::Ordinary::Refuse,
        }],
    }
}

fn parts() -> Vec<Part> {
    vec![
        part(0, "multipart/signed", "", 13_000),
        part(1, "multipart/mixed", "", 8_000),
        part(2, "text/plain", "", 600),
        part(2, "application/xml", "daticert.xml", 1_200),
        part(1, "application/pkcs7-signature", "smime.p7s", 4_400),
    ]
}

fn part(depth: u32, content_type: &str, name: &str, octets: u64) -> Part {
    Part { depth, content_type: content_type.into(), name: name.into(), octets }
}

fn daticert(kind: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><postacert tipo=\"{kind}\" errore=\"nessuno\"><intestazione>\
         <mittente>anna@alfa.test</mittente><destinatari tipo=\"certificato\">bruno@beta.test</destinatari>\
         <risposte>anna@alfa.test</risposte><oggetto>Contratto &amp; allegati</oggetto></intestazione><dati>\
         <gestore-emittente>Alfa PEC S.p.A.</gestore-emittente><data zona=\"+0100\"><giorno>02/03/2026</giorno>\
         <ora>09:00:01</ora></data><identificativo>opec275.20260302090001.00001.alfa@alfa.test</identificativo>\
         </dati></postacert>"
    )
}
