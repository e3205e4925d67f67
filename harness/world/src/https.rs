//! One request over HTTPS, whole: a client and the publisher of the provider index speak TLS and HTTP/1.1 to each other,
//! octets handed across in memory. The network has no part in it, for what it does to a fetch is a fault of the documents.

use std::{
    io::{self, Read as _, Write as _},
    sync::Arc,
};

use collaudo_node::Bytes;
use rustls::{ClientConfig, ClientConnection, ConnectionCommon, ServerConfig, ServerConnection, pki_types::ServerName};

use crate::WorldError;

/// What the two sides have seen of each other.
#[derive(Default)]
pub(crate) struct Seen {
    /// The server's certificate (DER), which the client has verified.
    pub(crate) server: Option<Vec<u8>>,
    /// The client's certificate (DER), which the server has verified.
    pub(crate) client: Option<Vec<u8>>,
    /// None where the session was refused before a reply.
    pub(crate) status: Option<u16>,
    pub(crate) content_type: Option<String>,
    /// What came behind the header of a reply that says 200.
    pub(crate) body: Option<Bytes>,
}

/// A file as the publisher has it: octets and type.
pub(crate) struct File<'a> {
    pub(crate) octets: &'a Bytes,
    pub(crate) media_type: &'a str,
}

/// Asks `host` for a file by its name.
pub(crate) fn get(
    client: &Arc<ClientConfig>,
    server: &Arc<ServerConfig>,
    host: &str,
    name: &str,
    file: &File<'_>,
) -> Result<Seen, WorldError> {
    let server_name = ServerName::try_from(host.to_owned()).map_err(|_| WorldError::Host(host.to_owned()))?;
    let mut client = ClientConnection::new(client.clone(), server_name)?;
    let mut server = ServerConnection::new(server.clone())?;
    client.set_buffer_limit(None);
    server.set_buffer_limit(None);
    let reply = converse(&mut client, &mut server, host, name, file).ok();
    let shown = |chain: Option<&[rustls::pki_types::CertificateDer<'_>]>| Some(chain?.first()?.to_vec());
    let mut seen = Seen {
        server: shown(client.peer_certificates()),
        client: shown(server.peer_certificates()),
        ..Seen::default()
    };
    if let Some(reply) = reply {
        read(&reply, &mut seen);
    }
    Ok(seen)
}

/// The handshake, the request, the reply; an error where one side wants no more of the other.
fn converse(
    client: &mut ClientConnection,
    server: &mut ServerConnection,
    host: &str,
    name: &str,
    file: &File<'_>,
) -> io::Result<Vec<u8>> {
    let (mut request, mut reply) = (Vec::new(), Vec::new());
    while client.is_handshaking() || server.is_handshaking() {
        hand_over(client, server, &mut request)?;
        hand_over(server, client, &mut reply)?;
    }
    client
        .writer()
        .write_all(format!("GET /{name} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes())?;
    hand_over(client, server, &mut request)?;
    let asked = String::from_utf8_lossy(&request);
    let head = match asked.split(' ').nth(1).and_then(|path| path.strip_prefix('/')) == Some(name) {
        true => format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n",
            file.media_type,
            file.octets.len()
        ),
        false => "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned(),
    };
    server.writer().write_all(head.as_bytes())?;
    if head.starts_with("HTTP/1.1 200 ") {
        server.writer().write_all(file.octets)?;
    }
    hand_over(server, client, &mut reply)?;
    Ok(reply)
}

/// Carries over what one side has to say, and gathers what the other side hears of it.
fn hand_over<A, B>(
    from: &mut ConnectionCommon<A>,
    to: &mut ConnectionCommon<B>,
    heard: &mut Vec<u8>,
) -> io::Result<()> {
    let mut wire = Vec::new();
    while from.wants_write() {
        from.write_tls(&mut wire)?;
    }
    let mut rest = wire.as_slice();
    while !rest.is_empty() {
        to.read_tls(&mut rest)?;
        let state = to.process_new_packets().map_err(io::Error::other)?;
        let mut plain = vec![0; state.plaintext_bytes_to_read()];
        to.reader().read_exact(&mut plain)?;
        heard.extend(plain);
    }
    Ok(())
}

/// Status, type and content of a reply.
fn read(reply: &[u8], seen: &mut Seen) {
    const END: &[u8] = b"\r\n\r\n";
    let Some(end) = reply.windows(END.len()).position(|window| window == END) else { return };
    let (head, content) = (String::from_utf8_lossy(&reply[..end]).into_owned(), &reply[end + END.len()..]);
    seen.status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let is_type = |line: &&str| line.to_ascii_lowercase().starts_with("content-type:");
    let media_type = head.lines().find(is_type).and_then(|line| line.split_once(':'));
    seen.content_type = media_type.map(|(_, value)| value.trim().to_owned());
    seen.body = (seen.status == Some(200)).then(|| Bytes::copy_from_slice(content));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{chance::Chance, pki::Pki, tls};

    const FILE: &str = "indice.ldif.p7m";

    /// Asks for a file that may be larger than any buffer; with a certificate of `alfa`, or without.
    fn ask(has_certificate: bool, name: &str, octets: usize) -> Seen {
        tls::seed(Chance::new(1, 1));
        tls::set_time(1_772_438_400);
        let pki = Pki::issue(&[("Alfa", "posta-certificata@alfa.test")]).expect("issues");
        let client = match has_certificate {
            true => tls::licensed_config(&pki, &["mx.alfa.test"]),
            false => tls::client_config(&pki).map_err(WorldError::from),
        };
        let server = tls::publisher_config(&pki, "index.test").expect("configures");
        let file = File { octets: &vec![b'x'; octets].into(), media_type: "application/pkcs7-mime" };
        get(&client.expect("configures"), &server, "index.test", name, &file).expect("a host's name")
    }

    #[test]
    fn a_licensed_client_gets_the_file_whole_and_sees_its_type() {
        let seen = ask(true, FILE, 200_000);
        assert_eq!((seen.status, seen.content_type.as_deref()), (Some(200), Some("application/pkcs7-mime")));
        assert_eq!(seen.body.map(|body| body.len()), Some(200_000));
        assert!(seen.server.is_some() && seen.client.is_some());
    }

    #[test]
    fn a_client_without_a_certificate_gets_no_reply() {
        let seen = ask(false, FILE, 10);
        assert!(seen.server.is_some(), "the server has shown who it is");
        assert_eq!((seen.client, seen.status, seen.body), (None, None, None));
    }
}
