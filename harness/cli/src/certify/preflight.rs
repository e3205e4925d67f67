//! Before a run: whether the subject is there, lets everyone in, and knows what time it is.

use std::net::SocketAddr;

use collaudo_record::Instant;
use collaudo_world::{Trial, World};

use super::{
    CertifyError,
    lab::{Lab, Ours},
};
use crate::subjects;

/// Tries everything that the run needs, and tells each trial.
///
/// # Errors
/// [`CertifyError::Preflight`], where something failed; [`CertifyError::World`], where nothing could be tried.
pub(super) fn fly(lab: &Lab, ours: &Ours) -> Result<(), CertifyError> {
    let mut trials = doors(lab, ours);
    let foreign = lab.foreign(SUBJECT, ours, &lab.samples());
    let world = World::build_around(&lab.idle_plan(), &subjects::reference(), &foreign, None)?;
    let flight = world.preflight()?;
    trials.extend(flight.trials);
    if let Some((at, message)) = flight.first_message {
        trials.push(clock(lab, at, &message));
    }
    for trial in &trials {
        match &trial.fault {
            None => eprintln!("ok    {}", trial.what),
            Some(fault) => eprintln!("FAIL  {}: {fault}", trial.what),
        }
    }
    match trials.iter().filter(|trial| trial.fault.is_some()).count() {
        0 => Ok(()),
        failed => Err(CertifyError::Preflight(failed)),
    }
}

/// The subject's name in the plan in which nothing happens.
const SUBJECT: &str = "subject";

/// Whether our own hosts can stand where the file says. Whom it does not name takes no part.
fn doors(lab: &Lab, ours: &Ours) -> Vec<Trial> {
    let door = |(domain, at): (&String, &SocketAddr)| {
        let what = format!("our {domain} at {at}");
        let known = || ours.iter().map(|one| one.domain.as_str()).collect::<Vec<_>>().join(", ");
        let fault = match std::net::TcpListener::bind(at) {
            _ if !ours.iter().any(|one| one.domain == *domain) => {
                Some(format!("none of ours is called so; [ours] takes {}", known()))
            }
            Err(error) => Some(format!("{error}; free the port, or name another address in [ours]")),
            Ok(_) => None,
        };
        Trial { what, fault }
    };
    lab.ours.iter().map(door).collect()
}

/// How far the subject's clock is off, by the date of the first message that it made.
fn clock(lab: &Lab, at: Instant, message: &[u8]) -> Trial {
    let text = String::from_utf8_lossy(message);
    let date = text.lines().take_while(|line| !line.is_empty()).find_map(|line| line.strip_prefix("Date:"));
    let dated = date.and_then(|date| jiff::fmt::rfc2822::parse(date.trim()).ok());
    let what = "the subject's clock".to_owned();
    let Some(dated) = dated else {
        let fault = "its message has no Date that can be read; a receipt needs one (RFC 5322 §3.6.1)".to_owned();
        return Trial { what, fault: Some(fault) };
    };
    let off = dated.timestamp().as_second() - at.0.div_euclid(1_000_000);
    let fault = (off.abs() > lab.clock_seconds)
        .then(|| format!("off by {off} s; set it by NTP, or allow more with clock_seconds in LAB.toml"));
    Trial { what, fault }
}
