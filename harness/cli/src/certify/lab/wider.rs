//! The same file with more in it than it has, to see beforehand what that would change.

use std::net::{Ipv4Addr, SocketAddr};

use collaudo_record::Ordinary;
use collaudo_scenario::UserPlan;

use super::{A_LANE, FIRST_LANE, Lab, Ours, in_lane};
use crate::certify::users::Person;

/// How much there is of what scenarios need to go on at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Width {
    pub(crate) lanes: u32,
    /// How many of these have all of ours.
    pub(crate) whole: u32,
    /// Users of the subject.
    pub(crate) users: u32,
}

impl Lab {
    /// How much the file has.
    pub(crate) fn width(&self, first: &Ours) -> Width {
        let is_whole = |lane: &u32| first.iter().all(|one| self.ours.contains_key(&in_lane(&one.domain, *lane)));
        let lanes = self.lanes(first);
        let whole = lanes.iter().filter(|lane| is_whole(lane)).count();
        Width { lanes: count(lanes.len()), whole: count(whole), users: count(self.subject.people.len()) }
    }

    /// The file with as many lanes and users as that, where it has fewer. A lane that is not whole has those of ours that most
    /// scenarios take; users who come to it are like most.
    pub(crate) fn widened(&self, first: &Ours, to: Width) -> Self {
        let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut wider = self.clone();
        for lane in FIRST_LANE..=to.lanes {
            let most = if lane <= to.whole { first.len() } else { A_LANE };
            for one in first.iter().take(most) {
                wider.ours.entry(in_lane(&one.domain, lane)).or_insert(nowhere);
            }
        }
        let more = to.users.saturating_sub(count(self.subject.people.len()));
        wider.subject.people.extend((1..=more).map(|number| like_most(number, &self.subject.domain)));
        wider
    }
}

fn like_most(number: u32, domain: &str) -> Person {
    let plan = UserPlan {
        address: format!("collaudo-{number}@{domain}"),
        password: String::new(),
        quota_octets: None,
        ordinary: Ordinary::Refuse,
    };
    Person { plan, maildir: None, is_one_of_many: true }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
