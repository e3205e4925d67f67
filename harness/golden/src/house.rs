//! The eight providers of the golden set: each has a domain, a key, and one structural family for all that it writes.

use std::sync::Arc;

use collaudo_forge::{
    DateForm, Digest, Encoding, ForgeError, Key, Layout, PeerIdentity, Quotes, Signer, Style, Words, reissue,
};
use der::asn1::UtcTime;
use x509_cert::{TbsCertificate, time::Time};

/// A provider of the golden set and what its messages look like.
pub(crate) struct Provider {
    pub(crate) short: &'static str,
    pub(crate) name: &'static str,
    pub(crate) domain: &'static str,
    /// What is peculiar to the family, in a few words.
    pub(crate) looks: &'static str,
    /// When its day begins, seconds since 1970.
    pub(crate) begins: i64,
    pub(crate) style: Style,
}

/// Keys and certificates that the set is signed with.
pub struct Keys {
    /// The certificate of the authority that issued all others, in DER.
    pub authority: Vec<u8>,
    /// Its key.
    pub authority_key: Arc<Key>,
    /// The publisher of the index.
    pub index: Signer,
    /// A signer for each of [`identities`], in that order.
    pub signers: Vec<Signer>,
}

const PKCS7: &str = "application/pkcs7-signature";

/// One after another, winter and summer, and the hour that comes twice.
pub(crate) const PROVIDERS: [Provider; 8] = [
    Provider {
        short: "alfa",
        name: "Alfa PEC S.p.A.",
        domain: "alfa.test",
        looks: "certification data first; HTML; attachments; x-pkcs7 in DER; micalg=\"sha-256\"; base64; preamble",
        begins: 1_772_438_400,
        style: Style { original_first: false, html: true, ..Style::PLAIN },
    },
    Provider {
        short: "beta",
        name: "Beta Posta S.r.l.",
        domain: "beta.test",
        looks: "original first; HTML; attachments; pkcs7 in BER; micalg=sha256 bare; quoted-printable; no preamble",
        begins: 1_784_098_800,
        style: Style {
            html: true,
            signature_type: PKCS7,
            ber: true,
            micalg: Some("sha256"),
            quotes: Quotes::None,
            data_encoding: Encoding::QuotedPrintable,
            text_encoding: Encoding::QuotedPrintable,
            preamble: false,
            words: Words::Utf8Quoted,
            ..Style::PLAIN
        },
    },
    Provider {
        short: "gamma",
        name: "Gamma Comunicazioni S.p.A.",
        domain: "pec.gamma.test",
        looks: "original first; plain text; inline; x-pkcs7 in DER; micalg=sha-256 bare; 7bit, an element a line; offset \
                with a colon in the text",
        begins: 1_790_766_000,
        style: Style {
            inline: true,
            quotes: Quotes::None,
            data_encoding: Encoding::SevenBit,
            text_encoding: Encoding::QuotedPrintable,
            layout: Layout::Flat,
            zone_colon: true,
            words: Words::Latin,
            ..Style::PLAIN
        },
    },
    Provider {
        short: "delta",
        name: "Delta Servizi Società Cooperativa",
        domain: "delta.test",
        looks: "certification data first; plain text; attachments; pkcs7 in BER; micalg=\"sha256\"; base64, tabs and LF; \
                Date with a comment",
        begins: 1_775_030_400,
        style: Style {
            original_first: false,
            signature_type: PKCS7,
            ber: true,
            micalg: Some("sha256"),
            layout: Layout::Tabs,
            date: DateForm::Commented,
            words: Words::Latin,
            first_fields: &["Return-Path", "Received", "MIME-Version", "Content-Type", "From", "To", "Cc", "Subject"],
            preamble: false,
            ..Style::PLAIN
        },
    },
    Provider {
        short: "epsilon",
        name: "Epsilon & Figli S.a.s.",
        domain: "epsilon.test",
        looks: "certification data first; HTML; inline; x-pkcs7 in BER; micalg=\"sha256\"; base64, one line, defaults left \
                out; Date in +0000",
        begins: 1_792_888_200,
        style: Style {
            original_first: false,
            html: true,
            inline: true,
            ber: true,
            micalg: Some("sha256"),
            quotes: Quotes::All,
            layout: Layout::Terse,
            date: DateForm::Universal,
            first_fields: &["Received", "From", "To", "Cc", "Reply-To", "Date", "Message-ID"],
            ..Style::PLAIN
        },
    },
    Provider {
        short: "zeta",
        name: "Zeta Telematica S.p.A.",
        domain: "zeta.test",
        looks: "original first; HTML; inline; pkcs7 in DER with the newest attributes; micalg=\"sha-256\"; \
                quoted-printable, one line, defaults left out; no preamble",
        begins: 1_781_247_600,
        style: Style {
            html: true,
            inline: true,
            signature_type: PKCS7,
            more_attributes: true,
            data_encoding: Encoding::QuotedPrintable,
            layout: Layout::Terse,
            words: Words::Utf8Quoted,
            preamble: false,
            first_fields: &["MIME-Version", "Content-Type", "Message-ID", "Date", "Subject"],
            ..Style::PLAIN
        },
    },
    Provider {
        short: "eta",
        name: "Eta Certificata S.r.l.",
        domain: "mail.eta.test",
        looks: "certification data first; plain text; inline; x-pkcs7 in DER with the newest attributes; micalg=sha256 \
                bare; 7bit; no transfer encoding named for the original; header fields of its own",
        begins: 1_798_794_000,
        style: Style {
            original_first: false,
            inline: true,
            more_attributes: true,
            micalg: Some("sha256"),
            quotes: Quotes::None,
            data_encoding: Encoding::SevenBit,
            says_seven_bit: false,
            own_fields: "X-Priority: 3\r\nX-Mailer: Eta PEC 4.2\r\n",
            ..Style::PLAIN
        },
    },
    Provider {
        short: "teta",
        name: "Teta Documenti S.p.A.",
        domain: "teta.test",
        looks: "original first; plain text; attachments; pkcs7 in BER with the newest attributes; micalg=\"sha-256\"; \
                base64, an element a line; all parameters quoted",
        begins: 1_768_460_400,
        style: Style {
            signature_type: PKCS7,
            ber: true,
            more_attributes: true,
            quotes: Quotes::All,
            layout: Layout::Flat,
            text_encoding: Encoding::QuotedPrintable,
            date: DateForm::Commented,
            first_fields: &["Subject", "From", "Sender", "To"],
            ..Style::PLAIN
        },
    },
];

/// A signer that the index does not list.
const UNLISTED: usize = 8;
/// A user who signs messages of her own.
const USER: usize = 9;

/// Whom the authority must issue a certificate to: organisation and address, the providers first.
pub fn identities() -> Vec<(String, String)> {
    let provider = |provider: &Provider| (provider.name.to_owned(), provider.address());
    let others = [("Omega Posta S.r.l.", "posta-certificata@omega.test"), ("Anna Bianchi", "anna@alfa.test")];
    let others = others.map(|(name, address)| (name.to_owned(), address.to_owned()));
    PROVIDERS.iter().map(provider).chain(others).collect()
}

impl Provider {
    /// What `From` says.
    //= PEC-2.2.6-01
    pub(crate) fn address(&self) -> String {
        format!("posta-certificata@{}", self.domain)
    }

    /// `mailReceipt` of the index.
    pub(crate) fn service_mailbox(&self) -> String {
        format!("servizio@{}", self.domain)
    }

    pub(crate) fn identity(&self) -> PeerIdentity {
        PeerIdentity {
            display_name: self.name.to_owned(),
            domain: self.domain.to_owned(),
            certified_address: self.address(),
        }
    }
}

impl Keys {
    /// A provider's signer, in its family's style.
    pub(crate) fn provider(&self, place: usize) -> Result<Signer, ForgeError> {
        let style = PROVIDERS.get(place).map(|provider| provider.style).unwrap_or_default();
        Ok(self.signer(place)?.in_style(style))
    }

    pub(crate) fn unlisted(&self) -> Result<Signer, ForgeError> {
        self.signer(UNLISTED).cloned()
    }

    pub(crate) fn user(&self) -> Result<Signer, ForgeError> {
        self.signer(USER).cloned()
    }

    /// The provider's key under a certificate that the authority issued anew with something changed.
    pub(crate) fn renewed(
        &self,
        signer: &Signer,
        digest: Digest,
        edit: impl FnOnce(&mut TbsCertificate),
    ) -> Result<Signer, ForgeError> {
        signer.with_certificate(&reissue(signer.certificate(), &self.authority_key, digest, edit)?)
    }

    /// The provider's key under a certificate for years that lie elsewhere.
    pub(crate) fn of_years(&self, place: usize, from: i64, until: i64) -> Result<Signer, ForgeError> {
        self.renewed_for_years(&self.provider(place)?, from, until)
    }

    /// The same key under a certificate for other years.
    pub(crate) fn renewed_for_years(&self, signer: &Signer, from: i64, until: i64) -> Result<Signer, ForgeError> {
        let at = |unix: i64| {
            let since = std::time::Duration::from_secs(unix.unsigned_abs());
            UtcTime::from_unix_duration(since).map(Time::UtcTime).map_err(ForgeError::Certificate)
        };
        let (not_before, not_after) = (at(from)?, at(until)?);
        self.renewed(signer, Digest::Sha256, |tbs| {
            (tbs.validity.not_before, tbs.validity.not_after) = (not_before, not_after);
        })
    }

    fn signer(&self, place: usize) -> Result<&Signer, ForgeError> {
        self.signers.get(place).ok_or(ForgeError::Key("one signer for each identity is needed"))
    }
}
