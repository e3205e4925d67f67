use collaudo_record::Provider;

use super::{Check, Findings, Occasion, View, count};
use crate::{
    Clause,
    reading::{Entity, Kind, Virus},
    story::{Appearance, Place},
};

/// What a clean message carries arrives as it was sent: no scanner has taken anything out of it or put anything into it.
pub(super) const CONTENT: Check = Check { clauses: &[Clause::PEC_5_4_02], run: content };

//= PEC-5.4-02
fn content(view: &View<'_>, out: &mut Findings) {
    for lying in view.story.appearances.iter().filter(|one| one.kind() == Kind::PostaCertificata) {
        let clean = view.story.submission_of(lying).filter(|one| one.virus() == Virus::None);
        let Some((submission, (submitted, _))) = clean.and_then(|one| Some((one, one.message?))) else { continue };
        let (Some(arrived), true) = (enclosed(lying), lying.mailbox().is_some()) else { continue };
        let inner = submitted.postacert.as_ref().map(|inner| inner.octets.as_slice());
        let sent = contents(&submitted.root, inner);
        let holds = sent == arrived;
        let expected = format!("{}, each with the content that was sent", count(sent.len(), "part"));
        let observed = match sent.iter().zip(&arrived).position(|(sent, arrived)| sent != arrived) {
            _ if holds => "the same".to_owned(),
            Some(place) => format!("part {} has another content", place + 1),
            None => count(arrived.len(), "part"),
        };
        let responsible = if holds { lying.at_provider() } else { culprit(view, lying, &sent) };
        let occasion = Occasion::of(view, responsible, submission, [lying.event]).by("R-0084");
        occasion.holds(out, &[Clause::PEC_5_4_02], holds, &expected, &observed);
    }
}

/// Who made it another: the one that had already sent it so, or the one that stored it.
fn culprit<'a>(view: &View<'a>, lying: &Appearance<'a>, sent: &[Content<'_>]) -> &'a Provider {
    let here = lying.at_provider();
    let came =
        view.story.appearances.iter().find(|one| {
            one.first == lying.first && matches!(one.place, Place::Wire { to, .. } if to.name == here.name)
        });
    let is_altered = |one: &&Appearance<'_>| enclosed(one).is_none_or(|came| came != sent);
    came.filter(is_altered).and_then(|one| one.issuer).unwrap_or(here)
}

fn enclosed<'s>(one: &'s Appearance<'_>) -> Option<Vec<Content<'s>>> {
    one.reading.postacert.as_ref().map(|original| contents(&original.root, None))
}

/// Type and octets of a leaf.
type Content<'a> = (&'a str, &'a [u8]);

/// Type and decoded octets of each leaf; the line end before a boundary belongs to the boundary. `taken` is what the reader
/// has taken out of a leaf for itself: an enclosed message.
fn contents<'a>(entity: &'a Entity, taken: Option<&'a [u8]>) -> Vec<Content<'a>> {
    if entity.children.is_empty() {
        let is_taken = entity.decoded.is_empty() && !entity.body.is_empty();
        let octets = taken.filter(|_| is_taken).unwrap_or(&entity.decoded);
        return vec![(&entity.media_type, octets.trim_ascii_end())];
    }
    entity.children.iter().flat_map(|child| contents(child, taken)).collect()
}
