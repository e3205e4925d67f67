//! Ctrl-C: the first ends the walk, so that what was found is still told; the second ends the program.

use std::{
    process,
    sync::atomic::{AtomicBool, Ordering},
};

static WANTED: AtomicBool = AtomicBool::new(false);

/// As shells have it: 128 and the number of the signal.
pub(crate) const STATUS: u8 = 130;

/// Listens from now on. Where the system does not let it, Ctrl-C does what it always does.
pub(crate) fn listen() {
    let _ = ctrlc::set_handler(|| {
        if WANTED.swap(true, Ordering::Relaxed) {
            process::exit(i32::from(STATUS));
        }
        eprintln!("\nstopping: what was examined so far is told; once more Ctrl-C stops at once");
    });
}

/// Whether somebody wants it to end.
pub(crate) fn is_wanted() -> bool {
    WANTED.load(Ordering::Relaxed)
}
