use collaudo_forge::{Entity, Opened, Xml};

/// A kind of message, by the header field that names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `X-Ricevuta: accettazione`.
    Acceptance,
    /// `X-Ricevuta: non-accettazione`.
    NonAcceptance,
    /// `X-Trasporto: posta-certificata`.
    Envelope,
    /// `X-Ricevuta: presa-in-carico`.
    TakeCharge,
    /// `X-Ricevuta: avvenuta-consegna`.
    Delivery,
    /// `X-Ricevuta: errore-consegna`.
    NonDelivery,
    /// `X-Ricevuta: preavviso-errore-consegna`.
    Timeout,
    /// `X-Trasporto: errore`.
    Anomaly,
    /// `X-Ricevuta: rilevazione-virus`.
    VirusDetection,
}

/// Which message of a trace: the `nth` of its kind that answers to what is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pick {
    /// Its kind.
    pub kind: Kind,
    /// From 0, in the order in which messages were first seen.
    pub nth: usize,
    /// The one recipient it is about: `consegna`.
    pub about: Option<&'static str>,
    /// Whether `postacert.eml` goes along.
    pub whole: Option<bool>,
}

pub(crate) const ACCEPTANCE: Pick = Pick::first(Kind::Acceptance);
pub(crate) const NON_ACCEPTANCE: Pick = Pick::first(Kind::NonAcceptance);
pub(crate) const ENVELOPE: Pick = Pick::first(Kind::Envelope);
pub(crate) const TAKE_CHARGE: Pick = Pick::first(Kind::TakeCharge);
pub(crate) const DELIVERY: Pick = Pick::first(Kind::Delivery);
pub(crate) const NON_DELIVERY: Pick = Pick::first(Kind::NonDelivery);
pub(crate) const FIRST_NOTICE: Pick = Pick::first(Kind::Timeout);
pub(crate) const SECOND_NOTICE: Pick = Pick { nth: 1, ..FIRST_NOTICE };
pub(crate) const DETECTION: Pick = Pick::first(Kind::VirusDetection);
pub(crate) const ANOMALY: Pick = Pick::first(Kind::Anomaly);

impl Pick {
    const fn first(kind: Kind) -> Self {
        Self { kind, nth: 0, about: None, whole: None }
    }

    pub(crate) const fn about(self, recipient: &'static str) -> Self {
        Self { about: Some(recipient), ..self }
    }

    pub(crate) const fn whole(self, whole: bool) -> Self {
        Self { whole: Some(whole), ..self }
    }

    /// Whether a message is one of those asked for, its place aside.
    pub(crate) fn fits(self, opened: &Opened) -> bool {
        kind_of(opened.fields()) == Some(self.kind)
            && self.whole.is_none_or(|whole| opened.original().is_some() == whole)
            && self.about.is_none_or(|about| {
                let xml = Xml(opened.daticert().unwrap_or_default());
                xml.text("consegna").is_some_and(|address| address.eq_ignore_ascii_case(about))
            })
    }
}

/// What a message says that it is; none for what no provider made.
pub(crate) fn kind_of(fields: &collaudo_forge::Fields) -> Option<Kind> {
    let value = |name| fields.get(name).map(|value| value.trim().to_ascii_lowercase());
    match (value("X-Ricevuta").as_deref(), value("X-Trasporto").as_deref()) {
        (Some("accettazione"), _) => Some(Kind::Acceptance),
        (Some("non-accettazione"), _) => Some(Kind::NonAcceptance),
        (Some("presa-in-carico"), _) => Some(Kind::TakeCharge),
        (Some("avvenuta-consegna"), _) => Some(Kind::Delivery),
        (Some("errore-consegna"), _) => Some(Kind::NonDelivery),
        (Some("preavviso-errore-consegna"), _) => Some(Kind::Timeout),
        (Some("rilevazione-virus"), _) => Some(Kind::VirusDetection),
        (None, Some("posta-certificata")) => Some(Kind::Envelope),
        (None, Some("errore")) => Some(Kind::Anomaly),
        _ => None,
    }
}

/// Whether a part is the attached message.
pub(crate) fn is_message(part: &Entity) -> bool {
    part.content_type() == "message/rfc822"
}
