//! Every report is a view of a run record, and can be made again later from the stored one.
//!
//! Reports never parse mail: what a message says was read by the judge and stands in the record. All that they print is
//! material from outside; it is escaped, and characters that could act on a screen are shown by name.

mod answered;
mod chapter;
pub mod clause_map;
mod finding;
pub mod html;
pub mod json;
pub mod junit;
mod lang;

pub mod opinion;
mod standing;
pub mod text;
mod words;

pub use answered::Answered;
pub use lang::{Lang, UnknownLang};
pub use words::{acts, visible};
