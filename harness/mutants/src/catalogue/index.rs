//! The provider index: its records and its signature.

use super::CROSS;

mutants! {
    "index-base", CROSS, "The index's records hang from another base.",
        ["4.5-02"],
        |b| b.index(|text| text.replace(",o=postacert", ",o=gestori"));
    "index-hash", CROSS, "A record's hash is not that of its certificate.",
        ["4.5.1-01"],
        |b| b.record("alfa", |record| replace_value(record, "providerCertificateHash", |hash| {
            let (head, last) = hash.split_at_checked(hash.len().saturating_sub(1)).unwrap_or((hash, ""));
            format!("{head}{}", if last == "0" { "1" } else { "0" })
        }));
    "index-hash-sha256", CROSS, "A record's hash is a SHA-256.",
        ["4.5.1-01"],
        |b| b.record("alfa", |record| replace_value(record, "providerCertificateHash", |hash| hash.repeat(2).chars().take(64).collect()));
    "index-hash-twice", CROSS, "A record has two hashes for one certificate.",
        ["4.5-03"],
        |b| b.record("alfa", |record| {
            let line = record.lines().find(|line| line.starts_with("providerCertificateHash:")).unwrap_or_default();
            record.replace(line, &format!("{line}\n{line}"))
        });
    "index-certificate-not-binary", CROSS, "A certificate is not transferred as binary.",
        ["4.5.2-01"],
        |b| b.record("alfa", |record| record.replace("providerCertificate;binary::", "providerCertificate::"));
    "index-name-missing", CROSS, "A record has no providerName.",
        ["4.5.3-01", "4.5.9-01"],
        |b| b.record("beta", |record| without(record, "providerName:"));
    "index-name-twice", CROSS, "A record has two providerNames.",
        ["4.5.3-01"],
        |b| b.record("beta", |record| format!("{record}providerName: Un altro\n"));
    "index-service-mailbox-missing", CROSS, "A record has no mailReceipt.",
        ["4.5.4-01", "4.5.9-01"],
        |b| b.record("beta", |record| without(record, "mailReceipt:"));
    "index-service-mailbox-twice", CROSS, "A record has two mailReceipts.",
        ["4.5.4-01"],
        |b| b.record("beta", |record| format!("{record}mailReceipt: altro@beta.test\n"));
    "index-domain-malformed", CROSS, "A managed domain is no domain.",
        ["4.5.5-01"],
        |b| b.record("beta", |record| format!("{record}managedDomains: non..valido\n"));
    "index-location-in-clear", CROSS, "A record's LDIF is offered over plain HTTP.",
        ["4.5.6-01"],
        |b| b.record("beta", |record| record.replace("LDIFLocationURL: https:", "LDIFLocationURL: http:"));
    "index-location-class", CROSS, "The root record lacks the class that allows its LDIFLocationURL.",
        ["4.5.8-01"],
        |b| b.index(|text| text.replacen("objectClass: LDIFLocationURLObject\n", "", 1));
    "index-class-missing", CROSS, "A record is not of the class provider.",
        ["4.5.9-01"],
        |b| b.record("beta", |record| without(record, "objectClass: provider"));
    "index-secondary-with-location", CROSS, "A secondary record has an LDIFLocationURL.",
        ["4.5.6-03"],
        |b| b.record("beta", |record| format!("{record}\n{}", secondary(record, true, "providerUnit=Prova,providerName=")));
    "index-secondary-name", CROSS, "A secondary record is not named by its unit.",
        ["4.5.7-02"],
        |b| b.record("beta", |record| format!("{record}\n{}", secondary(record, false, "cn=Prova,providerName=")));
    "index-secondary-two-units", CROSS, "A secondary record names two units.",
        ["4.5.7-01"],
        |b| b.record("beta", |record| {
            let unit = secondary(record, false, "providerUnit=Prova,providerName=");
            format!("{record}\n{unit}providerUnit: Altra\n")
        });
    "index-without-main", CROSS, "A provider has the record of a secondary environment alone.",
        ["4.5.7-03"],
        |b| b.record("beta", |record| {
            let unit = record.replacen("dn: providerName=", "dn: providerUnit=Prova,providerName=", 1);
            without(&format!("{unit}providerUnit: Prova\n"), "LDIFLocationURL:")
        });
    "index-ber", CROSS, "The index is no DER: its outermost length is indefinite.",
        ["4.5-08"],
        |b| {
            b.index_octets(|der| {
                let content = usize::from(der.get(1).map_or(0, |length| length & 0x7f)) + 2;
                [&[0x30, 0x80], der.get(content..).unwrap_or_default(), &[0, 0]].concat()
            });
            Ok(())
        };
    "index-signature", CROSS, "The index's signature does not fit.",
        ["4.5-07"],
        |b| {
            b.index_octets(|der| {
                let mut der = der.to_vec();
                if let Some(last) = der.last_mut() {
                    *last ^= 1;
                }
                der
            });
            Ok(())
        };
}

fn without(record: &str, begins: &str) -> String {
    record.lines().filter(|line| !line.starts_with(begins)).map(|line| format!("{line}\n")).collect()
}

pub(super) fn replace_value(record: &str, attribute: &str, new: impl Fn(&str) -> String) -> String {
    let mark = format!("{attribute}: ");
    let lines = record.lines().map(|line| match line.strip_prefix(&mark) {
        Some(value) => format!("{mark}{}\n", new(value)),
        None => format!("{line}\n"),
    });
    lines.collect()
}

/// The record of a secondary environment, with a mailbox and a domain of its own.
fn secondary(record: &str, location: bool, name: &str) -> String {
    let unit = record.replacen("dn: providerName=", &format!("dn: {name}"), 1);
    let unit = unit.replacen("managedDomains: ", "managedDomains: prova.", 1);
    let unit = format!("{}providerUnit: Prova\n", unit.trim_end_matches('\n').to_owned() + "\n");
    if location { unit } else { without(&unit, "LDIFLocationURL:") }
}
