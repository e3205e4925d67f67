//! Claims about what a person reads who has made a mistake: each kind once, with its exact text.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use collaudo_record::Expectation;
use collaudo_scenario::{CrashPoint, FaultKind, PeerBehaviour, Plan, PlayerPlan, Scenario, Vocabulary, discover};

const CATALOGUED: [&str; 4] = ["PEC-3.1.1-05", "PEC-3.1.1-06", "PEC-3.2.1-01", "PEC-5.1-01"];
const CHECKED: [&str; 3] = ["PEC-3.1.1-05", "PEC-3.1.1-06", "PEC-3.2.1-01"];
const VOCABULARY: Vocabulary<'static> = Vocabulary { catalogued: &CATALOGUED, checked: &CHECKED };

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios")
}

/// A good scenario, one statement a line.
const GOOD: &str = r#"title = "Titolo"
why = "Motivo"
topology = "two-providers"
covers = ["PEC-3.1.1-06"]
step = [{ at = "0s", submit = { id = "m1", from = "anna", to = ["bruno"] } }]
expect = [{ at = "anna", gets = "accettazione", of = "m1" }]
"#;

fn read(text: &str) -> Result<Vec<Scenario>, String> {
    let root = root();
    // The name that a person gave; the folder is what message files are looked for in.
    Scenario::parse(text, &root.join("flows/x.toml"), &root, &VOCABULARY).map_err(|why| {
        let file = root.join("flows/x.toml").to_string_lossy().replace('\\', "/");
        why.to_string().replace(&file, "scenarios/flows/x.toml")
    })
}

/// What is said of the good scenario with one line put in the place of another.
fn told(line: &str, instead: &str) -> String {
    assert!(GOOD.contains(line), "{line}");
    told_of(&GOOD.replace(line, instead))
}

/// What is said of the good scenario with one more line, its seventh.
fn told_more(line: &str) -> String {
    told_of(&format!("{GOOD}{line}\n"))
}

fn told_of(text: &str) -> String {
    read(text).err().unwrap_or_else(|| panic!("read without an error:\n{text}"))
}

fn plan(text: &str) -> Plan {
    read(text).unwrap_or_else(|why| panic!("{why}"))[0].plan(1)
}

fn more(line: &str) -> Plan {
    plan(&format!("{GOOD}{line}\n"))
}

#[test]
fn the_good_scenario_is_good() {
    assert_eq!(read(GOOD).unwrap().len(), 1);
}

#[test]
fn an_unknown_clause_has_a_nearest_one() {
    let told = told("covers = [\"PEC-3.1.1-06\"]", "covers = [\n  \"PEC-3.2.1-01\",\n  \"PEC-3.1.1-6\",\n]");
    assert_eq!(told, "scenarios/flows/x.toml:6: unknown clause \"PEC-3.1.1-6\"; nearest is \"PEC-3.1.1-06\"");
}

#[test]
fn a_star_stands_for_checked_clauses_in_the_order_of_the_catalogue() {
    let covers = |words: &str| plan(&GOOD.replace("[\"PEC-3.1.1-06\"]", words)).brief.covers;
    assert_eq!(covers(r#"["PEC-3.1.1-*"]"#), ["PEC-3.1.1-05", "PEC-3.1.1-06"]);
    assert_eq!(covers(r#"["PEC-3.1.1-06", "PEC-3.1.1-*"]"#), ["PEC-3.1.1-06", "PEC-3.1.1-05"]);
    assert_eq!(covers(r#"["PEC-5.1-01"]"#), ["PEC-5.1-01"]);
}

#[test]
fn a_star_that_stands_for_nothing_is_told() {
    assert_eq!(
        told("PEC-3.1.1-06", "PEC-5.1-*"),
        "scenarios/flows/x.toml:4: bad clause \"PEC-5.1-*\"; expected a prefix of clauses of which at least one is checked"
    );
    assert_eq!(
        told("PEC-3.1.1-06", "PEC-3.1.1-5*"),
        "scenarios/flows/x.toml:4: unknown clause \"PEC-3.1.1-5*\"; nearest is \"PEC-3.1.1-05\""
    );
}

#[test]
fn unknown_names_have_a_nearest_one() {
    let cases = [
        (told("why =", "whi ="), "2: unknown key \"whi\"; nearest is \"why\""),
        (told("two-providers", "two-provider"), "3: unknown topology \"two-provider\"; nearest is \"two-providers\""),
        (told("\"bruno\"", "\"brunno\""), "5: unknown user \"brunno\"; nearest is \"bruno\""),
        (told("from =", "form ="), "5: unknown key \"form\"; nearest is \"from\""),
        (told("\"accettazione\"", "\"acettazione\""), "6: unknown kind \"acettazione\"; nearest is \"accettazione\""),
        (
            told("at = \"anna\"", "at = \"alfa.servce\""),
            "6: unknown mailbox \"alfa.servce\"; nearest is \"alfa.service\"",
        ),
        (told("of = \"m1\"", "of = \"m2\""), "6: unknown step \"m2\"; nearest is \"m1\""),
        (told_more("worlds = [\"sin\"]"), "7: unknown world \"sin\"; nearest is \"sim\""),
        (told_more("worlds = [\"moon\"]"), "7: unknown world \"moon\"; expected \"sim\", \"explore\" or \"live\""),
        (
            told_more("fault = [{ at = \"0s\", crash = \"betta\" }]"),
            "7: unknown provider \"betta\"; nearest is \"beta\"",
        ),
        (told_more("mailbox = { brun = { quota = \"0 B\" } }"), "7: unknown user \"brun\"; nearest is \"bruno\""),
        (told_more("provider = { beta = { play = \"pear\" } }"), "7: unknown player \"pear\"; nearest is \"peer\""),
    ];
    for (told, expected) in cases {
        assert_eq!(told, format!("scenarios/flows/x.toml:{expected}"));
    }
}

#[test]
fn durations_sizes_and_instants_are_told_with_what_was_expected() {
    let duration =
        "expected hours, minutes, seconds and milliseconds such as \"12h30m\", \"90s\" or \"250ms\", up to 10000 hours";
    let size = "expected a number with B, kB, MB, KiB or MiB, such as \"30 MB\" or \"0 B\"";
    let cases = [
        (told("\"0s\"", "\"now\""), format!("5: bad duration \"now\"; {duration}")),
        (told_more("until = \"1 day\""), format!("7: bad duration \"1 day\"; {duration}")),
        (told_more("mailbox = { bruno = { quota = \"30\" } }"), format!("7: bad size \"30\"; {size}")),
        (
            told_more("latency = [\"10ms\", \"1ms\"]"),
            "7: bad pair of durations \"10ms, 1ms\"; expected two durations, the shorter first".to_owned(),
        ),
        (
            told_more("epoch = 2026-03-02T09:00:00"),
            "7: bad epoch \"2026-03-02T09:00:00\"; expected a date and time of this century with its offset, such as \
             \"2026-03-02T09:00:00+01:00\""
                .to_owned(),
        ),
    ];
    for (told, expected) in cases {
        assert_eq!(told, format!("scenarios/flows/x.toml:{expected}"));
    }
}

#[test]
fn types_and_missing_keys_are_told() {
    let cases = [
        (told_more("swap = \"yes\""), "7: \"swap\" is a string; expected true or false"),
        (told("title = \"Titolo\"", "title = 7"), "1: \"title\" is a whole number; expected a string"),
        (told("title = \"Titolo\"", "title = \" \""), "1: bad title \" \"; expected one line of text"),
        (told("title = \"Titolo\"", ""), "1: no \"title\" in this scenario; expected one line of text"),
        (told("to = [\"bruno\"]", ""), "5: no \"to\" in this submission; expected an array of users or addresses"),
        (
            told("to = [\"bruno\"]", "to = []"),
            "5: bad submission \"m1\"; expected at least one recipient in to, cc or rcpt",
        ),
        (told("[\"bruno\"]", "\"bruno\""), "5: \"to\" is a string; expected an array of users or addresses"),
        (
            told("\"bruno\"", "\"bruno@\""),
            "5: bad address \"bruno@\"; expected local@domain in ASCII, or a user's name",
        ),
        (told_more("worlds = []"), "7: bad worlds \"[]\"; expected at least one of \"sim\", \"explore\" and \"live\""),
    ];
    for (told, expected) in cases {
        assert_eq!(told, format!("scenarios/flows/x.toml:{expected}"));
    }
}

#[test]
fn faults_are_told() {
    let cases = [
        (
            "{ at = \"0s\", partition = [\"alfa\", \"alfa\"] }",
            "the provider \"alfa\" stands here for the second time; expected another name",
        ),
        ("{ at = \"0s\", hold = [\"alfa\"] }", "\"hold\" is an array; expected two providers"),
        (
            "{ at = \"0s\" }",
            "no \"partition\" in this fault; expected one of \"partition\", \"hold\", \"slow\", \"crash\", \"clock\", \
             \"disk_full\", \"scanner_down\", \"index\", \"crl\", \"revoke\" and \"unlist\"",
        ),
        (
            "{ at = \"0s\", crash = \"alfa\", hold = [\"alfa\", \"beta\"] }",
            "\"hold\" stands beside \"crash\"; expected one of the two",
        ),
        (
            "{ at = \"0s\", hold = [\"alfa\", \"beta\"], after_commit = 1 }",
            "\"after_commit\" stands without \"crash\"; expected both",
        ),
        (
            "{ at = \"0s\", crash = \"alfa\", after_commit = 0 }",
            "bad number of a commit \"0\"; expected a whole number from 1 to 1000000",
        ),
        ("{ at = \"10m\", crash = \"alfa\" }", "bad at \"10m\"; expected less than 10m, when the run ends"),
    ];
    for (fault, expected) in cases {
        assert_eq!(told_more(&format!("fault = [{fault}]")), format!("scenarios/flows/x.toml:7: {expected}"));
    }
}

#[test]
fn expectations_are_told() {
    let cases = [
        (
            "{ at = \"anna\", gets = \"accettazione\", of = \"m1\", between = [\"1h\", \"2h\"] }",
            "bad window \"2h\"; expected no more than 10m, for then the run ends",
        ),
        (
            "{ at = \"anna\", gets = \"accettazione\", between = [\"1s\", \"2s\"] }",
            "\"between\" stands without \"of\"; expected both",
        ),
        (
            "{ at = \"anna\", gets = \"accettazione\", form = \"breve\" }",
            "bad form of \"accettazione\"; expected none, for only \"avvenuta-consegna\" has a form",
        ),
        (
            "{ at = \"anna\", gets = \"accettazione\", of = \"m1\", between = [\"1s\", \"2s\"], reading = \"R-3\" }",
            "bad reading \"R-3\"; expected a number such as \"R-0003\"",
        ),
        ("{ step = \"m1\", refused = 250 }", "bad reply code \"250\"; expected a whole number from 400 to 599"),
        (
            "{ at = \"carlo@alfa.test\", gets = \"accettazione\" }",
            "unknown mailbox \"carlo@alfa.test\"; nearest is \"aldo@alfa.test\"",
        ),
    ];
    for (expect, expected) in cases {
        let line = "{ at = \"anna\", gets = \"accettazione\", of = \"m1\" }";
        assert_eq!(told(line, expect), format!("scenarios/flows/x.toml:6: {expected}"));
    }
}

#[test]
fn messages_are_told() {
    let submit = |more: &str| told("to = [\"bruno\"]", &format!("to = [\"bruno\"], {more}"));
    let cases = [
        (submit("file = \"eigth-bit.eml\""), "unknown message file \"eigth-bit.eml\"; nearest is \"eight-bit.eml\""),
        (
            submit("file = \"eight-bit.eml\", subject = \"x\""),
            "\"file\" stands beside \"subject\"; expected one of the two",
        ),
        (submit("subject = \"a\\nb\""), "bad subject \"a\\nb\"; expected text without control characters"),
        (submit("headers = { \"Re:\" = \"x\" }"), "bad field name \"Re:\"; expected printable ASCII without a colon"),
        (
            submit("headers = { content-type = \"x\" }"),
            "bad field \"content-type\"; expected a field that the writer does not set itself; use file",
        ),
        (
            submit("headers = { X = \"a\\r\\nBcc: b\" }"),
            "bad field value \"a\\r\\nBcc: b\"; expected text without control characters",
        ),
        (submit("message_id = true"), "\"message_id\" is true; expected false or a string"),
        (submit("receipt = \"brief\""), "unknown receipt \"brief\"; expected \"completa\", \"breve\" or \"sintetica\""),
        (
            submit("attach = [{ name = \"a\" }]"),
            "no \"size\" in this attachment; expected one of \"text\", \"base64\", \"size\" and \"virus\"",
        ),
        (
            submit("attach = [{ name = \"a\", text = \"b\", size = \"1 B\" }]"),
            "\"text\" stands beside \"size\"; expected one of the two",
        ),
        (
            submit("attach = [{ name = \"a\", size = \"1000 MB\" }]"),
            "bad size \"1000000000\"; expected at most 100000000 octets",
        ),
        (
            submit("attach = [{ name = \"a\", type = \"message/rfc822\", size = \"1 B\" }]"),
            "bad type \"message/rfc822\"; expected a simple type, or message/rfc822 with \"text\" in ASCII",
        ),
    ];
    for (told, expected) in cases {
        assert_eq!(told, format!("scenarios/flows/x.toml:5: {expected}"));
    }
}

#[test]
fn two_steps_of_one_name_are_told() {
    let step = "[{ at = \"0s\", submit = { id = \"m1\", from = \"anna\", to = [\"bruno\"] } }]";
    let twice =
        step.replace("}]", "},\n  { at = \"1s\", submit = { id = \"m1\", from = \"anna\", to = [\"bruno\"] } }]");
    assert_eq!(
        told(step, &twice),
        "scenarios/flows/x.toml:6: the step \"m1\" stands here for the second time; expected another name"
    );
}

#[test]
fn a_file_cannot_be_swapped() {
    let text = GOOD.replace("to = [\"bruno\"]", "to = [\"bruno\"], file = \"eight-bit.eml\"") + "swap = true\n";
    assert_eq!(told_of(&text), "scenarios/flows/x.toml:5: \"file\" stands beside \"swap\"; expected one of the two");
}

#[test]
fn syntax_is_told_with_its_line() {
    let told = told("why = \"Motivo\"", "why = Motivo");
    assert!(told.starts_with("scenarios/flows/x.toml:2: not TOML: "), "{told}");
    let twice = told_more("why = \"Altro\"");
    assert_eq!(twice, "scenarios/flows/x.toml:7: not TOML: duplicate key");
}

#[test]
fn a_mistake_in_a_topology_is_told_where_it_stands() {
    let folder = Folder::new();
    folder.write("topologies/one.toml", "title = \"Uno\"\n[[provider]]\nname = \"Alfa\"\ndomain = \"alfa.test\"\n");
    folder.write("x.toml", &GOOD.replace("two-providers", "one"));
    let told = folder.told("x.toml");
    let expected =
        "/topologies/one.toml:3: bad name \"Alfa\"; expected lower-case letters, digits and hyphens, a letter first";
    assert!(told.ends_with(expected), "{told}");
}

#[test]
fn a_file_that_is_not_there_or_not_text_is_told() {
    let folder = Folder::new();
    fs::create_dir_all(folder.0.join("topologies")).unwrap();
    assert!(folder.told("absent.toml").contains("absent.toml: cannot be read: "));
    fs::write(folder.0.join("latin.toml"), b"title = \"x\"\nwhy = \"perch\xe9\"\n").unwrap();
    assert!(folder.told("latin.toml").ends_with("/latin.toml:2: cannot be read: not UTF-8"));
}

#[test]
fn a_scenario_outside_the_house_is_told_so() {
    let folder = Folder::new();
    folder.write("x.toml", GOOD);
    assert!(folder.told("x.toml").ends_with("/x.toml: no folder \"topologies\" stands beside it or above it"));
}

#[test]
fn discovery_takes_every_file_but_topologies() {
    let found = discover(&root()).unwrap();
    let mut sorted = found.clone();
    sorted.sort();
    assert_eq!(found, sorted);
    assert!(found.iter().any(|path| path.ends_with("flows/cross-provider.toml")));
    assert!(found.iter().all(|path| !path.to_string_lossy().contains("topologies")));
    let told = discover(Path::new("no-such-folder")).unwrap_err().to_string();
    assert!(told.starts_with("no-such-folder: cannot be read: "), "{told}");
}

#[test]
fn overrides_change_what_the_topology_says() {
    let plan = more(
        "mailbox = { bruno = { quota = \"2 KiB\" } }\n\
         provider = { beta = { play = \"peer\", behaviour = \"silent\", limit = \"40 MB\" } }",
    );
    let [alfa, beta] = plan.providers.as_slice() else { panic!("{:?}", plan.providers) };
    assert_eq!((alfa.player, alfa.max_octets), (PlayerPlan::Subject, 30_000_000));
    assert_eq!((beta.player, beta.max_octets), (PlayerPlan::Peer(PeerBehaviour::Silent), 40_000_000));
    assert_eq!(beta.users[0].quota_octets, Some(2_048));
}

#[test]
fn swapping_exchanges_faults_and_overrides_too() {
    let text = format!(
        "{GOOD}swap = true\nmailbox = {{ bianca = {{ quota = \"0 B\" }} }}\n\
         provider = {{ beta = {{ limit = \"1 MB\" }} }}\n\
         fault = [{{ at = \"1s\", for = \"2s\", crash = \"beta\", after_commit = 1 }}]\n"
    );
    let both = read(&text).unwrap();
    assert_eq!(both.iter().map(Scenario::id).collect::<Vec<_>>(), ["flows/x", "flows/x~swapped"]);
    let plan = both[1].plan(1);
    assert_eq!(plan.faults[0].kind, FaultKind::Crash { host: "alfa".into(), point: CrashPoint::AfterCommit(1) });
    assert_eq!(plan.providers[0].max_octets, 1_000_000);
    assert_eq!((plan.providers[0].users[1].quota_octets, plan.providers[1].users[1].quota_octets), (Some(0), None));
}

#[test]
fn steps_come_in_the_order_of_their_instants_and_the_run_goes_on_ten_minutes() {
    let step = "[{ at = \"0s\", submit = { id = \"m1\", from = \"anna\", to = [\"bruno\"] } }]";
    let two = "[{ at = \"90s\", submit = { id = \"m2\", from = \"aldo\", to = [\"bruno\"] } }, \
               { at = \"5s\", submit = { id = \"m1\", from = \"anna\", to = [\"bruno\"] } }]";
    let plan = plan(&GOOD.replace(step, two));
    assert_eq!(plan.steps.iter().map(|step| step.id.as_str()).collect::<Vec<_>>(), ["m1", "m2"]);
    assert_eq!(plan.until.as_secs(), 690);
    let second = String::from_utf8_lossy(&plan.steps[1].submit.message).into_owned();
    assert!(second.starts_with("Date: Mon, 2 Mar 2026 09:01:30 +0100\r\n"), "{second}");
}

#[test]
fn a_refusal_may_be_expected() {
    let line = "{ at = \"anna\", gets = \"accettazione\", of = \"m1\" }";
    let plan = plan(&GOOD.replace(line, "{ step = \"m1\", refused = 550 }"));
    let [Expectation::Refused { step, code, place }] = plan.brief.expect.as_slice() else { panic!() };
    assert_eq!((step.as_str(), *code, place.line), ("m1", 550, 6));
}

#[test]
fn an_expectation_written_as_a_table_of_its_own_has_its_place_too() {
    let line = "expect = [{ at = \"anna\", gets = \"accettazione\", of = \"m1\" }]\n";
    let text = GOOD.replace(line, "\n[[expect]]\nat = \"anna\"\ngets = \"accettazione\"\n");
    let plan = plan(&text);
    let [Expectation::Arrives { place, count, .. }] = plan.brief.expect.as_slice() else { panic!() };
    assert_eq!((place.file.as_str(), place.line, *count), ("scenarios/flows/x.toml", 7, 1));
    let told = told_of(&text.replace("gets = \"accettazione\"\n", ""));
    assert_eq!(told, "scenarios/flows/x.toml:7: no \"gets\" in this expectation; expected a kind of message");
}

#[test]
fn the_reverse_path_may_be_empty_and_the_recipients_others() {
    let plan =
        plan(&GOOD.replace("to = [\"bruno\"]", "to = [\"bruno\"], reverse_path = \"\", rcpt = [\"x@y.example\"]"));
    let submit = &plan.steps[0].submit;
    assert_eq!((submit.reverse_path.as_str(), submit.account.as_str()), ("", "anna@alfa.test"));
    assert_eq!(submit.forward_paths, ["x@y.example"]);
}

/// A folder of its own for one test, gone behind it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("collaudo-scenario-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn told(&self, name: &str) -> String {
        Scenario::read(&self.0.join(name), &VOCABULARY).unwrap_err().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A folder left behind in the temporary directory harms nobody.
        let _ = fs::remove_dir_all(&self.0);
    }
}
