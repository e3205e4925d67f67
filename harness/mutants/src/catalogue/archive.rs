//! What is kept and consulted: sealed logs, the index, lists of revoked certificates; what people fetch; clocks.

use std::time::Duration;

use collaudo_forge::{Digest, reissue};
use der::{Decode, asn1::UtcTime};
use sha1::{Digest as _, Sha1};
use x509_cert::{Certificate, time::Time};

use super::{CROSS, DOWN, IMAP_VISIT, ORDINARY_WRAPPED, POP3_VISIT};
use crate::documents::INDEX;
use crate::pick::ACCEPTANCE;
use crate::{Bench, Unfit};

mutants! {
    "log-never-sealed", DOWN, "A day passes and its log is not closed.",
        ["DM.10-01", "DM.10-02", "DPR.10-01"],
        |b| b.unsealed("alfa");
    "log-seal-broken", DOWN, "The seal of a day's log does not fit.",
        ["2.3-10", "DM.10-02", "DPR.10-01"],
        |b| b.seals("alfa", |der| {
            let mut der = der.to_vec();
            if let Some(last) = der.last_mut() {
                *last ^= 1;
            }
            Ok(der)
        });
    "log-seal-without-a-line", DOWN, "A line of the log is missing from its sealed day.",
        ["2.3-10"],
        |b| {
            let (_, acceptance) = b.first(ACCEPTANCE)?;
            let id = collaudo_forge::Certified::of_envelope(&acceptance.to_bytes()).identifier;
            b.sealed_lines("alfa", |text| {
                let gone = text.lines().position(|line| line.contains(&id));
                let kept = text.lines().enumerate().filter(|(n, _)| Some(*n) != gone);
                kept.map(|(_, line)| format!("{line}\n")).collect()
            })
        };
    "log-seal-empty", DOWN, "The sealed day of the log holds no line.",
        ["2.3-10"],
        |b| b.sealed_lines("alfa", |_| String::new());
    "index-never-refreshed", DOWN, "A provider lives for more than a day with the index that it began with.",
        ["4.5-10"],
        |b| b.unread("alfa", INDEX, 1);
    "index-location-missing", CROSS, "The root record does not say where the whole directory is to be had.",
        ["4.5-06"],
        |b| b.index(|text| {
            let records = text.split("\n\n").map(|record| match record.contains("dn: o=postacert\n") {
                true => record.lines().filter(|line| !line.starts_with("LDIFLocationURL:")).collect::<Vec<_>>().join("\n"),
                false => record.to_owned(),
            });
            records.collect::<Vec<_>>().join("\n\n")
        });
    "index-lacks-a-provider", ORDINARY_WRAPPED, "A provider is in no record of the index.",
        ["4.5-01"],
        |b| {
            b.record("alfa", |_| String::new())?;
            b.only("alfa");
            Ok(())
        };
    "index-renewal-with-a-gap", CROSS, "A provider's next certificate begins a month after its present one ends.",
        ["4.5-04"],
        |b| renewed_with_a_gap(b);
    "submission-on-relay-port", CROSS, "People submit on the port on which providers exchange mail.",
        ["3.1-01"],
        |b| {
            b.submissions(|transfer| transfer.session.port = 25)?;
            b.only("alfa");
            Ok(())
        };
    "clock-slow", CROSS, "A provider's clock is two seconds slow.",
        ["4.1-01", "DM.9-02"],
        |b| b.misclock("beta", -2);
    "clock-an-hour-slow", CROSS, "A provider's clock is an hour slow: its receipts are dated before what they answer.",
        ["2.3-03", "3.2.1-06", "3.3.2-05", "4.1-01", "DM.9-02"],
        |b| b.misclock("beta", -3_600);

    "fetched-over-imap-changed", IMAP_VISIT, "What a person fetches over IMAP is not what was put in the mailbox.",
        ["2.2.3-04"],
        |b| {
            b.fetched(|bytes| [b"X-Filtro: passato\r\n", bytes].concat())?;
            b.only("beta");
            Ok(())
        };
    "fetched-over-pop3-changed", POP3_VISIT, "What a person fetches over POP3 is not what was put in the mailbox.",
        ["2.2.3-04"],
        |b| {
            b.fetched(|bytes| [bytes, b"Letto da bruno.\r\n"].concat())?;
            b.only("beta");
            Ok(())
        };
    "mailbox-closed", IMAP_VISIT, "A person with the right password cannot read the mailbox.",
        ["6-02"],
        |b| {
            b.shut_out()?;
            b.only("beta");
            Ok(())
        };
    "fetched-in-clear", IMAP_VISIT, "A mailbox is read without TLS.",
        ["5.3-01", "5.3-02"],
        |b| {
            b.fetched_in_clear()?;
            b.only("beta");
            Ok(())
        };
}

/// A second certificate beside the first, with its hash, for a later year.
fn renewed_with_a_gap(bench: &mut Bench<'_>) -> Result<(), Unfit> {
    const MONTH: Duration = Duration::from_secs(30 * 86_400);
    let present = bench.keys.provider("beta")?.certificate().to_vec();
    let ends = Certificate::from_der(&present)?.tbs_certificate.validity.not_after.to_unix_duration();
    let (begins, expires) =
        (UtcTime::from_unix_duration(ends + MONTH)?, UtcTime::from_unix_duration(ends + 24 * MONTH)?);
    let next = reissue(&present, bench.keys.authority()?, Digest::Sha256, |tbs| {
        tbs.validity.not_before = Time::UtcTime(begins);
        tbs.validity.not_after = Time::UtcTime(expires);
    })?;
    let hash: String = Sha1::digest(&next).iter().map(|octet| format!("{octet:02X}")).collect();
    let binary = collaudo_forge::base64_lines(&next).replace("\r\n", "");
    bench.record("beta", |record| {
        let lines = record.lines().map(|line| match line.split_once(':').map(|(name, _)| name) {
            Some("providerCertificateHash") => format!("{line}\nproviderCertificateHash: {hash}\n"),
            Some("providerCertificate;binary") => format!("{line}\nproviderCertificate;binary:: {binary}\n"),
            _ => format!("{line}\n"),
        });
        lines.collect()
    })?;
    bench.only("beta");
    Ok(())
}
