//! Claims about the words of a scenario beyond the plain ones: what each makes of the plan, and what is told where one
//! is wrong.

use std::{collections::BTreeSet, path::Path, time::Duration};

use collaudo_record::{Expectation, Ordinary};
use collaudo_scenario::{
    Access, FaultKind, Forgery, IndexFault, IndexSource, OUTSIDE, PeerBehaviour, Plan, PlayerPlan, Scenario, Vocabulary,
};

const GOOD: &str = r#"title = "Titolo"
why = "Motivo"
topology = "three-providers"
covers = []
step = [{ at = "0s", submit = { id = "m1", from = "anna", to = ["bruno"] } }]
"#;

fn read(text: &str) -> Result<Vec<Scenario>, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let vocabulary = Vocabulary { catalogued: &[], checked: &[] };
    let file = root.join("flows/x.toml").to_string_lossy().replace('\\', "/");
    Scenario::parse(text, &root.join("flows/x.toml"), &root, &vocabulary)
        .map_err(|why| why.to_string().replace(&file, "x.toml"))
}

fn plan(text: &str) -> Plan {
    read(text).unwrap_or_else(|why| panic!("{why}\n{text}"))[0].plan(1)
}

/// The plan of the good scenario with one more line, its sixth.
fn more(line: &str) -> Plan {
    plan(&format!("{GOOD}{line}\n"))
}

fn told(text: &str) -> String {
    read(text).err().unwrap_or_else(|| panic!("read without an error:\n{text}"))
}

fn told_more(line: &str) -> String {
    told(&format!("{GOOD}{line}\n"))
}

/// The good scenario with other keys behind `from` in its submission.
fn submitting(keys: &str) -> String {
    GOOD.replace("to = [\"bruno\"]", keys)
}

fn message(text: &str) -> String {
    String::from_utf8(plan(text).steps[0].submit.message.to_vec()).unwrap()
}

/// The good scenario with its step in the place of these.
fn stepping(steps: &str) -> String {
    GOOD.replace("[{ at = \"0s\", submit = { id = \"m1\", from = \"anna\", to = [\"bruno\"] } }]", steps)
}

#[test]
fn a_profile_shapes_a_provider_and_keys_of_its_own_go_before() {
    let plan =
        more("provider = { beta = { profile = \"original-first\", recipients = 60, family = { html = false } } }");
    let beta = &plan.providers[1];
    assert_eq!((beta.max_octets, beta.max_recipients), (100_000_000, 60));
    assert!(beta.users.iter().all(|user| user.quota_octets == Some(1_000_000_000)));
    assert!(beta.family.original_first && beta.family.inline && beta.family.preamble && !beta.family.html);
    assert_eq!((beta.family.micalg.as_str(), beta.family.data_encoding.as_str()), ("sha256", "quoted-printable"));
    assert_eq!(beta.family.signature_type, "application/pkcs7-signature");
    assert_eq!(beta.index_source, IndexSource::Ldif);
    assert_eq!(plan.providers[0].max_octets, 30_000_000, "another provider stays as it was");
}

#[test]
fn a_topology_names_profiles_and_the_scenario_goes_before_them() {
    let text = GOOD.replace("three-providers", "field");
    let at_field = plan(&text);
    let named = |plan: &Plan, name: &str| plan.providers.iter().find(|provider| provider.name == name).unwrap().clone();
    assert_eq!(named(&at_field, "arno").index_source, IndexSource::Ldap);
    assert_eq!(named(&at_field, "adige").users[0].ordinary, Ordinary::Anomaly);
    let forward = Ordinary::Forward { to: "protocollo@esterno.example".into() };
    assert_eq!(named(&at_field, "brenta").users[1].ordinary, forward);
    let changed = plan(&format!("{text}provider = {{ adige = {{ ordinary = \"refuse\", index = \"ldap\" }} }}\n"));
    let adige = named(&changed, "adige");
    assert_eq!((&adige.users[0].ordinary, adige.index_source), (&Ordinary::Refuse, IndexSource::Ldap));
    let families: BTreeSet<String> = at_field.providers.iter().map(|p| format!("{:?}", p.family)).collect();
    assert_eq!(families.len(), 6, "each provider of the field has a family of its own");
}

#[test]
fn one_mailbox_goes_before_its_provider() {
    let plan = more(
        "provider = { beta = { quota = \"1 MB\", ordinary = \"anomaly\" } }\n\
         mailbox = { bruno = { quota = \"2 MB\" }, bianca = { ordinary = { forward = \"aldo\" } } }",
    );
    let [bruno, bianca] = plan.providers[1].users.as_slice() else { panic!() };
    assert_eq!((bruno.quota_octets, &bruno.ordinary), (Some(2_000_000), &Ordinary::Anomaly));
    let forward = Ordinary::Forward { to: "aldo@alfa.test".into() };
    assert_eq!((bianca.quota_octets, &bianca.ordinary), (Some(1_000_000), &forward));
}

#[test]
fn profiles_and_policies_are_told() {
    let beta = |keys: &str| told_more(&format!("provider = {{ beta = {{ {keys} }} }}"));
    let cases = [
        (beta("profile = \"originl-first\""), "unknown profile \"originl-first\"; nearest is \"original-first\""),
        (beta("profil = \"text-only\""), "unknown key \"profil\"; nearest is \"profile\""),
        (beta("index = \"dns\""), "unknown source of the index \"dns\"; expected \"ldif\" or \"ldap\""),
        (beta("recipients = 0"), "bad number of recipients \"0\"; expected a whole number from 1 to 10000"),
        (beta("ordinary = \"anomalous\""), "unknown policy \"anomalous\"; nearest is \"anomaly\""),
        (
            beta("ordinary = true"),
            "\"ordinary\" is true; expected \"refuse\", \"anomaly\" or a table such as { forward = \"ADDRESS\" }",
        ),
        (beta("ordinary = {}"), "no \"forward\" in this policy; expected an address"),
        (beta("family = { ordr = \"data-first\" }"), "unknown key \"ordr\"; nearest is \"order\""),
        (beta("family = { micalg = \"sha1\" }"), "unknown spelling of the digest \"sha1\"; nearest is \"sha256\""),
        (beta("family = { html = \"yes\" }"), "\"html\" is a string; expected true or false"),
        (
            told_more("mailbox = { bruno = {} }"),
            "no \"quota\" in this mailbox; expected a size such as \"0 B\", or ordinary",
        ),
    ];
    for (told, expected) in cases {
        assert_eq!(told, format!("x.toml:6: {expected}"));
    }
}

#[test]
fn a_peer_behaves_as_it_is_told() {
    let beta = |keys: &str| {
        let plan = more(&format!("provider = {{ beta = {{ play = \"peer\", {keys} }} }}"));
        match plan.providers[1].player {
            PlayerPlan::Peer(behaviour) => behaviour,
            PlayerPlan::Subject => panic!("{keys}"),
        }
    };
    let cases = [
        ("behaviour = \"takes-charge-only\"", PeerBehaviour::TakesChargeOnly),
        ("behaviour = \"silent\"", PeerBehaviour::Silent),
        ("behaviour = \"proper\"", PeerBehaviour::Proper),
        (
            "behaviour = \"delivers-late\", after = \"25h\"",
            PeerBehaviour::DeliversLate(Duration::from_secs(25 * 3_600)),
        ),
        ("behaviour = \"delivers-twice\"", PeerBehaviour::DeliversTwice),
        ("behaviour = \"delivers-unannounced\"", PeerBehaviour::DeliversUnannounced),
        ("behaviour = \"forges-receipts\"", PeerBehaviour::ForgesReceipts),
        ("behaviour = \"finds-virus\"", PeerBehaviour::FindsVirus),
        ("behaviour = \"defers\"", PeerBehaviour::Defers),
        ("behaviour = \"slow\", pause = \"20s\"", PeerBehaviour::Slow(Duration::from_secs(20))),
    ];
    for (keys, behaviour) in cases {
        assert_eq!(beta(keys), behaviour);
    }
}

#[test]
fn behaviours_are_told() {
    let beta = |keys: &str| told_more(&format!("provider = {{ beta = {{ {keys} }} }}"));
    let cases = [
        (beta("play = \"peer\""), "no \"behaviour\" in this provider; expected what the peer does, such as \"proper\""),
        (beta("play = \"peer\", behaviour = \"propre\""), "unknown behaviour \"propre\"; nearest is \"proper\""),
        (
            beta("play = \"peer\", behaviour = \"delivers-late\""),
            "no \"after\" in this provider; expected a duration such as \"25h\"",
        ),
        (
            beta("play = \"peer\", behaviour = \"slow\", after = \"25h\", pause = \"1s\""),
            "bad behaviour \"slow\"; expected \"delivers-late\" beside after",
        ),
        (
            beta("play = \"subject\", behaviour = \"slow\""),
            "bad player \"subject\"; expected play = \"peer\" beside behaviour",
        ),
        (beta("behaviour = \"slow\""), "\"behaviour\" stands without \"play\"; expected both"),
        (beta("pause = \"1s\""), "\"pause\" stands without \"behaviour\"; expected both"),
    ];
    for (told, expected) in cases {
        assert_eq!(told, format!("x.toml:6: {expected}"));
    }
}

#[test]
fn every_forgery_has_a_word() {
    let forged = |word: &str| {
        let text = GOOD.replace("from = \"anna\"", &format!("from = \"carla\", forge = \"{word}\""));
        plan(&format!("{text}provider = {{ gamma = {{ play = \"peer\", behaviour = \"silent\" }} }}\n")).steps[0]
            .submit
            .forged
    };
    let cases = [
        ("envelope", Forgery::Envelope),
        ("envelope-twice", Forgery::EnvelopeTwice),
        ("envelope-without-data", Forgery::EnvelopeWithoutData),
        ("altered-envelope", Forgery::AlteredEnvelope),
        ("unsigned", Forgery::Unsigned),
        ("unlisted-signer", Forgery::UnlistedSigner),
        ("expired-signer", Forgery::ExpiredSigner),
        ("future-signer", Forgery::FutureSigner),
        ("foreign-authority", Forgery::ForeignAuthority),
        ("envelope-in-another-name", Forgery::EnvelopeInAnotherName),
        ("stray-receipt", Forgery::StrayReceipt),
        ("signed-mail", Forgery::SignedMail),
        ("ordinary", Forgery::Ordinary),
    ];
    for (word, forgery) in cases {
        assert_eq!(forged(word), Some(forgery));
    }
}

#[test]
fn users_come_in_groups_and_are_addressed_in_groups() {
    let text = GOOD.replace("three-providers", "five-hundred-recipients");
    let to = "to = [{ users = \"beta\", first = 250 }], cc = [{ users = \"gamma\" }, { users = \"alfa\", first = 50 }]";
    let plan = plan(&text.replace("to = [\"bruno\"]", to));
    let submit = &plan.steps[0].submit;
    assert_eq!(submit.forward_paths.len(), 500);
    let of = |n: usize| submit.forward_paths[n].as_str();
    assert_eq!(
        [of(0), of(249), of(250), of(499)],
        ["bruno1@beta.test", "bruno250@beta.test", "carla1@gamma.test", "alba50@alfa.test"]
    );
    assert_eq!(plan.providers[1].users[249].password, "parola-di-bruno250");
    let group = |group: &str| told(&text.replace("to = [\"bruno\"]", &format!("to = [{group}]")));
    let cases = [
        (
            group("{ users = \"beta\", first = 251 }"),
            "bad number of users \"251\"; expected a whole number from 1 to 250",
        ),
        (group("{ users = \"betta\" }"), "unknown provider \"betta\"; nearest is \"beta\""),
        (group("{ first = 2 }"), "no \"users\" in this group; expected a provider's name"),
    ];
    for (told, expected) in cases {
        assert_eq!(told, format!("x.toml:5: {expected}"));
    }
}

#[test]
fn a_submission_says_how_it_goes() {
    let plan = plan(&stepping(
        "[{ at = \"0s\", submit = { id = \"m1\", from = \"anna\", to = [\"bruno\"], tls = \"implicit\", session = \"s1\" } },\n\
          { at = \"0s\", submit = { id = \"m2\", from = \"anna\", to = [\"carla\"], tls = \"implicit\", session = \"s1\" } },\n\
          { at = \"0s\", submit = { id = \"m3\", from = \"anna\", to = [\"carla\"] } }]",
    ));
    let how: Vec<_> = plan.steps.iter().map(|s| (s.submit.implicit_tls, s.submit.session.as_deref())).collect();
    assert_eq!(how, [(true, Some("s1")), (true, Some("s1")), (false, None)]);
}

#[test]
fn a_session_is_one_users_at_one_instant() {
    let second = |at: &str, keys: &str| {
        told(&stepping(&format!(
            "[{{ at = \"0s\", submit = {{ id = \"m1\", from = \"anna\", to = [\"bruno\"], session = \"s1\" }} }},\n\
              {{ at = \"{at}\", submit = {{ id = \"m2\", to = [\"carla\"], session = \"s1\", {keys} }} }}]"
        )))
    };
    let apart = "x.toml:6: bad session \"s1\"; expected submissions of one user at one instant, all with the same tls";
    assert_eq!(second("1s", "from = \"anna\""), apart);
    assert_eq!(second("0s", "from = \"aldo\""), apart);
    assert_eq!(second("0s", "from = \"anna\", tls = \"implicit\""), apart);
    let told = told(&submitting("to = [\"bruno\"], tls = \"implict\""));
    assert_eq!(told, "x.toml:5: unknown kind of TLS \"implict\"; nearest is \"implicit\"");
}

#[test]
fn someone_reads_a_mailbox_and_fetches_so_many() {
    let text = stepping(
        "[{ at = \"10m\", read = { id = \"v2\", as = \"bruno\", over = \"pop3\", delete = true } },\n\
          { at = \"5m\", read = { id = \"v1\", as = \"bruno\", over = \"imap\" } },\n\
          { at = \"0s\", submit = { id = \"m1\", from = \"anna\", to = [\"bruno\"] } }]",
    ) + "expect = [{ visit = \"v1\", fetches = 1 }]\n";
    let plan = plan(&text);
    assert_eq!(plan.until.as_secs(), 1_200);
    let [first, second] = plan.visits.as_slice() else { panic!("{:?}", plan.visits) };
    assert_eq!((first.id.as_str(), first.over, first.deletes), ("v1", Access::Imap, false));
    assert_eq!((second.id.as_str(), second.over, second.deletes), ("v2", Access::Pop3, true));
    assert_eq!((second.provider.as_str(), second.account.as_str()), ("beta", "bruno@beta.test"));
    assert_eq!(second.password, "parola-di-bruno");
    let [Expectation::Fetches { visit, count, place }] = plan.brief.expect.as_slice() else { panic!() };
    assert_eq!((visit.as_str(), *count, place.line), ("v1", 1, 8));
    let cases = [
        (text.replace("\"imap\"", "\"imap4\""), "x.toml:6: unknown protocol \"imap4\"; nearest is \"imap\""),
        (text.replace("visit = \"v1\"", "visit = \"v\""), "x.toml:8: unknown visit \"v\"; nearest is \"v2\""),
        (
            text.replace("id = \"v1\"", "id = \"v2\""),
            "x.toml:6: the step \"v2\" stands here for the second time; expected another name",
        ),
        (
            format!("{text}provider = {{ beta = {{ play = \"peer\", behaviour = \"silent\" }} }}\n"),
            "x.toml:5: bad reader \"bruno\"; expected a user of a provider that no peer plays",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(told(&text), expected);
    }
}

#[test]
fn every_fault_has_its_words_and_its_name() {
    let fault = |keys: &str| {
        let line = format!("provider = {{ gamma = {{ index = \"ldap\" }} }}\nfault = [{{ at = \"1s\", {keys} }}]");
        more(&line).faults[0].kind.clone()
    };
    let (alfa, beta, index) = (|| "alfa".to_owned(), || "beta".to_owned(), || "index".to_owned());
    let cases = [
        ("partition = [\"alfa\", \"index\"]", FaultKind::Partition { a: alfa(), b: index() }),
        ("hold = [\"alfa\", \"beta\"]", FaultKind::Hold { a: alfa(), b: beta() }),
        (
            "slow = [\"alfa\", \"beta\"], latency = \"40s\"",
            FaultKind::Slow { a: alfa(), b: beta(), latency: Duration::from_secs(40) },
        ),
        ("clock = \"beta\", offset = \"-3m\"", FaultKind::Clock { host: beta(), offset_micros: -180_000_000 }),
        ("clock = \"beta\", offset = \"+5ms\"", FaultKind::Clock { host: beta(), offset_micros: 5_000 }),
        ("disk_full = \"beta\"", FaultKind::DiskFull { host: beta() }),
        ("scanner_down = \"beta\"", FaultKind::ScannerDown { host: beta() }),
        ("index = \"unreachable\"", FaultKind::Index(IndexFault::Unreachable)),
        ("index = \"altered\"", FaultKind::Index(IndexFault::Altered)),
        ("index = \"rolled-back\", lacks = \"beta\"", FaultKind::Index(IndexFault::RolledBack { lacks: beta() })),
        ("crl = \"unreachable\"", FaultKind::CrlUnreachable),
        ("revoke = \"beta\"", FaultKind::Revoked { host: beta() }),
        ("unlist = \"beta\"", FaultKind::Unlisted { host: beta() }),
    ];
    let mut names = BTreeSet::from(["crash"]);
    for (keys, kind) in cases {
        assert_eq!(fault(keys), kind);
        names.insert(kind.name());
    }
    assert_eq!(names, FaultKind::NAMES.into_iter().collect(), "one place holds every name");
    assert_eq!(fault("crash = \"beta\"").name(), "crash");
}

#[test]
fn faults_are_told() {
    let cases = [
        ("slow = [\"alfa\", \"beta\"]", "no \"latency\" in this fault; expected a duration such as \"40s\""),
        ("clock = \"beta\", latency = \"1s\"", "\"latency\" stands without \"slow\"; expected both"),
        (
            "clock = \"beta\", offset = \"3m\"",
            "bad offset \"3m\"; expected a duration with its sign, such as \"-3m\" or \"+250ms\", that is not zero, up \
             to 10000 hours",
        ),
        ("index = \"alterd\"", "unknown fault of the index \"alterd\"; nearest is \"altered\""),
        (
            "index = \"rolled-back\"",
            "no \"lacks\" in this fault; expected the provider that the older index does not list",
        ),
        (
            "index = \"altered\", lacks = \"beta\"",
            "bad fault of the index \"altered\"; expected \"rolled-back\" beside lacks",
        ),
        ("revoke = \"beta\", for = \"1h\"", "\"for\" stands beside \"revoke\"; expected one of the two"),
        ("disk_full = \"beta\", unlist = \"beta\"", "\"disk_full\" stands beside \"unlist\"; expected one of the two"),
        ("diskfull = \"beta\"", "unknown key \"diskfull\"; nearest is \"disk_full\""),
        ("hold = [\"alfa\", \"index\"]", "bad host \"index\"; expected a provider, for none here has index = \"ldap\""),
    ];
    for (keys, expected) in cases {
        assert_eq!(told_more(&format!("fault = [{{ at = \"1s\", {keys} }}]")), format!("x.toml:6: {expected}"));
    }
}

#[test]
fn a_message_has_the_size_that_is_asked_for_whatever_the_seed() {
    for (keys, octets) in [
        ("size = \"limit\"", 10_000_000),
        ("size = \"limit - 1 B\"", 9_999_999),
        ("size = \"limit + 1 B\"", 10_000_001),
        ("size = \"4 kB\"", 4_000),
        ("size = \"4 kB\", text = \"perché\"", 4_000),
        ("size = \"300 kB\", attach = [{ name = \"a\", size = \"200 kB\" }]", 300_000),
    ] {
        let text = submitting(&format!("to = [\"aldo\", \"bruno\", \"carla\"], {keys}"));
        for seed in [0, 1, u64::MAX] {
            let plan = read(&text).unwrap()[0].plan(seed);
            let message = &plan.steps[0].submit.message;
            assert_eq!(message.len(), octets, "{keys}");
            assert!(message.split(|octet| *octet == b'\n').all(|line| line.len() <= 79), "{keys}");
        }
    }
    let told = told(&submitting("to = [\"bruno\"], size = \"10 B\""));
    assert!(told.starts_with("x.toml:5: bad size \"10\"; expected at least "), "{told}");
    let sum = read(&submitting("to = [\"bruno\"], size = \"limit-1 B\"")).unwrap_err();
    assert!(sum.starts_with("x.toml:5: bad size \"limit-1 B\"; expected a size such as "), "{sum}");
}

#[test]
fn a_bare_line_end_stands_inside_the_text_and_nowhere_else() {
    let text =
        |end: &str| message(&submitting(&format!("to = [\"bruno\"], text = \"Uno\\n.\\nDue\\n\", bare = \"{end}\"")));
    assert!(text("lf").ends_with("7bit\r\n\r\nUno\n.\nDue\r\n"), "{}", text("lf"));
    assert!(text("cr").ends_with("7bit\r\n\r\nUno\r.\rDue\r\n"), "{}", text("cr"));
    let told = told(&submitting("to = [\"bruno\"], bare = \"lf\""));
    assert_eq!(told, "x.toml:5: bad bare \"lf\"; expected it beside a text of plain ASCII with a line feed inside");
}

#[test]
fn a_virus_hides_in_every_form_and_never_in_the_file() {
    let eicar = ["X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STAN", "DARD-ANTIVIRUS-TEST-FILE!$H+H*"].concat();
    let with = |keys: &str| {
        message(&submitting(&format!(
            "to = [\"bruno\"], attach = [{{ name = \"prova.com\", virus = \"eicar\"{keys} }}]"
        )))
    };
    assert!(with("").contains("Content-Transfer-Encoding: base64\r\n\r\nWDVPIVAlQEFQ"), "{}", with(""));
    let quoted = with(", encoding = \"quoted-printable\"");
    assert!(quoted.contains("quoted-printable\r\n\r\nX5O=21P=25=40AP=5B4=5CPZX54=28P"), "{quoted}");
    for plain in [with(", encoding = \"7bit\""), with(", encoding = \"8bit\"")] {
        assert!(plain.contains(&format!("bit\r\n\r\n{eicar}\r\n")), "{plain}");
    }
    let deep = with(", within = [\"message\", \"signed\", \"multipart\"]");
    assert!(!deep.contains(&eicar));
    let order: Vec<_> =
        ["message/rfc822", "MIME-Version: 1.0\r\nContent-Type: multipart/signed", "prova.com", "smime.p7s"]
            .iter()
            .map(|word| deep.find(word).unwrap_or_else(|| panic!("{word}\n{deep}")))
            .collect();
    assert!(order.is_sorted(), "{deep}");
    assert!(deep.contains("\r\n--=_dentro-1.0.m1--\r\n") && deep.contains("\r\n--=_dentro-2.0.m1--\r\n"), "{deep}");
}

#[test]
fn attachments_are_told() {
    let attach = |keys: &str| told(&submitting(&format!("to = [\"bruno\"], attach = [{{ name = \"a\", {keys} }}]")));
    let cases = [
        ("virus = \"eicar2\"", "unknown virus \"eicar2\"; nearest is \"eicar\""),
        ("virus = \"eicar\", text = \"x\"", "\"text\" stands beside \"virus\"; expected one of the two"),
        ("text = \"x\", encoding = \"base46\"", "unknown encoding \"base46\"; nearest is \"base64\""),
        (
            "size = \"1 kB\", encoding = \"8bit\"",
            "bad encoding \"8bit\"; expected \"base64\" or \"quoted-printable\", for these are any octets",
        ),
        (
            "text = \"è\", encoding = \"7bit\"",
            "bad encoding \"7bit\"; expected another one, for this text is not plain ASCII in lines of at most 998",
        ),
        (
            "text = \"x\", type = \"message/rfc822\", encoding = \"base64\"",
            "bad encoding \"base64\"; expected none, for an attached message is not encoded",
        ),
        ("text = \"x\", within = [\"mesage\"]", "unknown wrapping \"mesage\"; nearest is \"message\""),
    ];
    for (keys, expected) in cases {
        assert_eq!(attach(keys), format!("x.toml:5: {expected}"));
    }
}

#[test]
fn eight_bits_are_labelled_on_every_part_around_them() {
    let text = message(&submitting(
        "to = [\"bruno\"], attach = [{ name = \"a.txt\", text = \"è\", encoding = \"8bit\", within = [\"multipart\"] }]",
    ));
    assert_eq!(text.matches("Content-Transfer-Encoding: 8bit\r\n").count(), 3, "{text}");
    assert!(text.contains("Content-Type: text/plain; charset=utf-8;\r\n name=\"a.txt\"\r\n"), "{text}");
}

#[test]
fn a_topology_is_told_where_it_is_wrong() {
    let text =
        GOOD.replace("from = \"anna\"", "from = \"alba51\"").replace("three-providers", "five-hundred-recipients");
    assert_eq!(told(&text), "x.toml:5: unknown user \"alba51\"; nearest is \"alba1\"");
}

#[test]
fn those_outside_the_network_post_and_ask() {
    let steps = "[{ at = \"2m\", ask = { id = \"a2\" } },\n\
          { at = \"1m\", ask = { id = \"a1\" } },\n\
          { at = \"0s\", post = { id = \"o1\", from = \"mario@esterno.example\", to = [\"bruno\"], cc = [\"carla\"] } }]";
    let posted = plan(&stepping(steps));
    assert_eq!(posted.inquiries.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["a1", "a2"]);
    let [step] = posted.steps.as_slice() else { panic!("{:?}", posted.steps) };
    assert_eq!((step.submit.provider.as_str(), step.submit.forged), (OUTSIDE, Some(Forgery::Ordinary)));
    assert_eq!(step.submit.forward_paths, ["bruno@beta.test", "carla@gamma.test"]);
    assert_eq!(step.submit.reverse_path, "mario@esterno.example");
    for (from, to, why) in [
        ("mario@esterno.example", "mario@alfa.test", "bad author \"mario@alfa.test\""),
        ("id = \"o1\"", "id = \"a1\"", "\"a1\""),
        ("to = [\"bruno\"], ", "", "\"to\""),
        ("cc = ", "size = \"4 kB\", cc = ", "\"size\" stands beside \"post\""),
        ("ask = { id = \"a1\" }", "ask = { id = \"a1\" }, read = { id = \"v1\" }", "\"read\" stands beside \"ask\""),
    ] {
        let told = told(&stepping(&steps.replace(from, to)));
        assert!(told.contains(why), "{told}");
    }
}

#[test]
fn a_provider_may_have_renewed_its_certificate_and_have_a_second_exchanger_and_a_term() {
    let plan = more("provider = { beta = { renewed = true, backup = true, acceptance = \"30m\" } }");
    let told = |n: usize| {
        let one = &plan.providers[n];
        (one.renewed, one.backup, one.acceptance)
    };
    assert_eq!(told(0), (false, false, None));
    assert_eq!(told(1), (true, true, Some(Duration::from_secs(1800))));
}

#[test]
fn a_topology_reads_without_a_scenario_and_its_mistakes_have_their_place() {
    let (path, profiles) = (Path::new("lab.toml"), Path::new("profiles"));
    let text =
        "title = \"x\"\n[[provider]]\nname = \"alfa\"\ntitle = \"Alfa\"\ndomain = \"alfa.test\"\nusers = [\"anna\"]\n";
    let read = collaudo_scenario::topology_text(text, path, profiles).expect("it reads");
    assert_eq!(read.iter().map(|provider| provider.domain.as_str()).collect::<Vec<_>>(), ["alfa.test"]);
    let silent = format!("{text}play = \"peer\"\nbehaviour = \"silnt\"\n");
    let error = collaudo_scenario::topology_text(&silent, path, profiles).expect_err("no such behaviour").to_string();
    assert!(error.contains("lab.toml:8: ") && error.contains("silent"), "{error}");
}
