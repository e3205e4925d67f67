//! What is kept and consulted: sealed logs, the index, lists of revoked certificates; what people fetch; clocks.

use super::{CROSS, DOWN, IMAP_VISIT, POP3_VISIT};
use crate::documents::{INDEX, REVOKED};

mutants! {
    "log-never-sealed", DOWN, "A day passes and its log is not closed.",
        ["2.3-10", "DM.10-01", "DM.10-02", "DPR.10-01"],
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
        ["2.3-10", "DM.10-01"],
        |b| b.sealed_lines("alfa", |text| text.lines().skip(1).map(|line| format!("{line}\n")).collect());
    "log-seal-empty", DOWN, "The sealed day of the log holds no line.",
        ["2.3-10", "DM.10-01"],
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
            b.fetched(|bytes| bytes.strip_suffix(b"\r\n").unwrap_or(bytes).to_vec())?;
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
