//! What hosts say of themselves and of each other before any mail: names, capabilities, terms, files over HTTPS.

use collaudo_forge::{open_index, seal_index};
use collaudo_record::{Request, Session, Span, Terms, What};

use super::{CROSS, SECONDARY};
use crate::{
    Bench, Unfit,
    pick::{ACCEPTANCE, TAKE_CHARGE},
};

mutants! {
    "index-of-another-type", CROSS, "The file of the index is served as a text.",
        ["4.5.6-02"],
        |b| requests(b, |request| request.content_type = Some("text/plain".to_owned()));
    "index-without-smime-type", CROSS, "The file of the index is served without saying that it is signed data.",
        ["4.5.6-02"],
        |b| requests(b, |request| request.content_type = Some("application/pkcs7-mime".to_owned()));
    "index-to-a-stranger", CROSS, "The file of the index is served to whoever asks.",
        ["5.6-01"],
        |b| requests(b, |request| request.client = None);
    "index-from-a-stranger", CROSS, "The file of the index is taken from a server that shows no certificate.",
        ["5.6-02"],
        |b| requests(b, |request| request.server = None);
    "secondary-record-left-out", SECONDARY, "A provider's own file lacks the record of its secondary environment.",
        ["4.5-11"],
        without_secondary;
    "starttls-not-announced", CROSS, "The reception point does not announce STARTTLS.",
        ["5.3-04"],
        |b| {
            b.only("beta");
            found(b, |what| match what {
                What::Announced { session: Session { server, port: 25, .. }, extensions } if server == "beta" => {
                    extensions.retain(|extension| extension != "STARTTLS");
                    true
                }
                _ => false,
            })
        };
    "exchanger-of-another-house", CROSS, "The domain's second mail exchanger is not the provider's.",
        ["5.3-08"],
        |b| {
            b.only("beta");
            found(b, |what| match what {
                What::Resolved { domain, exchangers, .. } if domain == "beta.test" => {
                    exchangers.push("mx.altrove.example".to_owned());
                    true
                }
                _ => false,
            })
        };
    "receipt-through-another-house", CROSS, "A receipt went through a machine that is no provider's.",
        ["5.3-06"],
        |b| b.edit(TAKE_CHARGE, |message| {
            let hop = b"Received: from mx.beta.test by relay.altrove.example; Mon, 2 Mar 2026 09:00:00 +0100\r\n";
            message.fields_mut().0.insert(0, hop.to_vec());
            true
        });
    "providers-exchange-over-another-service", CROSS, "Providers exchange their messages over another service than that of SMTP.",
        ["2.2.2-01"],
        |b| found(b, |what| match what {
            What::Opened(session)
            | What::Secured(session)
            | What::Closed { session, .. }
            | What::Announced { session, .. } => other_port(session),
            What::Transfer(transfer) => other_port(&mut transfer.session),
            _ => false,
        });
    "acceptance-after-its-term", CROSS, "The acceptance receipt comes five minutes after a submission, and one was agreed.",
        ["2.3-01", "DM.12-07"],
        |b| {
            terms(b, "alfa", |terms| terms.acceptance = Some(Span::from_secs(60)))?;
            b.store_at(ACCEPTANCE, Span::from_secs(300))?;
            b.only("alfa");
            Ok(())
        };
    "qualified-without-evidence", CROSS, "A qualified service sends messages that hold no evidence of its kind.",
        ["REM.532-03"],
        |b| {
            terms(b, "alfa", |terms| terms.qualified = true)?;
            b.only("alfa");
            Ok(())
        };
    "acceptance-of-nothing", CROSS, "The acceptance receipt takes nothing over from the message that it accepts.",
        ["2.1-10", "2.1.1-01", "2.1.1.1.1-02", "2.2.1-14", "3.1.4-03", "3.1.4-05", "3.1.4-06"],
        |b| b.edit(ACCEPTANCE, |message| {
            message.fields_mut().set("Subject", "ACCETTAZIONE: Tutt'altro");
            message.fields_mut().set("To", "aldo@alfa.test");
            message.fields_mut().remove("X-Riferimento-Message-ID")
        });
}

/// Changes every event that answers.
fn found(bench: &mut Bench<'_>, change: impl Fn(&mut What) -> bool) -> Result<(), Unfit> {
    let changed = bench.trace.events.iter_mut().filter_map(|event| change(&mut event.what).then_some(())).count();
    if changed > 0 { Ok(()) } else { Err(Unfit::Missing("event to bend".to_owned())) }
}

/// Changes what was seen of every request for the index.
fn requests(bench: &mut Bench<'_>, change: impl Fn(&mut Request)) -> Result<(), Unfit> {
    found(bench, |what| match what {
        What::Requested(request) => {
            change(request);
            true
        }
        _ => false,
    })
}

/// Changes what a provider says of itself.
fn terms(bench: &mut Bench<'_>, name: &str, change: impl Fn(&mut Terms)) -> Result<(), Unfit> {
    found(bench, |what| match what {
        What::Terms(terms) if terms.provider == name => {
            change(terms);
            true
        }
        _ => false,
    })
}

fn other_port(session: &mut Session) -> bool {
    let between = session.port == 25;
    session.port = if between { 24 } else { session.port };
    between
}

/// Alfa's own file holds the record of its main environment alone.
fn without_secondary(bench: &mut Bench<'_>) -> Result<(), Unfit> {
    let signer = bench.keys.provider("alfa")?.clone();
    for name in bench.own_files() {
        bench.reissue(&name, |der| {
            let (text, at) = open_index(der)?;
            let text = text.replace("\r\n", "\n");
            let main = |record: &&str| !record.contains("\nproviderUnit: ");
            let rest: Vec<_> = text.split("\n\n").filter(main).collect();
            Ok(seal_index(&rest.join("\n\n"), &signer, at))
        })?;
    }
    Ok(())
}
