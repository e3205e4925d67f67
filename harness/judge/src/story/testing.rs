//! Small traces made by hand: messages as plain text, unsigned, each event under a name so that a test can bend it.

use collaudo_record::{
    Basis, BodyHash, Event, Expectation, FaultPhase, Forward, Header, Instant, LogEntry, Ordinary, Player, Provider,
    Reply, ScenarioBrief, Session, Span, Terms, Trace, Transfer, User, Verdict, What,
};

use super::{Arrives, Standing, Story, standing::is_well_formed};
use crate::{
    check::View,
    library::Library,
    reading::{Index, Reading, Readings},
    sighting::sightings,
};

/// 2026-06-01T08:00:00Z.
pub(crate) const EPOCH: Instant = Instant(1_780_300_800_000_000);

pub(crate) const ORIGINAL: &str = "Date: Mon, 1 Jun 2026 10:00:00 +0200\r\nFrom: Anna <anna@alfa.test>\r\n\
    To: bruno@beta.test\r\nSubject: Contratto\r\nMessage-ID: <m1@client>\r\nMIME-Version: 1.0\r\n\
    Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n\r\nciao\r\n\
    --o\r\nContent-Type: text/csv; name=a.csv\r\n\r\n1;2\r\n--o--\r\n";

/// The SHA-1 of `1;2`, as what stands for it.
pub(crate) const DIGEST: &str = "76b2a6ede99b785d26a540f2ae7c2a533af4600f";

/// Named events in the order of their instants.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    pub(crate) events: Vec<(String, Instant, Act)>,
    pub(crate) quota: Option<u64>,
    pub(crate) expect: Vec<Expectation>,
    pub(crate) peer: Option<&'static str>,
    /// Everything goes without TLS.
    pub(crate) clear: bool,
    /// What becomes of ordinary mail for everybody; refused where it says nothing.
    pub(crate) ordinary: Option<Ordinary>,
    /// The world could not look inside.
    pub(crate) opaque: bool,
    /// It read one log all the same.
    pub(crate) log_declared: bool,
}

/// What happens.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Submit {
        message: String,
        to: Vec<String>,
        account: Option<String>,
        reverse: String,
        code: u16,
    },
    Wire {
        from: String,
        to: String,
        reverse: String,
        forward: Vec<String>,
        code: Option<u16>,
        message: String,
    },
    Stored {
        mailbox: String,
        message: String,
    },
    Logged {
        provider: String,
        entry: LogEntry,
    },
    Host {
        host: String,
        up: bool,
    },
    Partition {
        phase: FaultPhase,
    },
    /// Anything else, with the octets that it names.
    Note {
        what: What,
        octets: Vec<u8>,
    },
    /// Nothing; the trace ends no earlier.
    End,
}

/// So long after the epoch.
pub(crate) fn at(seconds: i64) -> Instant {
    EPOCH.after(Span::from_secs(seconds))
}

pub(crate) const HOUR: i64 = 3_600;

impl Script {
    pub(crate) fn add(mut self, name: &str, at: Instant, act: Act) -> Self {
        self.events.push((name.to_owned(), at, act));
        self.events.sort_by_key(|(_, at, _)| *at);
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        let before = self.events.len();
        self.events.retain(|(own, ..)| own != name);
        assert!(self.events.len() < before, "no event {name}");
        self
    }

    /// Another instant for an event.
    pub(crate) fn moved(mut self, name: &str, to: Instant) -> Self {
        for (own, at, _) in &mut self.events {
            if own == name {
                *at = to;
            }
        }
        self.events.sort_by_key(|(_, at, _)| *at);
        self
    }

    pub(crate) fn bent(mut self, name: &str, bend: impl Fn(&mut Act)) -> Self {
        let mut all = self.events.iter_mut().filter(|(own, ..)| own == name).peekable();
        assert!(all.peek().is_some(), "no event {name}");
        all.for_each(|(_, _, act)| bend(act));
        self
    }

    /// Another text in the message of an event.
    pub(crate) fn text(self, name: &str, old: &str, new: &str) -> Self {
        self.bent(name, |act| {
            let message = act.message();
            assert!(message.contains(old), "{name} holds no {old}: {message}");
            *message = message.replace(old, new);
        })
    }

    /// The same event once more, a little later.
    pub(crate) fn twice(self, name: &str) -> Self {
        let (_, at, act) = self.events.iter().find(|(own, ..)| own == name).cloned().expect("an event of that name");
        self.add(&format!("{name}-again"), at.after(Span(1_000)), act)
    }

    pub(crate) fn message(&self, name: &str) -> String {
        let (.., act) = self.events.iter().find(|(own, ..)| own == name).expect("an event of that name");
        act.clone().message().clone()
    }

    /// Judges with a trust that believes From.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&View<'_>) -> T) -> T {
        let trace = self.trace();
        let readings = Readings::of(&trace);
        let index = Index::default();
        let sightings = sightings(&trace, &readings);
        let library = Library::of(&trace, &index);
        let story = Story::trusting(believe, &trace, &readings, &library, &sightings);
        look(&View {
            trace: &trace,
            readings: &readings,
            index: &index,
            library: &library,
            sightings: &sightings,
            story: &story,
        })
    }

    /// The failed verdicts, of a trace that was bent after it was made.
    pub(crate) fn altered(&self, bend: impl Fn(&mut Trace)) -> Vec<String> {
        let failed = self.judged(bend).into_iter().filter(|one| one.outcome == collaudo_record::Outcome::Fail);
        failed.map(|one| format!("{} {}", one.clause.trim_start_matches("PEC-"), one.provider)).collect()
    }

    /// All verdicts of such a trace.
    pub(crate) fn judged(&self, bend: impl Fn(&mut Trace)) -> Vec<Verdict> {
        let mut trace = self.trace();
        bend(&mut trace);
        crate::judge(&trace).verdicts
    }

    fn trace(&self) -> Trace {
        let mut trace = Trace { header: header(self), events: Vec::new(), bodies: std::collections::BTreeMap::new() };
        for (number, (_, at, act)) in self.events.iter().enumerate() {
            let (basis, what) = act.event(&mut trace, !self.clear, u32::try_from(number).expect("few events"), *at);
            trace.events.push(Event { at: *at, basis, what });
        }
        trace
    }
}

impl Act {
    pub(crate) fn message(&mut self) -> &mut String {
        match self {
            Self::Submit { message, .. } | Self::Wire { message, .. } | Self::Stored { message, .. } => message,
            other => panic!("{other:?} has no message"),
        }
    }

    fn event(&self, trace: &mut Trace, secured: bool, session: u32, at: Instant) -> (Basis, What) {
        let reply = |code: u16| Reply { code, text: String::new() };
        match self.clone() {
            Self::Submit { message, to, account, reverse, code } => {
                let body = Some(trace.keep(message.into_bytes()));
                let provider = reverse.split('@').nth(1).map_or("alfa", |domain| domain.trim_end_matches(".test"));
                let what = What::Transfer(Transfer {
                    session: Session { session, client: "users".into(), server: provider.into(), port: 587 },
                    step: Some("m1".into()),
                    began: at,
                    secured,
                    account,
                    reverse_path: reverse,
                    reverse_reply: Some(reply(250)),
                    forward_paths: to.into_iter().map(|path| Forward { path, reply: Some(reply(250)) }).collect(),
                    body,
                    body_at: Some(at),
                    reply: Some(reply(code)),
                });
                (Basis::Observed, what)
            }
            Self::Wire { from, to, reverse, forward, code, message } => {
                let body = Some(trace.keep(message.into_bytes()));
                let what = What::Transfer(Transfer {
                    session: Session { session, client: from, server: to, port: 25 },
                    step: None,
                    began: at,
                    secured,
                    account: None,
                    reverse_path: reverse,
                    reverse_reply: Some(reply(250)),
                    forward_paths: forward.into_iter().map(|path| Forward { path, reply: Some(reply(250)) }).collect(),
                    body,
                    body_at: Some(at),
                    reply: code.map(reply),
                });
                (Basis::Observed, what)
            }
            Self::Stored { mailbox, message } => {
                let provider = if mailbox.ends_with("alfa.test") { "alfa" } else { "beta" }.to_owned();
                let body = trace.keep(message.into_bytes());
                (Basis::Declared, What::Stored { provider, mailbox, body })
            }
            Self::Logged { provider, entry } => (Basis::Declared, What::Logged { provider, entry }),
            Self::Host { host, up } => (Basis::Observed, What::Host { host, up }),
            Self::Partition { phase } => {
                let hosts = vec!["alfa".to_owned(), "beta".to_owned()];
                (Basis::Observed, What::Fault { fault: 0, kind: "partition".into(), hosts, phase })
            }
            Self::Note { what, octets } => {
                trace.keep(octets);
                let is_declared = matches!(what, What::Retained { .. } | What::Sealed { .. } | What::Terms(_));
                (if is_declared { Basis::Declared } else { Basis::Observed }, what)
            }
            Self::End => (Basis::Observed, What::Host { host: "clock".into(), up: true }),
        }
    }
}

fn believe(reading: &Reading, _: Arrives<'_>) -> Standing {
    let names = |from: &crate::reading::Mailbox| from.address.starts_with("posta-certificata@");
    match (reading.head.from.iter().any(names), is_well_formed(reading)) {
        (false, _) => Standing::Unsigned,
        (true, false) => Standing::Malformed,
        (true, true) => Standing::Correct,
    }
}

fn header(script: &Script) -> Header {
    let hash = collaudo_record::BodyHash::of(b"");
    let provider = |name: &str, users: &[&str]| Provider {
        name: name.into(),
        display_name: format!("{name} PEC"),
        player: if script.peer == Some(name) { Player::Peer } else { Player::Subject },
        domains: vec![format!("{name}.test")],
        certified_address: format!("posta-certificata@{name}.test"),
        service_mailbox: format!("servizio@{name}.test"),
        max_octets: 30_000_000,
        max_recipients: 500,
        users: users
            .iter()
            .map(|user| User {
                address: format!("{user}@{name}.test"),
                quota_octets: script.quota.filter(|_| *user == "bruno"),
                ordinary: script.ordinary.clone().unwrap_or(Ordinary::Refuse),
            })
            .collect(),
    };
    Header {
        format: 1,
        scenario: ScenarioBrief {
            id: "t".into(),
            title: String::new(),
            why: String::new(),
            covers: vec![],
            expect: script.expect.clone(),
        },
        world: "sim".into(),
        opaque: script.opaque,
        log_declared: script.log_declared,
        seed: 1,
        epoch: EPOCH,
        providers: vec![provider("alfa", &["anna", "carla"]), provider("beta", &["bruno", "dario"])],
        index: hash.clone(),
        trust: vec![],
        index_signer: hash,
    }
}

/// A certified message.
#[derive(Clone, Debug)]
pub(crate) struct Pec {
    pub(crate) kind: &'static str,
    pub(crate) issuer: &'static str,
    pub(crate) to: String,
    pub(crate) at: Instant,
    pub(crate) own: String,
    pub(crate) recipients: Vec<String>,
    pub(crate) data: String,
    pub(crate) text: String,
    pub(crate) fields: String,
    pub(crate) original: Option<String>,
}

pub(crate) const ID: &str = "pec1@alfa.test";

impl Pec {
    pub(crate) fn new(kind: &'static str, issuer: &'static str, to: &str, seconds: i64) -> Self {
        Self {
            kind,
            issuer,
            to: to.to_owned(),
            at: at(seconds),
            own: format!("{kind}{seconds}@{issuer}.test"),
            recipients: vec!["bruno@beta.test".to_owned()],
            data: String::new(),
            text: "testo".to_owned(),
            fields: String::new(),
            original: None,
        }
    }

    pub(crate) fn data(mut self, data: &str) -> Self {
        self.data.push_str(data);
        self
    }

    pub(crate) fn enclosing(mut self, original: &str) -> Self {
        self.original = Some(original.to_owned());
        self
    }

    pub(crate) fn write(&self) -> String {
        let rome =
            jiff::Timestamp::from_microsecond(self.at.0).expect("an instant").in_tz("Europe/Rome").expect("the zone");
        let date = rome.strftime("%a, %d %b %Y %H:%M:%S %z");
        let mark = if self.kind == "posta-certificata" { "X-Trasporto" } else { "X-Ricevuta" };
        let recipients: String = self
            .recipients
            .iter()
            .map(|one| format!("<destinatari tipo=\"certificato\">{one}</destinatari>"))
            .collect();
        let errore = match self.kind {
            "errore-consegna" | "non-accettazione" | "preavviso-errore-consegna" => "altro",
            _ => "nessuno",
        };
        let xml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<postacert tipo=\"{}\" errore=\"{errore}\"><intestazione>\
             <mittente>anna@alfa.test</mittente>{recipients}<risposte>anna@alfa.test</risposte><oggetto>Contratto</oggetto>\
             </intestazione><dati><gestore-emittente>{}</gestore-emittente><data zona=\"+0200\"><giorno>{}</giorno><ora>{}</ora>\
             </data><identificativo>{ID}</identificativo><msgid>&lt;m1@client&gt;</msgid>{}</dati></postacert>",
            self.kind,
            self.issuer,
            rome.strftime("%d/%m/%Y"),
            rome.strftime("%H:%M:%S"),
            self.data
        );
        let original = self.original.as_ref().map_or_else(String::new, |original| {
            format!("\r\n--p\r\nContent-Type: message/rfc822; name=postacert.eml\r\n\r\n{original}")
        });
        format!(
            "{mark}: {}\r\nDate: {date}\r\nFrom: <posta-certificata@{}.test>\r\nTo: {}\r\nSubject: x: Contratto\r\n\
             Message-ID: <{}>\r\nX-Riferimento-Message-ID: <m1@client>\r\n{}MIME-Version: 1.0\r\n\
             Content-Type: multipart/mixed; boundary=p\r\n\r\n--p\r\nContent-Type: text/plain\r\n\r\n{}\r\n\
             --p\r\nContent-Type: application/xml; name=daticert.xml\r\n\r\n{xml}{original}\r\n--p--\r\n",
            self.kind, self.issuer, self.to, self.own, self.fields, self.text
        )
    }
}

/// The original with the PEC identifier in the place of the client's.
pub(crate) fn enclosed(original: &str) -> String {
    original.replace("Message-ID: <m1@client>", &format!("Message-ID: <{ID}>\r\nX-Riferimento-Message-ID: <m1@client>"))
}

/// The original with its attachment replaced.
pub(crate) fn brief(original: &str) -> String {
    enclosed(original).replace(
        "Content-Type: text/csv; name=a.csv\r\n\r\n1;2",
        &format!("Content-Type: text/plain; name=a.csv.hash\r\n\r\n{DIGEST}"),
    )
}

pub(crate) fn submit(message: &str, to: &[&str]) -> Act {
    Act::Submit {
        message: message.to_owned(),
        to: to.iter().map(|one| (*one).to_owned()).collect(),
        account: Some("anna@alfa.test".into()),
        reverse: "anna@alfa.test".into(),
        code: 250,
    }
}

pub(crate) fn stored(mailbox: &str, message: &str) -> Act {
    Act::Stored { mailbox: mailbox.to_owned(), message: message.to_owned() }
}

pub(crate) fn wire(from: &str, to: &str, reverse: &str, forward: &[&str], message: &str) -> Act {
    Act::Wire {
        from: from.to_owned(),
        to: to.to_owned(),
        reverse: reverse.to_owned(),
        forward: forward.iter().map(|one| (*one).to_owned()).collect(),
        code: Some(250),
        message: message.to_owned(),
    }
}

pub(crate) fn retained(provider: &str, message: &str) -> Act {
    let what = What::Retained { provider: provider.to_owned(), body: BodyHash::of(message.as_bytes()) };
    Act::Note { what, octets: message.as_bytes().to_vec() }
}

pub(crate) fn sealed(provider: &str, day: &str, seal: Vec<u8>) -> Act {
    let what = What::Sealed { provider: provider.to_owned(), day: day.to_owned(), seal: BodyHash::of(&seal) };
    Act::Note { what, octets: seal }
}

pub(crate) fn fetched(mailbox: &str, secured: bool, message: &str) -> Act {
    let what = What::Fetched {
        visit: "v1".to_owned(),
        provider: mailbox.split(['@', '.']).nth(1).unwrap_or_default().to_owned(),
        mailbox: mailbox.to_owned(),
        over: "imap".to_owned(),
        secured,
        body: BodyHash::of(message.as_bytes()),
    };
    Act::Note { what, octets: message.as_bytes().to_vec() }
}

/// Somebody logs into a mailbox, or is not let in.
pub(crate) fn entered(mailbox: &str, admitted: bool) -> Act {
    let what = What::Entered {
        visit: "v1".to_owned(),
        provider: mailbox.split(['@', '.']).nth(1).unwrap_or_default().to_owned(),
        mailbox: mailbox.to_owned(),
        over: "imap".to_owned(),
        admitted,
    };
    Act::Note { what, octets: Vec::new() }
}

/// A server says what it can do.
pub(crate) fn announced(server: &str, port: u16, extensions: &[&str]) -> Act {
    let what = What::Announced {
        session: Session { session: 0, client: "alfa".into(), server: server.to_owned(), port },
        extensions: extensions.iter().map(|one| (*one).to_owned()).collect(),
    };
    Act::Note { what, octets: Vec::new() }
}

/// A host learns where a domain's mail goes.
pub(crate) fn resolved(host: &str, domain: &str, exchangers: &[&str]) -> Act {
    let exchangers = exchangers.iter().map(|one| (*one).to_owned()).collect();
    let what = What::Resolved { host: host.to_owned(), domain: domain.to_owned(), exchangers };
    Act::Note { what, octets: Vec::new() }
}

/// A provider says of itself which machines are its own, in how many seconds it accepts, whether it is qualified.
pub(crate) fn terms(provider: &str, machines: &[&str], acceptance: Option<i64>, qualified: bool) -> Act {
    let what = What::Terms(Terms {
        provider: provider.to_owned(),
        machines: machines.iter().map(|one| (*one).to_owned()).collect(),
        acceptance: acceptance.map(Span::from_secs),
        qualified,
    });
    Act::Note { what, octets: Vec::new() }
}

/// A host asks for the index.
pub(crate) fn consulted(host: &str, over: &str, document: Option<&[u8]>) -> Act {
    let what = What::Consulted {
        host: host.to_owned(),
        document: "indice.ldif.p7m".to_owned(),
        over: over.to_owned(),
        body: document.map(BodyHash::of),
    };
    Act::Note { what, octets: document.unwrap_or_default().to_vec() }
}

pub(crate) fn fault(kind: &str, host: &str, phase: FaultPhase) -> Act {
    let what = What::Fault { fault: 7, kind: kind.to_owned(), hosts: vec![host.to_owned()], phase };
    Act::Note { what, octets: Vec::new() }
}

pub(crate) fn logged(provider: &str, event: &str, seconds: i64, related: &[&str]) -> Act {
    Act::Logged {
        provider: provider.to_owned(),
        entry: LogEntry {
            event: event.to_owned(),
            pec_msgid: Some(ID.to_owned()),
            msgid: Some("<m1@client>".to_owned()),
            sender: "anna@alfa.test".to_owned(),
            recipients: vec!["bruno@beta.test".to_owned()],
            subject: "Contratto".to_owned(),
            related: related.iter().map(|one| (*one).to_owned()).collect(),
            sending_provider: "alfa PEC".to_owned(),
            at: at(seconds),
        },
    }
}

pub(crate) fn envelope(original: &str) -> Pec {
    let field = |name: &str| {
        original.lines().find(|line| line.starts_with(name)).map(|line| format!("{line}\r\n")).unwrap_or_default()
    };
    let to = field("To: ");
    let mut envelope = Pec::new("posta-certificata", "alfa", to.trim_start_matches("To: ").trim(), 1)
        .data("<ricevuta tipo=\"completa\"/>")
        .enclosing(&enclosed(original));
    envelope.own = ID.to_owned();
    envelope.fields = field("Cc: ") + &field("X-TipoRicevuta: ") + &field("Reply-To: ");
    if !envelope.fields.contains("Reply-To") {
        envelope.fields.push_str("Reply-To: anna@alfa.test\r\n");
    }
    envelope
}

/// Accepted at one second, and nothing else yet.
pub(crate) fn accepted(original: &str, to: &[&str]) -> Script {
    let mut receipt = Pec::new("accettazione", "alfa", "anna@alfa.test", 1);
    receipt.recipients = to.iter().map(|one| (*one).to_owned()).collect();
    Script::default().add("submit", at(1), submit(original, to)).add(
        "accettazione",
        at(1),
        stored("anna@alfa.test", &receipt.write()),
    )
}

/// From anna at alfa to bruno at beta, all well.
pub(crate) fn crossing(original: &str) -> Script {
    let envelope = envelope(original).write();
    let take =
        Pec::new("presa-in-carico", "beta", "servizio@alfa.test", 2).data("<ricezione>bruno@beta.test</ricezione>");
    let delivery = delivery(original);
    let lying = format!("Return-Path: <anna@alfa.test>\r\nReceived: from alfa by beta;\r\n\tnow\r\n{envelope}");
    accepted(original, &["bruno@beta.test"])
        .add("log-accept", at(1), logged("alfa", "accettazione", 1, &["accettazione1@alfa.test"]))
        .add("busta", at(2), wire("alfa", "beta", "anna@alfa.test", &["bruno@beta.test"], &envelope))
        .add("log-take", at(2), logged("beta", "ricezione", 2, &["presa-in-carico2@beta.test"]))
        .add(
            "presa",
            at(2),
            wire("beta", "alfa", "posta-certificata@beta.test", &["servizio@alfa.test"], &take.write()),
        )
        .add("presa-filed", at(2), stored("servizio@alfa.test", &take.write()))
        .add("busta-stored", at(3), stored("bruno@beta.test", &lying))
        .add("log-deliver", at(3), logged("beta", "consegna", 3, &["avvenuta-consegna3@beta.test"]))
        .add(
            "consegna",
            at(4),
            wire("beta", "alfa", "posta-certificata@beta.test", &["anna@alfa.test"], &delivery.write()),
        )
        .add("consegna-filed", at(4), stored("anna@alfa.test", &delivery.write()))
}

pub(crate) fn delivery(original: &str) -> Pec {
    Pec::new("avvenuta-consegna", "beta", "anna@alfa.test", 3)
        .data("<ricevuta tipo=\"completa\"/><consegna>bruno@beta.test</consegna>")
        .enclosing(&enclosed(original))
}

/// From anna to carla, both at alfa.
pub(crate) fn internal() -> Script {
    let original = ORIGINAL.replace("bruno@beta.test", "carla@alfa.test");
    let to = vec!["carla@alfa.test".to_owned()];
    let mut busta = envelope(&original);
    busta.recipients.clone_from(&to);
    let mut consegna = Pec::new("avvenuta-consegna", "alfa", "anna@alfa.test", 2)
        .data("<ricevuta tipo=\"completa\"/><consegna>carla@alfa.test</consegna>")
        .enclosing(&enclosed(&original));
    consegna.recipients = to;
    accepted(&original, &["carla@alfa.test"]).add("busta-stored", at(2), stored("carla@alfa.test", &busta.write())).add(
        "consegna-filed",
        at(2),
        stored("anna@alfa.test", &consegna.write()),
    )
}

/// A formal fault, refused with a notice.
pub(crate) fn refused(original: &str, to: &[&str]) -> Script {
    let mut notice =
        Pec::new("non-accettazione", "alfa", "anna@alfa.test", 1).data("<errore-esteso>no</errore-esteso>");
    notice.recipients = to.iter().map(|one| (*one).to_owned()).collect();
    Script::default().add("submit", at(1), submit(original, to)).add(
        "avviso",
        at(1),
        stored("anna@alfa.test", &notice.write()),
    )
}

/// Handed to beta, which cannot store it.
pub(crate) fn undelivered(recipient: &str, code: &str) -> Script {
    let original = ORIGINAL.replace("bruno@beta.test", recipient);
    let mut notice = Pec::new("errore-consegna", "beta", "anna@alfa.test", 4)
        .data(&format!("<consegna>{recipient}</consegna><errore-esteso>{code} - beta PEC - no</errore-esteso>"));
    notice.text = format!("{code} - beta PEC - no");
    notice.recipients = vec![recipient.to_owned()];
    let mut busta = envelope(&original);
    busta.recipients = vec![recipient.to_owned()];
    let mut take = Pec::new("presa-in-carico", "beta", "servizio@alfa.test", 2)
        .data(&format!("<ricezione>{recipient}</ricezione>"));
    take.recipients = vec![recipient.to_owned()];
    accepted(&original, &[recipient])
        .add("busta", at(2), wire("alfa", "beta", "anna@alfa.test", &[recipient], &busta.write()))
        .add(
            "presa",
            at(2),
            wire("beta", "alfa", "posta-certificata@beta.test", &["servizio@alfa.test"], &take.write()),
        )
        .add("presa-filed", at(2), stored("servizio@alfa.test", &take.write()))
        .add(
            "mancata",
            at(4),
            wire("beta", "alfa", "posta-certificata@beta.test", &["anna@alfa.test"], &notice.write()),
        )
        .add("mancata-filed", at(4), stored("anna@alfa.test", &notice.write()))
}

/// A timeout notice for bruno.
pub(crate) fn timeout_at(seconds: i64) -> Act {
    let notice = Pec::new("preavviso-errore-consegna", "alfa", "anna@alfa.test", seconds)
        .data("<consegna>bruno@beta.test</consegna><errore-esteso>no</errore-esteso>");
    stored("anna@alfa.test", &notice.write())
}

/// Accepted, and beta cannot be reached for 30 hours: both notices.
pub(crate) fn silence() -> Script {
    accepted(ORIGINAL, &["bruno@beta.test"])
        .add("partition", at(0), Act::Partition { phase: FaultPhase::Injected })
        .add("first", at(12 * HOUR + 61), timeout_at(12 * HOUR + 61))
        .add("second", at(23 * HOUR), timeout_at(23 * HOUR))
        .add("end", at(30 * HOUR), Act::End)
}

/// Beta, a peer, takes charge at once and never delivers: the second notice alone.
pub(crate) fn taken_and_lost() -> Script {
    let mut script = crossing(ORIGINAL);
    script.peer = Some("beta");
    script
        .without("busta-stored")
        .without("log-accept")
        .without("log-take")
        .without("log-deliver")
        .without("consegna")
        .without("consegna-filed")
        .add("second", at(23 * HOUR), timeout_at(23 * HOUR))
        .add("end", at(30 * HOUR), Act::End)
}
