//! The language in which a report speaks to people.

use std::{fmt, str::FromStr};

/// English or Italian. What the judge found is quoted in the language of the record, which is English; wire values are Italian
/// in both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Italian.
    It,
}

impl Lang {
    /// Of two wordings of one thing, the one in this language.
    pub(crate) const fn of<'a>(self, english: &'a str, italian: &'a str) -> &'a str {
        match self {
            Self::En => english,
            Self::It => italian,
        }
    }

    /// `1 message`, `14 messaggi`: each wording is the singular and the plural.
    pub(crate) fn count(self, n: usize, english: (&str, &str), italian: (&str, &str)) -> String {
        let (one, many) = match self {
            Self::En => english,
            Self::It => italian,
        };
        format!("{n} {}", if n == 1 { one } else { many })
    }

    /// As HTML names it.
    pub(crate) const fn tag(self) -> &'static str {
        self.of("en", "it")
    }
}

/// `en` or `it`, as the command line says it.
impl FromStr for Lang {
    type Err = UnknownLang;

    fn from_str(tag: &str) -> Result<Self, UnknownLang> {
        match tag {
            "en" => Ok(Self::En),
            "it" => Ok(Self::It),
            other => Err(UnknownLang(other.to_owned())),
        }
    }
}

/// A language that no report speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownLang(String);

impl fmt::Display for UnknownLang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no language \"{}\"; expected en or it", self.0)
    }
}

impl std::error::Error for UnknownLang {}
