//! What stands outside of the server: its log, the scanner, DNS.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, UdpSocket},
    thread,
};

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{client::Pop3, house::Network};

const ANNA: &str = "anna@alfa.test";
const BRUNO: &str = "bruno@beta.test";

#[test]
fn no_secret_is_in_the_log_however_much_is_logged() {
    let mut network = Network::new("log", &["alfa.test", "beta.test"]);
    for domain in ["alfa.test", "beta.test"] {
        network.set(domain, "delay_milliseconds", 1);
        network.serve_logging(domain, "trace");
    }
    let wrong = "segretissima-e-sbagliata";
    let mut smtp =
        crate::client::Smtp::begin(network.port("alfa.test", "submission"), &network.tls).expect("a connection");
    assert!(smtp.login(ANNA, wrong).is_err());
    // A password where the name should be.
    assert!(smtp.login(wrong, "x").is_err());
    let mut smtp = network.submit(ANNA);
    smtp.submit(ANNA, BRUNO, "Contratto").expect("a message taken");
    network.wait_for(ANNA, 2);
    let mut pop3 = Pop3::begin(network.port("alfa.test", "pop3"), &network.tls).expect("a connection");
    assert!(pop3.login(ANNA, wrong).is_err());
    for domain in ["alfa.test", "beta.test"] {
        network.stop(domain);
    }
    let log = network.log("alfa.test") + &network.log("beta.test");
    assert!(log.contains("wrong password") && log.contains(ANNA) && log.contains("TRACE"), "{log}");
    let keys = ["signing.key.pem", "tls.key.pem"].map(|name| {
        fs::read_to_string(network.folder("alfa.test").join(name)).expect("a key").lines().nth(1).map(str::to_owned)
    });
    let hash = fs::read_to_string(network.folder("alfa.test").join("passwords")).expect("hashes");
    let hash = hash.lines().last().and_then(|line| line.rsplit('$').next()).map(str::to_owned);
    let password = network.password(ANNA).to_owned();
    let secrets = [
        STANDARD.encode(format!("\0{ANNA}\0{password}")),
        STANDARD.encode(format!("\0{ANNA}\0{wrong}")),
        STANDARD.encode(&password),
        password,
        wrong.to_owned(),
    ];
    for secret in secrets.into_iter().chain(keys.into_iter().chain([hash]).map(|secret| secret.expect("a secret"))) {
        assert!(!log.contains(&secret), "\"{secret}\" is in the log");
    }
}

/// A clamd that finds a word; it serves as long as the test runs.
fn clamd() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let (mut command, mut length, mut whole) = ([0; 10], [0; 4], Vec::new());
            stream.read_exact(&mut command).expect("a command");
            assert_eq!(&command, b"zINSTREAM\0");
            loop {
                stream.read_exact(&mut length).expect("a length");
                let mut chunk = vec![0; u32::from_be_bytes(length) as usize];
                if chunk.is_empty() {
                    break;
                }
                stream.read_exact(&mut chunk).expect("a chunk");
                whole.append(&mut chunk);
            }
            let found = whole.windows(6).any(|window| window == b"malvas");
            let answer: &[u8] = if found { b"stream: Win.Test.Malvas FOUND\0" } else { b"stream: OK\0" };
            stream.write_all(answer).expect("an answer");
        }
    });
    port
}

#[test]
fn clamd_looks_at_messages_where_it_is_configured() {
    let mut network = Network::new("clamd", &["alfa.test"]);
    let clamd = clamd();
    network.edit("alfa.test", |text| text.replace("[scanner]", &format!("[scanner]\nclamd = \"127.0.0.1:{clamd}\"")));
    network.serve("alfa.test");
    let mut smtp = network.submit(ANNA);
    smtp.submit(ANNA, "bruno@alfa.test", "Sano").expect("a message taken");
    let kinds = |count| network.wait_for(ANNA, count).into_iter().map(|(kind, _)| kind).collect::<Vec<_>>();
    assert_eq!(kinds(2), ["accettazione", "avvenuta-consegna"]);
    smtp.submit(ANNA, "bruno@alfa.test", "malvas").expect("a message looked at");
    assert_eq!(kinds(3)[2], "non-accettazione");
}

/// A DNS server that knows one thing: `mx.beta.test` takes the mail of `beta.test`.
fn dns() -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let port = socket.local_addr().expect("an address").port();
    thread::spawn(move || {
        let mut octets = [0; 512];
        while let Ok((count, peer)) = socket.recv_from(&mut octets) {
            let question = &octets[12..count];
            let known = question.starts_with(b"\x04beta\x04test\0\0\x0f");
            let (flags, answers) = if known { (0x8180_u16, 1_u16) } else { (0x8183, 0) };
            let mut reply = octets[..2].to_vec();
            for word in [flags, 1, answers, 0, 0] {
                reply.extend(word.to_be_bytes());
            }
            reply.extend(question);
            if known {
                // The question's name, MX, IN, one minute, nine octets: preference 10, "mx" before the name asked for.
                reply.extend(b"\xc0\x0c\0\x0f\0\x01\0\0\0\x3c\0\x07\0\x0a\x02mx\xc0\x0c");
            }
            let _ = socket.send_to(&reply, peer);
        }
    });
    port
}

#[test]
fn dns_tells_where_mail_goes_that_no_route_knows() {
    let mut network = Network::new("dns", &["alfa.test", "beta.test"]);
    let dns = dns();
    network.edit("alfa.test", |text| {
        let text = text.replace("\"beta.test\" = ", "\"mx.beta.test\" = ");
        text.replace("[relay]", &format!("[relay]\ndns = \"127.0.0.1:{dns}\""))
    });
    network.serve("alfa.test");
    network.serve("beta.test");
    let mut smtp = network.submit(ANNA);
    smtp.submit(ANNA, BRUNO, "Contratto").expect("a message taken");
    network.wait_for(BRUNO, 1);
    smtp.submit(ANNA, "x@gamma.test", "Fuori").expect("a message taken");
    let anna = network.wait_for(ANNA, 4);
    assert!(anna.iter().any(|(kind, subject)| kind == "errore-consegna" && subject.ends_with("Fuori")), "{anna:?}");
}

#[test]
fn a_host_whose_certificate_leads_to_another_authority_gets_nothing() {
    let mut network = Network::new("verify", &["alfa.test", "beta.test"]);
    let stranger = Network::new("stranger", &["beta.test"]);
    for name in ["tls.key.pem", "tls.crt.pem"] {
        fs::copy(stranger.folder("beta.test").join(name), network.folder("beta.test").join(name)).expect("a copy");
    }
    network.serve("alfa.test");
    network.serve("beta.test");
    network.submit(ANNA).submit(ANNA, BRUNO, "Contratto").expect("a message taken");
    for _ in 0..100 {
        if network.log("alfa.test").contains("TLS failed") {
            break;
        }
        thread::sleep(std::time::Duration::from_millis(100));
    }
    assert!(network.log("alfa.test").contains("invalid peer certificate"), "{}", network.log("alfa.test"));
    assert!(!network.log("beta.test").contains("broke"), "nothing was sent");
    // Where the configuration does not ask for it, TLS is taken as it comes.
    network.edit("alfa.test", |text| text.replace("verify = true", "verify = false"));
    network.stop("alfa.test");
    network.serve("alfa.test");
    let authority = fs::read(stranger.authority()).expect("an authority");
    let tls = crate::client::trusting(&authority);
    let mut pop3 = Pop3::begin(network.port("beta.test", "pop3"), &tls).expect("a connection");
    pop3.login(BRUNO, network.password(BRUNO)).expect("a login");
    network.wait_for(ANNA, 2);
}

/// beta.test reads the index and the list of alfa.test over HTTPS, then the index over LDAP, and takes mail all the time.
#[test]
fn a_provider_takes_the_index_from_another() {
    let mut network = Network::new("index", &["alfa.test", "beta.test"]);
    network.serve("alfa.test");
    let (https, ldap) = (network.port("alfa.test", "https"), network.port("alfa.test", "ldap"));
    let over_https = |name: &str| format!("from = \"https://localhost:{https}/{name}\"");
    network.edit("beta.test", |text| {
        ["indice.ldif.p7m", "lista-revoche.crl"]
            .iter()
            .fold(text, |text, name| text.replace(&format!("from = \"{name}\""), &over_https(name)))
    });
    for name in ["indice.ldif.p7m", "lista-revoche.crl"] {
        fs::remove_file(network.folder("beta.test").join(name)).expect("its own copy goes");
    }
    network.serve("beta.test");
    network.submit(ANNA).submit(ANNA, BRUNO, "Primo").expect("a message taken");
    assert_eq!(network.wait_for(ANNA, 2)[1].0, "avvenuta-consegna");
    network.stop("beta.test");
    network.edit("beta.test", |text| {
        text.replace(&over_https("indice.ldif.p7m"), &format!("from = \"ldaps://localhost:{ldap}\""))
    });
    network.serve("beta.test");
    network.submit(ANNA).submit(ANNA, BRUNO, "Secondo").expect("a message taken");
    assert_eq!(network.wait_for(ANNA, 4)[3].0, "avvenuta-consegna");
    assert!(!network.log("beta.test").contains("cannot be had"), "{}", network.log("beta.test"));
}
