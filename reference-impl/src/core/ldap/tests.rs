use ldap3_proto::proto::{LdapBindResponse, LdapPartialAttribute, LdapSearchResultReference};
use proptest::prelude::*;

use super::*;

fn result(code: LdapResultCode) -> LdapResult {
    LdapResult { code, matcheddn: String::new(), message: "no\r\n".into(), referral: Vec::new() }
}

fn bound(code: LdapResultCode) -> Bytes {
    encode(BIND, LdapOp::BindResponse(LdapBindResponse { res: result(code), saslcreds: None }))
}

fn entry(dn: &str, values: &[&[u8]]) -> Bytes {
    let vals = values.iter().map(|value| value.to_vec()).collect();
    let attributes = vec![LdapPartialAttribute { atype: "providerCertificate;binary".into(), vals }];
    encode(SEARCH, LdapOp::SearchResultEntry(LdapSearchResultEntry { dn: dn.into(), attributes }))
}

fn done(code: LdapResultCode) -> Bytes {
    encode(SEARCH, LdapOp::SearchResultDone(result(code)))
}

fn asked(bytes: &Bytes) -> LdapOp {
    LdapCodec::default().decode(&mut BytesMut::from(&bytes[..])).unwrap().unwrap().op
}

/// A session that is bound and has sent its search.
fn searching() -> Session {
    let (mut session, _) = Session::begin(&Login::Anonymous);
    assert!(matches!(session.take(&bound(LdapResultCode::Success)), Ok(Step::Say(_))));
    session
}

#[test]
fn a_session_asks_for_every_attribute_of_the_whole_tree() {
    let (mut session, first) = Session::begin(&Login::Simple { dn: "cn=alfa".into(), password: "segreto".into() });
    let LdapOp::BindRequest(bind) = asked(&first) else { panic!() };
    assert_eq!((bind.version, bind.dn.as_str(), bind.cred), (3, "cn=alfa", LdapBindCred::Simple("segreto".into())));
    let Ok(Step::Say(search)) = session.take(&bound(LdapResultCode::Success)) else { panic!() };
    let LdapOp::SearchRequest(search) = asked(&search) else { panic!() };
    assert_eq!((search.base.as_str(), search.scope), ("o=postacert", LdapSearchScope::Subtree));
    assert_eq!(search.attrs, ATTRIBUTES);
    let answer = [entry("o=postacert", &[]), entry("providerName=A,o=postacert", &[b"\x30\0\xff", b"x"])].concat();
    assert_eq!(session.take(&answer), Ok(Step::Wait));
    let Ok(Step::Done { entries, last }) = session.take(&done(LdapResultCode::Success)) else { panic!() };
    assert_eq!(entries[1].dn, "providerName=A,o=postacert");
    let values = vec![b"\x30\0\xff".to_vec(), b"x".to_vec()];
    assert_eq!(entries[1].attributes, [("providerCertificate;binary".to_owned(), values)]);
    assert_eq!((asked(&last), session.take(b"0")), (LdapOp::UnbindRequest, Err(LdapFault::Over)));
}

#[test]
fn an_anonymous_bind_has_neither_name_nor_password() {
    // RFC 4511 §4.2: version 3, an empty name, an empty simple password.
    assert_eq!(&Session::begin(&Login::Anonymous).1[..], b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00");
}

#[test]
fn answers_come_in_any_cut() {
    let answer = [bound(LdapResultCode::Success), entry("a", &[&[7; 300]]), done(LdapResultCode::Success)].concat();
    let (mut session, _) = Session::begin(&Login::Anonymous);
    let steps: Vec<Step> = answer.chunks(1).map(|octet| session.take(octet).unwrap()).collect();
    assert_eq!(steps.iter().filter(|step| matches!(step, Step::Say(_))).count(), 1);
    assert!(matches!(steps.last(), Some(Step::Done { entries, .. }) if entries.len() == 1));
}

#[test]
fn a_refusal_is_no_empty_index() {
    let refused = |code: &str| Err(LdapFault::Refused { code: code.into(), told: "no".into() });
    let (mut session, _) = Session::begin(&Login::Anonymous);
    assert_eq!(session.take(&bound(LdapResultCode::InvalidCredentials)), refused("InvalidCredentials"));
    assert_eq!(searching().take(&done(LdapResultCode::NoSuchObject)), refused("NoSuchObject"));
    let mut session = searching();
    assert_eq!(session.take(&entry("a", &[])), Ok(Step::Wait));
    assert_eq!(session.take(&done(LdapResultCode::SizeLimitExceeded)), refused("SizeLimitExceeded"));
    assert_eq!(session.take(&done(LdapResultCode::Success)), Err(LdapFault::Over));
}

#[test]
fn a_part_of_the_index_is_no_index() {
    let reference = LdapSearchResultReference { uris: vec!["ldap://altrove/".into()] };
    let reference = encode(SEARCH, LdapOp::SearchResultReference(reference));
    assert_eq!(searching().take(&reference), Err(LdapFault::Referral));
    assert_eq!(searching().take(&done(LdapResultCode::Referral)), Err(LdapFault::Referral));
}

#[test]
fn what_was_not_asked_for_is_refused() {
    let (mut session, _) = Session::begin(&Login::Anonymous);
    assert_eq!(session.take(&entry("a", &[])), Err(LdapFault::Stray));
    assert_eq!(searching().take(&bound(LdapResultCode::Success)), Err(LdapFault::Stray));
    assert_eq!(
        searching().take(&encode(7, LdapOp::SearchResultDone(result(LdapResultCode::Success)))),
        Err(LdapFault::Stray)
    );
    assert_eq!(searching().take(&encode(SEARCH, LdapOp::UnbindRequest)), Err(LdapFault::Stray));
}

#[test]
fn what_is_no_ldap_is_refused() {
    for octets in [&b"HTTP/1.1 400\r\n"[..], &[0x30, 0x80], &[0x30, 0x85, 0, 0, 0, 0, 1], &[0x30, 2, 5, 0], &[0x30, 0]]
    {
        assert!(matches!(searching().take(octets), Err(LdapFault::Form(_))), "{octets:?}");
    }
}

#[test]
fn size_depth_and_number_are_bounded() {
    let long = u32::try_from(MAX_MESSAGE + 1).unwrap().to_be_bytes();
    assert_eq!(searching().take(&[&[0x30, 0x84][..], &long].concat()), Err(LdapFault::Large));
    let deep = (0..30_000_u16).fold(Vec::new(), |inner, _| {
        let length = u32::try_from(inner.len()).unwrap().to_be_bytes();
        if inner.len() > 90_000 { inner } else { [&[0x30, 0x84][..], &length, &inner].concat() }
    });
    assert!(matches!(searching().take(&deep), Err(LdapFault::Form(_))));
    let mut session = searching();
    let many = entry("", &[]).repeat(MAX_ENTRIES);
    assert_eq!(session.take(&many), Ok(Step::Wait));
    assert_eq!(session.take(&entry("", &[])), Err(LdapFault::Large));
    let (mut session, large) = (searching(), entry("a", &[&vec![0; 1 << 20]]));
    let fault = (0..100).find_map(|_| session.take(&large).err());
    assert_eq!(fault, Some(LdapFault::Large));
}

proptest! {
    #[test]
    fn any_octets_are_taken_or_refused(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = searching().take(&octets);
        let _ = Session::begin(&Login::Anonymous).0.take(&octets);
    }

    #[test]
    fn bent_answers_are_taken_or_refused(at in 0..60_usize, octet: u8) {
        let mut answer = [entry("providerName=A,o=postacert", &[b"abc"]), done(LdapResultCode::Success)].concat();
        let at = at % answer.len();
        answer[at] = octet;
        let _ = searching().take(&answer);
    }
}
