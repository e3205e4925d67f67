//! Every parser of the project as a function of octets from outside. None may panic, hang or grow without measure,
//! whatever it is given; what it says of the octets is the affair of other tests.
//!
//! The fuzzer runs each with the seeds under `tests/fuzz/corpus`; the tests run those seeds, and bent ones, every time.

mod node;
mod octets;
mod stored;
mod talk;

/// A parser: its name, which is that of its fuzz target and of its folder of seeds, and the function.
pub type Parser = (&'static str, fn(&[u8]));

/// All of them.
pub const PARSERS: [Parser; 14] = [
    ("smtp", talk::smtp),
    ("imap", talk::imap),
    ("pop3", talk::pop3),
    ("mime", octets::mime),
    ("cms", octets::cms),
    ("xml", octets::xml),
    ("ldif", octets::ldif),
    ("ldap", talk::ldap),
    ("crl", octets::crl),
    ("scenario", octets::scenario),
    ("trace", octets::trace),
    ("words", octets::words),
    ("mbox", stored::mbox),
    ("zip", stored::zip),
];

/// Runs the parser of that name.
///
/// # Panics
/// Where there is no such parser, or where the parser panics, which is what is sought.
pub fn run(name: &str, octets: &[u8]) {
    let parser = PARSERS.iter().find(|(there, _)| *there == name);
    let (_, parser) = parser.unwrap_or_else(|| panic!("no parser \"{name}\""));
    parser(octets);
}
