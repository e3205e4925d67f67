//! Kinds, causes, checks and remarks in the words of both languages.

use collaudo_record::{
    PathCheck, PathVerdict, RecipientState, RemarkCode, SignatureCause, SignatureVerdict, StoryRemark,
};

use crate::lang::Lang;

/// What a message of this kind says, as the rules have it; empty for a kind that is not known.
pub(super) fn says(lang: Lang, kind: &str) -> &'static str {
    match kind {
        "accettazione" => lang.of(
            "By it the sender's provider declares that it accepted the message for sending. It says nothing of the delivery.",
            "Con essa il gestore del mittente dichiara di aver accettato il messaggio per l'invio. Nulla dice della consegna.",
        ),
        "non-accettazione" => lang.of(
            "By it the sender's provider declares that it did not accept the message, and why.",
            "Con esso il gestore del mittente dichiara di non aver accettato il messaggio, e perché.",
        ),
        "posta-certificata" => lang.of(
            "In it the sender's provider encloses the original message and the data that certify its sending.",
            "In essa il gestore del mittente racchiude il messaggio originale e i dati che ne certificano l'invio.",
        ),
        "presa-in-carico" => lang.of(
            "By it the recipient's provider declares to the sender's that it took charge of the message. It does not say that it was delivered.",
            "Con essa il gestore del destinatario dichiara a quello del mittente di aver preso in carico il messaggio. Non dice che sia stato consegnato.",
        ),
        "avvenuta-consegna" => lang.of(
            "By it the recipient's provider declares that the message was put in the recipient's mailbox. It does not say that anybody read it.",
            "Con essa il gestore del destinatario dichiara che il messaggio è stato messo nella casella del destinatario. Non dice che qualcuno lo abbia letto.",
        ),
        "errore-consegna" => lang.of(
            "By it a provider declares that the message could not be delivered to the recipient named, and why.",
            "Con esso un gestore dichiara che il messaggio non si è potuto consegnare al destinatario indicato, e perché.",
        ),
        "preavviso-errore-consegna" => lang.of(
            "By it the sender's provider declares that it had no confirmation of the delivery within the times of the rules.",
            "Con esso il gestore del mittente dichiara di non aver avuto conferma della consegna entro i tempi delle regole.",
        ),
        "rilevazione-virus" => lang.of(
            "By it a provider declares that it found a virus in the message and did not let it on.",
            "Con esso un gestore dichiara di aver trovato un virus nel messaggio e di non averlo lasciato proseguire.",
        ),
        "anomalia" => lang.of(
            "In it the recipient's provider encloses a message that came in without valid certification. It certifies neither sender nor content.",
            "In essa il gestore del destinatario racchiude un messaggio giunto senza una certificazione valida. Non certifica né mittente né contenuto.",
        ),
        _ => "",
    }
}

/// Whether a signature holds, in a word or two.
pub(super) const fn signature(lang: Lang, verdict: SignatureVerdict) -> &'static str {
    match verdict {
        SignatureVerdict::Valid => lang.of("holds", "regge"),
        SignatureVerdict::Invalid => lang.of("does not hold", "non regge"),
        SignatureVerdict::Absent => lang.of("absent", "assente"),
    }
}

/// Why a signature holds or does not.
pub(super) const fn cause(lang: Lang, cause: SignatureCause) -> &'static str {
    match cause {
        SignatureCause::Holds => lang.of(
            "The signed content is, octet for octet, the one that was signed with the key of the certificate that came with it.",
            "Il contenuto firmato è, ottetto per ottetto, quello firmato con la chiave del certificato che lo accompagna.",
        ),
        SignatureCause::HoldsRestored => lang.of(
            "The signature holds once line ends that storage changed were put right; the words and data are those that were signed.",
            "La firma regge una volta ripristinati i fine riga alterati dalla conservazione; parole e dati sono quelli firmati.",
        ),
        SignatureCause::ContentChanged => lang.of(
            "The content is not the one that was signed: it was changed after the signing.",
            "Il contenuto non è quello che fu firmato: è stato modificato dopo la firma.",
        ),
        SignatureCause::WrongKey => lang.of(
            "The signature was not made with the key of the certificate that came with it.",
            "La firma non è stata fatta con la chiave del certificato che la accompagna.",
        ),
        SignatureCause::NoCertificate => lang.of(
            "The signer's certificate did not come with the signature: it cannot be verified.",
            "Il certificato del firmatario non accompagna la firma: non si può verificare.",
        ),
        SignatureCause::Incomplete => lang.of(
            "The signature lacks parts that it must hold: it cannot be verified.",
            "Alla firma mancano parti che deve contenere: non si può verificare.",
        ),
        SignatureCause::UnknownAlgorithm => lang.of(
            "The signature uses a method that this program does not know: it was not verified.",
            "La firma usa un metodo che questo programma non conosce: non è stata verificata.",
        ),
        SignatureCause::Signers => lang.of(
            "The signature names no signer, or more than one.",
            "La firma non nomina alcun firmatario, o più d'uno.",
        ),
        SignatureCause::Unreadable => lang.of(
            "The structure of the signature cannot be read.",
            "La struttura della firma non si può leggere.",
        ),
        SignatureCause::Absent => lang.of("The message carries no signature.", "Il messaggio non porta alcuna firma."),
    }
}

/// What was looked up of the signer's certificate.
#[derive(Clone, Copy)]
pub(super) enum LookedUp {
    Trust,
    Index,
    Revocation,
}

/// What came of it; the judge's own words, where it has more to say, stand beside it.
pub(super) const fn look_up(lang: Lang, what: LookedUp, check: &PathCheck) -> &'static str {
    match (what, check.verdict) {
        (LookedUp::Trust, PathVerdict::Holds) => lang.of(
            "Certificates lead from the signer to an authority that was given as trusted.",
            "I certificati conducono dal firmatario a un'autorità indicata come fidata.",
        ),
        (LookedUp::Trust, PathVerdict::NotGiven) => lang.of(
            "Not looked up: no certificates to trust were given. Whose certificate it is, is therefore its own claim.",
            "Non verificato: nessun certificato fidato è stato indicato. Di chi sia il certificato è dunque una sua stessa affermazione.",
        ),
        (LookedUp::Trust, PathVerdict::Undecided) => lang.of(
            "Not decided by the certificates that were given.",
            "I certificati indicati non bastano a decidere.",
        ),
        (LookedUp::Trust, PathVerdict::Fails) => lang.of(
            "The certificate does not hold against the authorities that were given as trusted.",
            "Il certificato non regge rispetto alle autorità indicate come fidate.",
        ),
        (LookedUp::Index, PathVerdict::Holds) => lang.of(
            "The index of providers that was given lists the certificate.",
            "L'indice dei gestori indicato elenca il certificato.",
        ),
        (LookedUp::Index, PathVerdict::NotGiven) => lang.of(
            "Not looked up: no index of providers was given.",
            "Non verificato: nessun indice dei gestori è stato indicato.",
        ),
        (LookedUp::Index, PathVerdict::Undecided) => lang.of(
            "Not decided by the index that was given.",
            "L'indice indicato non basta a decidere.",
        ),
        (LookedUp::Index, PathVerdict::Fails) => lang.of(
            "The index of providers that was given does not list the certificate.",
            "L'indice dei gestori indicato non elenca il certificato.",
        ),
        (LookedUp::Revocation, PathVerdict::Holds) => lang.of(
            "The list of revoked certificates that was given does not speak against it at the time of signing.",
            "La lista dei certificati revocati indicata non parla contro di esso all'ora della firma.",
        ),
        (LookedUp::Revocation, PathVerdict::NotGiven) => lang.of(
            "Not looked up: no list of revoked certificates was given.",
            "Non verificato: nessuna lista dei certificati revocati è stata indicata.",
        ),
        (LookedUp::Revocation, PathVerdict::Undecided) => lang.of(
            "Not decided by the lists that were given.",
            "Le liste indicate non bastano a decidere.",
        ),
        (LookedUp::Revocation, PathVerdict::Fails) => lang.of(
            "The certificate had been revoked at the time of signing, by the list that was given.",
            "Secondo la lista indicata il certificato era revocato all'ora della firma.",
        ),
    }
}

/// What became of a recipient, as far as the messages tell.
pub(super) const fn state(lang: Lang, state: RecipientState) -> &'static str {
    match state {
        RecipientState::Delivered => {
            lang.of("a delivery receipt declares the delivery", "una ricevuta dichiara l'avvenuta consegna")
        }
        RecipientState::NotDelivered => {
            lang.of("a notice declares that it was not delivered", "un avviso dichiara la mancata consegna")
        }
        RecipientState::TimedOut => lang.of(
            "a 24 h notice declares that no confirmation had come",
            "un avviso delle 24 ore dichiara che non era giunta conferma",
        ),
        RecipientState::Overdue => lang.of(
            "a 12 h notice alone; a later word is not among the files",
            "solo un avviso delle 12 ore; tra i file non c'è una parola successiva",
        ),
        RecipientState::TakenInCharge => {
            lang.of("taken in charge; the outcome is not among the files", "preso in carico; l'esito non è tra i file")
        }
        RecipientState::Unknown => lang.of("no word among the files", "nessuna parola tra i file"),
        RecipientState::Ordinary => lang
            .of("ordinary mail: the rules provide for no receipt", "posta ordinaria: le regole non prevedono ricevuta"),
    }
}

/// A remark on a story: in English as the judge words it, which names the particulars.
pub(super) fn remark(lang: Lang, remark: &StoryRemark) -> String {
    let said = match lang {
        Lang::En => return remark.words.clone(),
        Lang::It => match remark.code {
            RemarkCode::NoAcceptance => "manca la ricevuta di accettazione",
            RemarkCode::NoOutcome => "nessuna ricevuta e nessun avviso",
            RemarkCode::NoLaterWord => "nessuna parola successiva all'avviso delle 12 ore o alla presa in carico",
            RemarkCode::AcceptedAndRefused => "il messaggio risulta accettato e non accettato",
            RemarkCode::DeliveredAndNot => "risulta consegnato e non consegnato",
            RemarkCode::Repeated => "più ricevute diverse dove ce ne può essere una",
            RemarkCode::Differing => "messaggi con lo stesso identificativo nominano dati diversi",
            RemarkCode::StrangeRecipient => "una ricevuta riguarda chi la ricevuta di accettazione non nomina",
            RemarkCode::BeforeAcceptance => "un'ora certificata precede quella dell'accettazione",
            RemarkCode::EarlyNotice => "un avviso prima della sua ora",
            RemarkCode::DoesNotCount => "un messaggio la cui firma non regge non è tenuto in conto",
            RemarkCode::LateDelivery => "consegnato oltre 24 ore dopo l'accettazione",
            RemarkCode::LateFailure => "mancata consegna comunicata oltre 24 ore dopo l'accettazione",
            RemarkCode::LateNotice => "un avviso dopo la sua ora",
        },
    };
    let message = remark.message.map(|number| format!("messaggio {number}"));
    let about: Vec<String> =
        message.into_iter().chain(Some(remark.recipient.clone())).filter(|one| !one.is_empty()).collect();
    let about = if about.is_empty() { String::new() } else { format!(" ({})", about.join(", ")) };
    format!("{said}{about}. \u{ab}{}\u{bb}", remark.words)
}
