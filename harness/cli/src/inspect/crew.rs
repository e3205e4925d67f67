//! Work on all processors that comes out in the order in which it went in, with a bound on what is under way.

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    sync::{Condvar, Mutex, MutexGuard, PoisonError, mpsc},
    thread,
};

/// What may be under way at once: fed, worked on, or done and waiting for its turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Pieces of work.
    pub(crate) items: usize,
    /// Octets of all pieces together; one piece may be larger.
    pub(crate) octets: u64,
}

/// Runs `feed`, which gives pieces of work with their octets until it is told to break off; `work` on each, on as many
/// threads as `jobs` says; and `take` on each result, on this thread, in the order of feeding.
pub(crate) fn in_order<T: Send, R: Send>(
    jobs: usize,
    bounds: Bounds,
    feed: impl FnOnce(&mut dyn FnMut(T, u64) -> ControlFlow<()>) + Send,
    work: impl Fn(T) -> R + Sync,
    mut take: impl FnMut(R) -> ControlFlow<()>,
) {
    let gate = Gate::new(bounds);
    let (fed, to_do) = mpsc::channel::<(u64, u64, T)>();
    let (done, results) = mpsc::channel();
    let (to_do, gate, work) = (&Mutex::new(to_do), &gate, &work);
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut number = 0;
            feed(&mut |piece, octets| {
                gate.enter(octets)?;
                let sent = fed.send((number, octets, piece));
                number += 1;
                if sent.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            });
        });
        for _ in 0..jobs {
            let done = done.clone();
            scope.spawn(move || {
                while let Ok((number, octets, piece)) = next(to_do) {
                    if done.send((number, octets, work(piece))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(done);
        let mut waiting = BTreeMap::new();
        let mut turn = 0;
        for (number, octets, result) in results {
            waiting.insert(number, (octets, result));
            while let Some((octets, result)) = waiting.remove(&turn) {
                turn += 1;
                gate.leave(octets);
                if take(result).is_break() {
                    gate.shut();
                }
            }
        }
    });
}

fn next<T>(to_do: &Mutex<mpsc::Receiver<T>>) -> Result<T, mpsc::RecvError> {
    to_do.lock().unwrap_or_else(PoisonError::into_inner).recv()
}

/// Lets in what the bounds allow.
struct Gate {
    bounds: Bounds,
    inside: Mutex<Inside>,
    left: Condvar,
}

#[derive(Default)]
struct Inside {
    items: usize,
    octets: u64,
    shut: bool,
}

impl Gate {
    fn new(bounds: Bounds) -> Self {
        Self { bounds, inside: Mutex::default(), left: Condvar::new() }
    }

    /// Waits until there is room; breaks off where the gate was shut.
    fn enter(&self, octets: u64) -> ControlFlow<()> {
        let is_full = |inside: &mut Inside| {
            let is_more = inside.items >= self.bounds.items || inside.octets + octets > self.bounds.octets;
            !inside.shut && inside.items > 0 && is_more
        };
        let mut inside = self.left.wait_while(self.inside(), is_full).unwrap_or_else(PoisonError::into_inner);
        if inside.shut {
            return ControlFlow::Break(());
        }
        inside.items += 1;
        inside.octets += octets;
        ControlFlow::Continue(())
    }

    fn leave(&self, octets: u64) {
        let mut inside = self.inside();
        inside.items -= 1;
        inside.octets -= octets;
        self.left.notify_all();
    }

    fn shut(&self) {
        self.inside().shut = true;
        self.left.notify_all();
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { items: 8, octets: 100 };

    fn squares(jobs: usize, last: u64, stop_at: u64) -> Vec<u64> {
        let mut taken = Vec::new();
        let feed = |give: &mut dyn FnMut(u64, u64) -> ControlFlow<()>| {
            for number in 0..last {
                if give(number, number % 70).is_break() {
                    break;
                }
            }
        };
        let work = |number: u64| {
            // Some are slower than those behind them.
            (0..(number % 5) * 1000).for_each(|n| {
                std::hint::black_box(n);
            });
            number * number
        };
        in_order(jobs, BOUNDS, feed, work, |square| {
            taken.push(square);
            if square >= stop_at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        taken
    }

    #[test]
    fn results_come_in_the_order_of_feeding_whatever_the_number_of_jobs() {
        let expected: Vec<_> = (0..1000).map(|number| number * number).collect();
        for jobs in [1, 2, 7] {
            assert_eq!(squares(jobs, 1000, u64::MAX), expected, "{jobs}");
        }
    }

    #[test]
    fn who_wants_no_more_ends_the_feeding() {
        let taken = squares(3, u64::MAX, 400);
        assert!((21..=21 + BOUNDS.items).contains(&taken.len()), "{}", taken.len());
    }

    #[test]
    fn no_more_is_under_way_than_the_bounds_allow() {
        let under_way = Mutex::new((0u64, 0u64));
        let feed = |give: &mut dyn FnMut(u64, u64) -> ControlFlow<()>| {
            for octets in [10, 60, 60, 300, 10, 10, 90, 20].repeat(20) {
                let _ = give(octets, octets);
                let mut now = under_way.lock().expect("nobody panics");
                now.0 += octets;
                now.1 = now.1.max(now.0);
            }
        };
        in_order(
            2,
            BOUNDS,
            feed,
            |octets| octets,
            |octets| {
                let mut now = under_way.lock().expect("nobody panics");
                now.0 = now.0.saturating_sub(octets);
                ControlFlow::Continue(())
            },
        );
        // What has left the gate may not have been taken off here yet; what is larger than the bound goes alone.
        let most = under_way.into_inner().expect("nobody panics").1;
        assert!(most <= 300 + 300 + 100, "{most}");
    }
}
