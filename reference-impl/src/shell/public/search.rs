//! A search of the directory: which entries, and what of them.

use ldap3_proto::proto::{
    LdapFilter, LdapPartialAttribute, LdapResultCode, LdapSearchRequest, LdapSearchResultEntry, LdapSearchScope,
    LdapSubstringFilter,
};

use crate::core::message::Entry;

const ROOT: &str = "o=postacert";
/// How deep a filter may go.
const MAX_DEPTH: usize = 16;

/// *Gives* the entries found, in the order of the index, and how it went.
pub(super) fn search(entries: &[Entry], request: &LdapSearchRequest) -> (Vec<LdapSearchResultEntry>, LdapResultCode) {
    let base = folded(&request.base);
    if base.is_empty() && request.scope == LdapSearchScope::Base {
        let found = Some(itself()).filter(|itself| matches(itself, &request.filter, 0));
        return (found.iter().map(|itself| shown(itself, request)).collect(), LdapResultCode::Success);
    }
    if !base.is_empty() && !entries.iter().any(|entry| folded(&entry.dn) == base) {
        return (Vec::new(), LdapResultCode::NoSuchObject);
    }
    let within = entries.iter().filter(|entry| is_within(&folded(&entry.dn), &base, &request.scope));
    let mut found = within.filter(|entry| matches(entry, &request.filter, 0)).map(|entry| shown(entry, request));
    let limit = usize::try_from(request.sizelimit).ok().filter(|limit| *limit > 0).unwrap_or(usize::MAX);
    let first = found.by_ref().take(limit).collect();
    let code = if found.next().is_some() { LdapResultCode::SizeLimitExceeded } else { LdapResultCode::Success };
    (first, code)
}

/// What the server says of itself (RFC 4512 §5.1).
fn itself() -> Entry {
    let attribute = |name: &str, value: &str| (name.to_owned(), vec![value.as_bytes().to_vec()]);
    let attributes = [("objectClass", "top"), ("namingContexts", ROOT), ("supportedLDAPVersion", "3")];
    Entry { dn: String::new(), attributes: attributes.map(|(name, value)| attribute(name, value)).into() }
}

/// A name as it is compared: in lower case, no space about commas and equals signs.
fn folded(dn: &str) -> String {
    let trimmed = |part: &str| part.split('=').map(str::trim).collect::<Vec<_>>().join("=");
    dn.to_lowercase().split(',').map(trimmed).collect::<Vec<_>>().join(",")
}

fn is_within(dn: &str, base: &str, scope: &LdapSearchScope) -> bool {
    let parent = dn.split_once(',').map_or("", |(_, parent)| parent);
    match scope {
        LdapSearchScope::Base => dn == base,
        LdapSearchScope::OneLevel => parent == base && dn != base,
        LdapSearchScope::Children => dn != base && (base.is_empty() || dn.ends_with(&format!(",{base}"))),
        LdapSearchScope::Subtree => base.is_empty() || dn == base || dn.ends_with(&format!(",{base}")),
    }
}

/// The values of an attribute, its name compared without case and without options.
fn values<'a>(entry: &'a Entry, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    let named = entry.attributes.iter().filter(move |(found, _)| bare(found).eq_ignore_ascii_case(bare(name)));
    named.flat_map(|(_, values)| values.iter().map(Vec::as_slice))
}

fn bare(name: &str) -> &str {
    name.split(';').next().unwrap_or_default()
}

/// Whether a filter lets an entry through. A rule that is not known here is undefined, which is no (RFC 4511 §4.5.1.7).
fn matches(entry: &Entry, filter: &LdapFilter, depth: usize) -> bool {
    if depth > MAX_DEPTH {
        return false;
    }
    let text = |name: &str, test: &dyn Fn(&str) -> bool| {
        values(entry, name).any(|value| std::str::from_utf8(value).is_ok_and(|value| test(&value.to_lowercase())))
    };
    match filter {
        LdapFilter::And(all) => all.iter().all(|filter| matches(entry, filter, depth + 1)),
        LdapFilter::Or(any) => any.iter().any(|filter| matches(entry, filter, depth + 1)),
        LdapFilter::Not(filter) => !matches(entry, filter, depth + 1),
        LdapFilter::Present(name) => values(entry, name).next().is_some(),
        LdapFilter::Equality(name, wanted) | LdapFilter::Approx(name, wanted) => {
            text(name, &|value| value == wanted.to_lowercase())
        }
        LdapFilter::Substring(name, pieces) => text(name, &|value| holds(value, pieces)),
        LdapFilter::GreaterOrEqual(name, bound) => text(name, &|value| value >= bound.to_lowercase().as_str()),
        LdapFilter::LessOrEqual(name, bound) => text(name, &|value| value <= bound.to_lowercase().as_str()),
        LdapFilter::Extensible(_) => false,
    }
}

/// Whether a value holds the pieces in their order, none over another.
fn holds(value: &str, pieces: &LdapSubstringFilter) -> bool {
    let lower = |piece: &Option<String>| piece.as_ref().map(|piece| piece.to_lowercase()).unwrap_or_default();
    let Some(mut rest) = value.strip_prefix(&lower(&pieces.initial)) else { return false };
    for piece in &pieces.any {
        let Some((_, behind)) = rest.split_once(&piece.to_lowercase()) else { return false };
        rest = behind;
    }
    rest.ends_with(&lower(&pieces.final_))
}

/// An entry with the attributes that were asked for: all where none was named.
fn shown(entry: &Entry, request: &LdapSearchRequest) -> LdapSearchResultEntry {
    let asked = &request.attrs;
    let is_asked = |name: &str| {
        asked.is_empty() || asked.iter().any(|asked| asked == "*" || bare(asked).eq_ignore_ascii_case(bare(name)))
    };
    let attributes = entry.attributes.iter().filter(|(name, _)| is_asked(name)).map(|(name, values)| {
        let vals = if request.typesonly { Vec::new() } else { values.clone() };
        LdapPartialAttribute { atype: name.clone(), vals }
    });
    LdapSearchResultEntry { dn: entry.dn.clone(), attributes: attributes.collect() }
}

#[cfg(test)]
mod tests {
    use ldap3_proto::{parse_ldap_filter_str, proto::LdapDerefAliases};

    use super::*;

    fn entries() -> Vec<Entry> {
        let entry = |dn: &str, attributes: &[(&str, &[&str])]| Entry {
            dn: dn.to_owned(),
            attributes: attributes
                .iter()
                .map(|(name, values)| {
                    (name.to_string(), values.iter().map(|value| value.as_bytes().to_vec()).collect())
                })
                .collect(),
        };
        let provider = |name: &str, domains: &[&str]| {
            let dn = format!("providerName={name}, o=postacert");
            entry(&dn, &[("objectclass", &["top", "provider"]), ("managedDomains", domains), ("x;binary", &["1"])])
        };
        vec![
            entry("o=postacert", &[("objectclass", &["top", "organization"])]),
            provider("Alfa", &["alfa.test"]),
            provider("Beta", &["beta.test", "PEC.beta.test"]),
        ]
    }

    fn found(base: &str, scope: LdapSearchScope, filter: &str, sizelimit: i32) -> (Vec<String>, LdapResultCode) {
        let filter = parse_ldap_filter_str(filter).expect("a filter");
        let (aliases, attrs) = (LdapDerefAliases::Never, Vec::new());
        let base = base.to_owned();
        let request =
            LdapSearchRequest { base, scope, aliases, sizelimit, timelimit: 0, typesonly: false, filter, attrs };
        let (found, code) = search(&entries(), &request);
        (found.into_iter().map(|entry| entry.dn).collect(), code)
    }

    fn names(filter: &str) -> String {
        let (found, code) = found("o=postacert", LdapSearchScope::Subtree, filter, 0);
        assert_eq!(code, LdapResultCode::Success);
        found.iter().map(|dn| dn.split([',', '=']).nth(1).unwrap_or_default().to_owned() + " ").collect()
    }

    #[test]
    fn filters_let_through_what_they_say() {
        assert_eq!(names("(objectClass=*)"), "postacert Alfa Beta ");
        assert_eq!(names("(objectclass=PROVIDER)"), "Alfa Beta ");
        assert_eq!(names("(managedDomains=pec.beta.test)"), "Beta ");
        assert_eq!(names("(&(objectclass=provider)(!(managedDomains=a*test)))"), "Beta ");
        assert_eq!(names("(|(managedDomains=alfa.*)(managedDomains=*eta.te*))"), "Alfa Beta ");
        assert_eq!(names("(managedDomains=beta*beta.test)"), "", "pieces do not overlap");
        assert_eq!(names("(x=1)"), "Alfa Beta ");
        assert_eq!(names("(y=*)"), "");
    }

    #[test]
    fn scopes_limits_and_bases_are_kept() {
        use LdapSearchScope::{Base, Children, OneLevel, Subtree};
        let all = "(objectClass=*)";
        let count = |base, scope, limit| {
            let (found, code) = found(base, scope, all, limit);
            (found.len(), code)
        };
        assert_eq!(count("O = PostaCert", Base, 0), (1, LdapResultCode::Success));
        assert_eq!(count("o=postacert", OneLevel, 0), (2, LdapResultCode::Success));
        assert_eq!(count("o=postacert", Children, 0), (2, LdapResultCode::Success));
        assert_eq!(count("", Subtree, 0), (3, LdapResultCode::Success));
        assert_eq!(count("providername=beta,o=postacert", Subtree, 0), (1, LdapResultCode::Success));
        assert_eq!(count("o=postacert", Subtree, 2), (2, LdapResultCode::SizeLimitExceeded));
        assert_eq!(count("o=postacert", Subtree, 3), (3, LdapResultCode::Success));
        assert_eq!(count("o=altro", Subtree, 0), (0, LdapResultCode::NoSuchObject));
        assert_eq!(found("", Base, all, 0).0, [""], "the server itself");
    }
}
