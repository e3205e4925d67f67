//! Good traces, played by the forger: what a run of a scenario looks like from outside.

mod cast;
mod more;

use std::sync::LazyLock;

use collaudo_forge::{
    Certified, Form, Kind, Recipient, anomaly, brief, envelope, open, receipt, rewritten_original, seal_index,
};
use collaudo_record::{Basis, Event, Forward, Instant, LogEntry, Reply, Session, Span, Trace, Transfer, What};

use crate::Keys;
use cast::{AUTHORITY, header, ldif, make_keys, peer};

/// 2026-01-14, ten in the morning in Rome.
const EPOCH: Instant = Instant(1_768_381_200_000_000);
/// 2026-03-28, eight in the evening in Rome: the next day has twenty-three hours.
const SUMMER: Instant = Instant(1_774_724_400_000_000);
const IDENTIFIER: &str = "abc.1@alfa.test";
/// What anna writes: a text and an attachment.
const LETTER: &str = "Content-Type: multipart/mixed; boundary=\"xyz\"\r\n\r\n--xyz\r\nContent-Type: text/plain\r\n\r\n\
    In allegato.\r\n--xyz\r\nContent-Type: text/csv; name=\"elenco.csv\"\r\nContent-Transfer-Encoding: base64\r\n\
    Content-Disposition: attachment; filename=\"elenco.csv\"\r\n\r\nbnVtZXJvLGltcG9ydG8NCjcsMTI1MA0K\r\n--xyz--\r\n";
const WITH_A_MESSAGE: &str = "Content-Type: multipart/mixed; boundary=\"xyz\"\r\n\r\n--xyz\r\nContent-Type: text/plain\r\n\r\n\
    In allegato.\r\n--xyz\r\nContent-Type: message/rfc822; name=\"offerta.eml\"\r\n\r\nSubject: Offerta\r\n\r\n\
    Mille euro.\r\n--xyz--\r\n";
const SIGNED: &str = "Content-Type: multipart/signed; boundary=\"abc\"\r\n\r\n--abc\r\n\
    Content-Type: text/csv; name=\"elenco.csv\"\r\n\r\n7,1250\r\n--abc\r\n\
    Content-Type: application/pkcs7-signature; name=\"smime.p7s\"\r\nContent-Transfer-Encoding: base64\r\n\r\n\
    MIIB\r\n--abc--\r\n";
const OPAQUE: &str = "Content-Type: application/pkcs7-mime; name=\"smime.p7m\"\r\nContent-Transfer-Encoding: base64\r\n\
    \r\nMIIB\r\n";
const MSGID: &str = "<m1@client.alfa.test>";

/// A trace under construction.
struct Play {
    trace: Trace,
    keys: &'static Keys,
    session: u32,
    now: Instant,
    letter: &'static str,
    identifier: &'static str,
}

/// How a message fares at its destination.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Delivered,
    Unknown,
    Full,
    Down,
    TakenOnly,
    /// It leaves, and what becomes of it is another play's affair.
    Sent,
}

/// The good trace of a scenario.
pub(crate) fn good(id: &str) -> Trace {
    let mut play = Play::new(id);
    let delayed = |hours| (Fate::Delivered, hours);
    match id {
        "access-point/bcc-field" => play.refused("Bcc: bianca@beta.test\r\n", "To: bruno@beta.test"),
        "access-point/no-to" => play.refused("", "Cc: bruno@beta.test"),
        "access-point/reverse-path-unlike-from" | "access-point/hidden-recipient" | "access-point/too-large" => {
            play.refused("", "To: bruno@beta.test");
        }
        "access-point/external-recipient" => {
            play.accepted(&["bruno@beta.test", "mario@esterno.example"], &[], "", delayed(0));
        }
        "access-point/mixed-case-domain" => play.accepted(&["bruno@Beta.TEST"], &[], "", delayed(0)),
        "flows/same-provider" => play.accepted(&["aldo@alfa.test"], &[], "", delayed(0)),
        "flows/two-at-one-provider" => play.accepted(&["bruno@beta.test", "bianca@beta.test"], &[], "", delayed(0)),
        "flows/two-messages"
        | "flows/same-client-id"
        | "services/index-unreachable"
        | "services/index-altered"
        | "services/index-rolled-back" => {
            play.accepted(&["bruno@beta.test"], &[], "", delayed(0));
            play.identifier = "abc.2@alfa.test";
            play.accepted(&["bianca@beta.test"], &[], "", delayed(0));
        }
        "flows/reply-to" => play.accepted(&["bruno@beta.test"], &[], "Reply-To: aldo@alfa.test\r\n", delayed(0)),
        "delivery-point/receipt-complete" | "delivery-point/ambiguous-recipient" => {
            play.accepted(&["bruno@beta.test"], &["bianca@beta.test"], "", delayed(0));
        }
        "delivery-point/receipt-brief"
        | "delivery-point/receipt-brief-forwarded"
        | "delivery-point/receipt-brief-signed"
        | "delivery-point/receipt-brief-opaque" => {
            play.accepted(&["bruno@beta.test"], &["bianca@beta.test"], "X-TipoRicevuta: breve\r\n", delayed(0));
        }
        "delivery-point/receipt-concise" => {
            play.accepted(&["bruno@beta.test"], &["bianca@beta.test"], "X-TipoRicevuta: sintetica\r\n", delayed(0));
        }
        "delivery-point/unknown-mailbox" => play.accepted(&["nessuno@beta.test"], &[], "", (Fate::Unknown, 0)),
        "delivery-point/mailbox-full" | "timeouts/non-delivery-closes" => {
            play.accepted(&["bruno@beta.test"], &[], "", (Fate::Full, 0))
        }
        "timeouts/destination-down-26h" | "timeouts/over-summer-time" => {
            play.accepted(&["bruno@beta.test"], &[], "", (Fate::Down, 26))
        }
        "timeouts/back-after-1h" => play.accepted(&["bruno@beta.test"], &[], "", delayed(1)),
        "timeouts/back-after-13h" => play.accepted(&["bruno@beta.test"], &[], "", delayed(13)),
        "timeouts/takes-charge-never-delivers" | "reception-point/forged-receipts" => {
            play.accepted(&["bruno@beta.test"], &[], "", (Fate::TakenOnly, 0))
        }
        "reception-point/anomaly-from-listed-provider" => play.anomalous(""),
        "reception-point/signed-mail" => play.anomalous(
            "Return-Path: <anna@alfa.test>\r\nReceived: from mx by relay; Wed, 14 Jan 2026 10:00:00 +0100\r\n\
             Cc: bianca@beta.test\r\n",
        ),
        "attacks/virus-in-base64" => play.infected_submission(),
        "attacks/virus-for-two-recipients" => play.infected_envelope(),
        "attacks/virus-found-elsewhere" => play.virus_found(),
        "reception-point/ordinary-in-anomaly-envelope" => play.ordinary(true),
        "attacks/virus-in-ordinary-mail" | "reception-point/ordinary-forwarded" => play.ordinary(false),
        "reception-point/ordinary-mail-refused"
        | "services/certificate-revoked"
        | "services/provider-unlisted"
        | "reception-point/future-signer-refused"
        | "reception-point/foreign-authority-refused" => play.turned_away(),
        "delivery-point/read-over-imap" => play.visited("imap"),
        "delivery-point/read-over-pop3" => play.visited("pop3"),
        _ => play.accepted(&["bruno@beta.test"], &[], "", delayed(0)),
    }
    play.archived();
    play.trace.events.sort_by_key(|event| event.at);
    play.trace
}

fn letter(id: &str) -> &'static str {
    match id {
        "delivery-point/receipt-brief-forwarded" => WITH_A_MESSAGE,
        "delivery-point/receipt-brief-signed" => SIGNED,
        "delivery-point/receipt-brief-opaque" => OPAQUE,
        _ => LETTER,
    }
}

/// The keys of every play.
pub(crate) fn keys() -> &'static Keys {
    static KEYS: LazyLock<Keys> = LazyLock::new(make_keys);
    &KEYS
}

impl Play {
    fn new(id: &str) -> Self {
        let keys = keys();
        let now = if id == "timeouts/over-summer-time" { SUMMER } else { EPOCH };
        let mut trace = Trace { header: header(id), events: Vec::new(), bodies: Default::default() };
        let index = trace.keep(seal_index(&ldif(&trace.header.providers, keys), keys.index.as_ref().unwrap(), None));
        let authority = trace.keep(AUTHORITY.1.as_slice());
        let signer = trace.keep(keys.index.as_ref().unwrap().certificate());
        (trace.header.index, trace.header.trust, trace.header.index_signer) = (index, vec![authority], signer);
        let mut play = Self { trace, keys, session: 0, now, letter: letter(id), identifier: IDENTIFIER };
        play.introduced(id);
        play
    }

    fn later(&mut self, seconds: i64) -> Instant {
        self.now = self.now.after(Span::from_secs(seconds));
        self.now
    }

    fn event(&mut self, basis: Basis, what: What) {
        self.trace.events.push(Event { at: self.now, basis, what });
    }

    fn transfer(&mut self, client: &str, server: &str, reverse_path: &str, forward_paths: &[String], body: &[u8]) {
        let users = client == "users";
        let port = if users { 587 } else { 25 };
        if !users {
            let (host, domain) = (client.to_owned(), format!("{server}.test"));
            let exchangers = vec![format!("mx.{domain}")];
            self.event(Basis::Observed, What::Resolved { host, domain, exchangers });
        }
        let session = Session { session: self.session, client: client.into(), server: server.into(), port };
        self.session += 1;
        let began = self.now;
        self.event(Basis::Observed, What::Opened(session.clone()));
        let extensions = ["PIPELINING", "STARTTLS"].map(str::to_owned).to_vec();
        self.event(Basis::Observed, What::Announced { session: session.clone(), extensions });
        self.event(Basis::Observed, What::Secured(session.clone()));
        let reply = Some(Reply { code: 250, text: "OK".into() });
        let body = self.trace.keep(body);
        self.now = self.now.after(Span(20_000));
        let forward = |path: &String| Forward { path: path.clone(), reply: reply.clone() };
        self.event(
            Basis::Observed,
            What::Transfer(Transfer {
                session,
                step: users.then(|| "m1".into()),
                began,
                secured: true,
                account: users.then(|| "anna@alfa.test".into()),
                reverse_path: reverse_path.into(),
                reverse_reply: reply.clone(),
                forward_paths: forward_paths.iter().map(forward).collect(),
                body: Some(body),
                body_at: Some(self.now),
                reply: reply.clone(),
            }),
        );
    }

    fn stored(&mut self, provider: &str, mailbox: &str, bytes: &[u8]) {
        let body = self.trace.keep(bytes);
        self.event(Basis::Declared, What::Stored { provider: provider.into(), mailbox: mailbox.into(), body });
    }

    fn logged(&mut self, provider: &str, event: &str, certified: &Certified, message: &[u8]) {
        let made = open(message).unwrap().fields().get("Message-ID").unwrap();
        let entry = LogEntry {
            event: event.into(),
            pec_msgid: Some(certified.identifier.clone()),
            msgid: certified.msgid.clone(),
            sender: certified.sender.clone(),
            recipients: certified.recipients.iter().map(|each| each.address.clone()).collect(),
            subject: certified.subject.clone(),
            related: vec![made.trim_matches(['<', '>']).to_owned()],
            sending_provider: "Alfa PEC S.p.A.".into(),
            at: self.now,
        };
        self.event(Basis::Declared, What::Logged { provider: provider.into(), entry });
    }

    fn receipt(&mut self, provider: &str, kind: Kind<'_>, certified: &Certified, to: &str) -> Vec<u8> {
        let message = receipt(kind, certified, &peer(provider), to, &self.keys.providers[provider], self.now.0);
        self.logged(provider, "emissione", certified, &message);
        message
    }

    /// From one provider's point to another's mailbox; within a provider nothing crosses.
    fn carry(&mut self, from: &str, to: &str, mailbox: &str, message: &[u8]) {
        if from != to {
            self.transfer(from, to, &peer(from).certified_address, &[mailbox.to_owned()], message);
        }
        self.stored(to, mailbox, message);
    }

    fn refused(&mut self, extra: &str, to: &str) {
        let original = original(&format!("{to}\r\n{extra}"), "", LETTER);
        self.transfer("users", "alfa", "anna@alfa.test", &["bruno@beta.test".to_owned()], original.as_bytes());
        let certified = certified(&["bruno@beta.test"], Form::Complete, "anna@alfa.test");
        let notice = self.receipt("alfa", Kind::NonAcceptance { why: "formato" }, &certified, "anna@alfa.test");
        self.stored("alfa", "anna@alfa.test", &notice);
    }

    fn accepted(&mut self, to: &[&str], cc: &[&str], extra: &str, (fate, hours): (Fate, i64)) {
        let copies = if cc.is_empty() { String::new() } else { format!("Cc: {}\r\n", cc.join(", ")) };
        let submitted = original(&format!("To: {}\r\n{copies}{extra}", to.join(", ")), "", self.letter);
        let recipients: Vec<String> = to.iter().chain(cc).map(|address| (*address).to_owned()).collect();
        self.transfer("users", "alfa", "anna@alfa.test", &recipients, submitted.as_bytes());
        let traced = original(
            &format!("To: {}\r\n{copies}{extra}", to.join(", ")),
            "Return-Path: <anna@alfa.test>\r\nReceived: from client by alfa; Wed, 14 Jan 2026 10:00:00 +0100\r\n",
            self.letter,
        );
        let all: Vec<&str> = to.iter().chain(cc).copied().collect();
        let form = extra.strip_prefix("X-TipoRicevuta: ").map(Form::read).unwrap_or_default();
        let reply_to = extra.strip_prefix("Reply-To: ").map_or("anna@alfa.test", str::trim);
        let identifier = self.identifier.to_owned();
        let certified = Certified { identifier, ..certified(&all, form, reply_to) };
        let acceptance = self.receipt("alfa", Kind::Acceptance, &certified, "anna@alfa.test");
        self.stored("alfa", "anna@alfa.test", &acceptance);
        let postacert = rewritten_original(traced.as_bytes(), self.identifier);
        let message = envelope(&postacert, &certified, &peer("alfa"), &self.keys.providers["alfa"], self.now.0);
        self.notices(&certified, fate, hours);
        if fate == Fate::Sent {
            self.transfer("alfa", "gamma", "anna@alfa.test", &recipients, &message);
        } else if fate != Fate::Down {
            self.later(hours * 3_600 + 1);
            self.delivered(&message, &certified, to, &recipients, fate);
        }
    }

    fn notices(&mut self, certified: &Certified, fate: Fate, hours: i64) {
        let accepted = self.now;
        let recipient = certified.recipients[0].address.clone();
        for (after, second) in [(12, false), (23, true)] {
            let due = if second { fate != Fate::Delivered } else { hours > 12 };
            if due && matches!(fate, Fate::Down | Fate::TakenOnly | Fate::Delivered) {
                self.now = accepted.after(Span::from_hours(after));
                let kind = Kind::Timeout { recipient: &recipient, second };
                let notice = self.receipt("alfa", kind, certified, "anna@alfa.test");
                self.stored("alfa", "anna@alfa.test", &notice);
            }
        }
        self.now = accepted;
    }

    fn delivered(&mut self, message: &[u8], certified: &Certified, to: &[&str], recipients: &[String], fate: Fate) {
        let home = if recipients[0].ends_with("@alfa.test") { "alfa" } else { "beta" };
        let local: Vec<String> = recipients.iter().filter(|address| !address.ends_with("example")).cloned().collect();
        if home == "beta" {
            self.transfer("alfa", "beta", "anna@alfa.test", &local, message);
            let kind = Kind::TakeCharge { recipients: &local };
            let receipt = self.receipt("beta", kind, certified, "servizio@alfa.test");
            self.later(1);
            self.carry("beta", "alfa", "servizio@alfa.test", &receipt);
        }
        if fate == Fate::TakenOnly {
            return;
        }
        for address in &local {
            self.later(1);
            let kind = match fate {
                Fate::Unknown => Kind::NonDelivery {
                    recipient: address,
                    error: "no-dest",
                    why: "5.1.1 - Beta - casella inesistente",
                },
                Fate::Full => {
                    Kind::NonDelivery { recipient: address, error: "altro", why: "5.2.2 - Beta - casella piena" }
                }
                _ => {
                    self.stored(home, address, message);
                    Kind::Delivery { recipient: address, form: certified.form, original: None }
                }
            };
            let original = open(message).unwrap().original().unwrap();
            let short = brief(&original);
            let kind = match (kind, certified.form) {
                (Kind::Delivery { recipient, form, .. }, Form::Complete) if to.contains(&recipient) => {
                    Kind::Delivery { recipient, form, original: Some(&original) }
                }
                (Kind::Delivery { recipient, form, .. }, Form::Brief) if to.contains(&recipient) => {
                    Kind::Delivery { recipient, form, original: Some(&short) }
                }
                (kind, _) => kind,
            };
            let receipt = self.receipt(home, kind, certified, "anna@alfa.test");
            self.later(1);
            self.carry(home, "alfa", "anna@alfa.test", &receipt);
        }
    }

    fn anomalous(&mut self, extra: &str) {
        let certified = certified(&["bruno@beta.test"], Form::Complete, "anna@alfa.test");
        let notice = self.receipt("alfa", Kind::Acceptance, &certified, "bruno@beta.test");
        let notice = String::from_utf8_lossy(&notice).replace("X-Ricevuta: accettazione", "X-Prova: 1");
        let notice = format!("{extra}{notice}");
        self.transfer("alfa", "beta", "anna@alfa.test", &["bruno@beta.test".to_owned()], notice.as_bytes());
        let recipients = ["bruno@beta.test".to_owned()];
        let signer = &self.keys.providers["beta"];
        let wrapped =
            anomaly(notice.as_bytes(), "anna@alfa.test", &recipients, "formato", &peer("beta"), signer, self.now.0);
        self.stored("beta", "bruno@beta.test", &wrapped);
    }
}

fn original(fields: &str, trace: &str, letter: &str) -> String {
    format!(
        "{trace}From: anna@alfa.test\r\n{fields}Subject: Contratto\r\nDate: Wed, 14 Jan 2026 10:00:00 +0100\r\n\
         Message-ID: {MSGID}\r\nMIME-Version: 1.0\r\n{letter}"
    )
}

fn certified(recipients: &[&str], form: Form, reply_to: &str) -> Certified {
    let recipient = |address: &&str| Recipient { address: (*address).into(), certified: !address.ends_with("example") };
    Certified {
        sender: "anna@alfa.test".into(),
        recipients: recipients.iter().map(recipient).collect(),
        reply_to: reply_to.into(),
        subject: "Contratto".into(),
        identifier: IDENTIFIER.into(),
        msgid: Some(MSGID.into()),
        form,
    }
}
