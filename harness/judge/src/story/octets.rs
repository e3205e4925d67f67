//! Comparing messages octet for octet. What the law lets a provider change is left out on both sides, and nothing else.

use crate::reading::TRACE_FIELDS;

/// Fields that the access point may also change in an original: its identifier, and trace.
const REWRITTEN: &[&str] = &["message-id", "x-riferimento-message-id", "received", "return-path"];

/// A field: its name, and its whole octets with folds and line end.
pub(crate) type RawField<'a> = (&'a [u8], &'a [u8]);

/// The header with its last line end, and the body behind the empty line.
pub(crate) fn split(octets: &[u8]) -> (&[u8], &[u8]) {
    if octets.starts_with(b"\r\n") {
        return (&[], octets.get(2..).unwrap_or_default());
    }
    match find(octets, b"\r\n\r\n") {
        Some(at) => (octets.get(..at + 2).unwrap_or_default(), octets.get(at + 4..).unwrap_or_default()),
        None => (octets, &[]),
    }
}

/// The fields of a header in order; a line that is neither field nor fold counts as a field without a name.
pub(crate) fn fields(header: &[u8]) -> Vec<RawField<'_>> {
    let mut fields = Vec::new();
    let mut rest = header;
    while !rest.is_empty() {
        let (whole, behind) = rest.split_at(field_end(rest));
        let name = whole.iter().position(|octet| *octet == b':').and_then(|colon| whole.get(..colon));
        fields.push((name.unwrap_or_default(), whole));
        rest = behind;
    }
    fields
}

/// Whether `enclosed` is the `submitted` message but for its identifiers and trace fields.
pub(crate) fn same_original(submitted: &[u8], enclosed: &[u8]) -> bool {
    essence(submitted, REWRITTEN) == essence(enclosed, REWRITTEN)
}

/// Whether two copies differ in trace fields at most.
pub(crate) fn same_but_trace(one: &[u8], other: &[u8]) -> bool {
    essence(one, &TRACE_FIELDS) == essence(other, &TRACE_FIELDS)
}

/// Whether two messages are the same octets; the line end before a MIME boundary belongs to the boundary, so one at the
/// very end does not count.
pub(crate) fn same_octets(one: &[u8], other: &[u8]) -> bool {
    without_last_line_end(one) == without_last_line_end(other)
}

/// A field's value on one line, runs of white space as one space.
pub(crate) fn unfolded(raw: &[u8]) -> Vec<u8> {
    let words = raw.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(&b' ')
}

/// Whether a CR or an LF stands alone.
pub(crate) fn has_bare_line_ends(octets: &[u8]) -> bool {
    octets.iter().enumerate().any(|(at, octet)| match octet {
        b'\n' => at.checked_sub(1).and_then(|before| octets.get(before)) != Some(&b'\r'),
        b'\r' => octets.get(at + 1) != Some(&b'\n'),
        _ => false,
    })
}

/// Where `needle` begins.
pub(crate) fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len()).position(|window| window == needle)
}

fn essence(octets: &[u8], left_out: &[&str]) -> (Vec<u8>, Vec<u8>) {
    let (header, body) = split(octets);
    let kept = fields(header).into_iter().filter(|(name, _)| !named(name, left_out));
    let mut head = kept.flat_map(|(_, whole)| whole).copied().collect::<Vec<_>>();
    // A message may end with its header, and then its last line end may be the boundary's.
    while head.ends_with(b"\r\n") {
        head.truncate(head.len() - 2);
    }
    (head, without_last_line_end(body).to_vec())
}

fn named(name: &[u8], names: &[&str]) -> bool {
    names.iter().any(|one| name.trim_ascii().eq_ignore_ascii_case(one.as_bytes()))
}

fn without_last_line_end(octets: &[u8]) -> &[u8] {
    octets.strip_suffix(b"\r\n").unwrap_or(octets)
}

/// Behind the line end that no white space follows.
fn field_end(header: &[u8]) -> usize {
    let mut from = 0;
    while let Some(at) = header.get(from..).and_then(|rest| find(rest, b"\r\n")) {
        from += at + 2;
        if !matches!(header.get(from), Some(b' ' | b'\t')) {
            return from;
        }
    }
    header.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_identifier_leaves_the_original_the_same() {
        let submitted = b"Message-ID: <a@b>\r\nSubject: x\r\n y\r\n\r\nbody\r\n";
        let enclosed = b"Received: from here\r\nSubject: x\r\n y\r\nMessage-ID: <pec@id>\r\nX-Riferimento-Message-ID: <a@b>\r\n\r\nbody";
        assert!(same_original(submitted, enclosed));
    }

    #[test]
    fn a_refolded_field_or_a_second_line_end_is_another_original() {
        assert!(!same_original(b"Subject: x\r\n y\r\n\r\nbody\r\n", b"Subject: x y\r\n\r\nbody\r\n"));
        assert!(!same_original(b"Subject: x\r\n\r\nbody\r\n", b"Subject: x\r\n\r\nbody\r\n\r\n"));
        assert!(!same_original(b"Subject: x\r\n\r\nbody\r\n", b"Subject: x\r\nX: 1\r\n\r\nbody\r\n"));
    }

    #[test]
    fn trace_fields_alone_do_not_make_another_message() {
        assert!(same_but_trace(b"A: 1\r\n\r\nx", b"Return-Path: <a>\r\nReceived: x\r\n\ty\r\nA: 1\r\n\r\nx"));
        assert!(!same_but_trace(b"A: 1\r\n\r\nx", b"A: 1\r\nB: 2\r\n\r\nx"));
    }

    #[test]
    fn octets_of_any_sort_are_taken_apart_without_a_crash() {
        for octets in [&b""[..], b"\r\n", b"\r", b"\n\n", b":", b" : \r\n ", b"\r\n\r\n\r\n", &[0xff; 9]] {
            let (header, _) = split(octets);
            let whole: usize = fields(header).iter().map(|(_, whole)| whole.len()).sum();
            assert_eq!(whole, header.len());
        }
    }
}
