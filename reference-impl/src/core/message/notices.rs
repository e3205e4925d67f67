use collaudo_node::Bytes;

use super::{
    Certified, Draft, EnvelopeRead, Form, FormalFault, Issuer, Kind, Stamp,
    brief::brief,
    daticert::{self, Extra},
    draft::{Part, bracketed},
    legal::LegalTime,
    text::Text,
    write::Header,
};

/// Why an envelope cannot be delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Nobody has that address: 5.1.1.
    UnknownMailbox,
    /// The domain does not exist, or takes no mail: 5.1.2.
    UnknownDomain,
    /// The mailbox has no room: 5.2.2.
    MailboxFull,
    /// Another host refused it for good.
    Refused {
        /// Its enhanced status code (`5.7.1`) where it gave one, else its reply code (`554`).
        code: String,
        /// What it said.
        text: String,
    },
}

impl Cause {
    /// "errore".
    fn error(&self) -> &'static str {
        match self {
            Self::UnknownMailbox => "no-dest",
            Self::UnknownDomain => "no-dominio",
            Self::MailboxFull | Self::Refused { .. } => "altro",
        }
    }

    /// The code of AgID's note 12 of 2015, and the short text.
    fn told(&self) -> (&str, &str) {
        match self {
            Self::UnknownMailbox => ("5.1.1", "indirizzo non valido"),
            Self::UnknownDomain => ("5.1.2", "dominio inesistente"),
            Self::MailboxFull => ("5.2.2", "casella piena"),
            Self::Refused { code, text } => (code, text),
        }
    }
}

/// Which of the two time limits has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timeout {
    /// Twelve hours without take-charge or delivery receipt.
    TwelveHours,
    /// No delivery receipt within twenty-four hours.
    TwentyFourHours,
}

/// The acceptance receipt, to the sender (§3.1.4).
pub fn acceptance(issuer: &Issuer, stamp: Stamp<'_>, certified: &Certified) -> Draft {
    //= PEC-3.1.4-01
    //= PEC-3.1.4-03
    let notice = Notice { kind: Kind::Acceptance, prefix: "ACCETTAZIONE: ", to: &certified.sender, certified };
    //= PEC-2.2.1-08
    notice.draft(issuer, stamp, Extra::default(), |text| text.acceptance(), None)
}

/// The notice of non-acceptance for a formal exception, to the sender (§3.1.2).
pub fn non_acceptance(issuer: &Issuer, stamp: Stamp<'_>, fault: &FormalFault) -> Draft {
    //= PEC-3.1.2-03
    //= PEC-3.1.2-05
    let certified = &*fault.certified;
    let to = &certified.sender;
    let notice = Notice { kind: Kind::NonAcceptance, prefix: "AVVISO DI NON ACCETTAZIONE: ", to, certified };
    let error = fault.fault.to_string();
    let extra = Extra { error: Some("altro"), error_text: Some(&error), ..Extra::default() };
    notice.draft(issuer, stamp, extra, |text| text.non_acceptance(&error), None)
}

/// The take-charge receipt for the recipients `taken`, to the sending provider's `service_mailbox` (§3.2.1).
pub fn take_charge(
    issuer: &Issuer,
    stamp: Stamp<'_>,
    certified: &Certified,
    service_mailbox: &str,
    taken: &[String],
) -> Draft {
    //= PEC-3.2.1-05
    //= PEC-3.2.1-07
    //= PEC-3.2.1-09
    let notice = Notice { kind: Kind::TakeCharge, prefix: "PRESA IN CARICO: ", to: service_mailbox, certified };
    //= PEC-3.2.1-03
    notice.draft(issuer, stamp, Extra { taken, ..Extra::default() }, |text| text.take_charge(taken), None)
}

/// The delivery receipt for one recipient, to the sender, in the form that [`super::form_for`] gives (§3.3.2).
///
/// "ricevuta" names the form that was asked for, also where a copy recipient gives the concise one.
pub fn delivery(issuer: &Issuer, stamp: Stamp<'_>, envelope: &EnvelopeRead, recipient: &str, form: Form) -> Draft {
    //= PEC-3.3.2-04
    //= PEC-3.3.2-06
    let certified = &envelope.certified;
    let notice = Notice { kind: Kind::Delivery, prefix: "CONSEGNA: ", to: &certified.sender, certified };
    let original = match form {
        //= PEC-3.3.2.1-03
        Form::Complete => Some(envelope.original.clone()),
        Form::Brief => Some(brief(&envelope.original)),
        //= PEC-3.3.2.3-02
        Form::Concise => None,
    };
    let extra = Extra { form: Some(certified.form), delivered_to: Some(recipient), ..Extra::default() };
    notice.draft(issuer, stamp, extra, |text| text.delivery(recipient, form), original)
}

/// The non-delivery notice for one recipient, to the sender (§3.3.3).
pub fn non_delivery(issuer: &Issuer, stamp: Stamp<'_>, certified: &Certified, recipient: &str, cause: &Cause) -> Draft {
    //= PEC-3.3.3-02
    //= PEC-3.3.3-04
    let to = &certified.sender;
    let notice = Notice { kind: Kind::NonDelivery, prefix: "AVVISO DI MANCATA CONSEGNA: ", to, certified };
    let error = extended_error(issuer, cause.told());
    //= PEC-3.3.3-09
    let extra = Extra {
        error: Some(cause.error()),
        delivered_to: Some(recipient),
        error_text: Some(&error),
        ..Extra::default()
    };
    notice.draft(issuer, stamp, extra, |text| text.non_delivery(recipient, &error), None)
}

/// The timeout notice for one recipient, to the sender (§3.1.6).
pub fn timeout(issuer: &Issuer, stamp: Stamp<'_>, certified: &Certified, recipient: &str, limit: Timeout) -> Draft {
    //= PEC-3.1.6-07
    //= PEC-3.1.6-09
    //= PEC-3.1.6-12
    let prefix = "AVVISO DI MANCATA CONSEGNA PER SUP. TEMPO MASSIMO: ";
    let notice = Notice { kind: Kind::Timeout, prefix, to: &certified.sender, certified };
    // Readers take 5.4.1 for a final failure; the first notice is not one yet, so its code is the transient one.
    let error = extended_error(
        issuer,
        match limit {
            Timeout::TwelveHours => ("4.4.1", "messaggio non consegnato nelle prime 12 ore"),
            Timeout::TwentyFourHours => ("5.4.1", "messaggio non consegnato nelle prime 24 ore"),
        },
    );
    let extra =
        Extra { error: Some("altro"), delivered_to: Some(recipient), error_text: Some(&error), ..Extra::default() };
    //= PEC-3.1.6-16
    notice.draft(issuer, stamp, extra, |text| text.timeout(recipient, limit, &error), None)
}

/// `<code> - <provider's name> - <short text>`.
fn extended_error(issuer: &Issuer, (code, text): (&str, &str)) -> String {
    format!("{code} - {} - {text}", issuer.display_name())
}

/// What sets a kind of receipt or notice apart.
struct Notice<'a> {
    kind: Kind,
    prefix: &'a str,
    to: &'a str,
    certified: &'a Certified,
}

impl Notice<'_> {
    fn draft(
        &self,
        issuer: &Issuer,
        stamp: Stamp<'_>,
        extra: Extra<'_>,
        text: impl FnOnce(&Text<'_>) -> String,
        original: Option<Bytes>,
    ) -> Draft {
        //= PEC-4.1-02
        let time = LegalTime::of(stamp.at);
        let mut header = Header::default();
        //= PEC-2.1-12
        header.add("X-Ricevuta", self.kind.wire());
        header.add("Date", &time.date);
        header.subject(self.prefix, self.certified.subject.as_ref());
        //= PEC-2.1-05
        header.add("From", issuer.certified_address());
        //= PEC-2.1-10
        //= PEC-2.1-11
        header.add("To", self.to);
        header.add("Message-ID", &bracketed(stamp.id));
        //= PEC-2.2.1-14
        header.add_if("X-Riferimento-Message-ID", self.certified.msgid.as_deref());
        let xml = daticert::write(self.kind, issuer, &time, self.certified, extra);
        //= PEC-4.3-03
        let mut parts = vec![Part::text(&text(&Text { time: &time, certified: self.certified })), Part::daticert(&xml)];
        parts.extend(original.map(|original| Part::message("postacert.eml", &original)));
        Draft::new(issuer, stamp.id, stamp.at, header, parts)
    }
}
