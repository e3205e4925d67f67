use serde::{Deserialize, Serialize};

use super::{
    Message,
    address::{read_list, same_address},
    classify::EnvelopeRead,
};

/// The forms of a delivery receipt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Form {
    /// With the whole original.
    #[default]
    Complete,
    /// With the original, its attachments replaced by their hashes.
    Brief,
    /// Without the original.
    Concise,
}

impl Form {
    /// The word on the wire.
    pub fn wire(self) -> &'static str {
        match self {
            Self::Complete => "completa",
            Self::Brief => "breve",
            Self::Concise => "sintetica",
        }
    }

    /// Reads the word on the wire, ignoring case and the white space around it.
    pub fn from_wire(word: &str) -> Option<Self> {
        let word = word.trim();
        [Self::Complete, Self::Brief, Self::Concise].into_iter().find(|form| form.wire().eq_ignore_ascii_case(word))
    }
}

/// The form of the delivery receipt that `recipient` of `envelope` gives rise to (§3.3.2.1 to §3.3.2.3).
///
/// Primary recipients get the form that was asked for, those in Cc alone the concise one. Who stands in both fields or
/// in neither is taken for primary, and a field that cannot be read names nobody.
pub fn form_for(recipient: &str, envelope: &EnvelopeRead) -> Form {
    //= PEC-2.1-14
    let original = Message::read_leniently(envelope.original.clone());
    let named = |field: &str| {
        let lists = original.all(field).filter_map(|field| read_list(&field.unfolded()));
        lists.flatten().any(|address| same_address(&address, recipient))
    };
    //= PEC-3.3.2.1-02
    //= PEC-3.3.2.1-04
    //= PEC-3.3.2.2-02
    //= PEC-3.3.2.3-01
    if named("Cc") && !named("To") { Form::Concise } else { envelope.certified.form }
}

#[cfg(test)]
mod tests {
    use collaudo_node::{BodyId, Bytes};

    use super::{super::Certified, *};

    fn form(asked: Form, header: &'static str) -> Form {
        let original = Bytes::from_static(header.as_bytes());
        let certified = Certified {
            sender: "anna@alfa.test".into(),
            recipients: Vec::new(),
            reply_to: String::new(),
            subject: None,
            pec_msgid: "1@alfa.test".into(),
            msgid: None,
            form: asked,
        };
        let identity = BodyId::of(&original);
        form_for("bruno@Beta.test", &EnvelopeRead { certified, original, identity })
    }

    #[test]
    fn primary_recipients_get_what_was_asked() {
        for asked in [Form::Complete, Form::Brief, Form::Concise] {
            assert_eq!(form(asked, "To: Bruno <bruno@beta.test>\r\nCc: x@y.it\r\n\r\n"), asked);
        }
    }

    #[test]
    fn copy_recipients_get_the_concise_form() {
        for asked in [Form::Complete, Form::Brief, Form::Concise] {
            assert_eq!(form(asked, "To: x@y.it\r\nCc: bruno@beta.test\r\n\r\n"), Form::Concise);
        }
    }

    #[test]
    fn ambiguous_recipients_are_primary() {
        assert_eq!(form(Form::Complete, "To: bruno@beta.test\r\nCc: bruno@beta.test\r\n\r\n"), Form::Complete);
        assert_eq!(form(Form::Complete, "To: x@y.it\r\nCc: z@y.it\r\n\r\n"), Form::Complete);
        assert_eq!(form(Form::Brief, "To: x@y.it\r\nCc: <<broken\r\n\r\n"), Form::Brief);
        assert_eq!(form(Form::Concise, "To: x@y.it\r\n\r\n"), Form::Concise);
    }

    #[test]
    fn words_of_the_wire_ignore_case() {
        assert_eq!(Form::from_wire(" Sintetica"), Some(Form::Concise));
        assert_eq!(Form::from_wire("lunga"), None);
    }
}
