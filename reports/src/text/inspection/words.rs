//! What the judge says by codes, in both languages: its own words are English.

use collaudo_record::{
    InspectedSignature, Inspection, PathCheck, PathVerdict, RecipientState, RemarkCode, SignatureCause, StoryRemark,
};

use crate::{lang::Lang, words::kind};

/// What a message is, and for whom.
pub(super) fn label(inspection: &Inspection, lang: Lang) -> String {
    if lang == Lang::En {
        return inspection.label.clone();
    }
    let name = kind(lang, &inspection.kind);
    let about = inspection.facts.as_ref().and_then(|facts| facts.consegna.as_deref());
    about.map_or_else(|| name.to_owned(), |recipient| format!("{name} per {recipient}"))
}

/// Why a signature holds or does not.
pub(super) fn reason(signature: &InspectedSignature, lang: Lang) -> &str {
    lang.of(
        &signature.reason,
        match signature.cause {
            SignatureCause::Holds => {
                "il contenuto è quello firmato, e la firma corrisponde al certificato che la accompagna"
            }
            SignatureCause::HoldsRestored => {
                "il contenuto è quello firmato, una volta ripristinati i fine riga alterati dalla conservazione"
            }
            SignatureCause::ContentChanged => "il contenuto non è quello firmato: è stato modificato dopo la firma",
            SignatureCause::WrongKey => "la firma non corrisponde al certificato che la accompagna",
            SignatureCause::NoCertificate => "manca il certificato di chi ha firmato",
            SignatureCause::Incomplete => "agli attributi firmati manca ciò che devono contenere",
            SignatureCause::UnknownAlgorithm => "usa un algoritmo che qui non è noto",
            SignatureCause::Signers => "non ha un firmatario, o ne ha più d'uno",
            SignatureCause::Unreadable => "la sua struttura non è leggibile",
            SignatureCause::Absent => "il messaggio non è firmato",
        },
    )
}

/// What came of a look-up.
pub(super) fn path<'a>(option: &str, check: &'a PathCheck, lang: Lang) -> &'a str {
    let italian = match (option, check.verdict) {
        (_, PathVerdict::NotGiven) => "non esaminato",
        ("--trust", PathVerdict::Holds) => "i certificati portano a un'autorità ritenuta affidabile",
        ("--trust", PathVerdict::Fails) => "i certificati non portano a un'autorità ritenuta affidabile",
        ("--index", PathVerdict::Holds) => "l'indice dei gestori elenca il certificato",
        ("--index", PathVerdict::Fails) => "l'indice dei gestori non elenca il certificato",
        (_, PathVerdict::Holds) => "nelle liste date il certificato non risulta revocato",
        (_, PathVerdict::Fails) => "il certificato risulta revocato",
        (_, PathVerdict::Undecided) => "quanto è stato dato non basta a decidere",
    };
    lang.of(&check.words, italian)
}

/// What became of a recipient.
pub(super) fn state(state: RecipientState, lang: Lang) -> &'static str {
    match state {
        RecipientState::Delivered => lang.of("delivered", "consegnato"),
        RecipientState::NotDelivered => lang.of("not delivered", "non consegnato"),
        RecipientState::TimedOut => {
            lang.of("nobody knows: the 24 hours ran out", "esito ignoto: le 24 ore sono trascorse")
        }
        RecipientState::Overdue => lang.of("no word within 12 hours", "nessuna notizia entro 12 ore"),
        RecipientState::TakenInCharge => lang.of("taken in charge by its provider", "preso in carico dal suo gestore"),
        RecipientState::Unknown => lang.of("no word in this set", "nessuna notizia in questo insieme"),
        RecipientState::Ordinary => {
            lang.of("ordinary mail: no word is to be had", "posta ordinaria: nessuna notizia è prevista")
        }
    }
}

/// A remark on a story.
pub(super) fn remark(remark: &StoryRemark, lang: Lang) -> String {
    if lang == Lang::En {
        return remark.words.clone();
    }
    let words = match remark.code {
        RemarkCode::NoAcceptance => "la ricevuta di accettazione, benché ve ne siano altre",
        RemarkCode::NoOutcome => "ogni ricevuta di consegna e ogni avviso",
        RemarkCode::NoLaterWord => "l'esito dopo la presa in carico o l'avviso delle 12 ore",
        RemarkCode::AcceptedAndRefused => "accettato e non accettato",
        RemarkCode::DeliveredAndNot => "consegnato e non consegnato",
        RemarkCode::Repeated => "più ricevute diverse dove ve ne può essere una",
        RemarkCode::Differing => {
            "mittente, oggetto, destinatari o identificativi diversi sotto lo stesso identificativo"
        }
        RemarkCode::StrangeRecipient => "una ricevuta su chi la ricevuta di accettazione non nomina",
        RemarkCode::BeforeAcceptance => "un'ora certificata precede quella dell'accettazione",
        RemarkCode::EarlyNotice => "un avviso precede la sua ora",
        RemarkCode::DoesNotCount => "un messaggio la cui firma non è valida non conta",
        RemarkCode::LateDelivery => "consegnato oltre 24 ore dopo l'accettazione",
        RemarkCode::LateFailure => "mancata consegna comunicata oltre 24 ore dopo l'accettazione",
        RemarkCode::LateNotice => "un avviso oltre la sua ora",
    };
    let which = remark.message.map(|number| format!("messaggio {number}: ")).unwrap_or_default();
    let words = format!("{which}{words}");
    if remark.recipient.is_empty() { words } else { format!("{}: {words}", remark.recipient) }
}
