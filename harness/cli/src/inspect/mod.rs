//! `collaudo inspect`: stored messages in, verdicts out.
//!
//! The way of the data: `walk` finds messages -> the judge looks at each, on all processors -> `desk` takes what it says, in
//! the order of the walk: writes it, counts it, and at the end tells the stories.

mod anchors;
mod case;
mod crew;
mod desk;
mod examine;
pub(crate) mod interrupt;
mod json;
mod progress;
mod tally;
mod text;

use std::{
    io::{self, IsTerminal as _},
    ops::ControlFlow,
    path::PathBuf,
    thread,
};

use collaudo_sources::{Limits, walk};

use crate::{
    command::{Ending, Format, InspectArgs},
    review,
};

use case::Case;
use crew::Bounds;
use desk::{Desk, View};
use progress::Progress;

/// What is under way at most: enough to keep all processors at work, little enough to stay small.
const OCTETS_UNDER_WAY: u64 = 32 << 20;
const MESSAGES_UNDER_WAY: usize = 32;

/// Why nothing could be inspected, or told.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// A file that was named in an option.
    #[error("cannot read {}, given with {option}: {why}", path.display())]
    Anchor {
        /// The option.
        option: &'static str,
        /// The file.
        path: PathBuf,
        /// Why, in words.
        why: String,
    },
    /// The opinion document cannot be written.
    #[error("cannot write {}, given with --opinion: {why}", path.display())]
    Opinion {
        /// Where it was to go.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// The reviewer's answers cannot be used.
    #[error(transparent)]
    Review(#[from] review::Mistakes),
    /// Standard output cannot be written.
    #[error("cannot write to standard output: {0}")]
    Out(io::Error),
}

/// Inspects what the paths hold.
///
/// # Errors
/// [`InspectError`]; a file that is not mail, or cannot be read, is none: it is told and counted.
pub(crate) fn run(args: &InspectArgs) -> Result<Ending, InspectError> {
    let (anchors, documents) = anchors::read(args)?;
    let answers = review::answered(args.review.read()?);
    let answered = review::ending(answers.iter().map(|one| (&one.row, &one.review)));
    let case = args.opinion.as_deref().map(|path| Case::open(path, args.lang, documents, &answers)).transpose()?;
    interrupt::listen();
    let progress = Progress::begin();
    let mut desk = Desk::open(view(args), case, answers, &progress);
    let limits = Limits { message_octets: args.max_message, ..Limits::default() };
    let jobs = args.jobs.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from)).max(1);
    crew::in_order(
        jobs,
        Bounds { items: MESSAGES_UNDER_WAY.saturating_mul(jobs), octets: OCTETS_UNDER_WAY },
        |give| {
            let _ = walk(&args.paths, &mut io::stdin().lock(), &limits, &mut |found| {
                if interrupt::is_wanted() {
                    return ControlFlow::Break(());
                }
                let octets = examine::octets(&found);
                give(found, octets)
            });
        },
        |found| examine::examine(found, &anchors, args.profile.into()),
        |examined| desk.take(examined),
    );
    let interrupted = interrupt::is_wanted();
    let (case, closed) = desk.close(interrupted);
    progress.end();
    case.map_or(Ok(()), |case| case.write(args, interrupted || closed.is_err()))?;
    match closed {
        Ok(_) if interrupted => Ok(Ending::Interrupted),
        Ok(tally) => Ok(tally.ending(answered)),
        // Whoever read it has read enough.
        Err(why) if why.kind() == io::ErrorKind::BrokenPipe => Ok(Ending::Interrupted),
        Err(why) => Err(InspectError::Out(why)),
    }
}

fn view(args: &InspectArgs) -> Box<dyn View> {
    match args.format {
        Format::Json => Box::new(json::Object::default()),
        Format::Text => Box::new(text::Text::new(io::stdout().is_terminal(), args.lang)),
    }
}
