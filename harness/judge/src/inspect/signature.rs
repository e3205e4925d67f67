//! What the signature of a stored message comes to, in words for people who know no cryptography.

use std::sync::Arc;

use collaudo_record::{
    InspectedSignature, Instant, PathCheck, PathVerdict, SignatureCause, SignaturePath, SignatureVerdict,
};

use super::Anchors;
use crate::{
    check::message::when,
    reading::{Broken, Certificate, Reading, Signature},
};

pub(super) fn inspected(reading: &Reading, anchors: &Anchors) -> InspectedSignature {
    let Some(signature) = &reading.signature else { return absent(reading, anchors) };
    let signer = signature.signer.as_ref();
    InspectedSignature {
        verdict: if signature.valid { SignatureVerdict::Valid } else { SignatureVerdict::Invalid },
        cause: signature.cause,
        reason: reason(signature),
        digest: signature.digest.clone(),
        signer: signer.map(|signer| signer.subject.clone()).unwrap_or_default(),
        addresses: signature.addresses().to_vec(),
        issuer: signer.map(|signer| signer.issuer.clone()).unwrap_or_default(),
        signed_at: signature.signed_at.map(rfc3339).unwrap_or_default(),
        path: SignaturePath {
            trust: trust(signature, anchors),
            index: index(signature, anchors),
            revocation: revocation(signature, anchors),
        },
    }
}

fn rfc3339(at: Instant) -> String {
    jiff::Timestamp::from_microsecond(at.0).map(|at| at.to_string()).unwrap_or_default()
}

fn absent(reading: &Reading, anchors: &Anchors) -> InspectedSignature {
    let check = |given: bool| match given {
        true => check(PathVerdict::Undecided, "there is no signature to look up"),
        false => PathCheck::default(),
    };
    let found = match reading.root.media_type.as_str() {
        "" => String::new(),
        media_type => format!(" (it is {media_type}, not multipart/signed)"),
    };
    InspectedSignature {
        verdict: SignatureVerdict::Absent,
        cause: SignatureCause::Absent,
        reason: format!("the message carries no signature{found}"),
        digest: String::new(),
        signer: String::new(),
        addresses: Vec::new(),
        issuer: String::new(),
        signed_at: String::new(),
        path: SignaturePath {
            trust: check(!anchors.trusted().is_empty()),
            index: check(anchors.has_index),
            revocation: check(!anchors.crls.is_empty()),
        },
    }
}

fn reason(signature: &Signature) -> String {
    if !signature.valid {
        return signature.reason.clone();
    }
    let restored = match signature.cause {
        SignatureCause::HoldsRestored => ", once its damaged line ends were put right",
        _ => "",
    };
    format!(
        "the content is the one that was signed{restored}, and the signature fits the certificate that came with it"
    )
}

fn check(verdict: PathVerdict, words: impl Into<String>) -> PathCheck {
    PathCheck { verdict, words: words.into() }
}

/// As a person in Italy would write it; and whose word it is.
fn claimed(at: Instant) -> String {
    format!("{}, the time that the signer claims", when(at))
}

fn trust(signature: &Signature, anchors: &Anchors) -> PathCheck {
    if anchors.trusted().is_empty() {
        return check(
            PathVerdict::NotGiven,
            "no certificate of a trusted authority was given: whether the signer's can be trusted was not examined",
        );
    }
    match (&signature.chain, signature.signed_at) {
        (Ok(()), Some(at)) => check(
            PathVerdict::Holds,
            format!(
                "a path of certificates, all valid on {}, leads to an authority that was given as trusted",
                claimed(at)
            ),
        ),
        (Err(Broken::NotValid(subject)), Some(at)) => {
            check(PathVerdict::Fails, format!("the certificate of {subject} was not valid on {}", claimed(at)))
        }
        (Err(Broken::NoAuthority(issuer)), _) => check(
            PathVerdict::Undecided,
            format!(
                "the certificate of the authority {issuer} neither comes with the message nor was given: \
                 the path could not be followed to its end"
            ),
        ),
        (Err(why), _) => check(PathVerdict::Undecided, why.to_string()),
        (Ok(()), None) => check(PathVerdict::Undecided, Broken::NoTime.to_string()),
    }
}

fn index(signature: &Signature, anchors: &Anchors) -> PathCheck {
    if !anchors.has_index {
        return check(
            PathVerdict::NotGiven,
            "no index of providers was given: whether the signer is a provider of certified mail was not examined",
        );
    }
    let Some(signer) = &signature.signer else {
        return check(PathVerdict::Undecided, Broken::NoSigner.to_string());
    };
    match anchors.index.listing(&signer.der) {
        Some(record) => check(
            PathVerdict::Holds,
            format!(
                "the index that was given, whose own origin was not examined, lists the certificate for {}",
                record.name
            ),
        ),
        None => check(
            PathVerdict::Fails,
            "the index that was given does not list the certificate; an index of another day may have listed it",
        ),
    }
}

fn revocation(signature: &Signature, anchors: &Anchors) -> PathCheck {
    if anchors.crls.is_empty() {
        return check(
            PathVerdict::NotGiven,
            "no list of revoked certificates was given: whether the signer's was revoked was not examined",
        );
    }
    let Some((signer, at)) = signature.signer.as_ref().zip(signature.signed_at) else {
        return check(PathVerdict::Undecided, "there is no signer with a time to look up");
    };
    let Some(authority) = authority(signature, signer, anchors) else {
        return check(
            PathVerdict::Undecided,
            format!("the certificate of the authority {} is not at hand to verify its lists with", signer.issuer),
        );
    };
    let lists: Vec<_> = anchors.crls.iter().filter_map(|list| list.verified(&authority)).collect();
    if let Some(since) = lists.iter().filter_map(|list| list.revoked(signer)).min() {
        let words = format!("the certificate was revoked on {}", when(since));
        return match since <= at {
            true => check(PathVerdict::Fails, format!("{words}, before {}", claimed(at))),
            false => check(PathVerdict::Holds, format!("{words}, after {}", claimed(at))),
        };
    }
    // A certificate that expired may leave the list: one made while it was valid, after the signing, decides.
    let decides = |made: Instant| at <= made && made <= signer.not_after;
    match lists.iter().map(|list| list.this_update).find(|made| decides(*made)) {
        Some(made) => check(
            PathVerdict::Holds,
            format!("the authority's list of {}, made after the signing, does not have the certificate", when(made)),
        ),
        None if lists.is_empty() => check(
            PathVerdict::Undecided,
            format!("none of the lists that were given was made by the authority {}", signer.issuer),
        ),
        None => check(
            PathVerdict::Undecided,
            "the lists that were given were made before the signing or after the certificate expired",
        ),
    }
}

/// The certificate of the authority that issued the signer's: given, else enclosed.
fn authority(signature: &Signature, signer: &Certificate, anchors: &Anchors) -> Option<Arc<Certificate>> {
    let enclosed = signature.certificates.iter().filter_map(|der| anchors.trust.certificate(der));
    let mut known = anchors.trusted().iter().cloned().chain(enclosed);
    known.find(|known| known.is_authority() && anchors.trust.is_signed_by(signer, known))
}
