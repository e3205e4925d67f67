//! The subject's users: those who are named one by one, and groups of many alike.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use collaudo_record::Ordinary;
use collaudo_scenario::UserPlan;
use serde::Deserialize;

use super::{CertifyError, lab::at};

/// The most users of a group.
const MOST: u32 = 1_000;

/// One user.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct User {
    pub(super) address: String,
    /// None where the file of passwords has it.
    password: Option<String>,
    maildir: Option<PathBuf>,
    quota_octets: Option<u64>,
    #[serde(default)]
    ordinary: Policy,
}

/// Users who differ in nothing but their numbers: `utente1`, `utente2` ...
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Group {
    prefix: String,
    count: u32,
    /// The same for all; none where the file of passwords has each.
    password: Option<String>,
    quota_octets: Option<u64>,
    #[serde(default)]
    ordinary: Policy,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Policy {
    #[default]
    Refuse,
    Anomaly,
    Forward(String),
}

/// Someone who logs in.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) plan: UserPlan,
    /// Where the mailbox is a Maildir, if it is one by itself.
    pub(super) maildir: Option<PathBuf>,
    /// Whether there are many like this one: then nobody looks into the mailbox unless it has a part.
    pub(super) is_one_of_many: bool,
}

/// What people log in with, by address, where the file that has them is not the one that describes them.
pub(super) struct Passwords(BTreeMap<String, String>);

impl Passwords {
    /// Reads lines of an address and a password; whatever else there is has no meaning.
    pub(super) fn read(path: Option<&Path>) -> Result<Self, CertifyError> {
        let Some(path) = path else { return Ok(Self(BTreeMap::new())) };
        let text = fs::read_to_string(path).map_err(|why| at(path, why))?;
        let entry = |line: &str| {
            let mut words = line.split_whitespace();
            let (address, password) = (words.next().filter(|word| word.contains('@'))?, words.next()?);
            Some((address.to_ascii_lowercase(), password.to_owned()))
        };
        Ok(Self(text.lines().filter_map(entry).collect()))
    }

    /// The password that stands there, else the one of the file.
    pub(super) fn of(&self, address: &str, own: Option<&String>) -> Option<String> {
        own.or_else(|| self.0.get(&address.to_ascii_lowercase())).cloned()
    }
}

/// Everyone, those who are named one by one first; in words who has no password, or what else is wrong.
pub(super) fn everyone(
    users: &[User],
    groups: &[Group],
    domain: &str,
    passwords: &Passwords,
) -> Result<Vec<Person>, String> {
    let mut people = Vec::new();
    for user in users {
        let address = user.address.clone();
        let one = person(address, (user.password.as_ref(), passwords), user.quota_octets, &user.ordinary, false)?;
        people.push(Person { maildir: user.maildir.clone(), ..one });
    }
    for group in groups {
        if !(1..=MOST).contains(&group.count) {
            return Err(format!("count = {} in [[subject.group]]; expected from 1 to {MOST}", group.count));
        }
        for number in 1..=group.count {
            let address = format!("{}{number}@{domain}", group.prefix);
            let password = (group.password.as_ref(), passwords);
            people.push(person(address, password, group.quota_octets, &group.ordinary, true)?);
        }
    }
    Ok(people)
}

fn person(
    address: String,
    (own, passwords): (Option<&String>, &Passwords),
    quota_octets: Option<u64>,
    ordinary: &Policy,
    is_one_of_many: bool,
) -> Result<Person, String> {
    let Some(password) = passwords.of(&address, own) else {
        return Err(format!(
            "no password for {address}; add password = \"...\", or a line of the file that passwords names"
        ));
    };
    let ordinary = match ordinary {
        Policy::Refuse => Ordinary::Refuse,
        Policy::Anomaly => Ordinary::Anomaly,
        Policy::Forward(to) => Ordinary::Forward { to: to.clone() },
    };
    Ok(Person { plan: UserPlan { address, password, quota_octets, ordinary }, maildir: None, is_one_of_many })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(password: Option<&str>) -> Group {
        let password = password.map(str::to_owned);
        Group { prefix: "utente".into(), count: 2, password, quota_octets: None, ordinary: Policy::Refuse }
    }

    #[test]
    fn a_group_stands_for_users_with_numbers() {
        let nothing = Passwords(BTreeMap::new());
        let people = everyone(&[], &[group(Some("segreta"))], "esempio.it", &nothing).expect("they have passwords");
        let addresses: Vec<_> = people.iter().map(|one| one.plan.address.as_str()).collect();
        assert_eq!(addresses, ["utente1@esempio.it", "utente2@esempio.it"]);
    }

    #[test]
    fn who_has_no_password_is_named() {
        let mut known = Passwords([("utente1@esempio.it".to_owned(), "prima".to_owned())].into());
        let told = everyone(&[], &[group(None)], "Esempio.it", &known).expect_err("one has none");
        assert!(told.starts_with("no password for utente2@Esempio.it"), "{told}");
        known.0.insert("utente2@esempio.it".into(), "seconda".into());
        assert_eq!(everyone(&[], &[group(None)], "esempio.it", &known).expect("both have one").len(), 2);
    }

    #[test]
    fn a_policy_is_a_word_or_says_where_mail_goes_on_to() {
        let read = |line: &str| toml::from_str::<User>(&format!("address = \"a@b.it\"\npassword = \"x\"\n{line}"));
        assert_eq!(read("ordinary = \"anomaly\"").expect("it reads").ordinary, Policy::Anomaly);
        let forward = read("ordinary = { forward = \"c@d.it\" }").expect("it reads").ordinary;
        assert_eq!(forward, Policy::Forward("c@d.it".into()));
        assert!(read("ordinary = \"keep\"").is_err());
    }
}
