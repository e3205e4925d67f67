//! Goal: the hashes of a brief delivery receipt are those of `sha1sum` over the attachments in the form that R-0012
//! chooses, as they were transferred. Method: Python's `email` takes receipt and original apart.

use std::{collections::BTreeMap, fs, path::PathBuf, process::Command};

use collaudo_record::What;
use collaudo_tests::{
    SEED, have, library,
    message::{postacert, received},
    root, trace,
};
use serde_json::Value;

#[test]
fn hashes_of_brief_receipts_are_those_of_sha1sum() {
    let test = "hashes_of_brief_receipts_are_those_of_sha1sum";
    if !have("python3", test) || !have("sha1sum", test) {
        return;
    }
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("brief");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    let briefs: Vec<_> =
        library().into_iter().filter(|scenario| scenario.id().starts_with("delivery-point/receipt-brief")).collect();
    for scenario in &briefs {
        let trace = trace(&scenario.plan(SEED));
        let receipt = trace.events.iter().find_map(|event| match &event.what {
            What::Stored { body, .. } => trace.body(body).filter(|octets| received(octets).kind == "avvenuta-consegna"),
            _ => None,
        });
        let original = postacert(&trace, "bruno@beta.test");
        let name = scenario.id().replace('/', "-");
        fs::write(folder.join(format!("{name}.receipt.eml")), receipt.expect("a receipt")).expect("written");
        fs::write(folder.join(format!("{name}.original.eml")), original.expect("an original")).expect("written");
    }
    let script = root().join("tests/readers/brief.py");
    let output = Command::new("python3").arg(script).arg(&folder).output().expect("python3 runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: BTreeMap<String, BTreeMap<String, Vec<Value>>> =
        serde_json::from_slice(&output.stdout).expect("the script prints JSON");
    assert_eq!(found.len(), briefs.len());
    for (name, hashes) in &found {
        assert!(hashes["differ"].is_empty(), "{name}: {hashes:?}");
    }
    let agreed: usize = found.values().map(|hashes| hashes["agree"].len()).sum();
    println!("sha1sum agrees with {agreed} hashes in {} brief receipts", found.len());
    assert!(agreed >= briefs.len(), "{found:?}");
}
