//! The access point: what it must refuse, and how.
//!
//! A message that was refused in a good run lacks its notice; a message that was accepted in a good run turns out to have
//! had to be refused, for the submission is bent and all that was made of it.

use super::{AT_LIMIT, BCC, CROSS, FIFTY, TWO_AT_ONE};
use crate::pick::{ACCEPTANCE, DELIVERY, ENVELOPE, NON_ACCEPTANCE, Pick, TAKE_CHARGE};
use crate::{Bench, Unfit};

mutants! {
    "bcc-without-notice", BCC, "A submission with a Bcc is dropped and nobody is told.",
        ["2.1-15", "2.2.1-03", "3.1.1-06", "3.1.1-10", "3.1.2-01"],
        |b| b.lose(NON_ACCEPTANCE);
    "no-to-without-notice", "access-point/no-to", "A submission without To is dropped and nobody is told.",
        ["2.2.1-03", "3.1.1-03", "3.1.1-10", "3.1.2-01"],
        |b| b.lose(NON_ACCEPTANCE);
    "reverse-path-without-notice", "access-point/reverse-path-unlike-from", "A submission in another's name is dropped and nobody is told.",
        ["2.2.1-03", "3.1.1-04", "3.1.1-10", "3.1.2-01"],
        |b| b.lose(NON_ACCEPTANCE);
    "hidden-recipient-without-notice", "access-point/hidden-recipient", "A submission with a hidden recipient is dropped and nobody is told.",
        ["2.2.1-03", "3.1.1-05", "3.1.1-10", "3.1.2-01"],
        |b| b.lose(NON_ACCEPTANCE);
    "bcc-accepted", CROSS, "A submission with a Bcc is accepted.",
        ["2.1-15", "2.2.1-03", "3.1.1-06", "3.1.1-09", "3.1.1-10", "3.1.2-01"],
        |b| {
            b.submission(|message| {
                message.fields.push("Bcc", "bianca@beta.test");
                true
            })?;
            b.only("alfa");
            Ok(())
        };
    "no-from-accepted", CROSS, "A submission without From is accepted.",
        ["2.2.1-03", "3.1.1-02", "3.1.1-09", "3.1.1-10", "3.1.2-01"],
        |b| {
            b.submission(|message| message.fields.remove("From"))?;
            b.only("alfa");
            Ok(())
        };
    "no-to-accepted", CROSS, "A submission without To is accepted, its recipient in Cc.",
        ["2.2.1-03", "3.1.1-03", "3.1.1-09", "3.1.1-10", "3.1.2-01"],
        |b| {
            let (_, envelope) = b.first(ENVELOPE)?;
            let to = envelope.fields().get("To").unwrap_or_default();
            b.submission(|message| {
                message.fields.set("Cc", &to);
                message.fields.remove("To")
            })?;
            b.edit_quietly(ENVELOPE, |message| {
                message.fields_mut().set("Cc", &to);
                message.fields_mut().remove("To")
            })?;
            b.only("alfa");
            Ok(())
        };
    "from-unlike-reverse-path-accepted", CROSS, "A submission in another user's name is accepted.",
        ["2.2.1-03", "3.1.1-04", "3.1.1-09", "3.1.1-10", "3.1.2-01", "5.2-03"],
        |b| {
            b.submission(|message| {
                message.fields.set("From", "aldo@alfa.test");
                true
            })?;
            b.edit_quietly(ENVELOPE, |message| {
                message.fields_mut().set("Reply-To", "aldo@alfa.test");
                true
            })?;
            b.edit_all(|message| crate::edit::bend_xml(message, |xml| xml.set_text("risposte", "aldo@alfa.test")))?;
            b.only("alfa");
            Ok(())
        };
    "hidden-recipient-accepted", CROSS, "A submission whose recipient stands in neither To nor Cc is accepted.",
        ["2.2.1-03", "3.1.1-05", "3.1.1-09", "3.1.1-10", "3.1.2-01"],
        |b| {
            b.submission(|message| {
                message.fields.set("To", "bianca@beta.test");
                true
            })?;
            b.edit_quietly(ENVELOPE, |message| {
                message.fields_mut().set("To", "bianca@beta.test");
                true
            })?;
            b.only("alfa");
            Ok(())
        };
    "malformed-header-accepted", CROSS, "A submission with a header line that is no field is accepted.",
        ["2.2.1-03", "3.1.1-01", "3.1.1-09", "3.1.1-10", "3.1.2-01"],
        |b| {
            b.submission(|message| {
                message.fields.0.push(b"questa riga non ha due punti\r\n".to_vec());
                true
            })?;
            b.only("alfa");
            Ok(())
        };
    "two-authors-accepted", CROSS, "A submission with two From fields is accepted.",
        ["2.2.1-03", "3.1.1-01", "3.1.1-09", "3.1.1-10", "3.1.2-01"],
        |b| {
            b.submission(|message| {
                message.fields.push("From", "anna@alfa.test");
                true
            })?;
            b.only("alfa");
            Ok(())
        };
    "too-large-accepted", CROSS, "A submission beyond the provider's limit is accepted.",
        ["2.2.1-03", "3.1.1-07", "3.1.1-08", "3.1.1-09", "3.1.1-10", "3.1.2-01"],
        |b| b.limit("alfa", |octets, _| octets / 2);
    "too-large-for-two-accepted", TWO_AT_ONE, "A submission within the limit, but beyond it times two recipients, is accepted.",
        ["2.2.1-03", "3.1.1-08", "3.1.1-09", "3.1.1-10", "3.1.2-01"],
        |b| b.limit("alfa", |octets, recipients| octets * (recipients - 1));
    "too-large-without-notice", "access-point/too-large", "A submission beyond the limit is dropped and nobody is told.",
        ["2.2.1-03", "3.1.1-08", "3.1.1-10", "3.1.2-01"],
        |b| b.lose(NON_ACCEPTANCE);
    "no-to-sent-on", "access-point/no-to", "A submission without To goes on as it came.",
        ["2.2.1-03", "3.1.1-03", "3.1.1-09", "3.1.1-10", "3.1.2-01"],
        |b| sent_on(b, &[NON_ACCEPTANCE]);
    "reverse-path-unlike-from-sent-on", "access-point/reverse-path-unlike-from", "A submission whose author is another user goes on as it came.",
        ["2.2.1-03", "3.1.1-04", "3.1.1-09", "3.1.1-10", "3.1.2-01", "5.2-03"],
        |b| sent_on(b, &[NON_ACCEPTANCE]);
    "hidden-recipient-sent-on", "access-point/hidden-recipient", "A submission with a hidden recipient goes on as it came.",
        ["2.2.1-03", "3.1.1-05", "3.1.1-09", "3.1.1-10", "3.1.2-01"],
        |b| sent_on(b, &[NON_ACCEPTANCE]);
    "too-large-for-fifty-sent-on", "access-point/too-large", "A submission beyond the limit times its recipients goes on as it came.",
        ["2.2.1-03", "3.1.1-08", "3.1.1-09", "3.1.1-10", "3.1.2-01"],
        |b| sent_on(b, &[NON_ACCEPTANCE]);
    "another-users-name-sent-on", CROSS, "A submission from another user's reverse path goes on as it came.",
        ["5.2-03"],
        |b| {
            b.submissions(|transfer| transfer.account = Some("aldo@alfa.test".to_owned()))?;
            sent_on(b, &[ACCEPTANCE, ENVELOPE, TAKE_CHARGE, DELIVERY])
        };
    "fifty-refused", FIFTY, "A message to fifty recipients is refused.",
        ["2.2.1-02", "DM.12-02"],
        |b| {
            b.turn_away(550)?;
            b.only("alfa");
            Ok(())
        };
    "correct-submission-refused", CROSS, "A correct submission is refused.",
        ["2.2.1-02"],
        |b| {
            b.turn_away(550)?;
            b.only("alfa");
            Ok(())
        };
    "small-submission-refused-as-too-large", CROSS, "A submission of a few hundred octets is refused for its size.",
        ["2.2.1-02", "DM.12-03"],
        |b| {
            b.turn_away(552)?;
            b.only("alfa");
            Ok(())
        };
    "at-the-limit-refused", AT_LIMIT, "A message whose size times fifty recipients comes to 30 MB is refused.",
        ["2.2.1-02", "DM.12-02", "DM.12-03"],
        |b| {
            b.turn_away(552)?;
            b.only("alfa");
            Ok(())
        };
    "accepted-without-login", CROSS, "A submission is accepted from nobody.",
        ["2.2.1-01", "5.2-01"],
        |b| b.submissions(|transfer| transfer.account = None);
    "accepted-from-another-user", CROSS, "A submission is accepted from another user than it says.",
        ["5.2-03"],
        |b| b.submissions(|transfer| transfer.account = Some("aldo@alfa.test".to_owned()));
    "refused-and-sent", BCC, "A submission is refused, and the message arrives all the same, bare.",
        ["2.1.1.2-01", "2.2.1-03", "2.2.2-09", "3.1.1-09", "3.2.2-01"],
        |b| {
            let submitted = b.submitted()?;
            let at = b.trace.events.last().map(|event| event.at).unwrap_or_default();
            b.store(at, "beta", "bruno@beta.test", submitted);
            Ok(())
        };
}

/// What was submitted was taken and lies in bruno's mailbox as it came, and nothing else was made of it. The sender's provider
/// alone stays bound.
fn sent_on(bench: &mut Bench<'_>, unmade: &[Pick]) -> Result<(), Unfit> {
    for pick in unmade {
        bench.lose(*pick)?;
    }
    let submitted = bench.submitted()?;
    let at = bench.trace.events.last().map(|event| event.at).unwrap_or_default();
    bench.store(at, "beta", "bruno@beta.test", submitted);
    bench.only("alfa");
    Ok(())
}
