//! Before a run: whether the subject is there, lets everyone in, and knows what time it is.

use std::{net::SocketAddr, time::Duration};

use collaudo_record::Instant;
use collaudo_world::{Foreign, Kiosk, MovableClock, Trial, World};

use super::{
    CertifyError, clock, dns,
    lab::{Lab, Lane, Ours, SUBJECT},
    log::{self, Log},
    publish,
};
use crate::subjects;

/// Tries everything that the run needs, and tells each trial. *Gives* the log that is read from now on, where there is one.
///
/// # Errors
/// [`CertifyError::Preflight`], where something failed; [`CertifyError::World`], where nothing could be tried.
pub(super) fn fly(
    lab: &Lab,
    ours: &Ours,
    clock: Option<&MovableClock>,
    kiosk: Option<&Kiosk>,
) -> Result<Option<Log>, CertifyError> {
    let log = lab.log.as_ref().map(|table| Log::open(table, lab.folder()).map_err(|why| log::closed(table, &why)));
    let mut trials = doors(lab, ours);
    trials.extend(zone(lab));
    trials.extend(clock.map(moved));
    let now = clock::now(clock);
    trials.push(lasts(lab, now));
    let whole = Foreign { kiosk: kiosk.cloned(), ..lab.foreign(SUBJECT, ours, &lab.samples(), Lane::ONLY) };
    if let Some(kiosk) = kiosk {
        trials.push(publish::trial(lab, &whole, kiosk, clock));
    }
    let now = clock::now(clock);
    let foreign = Foreign { clock: clock.map(MovableClock::follow), ..whole };
    let plan = lab.idle_plan(now, Duration::ZERO);
    let world = World::build_around(&plan, &subjects::reference(), &foreign, None)?;
    let flight = world.preflight()?;
    trials.extend(flight.trials);
    if let Some((at, message)) = flight.first_message {
        trials.push(told(lab, clock.is_some(), at, &message));
    }
    let log = match log.transpose() {
        Ok(log) => log,
        Err(trial) => {
            trials.push(trial);
            None
        }
    };
    trials.extend(log.as_ref().map(Log::trial));
    lines(&trials).iter().for_each(|line| eprintln!("{line}"));
    match trials.iter().filter(|trial| trial.fault.is_some()).count() {
        0 => Ok(log),
        failed => Err(CertifyError::Preflight(failed)),
    }
}

/// A line for each trial; of many alike that succeeded the first, and how many more.
fn lines(trials: &[Trial]) -> Vec<String> {
    let alike = |a: &Trial, b: &Trial| a.fault.is_none() && b.fault.is_none() && shape(&a.what).eq(shape(&b.what));
    let mut lines = Vec::new();
    for group in trials.chunk_by(alike) {
        let told = if group.len() > FEW { 1 } else { group.len() };
        lines.extend(group.iter().take(told).map(|trial| match &trial.fault {
            None => format!("ok    {}", trial.what),
            Some(fault) => format!("FAIL  {}: {fault}", trial.what),
        }));
        if group.len() > told {
            lines.push(format!("ok    and {} more alike", group.len() - told));
        }
    }
    lines
}

/// So many alike are told one by one.
const FEW: usize = 3;

/// The words that are no addresses.
fn shape(what: &str) -> impl Iterator<Item = &str> {
    what.split(' ').filter(|word| !word.contains(['@', '.']))
}

/// Whether the zone of ours is served, where it is to be.
fn zone(lab: &Lab) -> Option<Trial> {
    let (at, domain) = (lab.dns?, lab.ours.keys().next()?);
    Some(Trial { what: format!("our zone at {at}, over UDP and TCP"), fault: dns::Zone::trial(at, domain) })
}

/// Whether our own hosts can stand where the file says. Whom it does not name takes no part.
fn doors(lab: &Lab, ours: &Ours) -> Vec<Trial> {
    let door = |(domain, at): (&String, &SocketAddr)| {
        let what = format!("our {domain} at {at}");
        let known = || ours.iter().map(|one| one.domain.as_str()).collect::<Vec<_>>().join(", ");
        let fault = match std::net::TcpListener::bind(at) {
            _ if !ours.iter().any(|one| one.domain == *domain) => {
                Some(format!("none of ours is called so; [ours] takes {}, and the same as alfa-2.test", known()))
            }
            Err(error) => Some(format!("{error}; free the port, or name another address in [ours]")),
            Ok(_) => None,
        };
        Trial { what, fault }
    };
    lab.ours.iter().map(door).collect()
}

/// Moves the clock a little: whether it obeys shows by the first message that the subject makes.
fn moved(clock: &MovableClock) -> Trial {
    Trial { what: "the command that moves the subject's clock".to_owned(), fault: clock.advance(A_MINUTE).err() }
}

const A_MINUTE: i64 = 60;

/// Whether what was handed out is good for as long as any certification takes.
fn lasts(lab: &Lab, now: Instant) -> Trial {
    let seconds = now.0.div_euclid(1_000_000);
    let left = lab.lasts_until().saturating_sub(seconds).div_euclid(A_DAY);
    let fault = (left < DAYS_LEFT).then(|| {
        format!(
            "{left} days are left by the subject's clock; set signed_at = {seconds} in LAB.toml, run --init again and \
             hand out what it writes"
        )
    });
    Trial { what: "the list of revoked certificates that was handed out".to_owned(), fault }
}

const A_DAY: i64 = 24 * 3600;
/// Scenarios that wait wait for days at most.
const DAYS_LEFT: i64 = 10;

/// How far the subject's clock is off, by the date of the first message that it made.
fn told(lab: &Lab, moves: bool, at: Instant, message: &[u8]) -> Trial {
    let text = String::from_utf8_lossy(message);
    let date = text.lines().take_while(|line| !line.is_empty()).find_map(|line| line.strip_prefix("Date:"));
    let dated = date.and_then(|date| jiff::fmt::rfc2822::parse(date.trim()).ok());
    let what = "the subject's clock".to_owned();
    let Some(dated) = dated else {
        let fault = "its message has no Date that can be read; a receipt needs one (RFC 5322 §3.6.1)".to_owned();
        return Trial { what, fault: Some(fault) };
    };
    let off = dated.timestamp().as_second() - at.0.div_euclid(1_000_000);
    let advice = match moves {
        true => "does the command of [clock] move it? Else set it by NTP, or allow more with clock_seconds in LAB.toml",
        false => "set it by NTP, or allow more with clock_seconds in LAB.toml",
    };
    let fault = (off.abs() > lab.clock_seconds).then(|| format!("off by {off} s; {advice}"));
    Trial { what, fault }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_alike_are_told_by_the_first_of_them_and_each_that_fails_by_itself() {
        let mailbox = |number: u32| Trial { what: format!("mailbox u{number}@x.test over IMAP: login"), fault: None };
        let mut trials: Vec<_> = (1..=9).map(mailbox).collect();
        trials[4].fault = Some("refused".into());
        trials.extend(
            ["our a.test at 127.0.0.1:25", "our b.test at 127.0.0.1:26"]
                .map(|what| Trial { what: what.into(), fault: None }),
        );
        let expected = [
            "ok    mailbox u1@x.test over IMAP: login",
            "ok    and 3 more alike",
            "FAIL  mailbox u5@x.test over IMAP: login: refused",
            "ok    mailbox u6@x.test over IMAP: login",
            "ok    and 3 more alike",
            "ok    our a.test at 127.0.0.1:25",
            "ok    our b.test at 127.0.0.1:26",
        ];
        assert_eq!(lines(&trials), expected);
    }
}
