//! Octets that hold stored messages.

use std::{ops::ControlFlow, path::Path};

use collaudo_sources::{Found, Limits, Mbox, Piece, readings, stream};

/// Small, so that they are met.
const LIMITS: Limits = Limits { message_octets: 16 << 10, expansion: 10, expansion_floor: 256 << 10 };

/// A mailbox in one file.
pub(crate) fn mbox(octets: &[u8]) {
    let mut mailbox = Mbox::new(octets, LIMITS.message_octets);
    let mut given = 0;
    while let Some(piece) = mailbox.piece().expect("octets in memory can be read") {
        if let Piece::Message { octets, .. } = piece {
            assert!(readings(&octets).iter().all(|reading| reading.len() <= octets.len()));
            given += octets.len();
        }
    }
    assert!(given <= octets.len(), "a mailbox gives more than it holds");
}

/// Any file; those that begin like an archive are one.
pub(crate) fn zip(mut octets: &[u8]) {
    let ended = stream(Path::new("fuzz"), &mut octets, &LIMITS, &mut |found| {
        if let Found::Message(message) = found {
            assert!(message.octets.len() as u64 <= LIMITS.message_octets, "{}", message.place);
        }
        ControlFlow::Continue(())
    });
    assert_eq!(ended, ControlFlow::Continue(()));
}
