//! Goal: the golden set is what it says that it is.
//! Method: every message goes to programs that nobody here wrote (`openssl cms -verify`, Python's `email`, `xmllint`), and
//! what they find is held against the descriptions, which were made from what was asked for. A program that the machine
//! lacks is named, and its test skips.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

use collaudo_golden::File;
use collaudo_judge::{Anchors, Profile, inspect};
use collaudo_record::{ClauseVerdict, InspectedSignature, Inspection, Outcome, PathVerdict, SignatureVerdict};
use collaudo_tests::{have, in_parallel, root};
use serde_json::Value;

#[test]
fn the_set_is_the_same_octets_every_time() {
    assert_eq!(set(), &collaudo::golden::files().expect("the set is made"));
}

#[test]
fn the_verb_writes_the_set() {
    let out = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("golden-verb");
    let _ = fs::remove_dir_all(&out);
    let status = Command::new(env!("CARGO_BIN_EXE_collaudo-tested")).arg("golden").arg("--out").arg(&out).status();
    assert!(status.is_ok_and(|status| status.success()));
    for file in set() {
        assert!(fs::read(out.join(&file.path)).is_ok_and(|octets| octets == file.octets), "{}", file.path);
    }
}

#[test]
fn the_set_holds_every_kind_in_every_family_and_nothing_twice() {
    let manifest = manifest();
    let right = messages().filter(|message| message["right"] == true);
    let mut seen: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for message in right {
        *seen.entry((text(&message["kind"]), text(&message["family"]))).or_default() += 1;
    }
    let families = manifest["families"].as_array().map_or(0, Vec::len);
    let kinds: BTreeSet<_> = seen.keys().map(|(kind, _)| kind).collect();
    assert_eq!((kinds.len(), families, seen.len()), (9, 8, 72), "{seen:?}");
    assert!(manifest["counts"]["right"].as_u64() >= Some(150) && manifest["counts"]["wrong"].as_u64() >= Some(100));
    let hashes: BTreeSet<_> = messages().map(|message| text(&message["sha256"])).collect();
    assert_eq!(hashes.len(), messages().count(), "two messages are alike");
}

#[test]
fn the_right_ones_show_every_form_and_every_error() {
    let described = |pointer: &str| -> BTreeSet<String> {
        let right = messages().filter(|message| message["right"] == true);
        let values = right.filter_map(|message| message["description"].pointer(pointer));
        values.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).collect()
    };
    let set = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(described("/form_requested"), set(&["breve", "completa", "sintetica"]));
    assert_eq!(described("/form_issued"), set(&["breve", "completa", "sintetica"]));
    assert_eq!(described("/errore"), set(&["altro", "nessuno", "no-dest", "no-dominio", "virus"]));
    assert_eq!(described("/notice_hours"), set(&["12", "24"]));
    assert_eq!(described("/signature/encoding"), set(&["BER", "DER"]));
    let codes: BTreeSet<_> =
        described("/errore_esteso").iter().filter_map(|why| why.get(..5).map(str::to_owned)).collect();
    for code in ["5.1.1", "5.2.1", "5.2.2", "5.4.1", "5.5.1"] {
        assert!(codes.contains(code), "{code} is not shown");
    }
}

#[test]
fn the_wrong_ones_break_rows_of_the_catalogue_and_say_why() {
    let catalogue: BTreeSet<_> = collaudo_judge::catalogue().into_iter().map(|row| row.id).collect();
    for message in messages().filter(|message| message["right"] == false) {
        let (file, breaks) = (text(&message["file"]), message["breaks"].as_array().expect("a list"));
        assert!(!breaks.is_empty(), "{file} breaks nothing");
        assert!(breaks.iter().all(|row| catalogue.contains(text(row))), "{file}: {breaks:?}");
        for why in ["why", "why_it"] {
            let why = text(&message["description"][why]);
            assert!(why.ends_with('.') && why.len() > 20, "{file}: {why}");
        }
        assert!(folder().join(text(&message["description"]["made_from"])).is_file(), "{file}");
    }
}

#[test]
fn the_manifest_names_every_file_and_its_hash() {
    let mut named: BTreeSet<String> = ["README.md", "manifest.json"].map(str::to_owned).into();
    for message in messages() {
        let file = text(&message["file"]);
        assert_eq!(&beside(file), &message["description"], "{file}");
        named.extend([file.to_owned(), file.replace(".eml", ".json")]);
    }
    let documents = manifest()["documents"].as_array().expect("a list");
    named.extend(documents.iter().map(|document| text(&document["file"]).to_owned()));
    let there: BTreeSet<_> = set().iter().map(|file| file.path.clone()).collect();
    assert_eq!(named, there);
}

#[test]
fn openssl_accepts_what_claims_to_be_valid_and_nothing_else() {
    if !have("openssl", "openssl_accepts_what_claims_to_be_valid_and_nothing_else") {
        return;
    }
    let messages: Vec<_> = messages().collect();
    let wrong = in_parallel(&messages, |message| {
        let file = text(&message["file"]);
        let claimed = message["description"]["signature"]["verdict"] == "valid";
        let (accepted, said) = openssl(&folder().join(file), signed_at(message));
        (accepted != claimed).then(|| format!("{file} claims {claimed}: {said}"))
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("openssl agrees about {} messages", messages.len());
}

#[test]
fn python_gets_what_the_descriptions_promise_and_xmllint_finds_the_data_valid() {
    let test = "python_gets_what_the_descriptions_promise_and_xmllint_finds_the_data_valid";
    if !have("python3", test) {
        return;
    }
    let script = root().join("tests/readers/golden.py");
    let output = Command::new("python3").arg(script).arg(folder()).output().expect("python3 runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said: Value = serde_json::from_slice(&output.stdout).expect("the script prints JSON");
    assert_eq!(said["read"], manifest()["counts"]["right"]);
    assert_eq!(said["differing"], serde_json::json!({}));
    if !have("xmllint", test) {
        return;
    }
    let data: Vec<_> = messages()
        .filter(|message| message["right"] == true && message["kind"] != "anomalia")
        .map(|message| folder().join(text(&message["file"]).replace(".eml", ".daticert.xml")))
        .collect();
    let dtd = root().join("tests/readers/daticert.dtd");
    let output = Command::new("xmllint").args(["--noout", "--dtdvalid"]).arg(dtd).args(&data).output();
    let output = output.expect("xmllint runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    println!("xmllint found {} files valid", data.len());
}

#[test]
fn inspect_fails_nothing_in_the_right_ones_and_what_they_break_in_the_wrong_ones() {
    let anchors = anchors();
    let messages: Vec<_> = messages().collect();
    let faults = in_parallel(&messages, |message| {
        let rows = |name: &str| message[name].as_array().into_iter().flatten().map(text).collect::<BTreeSet<_>>();
        let by_the_letter = rows("breaks").union(&rows("deviations")).copied().collect();
        let told =
            [(Profile::Deployed, rows("breaks")), (Profile::Strict, by_the_letter)].map(|(profile, declared)| {
                let inspections = inspect(&file_of(text(&message["file"])).octets, &anchors, profile);
                let difference = difference(&declared, inspections.first().expect("at least one"))?;
                Some(format!("{} ({profile:?}): {difference}", text(&message["file"])))
            });
        let told: Vec<_> = told.into_iter().flatten().collect();
        (!told.is_empty()).then(|| told.join("\n"))
    });
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_verb_inspect_passes_the_right_ones_with_all_that_they_enclose() {
    let trust = |name: &str| folder().join("trust").join(name);
    let status = Command::new(env!("CARGO_BIN_EXE_collaudo-tested"))
        .args(["inspect", "--format", "json", "--trust"])
        .arg(trust("autorita.pem"))
        .arg("--index")
        .arg(trust("indice.ldif.p7m"))
        .arg("--crl")
        .arg(trust("autorita.crl"))
        .arg(folder().join("right"))
        .stdout(Stdio::null())
        .status();
    assert_eq!(status.expect("the program runs").code(), Some(0));
}

#[test]
fn inspect_tells_kind_and_signature_as_described() {
    let anchors = anchors();
    for message in messages() {
        let file = text(&message["file"]);
        let inspections = inspect(&file_of(file).octets, &anchors, Profile::Deployed);
        let InspectedSignature { verdict, path, addresses, .. } = &inspections.first().expect("at least one").signature;
        let claimed = text(&message["description"]["signature"]["verdict"]);
        // The certificate's worth is told apart from the signature's.
        let holds = path.trust.verdict == PathVerdict::Holds;
        let read = match verdict {
            SignatureVerdict::Valid if holds => "valid",
            SignatureVerdict::Valid | SignatureVerdict::Invalid => "invalid",
            SignatureVerdict::Absent => "absent",
        };
        assert_eq!(read, claimed, "{file}: {path:?}");
        if message["right"] == true {
            assert_eq!(inspections.first().map(|first| first.kind.as_str()), message["kind"].as_str(), "{file}");
            assert_eq!(addresses, &[text(&message["description"]["signature"]["signer"])], "{file}");
            assert_eq!(
                (path.index.verdict, path.revocation.verdict),
                (PathVerdict::Holds, PathVerdict::Holds),
                "{file}"
            );
        }
    }
}

/// What fails otherwise than declared, in words; none where nothing does.
fn difference(declared: &BTreeSet<&str>, inspection: &Inspection) -> Option<String> {
    let fails = |verdict: &&ClauseVerdict| verdict.verdict == Outcome::Fail;
    let failed: BTreeMap<_, _> =
        inspection.verdicts.iter().filter(fails).map(|verdict| (&*verdict.clause, verdict)).collect();
    let lacking: Vec<_> = declared.iter().filter(|clause| !failed.contains_key(*clause)).collect();
    let besides: Vec<_> = failed
        .iter()
        .filter(|(clause, _)| !declared.contains(*clause))
        .map(|(clause, verdict)| format!("{clause} ({}; {})", verdict.expected, verdict.observed))
        .collect();
    let differs = !lacking.is_empty() || !besides.is_empty();
    differs.then(|| format!("not failed {lacking:?}, failed besides {besides:?}"))
}

fn anchors() -> Anchors {
    let octets = |path: &str| file_of(path).octets.as_slice();
    let (trust, index, list) =
        (octets("trust/autorita.pem"), octets("trust/indice.ldif"), octets("trust/autorita.crl"));
    Anchors::read(&[trust], Some(index), &[list]).expect("the anchors read")
}

/// When the message says that it was signed, seconds since 1970: of a wrong one, the right one that it was made from.
fn signed_at(message: &Value) -> i64 {
    let description = &message["description"];
    let of_right = description["made_from"].as_str().map(beside);
    let signature = &of_right.as_ref().unwrap_or(description)["signature"];
    let at: jiff::Timestamp = text(&signature["signed_at"]).parse().expect("an instant");
    at.as_second()
}

/// Whether `openssl cms -verify` takes the message at that time, and what it says.
fn openssl(path: &Path, at: i64) -> (bool, String) {
    let output = Command::new("openssl")
        .args(["cms", "-verify", "-purpose", "smimesign", "-attime", &at.to_string(), "-CAfile"])
        .arg(folder().join("trust/autorita.pem"))
        .args(["-out", "/dev/null", "-in"])
        .arg(path)
        .output()
        .expect("openssl runs");
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn set() -> &'static Vec<File> {
    static SET: OnceLock<Vec<File>> = OnceLock::new();
    SET.get_or_init(|| collaudo::golden::files().expect("the set is made"))
}

/// Where the set was written, once.
fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("golden");
        let _ = fs::remove_dir_all(&folder);
        for file in set() {
            let path = folder.join(&file.path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder is made");
            fs::write(path, &file.octets).expect("written");
        }
        folder
    })
}

fn manifest() -> &'static Value {
    static MANIFEST: OnceLock<Value> = OnceLock::new();
    MANIFEST.get_or_init(|| {
        let file = set().iter().find(|file| file.path == "manifest.json").expect("there is a manifest");
        serde_json::from_slice(&file.octets).expect("the manifest is JSON")
    })
}

fn messages() -> impl Iterator<Item = &'static Value> {
    manifest()["messages"].as_array().expect("a list of messages").iter()
}

/// The description beside a message.
fn beside(eml: &str) -> Value {
    serde_json::from_slice(&file_of(&eml.replace(".eml", ".json")).octets).expect("a description is JSON")
}

fn file_of(path: &str) -> &'static File {
    set().iter().find(|file| file.path == path).unwrap_or_else(|| panic!("no {path}"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}
