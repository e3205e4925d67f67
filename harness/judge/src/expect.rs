use collaudo_record::{Expectation, ExpectationResult, Instant, Place, Span, What};

use crate::{
    check::View,
    reading::Kind,
    story::{Appearance, Story, Submission, address::same, form::seen},
};

/// Clocks and their readers may differ by so much.
const TICK: Span = Span::from_secs(1);

/// What became of each expectation of the header, in its order.
pub(crate) fn results(view: &View<'_>) -> Vec<ExpectationResult> {
    let expectations = view.trace.header.scenario.expect.iter();
    expectations
        .filter_map(|expectation| match expectation {
            Expectation::Arrives { place, .. } => arrives(view, expectation, place),
            Expectation::Refused { step, code, place } => Some(refused(view, step, *code, place)),
            Expectation::Fetches { visit, count, place } => Some(fetches(view, visit, *count, place)),
        })
        .collect()
}

/// So many messages of a kind in a mailbox; a window narrows what is counted.
fn arrives(view: &View<'_>, expectation: &Expectation, place: &Place) -> Option<ExpectationResult> {
    let Expectation::Arrives { at, gets, of, about, form, count, between, .. } = expectation else { return None };
    let story = view.story;
    let submission = of.as_deref().and_then(|step| submission(story, step));
    let origin = origin(view, submission);
    let is_meant = |one: &&Appearance<'_>| {
        one.mailbox().is_some_and(|mailbox| same(mailbox, at))
            && one.kind().wire() == gets
            && of.as_deref().is_none_or(|step| story.submission_of(one).and_then(Submission::step) == Some(step))
            && about.as_deref().is_none_or(|recipient| one.concerns(recipient))
            && form.as_deref().is_none_or(|form| seen(one.reading).wire() == form)
    };
    let meant: Vec<_> = story.appearances.iter().filter(is_meant).collect();
    let in_window = |one: &&&Appearance<'_>| {
        between.is_none_or(|(from, to)| {
            one.at.after(TICK) >= origin.instant.after(from) && one.at <= origin.instant.after(to).after(TICK)
        })
    };
    let inside = meant.iter().filter(in_window).count();
    let holds = u32::try_from(inside) == Ok(*count);
    let filters = [
        form.as_ref().map(|form| format!(" ({form})")),
        about.as_ref().map(|about| format!(" for {about}")),
        Some(format!(" at {at}")),
        between.map(|(from, to)| format!(" between {} and {} after {}", short(from), short(to), origin.words)),
        of.as_ref().filter(|_| between.is_none()).map(|step| format!(" of {step}")),
    ];
    let expected = format!("{}{}", number(*count, gets), filters.into_iter().flatten().collect::<String>());
    let observed = observed(&meant, origin.instant, story.end);
    Some(result(place, holds, expected, observed, meant.iter().map(|one| one.event).collect()))
}

/// From when a window counts.
struct Origin {
    instant: Instant,
    words: String,
}

/// Acceptance; where there was none, the submission; where there is neither, the beginning.
fn origin(view: &View<'_>, submission: Option<&Submission<'_>>) -> Origin {
    match submission {
        Some(one) => {
            let accepted = view.story.about(one, Kind::Accettazione).next().is_some();
            let step = one.step().unwrap_or_default();
            let what = if accepted { "acceptance" } else { "submission" };
            Origin { instant: one.t0.0, words: format!("{what} of {step}") }
        }
        None => Origin { instant: view.trace.header.epoch, words: "the beginning".to_owned() },
    }
}

/// The attempt of a step that speaks for it: one that was given an identifier before others, then one that SMTP said yes to, the
/// last of those alike.
fn submission<'s, 'a>(story: &'s Story<'a>, step: &str) -> Option<&'s Submission<'a>> {
    let attempts = story.submissions.iter().filter(|one| one.step() == Some(step));
    attempts.max_by_key(|one| (!one.pec_msgids.is_empty(), one.taken(), one.message.is_some()))
}

fn observed(meant: &[&Appearance<'_>], origin: Instant, end: Instant) -> String {
    if meant.is_empty() {
        return format!("none by {}", short(end.since(origin)));
    }
    let at: Vec<_> = meant.iter().map(|one| one.at.since(origin).to_string()).collect();
    format!("{} at {}", meant.len(), at.join(", "))
}

fn refused(view: &View<'_>, step: &str, code: u16, place: &Place) -> ExpectationResult {
    let expected = format!("{step} refused with {code}");
    let attempts: Vec<_> = view.story.submissions.iter().filter(|one| one.step() == Some(step)).collect();
    let codes: Vec<u16> = attempts.iter().flat_map(|one| replies(one)).collect();
    let evidence = attempts.iter().map(|one| one.event).collect();
    if attempts.is_empty() {
        let failed = view.trace.events.iter().zip(0_u32..).find_map(|(event, number)| match &event.what {
            What::StepFailed { step: failed, why } if failed == step => Some((number, why)),
            _ => None,
        });
        return match failed {
            Some((number, why)) => {
                result(place, false, expected, format!("{step} could not be carried out: {why}"), vec![number])
            }
            None => result(place, false, expected, format!("{step} never came"), Vec::new()),
        };
    }
    let list: Vec<_> = codes.iter().map(ToString::to_string).collect();
    let observed = match codes.iter().find(|code| **code >= 400) {
        _ if codes.is_empty() => "no reply".to_owned(),
        Some(code) => format!("refused with {code}"),
        None => format!("taken: replies {}", list.join(", ")),
    };
    result(place, codes.contains(&code), expected, observed, evidence)
}

/// So many messages fetched in a visit.
fn fetches(view: &View<'_>, visit: &str, count: u32, place: &Place) -> ExpectationResult {
    let numbered = view.trace.events.iter().zip(0_u32..);
    let evidence: Vec<u32> = numbered
        .filter(|(event, _)| matches!(&event.what, What::Fetched { visit: found, .. } if found == visit))
        .map(|(_, number)| number)
        .collect();
    let holds = u32::try_from(evidence.len()) == Ok(count);
    let observed = format!("{} fetched", evidence.len());
    result(place, holds, format!("{count} fetched in {visit}"), observed, evidence)
}

/// The codes of all replies of a transaction, in order.
fn replies(submission: &Submission<'_>) -> Vec<u16> {
    let transfer = submission.transfer;
    let paths = transfer.forward_paths.iter().filter_map(|forward| forward.reply.as_ref());
    let all = transfer.reverse_reply.iter().chain(paths).chain(&transfer.reply);
    all.map(|reply| reply.code).collect()
}

fn result(place: &Place, holds: bool, expected: String, observed: String, evidence: Vec<u32>) -> ExpectationResult {
    ExpectationResult { place: place.clone(), holds, expected, observed, evidence }
}

/// `2 timeout notices`: the house's words for the wire's.
fn number(count: u32, wire: &str) -> String {
    let words = match wire {
        "accettazione" => "acceptance receipt",
        "non-accettazione" => "refusal notice",
        "posta-certificata" => "transport envelope",
        "presa-in-carico" => "take-charge receipt",
        "avvenuta-consegna" => "delivery receipt",
        "errore-consegna" => "non-delivery notice",
        "preavviso-errore-consegna" => "timeout notice",
        "rilevazione-virus" => "virus-detection notice",
        "anomalia" => "anomaly envelope",
        "ordinary" => "ordinary message",
        other => other,
    };
    format!("{count} {words}{}", if count == 1 { "" } else { "s" })
}

/// `+12h30m` for `+12h30m00s`: what is nought at the end is left out.
fn short(span: Span) -> String {
    let whole = span.to_string();
    let whole = whole.strip_suffix("00s").filter(|rest| rest.ends_with('m')).unwrap_or(&whole);
    let whole = whole.strip_suffix("00m").filter(|rest| rest.ends_with('h')).unwrap_or(whole);
    whole.strip_suffix(".000s").map_or_else(|| whole.to_owned(), |seconds| format!("{seconds}s"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::story::testing::{Act, ORIGINAL, Script, accepted, at, crossing, refused, silence, submit};

    fn expecting(at: &str, gets: &str, count: u32) -> Expectation {
        Expectation::Arrives {
            at: at.to_owned(),
            gets: gets.to_owned(),
            of: Some("m1".to_owned()),
            about: None,
            form: None,
            count,
            between: None,
            reading: None,
            place: Place { file: "x.toml".to_owned(), line: 9 },
        }
    }

    fn minutes(from: i64, to: i64) -> Option<(Span, Span)> {
        Some((Span::from_secs(from * 60), Span::from_secs(to * 60)))
    }

    fn with(
        expectation: Expectation,
        set: impl FnOnce(&mut Option<(Span, Span)>, &mut Option<String>, &mut Option<String>),
    ) -> Expectation {
        let mut expectation = expectation;
        if let Expectation::Arrives { between, about, form, .. } = &mut expectation {
            set(between, about, form);
        }
        expectation
    }

    fn one(script: Script, expectation: Expectation) -> ExpectationResult {
        let script = Script { expect: vec![expectation], ..script };
        script.with(results).into_iter().next().expect("one expectation, one result")
    }

    #[test]
    fn what_arrives_is_counted_where_it_lies() {
        let result = one(crossing(ORIGINAL), expecting("bruno@beta.test", "posta-certificata", 1));
        assert_eq!((result.holds, result.expected.as_str()), (true, "1 transport envelope at bruno@beta.test of m1"));
        assert_eq!((result.observed.as_str(), result.place.line), ("1 at +2.000s", 9));
        assert_eq!(result.evidence.len(), 1);
        assert!(!one(crossing(ORIGINAL), expecting("bruno@beta.test", "posta-certificata", 0)).holds);
        assert!(!one(crossing(ORIGINAL), expecting("anna@alfa.test", "posta-certificata", 1)).holds);
        assert!(one(crossing(ORIGINAL), expecting("servizio@alfa.test", "presa-in-carico", 1)).holds);
    }

    #[test]
    fn a_window_narrows_what_is_counted() {
        let notice = |from, to| {
            with(expecting("anna@alfa.test", "preavviso-errore-consegna", 1), |between, _, _| {
                *between = minutes(from, to)
            })
        };
        assert!(one(silence(), notice(720, 750)).holds);
        assert!(one(silence(), notice(1_320, 1_440)).holds);
        assert!(!one(silence(), notice(0, 1_440)).holds);
        let none = one(silence().without("first").without("second"), notice(1_320, 1_440));
        assert_eq!(none.expected, "1 timeout notice at anna@alfa.test between +22h and +24h after acceptance of m1");
        assert_eq!(none.observed, "none by +29h59m59s");
    }

    #[test]
    fn recipient_and_form_narrow_it_too() {
        let receipt = |about: &str, form: &str| {
            with(expecting("anna@alfa.test", "avvenuta-consegna", 1), |_, to, of| {
                (*to, *of) = (Some(about.to_owned()), Some(form.to_owned()));
            })
        };
        let result = one(crossing(ORIGINAL), receipt("bruno@beta.test", "completa"));
        assert_eq!(
            (result.holds, result.expected.as_str()),
            (true, "1 delivery receipt (completa) for bruno@beta.test at anna@alfa.test of m1")
        );
        assert!(!one(crossing(ORIGINAL), receipt("bruno@beta.test", "sintetica")).holds);
        assert!(!one(crossing(ORIGINAL), receipt("dario@beta.test", "completa")).holds);
    }

    #[test]
    fn without_acceptance_the_submission_counts() {
        let notice = with(expecting("anna@alfa.test", "non-accettazione", 1), |between, _, _| *between = minutes(0, 1));
        let result = one(refused(ORIGINAL, &["bruno@beta.test"]), notice);
        assert!(result.holds);
        assert!(result.expected.ends_with("between +0s and +1m after submission of m1"), "{}", result.expected);
    }

    #[test]
    fn a_window_counts_from_the_attempt_that_was_accepted() {
        let receipt = with(expecting("anna@alfa.test", "accettazione", 1), |between, _, _| *between = minutes(0, 1));
        let bruno = &["bruno@beta.test"];
        let result = one(accepted(ORIGINAL, bruno).add("again", at(300), submit(ORIGINAL, bruno)), receipt);
        assert!(result.holds, "{}", result.observed);
        assert!(result.expected.ends_with("after acceptance of m1"), "{}", result.expected);
    }

    #[test]
    fn a_refusal_is_known_by_its_code() {
        let place = Place { file: String::new(), line: 1 };
        let refusal = |code| Expectation::Refused { step: "m1".to_owned(), code, place: place.clone() };
        let script = || Script::default().add("submit", at(1), submit(ORIGINAL, &["bruno@beta.test"]));
        let refused = || {
            script().bent("submit", |act| {
                if let Act::Submit { code, .. } = act {
                    *code = 554;
                }
            })
        };
        assert!(one(refused(), refusal(554)).holds);
        assert_eq!(one(refused(), refusal(552)).observed, "refused with 554");
        assert_eq!(one(script(), refusal(554)).observed, "taken: replies 250, 250, 250");
        assert_eq!(one(Script::default(), refusal(554)).observed, "m1 never came");
    }

    #[test]
    fn a_window_reads_short() {
        let after = |minutes: i64| short(Span::from_secs(60 * minutes));
        assert_eq!([after(720), after(750), after(5)], ["+12h", "+12h30m", "+5m"]);
        assert_eq!(short(Span::from_secs(30)), "+30s");
        assert_eq!(short(Span(4_250_000)), "+4.250s");
        assert_eq!(short(Span::from_secs(3_600 * 24 + 1)), "+24h00m01s");
    }
}
