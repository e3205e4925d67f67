//! A small authoritative DNS server (RFC 1035) for our providers: mail exchangers and addresses, over UDP and TCP. For a
//! subject that knows no table of routes; as DNS has no ports, our providers must then stand at port 25.

use std::{
    collections::BTreeMap,
    io::{self, Read as _, Write as _},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket},
    str::FromStr as _,
    sync::Arc,
    thread,
    time::Duration,
};

use hickory_proto::{
    op::{Message, MessageType, Query, ResponseCode},
    rr::{
        Name, RData, Record, RecordType,
        rdata::{A, AAAA, MX},
    },
};

use collaudo_scenario::ProviderPlan;

use super::lab::{Lab, Ours};

/// How long an answer may be kept.
const TTL_SECONDS: u32 = 60;

/// The largest question that anybody has.
const QUESTION_OCTETS: usize = 4096;

/// The preference of the first choice, and how far each further one is behind.
pub(super) const PREFERENCE: u16 = 10;

/// How long somebody may take to put a question over TCP.
const PATIENCE: Duration = Duration::from_secs(10);

/// Who takes mail for which domain, and where each host is.
#[derive(Debug, Default)]
pub(super) struct Zone {
    exchangers: BTreeMap<String, Vec<String>>,
    addresses: BTreeMap<String, IpAddr>,
}

impl Zone {
    /// Of our providers, at the addresses that the file says.
    pub(super) fn of(lab: &Lab, ours: &Ours) -> Self {
        let mut zone = Self::default();
        for provider in ours {
            if let Some(at) = lab.ours.get(&provider.domain) {
                let hosts = hosts(provider);
                zone.add(&provider.domain, &hosts.iter().map(String::as_str).collect::<Vec<_>>(), at.ip());
            }
        }
        zone
    }

    fn add(&mut self, domain: &str, hosts: &[&str], at: IpAddr) {
        self.exchangers.insert(domain.to_owned(), hosts.iter().map(|host| (*host).to_owned()).collect());
        self.addresses.extend(hosts.iter().map(|host| ((*host).to_owned(), at)));
    }

    /// Serves it for as long as the program runs; *gives* where.
    pub(super) fn serve(self, at: SocketAddr) -> io::Result<SocketAddr> {
        let tcp = TcpListener::bind(at)?;
        let at = tcp.local_addr()?;
        let udp = UdpSocket::bind(at)?;
        let zone = Arc::new(self);
        let over_udp = zone.clone();
        thread::spawn(move || over_udp.answer_datagrams(&udp));
        thread::spawn(move || {
            for stream in tcp.incoming().flatten() {
                let zone = zone.clone();
                // Whoever goes before the answer wants none.
                thread::spawn(move || zone.answer_stream(stream));
            }
        });
        Ok(at)
    }

    /// Whether the zone of a domain is answered for there, over UDP and over TCP; what is wrong, in words.
    pub(super) fn trial(at: SocketAddr, domain: &str) -> Option<String> {
        let mut asked = Message::query();
        let name = Name::from_str(&format!("{domain}.")).ok()?;
        asked.add_query(Query::query(name, RecordType::MX));
        let question = asked.to_vec().ok()?;
        [("UDP", over_udp(at, &question)), ("TCP", over_tcp(at, &question))].into_iter().find_map(|(how, answer)| {
            let answer = answer.and_then(|octets| Message::from_vec(&octets).map_err(io::Error::other));
            match answer {
                Ok(answer) if !answer.answers.is_empty() => None,
                Ok(_) => Some(format!("no mail exchanger of {domain} over {how}; name another address in dns")),
                Err(error) => Some(format!("{error}, over {how}; name another address in dns")),
            }
        })
    }

    fn answer_datagrams(&self, udp: &UdpSocket) {
        let mut question = [0; QUESTION_OCTETS];
        loop {
            let Ok((octets, from)) = udp.recv_from(&mut question) else { continue };
            if let Some(answer) = question.get(..octets).and_then(|question| self.answer(question)) {
                // Whoever does not hear it asks again.
                let _ = udp.send_to(&answer, from);
            }
        }
    }

    fn answer_stream(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        loop {
            let mut length = [0; 2];
            stream.read_exact(&mut length)?;
            let mut question = vec![0; usize::from(u16::from_be_bytes(length))];
            stream.read_exact(&mut question)?;
            let Some(answer) = self.answer(&question) else { return Ok(()) };
            let length = u16::try_from(answer.len()).unwrap_or(u16::MAX);
            stream.write_all(&[&length.to_be_bytes()[..], &answer].concat())?;
        }
    }

    /// None for what is no question.
    fn answer(&self, question: &[u8]) -> Option<Vec<u8>> {
        let asked =
            Message::from_vec(question).ok().filter(|asked| asked.metadata.message_type == MessageType::Query)?;
        let mut reply = Message::response(asked.metadata.id, asked.metadata.op_code);
        reply.metadata.authoritative = true;
        let query = asked.queries.first()?.clone();
        let name = query.name().to_ascii().to_ascii_lowercase();
        let name = name.trim_end_matches('.');
        let known = self.exchangers.contains_key(name) || self.addresses.contains_key(name);
        reply.metadata.response_code = if known { ResponseCode::NoError } else { ResponseCode::NXDomain };
        for data in self.records(name, query.query_type()) {
            reply.add_answer(Record::from_rdata(query.name().clone(), TTL_SECONDS, data));
        }
        reply.add_query(query);
        reply.to_vec().ok()
    }

    fn records(&self, name: &str, kind: RecordType) -> Vec<RData> {
        let address = self.addresses.get(name).copied();
        match (kind, address) {
            (RecordType::MX, _) => {
                let hosts = self.exchangers.get(name).into_iter().flatten();
                let named = hosts.filter_map(|host| Name::from_str(&format!("{host}.")).ok());
                (1..).zip(named).map(|(place, host)| RData::MX(MX::new(place * PREFERENCE, host))).collect()
            }
            (RecordType::A, Some(IpAddr::V4(ip))) => vec![RData::A(A(ip))],
            (RecordType::AAAA, Some(IpAddr::V6(ip))) => vec![RData::AAAA(AAAA(ip))],
            _ => Vec::new(),
        }
    }
}

/// Asks a question, and gives the answer.
fn over_udp(at: SocketAddr, question: &[u8]) -> io::Result<Vec<u8>> {
    let unspecified: IpAddr = if at.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let udp = UdpSocket::bind((unspecified, 0))?;
    udp.set_read_timeout(Some(PATIENCE))?;
    udp.send_to(question, at)?;
    let mut answer = vec![0; QUESTION_OCTETS];
    let octets = udp.recv(&mut answer)?;
    answer.truncate(octets);
    Ok(answer)
}

/// Asks a question, and gives the answer.
fn over_tcp(at: SocketAddr, question: &[u8]) -> io::Result<Vec<u8>> {
    let mut tcp = TcpStream::connect(at)?;
    tcp.set_read_timeout(Some(PATIENCE))?;
    let length = u16::try_from(question.len()).unwrap_or(u16::MAX);
    tcp.write_all(&[&length.to_be_bytes()[..], question].concat())?;
    let mut length = [0; 2];
    tcp.read_exact(&mut length)?;
    let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
    tcp.read_exact(&mut answer)?;
    Ok(answer)
}

/// The names of a provider's mail exchangers, the first choice first: all are one machine.
pub(super) fn hosts(provider: &ProviderPlan) -> Vec<String> {
    let second = provider.backup.then(|| format!("mx2.{}", provider.domain));
    std::iter::once(format!("mx.{}", provider.domain)).chain(second).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served() -> SocketAddr {
        let mut zone = Zone::default();
        zone.add("beta.test", &["mx.beta.test", "mx2.beta.test"], IpAddr::from([127, 0, 0, 7]));
        zone.serve(SocketAddr::from(([127, 0, 0, 1], 0))).expect("ports")
    }

    fn question(name: &str, kind: RecordType) -> Vec<u8> {
        let mut asked = Message::query();
        asked.add_query(Query::query(Name::from_str(name).expect("a name"), kind));
        asked.to_vec().expect("octets")
    }

    fn asked(at: SocketAddr, name: &str, kind: RecordType) -> Message {
        Message::from_vec(&over_udp(at, &question(name, kind)).expect("an answer")).expect("a message")
    }

    #[test]
    fn a_domain_has_its_exchanger_and_that_its_address() {
        let at = served();
        let mx = asked(at, "BETA.test.", RecordType::MX);
        let host = |name| Name::from_str(name).expect("a name");
        let exchangers =
            [(10, "mx.beta.test."), (20, "mx2.beta.test.")].map(|(place, name)| RData::MX(MX::new(place, host(name))));
        assert!(mx.metadata.authoritative);
        assert_eq!(mx.answers.iter().map(|answer| answer.data.clone()).collect::<Vec<_>>(), exchangers);
        let a = asked(at, "mx.beta.test.", RecordType::A);
        let there = RData::A(A::new(127, 0, 0, 7));
        assert_eq!(a.answers.first().map(|answer| answer.data.clone()), Some(there));
    }

    #[test]
    fn dig_finds_the_zone_over_udp_and_tcp() {
        let at = served();
        let dig = |how: &str| {
            let mut command = std::process::Command::new("dig");
            let server = format!("@{}", at.ip());
            let port = at.port().to_string();
            command.args([server.as_str(), "-p", &port, how, "+short", "beta.test", "MX"]);
            command.output().ok().map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        };
        for how in ["+notcp", "+tcp"] {
            let Some(answer) = dig(how) else {
                eprintln!("dig_finds_the_zone_over_udp_and_tcp: skipped, there is no dig");
                return;
            };
            assert_eq!(answer.lines().collect::<Vec<_>>(), ["10 mx.beta.test.", "20 mx2.beta.test."], "{how}");
        }
    }

    #[test]
    fn what_is_not_there_is_told_from_what_has_no_such_record() {
        let at = served();
        let none = asked(at, "mx.beta.test.", RecordType::AAAA);
        assert_eq!((none.metadata.response_code, none.answers.len()), (ResponseCode::NoError, 0));
        assert_eq!(asked(at, "zeta.test.", RecordType::MX).metadata.response_code, ResponseCode::NXDomain);
    }

    #[test]
    fn the_same_is_told_over_tcp_and_noise_is_not_answered() {
        let at = served();
        let answer = over_tcp(at, &question("beta.test.", RecordType::MX)).expect("an answer");
        assert_eq!(Message::from_vec(&answer).expect("a message").answers.len(), 2);
        assert_eq!(Zone::trial(at, "beta.test"), None);
        assert!(Zone::trial(at, "zeta.test").is_some_and(|why| why.contains("zeta.test over UDP")));
        assert_eq!(Zone::default().answer(b"noise"), None);
    }
}
