//! Goal: a provider that no topology knows takes a part, and whatever a scenario says of its people means the guest's.

use std::{collections::BTreeMap, path::Path};

use collaudo_record::{Expectation, Ordinary};
use collaudo_scenario::{Guest, Moved, Scenario, UserPlan, Vocabulary};

#[test]
fn whatever_names_people_of_the_place_means_the_guests_people() {
    let scenario = seated("access-point/accented-name", "alfa").expect("it reads").expect("it is there");
    let plan = scenario.plan(7);
    let submit = &plan.steps.first().expect("a step").submit;
    assert_eq!((submit.provider.as_str(), submit.account.as_str()), ("alfa", "uno@esempio.it"));
    assert_eq!(
        (submit.password.as_str(), submit.forward_paths.as_slice()),
        ("segreta", &["bruno@beta.test".to_owned()][..])
    );
    let text = String::from_utf8_lossy(&submit.message);
    assert!(text.contains("<uno@esempio.it>") && !text.contains("alfa.test"), "{text}");
    let provider = plan.providers.first().expect("a provider");
    let own = (provider.domain.as_str(), provider.service_mailbox.as_str(), provider.max_recipients);
    assert_eq!(own, ("esempio.it", "ricevute@esempio.it", 250));
    let at = plan.brief.expect.iter().filter_map(|one| match one {
        Expectation::Arrives { at, .. } => Some(at.as_str()),
        _ => None,
    });
    assert!(at.into_iter().all(|at| at == "uno@esempio.it"));
}

#[test]
fn a_guest_may_have_the_part_of_the_recipient_and_parts_may_be_exchanged() {
    let received = seated("flows/cross-provider", "beta").expect("it reads").expect("it is there").plan(7);
    assert_eq!(received.steps[0].submit.forward_paths, ["uno@esempio.it"]);
    let swapped = seated("flows/cross-provider~swapped", "alfa").expect("it reads").expect("it is there").plan(7);
    let submit = &swapped.steps[0].submit;
    assert_eq!(
        (submit.provider.as_str(), submit.forward_paths.as_slice()),
        ("beta", &["uno@esempio.it".to_owned()][..])
    );
}

#[test]
fn a_guest_keeps_its_limits_and_its_people_whatever_a_scenario_gives_the_place() {
    let plan = seated("delivery-point/receipt-brief-inline", "beta").expect("it reads").expect("it is there").plan(7);
    let there = plan.providers.iter().find(|one| one.name == "beta").expect("the guest");
    assert_eq!((there.max_octets, there.max_recipients), (30_000_000, 250));
    assert_eq!((there.users[0].quota_octets, &there.users[0].ordinary), (None, &Ordinary::Refuse));
    let plan = seated("delivery-point/mailbox-full", "beta").expect("it reads").expect("it is there").plan(7);
    let there = plan.providers.iter().find(|one| one.name == "beta").expect("the guest");
    assert_eq!(there.users[0].quota_octets, None);
}

#[test]
fn the_others_may_stand_under_other_domains_and_whatever_names_them_means_these() {
    let moved = |provider: &str| Moved {
        provider: provider.into(),
        display_name: format!("{provider} due"),
        domain: format!("{provider}-2.test"),
    };
    let guest = Guest { moved: vec![moved("alfa"), moved("beta")], ..guest("alfa") };
    let plan = read("flows/forwarded-nested", &guest).expect("it reads").expect("it is there").plan(7);
    let submit = &plan.steps.first().expect("a step").submit;
    assert_eq!(
        (submit.account.as_str(), submit.forward_paths.as_slice()),
        ("uno@esempio.it", &["bruno@beta-2.test".to_owned()][..])
    );
    let text = String::from_utf8_lossy(&submit.message);
    assert!(text.contains("bruno@beta-2.test") && !text.contains("@beta.test"), "{text}");
    let beta = plan.providers.iter().find(|one| one.name == "beta").expect("it is there");
    assert_eq!((beta.display_name.as_str(), beta.domain.as_str()), ("beta due", "beta-2.test"));
    assert_eq!(
        (beta.service_mailbox.as_str(), beta.users[0].address.as_str()),
        ("servizio@beta-2.test", "bruno@beta-2.test")
    );
    let swapped = read("flows/cross-provider~swapped", &guest).expect("it reads").expect("it is there").plan(7);
    assert_eq!(swapped.steps[0].submit.account, "bruno@beta-2.test");
}

#[test]
fn somebody_for_whom_the_guest_has_nobody_is_unknown() {
    let error = seated("flows/cross-provider", "gamma-is-not-there").map(|read| read.is_some());
    assert_eq!(error.ok(), Some(true), "a place that is not there is nobody's");
    let nobody = Guest { users: BTreeMap::new(), ..guest("alfa") };
    let error = read("flows/cross-provider", &nobody).expect_err("anna has nobody");
    assert!(error.to_string().contains("\"anna\""), "{error}");
}

fn seated(id: &str, place: &str) -> Result<Option<Scenario>, collaudo_scenario::Error> {
    read(id, &guest(place))
}

fn read(id: &str, guest: &Guest) -> Result<Option<Scenario>, collaudo_scenario::Error> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let catalogued: Vec<String> = covered(&folder);
    let catalogued: Vec<&str> = catalogued.iter().map(String::as_str).collect();
    let vocabulary = Vocabulary { catalogued: &catalogued, checked: &catalogued };
    Scenario::read_with(&folder.join(format!("{}.toml", id.trim_end_matches("~swapped"))), &vocabulary, id, guest)
}

/// The rows of the catalogue, as its own file has them.
fn covered(folder: &Path) -> Vec<String> {
    let catalogue = std::fs::read_to_string(folder.join("../harness/spec/requirements.toml")).expect("the catalogue");
    let ids = catalogue.lines().filter_map(|line| line.strip_prefix("id = \"")?.strip_suffix('"'));
    ids.map(str::to_owned).collect()
}

fn guest(place: &str) -> Guest {
    let user = |name: &str| UserPlan {
        address: format!("{name}@esempio.it"),
        password: "segreta".into(),
        quota_octets: None,
        ordinary: Ordinary::Refuse,
    };
    let users = [("anna@alfa.test", "uno"), ("bruno@beta.test", "uno")];
    Guest {
        provider: place.into(),
        display_name: "Esempio".into(),
        domain: "esempio.it".into(),
        service_mailbox: "ricevute@esempio.it".into(),
        users: users.into_iter().map(|(part, name)| (part.to_owned(), user(name))).collect(),
        max_octets: 30_000_000,
        max_recipients: 250,
        moved: Vec::new(),
    }
}
