//! `collaudo judge`: traces that `certify` has kept, judged again without the subject.

use std::{collections::BTreeMap, time::Duration};

use collaudo_record::{FaultPhase, FaultRecord, Player, ScenarioRecord, Trace, What};
use collaudo_reports::{json, text};
use collaudo_scenario::Plan;

use super::{CertifyError, kept, services};
use crate::{
    command::{Ending, Format, JudgeArgs},
    mutants, out, record, run, way,
};

/// Judges kept traces and shows the verdicts.
///
/// # Errors
/// [`CertifyError`], where a trace, or what it names, cannot be read.
pub fn judge(args: &JudgeArgs) -> Result<Ending, CertifyError> {
    let mut traces = args.traces.iter().map(|path| kept::read(path)).collect::<Result<Vec<_>, _>>()?;
    traces.sort_by(|a, b| a.header.scenario.id.cmp(&b.header.scenario.id));
    let records: Vec<_> = traces.iter().map(|trace| record(trace, None)).collect();
    let subject = traces.first().map(subject).unwrap_or_default();
    let own = || traces.first().map_or(0, |trace| trace.header.seed);
    let seed = args.traces.first().and_then(|path| kept::seed(path)).unwrap_or_else(own);
    let mut record = record::run(&subject, seed, records, &mutants::by_clause(), BTreeMap::new());
    services::note(&mut record, &args.traces.iter().flat_map(|path| kept::unsupported(path)).collect());
    let shown = args.out.clone().unwrap_or_default();
    if let Some(out) = &args.out {
        let traces: Vec<_> = traces.into_iter().map(Some).collect();
        out::write(out, &record, None, &traces, super::LANG)?;
    }
    match args.format {
        Format::Json => println!("{}", json::run(&record, 0, &shown.display().to_string())),
        Format::Text => print!("{}", text::run(&record, &text::TextOptions::default())),
    }
    Ok(run::ending(&record))
}

/// What a trace comes to.
pub(super) fn record(trace: &Trace, problem: Option<String>) -> ScenarioRecord {
    let plan = plan(trace);
    let record = match way::guarded(|| collaudo_judge::judge(trace)) {
        Ok(judgement) => record::scenario(&plan, trace, judgement, struck(trace), problem),
        Err(panic) => record::unjudged(&plan, trace, format!("the judge {panic}")),
    };
    match trace.header.opaque {
        true => ScenarioRecord { replay: format!("collaudo certify LAB.toml {}", plan.brief.id), ..record },
        false => record,
    }
}

fn subject(trace: &Trace) -> String {
    let mut examined = trace.header.providers.iter().filter(|provider| provider.player == Player::Subject);
    examined.next().map(|provider| provider.display_name.clone()).unwrap_or_default()
}

/// As much of the plan as the trace says of it.
fn plan(trace: &Trace) -> Plan {
    Plan {
        brief: trace.header.scenario.clone(),
        seed: trace.header.seed,
        epoch: trace.header.epoch,
        until: Duration::ZERO,
        providers: Vec::new(),
        steps: Vec::new(),
        visits: Vec::new(),
        inquiries: Vec::new(),
        faults: Vec::new(),
        latency: (Duration::ZERO, Duration::ZERO),
    }
}

/// The faults that were injected. Whether the subject would have gone another way without them nobody can try.
fn struck(trace: &Trace) -> Vec<FaultRecord> {
    let injected = trace.events.iter().filter_map(|event| match &event.what {
        What::Fault { kind, hosts, phase: FaultPhase::Injected, .. } => {
            Some(FaultRecord { kind: kind.clone(), hosts: hosts.clone(), effective: true })
        }
        _ => None,
    });
    injected.collect()
}
