use std::time::Duration;

use crate::{
    CrashPoint, Error, Fault, FaultKind, Flaw, IndexFault,
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
    let keys: Vec<&'static str> = ["at", "for"].into_iter().chain(KINDS).chain(BESIDE.map(|(key, _)| key)).collect();
    let table = table.only(&keys)?;
    for (n, key) in KINDS.into_iter().enumerate() {
        KINDS.into_iter().skip(n + 1).try_for_each(|other| table.not_both(key, other))?;
    }
    table.not_both("after_commit", "after_effect")?;
    BESIDE.into_iter().try_for_each(|(key, kind)| table.not_without(key, kind))?;
    // What is revoked stays so.
    table.not_both("for", "revoke")?;
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
    let found = KINDS.into_iter().find_map(|key| table.get(key).map(|item| (key, item)));
    let Some((key, item)) = found else {
        let flaw = Flaw::Missing { key: "partition", table: "fault", expected: ONE_OF };
        return Err(table.error(flaw));
    };
    Ok(match key {
        "partition" => hosts(&item, cast).map(|(a, b)| FaultKind::Partition { a, b })?,
        "hold" => hosts(&item, cast).map(|(a, b)| FaultKind::Hold { a, b })?,
        "slow" => {
            let (a, b) = hosts(&item, cast)?;
            let latency = measure::duration(&table.need("latency", "a duration such as \"40s\"")?)?;
            FaultKind::Slow { a, b, latency }
        }
        "clock" => {
            let host = cast.host(&item)?;
            let offset = table.need("offset", "a duration with its sign, such as \"-3m\"")?;
            FaultKind::Clock { host, offset_micros: measure::offset(&offset)? }
        }
        "disk_full" => FaultKind::DiskFull { host: cast.host(&item)? },
        "scanner_down" => FaultKind::ScannerDown { host: cast.host(&item)? },
        "index" => FaultKind::Index(index(&item, table, cast)?),
        "crl" => item.word("fault of the list", &["unreachable"]).map(|_| FaultKind::CrlUnreachable)?,
        "revoke" => FaultKind::Revoked { host: cast.host(&item)? },
        "unlist" => FaultKind::Unlisted { host: cast.host(&item)? },
        _ => crash(&item, table, cast)?,
    })
}

fn crash(item: &Item<'_>, table: Table<'_>, cast: &Cast) -> Result<FaultKind, Error> {
    let nth = |key, what| table.get(key).map(|item: Item<'_>| item.number(what, 1..1_000_001)).transpose();
    let commit = nth("after_commit", "number of a commit")?.map(CrashPoint::AfterCommit);
    let effect = nth("after_effect", "number of an effect")?.map(CrashPoint::AfterEffect);
    Ok(FaultKind::Crash { host: cast.host(item)?, point: commit.or(effect).unwrap_or(CrashPoint::AtOnce) })
}

fn index(item: &Item<'_>, table: Table<'_>, cast: &Cast) -> Result<IndexFault, Error> {
    let word = item.word("fault of the index", &["unreachable", "altered", "rolled-back"])?;
    if word == "rolled-back" {
        let lacks = table.need("lacks", "the provider that the older index does not list")?;
        return Ok(IndexFault::RolledBack { lacks: cast.host(&lacks)? });
    }
    match table.get("lacks") {
        Some(lacks) => Err(lacks.error(Flaw::bad("fault of the index", word, "\"rolled-back\" beside lacks"))),
        None if word == "altered" => Ok(IndexFault::Altered),
        None => Ok(IndexFault::Unreachable),
    }
}

fn hosts(item: &Item<'_>, cast: &Cast) -> Result<(String, String), Error> {
    let (a, b) = item.pair("two providers")?;
    let (first, second) = (cast.end_of_a_link(&a)?, cast.end_of_a_link(&b)?);
    match first == second {
        true => Err(b.error(Flaw::Twice { what: "provider", found: second })),
        false => Ok((first, second)),
    }
}

/// Of these a fault has one.
const KINDS: [&str; 11] =
    ["partition", "hold", "slow", "crash", "clock", "disk_full", "scanner_down", "index", "crl", "revoke", "unlist"];
/// Keys that say more of a kind.
const BESIDE: [(&str, &str); 5] = [
    ("after_commit", "crash"),
    ("after_effect", "crash"),
    ("latency", "slow"),
    ("offset", "clock"),
    ("lacks", "index"),
];
const ONE_OF: &str = "one of \"partition\", \"hold\", \"slow\", \"crash\", \"clock\", \"disk_full\", \"scanner_down\", \
    \"index\", \"crl\", \"revoke\" and \"unlist\"";
