//! Messages that are wrong: each is a right one with one change, signed anew where the change lies under the signature.

/// Rows of the catalogue without their common prefix.
macro_rules! rows {
    ($($row:literal),* $(,)?) => { &[$(concat!("PEC-", $row)),*] };
}

/// A table of bends: name, right message, worth of the signature, what is wrong in English and in Italian, rows that are
/// broken, rows that are broken by the letter alone, bend.
macro_rules! bends {
    ($($id:literal, $from:expr, $signature:ident, $why:literal, $why_it:literal,
        [$($row:literal),* $(,)?] $(+ [$($letter:literal),*])?, $bend:expr;)*) => {
        pub(crate) static ALL: &[crate::wrong::Bend] = &[$(crate::wrong::Bend {
            id: $id,
            from: $from,
            signature: crate::wrong::Worth::$signature,
            why: $why,
            why_it: $why_it,
            breaks: rows![$($row),*],
            by_the_letter: rows![$($($letter),*)?],
            bend: $bend,
        }),*];
    };
}

mod bench;
mod certificate;
mod content;
mod data;
mod header;
mod signature;
mod structure;
mod text;

use collaudo_forge::ForgeError;

use crate::{house::Keys, make::Made};

pub(crate) use bench::Bench;

/// One change and what it breaks.
pub(crate) struct Bend {
    pub(crate) id: &'static str,
    /// The right message without its family, such as `avvenuta-consegna/complete`.
    pub(crate) from: &'static str,
    pub(crate) signature: Worth,
    pub(crate) why: &'static str,
    pub(crate) why_it: &'static str,
    /// Sorted as the catalogue is.
    pub(crate) breaks: &'static [&'static str],
    /// Rows that it breaks by the letter, as deployed providers do.
    pub(crate) by_the_letter: &'static [&'static str],
    /// False where the right message has nothing to bend in this way.
    pub(crate) bend: fn(&mut Bench<'_>) -> Result<bool, ForgeError>,
}

/// What a signature is worth, under the authority's certificate and at the time that it claims.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Worth {
    Valid,
    Invalid,
    Absent,
}

/// A wrong message.
pub(crate) struct Wrong {
    pub(crate) bend: &'static Bend,
    pub(crate) kind: &'static str,
    pub(crate) author: usize,
    /// The name of the right message.
    pub(crate) made_from: String,
    pub(crate) octets: Vec<u8>,
    /// Rows that it breaks by the letter alone, the right message's included.
    pub(crate) deviations: Vec<&'static str>,
    /// The certificate that the index must list for its author too.
    pub(crate) certificate: Option<Vec<u8>>,
}

impl Worth {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Invalid => "invalid",
            Self::Absent => "absent",
        }
    }
}

impl Wrong {
    /// `accettazione/text-touched.alfa`, the family that of the right message.
    pub(crate) fn name(&self) -> String {
        let family = self.made_from.rsplit('.').next().unwrap_or_default();
        format!("{}/{}.{family}", self.kind, self.bend.id)
    }
}

/// Every wrong message, the families in turn.
pub(crate) fn wrong(right: &[Made], keys: &Keys) -> Result<Vec<Wrong>, ForgeError> {
    let tables = [signature::ALL, certificate::ALL, header::ALL, structure::ALL, data::ALL, text::ALL, content::ALL];
    let bends = tables.into_iter().flatten();
    bends.enumerate().map(|(n, bend)| bent(n, bend, right, keys)).collect()
}

fn bent(n: usize, bend: &'static Bend, right: &[Made], keys: &Keys) -> Result<Wrong, ForgeError> {
    let same = |made: &&Made| format!("{}/{}", made.description.kind, made.case.id) == bend.from;
    let fitting: Vec<_> = right.iter().filter(same).collect();
    let made = fitting.get(n % fitting.len().max(1)).ok_or(ForgeError::Message(bend.id))?;
    let mut bench = Bench::new(made, keys)?;
    if !(bend.bend)(&mut bench)? {
        return Err(ForgeError::Message(bend.id));
    }
    Ok(Wrong {
        bend,
        kind: made.description.kind,
        author: made.case.author,
        made_from: made.case.name(),
        deviations: made.description.deviations.iter().chain(bend.by_the_letter).copied().collect(),
        certificate: bench.certificate.clone(),
        octets: bench.finish(),
    })
}
