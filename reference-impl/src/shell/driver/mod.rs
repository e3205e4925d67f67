//! One thread owns the node: it gathers what happened, hands it in, and has the effects carried out by others.

mod hands;

use std::{net::IpAddr, time::Duration};

use collaudo_node::{ConnId, Effect, Host, Input, Node};
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc::UnboundedReceiver},
    task::yield_now,
};
use tracing::{info, warn};

pub(super) use hands::Hands;

use super::{
    Error,
    clock::{Clock, Stopwatch, within},
    net::Speaker,
};
use crate::Gestore;

/// What is heard before the hands are sent off: who has much to do is woken once and not for each thing.
const LOT: usize = 256;
/// The longest sleep: nobody tells when the machine's clock is set anew, or that the machine itself has slept.
const GLANCE: Duration = Duration::from_secs(1);
/// How long what is under way may take when the server is told to end.
const GRACE: Duration = Duration::from_secs(10);

/// What the driver hears.
pub(super) enum Event {
    /// A peer has connected.
    Opened { conn: ConnId, port: u16, peer: IpAddr, speaker: Speaker },
    /// Something happened on a connection. The permit, given back once the node has heard it, lets more be read.
    Wire(Input, Option<OwnedSemaphorePermit>),
    /// Effects were carried out.
    Answers(Vec<Input>),
    /// The server is to end.
    Stop,
    /// Something broke without which nothing can go on.
    Broken(Error),
}

/// The node and its hands.
pub(super) struct Driver {
    pub(super) node: Gestore,
    pub(super) inbox: UnboundedReceiver<Event>,
    pub(super) hands: Hands,
}

impl Driver {
    /// Runs until it is told to end; all that was acknowledged is on disk then.
    pub(super) async fn run(mut self) -> Result<(), Error> {
        let mut clock = Clock::default();
        let (mut effects, mut heard) = (Vec::new(), Vec::with_capacity(LOT));
        self.take(&mut clock, Input::Started, &mut effects);
        let mut stopping: Option<Stopwatch> = None;
        loop {
            let now = clock.now();
            if self.node.next_deadline().is_some_and(|at| at <= now) {
                self.take(&mut clock, Input::Deadline, &mut effects);
            }
            if let Some(since) = stopping
                && (self.hands.is_idle() || since.elapsed() >= GRACE)
            {
                break;
            }
            let done = self.hands.send_off()?;
            self.attend(&mut clock, Event::Answers(done), &mut effects);
            // What follows from that is sent off before anybody sleeps. Where the next instant is due already, what was said
            // meanwhile is heard first.
            let wait = match self.hands.has_more() {
                true => Duration::ZERO,
                false => self.node.next_deadline().map_or(GLANCE, |at| at.since(now).min(GLANCE)),
            };
            self.hear(wait, &mut heard).await;
            for event in heard.drain(..) {
                match event {
                    Event::Stop => {
                        info!("stopping: no more is taken, and what is under way is finished");
                        self.hands.stop();
                        stopping = Some(Stopwatch::start());
                    }
                    Event::Broken(fault) => return Err(fault),
                    event => self.attend(&mut clock, event, &mut effects),
                }
            }
        }
        if !self.hands.is_idle() {
            warn!("not all that was under way could be finished; none of that was acknowledged");
        }
        self.hands.close();
        Ok(())
    }

    fn attend(&mut self, clock: &mut Clock, event: Event, effects: &mut Vec<Effect>) {
        match event {
            Event::Opened { conn, port, peer, speaker } => {
                self.hands.greet(conn, port, peer, speaker);
                self.take(clock, Input::Opened { conn, port, peer: Host(peer.to_string()) }, effects);
            }
            Event::Wire(input, permit) => {
                if self.hands.knows(&input) {
                    self.take(clock, input, effects);
                }
                drop(permit);
            }
            Event::Answers(inputs) => {
                for input in inputs {
                    self.hands.settled(&input);
                    self.take(clock, input, effects);
                }
            }
            Event::Stop | Event::Broken(_) => {}
        }
    }

    /// Hears what has happened, a lot of it at most; waits where that is nothing.
    async fn hear(&mut self, wait: Duration, heard: &mut Vec<Event>) {
        match wait {
            // The others on this thread have their turn all the same.
            Duration::ZERO => yield_now().await,
            // The hands hold a sender, so somebody can always speak.
            wait => heard.extend(within(wait, self.inbox.recv()).await.flatten()),
        }
        while heard.len() < LOT
            && let Ok(event) = self.inbox.try_recv()
        {
            heard.push(event);
        }
    }

    fn take(&mut self, clock: &mut Clock, input: Input, effects: &mut Vec<Effect>) {
        let now = clock.now();
        let turn = self.hands.turn(&input);
        self.node.handle(now, input, effects);
        self.hands.carry_out(turn, effects);
    }
}
