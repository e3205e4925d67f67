//! Asks a DNS server for mail exchangers and addresses.
//!
//! Only the form of messages is taken from a crate: a whole resolver with its caches and its own idea of a system's
//! configuration would be ten times as much code as the three questions that are asked here.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    str::FromStr,
    time::Duration,
};

use hickory_proto::{
    op::{Message, MessageType, Query, ResponseCode},
    rr::{Name, RData, RecordType},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
};
use tracing::debug;

use super::clock;

/// How long an answer may take; a question is put twice.
const PATIENCE: Duration = Duration::from_secs(3);
const ATTEMPTS: usize = 2;
/// The largest answer over UDP without EDNS (RFC 1035 §4.2.1), and room to spare for servers that do not count.
const DATAGRAM: usize = 4096;

/// A DNS server, which does the recursion.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dns {
    server: SocketAddr,
}

/// What DNS says of a domain's mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mail {
    /// These hosts take it, the preferred first.
    Hosts(Vec<String>),
    /// The domain does not exist, or takes no mail.
    Nowhere,
    /// There was no answer.
    Unknown,
}

enum Answer {
    Records(Vec<RData>),
    NoName,
    None,
}

impl Dns {
    pub(super) fn new(server: SocketAddr) -> Self {
        Self { server }
    }

    /// Who takes mail for a domain: its MX records, else itself where it has an address (RFC 5321 §5.1).
    pub(super) async fn mail(&self, domain: &str) -> Mail {
        let mut exchangers = match self.ask(domain, RecordType::MX).await {
            Answer::Records(records) => exchangers(records),
            Answer::NoName => return Mail::Nowhere,
            Answer::None => return Mail::Unknown,
        };
        if exchangers.is_empty() {
            return match self.ask(domain, RecordType::A).await {
                Answer::Records(records) if address(&records).is_some() => Mail::Hosts(vec![domain.to_owned()]),
                Answer::None => Mail::Unknown,
                _ => Mail::Nowhere,
            };
        }
        exchangers.sort();
        // A single "." says that the domain takes no mail (RFC 7505).
        let hosts: Vec<String> = exchangers.into_iter().map(|(_, host)| host).filter(|host| !host.is_empty()).collect();
        if hosts.is_empty() { Mail::Nowhere } else { Mail::Hosts(hosts) }
    }

    /// The address of a host.
    pub(super) async fn address(&self, host: &str) -> Option<IpAddr> {
        match self.ask(host, RecordType::A).await {
            Answer::Records(records) => address(&records),
            _ => None,
        }
    }

    async fn ask(&self, name: &str, of: RecordType) -> Answer {
        let Ok(mut name) = Name::from_str(name) else { return Answer::NoName };
        name.set_fqdn(true);
        for _ in 0..ATTEMPTS {
            let mut question = Message::query();
            question.metadata.recursion_desired = true;
            question.add_query(Query::query(name.clone(), of));
            match clock::within(PATIENCE, self.exchange(&question)).await {
                Some(Ok(answer)) => match answer.metadata.response_code {
                    ResponseCode::NoError => {
                        let records = answer.answers.into_iter().map(|record| record.data);
                        return Answer::Records(records.filter(|data| data.record_type() == of).collect());
                    }
                    ResponseCode::NXDomain => return Answer::NoName,
                    code => debug!(%name, %code, "the DNS server does not answer the question"),
                },
                Some(Err(error)) => debug!(%name, %error, "the DNS server cannot be asked"),
                None => debug!(%name, "the DNS server is silent"),
            }
        }
        Answer::None
    }

    /// Puts a question over UDP, and again over TCP where the answer was cut short.
    async fn exchange(&self, question: &Message) -> io::Result<Message> {
        let any = if self.server.is_ipv4() { IpAddr::V4(Ipv4Addr::UNSPECIFIED) } else { [0_u16; 8].into() };
        let socket = UdpSocket::bind((any, 0)).await?;
        socket.connect(self.server).await?;
        let asked = question.to_vec().map_err(io::Error::other)?;
        socket.send(&asked).await?;
        let mut octets = [0; DATAGRAM];
        loop {
            let count = socket.recv(&mut octets).await?;
            match Message::from_vec(octets.get(..count).unwrap_or_default()) {
                Ok(answer) if !answers(&answer, question) => {}
                Ok(answer) if answer.metadata.truncation => return self.over_tcp(question, &asked).await,
                Ok(answer) => return Ok(answer),
                // Anyone can send a datagram; the right one may still come.
                Err(error) => debug!(%error, "no DNS message"),
            }
        }
    }

    async fn over_tcp(&self, question: &Message, asked: &[u8]) -> io::Result<Message> {
        let mut stream = TcpStream::connect(self.server).await?;
        let length = u16::try_from(asked.len()).map_err(io::Error::other)?;
        stream.write_all(&[&length.to_be_bytes(), asked].concat()).await?;
        let mut octets = vec![0; usize::from(stream.read_u16().await?)];
        stream.read_exact(&mut octets).await?;
        let answer = Message::from_vec(&octets).map_err(io::Error::other)?;
        if answers(&answer, question) { Ok(answer) } else { Err(io::ErrorKind::InvalidData.into()) }
    }
}

fn answers(answer: &Message, question: &Message) -> bool {
    answer.metadata.id == question.metadata.id
        && answer.metadata.message_type == MessageType::Response
        && answer.queries == question.queries
}

fn exchangers(records: Vec<RData>) -> Vec<(u16, String)> {
    let read = |data| match data {
        RData::MX(mx) => Some((mx.preference, mx.exchange.to_ascii().trim_end_matches('.').to_owned())),
        _ => None,
    };
    records.into_iter().filter_map(read).collect()
}

fn address(records: &[RData]) -> Option<IpAddr> {
    records.iter().find_map(|data| match data {
        RData::A(address) => Some(IpAddr::V4(address.0)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use hickory_proto::rr::{
        Record,
        rdata::{A, MX},
    };

    use super::*;

    /// A server on loopback that knows three domains; over UDP it cuts the answer for `long.test` short.
    async fn server() -> SocketAddr {
        let udp = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let at = udp.local_addr().expect("an address");
        let tcp = tokio::net::TcpListener::bind(at).await.expect("the same port");
        tokio::spawn(async move {
            let mut octets = [0; 512];
            while let Ok((count, peer)) = udp.recv_from(&mut octets).await {
                let mut reply = reply(&octets[..count]);
                if reply.queries[0].name().to_ascii() == "long.test." {
                    reply.answers.clear();
                    reply.metadata.truncation = true;
                }
                let _ = udp.send_to(&reply.to_vec().expect("octets"), peer).await;
            }
        });
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = tcp.accept().await {
                let mut asked = vec![0; usize::from(stream.read_u16().await.expect("a length"))];
                stream.read_exact(&mut asked).await.expect("a question");
                let reply = reply(&asked).to_vec().expect("octets");
                let length = u16::try_from(reply.len()).expect("a short reply");
                let _ = stream.write_all(&[&length.to_be_bytes()[..], &reply].concat()).await;
            }
        });
        at
    }

    fn reply(asked: &[u8]) -> Message {
        let asked = Message::from_vec(asked).expect("a question");
        let query = asked.queries[0].clone();
        let mut reply = Message::response(asked.metadata.id, asked.metadata.op_code);
        let mx = |preference, host: &str| RData::MX(MX::new(preference, Name::from_str(host).expect("a name")));
        let data = match (query.name().to_ascii().as_str(), query.query_type()) {
            ("long.test." | "alfa.test.", RecordType::MX) => vec![mx(20, "mx2.alfa.test."), mx(10, "mx1.alfa.test.")],
            ("null.test.", RecordType::MX) => vec![mx(0, ".")],
            ("plain.test.", RecordType::A) => vec![RData::A(A::new(192, 0, 2, 7))],
            ("plain.test." | "bare.test.", _) => Vec::new(),
            ("broken.test.", _) => {
                reply.metadata.response_code = ResponseCode::ServFail;
                Vec::new()
            }
            _ => {
                reply.metadata.response_code = ResponseCode::NXDomain;
                Vec::new()
            }
        };
        for data in data {
            reply.add_answer(Record::from_rdata(query.name().clone(), 60, data));
        }
        reply.add_query(query);
        reply
    }

    #[test]
    fn exchangers_come_in_their_order_and_what_is_not_there_is_told_from_what_is_not_known() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let dns = Dns::new(server().await);
            let both = Mail::Hosts(vec!["mx1.alfa.test".into(), "mx2.alfa.test".into()]);
            assert_eq!(dns.mail("alfa.test").await, both);
            assert_eq!(dns.mail("long.test").await, both, "over TCP");
            assert_eq!(dns.mail("plain.test").await, Mail::Hosts(vec!["plain.test".into()]));
            assert_eq!(dns.address("plain.test").await, Some(IpAddr::from([192, 0, 2, 7])));
            for none in ["null.test", "bare.test", "nobody.test"] {
                assert_eq!(dns.mail(none).await, Mail::Nowhere, "{none}");
            }
            assert_eq!(dns.mail("broken.test").await, Mail::Unknown);
        });
    }
}
