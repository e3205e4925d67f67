use serde::{Deserialize, Serialize};

use crate::BodyHash;

/// A message as the judge read it, for reports, which never parse mail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Anatomy {
    /// Its octets.
    pub body: BodyHash,
    /// The wire value of its kind, `anomalia` or `ordinary`.
    pub kind: String,
    /// For people: `delivery receipt (complete) for bruno@beta.test`.
    pub label: String,
    /// The step of the plan whose message it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Its size in octets.
    pub octets: u64,
    /// Where it was first seen, a place in the trace's events.
    pub first_seen: u32,
    /// Header fields in order, unfolded, encoded words decoded.
    pub headers: Vec<(String, String)>,
    /// Its signature; none where it is not `multipart/signed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
    /// Its parts, outermost first, attached messages not entered.
    pub parts: Vec<Part>,
    /// The readable text, decoded, or its beginning; empty where there is none.
    pub text: String,
    /// `daticert.xml`, decoded, or its beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daticert: Option<String>,
}

/// A signature as the judge found it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Whether content, signature and certificate belong together.
    pub valid: bool,
    /// Why not, in words; empty where it is valid.
    pub reason: String,
    /// Digest algorithm, such as `sha256`.
    pub digest: String,
    /// The signer's subject, such as `CN=Posta Certificata, O=Alfa PEC S.p.A., C=IT`.
    pub signer: String,
    /// The signer's own claim of the time, RFC 3339; empty where it makes none.
    pub signed_at: String,
}

/// A line of a message's tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// How deep, from 0.
    pub depth: u32,
    /// Type and subtype in lower case.
    pub content_type: String,
    /// File name, empty where it has none.
    pub name: String,
    /// Octets of its body as transferred.
    pub octets: u64,
}
