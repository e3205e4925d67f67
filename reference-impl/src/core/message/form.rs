use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    Message,
    address::{mailbox_key, read_list},
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

/// The forms of the delivery receipts that an envelope gives rise to (§3.3.2.1 to §3.3.2.3).
///
/// Primary recipients get the form that was asked for, those in Cc alone the concise one. Who stands in both fields or
/// in neither is taken for primary, and a field that cannot be read names nobody.
#[derive(Clone, Debug)]
pub struct Forms {
    asked: Form,
    to: BTreeSet<String>,
    cc: BTreeSet<String>,
}

impl Forms {
    /// Reads the original's fields.
    pub fn of(envelope: &EnvelopeRead) -> Self {
        //= PEC-2.1-14
        let original = Message::read_leniently(envelope.original.clone());
        let named = |field: &str| {
            let lists = original.all(field).filter_map(|field| read_list(&field.unfolded()));
            lists.flatten().filter_map(|address| mailbox_key(&address)).collect()
        };
        Self { asked: envelope.certified.form, to: named("To"), cc: named("Cc") }
    }

    /// The form for one recipient.
    pub fn of_recipient(&self, recipient: &str) -> Form {
        let named = |field: &BTreeSet<String>| mailbox_key(recipient).is_some_and(|key| field.contains(&key));
        //= PEC-3.3.2.1-02
        //= PEC-3.3.2.1-04
        //= PEC-3.3.2.2-02
        //= PEC-3.3.2.3-01
        if named(&self.cc) && !named(&self.to) { Form::Concise } else { self.asked }
    }
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
        Forms::of(&EnvelopeRead { certified, original, identity }).of_recipient("bruno@Beta.test")
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
