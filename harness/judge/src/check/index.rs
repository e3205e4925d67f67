//! The provider index as published: the record of each subject, told where the subject's signature first rests on it.

use std::collections::BTreeSet;

use collaudo_record::{Instant, Outcome, Player, Provider, What};

use super::{Check, Finding, Findings, View};
use crate::{
    Clause,
    reading::{Certificate, Index, Record},
};

pub(super) const CHECKS: &[Check] = &[
    Check { clauses: &[Clause::PEC_4_5_07, Clause::PEC_4_5_08], run: document },
    Check { clauses: &[Clause::PEC_4_5_02, Clause::PEC_4_5_7_01, Clause::PEC_4_5_7_03], run: names },
    Check { clauses: &[Clause::PEC_4_5_01], run: directory },
    Check { clauses: &[Clause::PEC_4_5_11], run: own_files },
    Check {
        clauses: &[Clause::PEC_4_5_03, Clause::PEC_4_5_04, Clause::PEC_4_5_1_01, Clause::PEC_4_5_2_01],
        run: certificates,
    },
    Check {
        clauses: &[Clause::PEC_4_5_3_01, Clause::PEC_4_5_4_01, Clause::PEC_4_5_5_01, Clause::PEC_4_5_9_01],
        run: attributes,
    },
    Check {
        clauses: &[Clause::PEC_4_5_6_01, Clause::PEC_4_5_6_03, Clause::PEC_4_5_7_02, Clause::PEC_4_5_8_01],
        run: locations,
    },
];

/// Every subject that issued something, with the event where that was first seen: there its record is relied on.
fn subjects<'a>(view: &View<'a>) -> Vec<(&'a Provider, u32)> {
    // A trace without an index, such as one of stored messages, exercises nothing here.
    if view.index.signature.is_none() {
        return Vec::new();
    }
    let issued = |provider: &Provider| {
        let mut sightings = view.sightings.iter();
        sightings
            .find(|sighting| sighting.issuer.is_some_and(|issuer| issuer.name == provider.name))
            .map(|sighting| sighting.event)
    };
    let subjects = view.trace.header.providers.iter().filter(|provider| provider.player == Player::Subject);
    subjects.filter_map(|provider| Some((provider, issued(provider)?))).collect()
}

/// All records of a subject, of its main environment and of others.
fn records<'a>(view: &View<'a>, provider: &'a Provider) -> impl Iterator<Item = &'a Record> {
    view.index.records.iter().filter(|record| record.name == provider.display_name)
}

struct Told<'a> {
    provider: &'a Provider,
    event: u32,
    findings: &'a mut Findings,
}

impl Told<'_> {
    fn holds(&mut self, clause: Clause, holds: bool, expected: &str, observed: String) {
        self.findings.push(Finding {
            clause,
            provider: self.provider.name.clone(),
            outcome: if holds { Outcome::Pass } else { Outcome::Fail },
            expected: expected.to_owned(),
            observed,
            evidence: vec![self.event],
            declared: true,
            step: None,
            reading: None,
        });
    }
}

fn document(view: &View<'_>, findings: &mut Findings) {
    for (provider, event) in subjects(view) {
        let mut told = Told { provider, event, findings: &mut *findings };
        //= PEC-4.5-07
        let problem = view.index.problem.clone();
        let words = problem.clone().unwrap_or_else(|| "the signature of its publisher holds".to_owned());
        told.holds(Clause::PEC_4_5_07, problem.is_none(), "an index signed by its publisher", words);
        //= PEC-4.5-08
        if let Some(signature) = &view.index.signature {
            let holds = signature.is_der && signature.encloses && signature.signer.is_some();
            let words = format!(
                "DER: {}, text enclosed: {}, {} certificates",
                signature.is_der,
                signature.encloses,
                signature.certificates.len()
            );
            told.holds(Clause::PEC_4_5_08, holds, "text, signature and certificate in one DER structure", words);
        }
    }
}

fn names(view: &View<'_>, findings: &mut Findings) {
    for (provider, event) in subjects(view) {
        let mut told = Told { provider, event, findings: &mut *findings };
        for record in records(view, provider).filter(|record| record.unit.is_none()) {
            //= PEC-4.5-02
            let wanted = format!("providerName={},o=postacert", record.name);
            let holds = normal_dn(&record.dn) == normal_dn(&wanted);
            told.holds(Clause::PEC_4_5_02, holds, &wanted, record.dn.clone());
        }
        //= PEC-4.5.7-03
        let main = records(view, provider).filter(|record| record.unit.is_none()).count();
        told.holds(Clause::PEC_4_5_7_03, main == 1, "one record of the main environment", format!("{main} of them"));
        //= PEC-4.5.7-01
        for record in records(view, provider) {
            let units = record.values("providerUnit").len();
            // A secondary record hangs from the main one, so its path is longer by a piece.
            let is_main = record.path().len() <= 2;
            let holds = units == usize::from(!is_main);
            told.holds(
                Clause::PEC_4_5_7_01,
                holds,
                "providerUnit once in secondary records, never in the main one",
                format!("{units} in {}", record.dn),
            );
        }
    }
}

/// Every provider of the network is there, with as many domains as it has. How they are written are rows of their own.
//= PEC-4.5-01
fn directory(view: &View<'_>, findings: &mut Findings) {
    let lacks = |provider: &&Provider| {
        let domains: usize = records(view, provider).map(|record| record.values("managedDomains").len()).sum();
        domains < provider.domains.len().max(1)
    };
    let lacking: Vec<&str> =
        view.trace.header.providers.iter().filter(lacks).map(|provider| provider.display_name.as_str()).collect();
    // Who issued nothing relies on the index for what comes to him.
    let issued = subjects(view);
    let event =
        |provider: &Provider| issued.iter().find(|(one, _)| one.name == provider.name).map_or(0, |(_, event)| *event);
    let everyone = view.trace.header.providers.iter().filter(|provider| provider.player == Player::Subject);
    let is_read = view.index.signature.is_some() && !view.trace.events.is_empty();
    for provider in everyone.filter(|_| is_read) {
        let event = event(provider);
        let observed = match lacking.as_slice() {
            [] => "all there".to_owned(),
            some => format!("without {}, or without domains of theirs", some.join(", ")),
        };
        let expected = "a directory of all providers and their domains";
        let mut told = Told { provider, event, findings: &mut *findings };
        told.holds(Clause::PEC_4_5_01, lacking.is_empty(), expected, observed);
    }
}

/// The file that a main record names holds the records of its secondary environments too.
//= PEC-4.5-11
fn own_files(view: &View<'_>, findings: &mut Findings) {
    for (event, place) in view.trace.events.iter().zip(0_u32..) {
        let What::Published { document, body: Some(body) } = &event.what else { continue };
        let Some(octets) = view.trace.body(body) else { continue };
        for (provider, _) in subjects(view) {
            let own: Vec<&Record> = records(view, provider).collect();
            let is_named = own.iter().any(|one| one.unit.is_none() && one.values("LDIFLocationURL").contains(document));
            let units = || own.iter().filter(|one| one.unit.is_some());
            if !is_named || units().next().is_none() {
                continue;
            }
            let file = Index::read(octets, None);
            let is_there = |record: &&&Record| {
                let same =
                    |one: &Record| normal_dn(&one.dn) == normal_dn(&record.dn) && one.attributes == record.attributes;
                file.records.iter().any(same)
            };
            let lacking: Vec<&str> = units().filter(|record| !is_there(record)).map(|one| one.dn.as_str()).collect();
            let observed = match lacking.as_slice() {
                [] => format!("{} records, all of them", file.records.len()),
                some => format!("without {}", some.join("; ")),
            };
            let mut told = Told { provider, event: place, findings: &mut *findings };
            let expected = format!("{document} with the records of all secondary environments, as the index has them");
            told.holds(Clause::PEC_4_5_11, lacking.is_empty(), &expected, observed);
        }
    }
}

/// Attribute names and blanks do not tell names apart.
fn normal_dn(dn: &str) -> String {
    let pieces = dn.split(',').map(|piece| match piece.split_once('=') {
        Some((name, value)) => format!("{}={}", name.trim().to_ascii_lowercase(), value.trim()),
        None => piece.trim().to_owned(),
    });
    pieces.collect::<Vec<_>>().join(",")
}

fn certificates(view: &View<'_>, findings: &mut Findings) {
    for (provider, event) in subjects(view) {
        let mut told = Told { provider, event, findings: &mut *findings };
        for record in records(view, provider) {
            let read: Vec<Certificate> = record.certificates.iter().filter_map(|der| Certificate::read(der)).collect();
            let (certificates, hashes) = (record.certificates.len(), record.hashes.len());
            let words = format!("{certificates} certificates, {hashes} hashes");
            //= PEC-4.5-03
            told.holds(
                Clause::PEC_4_5_03,
                certificates > 0 && certificates == hashes,
                "a hash for each certificate",
                words,
            );
            overlap(&mut told, &read);
            //= PEC-4.5.1-01
            // How many there are is the row before.
            let wanted: BTreeSet<&str> = read.iter().map(|certificate| certificate.sha1.as_str()).collect();
            let own: BTreeSet<&str> = record.hashes.iter().map(String::as_str).collect();
            let list =
                |hashes: &BTreeSet<&str>| format!("hashes {}", hashes.iter().copied().collect::<Vec<_>>().join(", "));
            told.holds(Clause::PEC_4_5_1_01, !own.is_empty() && own == wanted, &list(&wanted), list(&own));
            //= PEC-4.5.2-01
            let binary = record.attributes.iter().filter(|(name, _)| name == "providercertificate;binary").count();
            let holds = binary > 0 && binary == certificates && read.len() == certificates;
            let words = format!("{binary} binary of {certificates}, {} certificates can be read", read.len());
            told.holds(Clause::PEC_4_5_2_01, holds, "providerCertificate;binary with certificates in DER", words);
        }
    }
}

/// Where one certificate follows another there is no gap between them.
//= PEC-4.5-04
fn overlap(told: &mut Told<'_>, certificates: &[Certificate]) {
    let mut all: Vec<&Certificate> = certificates.iter().collect();
    all.sort_by_key(|certificate| certificate.not_before);
    let mut until = None;
    for certificate in all {
        let Some(end) =
            until.replace(until.map_or(certificate.not_after, |end: Instant| end.max(certificate.not_after)))
        else {
            continue;
        };
        let holds = certificate.not_before <= end;
        let words = format!("the next begins {} after the last one's end", certificate.not_before.since(end));
        told.holds(Clause::PEC_4_5_04, holds, "certificates whose validity overlaps", words);
    }
}

fn attributes(view: &View<'_>, findings: &mut Findings) {
    const REQUIRED: [&str; 5] =
        ["providerCertificateHash", "providerCertificate", "providerName", "mailReceipt", "managedDomains"];
    for (provider, event) in subjects(view) {
        let mut told = Told { provider, event, findings: &mut *findings };
        for record in records(view, provider) {
            //= PEC-4.5.3-01
            let names = record.values("providerName");
            told.holds(Clause::PEC_4_5_3_01, names.len() == 1, "one providerName", names.join(", "));
            //= PEC-4.5.4-01
            let receipts = record.values("mailReceipt");
            let holds = matches!(receipts.as_slice(), [only] if is_address(only));
            told.holds(Clause::PEC_4_5_4_01, holds, "one mailReceipt in dot-atom form", receipts.join(", "));
            //= PEC-4.5.5-01
            let domains = record.values("managedDomains");
            let holds = !domains.is_empty() && domains.iter().all(|domain| is_dot_atom(domain));
            told.holds(Clause::PEC_4_5_5_01, holds, "managedDomains in dot-atom form", domains.join(", "));
            //= PEC-4.5.9-01
            let missing: Vec<&str> = REQUIRED.into_iter().filter(|name| record.values(name).is_empty()).collect();
            let is_provider = record.values("objectClass").iter().any(|class| class.eq_ignore_ascii_case("provider"));
            let words = format!(
                "without {}; of class provider: {is_provider}",
                if missing.is_empty() { "none".to_owned() } else { missing.join(", ") }
            );
            told.holds(
                Clause::PEC_4_5_9_01,
                missing.is_empty() && is_provider,
                "objectClass provider with its five attributes",
                words,
            );
        }
    }
}

fn locations(view: &View<'_>, findings: &mut Findings) {
    for (provider, event) in subjects(view) {
        let mut told = Told { provider, event, findings: &mut *findings };
        let root = view.index.records.iter().filter(|record| normal_dn(&record.dn) == "o=postacert");
        for record in root.chain(records(view, provider)) {
            let urls = record.values("LDIFLocationURL");
            match &record.unit {
                Some(unit) => {
                    //= PEC-4.5.6-03
                    told.holds(
                        Clause::PEC_4_5_6_03,
                        urls.is_empty(),
                        "no LDIFLocationURL in a secondary record",
                        urls.join(", "),
                    );
                    //= PEC-4.5.7-02
                    let wanted = format!("providerUnit={unit},providerName={},o=postacert", record.name);
                    told.holds(
                        Clause::PEC_4_5_7_02,
                        normal_dn(&record.dn) == normal_dn(&wanted),
                        &wanted,
                        record.dn.clone(),
                    );
                }
                //= PEC-4.5.6-01
                None if !urls.is_empty() => {
                    let holds = matches!(urls.as_slice(), [only] if only.to_ascii_lowercase().starts_with("https://"));
                    told.holds(Clause::PEC_4_5_6_01, holds, "one LDIFLocationURL of https", urls.join(", "));
                }
                None => {}
            }
            //= PEC-4.5.8-01
            if normal_dn(&record.dn) == "o=postacert" && !urls.is_empty() {
                let classes = record.values("objectClass");
                let holds = classes.iter().any(|class| class.eq_ignore_ascii_case("LDIFLocationURLObject"));
                told.holds(
                    Clause::PEC_4_5_8_01,
                    holds,
                    "objectClass LDIFLocationURLObject where there is a URL",
                    classes.join(", "),
                );
            }
        }
    }
}

fn is_address(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, domain)| is_dot_atom(local) && is_dot_atom(domain))
}

fn is_dot_atom(text: &str) -> bool {
    let atom = |atom: &str| {
        !atom.is_empty() && atom.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
    };
    text.split('.').all(atom)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fixture::{self, Signing},
        library::Library,
        reading::{Index, Readings},
        sighting::sightings,
        story::Story,
    };
    use Clause as C;

    fn findings(ldif: &str, signing: Signing) -> Vec<Finding> {
        let trace = fixture::trace_with_index(|_| {}, ldif, signing);
        let readings = Readings::of(&trace);
        let index = Index::of(&trace);
        let sightings = sightings(&trace, &readings);
        let library = Library::of(&trace, &index);
        let story = Story::read(&trace, &readings, &library, &sightings);
        let view = View {
            trace: &trace,
            readings: &readings,
            index: &index,
            library: &library,
            sightings: &sightings,
            story: &story,
        };
        let mut findings = Findings::default();
        CHECKS.iter().for_each(|check| (check.run)(&view, &mut findings));
        findings.0
    }

    fn clauses(findings: &[Finding], outcome: Outcome) -> BTreeSet<Clause> {
        findings.iter().filter(|finding| finding.outcome == outcome).map(|finding| finding.clause).collect()
    }

    #[test]
    fn a_good_index_passes_and_cites_the_message_that_rests_on_it() {
        let findings = findings(&fixture::ldif(), Signing::Index);
        assert_eq!(clauses(&findings, Outcome::Fail), BTreeSet::new());
        assert!(findings.iter().all(|finding| !finding.evidence.is_empty()));
        assert_eq!(clauses(&findings, Outcome::Pass).len(), 15);
    }

    #[test]
    fn an_index_signed_by_another_than_its_publisher_fails() {
        assert_eq!(clauses(&findings(&fixture::ldif(), Signing::Alfa), Outcome::Fail), [C::PEC_4_5_07].into());
        assert!(clauses(&findings(&fixture::ldif(), Signing::Uncertified), Outcome::Fail).contains(&C::PEC_4_5_08));
    }

    /// Goal: what is in the index stands in the provider's own file. Method: alfa has a secondary environment, and a file with
    /// its record, without it, or with another domain in it.
    #[test]
    fn a_providers_own_file_holds_its_secondary_environments() {
        let unit = "dn: providerUnit=due,providerName=Alfa PEC S.p.A.,o=postacert\nobjectClass: provider\n\
            providerName: Alfa PEC S.p.A.\nproviderUnit: due\nmanagedDomains: due.alfa.test\n";
        let main = "dn: providerName=Alfa PEC S.p.A.,o=postacert\nproviderName: Alfa PEC S.p.A.\n";
        let told = |file: &str| {
            let whole = format!("{}\n{unit}", fixture::ldif());
            let mut trace = fixture::trace_with_index(|_| {}, &whole, Signing::Index);
            let url =
                Index::of(&trace).records.iter().find(|record| record.name == "Alfa PEC S.p.A.").map(|record| {
                    record.values("LDIFLocationURL").first().cloned().expect("a main record names its file")
                });
            let octets = fixture::signed_data(file.as_bytes(), Signing::Alfa, fixture::EPOCH, true);
            let what = What::Published { document: url.expect("alfa"), body: Some(trace.keep(octets)) };
            let basis = collaudo_record::Basis::Observed;
            trace.events.insert(0, collaudo_record::Event { at: fixture::EPOCH, basis, what });
            let mut verdicts = crate::judge(&trace).verdicts.into_iter();
            verdicts.find(|one| one.clause == "PEC-4.5-11").map(|one| (one.provider, one.outcome))
        };
        let alfa = |outcome| Some(("alfa".to_owned(), outcome));
        assert_eq!(told(&format!("{main}\n{unit}")), alfa(Outcome::Pass));
        assert_eq!(told(main), alfa(Outcome::Fail));
        assert_eq!(told(&format!("{main}\n{}", unit.replace("due.alfa", "tre.alfa"))), alfa(Outcome::Fail));
    }

    /// Goal: a renewal leaves no gap. Method: one certificate under several dates.
    #[test]
    fn certificates_that_follow_one_another_overlap() {
        let told = |spans: &[(i64, i64)]| {
            let good = Certificate::read(include_bytes!("../../tests/fixtures/alfa.der")).expect("a fixture");
            let dated = |(from, to): &(i64, i64)| {
                let mut one = good.clone();
                (one.not_before, one.not_after) = (Instant(*from), Instant(*to));
                one
            };
            let certificates: Vec<Certificate> = spans.iter().map(dated).collect();
            let trace = fixture::trace(|_| {});
            let provider = trace.header.providers.first().expect("alfa");
            let mut findings = Findings::default();
            overlap(&mut Told { provider, event: 0, findings: &mut findings }, &certificates);
            findings.0.into_iter().map(|finding| finding.outcome).collect::<Vec<_>>()
        };
        assert_eq!(told(&[(0, 9)]), []);
        assert_eq!(told(&[(5, 20), (0, 9)]), [Outcome::Pass]);
        assert_eq!(told(&[(0, 30), (1, 9), (20, 40), (41, 50)]), [Outcome::Pass, Outcome::Pass, Outcome::Fail]);
    }

    #[test]
    fn a_bent_record_fails_the_row_that_it_breaks() {
        let hash = |text: &str| {
            text.lines().find(|line| line.starts_with("providerCertificateHash")).unwrap_or_default().to_owned()
        };
        let good = fixture::ldif();
        let cases: [(&str, &str, &[Clause]); 12] = [
            ("providerName: Gamma PEC S.p.A.", "providerName: Delta PEC S.p.A.", &[C::PEC_4_5_01]),
            ("dn: providerName=Alfa", "dn: name=Alfa", &[C::PEC_4_5_02]),
            (&hash(&good), "description: x", &[C::PEC_4_5_03, C::PEC_4_5_1_01, C::PEC_4_5_9_01]),
            ("providerCertificateHash: ", "providerCertificateHash: 0", &[C::PEC_4_5_1_01]),
            ("providerCertificate;binary:", "providerCertificate:", &[C::PEC_4_5_2_01]),
            (
                "providerName: Alfa PEC S.p.A.\n",
                "providerName: Alfa PEC S.p.A.\nproviderName: Alfa\n",
                &[C::PEC_4_5_3_01],
            ),
            ("servizio@alfa.test", "servizio di alfa", &[C::PEC_4_5_4_01]),
            ("managedDomains: alfa.test", "managedDomains: alfa..test", &[C::PEC_4_5_5_01]),
            ("https://alfa.test", "http://alfa.test", &[C::PEC_4_5_6_01]),
            (
                "mailReceipt: servizio@alfa.test\n",
                "mailReceipt: servizio@alfa.test\nproviderUnit: due\n",
                &[C::PEC_4_5_6_03, C::PEC_4_5_7_01, C::PEC_4_5_7_02, C::PEC_4_5_7_03],
            ),
            ("objectClass: LDIFLocationURLObject\n", "", &[C::PEC_4_5_8_01]),
            ("objectClass: provider\n", "", &[C::PEC_4_5_9_01]),
        ];
        for (from, to, expected) in cases {
            assert!(good.contains(from));
            let failed = clauses(&findings(&good.replacen(from, to, 1), Signing::Index), Outcome::Fail);
            assert_eq!(failed, expected.iter().copied().collect(), "{from:?} -> {to:?}");
        }
    }
}
