//! The client's side of a session with the directory of providers (§4.5): bytes in, bytes out.
//!
//! It binds, searches the whole tree once, and unbinds. Under TLS from the first octet, which is the driver's affair;
//! nobody signs what a directory says, so the index is worth what the connection is worth.

#[cfg(test)]
mod tests;

use bytes::BytesMut;
use collaudo_node::Bytes;
use ldap3_proto::{
    LdapCodec,
    proto::{
        LdapBindCred, LdapBindRequest, LdapDerefAliases, LdapFilter, LdapMsg, LdapOp, LdapResult, LdapResultCode,
        LdapSearchRequest, LdapSearchResultEntry, LdapSearchScope,
    },
};
use tokio_util::codec::{Decoder, Encoder};

use super::message::Entry;

//= PEC-4.5-02
const BASE: &str = "o=postacert";
/// What a search asks for: each attribute of §4.5, and the class that tells providers from the root.
//= PEC-4.5.2-01
const ATTRIBUTES: [&str; 8] = [
    "objectClass",
    "providerCertificateHash",
    "providerCertificate;binary",
    "providerName",
    "mailReceipt",
    "managedDomains",
    "LDIFLocationURL",
    "providerUnit",
];

/// One entry is one message: the largest provider manages tens of thousands of domains.
const MAX_MESSAGE: usize = 2 << 20;
const MAX_OCTETS: usize = 64 << 20;
const MAX_ENTRIES: usize = 20_000;
const MAX_DEPTH: usize = 16;
/// Octets of what a server says about a refusal.
const MAX_TOLD: usize = 200;

const BIND: i32 = 1;
const SEARCH: i32 = 2;
const UNBIND: i32 = 3;

/// As whom the directory is asked.
#[derive(Clone, Debug, Default)]
pub enum Login {
    /// As nobody.
    #[default]
    Anonymous,
    /// By name and password.
    Simple {
        /// The distinguished name.
        dn: String,
        /// Its password.
        password: String,
    },
}

/// A session that was begun.
#[derive(Debug)]
pub struct Session {
    stage: Stage,
    inflow: BytesMut,
    octets: usize,
    entries: Vec<Entry>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Binding,
    Searching,
    Over,
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing, until more comes in.
    Wait,
    /// Say this.
    Say(Bytes),
    /// All entries are there: say this last, and close.
    Done {
        /// The entries, in the directory's order; [`super::message::Index::from_entries`] reads them.
        entries: Vec<Entry>,
        /// The farewell.
        last: Bytes,
    },
}

/// Why a session leads to no index; the connection is to be closed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LdapFault {
    /// One message, or all together, or their number, is over the limit.
    #[error("the directory's answer is too large")]
    Large,
    /// Octets that are no LDAP message.
    #[error("the directory's answer is no LDAP: {0}")]
    Form(String),
    /// A message that answers nothing that was asked.
    #[error("the directory answers with something that was not asked for")]
    Stray,
    /// A part of the tree lies in another directory, so what came is not the whole index.
    #[error("the directory points to another one")]
    Referral,
    /// A result other than success.
    #[error("the directory refuses: {code}, \"{told}\"")]
    Refused {
        /// Its code, by name.
        code: String,
        /// What the directory says.
        told: String,
    },
    /// Bytes after the end.
    #[error("the session is over")]
    Over,
}

impl Session {
    /// Begins a session. *Gives* what is to be said first, once TLS stands.
    pub fn begin(login: &Login) -> (Self, Bytes) {
        let (dn, password) = match login {
            Login::Anonymous => ("", ""),
            Login::Simple { dn, password } => (dn.as_str(), password.as_str()),
        };
        let cred = LdapBindCred::Simple(password.into());
        let bind = LdapOp::BindRequest(LdapBindRequest { version: 3, dn: dn.into(), cred });
        let session = Self { stage: Stage::Binding, inflow: BytesMut::new(), octets: 0, entries: Vec::new() };
        (session, encode(BIND, bind))
    }

    /// Takes what the directory says, in any cut. After a fault or the end nothing more is taken.
    pub fn take(&mut self, bytes: &[u8]) -> Result<Step, LdapFault> {
        let step = self.advance(bytes);
        if !matches!(step, Ok(Step::Wait | Step::Say(_))) {
            self.stage = Stage::Over;
            self.inflow = BytesMut::new();
        }
        step
    }

    fn advance(&mut self, bytes: &[u8]) -> Result<Step, LdapFault> {
        if self.stage == Stage::Over {
            return Err(LdapFault::Over);
        }
        self.octets = self.octets.saturating_add(bytes.len());
        if self.octets > MAX_OCTETS {
            return Err(LdapFault::Large);
        }
        self.inflow.extend_from_slice(bytes);
        while let Some(message) = self.next_message()? {
            match self.answered(message)? {
                Step::Wait => {}
                step => return Ok(step),
            }
        }
        Ok(Step::Wait)
    }

    /// The next message, once it is whole: the codec would read a long one anew with each piece that comes in.
    fn next_message(&mut self) -> Result<Option<LdapMsg>, LdapFault> {
        let Some(length) = message_length(&self.inflow)? else { return Ok(None) };
        if length > MAX_MESSAGE {
            return Err(LdapFault::Large);
        }
        if self.inflow.len() < length {
            return Ok(None);
        }
        let mut whole = self.inflow.split_to(length);
        let form = |error: std::io::Error| LdapFault::Form(error.to_string());
        match LdapCodec::new(Some(MAX_MESSAGE), Some(MAX_DEPTH)).decode(&mut whole).map_err(form)? {
            Some(message) if whole.is_empty() => Ok(Some(message)),
            _ => Err(LdapFault::Form("message of another length than it says".into())),
        }
    }

    fn answered(&mut self, message: LdapMsg) -> Result<Step, LdapFault> {
        match (self.stage, message.msgid, message.op) {
            (Stage::Binding, BIND, LdapOp::BindResponse(response)) => {
                succeeded(&response.res)?;
                self.stage = Stage::Searching;
                Ok(Step::Say(search()))
            }
            (Stage::Searching, SEARCH, LdapOp::SearchResultEntry(entry)) => {
                if self.entries.len() >= MAX_ENTRIES {
                    return Err(LdapFault::Large);
                }
                self.entries.push(read(entry));
                Ok(Step::Wait)
            }
            (Stage::Searching, SEARCH, LdapOp::SearchResultReference(_)) => Err(LdapFault::Referral),
            (Stage::Searching, SEARCH, LdapOp::SearchResultDone(result)) => {
                succeeded(&result)?;
                let entries = std::mem::take(&mut self.entries);
                Ok(Step::Done { entries, last: encode(UNBIND, LdapOp::UnbindRequest) })
            }
            _ => Err(LdapFault::Stray),
        }
    }
}

/// One search for the whole tree.
//= PEC-4.5-01
fn search() -> Bytes {
    let request = LdapSearchRequest {
        base: BASE.into(),
        scope: LdapSearchScope::Subtree,
        aliases: LdapDerefAliases::Never,
        sizelimit: 0,
        timelimit: 0,
        typesonly: false,
        filter: LdapFilter::Present("objectClass".into()),
        attrs: ATTRIBUTES.map(String::from).to_vec(),
    };
    encode(SEARCH, LdapOp::SearchRequest(request))
}

fn encode(id: i32, op: LdapOp) -> Bytes {
    let mut out = BytesMut::new();
    // The codec writes to memory, which does not fail.
    LdapCodec::default().encode(LdapMsg::new(id, op), &mut out).expect("requests of fixed shape encode");
    out.freeze()
}

fn read(entry: LdapSearchResultEntry) -> Entry {
    let attributes = entry.attributes.into_iter().map(|attribute| (attribute.atype, attribute.vals));
    Entry { dn: entry.dn, attributes: attributes.collect() }
}

fn succeeded(result: &LdapResult) -> Result<(), LdapFault> {
    match &result.code {
        LdapResultCode::Success => Ok(()),
        LdapResultCode::Referral => Err(LdapFault::Referral),
        code => {
            let told = result.message.chars().filter(|c| !c.is_control()).take(MAX_TOLD).collect();
            Err(LdapFault::Refused { code: format!("{code:?}"), told })
        }
    }
}

/// How long the message at the beginning is, its header included; `None` while too little is there to tell.
fn message_length(inflow: &[u8]) -> Result<Option<usize>, LdapFault> {
    let (tag, first) = match inflow {
        [] => return Ok(None),
        [0x30] => return Ok(None),
        [0x30, first, ..] => (2, usize::from(*first)),
        _ => return Err(LdapFault::Form("no sequence".into())),
    };
    if first < 0x80 {
        return Ok(Some(tag + first));
    }
    // RFC 4511 §5.1: lengths are definite; more than four octets would be of no message that is taken.
    let digits = first & 0x7f;
    if !(1..=4).contains(&digits) {
        return Err(LdapFault::Form("length of another form".into()));
    }
    let Some(digits) = inflow.get(tag..tag + digits) else { return Ok(None) };
    let length = digits.iter().fold(0_usize, |length, octet| length << 8 | usize::from(*octet));
    Ok(Some(tag + digits.len() + length))
}
