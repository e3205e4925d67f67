//! What can happen to a signed message behind its signer's back.

use collaudo_forge::{Certificates, ForgeError, Opened, Signer, Style, sign};

use super::{Generated, chance::Chance};
use crate::house::Keys;

/// How the message is damaged.
#[derive(Clone, Copy)]
enum Damage {
    Content,
    Attributes,
    Value,
    OtherCertificate,
    CertificateLeftOut,
    AnyOctet,
    Cut,
    Length,
    EndLost,
    Trailing,
    BlankAtLineEnd,
    LineAdded,
    LineFeeds,
    LineFeedsInContent,
    ExpiredSigner,
}

const ALL: [Damage; 15] = [
    Damage::Content,
    Damage::Attributes,
    Damage::Value,
    Damage::OtherCertificate,
    Damage::CertificateLeftOut,
    Damage::AnyOctet,
    Damage::Cut,
    Damage::Length,
    Damage::EndLost,
    Damage::Trailing,
    Damage::BlankAtLineEnd,
    Damage::LineAdded,
    Damage::LineFeeds,
    Damage::LineFeedsInContent,
    Damage::ExpiredSigner,
];

/// The DER octets of the identifiers of `messageDigest` and of `signingTime`.
const MESSAGE_DIGEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04];
const SIGNING_TIME: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x05];

/// Damages a message in one way; what its certification data holds is not told where that may have been hit.
pub(super) fn damaged(
    whole: Generated,
    opened: &Opened,
    signer: &Signer,
    chance: &mut Chance,
    keys: &Keys,
) -> Result<Generated, ForgeError> {
    let damage = chance.one_of(&ALL, Damage::Content);
    let cms = opened.signature();
    let signed = |signer: &Signer, style: Style| sign(&opened.content().to_bytes(), signer, whole.at, style);
    let replaced = |cms: &[u8]| {
        let mut opened = opened.clone();
        opened.set_signature(cms);
        opened.to_bytes()
    };
    let octets = match damage {
        Damage::Content => flipped_in_content(&whole.octets, opened, chance),
        Damage::Attributes => {
            let near = if chance.flip() { MESSAGE_DIGEST } else { SIGNING_TIME };
            let at = find(&cms, near).map_or(0, |at| at + near.len() + 4 + chance.below(12));
            replaced(&flipped(&cms, at, chance))
        }
        Damage::Value => replaced(&flipped(&cms, cms.len().saturating_sub(20 + chance.below(200)), chance)),
        Damage::OtherCertificate => {
            replaced(&signed(&keys.unlisted()?.with_certificate(signer.certificate())?, signer.style()))
        }
        Damage::CertificateLeftOut => {
            replaced(&signed(signer, Style { certificates: Certificates::WithoutSigner, ..signer.style() }))
        }
        Damage::AnyOctet => replaced(&flipped(&cms, chance.below(cms.len()), chance)),
        Damage::Cut => replaced(cms.get(..chance.below(cms.len())).unwrap_or_default()),
        Damage::Length => replaced(&flipped(&cms, 1 + chance.below(3), chance)),
        Damage::EndLost => replaced(cms.get(..cms.len().saturating_sub(1 + chance.below(8))).unwrap_or_default()),
        Damage::Trailing => replaced(&[cms.as_slice(), &vec![0; 1 + chance.below(4)]].concat()),
        Damage::BlankAtLineEnd => blank_in_content(&whole.octets, opened, chance),
        Damage::LineAdded => added_line(&whole.octets, opened),
        Damage::LineFeeds => without_returns(&whole.octets),
        Damage::LineFeedsInContent => within_content(&whole.octets, opened, without_returns),
        Damage::ExpiredSigner => {
            let expired = keys.renewed_for_years(signer, 1_577_836_800, 1_704_067_200)?;
            replaced(&signed(&expired, signer.style()))
        }
    };
    let hit =
        matches!(damage, Damage::Content | Damage::BlankAtLineEnd | Damage::LineFeeds | Damage::LineFeedsInContent);
    Ok(Generated { tampered: damage.word(), octets, daticert: whole.daticert.filter(|_| !hit), ..whole })
}

impl Damage {
    fn word(self) -> &'static str {
        match self {
            Self::Content => "a bit of the content",
            Self::Attributes => "a bit of the signed attributes",
            Self::Value => "a bit of the signature's value",
            Self::OtherCertificate => "another key's certificate",
            Self::CertificateLeftOut => "the certificate left out",
            Self::AnyOctet => "a bit of the signature's structure",
            Self::Cut => "the signature cut off",
            Self::Length => "a length",
            Self::EndLost => "the end of the signature lost",
            Self::Trailing => "octets behind the signature",
            Self::BlankAtLineEnd => "a blank at a line's end",
            Self::LineAdded => "an empty line more",
            Self::LineFeeds => "stored with LF",
            Self::LineFeedsInContent => "LF in the content",
            Self::ExpiredSigner => "an expired certificate",
        }
    }
}

fn flipped(octets: &[u8], at: usize, chance: &mut Chance) -> Vec<u8> {
    let mut octets = octets.to_vec();
    if let Some(octet) = octets.get_mut(at) {
        *octet ^= 1 << chance.below(8);
    }
    octets
}

fn find(octets: &[u8], part: &[u8]) -> Option<usize> {
    octets.windows(part.len()).rposition(|window| window == part)
}

/// The message with its signed content replaced.
fn within_content(message: &[u8], opened: &Opened, change: impl FnOnce(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let content = opened.content().to_bytes();
    let at = message.windows(content.len()).position(|window| window == content);
    let around = at.and_then(|at| Some((message.get(..at)?, message.get(at + content.len()..)?)));
    around.map_or_else(|| message.to_vec(), |(before, behind)| [before, &change(&content), behind].concat())
}

/// One bit of a printable octet of the body of a leaf: what it becomes is printable too, and no white space.
fn flipped_in_content(message: &[u8], opened: &Opened, chance: &mut Chance) -> Vec<u8> {
    within_content(message, opened, |content| {
        let from = chance.below(content.len());
        let mut octets = content.to_vec();
        let plain = |octet: &&mut u8| octet.is_ascii_alphabetic();
        if let Some(octet) = octets.iter_mut().skip(from).find(plain) {
            *octet ^= 0x20;
        }
        octets
    })
}

fn blank_in_content(message: &[u8], opened: &Opened, chance: &mut Chance) -> Vec<u8> {
    within_content(message, opened, |content| {
        let ends: Vec<_> = (0..content.len()).filter(|at| content.get(*at..*at + 2) == Some(b"\r\n")).collect();
        let Some((before, behind)) = ends.get(chance.below(ends.len())).and_then(|at| content.split_at_checked(*at))
        else {
            return content.to_vec();
        };
        [before, b" ", behind].concat()
    })
}

/// An empty line more at the end of the content.
fn added_line(message: &[u8], opened: &Opened) -> Vec<u8> {
    within_content(message, opened, |content| [content, b"\r\n"].concat())
}

fn without_returns(octets: &[u8]) -> Vec<u8> {
    octets.iter().copied().filter(|octet| *octet != b'\r').collect()
}
