//! The notices of the twelfth and the twenty-fourth hour.

use super::{BACK_1H, BACK_13H, CLOSED, DOWN, FORGED_RECEIPTS, NEVER_DELIVERS, SUMMER, UNANNOUNCED};
use crate::pick::{FIRST_NOTICE, SECOND_NOTICE};

mutants! {
    "first-notice-lost", DOWN, "Twelve hours without a sign, and no notice.",
        ["2.1.1.1.2-01", "3.1.6-01", "3.1.6-06", "DM.13-01"],
        |b| b.lose(FIRST_NOTICE);
    "second-notice-lost", DOWN, "Twenty-four hours without a sign, and no second notice.",
        ["2.1.1.1.2-02", "3.1.6-02", "3.1.6-06", "DM.13-02"],
        |b| b.lose(SECOND_NOTICE);
    "both-notices-lost", DOWN, "Twenty-four hours without a sign, and no notice at all.",
        [
            "2.1.1.1.2-01", "2.1.1.1.2-02", "2.2.2-03", "3.1.6-01", "3.1.6-02", "3.1.6-06", "DM.13-01", "DM.13-02",
            "DPR.8-01",
        ],
        |b| {
            b.lose(SECOND_NOTICE)?;
            b.lose(FIRST_NOTICE)
        };
    "first-notice-early", DOWN, "The first notice comes after nine hours.",
        ["2.1.1.1.2-01", "3.1.6-01", "3.1.6-06", "DM.13-01"],
        |b| b.retime(FIRST_NOTICE, -3);
    "first-notice-by-the-wall-clock", SUMMER, "In the night on which summer time begins, the first notice comes when the clock on the wall shows twelve hours more.",
        ["2.1.1.1.2-01", "3.1.6-01", "3.1.6-06", "DM.13-01"],
        |b| b.retime(FIRST_NOTICE, -1);
    "notice-in-winter-time", SUMMER, "The text of a notice of summer gives its hour in winter time.",
        ["4.2-01"],
        |b| in_winter_time(b);
    "second-notice-early", DOWN, "The second notice comes before twenty-two hours.",
        ["3.1.6-03", "3.1.6-06"],
        |b| b.retime(SECOND_NOTICE, -4);
    "second-notice-late", DOWN, "The second notice comes after twenty-four hours.",
        ["2.1.1.1.2-02", "3.1.6-03", "3.1.6-06", "DM.13-02"],
        |b| b.retime(SECOND_NOTICE, 3);
    "third-notice", DOWN, "A third notice follows.",
        ["2.1.1.1.2-02", "3.1.6-06"],
        |b| b.notice(27, true);
    "first-notice-with-second-text", DOWN, "The first notice says that the message is lost.",
        ["3.1.6-13"],
        |b| swap_text(b, SECOND_NOTICE, FIRST_NOTICE);
    "second-notice-with-first-text", DOWN, "The second notice says that the message may still arrive.",
        ["3.1.6-14"],
        |b| swap_text(b, FIRST_NOTICE, SECOND_NOTICE);
    "notice-in-spite-of-delivery", BACK_1H, "A notice comes after twelve hours though the message was delivered.",
        ["2.1.1.1.2-01", "3.1.6-01", "DM.13-01"],
        |b| b.notice(12, false);
    "second-notice-in-spite-of-delivery", BACK_1H, "A notice comes after twenty-three hours though the message was delivered.",
        ["2.1.1.1.2-02", "3.1.6-02", "DM.13-02"],
        |b| b.notice(23, true);
    "first-notice-lost-back-later", BACK_13H, "The message is delivered after thirteen hours, the notice was due before.",
        ["2.1.1.1.2-01", "3.1.6-01", "3.1.6-05", "DM.13-01"],
        |b| b.lose(FIRST_NOTICE);
    "second-notice-though-back", BACK_13H, "The message is delivered after thirteen hours, a second notice comes.",
        ["2.1.1.1.2-02", "3.1.6-02", "3.1.6-05", "DM.13-02"],
        |b| b.notice(23, true);
    "second-notice-lost-after-take-charge", NEVER_DELIVERS, "Taken in charge and never delivered, and nobody is told.",
        ["2.1.1.1.2-02", "3.1.6-02", "3.1.6-04", "DM.13-02", "DPR.8-01"],
        |b| b.lose(FIRST_NOTICE);
    "second-notice-lost-after-a-forged-receipt", FORGED_RECEIPTS, "A delivery receipt that no listed provider signed is believed, and the sender is told nothing.",
        ["2.1.1.1.2-02", "3.1.6-02", "3.1.6-04", "DM.13-02", "DPR.8-01"],
        |b| b.lose(FIRST_NOTICE);
    "notice-in-spite-of-unannounced-delivery", UNANNOUNCED, "A notice comes after twelve hours though the message was delivered, without a take-charge receipt.",
        ["2.1.1.1.2-01", "3.1.6-01", "DM.13-01"],
        |b| b.notice(12, false);
    "second-notice-after-non-delivery", CLOSED, "The sender knows that nothing was delivered, and is told once more after twenty-three hours.",
        ["2.1.1.1.2-02", "3.1.6-02", "DM.13-02"],
        |b| b.notice(23, true);
    "first-notice-in-spite-of-take-charge", NEVER_DELIVERS, "Taken in charge in time, and a notice comes after twelve hours.",
        ["2.1.1.1.2-01", "3.1.6-01", "3.1.6-04", "DM.13-01"],
        |b| b.notice(12, false);
    "second-notice-late-after-take-charge", NEVER_DELIVERS, "The only notice comes after twenty-four hours.",
        ["2.1.1.1.2-02", "3.1.6-03", "3.1.6-04", "DM.13-02", "DPR.8-01"],
        |b| b.retime(FIRST_NOTICE, 3);
}

/// Gives one notice the other's text; day and hour stay its own.
fn swap_text(bench: &mut crate::Bench<'_>, from: crate::Pick, to: crate::Pick) -> Result<(), crate::Unfit> {
    let said = |message: &collaudo_forge::Opened| {
        let xml = collaudo_forge::Xml(message.daticert().unwrap_or_default());
        ["giorno", "ora"].map(|name| xml.text(name).unwrap_or_default())
    };
    let (_, mut other) = bench.first(from)?;
    let theirs = said(&other);
    let text = other.texts_mut().first().map(|text| text.text()).unwrap_or_default();
    let (_, own) = bench.first(to)?;
    let text = theirs.iter().zip(said(&own)).fold(text, |text, (old, new)| text.replace(old.as_str(), &new));
    bench.text(to, |_| text.clone())
}

/// The same instant, by a clock that nobody has put forward.
fn in_winter_time(bench: &mut crate::Bench<'_>) -> Result<(), crate::Unfit> {
    bench.edit(FIRST_NOTICE, |message| {
        let hour = collaudo_forge::Xml(message.daticert().unwrap_or_default()).text("ora").unwrap_or_default();
        let Some((hours, rest)) = hour.split_once(':') else { return false };
        let Some(before) = hours.parse::<u8>().ok().and_then(|hours| hours.checked_sub(1)) else { return false };
        let earlier = format!("{before:02}:{rest}");
        crate::edit::rewrite_texts(message, &|text| {
            text.replace(&hour, &earlier).replace("(+0200)", "(+0100)").replace("(+02:00)", "(+01:00)")
        })
    })
}
