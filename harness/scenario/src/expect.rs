use std::time::Duration;

use collaudo_record::{Expectation, Place, Span};

use crate::{
    Error, Flaw, Visit,
    cast::Cast,
    measure,
    scenario::Draft,
    source::{Item, Table},
    step::Steps,
};

/// Reads `expect = [...]`, in the file's order.
pub(crate) fn read(
    item: &Item<'_>,
    cast: &Cast,
    steps: &Steps,
    until: Duration,
    place: &dyn Fn(u32) -> Place,
) -> Result<Vec<Expectation>, Error> {
    let one = |item: &Item<'_>| {
        let table = item.table("expectation")?;
        let place = place(table.line());
        match (table.get("refused"), table.get("fetches")) {
            (Some(_), _) => refused(table, &steps.drafts, place),
            (None, Some(_)) => fetches(table, &steps.visits, place),
            (None, None) => arrives(table, cast, &steps.drafts, until, place),
        }
    };
    item.list("an array of expectations")?.iter().map(one).collect()
}

fn refused(table: Table<'_>, steps: &[Draft], place: Place) -> Result<Expectation, Error> {
    let table = table.only(&["step", "refused"])?;
    let step = known(&table.need("step", "the id of a step")?, steps)?;
    let code = table.need("refused", "an SMTP reply code")?.number("reply code", 400..600)?;
    // Below 600, so it fits.
    Ok(Expectation::Refused { step: step.id.clone(), code: u16::try_from(code).unwrap_or(u16::MAX), place })
}

fn fetches(table: Table<'_>, visits: &[Visit], place: Place) -> Result<Expectation, Error> {
    let table = table.only(&["visit", "fetches"])?;
    let item = table.need("visit", "the id of a step that reads")?;
    let found = item.text()?;
    let visit = visits.iter().find(|visit| visit.id == found);
    let ids = || visits.iter().map(|visit| visit.id.as_str());
    let visit = visit.ok_or_else(|| item.error(Flaw::unknown("visit", found, ids())))?;
    let count = table.need("fetches", "a number of messages")?.number("count", 0..10_001)?;
    Ok(Expectation::Fetches { visit: visit.id.clone(), count, place })
}

fn arrives(
    table: Table<'_>,
    cast: &Cast,
    steps: &[Draft],
    until: Duration,
    place: Place,
) -> Result<Expectation, Error> {
    let table = table.only(&["at", "gets", "of", "about", "form", "count", "between", "reading"])?;
    table.not_without("between", "of")?;
    table.not_without("reading", "between")?;
    let at = cast.mailbox(&table.need("at", "a user, or a provider's name with \".service\"")?)?;
    let gets = table.need("gets", "a kind of message")?.word("kind", &KINDS)?;
    let of = table.get("of").map(|item| known(&item, steps)).transpose()?;
    let sent = of.map_or(Duration::ZERO, |step| step.at);
    let between = table.get("between").map(|item| window(&item, until.saturating_sub(sent))).transpose()?;
    Ok(Expectation::Arrives {
        at,
        gets: gets.to_owned(),
        of: of.map(|step| step.id.clone()),
        about: table.get("about").map(|item| cast.address(&item)).transpose()?,
        form: form(table, gets)?,
        count: table.get("count").map_or(Ok(1), |item| item.number("count", 0..10_001))?,
        between,
        reading: table.get("reading").map(|item| reading(&item)).transpose()?,
        place,
    })
}

fn known<'s>(item: &Item<'_>, steps: &'s [Draft]) -> Result<&'s Draft, Error> {
    let found = item.text()?;
    let ids = || steps.iter().map(|step| step.id.as_str());
    steps.iter().find(|step| step.id == found).ok_or_else(|| item.error(Flaw::unknown("step", found, ids())))
}

/// A window that the run can decide: it ends before the run does.
fn window(item: &Item<'_>, left: Duration) -> Result<(Span, Span), Error> {
    let (from, to) = measure::window(item)?;
    match to <= left {
        true => Ok((measure::span(from), measure::span(to))),
        false => {
            let expected = format!("no more than {}, for then the run ends", measure::worded(left));
            Err(item.error(Flaw::bad("window", measure::worded(to), expected)))
        }
    }
}

fn form(table: Table<'_>, gets: &str) -> Result<Option<String>, Error> {
    let Some(item) = table.get("form") else { return Ok(None) };
    match gets {
        DELIVERY => item.word("form", &["completa", "breve", "sintetica"]).map(|form| Some(form.to_owned())),
        _ => Err(item.error(Flaw::bad("form of", gets, format!("none, for only {DELIVERY:?} has a form")))),
    }
}

fn reading(item: &Item<'_>) -> Result<String, Error> {
    let found = item.text()?;
    match found.strip_prefix("R-").is_some_and(|n| n.len() == 4 && n.bytes().all(|b| b.is_ascii_digit())) {
        true => Ok(found.to_owned()),
        false => Err(item.error(Flaw::bad("reading", found, "a number such as \"R-0003\""))),
    }
}

const DELIVERY: &str = "avvenuta-consegna";
const KINDS: [&str; 10] = [
    "accettazione",
    "non-accettazione",
    "posta-certificata",
    "presa-in-carico",
    DELIVERY,
    "errore-consegna",
    "preavviso-errore-consegna",
    "rilevazione-virus",
    "anomalia",
    "ordinary",
];
