//! One thing that a walk came upon, examined.

use std::ops::ControlFlow;

use collaudo_judge::{Anchors, Profile, inspect};
use collaudo_record::{Inspection, SignatureVerdict};
use collaudo_sources::{File, Found, Message, Place, Why, readings};

use crate::way::guarded;

/// What came of it.
#[derive(Debug)]
pub(crate) enum Examined {
    /// A stored message, with the verdicts on it and on those found inside it.
    Message {
        /// Where it is.
        place: Place,
        /// What the judge says: at least one.
        inspections: Vec<Inspection>,
    },
    /// A file of a signature in which there is no message.
    Signature {
        /// Where it is.
        place: Place,
    },
    /// A stored message that was not examined.
    Unread {
        /// Where it is.
        place: Place,
        /// Why not.
        why: Why,
    },
    /// A file, after all that it holds.
    File(File),
}

/// How much is held while it is examined.
pub(crate) fn octets(found: &Found) -> u64 {
    match found {
        Found::Message(message) => message.octets.len() as u64,
        _ => 0,
    }
}

/// Judges a message; passes on the rest.
pub(crate) fn examine(found: Found, anchors: &Anchors, profile: Profile) -> Examined {
    match found {
        Found::Message(message) => match guarded(|| judged(&message, anchors, profile)) {
            Ok(inspections) if message.bare && inspections.iter().all(|found| found.kind == "ordinary") => {
                Examined::Signature { place: message.place }
            }
            Ok(inspections) => Examined::Message { place: message.place, inspections },
            Err(panic) => Examined::Unread { place: message.place, why: Why::Crashed(format!("the judge {panic}")) },
        },
        Found::Unread { place, why } => Examined::Unread { place, why },
        Found::File(file) => Examined::File(file),
    }
}

/// A message whose lines may be quoted is read in the first way that its signature confirms, else in the likeliest.
fn judged(message: &Message, anchors: &Anchors, profile: Profile) -> Vec<Inspection> {
    if !message.quoted {
        return inspect(&message.octets, anchors, profile);
    }
    let mut likeliest = None;
    let is_broken = |inspection: &Inspection| inspection.signature.verdict == SignatureVerdict::Invalid;
    let confirmed = readings(&message.octets).iter().try_for_each(|reading| {
        let inspections = inspect(reading, anchors, profile);
        if inspections.iter().any(is_broken) {
            likeliest.get_or_insert(inspections);
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(inspections)
        }
    });
    match confirmed {
        ControlFlow::Break(inspections) => inspections,
        ControlFlow::Continue(()) => likeliest.unwrap_or_default(),
    }
}
