use std::{borrow::Cow, fmt, ops::Deref};

/// A word of a header in lower case. The frequent ones stand in the program and cost nothing to keep.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word(Cow<'static, str>);

/// Media types and transfer encodings that most parts have.
const FREQUENT: [&str; 13] = [
    "text/plain",
    "text/html",
    "multipart/mixed",
    "multipart/signed",
    "multipart/alternative",
    "message/rfc822",
    "application/xml",
    "application/x-pkcs7-signature",
    "application/pkcs7-signature",
    "base64",
    "quoted-printable",
    "7bit",
    "8bit",
];

impl Word {
    /// The word that these pieces make.
    pub(super) fn of(pieces: &[&str]) -> Self {
        let length = pieces.iter().map(|piece| piece.len()).sum::<usize>();
        let is_it = |word: &&&str| word.len() == length && begins_with_all(word, pieces);
        match FREQUENT.iter().find(is_it) {
            Some(word) => Self(Cow::Borrowed(word)),
            None => Self(Cow::Owned(pieces.concat().to_ascii_lowercase())),
        }
    }

    /// The word.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a word in lower case begins with these pieces, in any case.
fn begins_with_all(word: &str, pieces: &[&str]) -> bool {
    let mut rest = word.as_bytes();
    pieces.iter().all(|piece| {
        let Some((own, behind)) = rest.split_at_checked(piece.len()) else { return false };
        rest = behind;
        own.eq_ignore_ascii_case(piece.as_bytes())
    })
}

impl Deref for Word {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Word {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Word {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Word {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_the_same_whether_frequent_or_not() {
        for (pieces, word) in [
            (&["Text", "/", "PLAIN"][..], "text/plain"),
            (&["text", "/", "plai"], "text/plai"),
            (&["Application", "/", "PDF"], "application/pdf"),
            (&["7BIT"], "7bit"),
            (&["", "", ""], ""),
        ] {
            assert_eq!(Word::of(pieces), word, "{pieces:?}");
        }
    }
}
