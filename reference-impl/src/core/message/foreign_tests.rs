//! Messages of every kind and family, shown to programs that nobody here wrote.

use std::{
    path::PathBuf,
    process::{Command, Output},
};

use collaudo_node::{BodyId, Bytes};

use super::{family_tests::families, samples::*, tests::*, *};

/// A folder for the files of one test, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("gestore-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs a program that may not be there.
fn run(program: &str, arguments: &[&str]) -> Option<Output> {
    let output = Command::new(program).args(arguments).output();
    if output.is_err() {
        eprintln!("skipped: {program} is not installed");
    }
    output.ok()
}

#[test]
fn openssl_accepts_every_signature_and_refuses_a_changed_one() {
    let folder = Folder::new("openssl");
    let path = |name: &str| folder.path(name);
    std::fs::write(path("ca.der"), CA).unwrap();
    if run("openssl", &["x509", "-inform", "DER", "-in", &path("ca.der"), "-out", &path("ca.pem")]).is_none() {
        return;
    }
    let verify = |name: &str, message: &[u8]| {
        let file = path(&format!("{name}.eml"));
        std::fs::write(&file, message).unwrap();
        let options =
            ["-CAfile", &path("ca.pem"), "-attime", "1772438400", "-purpose", "smimesign", "-out", "/dev/null"];
        run("openssl", &[&["cms", "-verify", "-in", &file][..], &options].concat()).unwrap()
    };
    for (name, message) in families().iter().flat_map(every_kind_of) {
        let output = verify(name, &message);
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    }
    assert!(!verify("changed", &replaced(&sealed_envelope(), "ciao", "addio")).status.success());
}

#[test]
fn signatures_made_by_openssl_in_indefinite_length_are_read() {
    let folder = Folder::new("openssl-sign");
    let path = |name: &str| folder.path(name);
    let draft = envelope(&issuer(), NOW, &submission("Subject: a\r\n"));
    let sealed = ALFA.seal(&draft);
    let message = Message::read(sealed.clone()).unwrap();
    let content = signature::Signed::find(&message).unwrap().content;
    for (name, octets) in
        [("content", &content[..]), ("key", include_bytes!("samples/alfa.key.der")), ("certificate", ALFA.certificate)]
    {
        std::fs::write(path(name), octets).unwrap();
    }
    let (input, output) = (path("content"), path("p7s"));
    let signer = ["-signer", &path("certificate"), "-inkey", &path("key"), "-keyform", "DER"];
    let form = ["-binary", "-outform", "DER", "-stream", "-md", "sha384", "-in", &input, "-out", &output];
    let other = memory::Memory::default().read(BETA.certificate).unwrap();
    // The signer is named by issuer and serial number, or by the identifier of the key.
    for named in [&[][..], &["-keyid"]] {
        let Some(made) = run("openssl", &[&["cms", "-sign"][..], named, &form, &signer].concat()) else { return };
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let cms = std::fs::read(path("p7s")).unwrap();
        let read = signature::SignedData::read(&cms).unwrap();
        let certificates = read.certificates(&memory::Memory::default());
        let certificate = certificates.iter().find(|certificate| read.names(certificate)).unwrap();
        assert_eq!(certificate.der(), ALFA.certificate);
        assert!(!read.names(&other));
        assert_eq!(read.verify(&content, certificate), Ok(BodyId::of(&content)));
        assert!(read.verify(b"x", certificate).is_err());
    }
}

#[test]
fn openssl_opens_the_seal_of_a_day() {
    let folder = Folder::new("openssl-seal");
    let path = |name: &str| folder.path(name);
    let lines = b"una riga\nun'altra, con \xc3\xa0\n";
    let draft = log_seal(&issuer(), NOW, Bytes::from_static(lines));
    std::fs::write(path("seal.p7m"), draft.seal(&ALFA.sign(&draft.to_sign()))).unwrap();
    std::fs::write(path("ca.der"), CA).unwrap();
    if run("openssl", &["x509", "-inform", "DER", "-in", &path("ca.der"), "-out", &path("ca.pem")]).is_none() {
        return;
    }
    let (seal, out, ca) = (path("seal.p7m"), path("lines"), path("ca.pem"));
    let options = ["-CAfile", &ca, "-attime", "1772438400", "-purpose", "smimesign", "-binary", "-out", &out];
    let output = run("openssl", &[&["cms", "-verify", "-inform", "DER", "-in", &seal][..], &options].concat()).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(std::fs::read(out).unwrap(), lines);
}

#[test]
fn python_reads_every_kind_of_every_family() {
    const SCRIPT: &str = r#"
import email, re, sys
from email import policy
from html.parser import HTMLParser
import xml.etree.ElementTree as xml

class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.text, self.tags = '', set()
    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
    def handle_data(self, data):
        self.text += data

for path in sys.argv[1:]:
    m = email.message_from_binary_file(open(path, 'rb'), policy=policy.default)
    assert not m.defects and m.get_content_type() == 'multipart/signed', path
    mixed, signature = m.iter_parts()
    assert signature.get_filename() == 'smime.p7s' and mixed.get_content_type() == 'multipart/mixed', path
    assert signature.get_content_type() == m.get_param('protocol'), path
    parts = list(mixed.iter_parts())
    text = parts[0]
    if text.get_content_type() == 'multipart/alternative':
        text, html = text.iter_parts()
        assert html.get_content_type() == 'text/html' and html.get_content_charset() == 'iso-8859-1', path
        page = Page()
        page.feed(html.get_content())
        assert page.text.split() == text.get_content().split(), path
        assert page.tags <= {'html', 'head', 'meta', 'body', 'p', 'br'}, page.tags
    assert text.get_content_charset() == 'iso-8859-1' and len(text.get_content()) > 100, path
    assert all(not p.defects for p in m.walk()), path
    data = [p for p in parts if p.get_filename() == 'daticert.xml']
    if data:
        root = xml.fromstring(data[0].get_payload(decode=True))
        print(path.split('/')[-1], re.sub(r'\s+', ' ', xml.tostring(root, 'unicode')))
    print(m['Subject'])
"#;
    let folder = Folder::new("python");
    let mut arguments = vec!["-c".to_owned(), SCRIPT.to_owned()];
    for (number, family) in families().iter().enumerate() {
        for (name, message) in every_kind_of(family) {
            let file = folder.path(&format!("{number}-{name}.eml"));
            std::fs::write(&file, &message).unwrap();
            arguments.push(file);
        }
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let Some(output) = run("python3", &arguments) else { return };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(told.contains("POSTA CERTIFICATA: Perché e allegati\n"), "{told}");
    let data = |number: usize| -> Vec<&str> {
        let own = format!("{number}-");
        told.lines().filter_map(|line| line.strip_prefix(&own)).collect()
    };
    assert!(data(0).len() > 10 && data(0).iter().any(|line| line.contains("Perché e allegati")), "{told}");
    for number in 1..families().len() {
        assert_eq!(data(number), data(0), "the encoding of the data changes what it says");
    }
}
