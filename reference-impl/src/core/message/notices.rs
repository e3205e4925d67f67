use collaudo_node::Bytes;

use super::{
    Certified, Draft, EnvelopeRead, Form, FormalFault, Issuer, Kind, Stamp,
    brief::brief,
    classify::ReceiptRead,
    daticert::{self, Extra},
    draft::bracketed,
    legal::LegalTime,
    parts::Content,
    text::Text,
    write::{Header, harmless},
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
    //= PEC-AGID.12-01
    //= PEC-AGID.12-02
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
    let notice = Notice::new(Kind::Acceptance, "ACCETTAZIONE: ", &certified.sender, certified);
    //= PEC-2.2.1-08
    notice.draft(issuer, stamp, Extra::default(), |text| text.acceptance(), None)
}

/// The notice of non-acceptance for a formal exception, to the sender (§3.1.2).
pub fn non_acceptance(issuer: &Issuer, stamp: Stamp<'_>, fault: &FormalFault) -> Draft {
    //= PEC-3.1.2-03
    //= PEC-3.1.2-05
    let certified = &*fault.certified;
    let to = &certified.sender;
    let notice = Notice::new(Kind::NonAcceptance, "AVVISO DI NON ACCETTAZIONE: ", to, certified);
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
    let notice = Notice::new(Kind::TakeCharge, "PRESA IN CARICO: ", service_mailbox, certified);
    //= PEC-3.2.1-03
    notice.draft(issuer, stamp, Extra { taken, ..Extra::default() }, |text| text.take_charge(taken), None)
}

/// The delivery receipt for one recipient, to the sender, in the form that [`super::Forms`] gives (§3.3.2).
///
/// "ricevuta" names the form that was asked for, also where a copy recipient gives the concise one.
pub fn delivery(issuer: &Issuer, stamp: Stamp<'_>, envelope: &EnvelopeRead, recipient: &str, form: Form) -> Draft {
    //= PEC-3.3.2-04
    //= PEC-3.3.2-06
    let certified = &envelope.certified;
    let notice = Notice::new(Kind::Delivery, "CONSEGNA: ", &certified.sender, certified).in_form(form);
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
    let notice = Notice::new(Kind::NonDelivery, "AVVISO DI MANCATA CONSEGNA: ", to, certified);
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
    let notice = Notice::new(Kind::Timeout, prefix, &certified.sender, certified);
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

/// The notice of non-acceptance for a virus, to the sender (§3.1.3); `threat` is the scanner's name for what it found.
pub fn virus_non_acceptance(issuer: &Issuer, stamp: Stamp<'_>, certified: &Certified, threat: &str) -> Draft {
    //= PEC-3.1.3-02
    //= PEC-3.1.3-03
    //= PEC-3.1.3-05
    //= PEC-3.1.3-06
    let prefix = "AVVISO DI NON ACCETTAZIONE PER VIRUS: ";
    let notice = Notice::new(Kind::NonAcceptance, prefix, &certified.sender, certified).of_security();
    let threat = shown(threat);
    let error = virus_error(issuer, &threat);
    let extra = Extra { error: Some("virus"), error_text: Some(&error), ..Extra::default() };
    //= PEC-3.1.3-08
    notice.draft(issuer, stamp, extra, |text| text.virus_non_acceptance(&threat), None)
}

/// The notice that a virus was found in an envelope for one of our recipients, to the sending provider's
/// `service_mailbox` (§3.2.3).
pub fn virus_detection(
    issuer: &Issuer,
    stamp: Stamp<'_>,
    certified: &Certified,
    service_mailbox: &str,
    recipient: &str,
    threat: &str,
) -> Draft {
    //= PEC-3.2.3-05
    //= PEC-3.2.3-07
    //= PEC-3.2.3-08
    //= PEC-3.2.3-09
    //= PEC-3.2.3-10
    let notice = Notice {
        //= PEC-3.2.3-06
        sender: Some(&certified.sender),
        ..Notice::new(Kind::VirusDetection, "PROBLEMA DI SICUREZZA: ", service_mailbox, certified)
    };
    let threat = shown(threat);
    let error = virus_error(issuer, &threat);
    let extra =
        Extra { error: Some("virus"), delivered_to: Some(recipient), error_text: Some(&error), ..Extra::default() };
    //= PEC-3.2.3-13
    notice.draft(issuer, stamp, extra, |text| text.virus_detection(recipient, &threat), None)
}

/// The non-delivery notice for a virus, from the sender's provider to its user (§3.2.4).
///
/// *Takes* the virus-detection notice that came in; `None` where it names no recipient, which [`super::classify`] lets
/// pass in no such notice. Whether a message of that sender to that recipient is followed at all, the caller knows.
pub fn virus_non_delivery(issuer: &Issuer, stamp: Stamp<'_>, detection: &ReceiptRead) -> Option<Draft> {
    //= PEC-3.2.4-10
    let ReceiptRead { certified, delivered_to: Some(recipient), error, .. } = detection else { return None };
    //= PEC-3.2.4-02
    //= PEC-3.2.4-04
    //= PEC-3.2.4-05
    //= PEC-3.2.4-06
    //= PEC-3.2.4-07
    //= PEC-3.2.4-08
    let prefix = "AVVISO DI MANCATA CONSEGNA PER VIRUS: ";
    let notice = Notice::new(Kind::NonDelivery, prefix, &certified.sender, certified).of_security();
    // The other provider's words are repeated: it alone knows what it found.
    let error = error.as_deref().map_or_else(|| virus_error(issuer, "non precisato"), |told| cut(told, MAX_ERROR));
    let extra =
        Extra { error: Some("virus"), delivered_to: Some(recipient), error_text: Some(&error), ..Extra::default() };
    //= PEC-3.2.4-11
    Some(notice.draft(issuer, stamp, extra, |text| text.virus_non_delivery(recipient, &error), None))
}

/// Characters of a scanner's name for what it found, and of what another provider says about it.
const MAX_THREAT: usize = 200;
const MAX_ERROR: usize = 1000;

fn shown(threat: &str) -> String {
    match cut(threat.trim(), MAX_THREAT) {
        name if name.is_empty() => "non precisato".into(),
        name => name,
    }
}

fn cut(text: &str, characters: usize) -> String {
    harmless(text).chars().take(characters).collect()
}

fn virus_error(issuer: &Issuer, threat: &str) -> String {
    extended_error(issuer, ("5.5.1", &format!("rilevato un problema di sicurezza: {threat}")))
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
    /// X-VerificaSicurezza.
    security: bool,
    /// X-Mittente.
    sender: Option<&'a str>,
    /// X-TipoRicevuta: the form of a delivery receipt.
    form: Option<Form>,
}

impl<'a> Notice<'a> {
    fn new(kind: Kind, prefix: &'a str, to: &'a str, certified: &'a Certified) -> Self {
        Self { kind, prefix, to, certified, security: false, sender: None, form: None }
    }

    /// One that tells a user of a virus.
    fn of_security(self) -> Self {
        Self { security: true, ..self }
    }

    /// One that says in which form it is.
    fn in_form(self, form: Form) -> Self {
        Self { form: Some(form), ..self }
    }

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
        //= PEC-3.1.3-04
        //= PEC-3.2.4-03
        //= PEC-2.1.1.1.3-02
        header.add_if("X-VerificaSicurezza", self.security.then_some("errore"));
        header.add_if("X-Mittente", self.sender);
        //= PEC-3.3.2-11
        header.add_if("X-TipoRicevuta", self.form.map(Form::wire));
        header.add("Date", &time.date);
        header.subject(self.prefix, self.certified.subject.as_ref());
        //= PEC-2.1-05
        header.add("From", issuer.certified_address());
        //= PEC-2.1-10
        //= PEC-2.1-11
        header.add("To", self.to);
        header.add("Message-ID", &bracketed(stamp.id));
        //= PEC-2.2.1-14
        //= PEC-2.1.1.1.1-02
        header.add_if("X-Riferimento-Message-ID", self.certified.msgid.as_deref());
        let xml = daticert::write(self.kind, issuer, &time, self.certified, extra);
        let content = Content {
            text: &text(&Text { time: &time, certified: self.certified }),
            bare: false,
            daticert: Some(&xml),
            original: original.as_ref().map(|original| ("postacert.eml", original)),
        };
        Draft::new(issuer, stamp.id, stamp.at, header, &content)
    }
}
