//! The reception point, faced with what it must not take for an envelope or a receipt: the sender is a peer, who may send
//! what he likes; the receiver is judged for treating it as if nothing were wrong.

use std::time::Duration;

use collaudo_forge::{Certificates, Digest, Signer, Style, reissue};
use der::asn1::UtcTime;
use x509_cert::{serial_number::SerialNumber, time::Time};

use super::CROSS;
use crate::pick::{DELIVERY, ENVELOPE, Pick};
use crate::{Bench, Unfit};

/// 2025-06-01, before any run.
const LONG_AGO: Duration = Duration::from_secs(1_748_736_000);

mutants! {
    "takes-broken-envelope", CROSS, "An envelope whose signature does not fit is taken in charge and delivered.",
        [
            "2.2.2-04", "2.2.2-08", "2.2.2-09", "2.2.2-14", "2.2.3-01", "2.2.3-03", "3.2.2-01", "3.2.2-17",
            "3.3.1-01", "3.3.2-01", "3.3.2-03", "PRACT-04",
        ],
        |b| {
            b.break_signature(ENVELOPE)?;
            b.only("beta");
            Ok(())
        };
    "takes-unsigned-envelope", CROSS, "An envelope without a signature is taken in charge and delivered.",
        [
            "2.2.2-04", "2.2.2-08", "2.2.2-09", "2.2.2-10", "2.2.3-01", "2.2.3-03", "3.2.2-01", "3.2.2-17",
            "3.3.1-01", "3.3.2-01", "3.3.2-03", "PRACT-04",
        ],
        |b| {
            b.unsigned(ENVELOPE)?;
            b.only("beta");
            Ok(())
        };
    "takes-envelope-of-unlisted-certificate", CROSS, "An envelope signed with a certificate that the index does not list is taken in charge and delivered.",
        [
            "2.2.2-04", "2.2.2-08", "2.2.2-09", "2.2.2-11", "2.2.3-01", "2.2.3-03", "3.2.2-01", "3.2.2-17",
            "3.3.1-01", "3.3.2-01", "3.3.2-03", "7-02", "PRACT-04",
        ],
        |b| {
            let listed = b.keys.provider("alfa")?.clone();
            let unlisted = unlisted(b, &listed)?;
            b.resign(ENVELOPE, Some(&listed.with_certificate(&unlisted)?), Style::default())?;
            b.only("beta");
            Ok(())
        };
    "takes-envelope-by-its-hash-alone", CROSS, "The index has the hash of the envelope's certificate beside another certificate; the envelope is taken in charge and delivered.",
        [
            "2.2.2-04", "2.2.2-08", "2.2.2-09", "2.2.2-11", "2.2.2-13", "2.2.3-01", "2.2.3-03", "3.2.2-01",
            "3.2.2-17", "3.3.1-01", "3.3.2-01", "3.3.2-03", "7-02", "PRACT-04",
        ],
        |b| {
            let binary = |der: &[u8]| collaudo_forge::base64_lines(der).replace("\r\n", "");
            let listed = b.keys.provider("alfa")?.clone();
            let (own, other) = (binary(listed.certificate()), binary(&unlisted(b, &listed)?));
            b.record("alfa", |record| record.replace(&own, &other))?;
            b.only("beta");
            Ok(())
        };
    "takes-envelope-of-expired-certificate", CROSS, "An envelope signed with an expired certificate is taken in charge and delivered.",
        [
            "2.2.2-04", "2.2.2-08", "2.2.2-09", "2.2.2-15", "2.2.3-01", "2.2.3-03", "3.2.2-01", "3.2.2-17",
            "3.3.1-01", "3.3.2-01", "3.3.2-03", "PRACT-04",
        ],
        |b| {
            let expired = UtcTime::from_unix_duration(LONG_AGO)?;
            b.certificate("alfa", Digest::Sha256, |tbs| tbs.validity.not_after = Time::UtcTime(expired))?;
            b.only("beta");
            Ok(())
        };
    "takes-envelope-without-certificate", CROSS, "An envelope whose signature holds no certificate is taken in charge and delivered.",
        [
            "2.2.2-04", "2.2.2-08", "2.2.2-09", "2.2.2-11", "2.2.3-01", "2.2.3-03", "3.2.2-01", "3.2.2-17",
            "3.3.1-01", "3.3.2-01", "3.3.2-03", "7-02", "PRACT-04",
        ],
        |b| {
            let style = Style { certificates: Certificates::None, ..Style::default() };
            b.resign(ENVELOPE, None, style)?;
            b.only("beta");
            Ok(())
        };
    "takes-envelope-of-another-provider", CROSS, "An envelope that one provider signed in another's name is taken in charge and delivered.",
        [
            "2.2.2-04", "2.2.2-07", "2.2.2-17", "2.2.3-01", "2.2.3-03", "3.2.2-01", "3.3.1-01", "3.3.2-01", "3.3.2-03",
            "7-02",
        ],
        |b| {
            let other = b.keys.provider("beta")?.clone();
            b.resign(ENVELOPE, Some(&other), Style::default())?;
            b.only("beta");
            Ok(())
        };
    "takes-envelope-without-daticert", CROSS, "A signed envelope without certification data is taken in charge and delivered.",
        [
            "2.2.2-04", "2.2.2-07", "2.2.2-17", "2.2.3-01", "2.2.3-03", "3.2.2-01", "3.3.1-01", "3.3.2-01", "3.3.2-03",
        ],
        |b| {
            b.parts(ENVELOPE, |parts| {
                let before = parts.len();
                parts.retain(|part| part.content_type() != "application/xml");
                parts.len() < before
            })?;
            b.only("beta");
            Ok(())
        };
    "takes-envelope-without-x-trasporto", CROSS, "A signed envelope that does not say that it is one is taken in charge and delivered.",
        [
            "2.2.2-04", "2.2.2-07", "2.2.2-17", "2.2.3-01", "2.2.3-03", "3.2.2-01", "3.3.1-01", "3.3.2-01", "3.3.2-03",
        ],
        |b| {
            b.drop_header(ENVELOPE, "X-Trasporto")?;
            b.only("beta");
            Ok(())
        };
    "files-broken-receipt", CROSS, "A delivery receipt whose signature does not fit is put in the user's mailbox as it is.",
        [
            "2.2.2-04", "2.2.2-08", "2.2.2-09", "2.2.2-14", "3.2.2-01", "3.2.2-17", "3.5-02", "PRACT-04",
        ],
        |b| broken(b, DELIVERY);
    "files-unsigned-receipt", CROSS, "A delivery receipt without a signature is put in the user's mailbox as it is.",
        [
            "2.2.2-04", "2.2.2-08", "2.2.2-09", "2.2.2-10", "3.2.2-01", "3.2.2-17", "3.5-02", "PRACT-04",
        ],
        |b| {
            b.unsigned(DELIVERY)?;
            b.only("alfa");
            Ok(())
        };
    "files-receipt-of-unlisted-certificate", CROSS, "A delivery receipt signed with a certificate that the index does not list is put in the user's mailbox as it is.",
        [
            "2.2.2-04", "2.2.2-08", "2.2.2-09", "2.2.2-11", "3.2.2-01", "3.2.2-17", "3.5-02", "PRACT-04",
        ],
        |b| {
            let listed = b.keys.provider("beta")?.clone();
            let unlisted = unlisted(b, &listed)?;
            b.resign(DELIVERY, Some(&listed.with_certificate(&unlisted)?), Style::default())?;
            b.only("alfa");
            Ok(())
        };
    "files-receipt-of-another-provider", CROSS, "A delivery receipt that one provider signed in another's name is put in the user's mailbox as it is.",
        ["2.2.2-04", "2.2.2-07", "2.2.2-17", "3.2.2-01", "3.5-02"],
        |b| {
            let other = b.keys.provider("alfa")?.clone();
            b.resign(DELIVERY, Some(&other), Style::default())?;
            b.only("alfa");
            Ok(())
        };
    "files-receipt-without-daticert", CROSS, "A signed delivery receipt without certification data is put in the user's mailbox as it is.",
        ["2.2.2-04", "2.2.2-07", "2.2.2-17", "3.2.2-01", "3.5-02"],
        |b| {
            b.parts(DELIVERY, |parts| {
                let before = parts.len();
                parts.retain(|part| part.content_type() != "application/xml");
                parts.len() < before
            })?;
            b.only("alfa");
            Ok(())
        };
}

fn broken(bench: &mut Bench<'_>, pick: Pick) -> Result<(), Unfit> {
    bench.break_signature(pick)?;
    bench.only("alfa");
    Ok(())
}

/// A certificate that differs from the listed one in its serial number alone.
fn unlisted(bench: &Bench<'_>, listed: &Signer) -> Result<Vec<u8>, Unfit> {
    let certificate = reissue(listed.certificate(), bench.keys.authority()?, Digest::Sha256, |tbs| {
        if let Ok(serial) = SerialNumber::new(&[0x7f, 0xff]) {
            tbs.serial_number = serial;
        }
    })?;
    Ok(certificate)
}
