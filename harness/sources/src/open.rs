//! One file: what it is, and the messages that it holds.

use std::{
    fs,
    io::{self, BufReader, Cursor, Read, Seek as _},
    ops::ControlFlow,
    path::Path,
};

use crate::{
    archive::{self, Budget},
    found::{Fate, File, Found, Limits, Message, Place, Step},
    mbox::{Mbox, Piece},
    sort::{HEAD_OCTETS, Sort, sort, without_marks},
    why::Why,
};

/// Who is given what was found, until they want no more.
pub(crate) type Giver<'a> = &'a mut dyn FnMut(Found) -> ControlFlow<()>;

/// What a file came to; broken off where nobody wants more.
pub(crate) type Ended = ControlFlow<(), (Fate, Option<Why>)>;

/// Examines a stream of octets, such as standard input.
///
/// *Takes* the name that it goes by. *Gives* what is found to `give`, until that breaks off.
pub fn stream(name: &Path, input: &mut dyn Read, limits: &Limits, give: Giver<'_>) -> ControlFlow<()> {
    let place = Place::of(name);
    let (fate, why) = match first_octets(input) {
        Ok(head) => contents(&place, sort(&head, name), head, input, None, limits, give)?,
        Err(why) => (Fate::Unreadable, Some(Why::Io(why))),
    };
    give(Found::File(File { place, fate, why, named: true }))
}

/// Examines a file on disk.
pub(crate) fn file(path: &Path, named: bool, limits: &Limits, give: Giver<'_>) -> ControlFlow<()> {
    let place = Place::of(path);
    let (fate, why) = match fs::File::open(path) {
        Ok(file) => on_disk(&place, file, limits, give)?,
        Err(why) => (Fate::Unreadable, Some(Why::Io(why))),
    };
    give(Found::File(File { place, fate, why, named }))
}

fn on_disk(place: &Place, mut file: fs::File, limits: &Limits, give: Giver<'_>) -> Ended {
    let octets = file.metadata().map_or(0, |metadata| metadata.len());
    let head = match first_octets(&mut file) {
        Ok(head) => head,
        Err(why) => return ControlFlow::Continue((Fate::Unreadable, Some(Why::Io(why)))),
    };
    match sort(&head, &place.file) {
        Sort::Archive => match file.rewind() {
            Ok(()) => archive::examine(place, BufReader::new(file), &Budget::of(octets, limits), limits, give),
            Err(why) => ControlFlow::Continue((Fate::Unreadable, Some(Why::Io(why)))),
        },
        Sort::Message | Sort::Signed if octets > limits.message_octets => too_large(place, octets, limits, give),
        sort => contents(place, sort, head, &mut file, None, limits, give),
    }
}

/// Examines a member of an archive, which may be an archive itself, once.
pub(crate) fn member(place: &Place, input: &mut dyn Read, budget: &Budget, limits: &Limits, give: Giver<'_>) -> Ended {
    let name = match place.inside.last() {
        Some(Step::Member(name)) => Path::new(name),
        _ => &place.file,
    };
    match first_octets(input) {
        Ok(head) => contents(place, sort(&head, name), head, input, Some(budget), limits, give),
        Err(why) => ControlFlow::Continue((Fate::Unreadable, Some(Why::BadMember(why.to_string())))),
    }
}

fn contents(
    place: &Place,
    sort: Sort,
    head: Vec<u8>,
    input: &mut dyn Read,
    budget: Option<&Budget>,
    limits: &Limits,
    give: Giver<'_>,
) -> Ended {
    match sort {
        Sort::Empty => ControlFlow::Continue((Fate::NotMail, Some(Why::Empty))),
        Sort::Other(words) => ControlFlow::Continue((Fate::NotMail, Some(Why::Other(words)))),
        Sort::Archive => loaded_archive(place, head, input, budget, limits, give),
        Sort::Message | Sort::Signed => message(place, sort == Sort::Signed, head, input, limits, give),
        Sort::Mbox => mailbox(place, &mut Cursor::new(head).chain(input), limits, give),
    }
}

/// An archive of which only a stream is at hand: its list of members stands at its end.
fn loaded_archive(
    place: &Place,
    head: Vec<u8>,
    input: &mut dyn Read,
    budget: Option<&Budget>,
    limits: &Limits,
    give: Giver<'_>,
) -> Ended {
    if place.inside.len() > 1 {
        return ControlFlow::Continue((Fate::Unreadable, Some(Why::TooDeep)));
    }
    match whole(head, input, limits) {
        Ok(octets) if octets.len() as u64 > limits.message_octets => {
            let why = Why::LargeArchive { limit: limits.message_octets };
            ControlFlow::Continue((Fate::Unreadable, Some(why)))
        }
        Ok(octets) => {
            let own = Budget::of(octets.len() as u64, limits);
            archive::examine(place, Cursor::new(octets), budget.unwrap_or(&own), limits, give)
        }
        Err(why) => ControlFlow::Continue((Fate::Unreadable, Some(Why::Io(why)))),
    }
}

fn message(place: &Place, bare: bool, head: Vec<u8>, input: &mut dyn Read, limits: &Limits, give: Giver<'_>) -> Ended {
    match whole(head, input, limits) {
        Ok(octets) if octets.len() as u64 > limits.message_octets => {
            too_large(place, octets.len() as u64, limits, give)
        }
        Ok(mut octets) => {
            octets.drain(..octets.len() - without_marks(&octets).len());
            give(Found::Message(Message { place: place.clone(), octets, quoted: false, bare }))?;
            ControlFlow::Continue((Fate::Mail, None))
        }
        Err(why) => ControlFlow::Continue((Fate::Unreadable, Some(Why::Io(why)))),
    }
}

fn too_large(place: &Place, octets: u64, limits: &Limits, give: Giver<'_>) -> Ended {
    let why = Why::TooLarge { octets, limit: limits.message_octets };
    give(Found::Unread { place: place.clone(), why })?;
    ControlFlow::Continue((Fate::Mail, None))
}

fn mailbox(place: &Place, input: &mut dyn Read, limits: &Limits, give: Giver<'_>) -> Ended {
    let mut mailbox = Mbox::new(input, limits.message_octets);
    for number in 1.. {
        let here = |octet| place.step(Step::Message { number, octet });
        match mailbox.piece() {
            Ok(Some(Piece::Message { octet, octets, quoted })) => {
                give(Found::Message(Message { place: here(octet), octets, quoted, bare: false }))?;
            }
            Ok(Some(Piece::TooLarge { octet, octets })) => {
                let why = Why::TooLarge { octets, limit: limits.message_octets };
                give(Found::Unread { place: here(octet), why })?;
            }
            Ok(None) => break,
            Err(why) => {
                let why = Why::CutOff { octet: mailbox.offset(), why };
                return ControlFlow::Continue((Fate::Unreadable, Some(why)));
            }
        }
    }
    ControlFlow::Continue((Fate::Mail, None))
}

fn first_octets(input: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    input.take(HEAD_OCTETS as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// All of it, or one octet more than the limit.
fn whole(mut head: Vec<u8>, input: &mut dyn Read, limits: &Limits) -> io::Result<Vec<u8>> {
    let room = limits.message_octets.saturating_add(1).saturating_sub(head.len() as u64);
    input.take(room).read_to_end(&mut head)?;
    Ok(head)
}
