//! Good traces that make use of what the law permits: nothing in them may fail.

use collaudo_forge::Entity;
use collaudo_record::{Reply, Span};

use super::{BRIEF, CROSS, ORDINARY_REFUSED, certificate::extended, index::replace_value, ordinary::came};
use crate::{Bench, Unfit, pick::TAKE_CHARGE};

/// A table of permitted variants: name, scenario, what is made use of, the row that permits it, bend.
macro_rules! permitted {
    ($($id:expr, $scenario:expr, $why:literal, $row:literal, $bend:expr;)*) => {
        pub(crate) static ALL: &[crate::Mutant] = &[$(crate::Mutant {
            id: $id,
            scenario: $scenario,
            why: $why,
            must_fail: &[],
            permits: Some(concat!("PEC-", $row)),
            bend: $bend,
        }),*];
    };
}

permitted! {
    "permitted-hash-in-lower-case", CROSS, "The index writes a certificate's hash in lower case.", "2.2.2-12",
        |b| b.record("alfa", |record| replace_value(record, "providerCertificateHash", str::to_ascii_lowercase));
    "permitted-service-mailbox", CROSS, "A provider's service mailbox is the address that it signs with.", "2.2.6-02",
        serves_itself;
    "permitted-delivery-status", ORDINARY_REFUSED, "Ordinary mail is taken and then told of with an ordinary delivery status notification.", "2.2.2-02",
        reports_status;
    "permitted-brief-form", BRIEF, "The sender asks for the brief form.", "3.3.2.2-01",
        asks_for_brief;
    "permitted-extension", CROSS, "The certificate has an extension of the provider's own, which is not critical.", "5.5.2-07",
        |b| extended(b, false);
}

/// Alfa's service mailbox is the address that it signs with, in the index, on the wire and in its store.
fn serves_itself(bench: &mut Bench<'_>) -> Result<(), Unfit> {
    let address = bench.identity("alfa")?.certified_address;
    bench.record("alfa", |record| replace_value(record, "mailReceipt", |_| address.clone()))?;
    let provider = bench.trace.header.providers.iter_mut().find(|provider| provider.name == "alfa");
    provider.ok_or_else(|| Unfit::Missing("provider alfa".to_owned()))?.service_mailbox.clone_from(&address);
    bench.edit_quietly(TAKE_CHARGE, |message| {
        message.fields_mut().set("To", &address);
        true
    })?;
    bench.redirect(TAKE_CHARGE, "alfa", &address)
}

/// What was refused at the end of its transaction is taken, and its sender gets a status notification that no provider
/// signed.
fn reports_status(bench: &mut Bench<'_>) -> Result<(), Unfit> {
    let (at, came) = came(bench)?;
    let body = came.body.clone().ok_or_else(|| Unfit::Missing("message from outside".to_owned()))?;
    bench.change_transfers(
        |transfer| transfer.session == came.session,
        |transfer| transfer.reply = Some(Reply { code: 250, text: "2.0.0 Ok".to_owned() }),
    )?;
    let message = bench.trace.body(&body).unwrap_or_default().to_vec();
    let msgid = Entity::read(&message).fields.get("Message-ID").unwrap_or_default();
    let recipient = came.forward_paths.first().map(|forward| forward.path.clone()).unwrap_or_default();
    let status = format!(
        "From: MAILER-DAEMON@mx.beta.test\r\nTo: {to}\r\nSubject: Undelivered Mail Returned to Sender\r\n\
         Message-ID: <stato.1@mx.beta.test>\r\nIn-Reply-To: {msgid}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report;\r\n \
         report-type=delivery-status; boundary=\"stato\"\r\n\r\n--stato\r\nContent-Type: text/plain\r\n\r\n\
         The mailbox takes no ordinary mail.\r\n--stato\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.beta.test\r\n\r\nFinal-Recipient: rfc822; {recipient}\r\nAction: failed\r\n\
         Status: 5.7.1\r\n--stato--\r\n",
        to = came.reverse_path,
    );
    let later = at.after(Span::from_secs(1));
    bench.emit("beta", "stato", &message, &came.reverse_path, status.as_bytes(), later)?;
    bench.change_transfers(|transfer| transfer.session.client == "beta", |transfer| transfer.reverse_path.clear())
}

/// Nothing is to be bent: the good run makes use of it.
fn asks_for_brief(bench: &mut Bench<'_>) -> Result<(), Unfit> {
    let submitted = bench.submitted()?;
    let form = Entity::read(bench.trace.body(&submitted).unwrap_or_default()).fields.get("X-TipoRicevuta");
    if form.as_deref() == Some("breve") { Ok(()) } else { Err(Unfit::Missing("request for the brief form".to_owned())) }
}
