use std::{io, sync::Arc};

use bytes::BytesMut;
use ldap3_proto::{
    LdapCodec,
    proto::{
        LdapBindCred, LdapBindRequest, LdapBindResponse, LdapExtendedResponse, LdapMsg, LdapOp, LdapResult,
        LdapResultCode,
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::server::TlsStream;
use tokio_util::codec::{Decoder, Encoder};

use super::search::search;
use crate::core::message::Entry;

/// Octets of a request: no filter that means anything here is longer.
const REQUEST: usize = 64 * 1024;
/// Requests of a session.
const REQUESTS: usize = 1000;

/// Serves the directory over LDAP (RFC 4511): anonymous bind, searches, unbind.
//= PEC-4.5-01
pub(super) async fn converse(entries: Arc<Vec<Entry>>, mut stream: TlsStream<TcpStream>) -> io::Result<()> {
    let mut codec = LdapCodec::new(Some(REQUEST), None);
    let (mut inflow, mut outflow) = (BytesMut::new(), BytesMut::new());
    for _ in 0..REQUESTS {
        let message = loop {
            match codec.decode(&mut inflow)? {
                Some(message) => break message,
                None if stream.read_buf(&mut inflow).await? == 0 => return Ok(()),
                None => {}
            }
        };
        let Some(answers) = answer(&entries, message.op) else { return stream.shutdown().await };
        for op in answers {
            codec.encode(LdapMsg::new(message.msgid, op), &mut outflow)?;
            stream.write_all(&outflow.split()).await?;
        }
        stream.flush().await?;
    }
    stream.shutdown().await
}

/// What a request is answered with; `None` ends the session.
fn answer(entries: &[Entry], op: LdapOp) -> Option<Vec<LdapOp>> {
    const READ_ONLY: LdapResultCode = LdapResultCode::UnwillingToPerform;
    Some(match op {
        LdapOp::UnbindRequest => return None,
        LdapOp::AbandonRequest(_) => Vec::new(),
        LdapOp::BindRequest(bind) => vec![bound(&bind)],
        LdapOp::SearchRequest(request) => {
            let (found, code) = search(entries, &request);
            let found = found.into_iter().map(LdapOp::SearchResultEntry);
            found.chain([LdapOp::SearchResultDone(result(code))]).collect()
        }
        LdapOp::ModifyRequest(_) => vec![LdapOp::ModifyResponse(result(READ_ONLY))],
        LdapOp::AddRequest(_) => vec![LdapOp::AddResponse(result(READ_ONLY))],
        LdapOp::DelRequest(_) => vec![LdapOp::DelResponse(result(READ_ONLY))],
        LdapOp::ModifyDNRequest(_) => vec![LdapOp::ModifyDNResponse(result(READ_ONLY))],
        LdapOp::CompareRequest(_) => vec![LdapOp::CompareResult(result(READ_ONLY))],
        LdapOp::ExtendedRequest(_) => {
            let res = result(LdapResultCode::ProtocolError);
            vec![LdapOp::ExtendedResponse(LdapExtendedResponse { res, name: None, value: None })]
        }
        // An answer where a question belongs.
        _ => return None,
    })
}

/// Everybody is nobody here.
fn bound(bind: &LdapBindRequest) -> LdapOp {
    let code = match &bind.cred {
        _ if bind.version != 3 => LdapResultCode::ProtocolError,
        LdapBindCred::Simple(password) if bind.dn.is_empty() && password.is_empty() => LdapResultCode::Success,
        LdapBindCred::Simple(_) => LdapResultCode::InvalidCredentials,
        _ => LdapResultCode::AuthMethodNotSupported,
    };
    LdapOp::BindResponse(LdapBindResponse { res: result(code), saslcreds: None })
}

fn result(code: LdapResultCode) -> LdapResult {
    LdapResult { code, matcheddn: String::new(), message: String::new(), referral: Vec::new() }
}
