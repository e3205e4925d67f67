use sha1::{Digest as _, Sha1};

use crate::{Body, Entity, mime::hex};

/// The original with every part that has a file name, and every attached message, replaced by its hash.
//= PEC-3.3.2.2-03
pub fn brief(original: &[u8]) -> Vec<u8> {
    let mut message = Entity::read(original);
    message.parts_mut().for_each(hash_named_parts);
    message.to_bytes()
}

fn hash_named_parts(part: &mut Entity) {
    if let Body::Multipart(_) = part.body {
        part.parts_mut().for_each(hash_named_parts);
        return;
    }
    if part.content_type().ends_with("pkcs7-signature") {
        return;
    }
    let attached = (part.content_type() == "message/rfc822").then(|| "messaggio.eml".to_owned());
    let Some(name) = part.file_name().or(attached) else { return };
    //= PEC-3.3.2.2-05
    let hash = match &part.body {
        Body::Leaf(octets) => hex(&Sha1::digest(octets)),
        Body::Multipart(_) => return,
    };
    let fields = format!(
        "Content-Type: text/plain; name=\"{name}.hash\"\r\nContent-Transfer-Encoding: 7bit\r\n\
         Content-Disposition: attachment; filename=\"{name}.hash\"\r\n"
    );
    *part = Entity::leaf(&fields, hash);
}
