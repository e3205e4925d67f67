use crate::{Digest, Encoding, Moment};

/// Which certificates go into the signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Certificates {
    /// The signing certificate and its issuers.
    #[default]
    All,
    /// The issuers alone.
    WithoutSigner,
    /// None.
    None,
}

/// How certification data is laid out; all of it is the same document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// Two blanks for each level, lines with CRLF.
    #[default]
    Indented,
    /// An element a line, no indent, `<ricevuta></ricevuta>`.
    Flat,
    /// A tab for each level, lines with LF, `<ricevuta />`.
    Tabs,
    /// All on one line; attributes that say what the DTD says without them are left out.
    Terse,
}

/// Quotes around the values of parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quotes {
    /// Around names and `micalg`, not around character sets.
    #[default]
    Some,
    /// Around all.
    All,
    /// Around none that can do without.
    None,
}

/// How `Date` is written; all three are the same instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DateForm {
    /// With the offset of Rome.
    #[default]
    Local,
    /// With the offset of Rome and its name in a comment.
    Commented,
    /// With the offset +0000.
    Universal,
}

/// How a subject that is not ASCII is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Words {
    /// Encoded words in UTF-8 and base64.
    #[default]
    Utf8Base64,
    /// Encoded words in UTF-8 and quoted-printable.
    Utf8Quoted,
    /// Encoded words in ISO-8859-1 and quoted-printable, where that has the characters.
    Latin,
}

/// How to sign and to write what is signed; the default is as the law has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// The digest, of content and attributes.
    pub digest: Digest,
    /// The certificates sent along.
    pub certificates: Certificates,
    /// Signs the content itself, with no signed attributes and so with no signing time.
    pub bare: bool,
    /// Whether `smime.p7s` is BER with indefinite lengths.
    pub ber: bool,
    /// Whether the signature has the signed attributes of the newest providers (capabilities, hash of the certificate)
    /// and names the digest in its algorithm.
    pub more_attributes: bool,
    /// `micalg`, where it is spelt otherwise than [`Digest::micalg`] has it, such as `sha256`.
    pub micalg: Option<&'static str>,
    /// The signature's type: `application/x-pkcs7-signature` or `application/pkcs7-signature`.
    pub signature_type: &'static str,
    /// Whether a line of prose stands before the first boundary.
    pub preamble: bool,
    /// Whether the text stands in HTML too, as an alternative.
    pub html: bool,
    /// Whether `postacert.eml` stands before `daticert.xml`.
    pub original_first: bool,
    /// Whether attached parts say `inline` and not `attachment`.
    pub inline: bool,
    /// How `daticert.xml` is transferred.
    pub data_encoding: Encoding,
    /// How the readable text is transferred; all but quoted-printable is base64.
    pub text_encoding: Encoding,
    /// Whether an attached message that is ASCII says so.
    pub says_seven_bit: bool,
    /// How `daticert.xml` is laid out.
    pub layout: Layout,
    /// Quotes around parameters.
    pub quotes: Quotes,
    /// Header fields that stand first, in this order; the others follow as they come.
    pub first_fields: &'static [&'static str],
    /// Header fields of the provider's own, each with CRLF.
    pub own_fields: &'static str,
    /// How `Date` is written.
    pub date: DateForm,
    /// Whether the offset in the readable text has a colon.
    pub zone_colon: bool,
    /// How subjects are written.
    pub words: Words,
}

impl Style {
    /// The style of whoever asks for no other.
    pub const PLAIN: Self = Self {
        digest: Digest::Sha256,
        certificates: Certificates::All,
        bare: false,
        ber: false,
        more_attributes: false,
        micalg: None,
        signature_type: "application/x-pkcs7-signature",
        preamble: true,
        html: false,
        original_first: true,
        inline: false,
        data_encoding: Encoding::Base64,
        text_encoding: Encoding::Base64,
        says_seven_bit: true,
        layout: Layout::Indented,
        quotes: Quotes::Some,
        first_fields: &[],
        own_fields: "",
        date: DateForm::Local,
        zone_colon: false,
        words: Words::Utf8Base64,
    };
}

impl Default for Style {
    fn default() -> Self {
        Self::PLAIN
    }
}

impl Style {
    /// The value of `Date`.
    pub(crate) fn date(self, moment: &Moment) -> String {
        match self.date {
            DateForm::Local => moment.date.clone(),
            DateForm::Universal => moment.universal.clone(),
            DateForm::Commented => {
                let name = if moment.zone == "+0200" { "CEST" } else { "CET" };
                format!("{} ({name})", moment.date)
            }
        }
    }

    /// The offset as the readable text writes it.
    pub(crate) fn zone(self, moment: &Moment) -> String {
        match moment.zone.split_at_checked(3) {
            Some((hours, minutes)) if self.zone_colon => format!("{hours}:{minutes}"),
            _ => moment.zone.clone(),
        }
    }
}

impl Quotes {
    /// A parameter's value that needs no quotes, with or without; says whether it usually has them.
    pub(crate) fn around(self, value: &str, usually: bool) -> String {
        let quoted = match self {
            Self::Some => usually,
            Self::All => true,
            Self::None => false,
        };
        if quoted { format!("\"{value}\"") } else { value.to_owned() }
    }
}
