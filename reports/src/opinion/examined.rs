//! The files that were examined, what they were examined with, and how to do it again.

use maud::{Markup, html};

use super::{Document, Opinion, Role};
use crate::{lang::Lang, words::octets};

pub(super) fn files(opinion: &Opinion<'_>) -> Markup {
    let lang = opinion.lang;
    html! {
        section #files {
            h2 { (lang.of("2. What was examined", "2. Che cosa è stato esaminato")) }
            p {
                (lang.of(
                    "Each file is named by its SHA-256: a file with another sum is not the one that was examined.",
                    "Ogni file è identificato dal suo SHA-256: un file con un'altra somma non è quello esaminato.",
                ))
            }
            (documents(lang, opinion.files))
            @if !opinion.not_examined.is_empty() {
                h3 { (lang.of("Not examined", "Non esaminati")) }
                ul {
                    @for thing in opinion.not_examined { li { bdi.name { (thing.place) } ": " (thing.why) } }
                }
            }
        }
    }
}

fn documents(lang: Lang, documents: &[Document]) -> Markup {
    let heads = match lang {
        Lang::En => ["File", "Size", "SHA-256"],
        Lang::It => ["File", "Dimensione", "SHA-256"],
    };
    html! {
        table {
            thead { tr { @for head in heads { th scope="col" { (head) } } } }
            tbody {
                @for document in documents {
                    tr {
                        td { bdi.name { (document.name) } }
                        td.size { (octets(lang, document.octets)) }
                        td {
                            @match &document.sha256 {
                                Some(sha256) => code { (sha256) },
                                None => (lang.of("not taken", "non calcolato")),
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The program, the rules, and what messages were held against.
pub(super) fn means(opinion: &Opinion<'_>) -> Markup {
    let lang = opinion.lang;
    html! {
        section #means {
            h2 { (lang.of("3. With what it was examined", "3. Con che cosa è stato esaminato")) }
            dl {
                dt { (lang.of("Program", "Programma")) }
                dd { (opinion.program) }
                dt { (lang.of("Rules", "Regole")) }
                dd {
                    (lang.of("A catalogue of ", "Un catalogo di ")) (opinion.law.len())
                    (lang.of(
                        " requirements, worded by its authors, from RFC 6109, the decree of 2 November 2005 and related texts. Of these, those that one stored message can decide were applied to each message.",
                        " requisiti, formulati dai suoi autori, tratti dalla RFC 6109, dal decreto 2 novembre 2005 e da testi collegati. Di questi, a ciascun messaggio si sono applicati quelli che un messaggio conservato può da solo decidere.",
                    ))
                }
                dt { (lang.of("Measure", "Metro")) }
                dd { (measure(opinion)) }
                (given(opinion, Role::Trust))
                (given(opinion, Role::Index))
                (given(opinion, Role::Revocation))
                @if !opinion.answers.is_empty() { (given(opinion, Role::Review)) }
            }
        }
    }
}

fn measure(opinion: &Opinion<'_>) -> &'static str {
    let lang = opinion.lang;
    if opinion.strict {
        return lang.of(
            "Strict: whatever departs from the rules counts against them, even where providers commonly do so.",
            "Rigoroso: ogni scostamento conta contro le regole, anche dove i gestori fanno comunemente così.",
        );
    }
    lang.of(
        "Deployed practice: departures that are common among providers in service are told as tolerated.",
        "Prassi: gli scostamenti comuni tra i gestori in esercizio sono riferiti come tollerati.",
    )
}

/// The files of one role, or that there are none.
fn given(opinion: &Opinion<'_>, role: Role) -> Markup {
    let lang = opinion.lang;
    let name = match role {
        Role::Input => lang.of("Files", "File"),
        Role::Trust => lang.of("Trusted certificates", "Certificati fidati"),
        Role::Index => lang.of("Index of providers", "Indice dei gestori"),
        Role::Revocation => lang.of("Revoked certificates", "Certificati revocati"),
        Role::Review => lang.of("A person's answers", "Risposte di una persona"),
    };
    let documents: Vec<&Document> = opinion.anchors.iter().filter(|document| document.role == role).collect();
    html! {
        dt { (name) }
        dd {
            @if documents.is_empty() { (lang.of("none given", "nessuno indicato")) }
            @for document in documents {
                p {
                    bdi.name { (document.name) } ", " (octets(lang, document.octets))
                    @if let Some(sha256) = &document.sha256 { ", SHA-256 " code { (sha256) } }
                }
            }
        }
    }
}

/// How anybody can look again without this program.
pub(super) fn again(lang: Lang) -> Markup {
    html! {
        section #again {
            h2 { (lang.of("7. How to look again", "7. Come ripetere l'esame")) }
            p {
                (lang.of(
                    "With programs that have nothing to do with this one, and that are commonly at hand:",
                    "Con programmi che nulla hanno a che fare con questo, e che sono comunemente disponibili:",
                ))
            }
            dl {
                dt { code { "sha256sum FILE" } }
                dd { (lang.of("gives the sum of section 2.", "dà la somma della sezione 2.")) }
                dt { code { "openssl cms -verify -noverify -in FILE -out /dev/null" } }
                dd {
                    (lang.of(
                        "verifies the signature of a message that is a file of its own; the option leaves the signer's certificate unexamined.",
                        "verifica la firma di un messaggio che sia un file a sé; l'opzione lascia non esaminato il certificato del firmatario.",
                    ))
                }
                dt { code { "openssl cms -verify -CAfile TRUST -attime SECONDS -in FILE -out /dev/null" } }
                dd {
                    (lang.of(
                        "examines the certificate, too, as of the time of signing in seconds since 1970.",
                        "esamina anche il certificato, riferito all'ora della firma in secondi dal 1970.",
                    ))
                }
            }
        }
    }
}
