//! What we publish for the subject to fetch: opened before a run, put right behind each scenario that changed it.

use std::time::Duration;

use collaudo_record::{Instant, Span};
use collaudo_scenario::{FaultKind, Plan};
use collaudo_world::{Foreign, Kiosk, MovableClock, Papers, Trial, World};

use super::{
    CertifyError, clock,
    lab::{Lab, SUBJECT},
    shell,
};
use crate::subjects;

/// How long the subject may take to fetch everything once it was told to.
const TOLD: Duration = Duration::from_secs(60);

/// How long it is waited for before that is said.
const SOON: Duration = Duration::from_secs(2);

/// How long it is waited for at a stretch, where it reads when it likes.
const STRETCH: Duration = Duration::from_secs(60);

/// The same where time is leapt over.
const LEAPT: Duration = Duration::from_secs(3 * 3600);

/// Where the subject fetches index and list; none where it was given both once.
pub(super) fn open(lab: &Lab, foreign: &Foreign, clock: Option<&MovableClock>) -> Result<Option<Kiosk>, CertifyError> {
    let Some(counters) = lab.index.counters() else { return Ok(None) };
    Ok(Some(Kiosk::open(foreign, &counters, clock::now(clock))?))
}

/// Whether the plan changes what is published.
pub(super) fn is_changed(plan: &Plan) -> bool {
    plan.faults.iter().any(|fault| {
        matches!(
            fault.kind,
            FaultKind::Index(_) | FaultKind::CrlUnreachable | FaultKind::Revoked { .. } | FaultKind::Unlisted { .. }
        )
    })
}

/// Whether the subject comes for what we publish: when it is told to, or else when it likes.
pub(super) fn trial(lab: &Lab, foreign: &Foreign, kiosk: &Kiosk, clock: Option<&MovableClock>) -> Trial {
    let advice = "have it read both at index.https, and trust tls-authority.crt.pem there";
    let what = "index and list of revoked certificates, fetched from us".to_owned();
    let fault = match wait(lab, foreign, kiosk, clock, (Papers { index: true, list: true }, 0)) {
        Ok(true) => None,
        Ok(false) => Some(format!("it has not come for both; {advice}")),
        Err(error) => Some(error.to_string()),
    };
    Trial { what, fault }
}

/// The good documents are back, and the subject has those of which it may have taken others meanwhile.
pub(super) fn restore(
    lab: &Lab,
    foreign: &Foreign,
    kiosk: &Kiosk,
    clock: Option<&MovableClock>,
    plan: &Plan,
) -> Result<(), CertifyError> {
    let before = kiosk.visits();
    kiosk.restore(foreign)?;
    // Whoever has not come by then is as he was: what he does next is judged by what he has.
    wait(lab, foreign, kiosk, clock, (spoilt(plan), before)).map(drop)
}

/// Of which documents the subject may have others than the good ones behind a plan.
fn spoilt(plan: &Plan) -> Papers {
    let struck = |is_it: fn(&FaultKind) -> bool| plan.faults.iter().any(|fault| is_it(&fault.kind));
    Papers {
        index: struck(|kind| matches!(kind, FaultKind::Unlisted { .. })),
        list: struck(|kind| matches!(kind, FaultKind::Revoked { .. })),
    }
}

/// How long it may take in real time, behind a plan, until the subject has the good documents again.
pub(super) fn awaited(lab: &Lab, plan: &Plan, clock: Option<&MovableClock>) -> Duration {
    let papers = spoilt(plan);
    match (longest(lab, papers), clock) {
        _ if !papers.index && !papers.list => Duration::ZERO,
        _ if lab.commands.refresh.is_some() => SOON,
        (most, None) => most,
        (most, Some(clock)) => {
            let stretches = u32::try_from(most.as_secs().div_ceil(LEAPT.as_secs())).unwrap_or(u32::MAX);
            clock.takes([&lab.idle_plan(Instant(0), LEAPT.min(most))]).saturating_mul(stretches)
        }
    }
}

/// How long the subject may be about its own reading of these, by its clock.
fn longest(lab: &Lab, papers: Papers) -> Duration {
    let index = if papers.index { lab.index.refresh_seconds } else { 0 };
    let list = if papers.list { lab.index.crl_refresh_seconds } else { 0 };
    Duration::from_secs(index.max(list)) + TOLD
}

/// Waits until the subject has come for these since so many visits ago; false where it did not in its time.
fn wait(
    lab: &Lab,
    foreign: &Foreign,
    kiosk: &Kiosk,
    clock: Option<&MovableClock>,
    (papers, before): (Papers, usize),
) -> Result<bool, CertifyError> {
    let is_read = |most| kiosk.is_read(papers, before, most);
    if is_read(Duration::ZERO) {
        return Ok(true);
    }
    if let Some(command) = &lab.commands.refresh {
        shell::run(command, lab.folder()).map_err(CertifyError::Lab)?;
        return Ok(is_read(TOLD));
    }
    if is_read(SOON) {
        return Ok(true);
    }
    let most = longest(lab, papers);
    let stretch = if clock.is_some() { LEAPT } else { STRETCH };
    eprintln!("waiting until the subject reads index and list: up to {} s, or start it again now", most.as_secs());
    let until = clock::now(clock).after(span(most));
    while !is_read(Duration::ZERO) && clock::now(clock) < until {
        // A world in which nothing happens lets time pass as every other one does.
        let plan = lab.idle_plan(clock::now(clock), stretch.min(most));
        let clock = clock.map(MovableClock::follow);
        let foreign = Foreign { provider: SUBJECT.to_owned(), clock, ..foreign.clone() };
        World::build_around(&plan, &subjects::reference(), &foreign, None)?.run()?;
    }
    Ok(is_read(Duration::ZERO))
}

fn span(duration: Duration) -> Span {
    Span(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX))
}
