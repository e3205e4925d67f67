//! Mail that is not certified, and certified mail that is taken for it.

use collaudo_forge::{Certified, Kind as Forged, receipt};
use collaudo_record::{Instant, Span, Transfer, What};

use super::{
    CROSS, FOREIGN_REFUSED, FUTURE_REFUSED, INDEX_ALTERED, INDEX_ROLLED_BACK, INDEX_UNREACHABLE, ORDINARY_FORWARDED,
    ORDINARY_REFUSED, ORDINARY_VIRUS, ORDINARY_WRAPPED, REVOKED_REFUSED, STRAY, TWICE, UNLISTED,
};
use crate::pick::{ACCEPTANCE, ANOMALY, DELIVERY, ENVELOPE, Pick};
use crate::{Bench, Unfit};

mutants! {
    "takes-envelope-of-revoked-signer", REVOKED_REFUSED, "An envelope whose signer's certificate was revoked is taken in charge and delivered.",
        [
            "2.2.2-04", "2.2.2-08", "2.2.2-09", "2.2.2-15", "2.2.2-16", "2.2.3-01", "2.2.3-03", "3.2.2-01",
            "3.2.2-17", "3.3.1-01", "3.3.2-01", "3.3.2-03", "PRACT-04",
        ],
        |b| b.welcome("gamma", "beta");
    "takes-envelope-of-future-signer", FUTURE_REFUSED, "An envelope whose signer's certificate is not yet valid is taken in charge and delivered.",
        [
            "2.2.2-04", "2.2.2-08", "2.2.2-09", "2.2.2-15", "2.2.3-01", "2.2.3-03", "3.2.2-01", "3.2.2-17",
            "3.3.1-01", "3.3.2-01", "3.3.2-03", "PRACT-04",
        ],
        |b| b.welcome("gamma", "beta");
    "takes-envelope-of-foreign-authority", FOREIGN_REFUSED, "An envelope whose signer's certificate another authority issued is taken in charge and delivered.",
        [
            "2.2.2-04", "2.2.2-08", "2.2.2-09", "2.2.2-15", "2.2.3-01", "2.2.3-03", "3.2.2-01", "3.2.2-17",
            "3.3.1-01", "3.3.2-01", "3.3.2-03", "PRACT-04",
        ],
        |b| b.welcome("gamma", "beta");
    "takes-envelope-of-a-provider-no-longer-listed", UNLISTED, "An envelope of a provider that the index lists no more is taken in charge and delivered.",
        [
            "2.2.2-04", "2.2.2-08", "2.2.2-09", "2.2.2-11", "2.2.3-01", "2.2.3-03", "3.2.2-01", "3.2.2-17", "3.3.1-01",
            "3.3.2-01", "3.3.2-03", "4.5-10", "7-02", "PRACT-04",
        ],
        |b| b.welcome("gamma", "beta");
    "refuses-envelope-while-index-is-away", INDEX_UNREACHABLE, "The index cannot be had, and a correct envelope is refused like ordinary mail.",
        ["2.2.2-05", "4.5-10"], |b| b.spurn("beta", 1);
    "refuses-envelope-after-an-altered-index", INDEX_ALTERED, "An index whose signature does not fit was put in the place of the last good one; a correct envelope is refused.",
        ["2.2.2-05", "4.5-09", "4.5-10"], |b| b.spurn("beta", 1);
    "refuses-correct-envelope", CROSS, "A correct envelope is refused like ordinary mail.",
        ["2.2.2-05"], |b| b.spurn("beta", 0);
    "takes-recipients-for-ordinary-after-an-older-index", INDEX_ROLLED_BACK, "An older index was obeyed, in which the recipient's provider was not listed: its certified recipient passes for an ordinary one.",
        ["2.2.1-07", "3.1.4-07", "4.5-09", "4.5-10"],
        |b| {
            b.edit(Pick { nth: 1, ..ACCEPTANCE }, |message| {
                crate::edit::rewrite_texts(message, &|text| text.replace("posta certificata", "posta ordinaria"))
                    & crate::edit::bend_xml(message, |xml| xml.set_attribute("destinatari", "tipo", "esterno"))
            })?;
            b.xml(Pick { nth: 1, ..ENVELOPE }, |xml| xml.set_attribute("destinatari", "tipo", "esterno"))
        };
    "stray-receipt-dropped", STRAY, "A correct receipt for a message that nobody sent is dropped.",
        ["2.2.2-06"],
        |b| {
            b.unstore(DELIVERY)?;
            b.only("beta");
            Ok(())
        };

    "ordinary-mail-let-in", ORDINARY_REFUSED, "Ordinary mail for a mailbox that wants none is delivered in an anomaly envelope.",
        ["3.2.2-17", "PRACT-04"],
        |b| b.let_in("gamma", "beta");
    "ordinary-mail-kept", ORDINARY_FORWARDED, "Ordinary mail that the recipient wants sent on is put in the mailbox too.",
        ["3.2.2-17", "PRACT-04"],
        |b| b.wrapped_too("gamma", "beta");
    "ordinary-mail-turned-away-without-tls", ORDINARY_WRAPPED, "Ordinary mail is refused because it comes without TLS.",
        ["5.3-05"],
        |b| b.starttls_first("gamma", "beta");
    "ordinary-mail-bare", ORDINARY_WRAPPED, "Ordinary mail is delivered without an anomaly envelope.",
        ["2.1.1.2-01", "2.2.2-04", "2.2.2-08", "2.2.2-09", "2.2.2-10", "3.2.2-01"],
        |b| {
            let (_, opened) = b.first(ANOMALY)?;
            let received = opened.original().unwrap_or_default();
            b.stored(ANOMALY, |_| received.clone())?;
            b.only("beta");
            Ok(())
        };
    "ordinary-mail-receipted", ORDINARY_WRAPPED, "Ordinary mail is wrapped, and its sender gets a delivery receipt.",
        ["2.2.2-04", "2.2.2-08", "2.2.2-10", "2.2.3-01", "2.2.3-03", "3.3.1-01", "3.3.2-01", "3.3.2-03"],
        |b| answered(b, "avvenuta-consegna", |recipient| Forged::Delivery {
            recipient,
            form: collaudo_forge::Form::Concise,
            original: None,
        });
    "ordinary-mail-refused-with-notice", ORDINARY_REFUSED, "Ordinary mail is refused, and its sender gets a non-delivery notice.",
        ["2.2.3-06"],
        |b| answered(b, "errore-consegna", |recipient| Forged::NonDelivery {
            recipient,
            error: "altro",
            why: "5.2.1 - Beta Posta S.r.l. - posta ordinaria non ammessa",
        });
    "ordinary-virus-delivered", ORDINARY_VIRUS, "Infected ordinary mail is delivered in an anomaly envelope.",
        ["2.2.2-20", "5.4-01"],
        |b| b.wrapped_too("gamma", "beta");
    "ordinary-virus-told", ORDINARY_VIRUS, "Infected ordinary mail is answered with a virus-detection notice.",
        ["2.2.2-21", "3.2.3-04"],
        |b| answered(b, "rilevazione-virus", |recipient| Forged::VirusDetection { recipient, why: "EICAR-Test-File" });

    "resend-receipted-twice", TWICE, "An envelope comes twice, and so does its delivery receipt.",
        ["3.3.2.1-07", "DM.6-03"],
        |b| {
            b.double(DELIVERY)?;
            b.only("beta");
            Ok(())
        };
    "resend-stored-and-receipted-twice", TWICE, "An envelope comes twice, is stored twice and receipted twice.",
        ["2.2.2-05", "3.3.2.1-07", "DM.6-03"],
        |b| {
            let at = b.last_seen(ENVELOPE)?;
            let bodies = b.find(ENVELOPE)?;
            let stored = b.trace.events.iter().find_map(|event| match &event.what {
                What::Stored { provider, mailbox, body } if bodies.contains(body) => {
                    Some((provider.clone(), mailbox.clone(), body.clone()))
                }
                _ => None,
            });
            let (provider, mailbox, body) = stored.ok_or_else(|| Unfit::Missing("stored envelope".to_owned()))?;
            b.store(at, &provider, &mailbox, body);
            b.double(DELIVERY)?;
            b.only("beta");
            Ok(())
        };
}

/// A receipt or notice that the receiver makes for the first message that came from outside, to its sender.
fn answered(bench: &mut Bench<'_>, event: &str, kind: impl for<'k> Fn(&'k str) -> Forged<'k>) -> Result<(), Unfit> {
    let (at, came) = came(bench)?;
    let at: Instant = at.after(Span::from_secs(1));
    let body = came.body.clone().ok_or_else(|| Unfit::Missing("message from outside".to_owned()))?;
    let message = bench.trace.body(&body).unwrap_or_default().to_vec();
    let recipient = came.forward_paths.first().map(|forward| forward.path.clone()).unwrap_or_default();
    let to = came.reverse_path;
    let certified = Certified {
        sender: to.clone(),
        recipients: vec![collaudo_forge::Recipient { address: recipient.clone(), certified: true }],
        reply_to: to.clone(),
        msgid: collaudo_forge::Entity::read(&message).fields.get("Message-ID"),
        ..Certified::of_envelope(&message)
    };
    let (peer, signer) = (bench.identity("beta")?, bench.keys.provider("beta")?.clone());
    let made = receipt(kind(&recipient), &certified, &peer, &to, &signer, at.0);
    bench.emit("beta", event, &message, &to, &made, at)?;
    bench.only("beta");
    Ok(())
}

/// The first transaction that another host began with beta, and when it ended.
pub(super) fn came(bench: &Bench<'_>) -> Result<(Instant, Transfer), Unfit> {
    let came = bench.trace.events.iter().find_map(|event| match &event.what {
        What::Transfer(transfer) if transfer.session.server == "beta" && transfer.session.client != "users" => {
            Some((event.at, transfer.clone()))
        }
        _ => None,
    });
    came.ok_or_else(|| Unfit::Missing("message from outside".to_owned()))
}
