//! Words are made for those rulings that somebody reads. Of a pass of a stored message nobody reads any, and to make them
//! costs more than to judge.

use std::cell::Cell;

thread_local! {
    static WANTED: Cell<bool> = const { Cell::new(true) };
}

/// Whether words are wanted on this thread.
pub(crate) fn wanted() -> bool {
    WANTED.get()
}

/// Does the work without words: [`words!`] and the helpers that show values give empty texts meanwhile.
pub(super) fn without<T>(work: impl FnOnce() -> T) -> T {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            WANTED.set(self.0);
        }
    }
    let _restore = Restore(WANTED.replace(false));
    work()
}

/// `format!`, where words are wanted.
macro_rules! words {
    ($($piece:tt)*) => {
        if $crate::check::message::words::wanted() { format!($($piece)*) } else { String::new() }
    };
}
pub(super) use words;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back_after_a_crash() {
        assert!(without(|| words!("{}", 1)).is_empty());
        assert!(std::panic::catch_unwind(|| without(|| panic!("a rule that crashes"))).is_err());
        assert_eq!(words!("{}", 1), "1");
    }
}
