//! Viruses: what is passed over, who is told, what is kept.

use collaudo_node::{Effect, Finding, Input};

use super::{
    ALFA, BETA,
    bends::{readdressed, twice, without, without_one},
};
use crate::{
    catalogue::{CROSS, INFECTED_ENVELOPE, INFECTED_SUBMISSION, ORDINARY_VIRUS, VIRUS_FOUND},
    edit::{bend_xml, prefix_subject},
    pick::Kind,
    provider::{Commit, GOOD, Habit, Told},
};

providers! {
    "passes-a-virus-over-at-submission", ALFA, [INFECTED_SUBMISSION],
        "The scanner's findings are passed over, and an infected submission is accepted and sent on.",
        ["2.2.1-04", "2.2.4-01", "2.2.4-02", "3.1.3-01", "3.1.3-02", "5.4-01", "DM.11-01", "DPR.12-01"],
        Habit { asks: Some(|_, effect| finds(effect, Finding::Clean)), ..GOOD };
    "passes-a-virus-over-at-reception", BETA, [INFECTED_ENVELOPE],
        "The scanner's findings are passed over, and an infected envelope is delivered.",
        [
            "2.2.2-19", "2.2.2-22", "2.2.4-01", "2.2.4-02", "3.2.3-01", "3.2.3-02", "3.2.3-03", "5.4-01", "DM.11-01",
            "DPR.12-02",
        ],
        Habit { asks: Some(|_, effect| finds(effect, Finding::Clean)), ..GOOD };
    "passes-a-virus-over-in-ordinary-mail", BETA, [ORDINARY_VIRUS],
        "Ordinary mail is not scanned, and an infected message is delivered.",
        ["2.2.2-20", "5.4-01"],
        Habit { asks: Some(|_, effect| finds(effect, Finding::Clean)), ..GOOD };
    "calls-a-submission-infected", ALFA, [CROSS],
        "The scanner calls everything infected, and a correct submission is refused.",
        ["2.2.1-02"],
        Habit { asks: Some(|_, effect| finds(effect, Finding::Hostile { name: "EICAR".to_owned() })), ..GOOD };
    "never-keeps-infected-submission", ALFA, [INFECTED_SUBMISSION],
        "An infected submission is refused and thrown away.",
        ["2.2.1-04", "2.2.4-01", "2.2.4-02", "DM.11-01", "DPR.12-01"],
        commits!(|_, commit| commit.retain(|_, told| !matches!(told, Told::Retained { .. })));
    "keeps-infected-submission-disinfected", ALFA, [INFECTED_SUBMISSION],
        "An infected submission is disinfected before it is put aside.",
        ["2.2.1-04", "2.2.4-01", "2.2.4-02", "DM.11-01", "DPR.12-01"],
        commits!(|_, commit| disinfects(commit));
    "never-keeps-infected-envelope", BETA, [INFECTED_ENVELOPE],
        "An infected envelope is thrown away.",
        ["2.2.2-19", "2.2.4-01", "2.2.4-02", "DM.11-01", "DPR.12-02"],
        commits!(|_, commit| commit.retain(|_, told| !matches!(told, Told::Retained { .. })));
    "never-tells-of-infected-submission", ALFA, [INFECTED_SUBMISSION],
        "An infected submission is refused, and the notice lies in no mailbox.",
        ["2.2.1-04", "3.1.3-02", "DPR.12-01"],
        commits!(|_, commit| commit.unstore(Kind::NonAcceptance));
    "prefixes-virus-refusal-as-formal", ALFA, [INFECTED_SUBMISSION],
        "The non-acceptance notice for a virus has the subject of a formal one.",
        ["3.1.3-05"],
        makes!(Kind::NonAcceptance, |message| prefix_subject(message, "AVVISO DI NON ACCETTAZIONE: "));
    "never-sends-detection", BETA, [INFECTED_ENVELOPE],
        "A virus is found, and the sending provider is not told.",
        ["2.2.2-19", "2.2.2-22", "3.2.3-02", "3.2.3-03", "DPR.12-02"],
        sends!(|_, mail| without(mail, Kind::VirusDetection));
    "sends-detection-for-one-of-two", BETA, [INFECTED_ENVELOPE],
        "A virus was for two recipients, and the sending provider is told of one.",
        ["3.2.3-03"],
        sends!(|_, mail| without_one(mail, Kind::VirusDetection, "bianca@beta.test"));
    "sends-detection-twice", BETA, [INFECTED_ENVELOPE],
        "The sending provider is told twice of a virus for one recipient.",
        ["2.3-08", "3.2.3-03"],
        sends!(|desk, mail| {
            if desk.first("detection") { twice(desk, mail, Kind::VirusDetection) } else { vec![mail] }
        });
    "sends-detection-to-user", BETA, [INFECTED_ENVELOPE],
        "The virus-detection notices are sent to the user.",
        ["3.2.3-04"],
        sends!(|desk, mail| readdressed(desk, mail, Kind::VirusDetection, "carla@gamma.test"));
    "explains-nothing-in-detection", BETA, [INFECTED_ENVELOPE],
        "The virus-detection notices do not say why.",
        ["3.2.3-12"],
        makes!(Kind::VirusDetection, |message| bend_xml(message, |xml| xml.remove("errore-esteso")));
    "never-tells-its-user-of-a-virus", ALFA, [VIRUS_FOUND],
        "A virus was found elsewhere, and the sender is not told.",
        ["2.2.2-24", "3.2.4-01", "DPR.8-01"],
        commits!(|_, commit| commit.unstore(Kind::NonDelivery));
    "tells-its-user-of-a-formal-error", ALFA, [VIRUS_FOUND],
        "The non-delivery notice for a virus certifies another error.",
        ["3.2.4-11"],
        makes!(Kind::NonDelivery, |message| bend_xml(message, |xml| xml.set_attribute("postacert", "errore", "altro")));
}

/// Says of whatever is to be scanned what the habit finds.
fn finds(effect: &Effect, finding: Finding) -> Option<Input> {
    match effect {
        Effect::Scan { ticket, .. } => Some(Input::Scanned { ticket: *ticket, finding }),
        _ => None,
    }
}

/// Puts something else aside than what was found.
fn disinfects(commit: &mut Commit<'_>) {
    let clean = commit.keep(b"Subject: rimosso\r\n\r\nrimosso\r\n".to_vec());
    for told in &mut commit.told {
        if let Told::Retained { body } = told {
            *body = clean;
        }
    }
}
