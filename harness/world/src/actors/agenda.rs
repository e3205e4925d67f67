use std::{cell::Cell, rc::Rc};

use collaudo_record::Instant;
use tokio::task::spawn_local;

use crate::net::{Ended, Net};

/// What a host does of its own accord, ordered by instant; what has begun once does not begin again, should the host crash.
pub(crate) struct Agenda<Work> {
    entries: Vec<(Instant, Work)>,
    begun: Cell<usize>,
}

impl<Work: Clone> Agenda<Work> {
    pub(crate) fn new(mut entries: Vec<(Instant, Work)>) -> Self {
        entries.sort_by_key(|(at, _)| *at);
        Self { entries, begun: Cell::new(0) }
    }

    /// Begins each work at its instant, until the run is over.
    pub(super) async fn keep<Done: Future<Output = ()> + 'static>(
        &self,
        net: Rc<Net>,
        host: &str,
        carry_out: impl Fn(Work) -> Done,
    ) -> Ended {
        let clock = net.recorder.clock().clone();
        let bell = clock.bell(host);
        loop {
            while let Some((_, work)) = self.next().filter(|(at, _)| *at <= clock.now()) {
                self.begun.set(self.begun.get() + 1);
                let (net, done) = (net.clone(), carry_out(work.clone()));
                spawn_local(async move {
                    done.await;
                    net.stir();
                });
            }
            clock.set_alarm(host, self.next().map(|(at, _)| *at));
            bell.notified().await;
            net.stir();
        }
    }

    fn next(&self) -> Option<&(Instant, Work)> {
        self.entries.get(self.begun.get())
    }
}
