//! What we publish for the subject to fetch: opened before a run, put right behind each scenario that changed it.

use std::time::Duration;

use collaudo_record::Span;
use collaudo_scenario::{FaultKind, Plan};
use collaudo_world::{Foreign, Kiosk, MovableClock, Trial, World};

use super::{CertifyError, clock, lab::Lab, shell};
use crate::subjects;

/// How long the subject may take to fetch everything once it was told to.
const TOLD: Duration = Duration::from_secs(60);

/// How long it is waited for at a stretch, where it reads when it likes.
const STRETCH: Duration = Duration::from_secs(600);

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

/// Whether the subject comes for what we publish, when it is told to; none where it comes when it likes.
pub(super) fn trial(lab: &Lab, kiosk: &Kiosk) -> Option<Trial> {
    let command = lab.commands.refresh.as_ref()?;
    let before = kiosk.visits();
    let ran = shell::run(command, lab.folder());
    let fault = match ran {
        Err(why) => Some(why),
        Ok(()) if kiosk.is_read(before, TOLD) => None,
        Ok(()) => Some(format!(
            "it has not fetched both in {} s; have it read them at [index], and trust tls-authority.crt.pem there",
            TOLD.as_secs()
        )),
    };
    Some(Trial { what: "index and list of revoked certificates, fetched from us".into(), fault })
}

/// The good documents are back, and the subject has them: told to read them, or waited for.
pub(super) fn restore(
    lab: &Lab,
    foreign: &Foreign,
    kiosk: &Kiosk,
    clock: Option<&MovableClock>,
) -> Result<(), CertifyError> {
    let before = kiosk.visits();
    kiosk.restore(foreign)?;
    if let Some(command) = &lab.commands.refresh {
        shell::run(command, lab.folder()).map_err(CertifyError::Lab)?;
        if kiosk.is_read(before, TOLD) {
            return Ok(());
        }
    }
    let most = Duration::from_secs(lab.index.refresh_seconds.max(lab.index.crl_refresh_seconds));
    let until = clock::now(clock).after(span(most));
    while !kiosk.is_read(before, Duration::ZERO) && clock::now(clock) < until {
        // A world in which nothing happens lets time pass as every other one does.
        let plan = lab.idle_plan(clock::now(clock), STRETCH.min(most));
        World::build_around(&plan, &subjects::reference(), foreign, None)?.run()?;
    }
    Ok(())
}

fn span(duration: Duration) -> Span {
    Span(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX))
}
