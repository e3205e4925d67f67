use crate::{Body, Entity, Fields, ForgeError, Signer, Style, mime, sign, signing_time};

/// A `multipart/signed` message taken apart; sealed with its own signature unedited, it gives the octets it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The whole message: outer header, signed entity, signature.
    message: Entity,
}

/// Takes a `multipart/signed` message apart.
///
/// # Errors
/// [`ForgeError::Message`] where it is none.
pub fn open(message: &[u8]) -> Result<Opened, ForgeError> {
    let message = Entity::read(message);
    if message.content_type() != "multipart/signed" {
        return Err(ForgeError::Message("it is not multipart/signed"));
    }
    if message.parts().count() < 2 {
        return Err(ForgeError::Message("it has no signature part"));
    }
    Ok(Opened { message })
}

/// Puts a message together and signs it anew.
pub fn reseal(opened: &Opened, signer: &Signer, unix_secs: i64) -> Vec<u8> {
    opened.sealed(signer, unix_secs, Style::default())
}

impl Opened {
    /// The outer header, which no signature covers.
    pub fn fields(&self) -> &Fields {
        &self.message.fields
    }

    /// The outer header, which no signature covers.
    pub fn fields_mut(&mut self) -> &mut Fields {
        &mut self.message.fields
    }

    /// The signed entity.
    pub fn content(&self) -> &Entity {
        self.message.parts().next().unwrap_or(&self.message)
    }

    /// The signed entity; what is changed here asks for [`reseal`].
    pub fn content_mut(&mut self) -> Option<&mut Entity> {
        self.message.parts_mut().next()
    }

    /// The part that holds the signature.
    pub fn signature_part_mut(&mut self) -> Option<&mut Entity> {
        self.message.parts_mut().nth(1)
    }

    /// The signature, DER or BER.
    pub fn signature(&self) -> Vec<u8> {
        self.message.parts().nth(1).map(Entity::decoded).unwrap_or_default()
    }

    /// Replaces the signature.
    pub fn set_signature(&mut self, cms: &[u8]) {
        if let Some(part) = self.signature_part_mut() {
            part.fields.set("Content-Transfer-Encoding", "base64");
            part.body = Body::Leaf(mime::base64_lines(cms).into_bytes());
        }
    }

    /// The signer's claim of the time, seconds since 1970.
    pub fn signed_at(&self) -> Option<i64> {
        signing_time(&self.signature())
    }

    /// The first direct part of the signed entity that answers.
    pub fn part_mut(&mut self, wanted: impl Fn(&Entity) -> bool) -> Option<&mut Entity> {
        self.content_mut()?.parts_mut().find(|part| wanted(part))
    }

    /// The certification data: the direct part named `daticert.xml`, decoded.
    pub fn daticert(&self) -> Option<String> {
        let part = self.content().parts().find(|part| is_daticert(part))?;
        String::from_utf8(part.decoded()).ok()
    }

    /// The certification data's part.
    pub fn daticert_mut(&mut self) -> Option<&mut Entity> {
        self.part_mut(is_daticert)
    }

    /// The attached message's octets: `postacert.eml`, or what an anomaly envelope encloses.
    pub fn original(&self) -> Option<Vec<u8>> {
        self.content().parts().find(|part| part.content_type() == "message/rfc822").map(Entity::decoded)
    }

    /// The attached message's part.
    pub fn original_mut(&mut self) -> Option<&mut Entity> {
        self.part_mut(|part| part.content_type() == "message/rfc822")
    }

    /// The leaves of the readable text: one, or the alternatives.
    pub fn texts_mut(&mut self) -> Vec<&mut Entity> {
        match self.content_mut().and_then(|content| content.parts_mut().next()) {
            Some(text) if text.parts().next().is_some() => text.parts_mut().collect(),
            Some(text) => vec![text],
            None => Vec::new(),
        }
    }

    /// The octets as they stand, the signature as it is.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.message.to_bytes()
    }

    /// The octets with a signature made anew in the given style.
    pub fn sealed(&self, signer: &Signer, unix_secs: i64, style: Style) -> Vec<u8> {
        let mut anew = self.clone();
        anew.set_signature(&sign(&self.content().to_bytes(), signer, unix_secs, style));
        let kind = anew.fields().get("Content-Type").unwrap_or_default();
        if let Some(micalg) = mime::parameter(&kind, "micalg").filter(|_| style.digest != crate::Digest::Sha256) {
            anew.fields_mut().set("Content-Type", &kind.replace(&micalg, style.digest.micalg()));
        }
        anew.to_bytes()
    }
}

fn is_daticert(part: &Entity) -> bool {
    part.file_name().is_some_and(|name| name.eq_ignore_ascii_case("daticert.xml"))
}
