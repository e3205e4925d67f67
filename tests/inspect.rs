//! `collaudo inspect`: files in, verdicts out.

#[path = "inspect/contract.rs"]
mod contract;
#[path = "inspect/corpus.rs"]
mod corpus;
#[path = "inspect/stranger.rs"]
mod stranger;

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::OnceLock,
};

use collaudo_record::What;
use collaudo_tests::{SEED, root, trace_of};
use serde_json::Value;

/// Every message that lies in some mailbox after a message went from one provider to another.
fn certified() -> &'static [Vec<u8>] {
    static MESSAGES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    MESSAGES.get_or_init(|| {
        let trace = trace_of("flows/cross-provider", SEED);
        let stored = trace.events.iter().filter_map(|event| match &event.what {
            What::Stored { body, .. } => trace.body(body).map(<[u8]>::to_vec),
            _ => None,
        });
        stored.collect()
    })
}

const ORDINARY: &[u8] = b"From: carla@esterno.example\r\nTo: anna@alfa.test\r\nSubject: Pranzo\r\n\r\nA che ora?\r\n";

/// An empty folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("inspect").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("a former run's folder goes");
    }
    fs::create_dir_all(&folder).expect("created");
    folder
}

fn put(path: &Path, octets: &[u8]) {
    fs::create_dir_all(path.parent().expect("in a folder")).expect("created");
    fs::write(path, octets).expect("written");
}

/// A mailbox in one file, as a program writes it that quotes lines which look like postmarks.
fn mailbox(messages: &[&[u8]]) -> Vec<u8> {
    let mut mailbox = Vec::new();
    for message in messages {
        mailbox.extend_from_slice(b"From anna@alfa.test Mon Mar  2 11:00:00 2026\r\n");
        for line in message.split_inclusive(|octet| *octet == b'\n') {
            let marks = line.iter().take_while(|octet| **octet == b'>').count();
            mailbox.extend_from_slice(if line[marks..].starts_with(b"From ") { b">" } else { b"" });
            mailbox.extend_from_slice(line);
        }
        mailbox.extend_from_slice(b"\r\n");
    }
    mailbox
}

fn lf(octets: &[u8]) -> Vec<u8> {
    octets.iter().filter(|octet| **octet != b'\r').copied().collect()
}

fn inspect(arguments: &[&str]) -> Output {
    inspect_with(arguments, b"")
}

fn inspect_with(arguments: &[&str], input: &[u8]) -> Output {
    let mut program = start(arguments);
    // Whoever does not read it to its end may close it.
    let _ = program.stdin.take().expect("it is piped").write_all(input);
    program.wait_with_output().expect("it ends")
}

fn start(arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_collaudo-tested"))
        .arg("inspect")
        .args(arguments)
        .current_dir(root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs")
}

/// How it ended and what it said, or the end of it.
fn said(output: &Output) -> String {
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let skipped = said.chars().count().saturating_sub(2_000);
    format!("{}: {}", output.status, said.chars().skip(skipped).collect::<String>())
}

/// The one JSON object on standard output.
fn object(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", said(output)))
}

fn list<'a>(object: &'a Value, name: &str) -> &'a [Value] {
    object[name].as_array().unwrap_or_else(|| panic!("no list {name}"))
}

/// The words of a field over all objects of a list.
fn words<'a>(objects: &'a [Value], field: &str) -> Vec<&'a str> {
    objects.iter().map(|object| object[field].as_str().unwrap_or_default()).collect()
}

fn shown(path: &Path) -> &str {
    path.to_str().expect("tests have plain names")
}
