use std::fmt;

/// Why a scenario, a topology or a folder of them cannot be used, and where.
///
/// Displayed as `scenarios/flows/x.toml:9: unknown clause "PEC-3.1.1-6"; nearest is "PEC-3.1.1-06"`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {flaw}", shown(file, *.line))]
pub struct Error {
    /// The path as the caller gave it.
    pub file: String,
    /// From 1; none where the file as a whole is meant.
    pub line: Option<u32>,
    /// What is wrong there.
    pub flaw: Flaw,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// The file system does not give it, or it is not UTF-8.
    #[error("cannot be read: {why}")]
    Unreadable {
        /// What the system says.
        why: String,
    },
    /// It is not TOML.
    #[error("not TOML: {why}")]
    Syntax {
        /// What the TOML reader says.
        why: String,
    },
    /// The scenario stands under no folder that holds `topologies/`.
    #[error("no folder \"topologies\" stands beside it or above it")]
    Homeless,
    /// A word that names nothing.
    #[error("unknown {what} {found:?}; {hint}")]
    Unknown {
        /// What it would name: `clause`, `user`, `key` ...
        what: &'static str,
        /// The word.
        found: String,
        /// What to write.
        hint: Hint,
    },
    /// A value of another TOML type.
    #[error("{key:?} is {found}; expected {expected}")]
    Type {
        /// Its key.
        key: String,
        /// Its type, with an article.
        found: &'static str,
        /// What to write.
        expected: &'static str,
    },
    /// A key that must be there.
    #[error("no {key:?} in this {table}; expected {expected}")]
    Missing {
        /// The key.
        key: &'static str,
        /// What the table is: `scenario`, `step` ...
        table: &'static str,
        /// What to write.
        expected: &'static str,
    },
    /// A value of the right type that says nothing, or too much.
    #[error("bad {what} {found:?}; expected {expected}")]
    Bad {
        /// What it would be: `duration`, `size` ...
        what: &'static str,
        /// What stands there.
        found: String,
        /// What to write.
        expected: String,
    },
    /// A name given to two things.
    #[error("the {what} {found:?} stands here for the second time; expected another name")]
    Twice {
        /// What it names.
        what: &'static str,
        /// The name.
        found: String,
    },
    /// Two keys that exclude each other.
    #[error("{key:?} stands beside {other:?}; expected one of the two")]
    Beside {
        /// The one.
        key: &'static str,
        /// The other.
        other: &'static str,
    },
    /// A key that asks for another.
    #[error("{key:?} stands without {other:?}; expected both")]
    Without {
        /// The one that is there.
        key: &'static str,
        /// The one that is not.
        other: &'static str,
    },
}

/// What to write in place of an unknown word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hint {
    /// A word that looks like it.
    Nearest(String),
    /// None looks like it; these there are, in their order.
    OneOf(Vec<String>),
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nearest(word) => write!(f, "nearest is {word:?}"),
            Self::OneOf(words) => match words.split_last() {
                None => f.write_str("expected none here"),
                Some((last, [])) => write!(f, "expected {last:?}"),
                Some((last, rest)) => {
                    let rest: Vec<String> = rest.iter().map(|word| format!("{word:?}")).collect();
                    write!(f, "expected {} or {last:?}", rest.join(", "))
                }
            },
        }
    }
}

impl Flaw {
    /// An unknown word, with the nearest of those that there are.
    pub(crate) fn unknown<'w>(what: &'static str, found: &str, there: impl IntoIterator<Item = &'w str>) -> Self {
        let there: Vec<&str> = there.into_iter().collect();
        let near = |word: &str| strsim::normalized_damerau_levenshtein(&found.to_lowercase(), &word.to_lowercase());
        let nearest = there.iter().map(|word| (near(word), *word)).reduce(|best, next| match next.0 > best.0 {
            true => next,
            false => best,
        });
        let hint = match nearest {
            Some((likeness, word)) if likeness >= LIKE || there.len() > LISTED => Hint::Nearest(word.to_owned()),
            _ => Hint::OneOf(there.into_iter().map(str::to_owned).collect()),
        };
        Self::Unknown { what, found: found.to_owned(), hint }
    }

    /// A value that says nothing.
    pub(crate) fn bad(what: &'static str, found: impl fmt::Display, expected: impl Into<String>) -> Self {
        Self::Bad { what, found: found.to_string(), expected: expected.into() }
    }
}

/// From this likeness on a word is proposed alone.
const LIKE: f64 = 0.5;
/// More words than these are not listed.
const LISTED: usize = 12;

fn shown(file: &str, line: Option<u32>) -> String {
    line.map_or_else(|| file.to_owned(), |line| format!("{file}:{line}"))
}
