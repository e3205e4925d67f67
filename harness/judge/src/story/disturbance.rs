use std::collections::BTreeMap;

use collaudo_record::{FaultPhase, Instant, Span, Trace, What};

/// How long after a disturbance is over a provider may take to try again; retries at most half an hour apart are usual.
const AFTERMATH: Span = Span::from_hours(1);

/// How long after its recovery a provider may take for what fell due while it was down.
const CATCH_UP: Span = Span::from_secs(600);

/// When which hosts did not run, or could not reach each other.
#[derive(Debug, Default)]
pub(crate) struct Disturbances {
    spans: Vec<Disturbance>,
    /// Hosts whose clock was wrong.
    clocks: Vec<Disturbance>,
    /// Hosts whose scanner gave no answer.
    scanners: Vec<Disturbance>,
    /// Hosts whose disk took nothing.
    disks: Vec<Disturbance>,
    end: Instant,
}

#[derive(Debug)]
struct Disturbance {
    hosts: Vec<String>,
    /// Whether it lies between its hosts, rather than on each.
    between: bool,
    from: Instant,
    to: Option<Instant>,
}

impl Disturbances {
    pub(crate) fn of(trace: &Trace) -> Self {
        let mut all = Self { end: trace.events.last().map_or(trace.header.epoch, |event| event.at), ..Self::default() };
        let mut spans: Vec<Disturbance> = Vec::new();
        let mut down = BTreeMap::new();
        let (mut faults, mut clocks, mut scanners) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let mut disks = BTreeMap::new();
        for event in &trace.events {
            match &event.what {
                What::Host { host, up: false } => {
                    down.entry(host.as_str()).or_insert_with(|| begin(&mut spans, vec![host.clone()], false, event.at));
                }
                What::Host { host, up: true } => end(&mut spans, down.remove(host.as_str()), event.at),
                What::Fault { fault, kind, hosts, phase: FaultPhase::Injected } => {
                    let between = kind != "crash" && hosts.len() > 1;
                    let begun = |spans: &mut Vec<_>| begin(spans, hosts.clone(), between, event.at);
                    match kind.as_str() {
                        "clock" => drop(clocks.entry(*fault).or_insert_with(|| begun(&mut all.clocks))),
                        kind if is_of_documents(kind) => {}
                        "scanner-down" => {
                            scanners.entry(*fault).or_insert_with(|| begun(&mut all.scanners));
                            faults.entry(*fault).or_insert_with(|| begun(&mut spans));
                        }
                        "disk-full" => {
                            disks.entry(*fault).or_insert_with(|| begun(&mut all.disks));
                            faults.entry(*fault).or_insert_with(|| begun(&mut spans));
                        }
                        _ => drop(faults.entry(*fault).or_insert_with(|| begun(&mut spans))),
                    }
                }
                What::Fault { fault, phase: FaultPhase::Healed, .. } => {
                    end(&mut spans, faults.remove(fault), event.at);
                    end(&mut all.clocks, clocks.remove(fault), event.at);
                    end(&mut all.scanners, scanners.remove(fault), event.at);
                    end(&mut all.disks, disks.remove(fault), event.at);
                }
                _ => {}
            }
        }
        all.spans = spans;
        all
    }

    /// By when something is due that falls due at `due` and needs an outsider: later where the host was cut off from him.
    pub(crate) fn due_outside(&self, host: &str, due: Instant, is_inside: impl Fn(&str) -> bool) -> Option<Instant> {
        let mut due = self.due(host, due)?;
        let outside = |span: &&Disturbance| {
            span.between && span.hosts.iter().any(|one| one == host) && span.hosts.iter().any(|one| !is_inside(one))
        };
        for span in self.spans.iter().filter(outside) {
            if span.from <= due {
                due = due.max(span.to?.after(AFTERMATH));
            }
        }
        Some(due)
    }

    /// Whether nothing stands in the way of a host then.
    pub(crate) fn is_calm(&self, host: &str, at: Instant) -> bool {
        !self.spans.iter().any(|span| span.hosts.iter().any(|one| one == host) && span.covers(at, at))
    }

    /// Whether a host ceased to run between two instants.
    pub(crate) fn stops(&self, host: &str, from: Instant, until: Instant) -> bool {
        let mut ours = self.spans.iter().filter(|span| !span.between && span.concerns(&[host]));
        ours.any(|span| from <= span.from && span.from <= until)
    }

    /// Whether a host's scanner gave no answer all the time between two instants.
    pub(crate) fn is_blind(&self, host: &str, from: Instant, until: Instant) -> bool {
        self.scanners.iter().any(|span| span.concerns(&[host]) && span.covers(from, until))
    }

    /// Whether a host that had something to write down between two instants can have done so at `written` and no sooner: its
    /// disk took nothing.
    pub(crate) fn writes_late(&self, host: &str, from: Instant, until: Instant, written: Instant) -> bool {
        let mut until = until;
        let mut was_full = false;
        for span in self.disks.iter().filter(|span| span.concerns(&[host])) {
            if span.from <= until && span.to.is_none_or(|to| to > from) {
                was_full = true;
                until = span.to.map_or(until, |to| until.max(to.after(CATCH_UP)));
            }
        }
        was_full && written <= until
    }

    /// Whether a host's disk took nothing all the time between two instants, and the trace goes on long enough for what it may
    /// have kept elsewhere to come to light.
    pub(crate) fn kept_nothing(&self, host: &str, from: Instant, until: Instant) -> bool {
        let over = |span: &&Disturbance| span.to.is_none_or(|to| to.after(CATCH_UP) <= self.end);
        let ours = self.disks.iter().filter(|span| span.concerns(&[host]));
        ours.filter(over).any(|span| span.covers(from, until))
    }

    /// Whether a host's clock was wrong at some instant between two.
    pub(crate) fn mistimes(&self, host: &str, from: Instant, until: Instant) -> bool {
        let overlaps = |span: &&Disturbance| span.from <= until && span.to.is_none_or(|to| to >= from);
        self.clocks.iter().filter(|span| span.concerns(&[host])).any(|span| overlaps(&span))
    }

    /// Whether a host's clock leapt between two instants.
    pub(crate) fn leaps(&self, host: &str, from: Instant, until: Instant) -> bool {
        let inside = |at: Instant| from < at && at <= until;
        let ours = self.clocks.iter().filter(|span| span.concerns(&[host]));
        ours.into_iter().any(|span| inside(span.from) || span.to.is_some_and(inside))
    }

    /// Whether something stood in the way of these hosts at or after `since`, so late that what they owe each other may
    /// still be on its way when the trace ends.
    pub(crate) fn excuses(&self, hosts: &[&str], since: Instant) -> bool {
        // What ends with the trace is the world's end and no disturbance.
        let mine = self.spans.iter().filter(|span| span.concerns(hosts) && span.from < self.end);
        let mut horizon = since.after(AFTERMATH);
        let mut excused = false;
        for span in mine.filter(|span| span.to.is_none_or(|to| to >= since)) {
            match span.to {
                // What began long after the debt could have been paid excuses nobody.
                _ if span.from > horizon => {}
                None => return true,
                Some(to) => {
                    horizon = horizon.max(to.after(AFTERMATH));
                    excused = excused || self.end < to.after(AFTERMATH);
                }
            }
        }
        excused
    }

    /// Whether something stood in the way of these hosts all the time between two instants, but for moments too short to be
    /// sure of a retry.
    pub(crate) fn bars(&self, hosts: &[&str], from: Instant, until: Instant) -> bool {
        let ours = |span: &&Disturbance| span.concerns(hosts) && span.from < self.end;
        let mut spans: Vec<_> = self.spans.iter().filter(ours).collect();
        spans.sort_by_key(|span| span.from);
        let mut barred = from;
        for span in spans.into_iter().filter(|span| span.to.is_none_or(|to| to > from)) {
            if span.from > barred.after(AFTERMATH) || barred >= until {
                break;
            }
            barred = barred.max(span.to.unwrap_or(until));
        }
        barred > from && barred.after(AFTERMATH) > until
    }

    /// By when something is due that falls due at `due`: later where the host did not run then. None where it never ran
    /// again.
    pub(crate) fn due(&self, host: &str, due: Instant) -> Option<Instant> {
        let mut due = due;
        for span in self.spans.iter().filter(|span| !span.between && span.concerns(&[host])) {
            if span.from <= due {
                match span.to {
                    None => return None,
                    Some(to) if to > due => due = to.after(CATCH_UP),
                    Some(to) if to.after(CATCH_UP) > due => due = to.after(CATCH_UP),
                    Some(_) => {}
                }
            }
        }
        Some(due)
    }
}

/// Faults of public documents stand in nobody's way: what follows from them is judged by what each host got.
fn is_of_documents(kind: &str) -> bool {
    kind.starts_with("index-") || matches!(kind, "crl-unreachable" | "revoked" | "unlisted")
}

impl Disturbance {
    fn covers(&self, from: Instant, until: Instant) -> bool {
        self.from <= from && self.to.is_none_or(|to| to >= until)
    }

    fn concerns(&self, hosts: &[&str]) -> bool {
        let hit = |host: &String| hosts.contains(&host.as_str());
        if self.between { self.hosts.iter().filter(|host| hit(host)).count() > 1 } else { self.hosts.iter().any(hit) }
    }
}

fn begin(spans: &mut Vec<Disturbance>, hosts: Vec<String>, between: bool, from: Instant) -> usize {
    spans.push(Disturbance { hosts, between, from, to: None });
    spans.len() - 1
}

fn end(spans: &mut [Disturbance], place: Option<usize>, at: Instant) {
    if let Some(span) = place.and_then(|place| spans.get_mut(place)) {
        span.to = Some(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> Instant {
        Instant::default().after(Span::from_hours(hours))
    }

    fn one(hosts: &[&str], between: bool, from: i64, to: Option<i64>) -> Disturbances {
        let hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
        let spans = vec![Disturbance { hosts, between, from: at(from), to: to.map(at) }];
        Disturbances { spans, end: at(30), ..Disturbances::default() }
    }

    #[test]
    fn a_partition_excuses_its_pair_alone_and_not_for_ever() {
        let open = one(&["alfa", "beta"], true, 1, None);
        assert!(open.excuses(&["alfa", "beta"], at(2)));
        assert!(!open.excuses(&["alfa", "gamma"], at(2)));
        assert!(!open.excuses(&["alfa"], at(2)));
        assert!(!one(&["alfa", "beta"], true, 1, Some(13)).excuses(&["alfa", "beta"], at(2)));
        assert!(!one(&["alfa", "beta"], true, 9, None).excuses(&["alfa", "beta"], at(2)));
        assert!(!one(&["alfa"], false, 30, None).excuses(&["alfa"], at(30)));
    }

    #[test]
    fn what_an_outsider_is_needed_for_is_due_once_he_can_be_reached() {
        let is_inside = |host: &str| host != "index";
        let cut = |to| one(&["alfa", "index"], true, 1, to).due_outside("alfa", at(24), is_inside);
        assert_eq!((cut(Some(26)), cut(None), cut(Some(2))), (Some(at(27)), None, Some(at(24))));
        let others = one(&["alfa", "beta"], true, 1, None);
        assert_eq!(others.due_outside("alfa", at(24), is_inside), Some(at(24)));
    }

    #[test]
    fn a_day_is_barred_only_where_nothing_of_it_was_free() {
        let barred = |from, to| one(&["alfa", "beta"], true, from, to).bars(&["alfa", "beta"], at(2), at(26));
        assert!(barred(1, None) && barred(2, Some(26)) && barred(3, Some(27)));
        // What was free at the end alone was free for too short a time.
        let cut = |until| one(&["alfa", "beta"], true, 1, Some(25)).bars(&["alfa", "beta"], at(2), until);
        assert!(cut(at(26).after(Span(-1))) && !cut(at(26)));
        assert!(!barred(4, Some(27)) && !barred(1, Some(25)) && !barred(27, None));
        assert!(!Disturbances::default().bars(&["alfa"], at(2), at(26)));
    }

    #[test]
    fn what_a_full_disk_does_not_take_is_written_soon_after() {
        let full =
            |to: Option<i64>| Disturbances { disks: one(&["alfa"], false, 3, to).spans, ..Disturbances::default() };
        let writes = |to, host, from, written| full(to).writes_late(host, at(from), at(from), written);
        assert!(writes(Some(5), "alfa", 4, at(5)) && writes(Some(5), "alfa", 3, at(5).after(CATCH_UP)));
        assert!(!writes(Some(5), "alfa", 4, at(6)) && !writes(None, "alfa", 4, at(5)));
        assert!(!writes(Some(5), "alfa", 2, at(5)) && !writes(Some(5), "alfa", 5, at(5)));
        assert!(!writes(Some(5), "beta", 4, at(5)));
    }

    #[test]
    fn what_falls_due_while_the_host_is_down_is_due_after_it_runs_again() {
        assert_eq!(one(&["alfa"], false, 11, Some(14)).due("alfa", at(12)), Some(at(14).after(CATCH_UP)));
        assert_eq!(one(&["alfa"], false, 11, None).due("alfa", at(12)), None);
        assert_eq!(one(&["alfa"], false, 1, Some(2)).due("alfa", at(12)), Some(at(12)));
        assert_eq!(one(&["beta"], false, 11, Some(14)).due("alfa", at(12)), Some(at(12)));
    }
}
