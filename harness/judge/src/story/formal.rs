//! The formal checks of RFC 6109 §3.1.1, made again from the submitted octets.

use std::fmt;

use super::{
    address::{Addresses, addresses, same},
    octets::{fields, has_bare_line_ends, split, unfolded},
};

/// The longest line that RFC 5322 allows, without its line end.
const LINE: usize = 998;

/// Fields that RFC 5322 §3.6 allows once.
const ONCE: &[&str] =
    &["date", "from", "sender", "reply-to", "to", "cc", "bcc", "message-id", "in-reply-to", "references", "subject"];

/// What the formal checks come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Formal {
    /// What is wrong; empty where nothing is.
    pub(crate) faults: Vec<Fault>,
    /// What two readers may judge differently; either treatment is then right.
    pub(crate) unclear: Option<&'static str>,
}

/// One way to fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is no message of RFC 5322.
    Malformed(&'static str),
    /// No From, or none that holds an address.
    From,
    /// No To, or none that holds an address.
    To,
    /// The reverse path is not the address in From.
    ReversePath,
    /// A recipient stands in neither To nor Cc.
    Recipient(String),
    /// Bcc has a value.
    Bcc,
    /// It is too big.
    Size,
    /// It is too big for so many recipients.
    SizeTimesRecipients,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(why) => f.write_str(why),
            Self::From => f.write_str("no From with a well-formed address"),
            Self::To => f.write_str("no To with a well-formed address"),
            Self::ReversePath => f.write_str("reverse path unlike From"),
            Self::Recipient(address) => write!(f, "recipient {address} in neither To nor Cc"),
            Self::Bcc => f.write_str("Bcc with a value"),
            Self::Size => f.write_str("size over the limit"),
            Self::SizeTimesRecipients => f.write_str("size times recipients over the limit"),
        }
    }
}

impl Formal {
    /// Checks a submission: its octets, its SMTP paths, the provider's limit of size times recipients.
    pub(crate) fn of(octets: &[u8], reverse_path: &str, recipients: &[&str], max_octets: u64) -> Self {
        let mut formal = Self::default();
        let (header, _) = split(octets);
        let header = Header(fields(header));
        formal.lines(octets, &header);
        formal.sender(&header, reverse_path);
        formal.recipients(&header, recipients);
        if header.all("bcc").any(|value| !unfolded(value).is_empty()) {
            formal.faults.push(Fault::Bcc);
        }
        formal.size(octets, recipients.len(), max_octets);
        formal
    }

    /// Whether it must be accepted.
    pub(crate) fn conforms(&self) -> bool {
        self.faults.is_empty() && self.unclear.is_none()
    }

    fn lines(&mut self, octets: &[u8], header: &Header<'_>) {
        if has_bare_line_ends(octets) {
            self.faults.push(Fault::Malformed("bare CR or LF"));
        }
        if octets.contains(&0) {
            self.faults.push(Fault::Malformed("octet 0"));
        }
        if header.0.iter().any(|(name, _)| !is_name(name)) {
            self.faults.push(Fault::Malformed("a header line that is no field"));
        }
        if ONCE.iter().any(|name| header.all(name).count() > 1) {
            self.faults.push(Fault::Malformed("a field more than once that may stand once"));
        }
        let (head, _) = split(octets);
        if header.all("date").next().is_none() {
            self.unclear = Some("no Date: RFC 5322 asks for it, a submission server may add it");
        } else if !head.is_ascii() {
            self.unclear = Some("8-bit octets in the header");
        } else if octets.split(|octet| *octet == b'\n').any(|line| line.len() > LINE + 1) {
            self.unclear = Some("a line of more than 998 octets");
        }
    }

    fn sender(&mut self, header: &Header<'_>, reverse_path: &str) {
        match header.addresses("from") {
            Some(Addresses { list, group: false }) => {
                if !list.iter().any(|address| same(address, reverse_path)) {
                    self.faults.push(Fault::ReversePath);
                } else if list.len() > 1 {
                    self.unclear = Some("several addresses in From");
                }
            }
            _ => self.faults.push(Fault::From),
        }
    }

    fn recipients(&mut self, header: &Header<'_>, recipients: &[&str]) {
        let Some(to) = header.addresses("to").filter(|to| !to.list.is_empty()) else {
            self.faults.push(Fault::To);
            return;
        };
        let has_cc = header.all("cc").any(|value| !unfolded(value).is_empty());
        let cc = header.addresses("cc");
        if to.group || (has_cc && cc.is_none()) {
            self.unclear = Some("a group in To, or a Cc that cannot be read");
        }
        // A field that stands twice is a fault of its own, and names people all the same.
        let fields = header.all("to").chain(header.all("cc"));
        let named: Vec<_> = fields.filter_map(addresses).flat_map(|field| field.list).collect();
        let missing = recipients.iter().find(|one| !named.iter().any(|address| same(address, one)));
        self.faults.extend(missing.map(|one| Fault::Recipient((*one).to_owned())));
    }

    /// `MB` has two readings, 10^6 and 2^20: between them either treatment is right.
    fn size(&mut self, octets: &[u8], recipients: usize, max_octets: u64) {
        let size = u128::try_from(octets.len()).unwrap_or(u128::MAX);
        let times = size.saturating_mul(u128::try_from(recipients.max(1)).unwrap_or(u128::MAX));
        let (floor, ceiling) = (u128::from(max_octets), u128::from(max_octets) * 1_048_576 / 1_000_000);
        if size > ceiling {
            self.faults.push(Fault::Size);
        } else if times > ceiling {
            self.faults.push(Fault::SizeTimesRecipients);
        } else if times > floor {
            self.unclear = Some("size between two readings of the limit");
        }
    }
}

struct Header<'a>(Vec<super::octets::RawField<'a>>);

impl<'a> Header<'a> {
    /// The values of the fields of that name, folds included.
    fn all(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.0
            .iter()
            .filter(move |(field, _)| field.trim_ascii().eq_ignore_ascii_case(name.as_bytes()))
            .filter_map(|(field, whole)| whole.get(field.len() + 1..))
    }

    fn addresses(&self, name: &str) -> Option<Addresses> {
        self.all(name).next().and_then(addresses)
    }
}

/// A field name: printable and no colon. White space behind it is old syntax, and read.
fn is_name(name: &[u8]) -> bool {
    let name = name.trim_ascii_end();
    !name.is_empty() && name.iter().all(u8::is_ascii_graphic)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "Date: Mon, 1 Jun 2026 10:00:00 +0200\r\nFrom: Anna <anna@alfa.test>\r\nTo: bruno@beta.test\r\nSubject: x\r\n\r\nciao\r\n";

    fn formal(message: &str, recipients: &[&str]) -> Formal {
        Formal::of(message.as_bytes(), "anna@alfa.test", recipients, 30_000_000)
    }

    #[test]
    fn a_plain_message_conforms_and_an_empty_bcc_changes_nothing() {
        assert!(formal(GOOD, &["bruno@beta.test"]).conforms());
        assert!(formal(&format!("Bcc: \r\n{GOOD}"), &["Bruno@BETA.test"]).conforms());
    }

    #[test]
    fn each_rule_names_its_own_fault_alone() {
        let to = &["bruno@beta.test"][..];
        let cases = [
            (format!("Bcc: carla@beta.test\r\n{GOOD}"), to, Fault::Bcc),
            (GOOD.replace("From: Anna <anna@alfa.test>\r\n", ""), to, Fault::From),
            (GOOD.replace("anna@alfa.test", "anna"), to, Fault::From),
            (GOOD.replace("To:", "Cc:"), to, Fault::To),
            (GOOD.replace("To: bruno@beta.test", "To: undisclosed-recipients:;"), to, Fault::To),
            (GOOD.replace("anna@alfa.test", "carla@alfa.test"), to, Fault::ReversePath),
            (GOOD.to_owned(), &["carla@beta.test"][..], Fault::Recipient("carla@beta.test".to_owned())),
            (format!("no field\r\n{GOOD}"), to, Fault::Malformed("a header line that is no field")),
            (format!("Subject: y\r\n{GOOD}"), to, Fault::Malformed("a field more than once that may stand once")),
            (
                GOOD.replace("Subject:", "To: dario@beta.test\r\nSubject:"),
                &["bruno@beta.test", "dario@beta.test"][..],
                Fault::Malformed("a field more than once that may stand once"),
            ),
            (GOOD.replace("ciao\r\n", "ci\nao\r\n"), to, Fault::Malformed("bare CR or LF")),
        ];
        for (message, recipients, fault) in cases {
            assert_eq!(formal(&message, recipients).faults, [fault], "{message}");
        }
    }

    #[test]
    fn size_counts_once_for_each_recipient_and_both_readings_of_a_megabyte_are_right() {
        let sized = |max| Formal::of(GOOD.as_bytes(), "anna@alfa.test", &["bruno@beta.test", "bruno@beta.test"], max);
        let octets = GOOD.len() as u64;
        assert!(sized(2 * octets).conforms());
        assert!(!sized(2 * octets - 5).conforms() && sized(2 * octets - 5).faults.is_empty());
        assert_eq!(sized(octets).faults, [Fault::SizeTimesRecipients]);
        assert_eq!(sized(octets / 2).faults, [Fault::Size]);
    }
}
