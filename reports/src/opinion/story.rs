//! What the messages tell together of each message that somebody sent.

use collaudo_record::{StoredStory, StoryLine, StoryRecipient, StoryRemark};
use maud::{Markup, html};

use super::{Opinion, told};
use crate::{
    lang::Lang,
    words::{instant, kind},
};

pub(super) fn section(opinion: &Opinion<'_>) -> Markup {
    let lang = opinion.lang;
    html! {
        section #stories {
            h2 { (lang.of("5. What the messages tell together", "5. Che cosa i messaggi raccontano insieme")) }
            p {
                (lang.of(
                    "Messages that name the same transmission, put in order by the times that they certify. Only the files of section 2 were looked at.",
                    "I messaggi che nominano la stessa trasmissione, ordinati secondo le ore che certificano. Si sono guardati solo i file della sezione 2.",
                ))
            }
            @if opinion.stories.is_empty() { p { (lang.of("No message names a transmission.", "Nessun messaggio nomina una trasmissione.")) } }
            @for story in opinion.stories { (one(lang, story)) }
        }
    }
}

fn one(lang: Lang, story: &StoredStory) -> Markup {
    html! {
        article {
            h3 { (lang.of("Transmission ", "Trasmissione ")) bdi { (story.identifier) } }
            dl {
                @if !story.mittente.is_empty() { dt { (lang.of("Sender", "Mittente")) } dd { bdi { (story.mittente) } } }
                @if !story.oggetto.is_empty() { dt { (lang.of("Subject", "Oggetto")) } dd { bdi { (story.oggetto) } } }
                @if let Some(at) = story.accepted { dt { (lang.of("Accepted", "Accettata")) } dd { (instant(at)) } }
            }
            (lines(lang, &story.messages))
            (recipients(lang, &story.recipients))
            (remarks(lang, lang.of("Missing among the files", "Manca tra i file"), "open", &story.missing))
            (remarks(lang, lang.of("Cannot all be true, or does not count", "Non può essere tutto vero, o non conta"), "against", &story.contradictions))
            (remarks(lang, lang.of("Late", "In ritardo"), "against", &story.late))
        }
    }
}

fn lines(lang: Lang, lines: &[StoryLine]) -> Markup {
    let heads = match lang {
        Lang::En => ["Certified time", "Message", "Concerning", "Signature"],
        Lang::It => ["Ora certificata", "Messaggio", "Riguardo a", "Firma"],
    };
    html! {
        table {
            thead { tr { @for head in heads { th scope="col" { (head) } } } }
            tbody {
                @for line in lines {
                    tr {
                        td.size { @match line.data { Some(at) => (instant(at)), None => (lang.of("not told", "non detta")) } }
                        td {
                            (kind(lang, &line.kind)) " (" a href={ "#m" (line.message) } { (lang.of("message", "messaggio")) " " (line.message) } ")"
                            @if line.copies > 1 { ", " (line.copies) " " (lang.of("copies", "copie")) }
                        }
                        td { bdi { (line.consegna) } }
                        td { (told::signature(lang, line.signature)) }
                    }
                }
            }
        }
    }
}

fn recipients(lang: Lang, recipients: &[StoryRecipient]) -> Markup {
    html! {
        @if !recipients.is_empty() {
            h4 { (lang.of("Recipients", "Destinatari")) }
            ul {
                @for recipient in recipients {
                    li {
                        bdi { (recipient.address) } ": " (told::state(lang, recipient.state))
                        @if let Some(at) = recipient.at { ", " (instant(at)) }
                    }
                }
            }
        }
    }
}

fn remarks(lang: Lang, head: &str, class: &str, remarks: &[StoryRemark]) -> Markup {
    html! {
        @if !remarks.is_empty() {
            div.finding.(class) {
                p { b { (head) } }
                ul { @for remark in remarks { li { bdi { (told::remark(lang, remark)) } } } }
            }
        }
    }
}
