//! What a person sees meanwhile, on standard error: how many messages, how fast, how much.

use std::{fmt, io::IsTerminal as _};

use indicatif::{HumanBytes, ProgressBar, ProgressState, ProgressStyle};

/// Shown where standard error is a terminal.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    /// Whether a person reads standard output as it comes.
    pub(crate) is_read_live: bool,
}

impl Progress {
    pub(crate) fn begin() -> Self {
        let is_read_live = std::io::stdout().is_terminal();
        if !std::io::stderr().is_terminal() {
            return Self { bar: None, is_read_live };
        }
        let bar = ProgressBar::no_length();
        if let Ok(style) =
            ProgressStyle::with_template("{spinner} {human_pos} messages, {rate} a second, {msg}, {elapsed}")
        {
            let rate = |state: &ProgressState, text: &mut dyn fmt::Write| {
                let _ = write!(text, "{:.0}", state.per_sec());
            };
            bar.set_style(style.with_key("rate", rate));
        }
        Self { bar: Some(bar), is_read_live }
    }

    /// Another message, after so many octets in all.
    pub(crate) fn message(&self, octets: u64) {
        if let Some(bar) = &self.bar {
            bar.set_message(HumanBytes(octets).to_string());
            bar.inc(1);
        }
    }

    /// Runs what writes to the terminal, so that the two do not mix.
    pub(crate) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(write),
            _ => write(),
        }
    }

    pub(crate) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
