//! What is kept and consulted: sealed logs, the index, lists of revoked certificates; what people fetch; clocks.

use super::{CROSS, DOWN, IMAP_VISIT, ORDINARY_WRAPPED, POP3_VISIT};
use crate::documents::{INDEX, REVOKED};
use crate::pick::ACCEPTANCE;

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
    "revocations-never-read", CROSS, "An envelope is delivered and its signer's certificate never held against the list of the revoked.",
        ["2.2.2-15"],
        |b| b.unread("beta", REVOKED, 0);
    "index-not-to-be-had", CROSS, "The index is published, and who asks for it over HTTPS gets nothing.",
        ["4.5-06"],
        |b| b.withheld(INDEX);
    "index-location-missing", CROSS, "The root record does not say where the whole directory is to be had.",
        ["4.5-06"],
        |b| b.index(|text| {
            let (root, records) = text.split_once("\n\n").unwrap_or((text, ""));
            let root = root.lines().filter(|line| !line.starts_with("LDIFLocationURL:")).map(|line| format!("{line}\n"));
            format!("{}\n{records}", root.collect::<String>())
        });
    "index-lacks-a-provider", ORDINARY_WRAPPED, "A provider is in no record of the index.",
        ["4.5-01", "4.5.7-03"],
        |b| {
            b.record("alfa", |_| String::new())?;
            b.only("alfa");
            Ok(())
        };
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
