//! How the publisher serves the provider index over HTTPS: to whom, under which certificate, and as what.

use collaudo_record::{Instant, Player, Provider, Request, What};

use super::{Check, Findings, Occasion, View};
use crate::{
    Clause,
    reading::{Certificate, Signature, Trust},
};

/// Every session of HTTPS with the publisher.
pub(super) const SESSIONS: Check =
    Check { clauses: &[Clause::PEC_5_6_01, Clause::PEC_5_6_02, Clause::PEC_4_5_6_02], run: sessions };

fn sessions(view: &View<'_>, out: &mut Findings) {
    for (event, place) in view.trace.events.iter().zip(0_u32..) {
        let What::Requested(request) = &event.what else { continue };
        let session = Session { view, request, place, at: event.at };
        session.client(out);
        session.server(out);
        session.media_type(out);
    }
}

/// One of them.
struct Session<'v> {
    view: &'v View<'v>,
    request: &'v Request,
    place: u32,
    at: Instant,
}

impl<'v> Session<'v> {
    fn is_served(&self) -> bool {
        self.request.status == Some(200)
    }

    /// Who relies on it: the provider that asked, or where a stranger did, all of them.
    fn bound(&self) -> Vec<&'v Provider> {
        match self.view.story.providers.named(&self.request.host) {
            Some(provider) => vec![provider],
            None => self.view.story.providers.all().filter(|one| one.player == Player::Subject).collect(),
        }
    }

    fn tell(&self, out: &mut Findings, clause: Clause, holds: bool, expected: &str, observed: &str) {
        for provider in self.bound() {
            Occasion::new(self.view, provider, [self.place]).holds(out, &[clause], holds, expected, observed);
        }
    }

    /// A certificate that leads to the anchor of both sides, valid by now.
    fn certificate(&self, hash: Option<&collaudo_record::BodyHash>) -> Result<Certificate, &'static str> {
        let read = |hash| self.view.trace.body(hash).and_then(Certificate::read);
        let hash = hash.ok_or("no certificate")?;
        let certificate = read(hash).ok_or("a certificate that cannot be read")?;
        let anchor = read(&self.request.anchor).ok_or("a certificate without an authority that can be read")?;
        match () {
            () if !certificate.is_signed_by(&anchor) => Err("a certificate of another authority"),
            () if !certificate.is_valid_at(self.at) => Err("a certificate out of its time"),
            () => Ok(certificate),
        }
    }

    //= PEC-5.6-01
    fn client(&self, out: &mut Findings) {
        let shown = self.certificate(self.request.client.as_ref());
        let licensed = self.view.story.providers.named(&self.request.host).filter(|_| shown.is_ok());
        // Who shows a good certificate and gets nothing is refused for another reason.
        if shown.is_ok() && !self.is_served() {
            return;
        }
        let holds = !self.is_served() || licensed.is_some();
        let expected = "the index served to providers with a certificate of theirs, and to nobody else";
        let shown = match &shown {
            Ok(certificate) => certificate.subject.clone(),
            Err(why) => (*why).to_owned(),
        };
        let fate = if self.is_served() { "served" } else { "not served" };
        self.tell(out, Clause::PEC_5_6_01, holds, expected, &format!("{} showed {shown}: {fate}", self.request.host));
    }

    //= PEC-5.6-02
    fn server(&self, out: &mut Findings) {
        if !self.is_served() {
            return;
        }
        let name = &self.request.server_name;
        let shown = self.certificate(self.request.server.as_ref());
        let is_named = |one: &Certificate| one.dns_names.iter().any(|own| own.eq_ignore_ascii_case(name));
        let (holds, observed) = match &shown {
            Ok(one) if is_named(one) => (true, format!("{}, verified", one.subject)),
            Ok(one) => (false, format!("a certificate of {}", one.dns_names.join(", "))),
            Err(why) => (false, (*why).to_owned()),
        };
        let expected = format!("a certificate of {name}, issued by an authority that is known");
        self.tell(out, Clause::PEC_5_6_02, holds, &expected, &observed);
    }

    //= PEC-4.5.6-02
    fn media_type(&self, out: &mut Findings) {
        if !self.is_served() {
            return;
        }
        let given = self.request.content_type.as_deref().unwrap_or_default();
        let text = self.text();
        let is_utf_8 = text.as_deref().is_none_or(|text| std::str::from_utf8(text).is_ok());
        let holds = is_signed_data(given) && is_utf_8;
        let words = if is_utf_8 { "" } else { ", with a text that is not UTF-8" };
        let expected = "application/pkcs7-mime with smime-type=signed-data, around a text in UTF-8";
        self.tell(out, Clause::PEC_4_5_6_02, holds, expected, &format!("Content-Type {given:?}{words}"));
    }

    /// The text inside what was got: it is told right behind the session.
    fn text(&self) -> Option<Vec<u8>> {
        let next = usize::try_from(self.place).ok().and_then(|place| self.view.trace.events.get(place + 1))?;
        let What::Consulted { host, body: Some(body), .. } = &next.what else { return None };
        let octets = self.view.trace.body(body).filter(|_| *host == self.request.host)?;
        Signature::read(octets, &[], &Trust::default()).1
    }
}

/// Whether a `Content-Type` is the one of signed data (RFC 8551 §3.2).
fn is_signed_data(value: &str) -> bool {
    let mut pieces = value.split(';').map(str::trim);
    let is_type = pieces.next().is_some_and(|one| one.eq_ignore_ascii_case("application/pkcs7-mime"));
    let is_parameter = |piece: &str| {
        piece.split_once('=').is_some_and(|(name, value)| {
            name.trim().eq_ignore_ascii_case("smime-type")
                && value.trim().trim_matches('"').eq_ignore_ascii_case("signed-data")
        })
    };
    is_type && pieces.any(is_parameter)
}

#[cfg(test)]
mod tests {
    use super::is_signed_data;

    #[test]
    fn the_type_of_the_index_is_that_of_signed_data() {
        assert!(is_signed_data("application/pkcs7-mime; name=\"i.p7m\"; smime-type=signed-data"));
        assert!(is_signed_data("Application/PKCS7-MIME;SMIME-Type=\"Signed-Data\""));
        for other in ["", "application/pkcs7-mime", "application/octet-stream; smime-type=signed-data", "text/plain"] {
            assert!(!is_signed_data(other), "{other}");
        }
    }
}
