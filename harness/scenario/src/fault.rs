use std::time::Duration;

use crate::{
    CrashPoint, Error, Fault, FaultKind, Flaw,
    cast::Cast,
    measure,
    source::{Item, Table},
};

/// Reads `fault = [...]`, in the file's order.
pub(crate) fn read(item: &Item<'_>, cast: &Cast, until: Duration) -> Result<Vec<Fault>, Error> {
    let items = item.list("an array of faults")?;
    items.iter().map(|item| one(item.table("fault")?, cast, until)).collect()
}

fn one(table: Table<'_>, cast: &Cast, until: Duration) -> Result<Fault, Error> {
    let table = table.only(&["at", "for", "partition", "hold", "crash", "after_commit", "after_effect"])?;
    for (key, other) in [("partition", "hold"), ("partition", "crash"), ("hold", "crash")] {
        table.not_both(key, other)?;
    }
    table.not_both("after_commit", "after_effect")?;
    table.not_without("after_commit", "crash")?;
    table.not_without("after_effect", "crash")?;
    let begins = table.need("at", "a duration such as \"0s\"")?;
    let at = measure::duration(&begins)?;
    if at >= until {
        let expected = format!("less than {}, when the run ends", measure::worded(until));
        return Err(begins.error(Flaw::bad("at", measure::worded(at), expected)));
    }
    let lasts = table.get("for").map(|item| measure::duration(&item)).transpose()?;
    Ok(Fault { at, lasts, kind: kind(table, cast)? })
}

fn kind(table: Table<'_>, cast: &Cast) -> Result<FaultKind, Error> {
    if let Some(item) = table.get("partition") {
        return hosts(&item, cast).map(|(a, b)| FaultKind::Partition { a, b });
    }
    if let Some(item) = table.get("hold") {
        return hosts(&item, cast).map(|(a, b)| FaultKind::Hold { a, b });
    }
    let crash = table.need("crash", "one of \"partition\", \"hold\" and \"crash\"")?;
    let nth = |key, what| table.get(key).map(|item: Item<'_>| item.number(what, 1..1_000_001)).transpose();
    let commit = nth("after_commit", "number of a commit")?.map(CrashPoint::AfterCommit);
    let effect = nth("after_effect", "number of an effect")?.map(CrashPoint::AfterEffect);
    Ok(FaultKind::Crash { host: cast.host(&crash)?, point: commit.or(effect).unwrap_or(CrashPoint::AtOnce) })
}

fn hosts(item: &Item<'_>, cast: &Cast) -> Result<(String, String), Error> {
    let (a, b) = item.pair("two providers")?;
    let (first, second) = (cast.host(&a)?, cast.host(&b)?);
    match first == second {
        true => Err(b.error(Flaw::Twice { what: "provider", found: second })),
        false => Ok((first, second)),
    }
}
