//! Mailboxes in one file: what was put in comes out.

use collaudo_sources::{Mbox, Piece, readings};
use proptest::prelude::*;

const LIMIT: u64 = 1 << 20;

fn pieces(mailbox: &[u8]) -> Vec<Piece> {
    let mut mailbox = Mbox::new(mailbox, LIMIT);
    std::iter::from_fn(|| mailbox.piece().expect("octets in memory can be read")).collect()
}

fn messages(mailbox: &[u8]) -> Vec<String> {
    let text = |piece| match piece {
        Piece::Message { octets, .. } => String::from_utf8_lossy(&octets).into_owned(),
        Piece::TooLarge { octets, .. } => format!("too large: {octets}"),
    };
    pieces(mailbox).into_iter().map(text).collect()
}

#[test]
fn messages_are_told_apart_by_postmarks_after_an_empty_line() {
    let mailbox = "From anna@alfa.example Mon Mar  2 11:00:00 2026\nSubject: 1\n\nuno\n\n\
                   From - Mon Mar 02 11:00:00 2026\nSubject: 2\n\ndue\n";
    assert_eq!(messages(mailbox.as_bytes()), ["Subject: 1\n\nuno\n", "Subject: 2\n\ndue\n"]);
    let crlf = mailbox.replace('\n', "\r\n");
    assert_eq!(messages(crlf.as_bytes()), ["Subject: 1\r\n\r\nuno\r\n", "Subject: 2\r\n\r\ndue\r\n"]);
}

#[test]
fn text_that_only_begins_with_the_word_ends_nothing() {
    let mailbox = "From a@b Mon Mar  2 11:00:00 2026\nSubject: 1\n\nuno\n\nFrom now on, at 10:30, we meet.\n\n\
                   From Rome\nNote: by train\nFrom a@b Mon Mar  2 11:00:00 2026\nSubject: inside\n";
    assert_eq!(messages(mailbox.as_bytes()).len(), 1);
}

#[test]
fn a_postmark_may_name_the_sender_alone() {
    let mailbox = "From a@b\nSubject: 1\n\nuno\n\nFrom c@d\nSubject: 2\n\ndue\n";
    assert_eq!(messages(mailbox.as_bytes()).len(), 2);
}

/// Goal: a length is believed where the file bears it out, and only there. Method: a body that holds a whole mailbox.
#[test]
fn a_content_length_is_followed_where_it_fits_and_ignored_where_it_does_not() {
    let postmark = "From a@b Mon Mar  2 11:00:00 2026\n";
    let body = format!("uno\n\n{postmark}Subject: inside\n\nstill the first\n");
    let of = |length: usize| {
        format!("{postmark}Content-Length: {length}\nSubject: 1\n\n{body}\n{postmark}Subject: 2\n\ndue\n")
    };
    let fitting = messages(of(body.len()).as_bytes());
    assert_eq!(fitting.len(), 2);
    assert!(fitting[0].ends_with("still the first\n"), "{fitting:?}");
    for lie in [0, 3, body.len() - 4, body.len() + 30, 1 << 40] {
        assert_eq!(messages(of(lie).as_bytes()).len(), 3, "{lie}");
    }
}

#[test]
fn a_message_above_the_limit_is_read_over() {
    let postmark = "From a@b Mon Mar  2 11:00:00 2026\n";
    let large = "x".repeat(3 << 20);
    let mailbox = format!("{postmark}Subject: 1\n\n{large}\n\n{postmark}Subject: 2\n\ndue\n");
    assert_eq!(messages(mailbox.as_bytes()), ["too large: 3145742", "Subject: 2\n\ndue\n"]);
}

#[test]
fn octets_say_where_each_message_begins() {
    let mailbox =
        b"From a@b Mon Mar  2 11:00:00 2026\nSubject: 1\n\nuno\n\nFrom a@b Mon Mar  2 11:00:00 2026\nSubject: 2\n\n";
    for piece in pieces(mailbox) {
        let Piece::Message { octet, octets, .. } = piece else { panic!("small messages") };
        let at = usize::try_from(octet).expect("small");
        assert!(mailbox[at..].starts_with(&octets));
    }
}

/// A message of a header and lines of which many look like postmarks, in one kind of line end.
fn message(line_end: &'static str) -> impl Strategy<Value = String> {
    let postmark = "From a@b Mon Mar  2 11:00:00 2026";
    let line = prop_oneof![
        "[ -~]{0,60}",
        Just(String::new()),
        Just(postmark.to_owned()),
        Just(format!(">{postmark}")),
        Just(format!(">>{postmark}")),
        Just("From the beginning".to_owned()),
        Just("Subject: a field".to_owned()),
        "[x]{900,3000}",
    ];
    prop::collection::vec(line, 0..12).prop_map(move |mut lines| {
        lines.insert(0, "Subject: x".to_owned());
        lines.insert(1, String::new());
        lines.iter().flat_map(|line| [line.as_str(), line_end]).collect()
    })
}

/// What a program writes that quotes every line that could be taken for a postmark.
fn put(message: &str, line_end: &str) -> String {
    let quote = |line: &str| if line.trim_start_matches('>').starts_with("From ") { ">" } else { "" };
    let lines: String = message.split_inclusive('\n').flat_map(|line| [quote(line), line]).collect();
    format!("From anna@alfa.example Mon Mar  2 11:00:00 2026{line_end}{lines}{line_end}")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_put_in_comes_out(messages in prop_oneof![
        prop::collection::vec(message("\n"), 1..6).prop_map(|messages| (messages, "\n")),
        prop::collection::vec(message("\r\n"), 1..6).prop_map(|messages| (messages, "\r\n")),
    ]) {
        let (messages, line_end) = messages;
        let mailbox: String = messages.iter().map(|message| put(message, line_end)).collect();
        let given: Vec<_> = pieces(mailbox.as_bytes())
            .into_iter()
            .map(|piece| match piece {
                Piece::Message { octets, quoted, .. } => {
                    let first = readings(&octets)[0].clone().into_owned();
                    assert_eq!(quoted, first != octets, "said to be quoted where it is");
                    String::from_utf8(first).expect("text")
                }
                Piece::TooLarge { .. } => panic!("small messages"),
            })
            .collect();
        prop_assert_eq!(given, messages);
    }

    #[test]
    fn octets_of_any_kind_are_read_to_their_end(octets in prop::collection::vec(any::<u8>(), 0..4000), cut in 0..60usize) {
        let seed = b"From a@b Mon Mar  2 11:00:00 2026\nContent-Length: 40\n\nx\n\nFrom c@d\n";
        let mailbox = [&seed[..cut], &octets, &seed[cut..]].concat();
        let given: u64 = pieces(&mailbox).iter().map(|piece| match piece {
            Piece::Message { octets, .. } => octets.len() as u64,
            Piece::TooLarge { octets, .. } => *octets,
        }).sum();
        prop_assert!(given <= mailbox.len() as u64);
    }
}
