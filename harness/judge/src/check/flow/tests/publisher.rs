use collaudo_record::{BodyHash, Outcome, Request, What};

use super::{fails, passes, silent, verdicts};
use crate::{
    fixture::{Signing, signed_data},
    story::testing::{Act, HOUR, Script, at, consulted},
};

const ANCHOR: &[u8] = include_bytes!("../../../../tests/fixtures/tls-authority.der");
const SERVER: &[u8] = include_bytes!("../../../../tests/fixtures/tls-index.der");
const CLIENT: &[u8] = include_bytes!("../../../../tests/fixtures/tls-alfa.der");
/// A certificate of nobody's that anybody knows.
const STRANGE: &[u8] = include_bytes!("../../../../tests/fixtures/alfa.der");
const TYPE: &str = "application/pkcs7-mime; smime-type=signed-data; name=\"indice.ldif.p7m\"";

const ALL: [&str; 3] = ["4.5.6-02 alfa", "5.6-01 alfa", "5.6-02 alfa"];

/// A session of a host with the publisher, and what it got.
fn session(host: &str, client: Option<&[u8]>, server: &[u8], served: bool, media_type: &str, text: &[u8]) -> Script {
    let index = signed_data(text, Signing::Index, at(0), true);
    let request = Request {
        host: host.to_owned(),
        server_name: "index.test".to_owned(),
        document: "indice.ldif.p7m".to_owned(),
        anchor: BodyHash::of(ANCHOR),
        server: Some(BodyHash::of(server)),
        client: client.map(BodyHash::of),
        status: served.then_some(200),
        content_type: served.then(|| media_type.to_owned()),
    };
    let note = |octets: &[u8]| Act::Note {
        what: What::StepFailed { step: "x".into(), why: "x".into() },
        octets: octets.to_vec(),
    };
    let mut script = Script::default();
    for octets in [ANCHOR, SERVER, CLIENT, STRANGE] {
        script = script.add("certificate", at(0), note(octets));
    }
    let script = script.add("request", at(1), Act::Note { what: What::Requested(request), octets: Vec::new() });
    if served { script.add("got", at(1), consulted(host, "https", Some(&index))) } else { script }
}

#[test]
fn a_provider_with_its_certificate_gets_the_index_as_what_it_is() {
    passes(&session("alfa", Some(CLIENT), SERVER, true, TYPE, b"dn: o=postacert\n"), &ALL);
}

#[test]
fn the_index_is_for_providers_with_a_certificate_alone() {
    let served = |client, is_served| session("esterno", client, SERVER, is_served, TYPE, b"dn: o=postacert\n");
    passes(&served(None, false), &["5.6-01 alfa", "5.6-01 beta"]);
    fails(&served(None, true), &["5.6-01 alfa", "5.6-01 beta"]);
    fails(&served(Some(CLIENT), true), &["5.6-01 alfa", "5.6-01 beta"]);
    let own = |client| session("alfa", client, SERVER, true, TYPE, b"dn: o=postacert\n");
    fails(&own(None), &["5.6-01 alfa"]);
    fails(&own(Some(STRANGE)), &["5.6-01 alfa"]);
    silent(&session("alfa", Some(CLIENT), SERVER, false, TYPE, b""), &ALL);
}

#[test]
fn the_server_shows_a_certificate_of_its_name_from_a_known_authority() {
    for other in [CLIENT, STRANGE] {
        fails(&session("alfa", Some(CLIENT), other, true, TYPE, b"dn: o=postacert\n"), &["5.6-02 alfa"]);
    }
}

/// The fixture's certificates are valid from 2020 on.
#[test]
fn a_certificate_out_of_its_time_opens_nothing() {
    let before = at(-7 * 365 * 24 * HOUR);
    let good = session("alfa", Some(CLIENT), SERVER, true, TYPE, b"dn: o=postacert\n");
    // That alfa asks for no index in all those years is another row's affair.
    let failed = verdicts(&good.moved("request", before).moved("got", before), Outcome::Fail);
    assert!(["5.6-01 alfa", "5.6-02 alfa"].iter().all(|one| failed.contains(*one)), "{failed:?}");
}

#[test]
fn the_index_is_served_as_signed_data_around_utf_8() {
    let served = |media_type, text: &[u8]| session("alfa", Some(CLIENT), SERVER, true, media_type, text);
    fails(&served("application/octet-stream", b"dn: o=postacert\n"), &["4.5.6-02 alfa"]);
    fails(&served("application/pkcs7-mime", b"dn: o=postacert\n"), &["4.5.6-02 alfa"]);
    fails(&served(TYPE, b"dn: o=postacert\ndescription: citt\xe0\n"), &["4.5.6-02 alfa"]);
}
