use crate::{
    Error, Flaw, PeerBehaviour, PlayerPlan, measure,
    source::{Item, Table},
};

/// The keys that say who plays a provider.
pub(crate) const KEYS: [&str; 4] = ["play", "behaviour", "after", "pause"];

/// Who plays, as a table says; none where it has no word of it.
pub(crate) fn read(table: Table<'_>) -> Result<Option<PlayerPlan>, Error> {
    table.not_without("behaviour", "play")?;
    table.not_without("after", "behaviour")?;
    table.not_without("pause", "behaviour")?;
    let Some(play) = table.get("play") else { return Ok(None) };
    if play.word("player", &["subject", "peer"])? == "subject" {
        return match table.get("behaviour") {
            None => Ok(Some(PlayerPlan::Subject)),
            Some(_) => Err(play.error(Flaw::bad("player", "subject", "play = \"peer\" beside behaviour"))),
        };
    }
    behaviour(table).map(|behaviour| Some(PlayerPlan::Peer(behaviour)))
}

fn behaviour(table: Table<'_>) -> Result<PeerBehaviour, Error> {
    let item = table.need("behaviour", "what the peer does, such as \"proper\"")?;
    let word = item.word("behaviour", &BEHAVIOURS)?;
    for (key, own) in [("after", "delivers-late"), ("pause", "slow")] {
        if let Some(length) = table.get(key).filter(|_| word != own) {
            return Err(length.error(Flaw::bad("behaviour", word, format!("{own:?} beside {key}"))));
        }
    }
    let length = |key, expected| table.need(key, expected).and_then(|item: Item<'_>| measure::duration(&item));
    Ok(match word {
        "takes-charge-only" => PeerBehaviour::TakesChargeOnly,
        "silent" => PeerBehaviour::Silent,
        "delivers-late" => PeerBehaviour::DeliversLate(length("after", "a duration such as \"25h\"")?),
        "delivers-twice" => PeerBehaviour::DeliversTwice,
        "delivers-unannounced" => PeerBehaviour::DeliversUnannounced,
        "forges-receipts" => PeerBehaviour::ForgesReceipts,
        "finds-virus" => PeerBehaviour::FindsVirus,
        "defers" => PeerBehaviour::Defers,
        "slow" => PeerBehaviour::Slow(length("pause", "a duration such as \"20s\"")?),
        _ => PeerBehaviour::Proper,
    })
}

const BEHAVIOURS: [&str; 10] = [
    "proper",
    "takes-charge-only",
    "silent",
    "delivers-late",
    "delivers-twice",
    "delivers-unannounced",
    "forges-receipts",
    "finds-virus",
    "defers",
    "slow",
];
