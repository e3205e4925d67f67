//! A few threads for what takes a processor and not a wire: signing, scanning, checking passwords.

use std::{
    num::NonZero,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
};

use tracing::error;

use super::Error;

type Job = Box<dyn FnOnce() + Send>;

/// The threads end with the last handle.
#[derive(Clone)]
pub(super) struct Crew {
    jobs: Sender<Job>,
    hands: usize,
}

impl Crew {
    /// Starts as many threads as there are processors.
    pub(super) fn start() -> Result<Self, Error> {
        let (jobs, waiting) = channel();
        let waiting = Arc::new(Mutex::new(waiting));
        let hands = thread::available_parallelism().map_or(1, NonZero::get);
        for hand in 0..hands {
            let waiting = waiting.clone();
            let work = move || {
                while let Some(job) = next(&waiting) {
                    do_it(job)
                }
            };
            let thread = thread::Builder::new().name(format!("crew-{hand}")).spawn(work);
            thread.map_err(|error| Error::Other(format!("a thread cannot be started: {error}")))?;
        }
        Ok(Self { jobs, hands })
    }

    /// How many threads there are.
    pub(super) fn hands(&self) -> usize {
        self.hands
    }

    pub(super) fn run(&self, job: impl FnOnce() + Send + 'static) {
        // Nobody listens only once the server is on its way down.
        let _ = self.jobs.send(Box::new(job));
    }
}

fn next(waiting: &Mutex<Receiver<Job>>) -> Option<Job> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

fn do_it(job: Job) {
    if catch_unwind(AssertUnwindSafe(job)).is_err() {
        error!("a job has crashed; what waits for it is not answered");
    }
}
