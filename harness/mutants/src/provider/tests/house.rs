//! A bent provider around a node that writes down what it is told: its disk, its alarms, its crashes.

use std::{cell::RefCell, rc::Rc, sync::Arc, time::Duration};

use collaudo_node::{Body, Bytes, DurableLog, Effect, Input, Node, Ticket, Timestamp};

use crate::provider::{BentProvider, Commit, GOOD, Habit, Hold, House, Scene, Told, is_marked};
use crate::tests::play;

const START: Timestamp = Timestamp::from_unix_micros(1_000_000);
const HOUR: Duration = Duration::from_secs(3_600);

/// Wants to be woken at once, commits a record and a body when it starts, and loads the body when that is done.
struct Clerk {
    heard: Heard,
}

/// All that a clerk was told.
type Heard = Rc<RefCell<Vec<Input>>>;

impl Node for Clerk {
    fn handle(&mut self, _: Timestamp, input: Input, effects: &mut Vec<Effect>) {
        let body = Body::new(Bytes::from_static(b"good"));
        match &input {
            Input::Started => {
                let records = vec![Bytes::from_static(b"record")];
                effects.push(Effect::Commit { ticket: Ticket(1), records, bodies: vec![body] });
            }
            Input::Committed { .. } => effects.push(Effect::Load { ticket: Ticket(2), body: body.id }),
            _ => {}
        }
        self.heard.borrow_mut().push(input);
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        Some(START + HOUR)
    }

    fn recover(_: &dyn DurableLog, _: Timestamp) -> Self {
        Self { heard: Rc::default() }
    }
}

struct Log(Vec<Bytes>);

impl DurableLog for Log {
    fn records(&self) -> Box<dyn Iterator<Item = Bytes> + '_> {
        Box::new(self.0.iter().cloned())
    }

    fn body(&self, _: collaudo_node::BodyId) -> Option<Bytes> {
        None
    }
}

fn house(habit: Habit) -> Arc<House> {
    let bent =
        BentProvider { id: "a-test", provider: "beta", scenarios: &[], why: "", must_fail: &[], permits: None, habit };
    let header = play::good("flows/cross-provider").header;
    let scene = Scene { provider: "beta", header, keys: play::keys().clone() };
    let stored = |record: &[u8]| match record {
        b"record" => vec![Told::Stored {
            mailbox: "bruno@beta.test".to_owned(),
            body: Body::new(Bytes::from_static(b"good")).id,
        }],
        _ => Vec::new(),
    };
    House::new(Box::leak(Box::new(bent)), scene, stored)
}

/// The bent provider, started, with what it did first and what the good one inside has heard.
fn started(house: &Arc<House>) -> (Box<dyn Node>, Vec<Effect>, Heard) {
    let heard = Heard::default();
    let log = Log(vec![house.founding(b"founding")]);
    let clerk = Clerk { heard: heard.clone() };
    let mut bent = house.recover(&log, START, |_, _| Box::new(clerk));
    let mut effects = Vec::new();
    bent.handle(START, Input::Started, &mut effects);
    (bent, effects, heard)
}

fn found_again(house: &Arc<House>, log: &Log) -> Vec<Bytes> {
    let found = RefCell::new(Vec::new());
    house.recover(log, START, |log, _| {
        *found.borrow_mut() = log.records().collect();
        Box::new(Clerk { heard: Rc::default() })
    });
    found.into_inner()
}

#[test]
fn the_log_of_a_bent_provider_is_known_by_its_mark_and_read_without_it() {
    let house = house(GOOD);
    let (_, effects, _) = started(&house);
    let [Effect::Commit { records, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    let log = Log([vec![house.founding(b"founding")], records.clone()].concat());
    assert!(is_marked(&log));
    assert!(!is_marked(&Log(vec![Bytes::from_static(b"founding")])));
    assert_eq!(found_again(&house, &log), [&b"founding"[..], b"record"]);
    let told = records.first().and_then(|record| house.declare(record)).unwrap();
    assert!(matches!(told.as_slice(), [Told::Stored { mailbox, .. }] if mailbox == "bruno@beta.test"));
    assert!(house.declare(b"record").is_none());
}

#[test]
fn a_forgotten_record_is_not_found_again_and_the_founding_one_is() {
    let house = house(Habit { recalls: Some(|_| false), ..GOOD });
    let (_, effects, _) = started(&house);
    let [Effect::Commit { records, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    let log = Log([vec![house.founding(b"founding")], records.clone()].concat());
    assert_eq!(found_again(&house, &log), [&b"founding"[..]]);
}

#[test]
fn a_commit_that_is_held_back_is_answered_at_once_and_carried_out_later() {
    let hold = |_: &mut crate::provider::Desk<'_>, _: &Commit<'_>| Some(Hold { span: HOUR / 2, answered: true });
    let house = house(Habit { holds: Some(hold), ..GOOD });
    let (mut bent, effects, heard) = started(&house);
    assert!(effects.is_empty(), "{effects:?}");
    let loaded = Input::Loaded { ticket: Ticket(2), bytes: Some(Bytes::from_static(b"good")) };
    assert_eq!(*heard.borrow(), [Input::Started, Input::Committed { ticket: Ticket(1) }, loaded]);
    assert_eq!(bent.next_deadline(), Some(START + HOUR / 2));
    let mut effects = Vec::new();
    bent.handle(START + HOUR / 2, Input::Deadline, &mut effects);
    assert!(matches!(effects.as_slice(), [Effect::Commit { .. }]));
    bent.handle(START + HOUR / 2, Input::Committed { ticket: Ticket(1) }, &mut effects);
    assert_eq!(heard.borrow().len(), 3, "neither the alarm nor the late answer is the good provider's");
}

#[test]
fn a_body_that_is_made_otherwise_is_declared_and_loaded_in_the_place_of_the_good_one() {
    let house = house(Habit { makes: Some(|_, octets| (octets == b"good").then(|| b"bad".to_vec())), ..GOOD });
    let (mut bent, effects, _) = started(&house);
    let [Effect::Commit { records, bodies, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    let bad = Body::new(Bytes::from_static(b"bad"));
    assert_eq!(bodies.as_slice(), std::slice::from_ref(&bad));
    let told = records.first().and_then(|record| house.declare(record)).unwrap();
    assert!(matches!(told.as_slice(), [Told::Stored { body, .. }] if *body == bad.id));
    let mut effects = Vec::new();
    bent.handle(START, Input::Committed { ticket: Ticket(1) }, &mut effects);
    assert_eq!(effects, [Effect::Load { ticket: Ticket(2), body: bad.id }]);
}

#[test]
fn no_alarm_rings_while_it_sleeps_and_a_wrong_clock_moves_it() {
    let asleep = house(Habit { sleeps: Some((HOUR / 2, HOUR * 3)), ..GOOD });
    assert_eq!(started(&asleep).0.next_deadline(), Some(START + HOUR * 3));
    let fast = house(Habit { clock_secs: 600, ..GOOD });
    assert_eq!(started(&fast).0.next_deadline(), Some(START + HOUR - Duration::from_secs(600)));
}
