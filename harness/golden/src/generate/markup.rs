//! Certification data bent by chance, against the DTD or within it, and signed anew.

use collaudo_forge::{Opened, Signer, Xml, sign};

use super::{Generated, chance::Chance};

const ELEMENTS: [&str; 17] = [
    "postacert",
    "intestazione",
    "mittente",
    "destinatari",
    "risposte",
    "oggetto",
    "dati",
    "gestore-emittente",
    "data",
    "giorno",
    "ora",
    "identificativo",
    "msgid",
    "ricevuta",
    "consegna",
    "ricezione",
    "errore-esteso",
];

const ATTRIBUTES: [(&str, &str); 5] =
    [("postacert", "tipo"), ("postacert", "errore"), ("destinatari", "tipo"), ("data", "zona"), ("ricevuta", "tipo")];

/// Values that the DTD has somewhere, and such as it has nowhere.
const VALUES: [&str; 10] = [
    "certificato",
    "esterno",
    " completa ",
    "breve",
    "accettazione",
    "virus",
    "Nessuno",
    "",
    "+0100",
    "posta certificata",
];

/// Markup that some reader may mind, whether it may or not.
const SNIPPETS: [&str; 16] = [
    "<!-- commento -->",
    "<!-- doppio -- trattino -->",
    "<?foglio stile?>",
    "<?xml version=\"1.0\"?>",
    "<![CDATA[dati]]>",
    "testo",
    "&#65;",
    "&#x16;",
    "&#0;",
    "&amp;",
    "&nbsp;",
    "&",
    "\u{16}",
    "\u{7f}",
    "]]>",
    "<nuovo/>",
];

/// Bends the certification data of a message, where it has some, and signs it anew.
pub(super) fn bent(whole: Generated, mut opened: Opened, signer: &Signer, chance: &mut Chance) -> Generated {
    let Some(text) = opened.daticert() else { return whole };
    let bent = bend(text, chance);
    let Some(part) = opened.daticert_mut() else { return whole };
    part.fields.set("Content-Transfer-Encoding", "base64");
    part.set_decoded(bent.as_bytes());
    let signature = sign(&opened.content().to_bytes(), signer, whole.at, signer.style());
    opened.set_signature(&signature);
    Generated {
        tampered: "the certification data",
        octets: opened.to_bytes(),
        daticert: Some(bent.into_bytes()),
        ..whole
    }
}

fn bend(text: String, chance: &mut Chance) -> String {
    let mut xml = Xml(text);
    let name = chance.one_of(&ELEMENTS, "dati");
    let other = chance.one_of(&ELEMENTS, "data");
    match chance.below(14) {
        0 => {
            xml.remove(name);
        }
        1 => {
            let element = xml.element(name).unwrap_or_default();
            xml.insert_after(other, &element);
        }
        2 => {
            let element = xml.element(name).unwrap_or_default();
            xml.remove(name);
            xml.insert_before(other, &element);
        }
        3 => {
            xml.rename(name, other);
        }
        4 => {
            let (element, attribute) = chance.one_of(&ATTRIBUTES, ("data", "zona"));
            xml.remove_attribute(element, attribute);
        }
        5 | 6 => {
            let (element, attribute) = chance.one_of(&ATTRIBUTES, ("data", "zona"));
            xml.set_attribute(element, attribute, chance.one_of(&VALUES, ""));
        }
        7 => {
            let attribute = chance.one_of(&["tipo", "xmlns", "xml:lang", "xmlns:p", "nuovo"], "nuovo");
            xml.set_attribute(name, attribute, "it");
        }
        8 => inserted(&mut xml, chance),
        9 => within(&mut xml, name, chance.one_of(&SNIPPETS, "testo")),
        10 => around(&mut xml, chance),
        11 => xml.0 = xml.0.replacen(&format!("</{name}>"), chance.one_of(&["", "</x>", "</dati>"], ""), 1),
        12 => {
            let cut = (0..xml.0.len()).filter(|at| xml.0.is_char_boundary(*at)).nth(chance.below(xml.0.len()));
            xml.0.truncate(cut.unwrap_or(0));
        }
        _ => xml.0 = xml.0.replacen(&format!("<{name}"), &format!("<{}", name.to_uppercase()), 1),
    }
    xml.0
}

/// Markup at any place between two others.
fn inserted(xml: &mut Xml, chance: &mut Chance) {
    let places: Vec<_> = xml.0.match_indices('>').map(|(at, _)| at + 1).collect();
    let at = places.get(chance.below(places.len())).copied().unwrap_or(0);
    xml.0.insert_str(at, chance.one_of(&SNIPPETS, "testo"));
}

/// Markup right behind an element's start; what was empty has content then.
fn within(xml: &mut Xml, name: &str, markup: &str) {
    let Some(element) = xml.element(name) else { return };
    let filled = match element.strip_suffix("/>") {
        Some(tag) if !tag.contains('>') => format!("{tag}>{markup}</{name}>"),
        _ => element.replacen('>', &format!(">{markup}"), 1),
    };
    xml.remove(name);
    let at = xml.0.find("</").unwrap_or(xml.0.len());
    xml.0.insert_str(at, &filled);
}

/// The document's own beginning and end.
fn around(xml: &mut Xml, chance: &mut Chance) {
    let text = xml.0.clone();
    let body = text.split_once("?>").map_or(text.as_str(), |(_, body)| body);
    xml.0 = match chance.below(9) {
        0 => body.trim_start().to_owned(),
        1 => format!("\r\n{text}"),
        2 => format!("\u{feff}{text}"),
        3 => format!("{text}<postacert/>"),
        4 => format!("{text}\r\n<!-- fine -->\r\n"),
        5 => format!("{text}fine"),
        6 => format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE postacert PUBLIC \"-//PEC//DTD postacert//IT\" \
             \"postacert.dtd\">{body}"
        ),
        7 => format!("<?xml version='1.0'?>{body}"),
        _ => String::new(),
    };
}
