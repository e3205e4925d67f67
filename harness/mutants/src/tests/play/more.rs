//! Plays of viruses, of ordinary mail, of what is refused, fetched and kept.

use collaudo_forge::{seal_log, unsigned, virus_detection, virus_non_delivery};
use collaudo_record::{Request, Terms};

use super::*;
use crate::treated::infected;

const SERVICE: &str = "servizio@gamma.test";
const BOTH: [&str; 2] = ["bruno@beta.test", "bianca@beta.test"];

impl Play {
    pub(super) fn infected_submission(&mut self) {
        let letter =
            infected(&collaudo_forge::Entity::read(original("To: bruno@beta.test\r\n", "", LETTER).as_bytes()));
        self.transfer("users", "alfa", "anna@alfa.test", &["bruno@beta.test".to_owned()], &letter.to_bytes());
        let body = self.trace.keep(letter.to_bytes());
        self.event(Basis::Declared, What::Retained { provider: "alfa".into(), body });
        let certified = certified(&["bruno@beta.test"], Form::Complete, "anna@alfa.test");
        let notice = self.receipt("alfa", Kind::NonAcceptanceVirus { why: "EICAR" }, &certified, "anna@alfa.test");
        self.stored("alfa", "anna@alfa.test", &notice);
    }

    pub(super) fn infected_envelope(&mut self) {
        let message = self.of_gamma(true);
        let paths = BOTH.map(str::to_owned);
        self.transfer("gamma", "beta", "carla@gamma.test", &paths, &message);
        let body = self.trace.keep(message.as_slice());
        self.event(Basis::Declared, What::Retained { provider: "beta".into(), body });
        for recipient in BOTH {
            let signer = &self.keys.providers["beta"];
            let notice = virus_detection(&message, signer, &peer("beta"), recipient, "EICAR", SERVICE, self.now.0);
            self.transfer("beta", "gamma", "posta-certificata@beta.test", &[SERVICE.to_owned()], &notice);
        }
    }

    pub(super) fn virus_found(&mut self) {
        self.accepted(&["carla@gamma.test"], &[], "", (Fate::Sent, 0));
        let (gamma, alfa) = (&self.keys.providers["gamma"], &self.keys.providers["alfa"]);
        let sent = self.trace.events.iter().rev().find_map(|event| match &event.what {
            What::Transfer(transfer) => transfer.body.clone(),
            _ => None,
        });
        let message = self.trace.body(&sent.unwrap()).unwrap().to_vec();
        let to = "servizio@alfa.test";
        let notice = virus_detection(&message, gamma, &peer("gamma"), "carla@gamma.test", "EICAR", to, self.now.0);
        self.carry("gamma", "alfa", to, &notice);
        let told = virus_non_delivery(&notice, alfa, &peer("alfa"), self.now.0);
        self.logged("alfa", "errore-consegna", &Certified::of_envelope(&message), &told);
        self.stored("alfa", "anna@alfa.test", &told);
    }

    pub(super) fn ordinary(&mut self, wrapped: bool) {
        let mail = b"From: carla@gamma.test\r\nTo: bruno@beta.test\r\nSubject: Ciao\r\n\r\nciao\r\n";
        self.transfer("gamma", "beta", "carla@gamma.test", &["bruno@beta.test".to_owned()], mail);
        if wrapped {
            let (signer, recipients) = (&self.keys.providers["beta"], ["bruno@beta.test".to_owned()]);
            let whole =
                anomaly(mail, "carla@gamma.test", &recipients, "posta ordinaria", &peer("beta"), signer, self.now.0);
            self.stored("beta", "bruno@beta.test", &whole);
        }
    }

    pub(super) fn turned_away(&mut self) {
        let message = self.of_gamma(false);
        let message = if self.trace.header.scenario.id.contains("ordinary") { unsigned(&message) } else { message };
        self.transfer("gamma", "beta", "carla@gamma.test", &["bruno@beta.test".to_owned()], &message);
        if let Some(What::Transfer(transfer)) = self.trace.events.last_mut().map(|event| &mut event.what) {
            transfer.reply = Some(Reply { code: 550, text: "no".into() });
        }
    }

    pub(super) fn visited(&mut self, over: &str) {
        self.accepted(&["bruno@beta.test"], &[], "", (Fate::Delivered, 0));
        self.later(60);
        let stored: Vec<_> = self
            .trace
            .events
            .iter()
            .filter_map(|event| match &event.what {
                What::Stored { mailbox, body, .. } if mailbox == "bruno@beta.test" => Some(body.clone()),
                _ => None,
            })
            .collect();
        for body in stored {
            let what = What::Fetched {
                visit: "v1".into(),
                provider: "beta".into(),
                mailbox: "bruno@beta.test".into(),
                over: over.into(),
                secured: true,
                body,
            };
            self.event(Basis::Observed, what);
        }
    }

    /// What is said before anything happens: each provider of itself, and the publisher of the index to each.
    pub(super) fn introduced(&mut self, id: &str) {
        let anchor = self.trace.header.trust.first().unwrap().clone();
        for name in ["alfa", "beta", "gamma"] {
            let machines = vec![format!("mx.{name}.test")];
            let terms = Terms { provider: name.into(), machines, acceptance: None, qualified: false };
            self.event(Basis::Declared, What::Terms(terms));
            let certificate = self.trace.keep(self.keys.providers[name].certificate());
            let request = Request {
                host: name.into(),
                server_name: "index.test".into(),
                document: "indice.ldif.p7m".into(),
                anchor: anchor.clone(),
                server: Some(certificate.clone()),
                client: Some(certificate),
                status: Some(200),
                content_type: Some("application/pkcs7-mime; smime-type=signed-data".into()),
            };
            self.event(Basis::Observed, What::Requested(request));
        }
        if id == "flows/secondary-environment" {
            let text = "dn: providerName=Alfa,o=postacert\nproviderName: Alfa\n\n\
                        dn: providerUnit=Prova,providerName=Alfa,o=postacert\nproviderName: Alfa\nproviderUnit: Prova\n";
            let file = self.trace.keep(seal_index(text, &self.keys.providers["alfa"], None));
            let document = "https://index.alfa.test/record.ldif.p7m".to_owned();
            self.event(Basis::Observed, What::Published { document, body: Some(file) });
        }
    }

    /// What every provider does beside: it reads index and list of revoked certificates, and closes its log each day.
    pub(super) fn archived(&mut self) {
        let index = self.trace.header.index.clone();
        let last = self.trace.events.iter().map(|event| event.at).max().unwrap();
        let days = [EPOCH, EPOCH.after(Span::from_hours(20))];
        for (n, at) in days.into_iter().filter(|at| *at <= last).enumerate() {
            self.now = at;
            for host in ["alfa", "beta", "gamma"] {
                for (document, body) in [("indice.ldif.p7m", index.clone()), ("autorita.crl", index.clone())] {
                    let (host, document, over) = (host.into(), document.into(), "https".into());
                    self.event(Basis::Observed, What::Consulted { host, document, over, body: Some(body) });
                }
                if n > 0 {
                    let seal = seal_log(&self.lines_of(host), &self.keys.providers[host], at.0 / 1_000_000);
                    let seal = self.trace.keep(seal);
                    let day = "2026-01-14".to_owned();
                    self.event(Basis::Declared, What::Sealed { provider: host.into(), day, seal });
                }
            }
        }
    }

    /// The log of a provider as it keeps it, a line an event.
    fn lines_of(&self, host: &str) -> String {
        let lines = self.trace.events.iter().filter_map(|event| match &event.what {
            What::Logged { provider, entry } if provider == host => Some(format!("{entry:?}\n")),
            _ => None,
        });
        lines.collect()
    }

    fn of_gamma(&self, virus: bool) -> Vec<u8> {
        let letter = original(&format!("To: {}\r\n", BOTH.join(", ")), "", LETTER).replace("anna@alfa", "carla@gamma");
        let letter = collaudo_forge::Entity::read(letter.as_bytes());
        let letter = if virus { infected(&letter) } else { letter };
        let certified = Certified {
            sender: "carla@gamma.test".into(),
            reply_to: "carla@gamma.test".into(),
            identifier: "xyz.1@gamma.test".into(),
            ..certified(&BOTH, Form::Complete, "")
        };
        let postacert = rewritten_original(&letter.to_bytes(), &certified.identifier);
        envelope(&postacert, &certified, &peer("gamma"), &self.keys.providers["gamma"], self.now.0)
    }
}
