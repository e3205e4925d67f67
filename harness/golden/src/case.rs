//! Every case of the set: what is written, about which letter, by whom.

use collaudo_forge::Form;

use crate::{
    house::PROVIDERS,
    letter::{Content, LETTER, Letter, Route},
};

/// What a provider writes about a letter.
#[derive(Clone, Copy)]
pub(crate) enum What {
    Acceptance,
    /// A formal fault, in Italian.
    Refusal(&'static str),
    VirusRefusal,
    Envelope,
    TakeCharge,
    /// For the recipient at this place of To and Cc.
    Delivery(usize),
    /// `errore`; code and cause.
    NonDelivery(&'static str, &'static str, &'static str),
    FirstNotice,
    SecondNotice,
    VirusDetection,
    VirusNonDelivery,
    Anomaly(Stray),
}

/// What an anomaly envelope encloses.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stray {
    /// Mail from outside.
    Ordinary,
    /// Mail that a user signed, from outside.
    SignedMail,
    /// An envelope whose text was changed behind its signature.
    Altered,
    /// An envelope that a provider signed which the index does not list.
    Unlisted,
    /// An envelope without certification data.
    WithoutData,
}

/// One message of the set.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    pub(crate) id: &'static str,
    pub(crate) letter: Letter,
    pub(crate) what: What,
    /// Who writes it, by place in [`PROVIDERS`].
    pub(crate) author: usize,
}

const NO_DEST: (&str, What) =
    ("non-delivery-unknown-no-dest", What::NonDelivery("no-dest", "5.1.1", "indirizzo non valido"));

/// Causes of non-delivery, each with its code.
//= PEC-AGID.12-01
const CAUSES: [(&str, What); 8] = [
    NO_DEST,
    ("non-delivery-unknown-altro", What::NonDelivery("altro", "5.1.1", "indirizzo non valido")),
    ("non-delivery-full", What::NonDelivery("altro", "5.2.2", "casella piena")),
    ("non-delivery-disabled", What::NonDelivery("altro", "5.2.1", "casella disabilitata")),
    ("non-delivery-no-dominio", What::NonDelivery("no-dominio", "5.1.1", "dominio inesistente")),
    ("non-delivery-suspended", What::NonDelivery("altro", "5.2.1", "utenza sospesa, perché scaduta")),
    ("non-delivery-revoked", What::NonDelivery("no-dest", "5.1.1", "utenza revocata")),
    ("non-delivery-generic", What::NonDelivery("altro", "5.2.1", "impossibile consegnare il messaggio")),
];

/// Formal faults of a submission.
const FAULTS: [(&str, What); 8] = [
    ("non-acceptance-bcc", What::Refusal("è presente un destinatario in copia nascosta (Ccn)")),
    ("non-acceptance-no-to", What::Refusal("manca il campo To")),
    ("non-acceptance-no-from", What::Refusal("manca il campo From")),
    ("non-acceptance-from-differs", What::Refusal("il campo From non coincide con il mittente della busta SMTP")),
    ("non-acceptance-hidden", What::Refusal("un destinatario della busta SMTP non è presente nei campi To e Cc")),
    ("non-acceptance-malformed", What::Refusal("l'intestazione non è conforme alla RFC 5322")),
    ("non-acceptance-too-large", What::Refusal("dimensione per numero di destinatari oltre il limite di 30 MB")),
    ("non-acceptance-address", What::Refusal("un indirizzo del campo To non è valido: \"bruno@@\" <?>")),
];

/// What else an anomaly envelope encloses, besides ordinary mail.
const STRAYS: [(&str, Stray); 4] = [
    ("anomaly-altered", Stray::Altered),
    ("anomaly-unlisted", Stray::Unlisted),
    ("anomaly-signed-mail", Stray::SignedMail),
    ("anomaly-without-data", Stray::WithoutData),
];

/// Letters that show one thing each.
const SPECIAL: [Letter; 16] = [
    Letter { id: "accented", subject: "Città di Forlì: perché l'offerta è già scaduta?", named: true, ..LETTER },
    Letter {
        id: "greek", subject: "Ψηφιακή υπογραφή – πρόσκληση", content: Content::Plain, ..LETTER
    },
    Letter { id: "no-message-id", has_id: false, content: Content::Plain, ..LETTER },
    Letter { id: "reply-to", reply_to: Some("protocollo@{s}"), content: Content::Plain, ..LETTER },
    Letter {
        id: "long-subject",
        subject: "Richiesta di accesso agli atti del procedimento amministrativo relativo alla concessione edilizia in \
                  sanatoria presentata dal condominio, con relazione del tecnico incaricato e planimetria catastale",
        content: Content::Plain,
        ..LETTER
    },
    Letter { id: "eight-bit", content: Content::EightBit, ..LETTER },
    Letter { id: "signed", content: Content::Signed, asks: Some(Form::Brief), ..LETTER },
    Letter { id: "opaque", content: Content::Opaque, asks: Some(Form::Brief), ..LETTER },
    Letter { id: "forwarded", subject: "I: Contratto", content: Content::Forwarded, ..LETTER },
    Letter {
        id: "forwarded-brief",
        subject: "I: Contratto",
        content: Content::Forwarded,
        asks: Some(Form::Brief),
        ..LETTER
    },
    Letter {
        id: "nested-prefix",
        subject: "R: POSTA CERTIFICATA: CONSEGNA: Contratto",
        content: Content::Plain,
        ..LETTER
    },
    Letter { id: "markup", subject: "Lotto <b>7</b> & \"altro\" 'x' ]]> %20", content: Content::Plain, ..LETTER },
    Letter { id: "no-subject", subject: "", content: Content::Plain, ..LETTER },
    Letter { id: "form-left-out", asks: None, ..LETTER },
    Letter {
        id: "many",
        subject: "Convocazione dell'assemblea",
        to: &[
            "bruno@{r}",
            "carla@{r}",
            "dario@{r}",
            "elena@{r}",
            "franco@{r}",
            "giulia@{r}",
            "ivo@{r}",
            "laura@{r}",
            "mario@{s}",
            "nadia@esterno.example",
        ],
        cc: &["olga@{r}", "piero@{s}", "rita@altrove.example"],
        content: Content::Plain,
        ..LETTER
    },
    Letter { id: "capitals", to: &["Bruno.Rossi@{r}", "ufficio+gare@{r}"], content: Content::Plain, ..LETTER },
];

/// To and Cc, certified and not.
const MIXED: Letter = Letter {
    id: "mixed",
    subject: "Gara d'appalto: è aperta",
    to: &["bruno@{r}", "nadia@esterno.example"],
    cc: &["carla@{r}", "mario@{s}"],
    ..LETTER
};

/// Every case, the author's families in turn.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for author in 0..PROVIDERS.len() {
        cases.extend(common(author));
    }
    let turn = |n: usize| n % PROVIDERS.len();
    for (n, letter) in SPECIAL.into_iter().enumerate() {
        let mut case = |what: What, place: usize| {
            cases.push(Case { id: letter.id, letter, what, author: turn(place) });
        };
        case(What::Envelope, n);
        case(What::Acceptance, n + 1 + n / 8);
        case(What::Delivery(0), n + 3 + n / 8);
    }
    let many = SPECIAL.iter().find(|letter| letter.id == "many");
    cases.extend(many.map(|letter| Case { id: letter.id, letter: *letter, what: What::TakeCharge, author: 6 }));
    cases
}

/// What every family shows.
fn common(author: usize) -> Vec<Case> {
    let brief = Letter { id: "brief", asks: Some(Form::Brief), cc: &["carla@{r}"], ..LETTER };
    let concise = Letter { id: "concise", asks: Some(Form::Concise), ..LETTER };
    let complete = Letter { id: "complete", cc: &["carla@{r}"], ..LETTER };
    let letter = |id, content| Letter { id, content, ..LETTER };
    let nth = |table: &[(&'static str, What)], place: usize| table.get(place % table.len()).copied().unwrap_or(NO_DEST);
    let (fault, refusal) = nth(&FAULTS, author);
    let (cause, undelivered) = nth(&CAUSES, author);
    let (other_cause, other_undelivered) = nth(&CAUSES, author + 3);
    let (stray, enclosed) = STRAYS.get(author % STRAYS.len()).copied().unwrap_or(("anomaly-altered", Stray::Altered));
    let late = letter("late", Content::Plain);
    let infected = letter("infected", Content::Plain);
    let case = |id, letter, what| Case { id, letter, what, author };
    vec![
        case("complete", complete, What::Acceptance),
        case("mixed", MIXED, What::Acceptance),
        case(fault, letter("refused", Content::Plain), refusal),
        case("virus", letter("infected-submission", Content::Plain), What::VirusRefusal),
        case("complete", complete, What::Envelope),
        case("mixed", MIXED, What::Envelope),
        case("brief", brief, What::Envelope),
        case("concise", concise, What::Envelope),
        case("complete", complete, What::TakeCharge),
        case("complete", complete, What::Delivery(0)),
        case("complete-cc", complete, What::Delivery(1)),
        case("brief", brief, What::Delivery(0)),
        case("brief-cc", brief, What::Delivery(1)),
        case("concise", concise, What::Delivery(0)),
        case(cause, letter(cause, Content::Plain), undelivered),
        case(other_cause, letter(other_cause, Content::Plain), other_undelivered),
        case("first-notice", late, What::FirstNotice),
        case("second-notice", late, What::SecondNotice),
        case("virus", infected, What::VirusDetection),
        case("virus", infected, What::VirusNonDelivery),
        case("anomaly-ordinary", letter("ordinary", Content::Attachments), What::Anomaly(Stray::Ordinary)),
        case(stray, letter(stray, Content::Plain), What::Anomaly(enclosed)),
    ]
}

impl Case {
    /// Whose provider sends the letter and whose receives it: the author is the one whose part it is to write this.
    pub(crate) fn route(&self) -> Route {
        let count = PROVIDERS.len();
        if self.what.is_senders() {
            Route { sender: self.author, receiver: (self.author + 1) % count }
        } else {
            Route { sender: (self.author + count - 1) % count, receiver: self.author }
        }
    }

    /// `avvenuta-consegna/brief.alfa`.
    pub(crate) fn name(&self) -> String {
        let family = PROVIDERS.get(self.author).map_or("", |provider| provider.short);
        format!("{}/{}.{family}", self.what.kind(), self.id)
    }
}

impl What {
    /// The wire value, or `anomalia`.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Acceptance => "accettazione",
            Self::Refusal(_) | Self::VirusRefusal => "non-accettazione",
            Self::Envelope => "posta-certificata",
            Self::TakeCharge => "presa-in-carico",
            Self::Delivery(_) => "avvenuta-consegna",
            Self::NonDelivery(..) | Self::VirusNonDelivery => "errore-consegna",
            Self::FirstNotice | Self::SecondNotice => "preavviso-errore-consegna",
            Self::VirusDetection => "rilevazione-virus",
            Self::Anomaly(_) => "anomalia",
        }
    }

    /// Whether the message is right and what it encloses is not.
    pub(crate) fn encloses_wrong(self) -> bool {
        matches!(self, Self::Anomaly(Stray::Altered | Stray::Unlisted | Stray::WithoutData))
    }

    fn is_senders(self) -> bool {
        matches!(
            self,
            Self::Acceptance
                | Self::Refusal(_)
                | Self::VirusRefusal
                | Self::Envelope
                | Self::FirstNotice
                | Self::SecondNotice
                | Self::VirusNonDelivery
        )
    }
}
