//! The directory's side of one LDAP session (RFC 4511): octets in, octets out, over the entries of the index. Anyone may
//! read, nobody may write.

pub(crate) mod host;

use collaudo_node::Bytes;
use ldap3_proto::{
    DisconnectionNotice, LdapCodec, LdapFilter, LdapMsg, LdapPartialAttribute, LdapResultCode, LdapSearchResultEntry,
    LdapSearchScope,
    proto::{
        LdapBindCred, LdapBindRequest, LdapBindResponse, LdapExtendedResponse, LdapOp, LdapResult, LdapSearchRequest,
        LdapSubstringFilter,
    },
};
use tokio_util::{
    bytes::BytesMut,
    codec::{Decoder as _, Encoder as _},
};

use crate::index::{Entry, ROOT, Value};

/// The attribute types that the directory knows (RFC 6109 §4.5), with what they need beside them.
const TYPES: [&str; 10] = [
    "objectClass",
    "o",
    "description",
    "providerName",
    "providerUnit",
    "providerCertificate",
    "providerCertificateHash",
    "mailReceipt",
    "managedDomains",
    "LDIFLocationURL",
];

/// One session.
#[derive(Default)]
pub(crate) struct Session {
    codec: LdapCodec,
    unread: BytesMut,
}

/// What came of octets.
#[derive(Default)]
pub(crate) struct Answer {
    pub(crate) octets: Bytes,
    /// How many searches looked at the entries.
    pub(crate) searches: u32,
    /// Whether the session is over.
    pub(crate) ends: bool,
}

impl Session {
    /// Takes octets in any cut, and answers the requests that are whole by now.
    pub(crate) fn take(&mut self, octets: &[u8], entries: &[Entry]) -> Answer {
        self.unread.extend_from_slice(octets);
        let (mut replies, mut answer) = (Vec::new(), Answer::default());
        while !answer.ends {
            match self.codec.decode(&mut self.unread) {
                Ok(Some(request)) => respond(request, entries, &mut replies, &mut answer),
                Ok(None) => break,
                Err(_) => disconnect("not a request", &mut replies, &mut answer),
            }
        }
        let mut written = BytesMut::new();
        for reply in replies {
            // Writing fails for nothing that stands in a reply.
            answer.ends |= self.codec.encode(reply, &mut written).is_err();
        }
        answer.octets = written.freeze();
        answer
    }
}

fn respond(request: LdapMsg, entries: &[Entry], replies: &mut Vec<LdapMsg>, answer: &mut Answer) {
    let refused = || result(LdapResultCode::UnwillingToPerform, "the directory is read-only");
    let id = request.msgid;
    let op = match request.op {
        LdapOp::BindRequest(bind) => LdapOp::BindResponse(LdapBindResponse { res: admitted(&bind), saslcreds: None }),
        LdapOp::SearchRequest(search) => {
            let (found, done) = find(&search, entries);
            answer.searches +=
                u32::from(matches!(done.code, LdapResultCode::Success | LdapResultCode::SizeLimitExceeded));
            replies.extend(found.into_iter().map(|entry| reply(id, LdapOp::SearchResultEntry(entry))));
            LdapOp::SearchResultDone(done)
        }
        LdapOp::UnbindRequest => {
            answer.ends = true;
            return;
        }
        LdapOp::AbandonRequest(_) => return,
        LdapOp::ModifyRequest(_) => LdapOp::ModifyResponse(refused()),
        LdapOp::AddRequest(_) => LdapOp::AddResponse(refused()),
        LdapOp::DelRequest(_) => LdapOp::DelResponse(refused()),
        LdapOp::ModifyDNRequest(_) => LdapOp::ModifyDNResponse(refused()),
        LdapOp::CompareRequest(_) => LdapOp::CompareResult(refused()),
        LdapOp::ExtendedRequest(_) => {
            let res = result(LdapResultCode::ProtocolError, "no extension is offered");
            LdapOp::ExtendedResponse(LdapExtendedResponse { res, name: None, value: None })
        }
        _ => return disconnect("a response is no request", replies, answer),
    };
    replies.push(reply(id, op));
}

fn reply(msgid: i32, op: LdapOp) -> LdapMsg {
    LdapMsg { msgid, op, ctrl: Vec::new() }
}

fn result(code: LdapResultCode, message: &str) -> LdapResult {
    LdapResult { code, matcheddn: String::new(), message: message.to_owned(), referral: Vec::new() }
}

fn disconnect(why: &str, replies: &mut Vec<LdapMsg>, answer: &mut Answer) {
    replies.push(DisconnectionNotice::gen_response(LdapResultCode::ProtocolError, why));
    answer.ends = true;
}

/// Nobody has an account: who gives no password is let in, whatever the name.
fn admitted(bind: &LdapBindRequest) -> LdapResult {
    match &bind.cred {
        _ if bind.version != 3 => result(LdapResultCode::ProtocolError, "the directory speaks version 3"),
        LdapBindCred::Simple(password) if password.is_empty() => result(LdapResultCode::Success, ""),
        LdapBindCred::Simple(_) => result(LdapResultCode::InvalidCredentials, ""),
        LdapBindCred::SASL(_) | LdapBindCred::Unsupported => {
            result(LdapResultCode::AuthMethodNotSupported, "the directory takes a simple bind")
        }
    }
}

fn find(search: &LdapSearchRequest, entries: &[Entry]) -> (Vec<LdapSearchResultEntry>, LdapResult) {
    if !entries.iter().any(|entry| same_name(&entry.dn, &search.base)) {
        return (Vec::new(), result(LdapResultCode::NoSuchObject, &format!("everything stands under {ROOT}")));
    }
    let within = entries.iter().filter(|entry| is_within(&entry.dn, &search.base, &search.scope));
    let mut found: Vec<_> = within.filter(|entry| matches(&search.filter, entry) == Some(true)).collect();
    let most = usize::try_from(search.sizelimit).ok().filter(|most| *most > 0).unwrap_or(usize::MAX);
    let code = match found.len() > most {
        true => LdapResultCode::SizeLimitExceeded,
        false => LdapResultCode::Success,
    };
    found.truncate(most);
    (found.into_iter().map(|entry| shown(entry, search)).collect(), result(code, ""))
}

fn is_within(dn: &str, base: &str, scope: &LdapSearchScope) -> bool {
    let parent = dn.split_once(',').map_or("", |(_, parent)| parent);
    match scope {
        LdapSearchScope::Base => same_name(dn, base),
        LdapSearchScope::OneLevel => same_name(parent, base),
        LdapSearchScope::Subtree => same_name(dn, base) || is_below(dn, base),
        LdapSearchScope::Children => is_below(dn, base),
    }
}

fn is_below(dn: &str, base: &str) -> bool {
    dn.split_once(',').is_some_and(|(_, parent)| same_name(parent, base) || is_below(parent, base))
}

/// Distinguished names are compared part by part, without regard to case and to spaces between the parts.
fn same_name(one: &str, other: &str) -> bool {
    let parts = |dn: &str| -> Vec<String> { dn.split([',', '=']).map(|part| part.trim().to_lowercase()).collect() };
    parts(one) == parts(other)
}

/// Three values, as RFC 4511 §4.5.1.7 has them: none is undefined.
fn matches(filter: &LdapFilter, entry: &Entry) -> Option<bool> {
    let known = |name: &str| TYPES.iter().any(|known| base_of(name).eq_ignore_ascii_case(known));
    let any = |name: &str, test: &dyn Fn(&Value) -> bool| known(name).then(|| values(entry, name).any(test));
    match filter {
        LdapFilter::And(all) => all
            .iter()
            .try_fold(Some(true), |so_far, one| match (so_far, matches(one, entry)) {
                (_, Some(false)) => Err(()),
                (Some(true), Some(true)) => Ok(Some(true)),
                _ => Ok(None),
            })
            .unwrap_or(Some(false)),
        LdapFilter::Or(any) => any
            .iter()
            .try_fold(Some(false), |so_far, one| match (so_far, matches(one, entry)) {
                (_, Some(true)) => Err(()),
                (Some(false), Some(false)) => Ok(Some(false)),
                _ => Ok(None),
            })
            .unwrap_or(Some(true)),
        LdapFilter::Not(one) => matches(one, entry).map(|it| !it),
        LdapFilter::Present(name) => Some(values(entry, name).next().is_some()),
        LdapFilter::Equality(name, wanted) | LdapFilter::Approx(name, wanted) => {
            any(name, &|value| text(name, value).is_some_and(|text| text == cased(name, wanted)))
        }
        LdapFilter::Substring(name, parts) => {
            any(name, &|value| text(name, value).is_some_and(|text| contains(&text, name, parts)))
        }
        LdapFilter::GreaterOrEqual(..) | LdapFilter::LessOrEqual(..) | LdapFilter::Extensible(_) => None,
    }
}

fn values<'a>(entry: &'a Entry, name: &str) -> impl Iterator<Item = &'a Value> {
    entry.attributes.iter().filter(move |(kind, _)| is_asked(kind, name)).map(|(_, value)| value)
}

/// Whether an attribute is what a description asks for: its type, with all options that the description has.
fn is_asked(attribute: &str, description: &str) -> bool {
    attribute.eq_ignore_ascii_case(description) || base_of(attribute).eq_ignore_ascii_case(description)
}

fn base_of(description: &str) -> &str {
    description.split(';').next().unwrap_or_default()
}

/// A value for comparison; none where it is no text.
fn text(name: &str, value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(cased(name, text)),
        Value::Binary(_) => None,
    }
}

/// Only a location is compared with regard to case.
fn cased(name: &str, text: &str) -> String {
    match name.eq_ignore_ascii_case("LDIFLocationURL") {
        true => text.to_owned(),
        false => text.to_lowercase(),
    }
}

fn contains(text: &str, name: &str, parts: &LdapSubstringFilter) -> bool {
    let part = |part: &Option<String>| cased(name, part.as_deref().unwrap_or_default());
    let Some(mut rest) =
        text.strip_prefix(&part(&parts.initial)).and_then(|rest| rest.strip_suffix(&part(&parts.final_)))
    else {
        return false;
    };
    parts.any.iter().all(|inner| match rest.split_once(&cased(name, inner)) {
        Some((_, behind)) => {
            rest = behind;
            true
        }
        None => false,
    })
}

/// An entry with the attributes that are asked for: all where none is named or with a star.
fn shown(entry: &Entry, search: &LdapSearchRequest) -> LdapSearchResultEntry {
    let all = search.attrs.is_empty() || search.attrs.iter().any(|name| name == "*");
    let mut attributes: Vec<LdapPartialAttribute> = Vec::new();
    for (name, value) in &entry.attributes {
        if !all && !search.attrs.iter().any(|asked| is_asked(name, asked)) {
            continue;
        }
        if attributes.last().is_none_or(|last| last.atype != *name) {
            attributes.push(LdapPartialAttribute { atype: (*name).to_owned(), vals: Vec::new() });
        }
        if let Some(last) = attributes.last_mut().filter(|_| !search.typesonly) {
            last.vals.push(match value {
                Value::Text(text) => text.as_bytes().to_vec(),
                Value::Binary(octets) => octets.to_vec(),
            });
        }
    }
    LdapSearchResultEntry { dn: entry.dn.clone(), attributes }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: &str = "(&(objectClass=provider)(managedDomains=ALFA.test))";

    #[test]
    fn a_search_by_domain_finds_its_provider_with_the_certificate_in_binary() {
        let found = search(ASKED, ROOT, LdapSearchScope::Subtree, &[]);
        assert_eq!(names(&found), ["providerName=Alfa,o=postacert"]);
        let certificate = found[0].attributes.iter().find(|one| one.atype == "providerCertificate;binary");
        assert_eq!(certificate.map(|one| one.vals.clone()), Some(vec![vec![0x30, 0xff]]));
    }

    #[test]
    fn a_scope_is_the_base_one_level_or_all_below() {
        let all = "(objectClass=*)";
        let of = |scope| names(&search(all, "O=Postacert", scope, &[])).len();
        assert_eq!((of(LdapSearchScope::Base), of(LdapSearchScope::OneLevel), of(LdapSearchScope::Subtree)), (1, 2, 4));
        let below = search(all, "providerName=Alfa, o=postacert", LdapSearchScope::OneLevel, &[]);
        assert_eq!(names(&below), ["providerUnit=Prova,providerName=Alfa,o=postacert"]);
    }

    #[test]
    fn a_filter_knows_true_false_and_undefined() {
        for (filter, found) in [
            ("(!(managedDomains=alfa.test))", 3),
            ("(|(managedDomains=alfa.test)(o=postacert))", 2),
            ("(managedDomains=*f*.te*)", 2),
            ("(!(unheardOf=1))", 0),
            ("(&)", 4),
            ("(LDIFLocationURL=HTTPS://ALFA.test)", 0),
            ("(providerCertificate=*)", 2),
        ] {
            assert_eq!(search(filter, ROOT, LdapSearchScope::Subtree, &[]).len(), found, "{filter}");
        }
    }

    #[test]
    fn only_what_is_asked_for_is_shown() {
        let found = search(ASKED, ROOT, LdapSearchScope::Subtree, &["mailreceipt", "providerCertificate"]);
        let shown: Vec<_> = found[0].attributes.iter().map(|one| one.atype.as_str()).collect();
        assert_eq!(shown, ["providerCertificate;binary", "mailReceipt"]);
        assert_eq!(search(ASKED, ROOT, LdapSearchScope::Subtree, &["1.1"])[0].attributes, []);
    }

    #[test]
    fn a_bind_with_a_password_is_refused_and_one_without_is_not() {
        let bind = |password: &str, version| {
            let cred = LdapBindCred::Simple(password.into());
            admitted(&LdapBindRequest { version, dn: String::new(), cred }).code
        };
        assert_eq!(bind("", 3), LdapResultCode::Success);
        assert_eq!(bind("segreta", 3), LdapResultCode::InvalidCredentials);
        assert_eq!(bind("", 2), LdapResultCode::ProtocolError);
    }

    #[test]
    fn requests_may_come_in_any_cut_and_noise_ends_the_session() {
        let mut session = Session::default();
        let mut octets = BytesMut::new();
        let op = LdapOp::SearchRequest(request(ASKED, ROOT, LdapSearchScope::Subtree, &[]));
        LdapCodec::default().encode(reply(7, op), &mut octets).expect("encodes");
        let (last, first) = octets.split_last().expect("octets");
        assert!(session.take(first, &entries()).octets.is_empty());
        let answer = session.take(&[*last], &entries());
        assert_eq!((answer.searches, answer.ends), (1, false));
        let noise = session.take(&[0x30, 0x03, 0x01, 0x01, 0x00], &entries());
        assert!(noise.ends && !noise.octets.is_empty());
    }

    #[test]
    fn a_search_elsewhere_finds_no_such_object() {
        let (found, done) = find(&request(ASKED, "o=altro", LdapSearchScope::Subtree, &[]), &entries());
        assert_eq!((found, done.code), (Vec::new(), LdapResultCode::NoSuchObject));
    }

    fn search(filter: &str, base: &str, scope: LdapSearchScope, attrs: &[&str]) -> Vec<LdapSearchResultEntry> {
        find(&request(filter, base, scope, attrs), &entries()).0
    }

    fn request(filter: &str, base: &str, scope: LdapSearchScope, attrs: &[&str]) -> LdapSearchRequest {
        LdapSearchRequest {
            base: base.into(),
            scope,
            aliases: ldap3_proto::proto::LdapDerefAliases::Never,
            sizelimit: 0,
            timelimit: 0,
            typesonly: false,
            filter: match filter {
                "(&)" => LdapFilter::And(Vec::new()),
                filter => ldap3_proto::parse_ldap_filter_str(filter).expect("a filter"),
            },
            attrs: attrs.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    fn names(found: &[LdapSearchResultEntry]) -> Vec<&str> {
        found.iter().map(|entry| entry.dn.as_str()).collect()
    }

    fn entries() -> Vec<Entry> {
        let text = |name, value: &str| (name, Value::Text(value.to_owned()));
        let root =
            Entry { dn: ROOT.into(), attributes: vec![text("objectClass", "organization"), text("o", "postacert")] };
        let provider = |dn: &str, domain: &str| Entry {
            dn: dn.into(),
            attributes: vec![
                text("objectClass", "provider"),
                ("providerCertificate;binary", Value::Binary([0x30, 0xff].as_slice().into())),
                text("mailReceipt", &format!("servizio@{domain}")),
                text("managedDomains", domain),
                text("LDIFLocationURL", &format!("https://{domain}")),
            ],
        };
        let unit = Entry {
            dn: "providerUnit=Prova,providerName=Alfa,o=postacert".into(),
            attributes: vec![text("objectClass", "provider"), text("managedDomains", "prova.alfa.test")],
        };
        vec![
            root,
            provider("providerName=Alfa,o=postacert", "alfa.test"),
            unit,
            provider("providerName=Beta,o=postacert", "beta.test"),
        ]
    }
}
