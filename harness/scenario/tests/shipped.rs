//! Claims about the files in `scenarios/`.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use collaudo_scenario::{Plan, PlayerPlan, Scenario, Vocabulary, discover};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios")
}

/// Ids of the catalogue, and of these the MUST and SHOULD rows.
fn catalogue() -> (Vec<String>, Vec<String>) {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec/requirements.toml")).unwrap();
    let table: toml::Table = text.parse().unwrap();
    let rows = table["requirement"].as_array().unwrap();
    let id = |row: &toml::Value| row["id"].as_str().unwrap().to_owned();
    let binding = rows.iter().filter(|row| row["level"].as_str() != Some("MAY"));
    (rows.iter().map(id).collect(), binding.map(id).collect())
}

static SHIPPED: LazyLock<Vec<Scenario>> = LazyLock::new(read_all);

fn shipped() -> &'static [Scenario] {
    &SHIPPED
}

fn read_all() -> Vec<Scenario> {
    let (catalogued, checked) = catalogue();
    let catalogued: Vec<&str> = catalogued.iter().map(String::as_str).collect();
    let checked: Vec<&str> = checked.iter().map(String::as_str).collect();
    let vocabulary = Vocabulary { catalogued: &catalogued, checked: &checked };
    let files = discover(&root()).unwrap();
    let read = |path: &PathBuf| Scenario::read(path, &vocabulary).unwrap_or_else(|why| panic!("{why}"));
    files.iter().flat_map(read).collect()
}

fn plan(id: &str) -> Plan {
    shipped().iter().find(|scenario| scenario.id() == id).unwrap_or_else(|| panic!("no {id}")).plan(7)
}

fn text(plan: &Plan) -> String {
    String::from_utf8_lossy(&plan.steps[0].submit.message).into_owned()
}

#[test]
fn every_shipped_file_is_read() {
    assert!(shipped().iter().filter(|scenario| !scenario.id().ends_with("~swapped")).count() >= 105);
}

#[test]
fn the_scenarios_that_others_name_are_there() {
    let ids: BTreeSet<String> = shipped().iter().map(|scenario| scenario.id().to_owned()).collect();
    let named = [
        "flows/cross-provider",
        "flows/cross-provider~swapped",
        "flows/same-provider",
        "flows/three-recipients",
        "flows/crash-before-reply",
        "access-point/bcc-field",
        "access-point/hidden-recipient",
        "access-point/empty-bcc",
        "access-point/reverse-path-unlike-from",
        "access-point/no-to",
        "delivery-point/mailbox-full",
        "delivery-point/unknown-mailbox",
        "delivery-point/receipt-complete",
        "delivery-point/receipt-brief",
        "delivery-point/receipt-concise",
        "timeouts/destination-down-26h",
        "timeouts/back-after-1h",
        "timeouts/back-after-13h",
        "timeouts/takes-charge-never-delivers",
    ];
    for id in named {
        assert!(ids.contains(id), "{id}");
    }
}

#[test]
fn no_scenario_covers_only_what_another_covers_without_a_fault_of_its_own() {
    let all: Vec<&Scenario> = shipped().iter().filter(|scenario| !scenario.id().ends_with("~swapped")).collect();
    for one in &all {
        let others = all.iter().filter(|other| other.id() != one.id());
        let elsewhere: BTreeSet<&String> = others.flat_map(|other| &other.brief().covers).collect();
        let alone = one.brief().covers.iter().any(|clause| !elsewhere.contains(clause));
        let plan = one.plan(0);
        // The clause on Bcc has two sides, and the second scenario shows that an empty field is no offence.
        let stirs = !plan.faults.is_empty() || one.id() == "access-point/empty-bcc";
        assert!(alone || stirs, "{} adds nothing", one.id());
    }
}

#[test]
fn every_shipped_topology_is_used() {
    let text = fs::read_to_string(root().join("topologies/twenty-providers.toml")).unwrap();
    assert_eq!(text.matches("[[provider]]").count(), 20);
    let tests = fs::read_dir(root().join("../tests")).unwrap();
    let tests: String = tests.filter_map(|entry| fs::read_to_string(entry.unwrap().path()).ok()).collect();
    let used: BTreeSet<String> = discover(&root())
        .unwrap()
        .iter()
        .map(|path| {
            fs::read_to_string(path).unwrap().parse::<toml::Table>().unwrap()["topology"].as_str().unwrap().into()
        })
        .collect();
    for entry in fs::read_dir(root().join("topologies")).unwrap() {
        let stem = entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned();
        assert!(used.contains(&stem) || tests.contains(&stem), "{stem}");
    }
}

#[test]
fn every_message_has_crlf_alone_and_ends_with_it() {
    for scenario in shipped() {
        // A scenario may be about just this.
        let bare = scenario.id().contains("bare-");
        for step in scenario.plan(1).steps.iter().filter(|_| !bare) {
            let message = &step.submit.message;
            let feeds = message.iter().filter(|octet| **octet == b'\n').count();
            let pairs = message.windows(2).filter(|pair| pair == b"\r\n").count();
            assert_eq!((feeds, message.ends_with(b"\r\n")), (pairs, true), "{}", scenario.id());
        }
    }
}

#[test]
fn a_plan_is_a_function_of_scenario_and_seed() {
    let (once, again) = (shipped(), read_all());
    for (a, b) in once.iter().zip(&again) {
        assert_eq!(a.plan(0x5eed), b.plan(0x5eed), "{}", a.id());
    }
    let brief = once.iter().find(|scenario| scenario.id() == "delivery-point/receipt-brief").unwrap();
    assert_ne!(brief.plan(1).steps[0].submit.message, brief.plan(2).steps[0].submit.message);
}

#[test]
fn traces_name_files_the_same_on_every_machine() {
    let plan = plan("flows/cross-provider");
    let json = format!("{:?}", plan.brief.expect);
    assert!(json.contains("file: \"scenarios/flows/cross-provider.toml\", line: 9"), "{json}");
}

#[test]
fn a_submission_is_written_as_a_client_would() {
    let plan = plan("flows/cross-provider");
    let expected = "Date: Mon, 2 Mar 2026 09:00:00 +0100\r\n\
        From: anna@alfa.test\r\n\
        To: bruno@beta.test\r\n\
        Subject: Contratto di locazione\r\n\
        Message-ID: <m1.7@client.alfa.test>\r\n\
        MIME-Version: 1.0\r\n\
        Content-Type: text/plain; charset=us-ascii\r\n\
        Content-Transfer-Encoding: 7bit\r\n\
        \r\n\
        Testo del messaggio m1.\r\n";
    assert_eq!(text(&plan), expected);
    let submit = &plan.steps[0].submit;
    assert_eq!((submit.account.as_str(), submit.reverse_path.as_str()), ("anna@alfa.test", "anna@alfa.test"));
    assert_eq!(submit.forward_paths, ["bruno@beta.test"]);
}

#[test]
fn an_attachment_stands_in_a_part_of_its_own() {
    let text = text(&plan("delivery-point/receipt-brief"));
    assert!(text.contains("X-TipoRicevuta: breve\r\nMIME-Version: 1.0\r\n"), "{text}");
    assert!(text.contains("Content-Type: multipart/mixed; boundary=\"=_collaudo-m1\"\r\n\r\n--=_collaudo-m1\r\n"));
    let csv = "--=_collaudo-m1\r\n\
        Content-Type: text/csv; charset=us-ascii;\r\n name=\"elenco.csv\"\r\n\
        Content-Disposition: attachment;\r\n filename=\"elenco.csv\"\r\n\
        Content-Transfer-Encoding: 7bit\r\n\
        \r\n\
        numero,importo\r\n7,1250\r\n\
        \r\n\
        --=_collaudo-m1--\r\n";
    assert!(text.ends_with(csv), "{text}");
}

#[test]
fn swapping_exchanges_people_hosts_and_mailboxes() {
    let plan = plan("flows/cross-provider~swapped");
    let submit = &plan.steps[0].submit;
    assert_eq!((submit.provider.as_str(), submit.account.as_str()), ("beta", "bruno@beta.test"));
    assert_eq!(submit.forward_paths, ["anna@alfa.test"]);
    assert!(text(&plan).contains("Message-ID: <m1.7@client.beta.test>\r\n"));
    let expect = format!("{:?}", plan.brief.expect);
    assert!(expect.contains("at: \"servizio@beta.test\", gets: \"presa-in-carico\""), "{expect}");
    assert!(expect.contains("at: \"anna@alfa.test\", gets: \"posta-certificata\""), "{expect}");
    assert!(plan.providers.iter().all(|provider| provider.player == PlayerPlan::Subject));
}

#[test]
fn own_fields_replace_and_repeat_those_of_the_writer() {
    assert!(!text(&plan("access-point/no-from")).contains("From:"));
    assert!(!text(&plan("access-point/no-to")).contains("\r\nTo:"));
    assert!(text(&plan("access-point/empty-bcc")).contains("\r\nBcc:\r\n"));
    let two = text(&plan("access-point/two-from-fields"));
    assert!(two.contains("From: anna@alfa.test\r\nFrom: aldo@alfa.test\r\n"), "{two}");
    assert!(!text(&plan("flows/no-message-id")).contains("Message-ID"));
}

#[test]
fn a_message_too_large_exceeds_the_limit_however_a_megabyte_is_counted() {
    let plan = plan("access-point/too-large");
    let submit = &plan.steps[0].submit;
    assert!(submit.message.len() * submit.forward_paths.len() > 30 << 20);
    assert!(submit.message.len() < 1_000_000);
}

#[test]
fn an_eight_bit_file_keeps_its_octets() {
    let plan = plan("flows/eight-bit");
    let file = fs::read_to_string(root().join("flows/eight-bit.eml")).unwrap();
    assert_eq!(text(&plan), file.replace('\n', "\r\n"));
    assert!(!file.is_ascii());
}
