//! Reads `gestore.toml`; a mistake is told with its line and the nearest right word.

use std::{fs, ops::Range, path::Path};

use super::{FILE, Settings};
use crate::shell::Error;

/// Reads the configuration of a provider's folder.
///
/// *Errors*: a folder without one, a word that is not understood, a value that cannot be meant.
pub(in crate::shell) fn read(folder: &Path) -> Result<Settings, Error> {
    let file = folder.join(FILE);
    let text = fs::read_to_string(&file)
        .map_err(|error| Error::at(&file, format!("{error}; `gestore init {}` makes one", folder.display())))?;
    let mut settings = parse(&file, &text)?;
    settings.folder = folder.to_owned();
    Ok(settings)
}

fn parse(file: &Path, text: &str) -> Result<Settings, Error> {
    let settings: Settings = toml::from_str(text).map_err(|error| {
        let line = line_of(text, error.span());
        let found = error.span().and_then(|span| text.get(span)).unwrap_or_default();
        Error::Config { file: file.to_owned(), line, what: told(error.message(), found) }
    })?;
    match settings.mistake() {
        None => Ok(settings),
        Some((found, what)) => {
            let at = text.find(&format!("\"{found}\"")).unwrap_or_default();
            Err(Error::Config { file: file.to_owned(), line: line_of(text, Some(at..at)), what })
        }
    }
}

fn line_of(text: &str, span: Option<Range<usize>>) -> usize {
    let before = text.get(..span.map_or(0, |span| span.start)).unwrap_or(text);
    1 + before.matches('\n').count()
}

/// The message of the reader of TOML, with what was found where it does not say it, and with the nearest right word where
/// one was misspelt.
fn told(message: &str, found: &str) -> String {
    let message = match message.trim() {
        "invalid IP address syntax" => format!("found {found}, expected an IP address such as \"127.0.0.1\""),
        "invalid socket address syntax" => {
            format!("found {found}, expected an address and a port such as \"127.0.0.1:25\"")
        }
        message => message.replace('\n', "; "),
    };
    let mut words = message.split('`').skip(1).step_by(2);
    let found = words.next().unwrap_or_default();
    let nearest = words.map(|word| (strsim::damerau_levenshtein(found, word), word)).min();
    match nearest {
        Some((distance, word)) if message.starts_with("unknown") && distance <= found.len().div_ceil(2) => {
            format!("{message}; nearest is \"{word}\"")
        }
        _ => message,
    }
}

impl Settings {
    /// A value that cannot be meant, and why.
    fn mistake(&self) -> Option<(&str, String)> {
        let domain = &self.domain;
        let ours = |address: &str| {
            address.rsplit_once('@').is_some_and(|(local, of)| !local.is_empty() && of.eq_ignore_ascii_case(domain))
        };
        let addresses = self.users.iter().map(|user| &user.address).chain([&self.service_mailbox]);
        if let Some(address) = addresses.into_iter().find(|address| !ours(address)) {
            return Some((address, format!("address \"{address}\" is not of the domain \"{domain}\"")));
        }
        let twice = |(n, user): (usize, &super::User)| {
            self.users.iter().skip(n + 1).any(|other| other.address.eq_ignore_ascii_case(&user.address))
        };
        if let Some((_, user)) = self.users.iter().enumerate().find(|(n, user)| twice((*n, user))) {
            return Some((&user.address, format!("user \"{}\" stands there twice", user.address)));
        }
        let source = self.index.from.split_once("://").map(|(scheme, _)| scheme);
        if let Some(scheme) = source.filter(|scheme| !["https", "ldaps"].contains(scheme)) {
            let what = format!("index from \"{scheme}://\": expected a file, \"https://\" or \"ldaps://\"");
            return Some((&self.index.from, what));
        }
        let crl = self.crl.as_ref().map_or("", |crl| &crl.from);
        if let Some((scheme, _)) = crl.split_once("://").filter(|(scheme, _)| *scheme != "https") {
            return Some((
                crl,
                format!("list of revoked certificates from \"{scheme}://\": expected a file or \"https://\""),
            ));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "domain = \"alfa.test\"\nhost = \"mx.alfa.test\"\nname = \"Alfa\"\n\
        service_mailbox = \"ricevute@alfa.test\"\n[ports]\nimap = 0\n[index]\nfrom = \"indice.ldif.p7m\"\n";

    fn fault(text: &str) -> String {
        parse(Path::new("gestore.toml"), text).expect_err("a fault").to_string()
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        let settings = parse(Path::new("gestore.toml"), GOOD).expect("a good file");
        assert!(settings.listen.is_loopback());
        assert_eq!((settings.limits.connections, settings.ports.pop3), (2000, None));
    }

    #[test]
    fn a_misspelt_word_is_told_with_its_line_and_the_nearest() {
        let told = fault(&GOOD.replace("imap = 0", "imapp = 0"));
        assert!(told.starts_with("gestore.toml:6: unknown field `imapp`"), "{told}");
        assert!(told.ends_with("nearest is \"imap\""), "{told}");
    }

    #[test]
    fn a_value_of_another_kind_is_told_with_its_line() {
        let told = fault(&GOOD.replace("imap = 0", "imap = \"zero\""));
        assert!(told.starts_with("gestore.toml:6: ") && told.contains("zero"), "{told}");
    }

    #[test]
    fn an_address_that_is_none_is_told_with_what_one_looks_like() {
        let listen = GOOD.replace("[ports]", "listen = \"localhost\"\n[ports]");
        assert_eq!(fault(&listen), "gestore.toml:5: found \"localhost\", expected an IP address such as \"127.0.0.1\"");
        let told = fault(&format!("{GOOD}[routes]\n\"beta.test\" = \"127.0.0.1\"\n"));
        assert!(told.starts_with("gestore.toml:10: found \"127.0.0.1\", expected an address and a port"), "{told}");
    }

    #[test]
    fn addresses_of_other_domains_and_users_written_twice_are_told() {
        let user = "[[user]]\naddress = \"anna@beta.test\"\n";
        let told = fault(&format!("{GOOD}{user}"));
        assert_eq!(told, "gestore.toml:10: address \"anna@beta.test\" is not of the domain \"alfa.test\"");
        let twice = user.replace("beta", "alfa").repeat(2);
        assert!(fault(&format!("{GOOD}{twice}")).contains("stands there twice"));
    }

    #[test]
    fn documents_are_asked_for_each_day_at_least_and_not_without_a_pause() {
        let settings = parse(Path::new("gestore.toml"), GOOD).expect("a good file");
        assert_eq!(settings.index.refresh_seconds, 86_400);
        let with = |seconds: u32| format!("{GOOD}refresh_seconds = {seconds}\n");
        let settings = parse(Path::new("gestore.toml"), &with(2)).expect("a good file");
        assert_eq!(settings.index.refresh_seconds, 2);
        for seconds in [0, 86_401] {
            let told = fault(&with(seconds));
            assert!(told.starts_with(&format!("gestore.toml:9: found {seconds}, expected seconds from 1")), "{told}");
        }
    }

    #[test]
    fn an_index_over_plain_http_is_refused() {
        let told = fault(&GOOD.replace("indice.ldif.p7m", "http://alfa.test/indice"));
        assert!(told.starts_with("gestore.toml:8: index from \"http://\""), "{told}");
    }
}
