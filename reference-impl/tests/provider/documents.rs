use collaudo_node::Bytes;
use gestore::{
    IndexSource, Ordinary,
    core::message::{Entry, Issuer, log_seal},
};
use sha1::{Digest, Sha1};

use crate::world::*;

const ANNA: &str = "anna@alfa.test";
const BRUNO: &str = "bruno@beta.test";

fn list(name: &str) -> Bytes {
    file(name).into()
}

/// What was noted of documents, in its order.
fn notes(world: &World, name: &str) -> Vec<String> {
    let records = world.machines[name].disk.history.iter().map(|record| String::from_utf8_lossy(record).into_owned());
    let noted = records.filter(|record| record.contains("\"noted\""));
    noted
        .map(|record| record.split('"').skip_while(|word| *word != "event").nth(2).unwrap_or_default().into())
        .collect()
}

#[test]
fn an_envelope_signed_with_a_revoked_certificate_is_ordinary_mail() {
    //= PEC-2.2.2-15
    //= type=test
    let mut world = World::new();
    world.anna_writes(&[BRUNO]);
    let receipt = world.mailbox(ANNA).remove(1);
    // Of lists that last for years the next is asked for each day.
    world.machine("alfa").documents.insert("crl", list("beta.crl"));
    world.pass(hours(25));
    assert!(world.relay("alfa", "posta-certificata@beta.test", &[ANNA], &receipt).starts_with("550 5.7.1"));
    world.anna_writes(&[BRUNO]);
    world.pass(hours(30));
    let notice = "preavviso-errore-consegna";
    assert_eq!(world.kinds(ANNA), ["accettazione", "avvenuta-consegna", "accettazione", notice, notice]);
}

#[test]
fn the_last_good_list_outlives_a_crash_an_outage_an_older_list_and_a_bad_one() {
    let mut world = World::new();
    world.machine("alfa").documents.insert("crl", list("beta.crl"));
    world.pass(hours(25));
    world.anna_writes(&[BRUNO]);
    let receipt = world.mailbox(BRUNO).remove(0);
    for bad in [None, Some(list("nobody.crl")), Some(Bytes::from_static(b"x"))] {
        match bad {
            Some(bad) => world.machine("alfa").documents.insert("crl", bad),
            None => world.machine("alfa").documents.remove("crl"),
        };
        world.crash("alfa");
        world.start("alfa");
        world.pass(minutes(30));
    }
    let refused = world.kinds("ricevute@alfa.test").is_empty() && !receipt.is_empty();
    assert!(refused, "beta's receipts are signed with what is revoked");
    let refusals = notes(&world, "alfa").into_iter().filter(|note| note == "lista-revoche-rifiuto").count();
    assert_eq!(refusals, 3);
}

#[test]
fn until_the_first_list_is_there_certified_mail_is_put_off_and_ordinary_mail_is_not() {
    //= PEC-2.2.2-15
    //= type=test
    let mut world = World::new();
    world.policy("beta", "bruno", Ordinary::Anomaly);
    world.crash("beta");
    world.machine("beta").documents.remove("crl");
    let disk = &mut world.machine("beta").disk;
    disk.records.truncate(1);
    disk.history.truncate(1);
    world.start("beta");
    world.anna_writes(&[BRUNO]);
    assert!(world.relay("beta", ANNA, &[BRUNO], &sent(&world)).starts_with("451 4.7.5"));
    let stranger = "qualcuno@altrove.test";
    let ordinary = message(stranger, BRUNO, "", "");
    assert!(world.relay("beta", stranger, &[BRUNO], &ordinary.into()).starts_with("250 "));
    assert_eq!((world.kinds(ANNA), world.kinds(BRUNO)), (vec!["accettazione".to_owned()], vec!["errore".to_owned()]));
    assert_eq!(notes(&world, "beta"), ["indice", "lista-revoche-rifiuto"]);
    world.machine("beta").documents.insert("crl", list("nobody.crl"));
    world.pass(hours(1));
    assert_eq!(world.kinds(ANNA), ["accettazione", "avvenuta-consegna"]);
}

#[test]
fn documents_that_could_not_be_kept_are_fetched_again_a_minute_later() {
    let mut world = World::new();
    world.crash("beta");
    let beta = world.machine("beta");
    beta.disk.records.truncate(1);
    beta.disk.history.truncate(1);
    beta.fail_from = Some(0);
    world.start("beta");
    world.machine("beta").commits = Commits::Stand;
    world.pass(minutes(1) / 2);
    assert!(notes(&world, "beta").is_empty());
    world.pass(minutes(1));
    assert_eq!(notes(&world, "beta"), ["indice", "lista-revoche"]);
}

#[test]
fn where_no_list_is_to_be_looked_at_certified_mail_goes_on() {
    let mut world = World::new();
    let mut config = config("beta", "Gestore Beta S.p.A.", &[("bruno", None)]);
    config.crl_name = String::new();
    world.add("beta", config);
    world.anna_writes(&[BRUNO]);
    assert_eq!(world.kinds(ANNA), ["accettazione", "avvenuta-consegna"]);
    assert_eq!(notes(&world, "beta"), ["indice"]);
}

/// An index signed by the authority at an instant, with the two providers or alfa alone.
fn index(at: collaudo_node::Timestamp, with_beta: bool) -> Bytes {
    let signed = String::from_utf8_lossy(&file("index.ldif.p7m")).into_owned();
    let from = signed.find("version: 1").expect("an LDIF");
    let beta = signed.find("dn: providerName=Gestore Beta").expect("beta");
    let end = beta + signed[beta..].find("managedDomains: beta.test\n").expect("beta's domain") + 26;
    let ldif = if with_beta { &signed[from..end] } else { &signed[from..beta] };
    let authority = pem("authority.crt.pem");
    let issuer = Issuer::new("indice@indice.test", "Indice", &authority, &[]).expect("an issuer");
    let seal = log_seal(&issuer, at, Bytes::copy_from_slice(ldif.as_bytes()));
    seal.seal(&sign(&key("authority"), &seal.to_sign()))
}

#[test]
fn an_index_is_taken_within_the_day_and_an_older_one_is_not() {
    //= PEC-4.5-10
    //= type=test
    let mut world = World::new();
    let start = world.now + hours(24 * 365);
    world.now = start;
    world.machine("alfa").documents.insert("indice", index(start, false));
    world.pass(hours(25));
    // Beta is a provider no more: to alfa it is a host of ordinary mail.
    let text = message(ANNA, BRUNO, "", "");
    assert!(world.submit(ANNA, &[BRUNO], &text).starts_with("250 "));
    world.pass(hours(1));
    assert_eq!(world.kinds(ANNA), ["accettazione"]);
    world.machine("alfa").documents.insert("indice", index(start - hours(1), true));
    world.crash("alfa");
    world.start("alfa");
    world.pass(hours(25));
    assert!(notes(&world, "alfa").contains(&"indice-rifiuto".to_owned()));
    world.machine("alfa").documents.insert("indice", index(start + hours(1), true));
    world.pass(minutes(11));
    world.anna_writes(&[BRUNO]);
    assert_eq!(world.kinds(ANNA), ["accettazione", "accettazione", "avvenuta-consegna"]);
}

#[test]
fn under_a_list_that_has_run_out_certified_mail_is_put_off_until_the_next() {
    let mut world = World::new();
    world.crash("alfa");
    world.now = world.now + hours(24 * 365 * 18);
    world.start("alfa");
    world.anna_writes(&[BRUNO]);
    assert_eq!((world.kinds(ANNA).len(), world.kinds(BRUNO).len()), (1, 0));
    assert!(world.relay("beta", ANNA, &[BRUNO], &sent(&world)).starts_with("451 4.7.5"));
}

/// The envelope that alfa made.
fn sent(world: &World) -> Bytes {
    let mut bodies = world.machines["alfa"].disk.bodies.values();
    let is_envelope = |bytes: &&Bytes| header(bytes, "X-Trasporto").is_some();
    bodies.find(is_envelope).expect("an envelope").clone()
}

/// A provider's entry in the directory.
fn entry(name: &str, display: &str) -> Entry {
    let certificate = pem(&format!("{name}.crt.pem"));
    let hash: String = Sha1::digest(&certificate).iter().map(|octet| format!("{octet:02x}")).collect();
    let text = |name: &str, value: &str| (name.to_owned(), vec![value.as_bytes().to_vec()]);
    Entry {
        dn: format!("providerName={display},o=postacert"),
        attributes: vec![
            ("objectClass".to_owned(), vec![b"top".to_vec(), b"provider".to_vec()]),
            text("providerName", display),
            text("providerCertificateHash", &hash),
            ("providerCertificate;binary".to_owned(), vec![certificate]),
            text("mailReceipt", &format!("ricevute@{name}.test")),
            text("managedDomains", &format!("{name}.test")),
        ],
    }
}

#[test]
fn the_index_comes_from_the_directory_where_that_is_the_source_and_outlives_it() {
    //= PEC-4.5-01
    //= type=test
    let mut world = World::new();
    let mut config = config("alfa", "Gestore Alfa S.p.A.", &[("anna", None)]);
    config.index_source = IndexSource::Ldap { host: "elenco.test".to_owned(), port: 636 };
    world.add("alfa", config);
    world.pass(minutes(1));
    assert!(world.submit(ANNA, &[BRUNO], &message(ANNA, BRUNO, "", "")).starts_with("451 "));
    world.directory = vec![entry("beta", "Gestore Beta S.p.A."), entry("alfa", "Gestore Alfa S.p.A.")];
    world.pass(minutes(11));
    world.anna_writes(&[BRUNO]);
    world.directory.clear();
    world.crash("alfa");
    world.start("alfa");
    world.anna_writes(&[BRUNO]);
    assert_eq!(world.kinds(ANNA), ["accettazione", "avvenuta-consegna"].repeat(2));
    let expected = ["indice-rifiuto", "lista-revoche", "indice", "indice-rifiuto"];
    assert_eq!(notes(&world, "alfa"), expected);
}
