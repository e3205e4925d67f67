//! Goal: a mailbox is read in pieces, however many messages it holds. Method: a mailbox that is made while it is read, and an
//! allocator that counts, one test to a process.

use std::{
    io::{self, Read},
    ops::ControlFlow,
    path::Path,
};

use collaudo_sources::{Found, Limits, stream};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

const MESSAGES: usize = 30_000;

/// The same message again and again.
struct Mailbox {
    message: Vec<u8>,
    at: usize,
    left: usize,
}

impl Read for Mailbox {
    fn read(&mut self, octets: &mut [u8]) -> io::Result<usize> {
        if self.at == self.message.len() && self.left > 0 {
            (self.at, self.left) = (0, self.left - 1);
        }
        let read = (&self.message[self.at..]).read(octets)?;
        self.at += read;
        Ok(read)
    }
}

#[test]
fn thirty_thousand_messages_take_the_room_of_a_few() {
    let head = "From anna@alfa.example Mon Mar  2 11:00:00 2026\nFrom: anna@alfa.example\nTo: bruno@beta.example\n\n";
    let message = [head, &"una riga di testo, di quelle che non finiscono mai\n".repeat(40), "\n"].concat();
    let octets = message.len();
    let mut mailbox = Mailbox { message: message.into_bytes(), at: octets, left: MESSAGES };
    let before = ALLOCATED.current_usage();
    ALLOCATED.reset_peak_usage();
    let mut messages = 0;
    let ended = stream(Path::new("-"), &mut mailbox, &Limits::default(), &mut |found| {
        messages += usize::from(matches!(found, Found::Message(_)));
        ControlFlow::Continue(())
    });
    let grown = ALLOCATED.peak_usage().saturating_sub(before);
    println!("{messages} messages, {} octets: {grown} allocated at the peak", MESSAGES * octets);
    assert_eq!((ended, messages), (ControlFlow::Continue(()), MESSAGES));
    assert!(grown < 1 << 20, "{grown}");
}
