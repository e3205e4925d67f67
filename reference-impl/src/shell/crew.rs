//! A few threads for what takes a processor and not a wire: signing, scanning, checking passwords.

use std::{
    collections::VecDeque,
    num::NonZero,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

use tracing::error;

use super::Error;

type Job = Box<dyn FnOnce() + Send>;

/// The threads end with the last handle.
#[derive(Clone)]
pub(super) struct Crew {
    bench: Arc<Bench>,
    hands: usize,
    _present: Arc<Present>,
}

/// Where jobs wait. Who waits for one sleeps beside the queue and not inside its lock, so that a job wakes one thread once.
#[derive(Default)]
struct Bench {
    waiting: Mutex<Waiting>,
    news: Condvar,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    is_over: bool,
}

/// Sends the threads home when it is dropped.
struct Present(Arc<Bench>);

impl Crew {
    /// Starts as many threads as there are processors.
    pub(super) fn start() -> Result<Self, Error> {
        let bench = Arc::new(Bench::default());
        let present = Arc::new(Present(bench.clone()));
        let hands = thread::available_parallelism().map_or(1, NonZero::get);
        for hand in 0..hands {
            let bench = bench.clone();
            let work = move || {
                while let Some(job) = bench.next() {
                    do_it(job)
                }
            };
            let thread = thread::Builder::new().name(format!("crew-{hand}")).spawn(work);
            thread.map_err(|error| Error::Other(format!("a thread cannot be started: {error}")))?;
        }
        Ok(Self { bench, hands, _present: present })
    }

    /// How many threads there are.
    pub(super) fn hands(&self) -> usize {
        self.hands
    }

    pub(super) fn run(&self, job: impl FnOnce() + Send + 'static) {
        self.bench.waiting().jobs.push_back(Box::new(job));
        self.bench.news.notify_one();
    }
}

impl Bench {
    /// The next job; none once the crew goes home and all is done.
    fn next(&self) -> Option<Job> {
        let mut waiting = self.waiting();
        loop {
            if let Some(job) = waiting.jobs.pop_front() {
                return Some(job);
            }
            if waiting.is_over {
                return None;
            }
            waiting = self.news.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.0.waiting().is_over = true;
        self.0.news.notify_all();
    }
}

fn do_it(job: Job) {
    if catch_unwind(AssertUnwindSafe(job)).is_err() {
        error!("a job has crashed; what waits for it is not answered");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn all_jobs_are_done_though_one_crashes_and_the_crew_goes_home_behind_them() {
        let crew = Crew::start().expect("threads");
        let (done, told) = channel();
        for n in 0..100 {
            let done = done.clone();
            crew.run(move || {
                assert_ne!(n, 50, "this one crashes");
                done.send(n).expect("somebody listens");
            });
        }
        drop((crew, done));
        // Ends once the last job, and with it the last sender, is gone.
        let mut found: Vec<i32> = told.iter().collect();
        found.sort_unstable();
        assert_eq!(found, (0..100).filter(|n| *n != 50).collect::<Vec<_>>());
    }
}
