use collaudo_record::Instant;
use jiff::{civil::DateTime, tz::Offset};

use super::{
    head::{bare_id, decode_octets},
    xml::{Element, document},
};

/// The certification data as read. Texts are as they stand, outer white space trimmed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Daticert {
    /// The whole text.
    pub xml: String,
    /// The encoding that its declaration names, in lower case.
    pub encoding: Option<String>,
    /// Whether its octets are UTF-8.
    pub is_utf8: bool,
    /// Why it is no well-formed document; whatever can be read in spite of that was read.
    pub ill_formed: Option<String>,
    /// What the document type definition does not allow.
    pub flaws: Vec<Flaw>,
    /// `postacert/@tipo`.
    pub tipo: Option<String>,
    /// `postacert/@errore`; none where it is not given, which means `nessuno`.
    pub errore: Option<String>,
    /// Sender of the original.
    pub mittente: Option<String>,
    /// Recipients with their `tipo`; `certificato` where it is not given.
    pub destinatari: Vec<(String, String)>,
    /// Reply address.
    pub risposte: Option<String>,
    /// Subject.
    pub oggetto: Option<String>,
    /// Whether there is a `dati` to look into.
    pub has_dati: bool,
    /// Provider that certifies.
    pub gestore_emittente: Option<String>,
    /// `data/@zona`.
    pub zona: Option<String>,
    /// Local date.
    pub giorno: Option<String>,
    /// Local time.
    pub ora: Option<String>,
    /// PEC identifier, without angle brackets.
    pub identificativo: Option<String>,
    /// The client's identifier, without angle brackets.
    pub msgid: Option<String>,
    /// `ricevuta/@tipo`.
    pub ricevuta: Option<String>,
    /// The one recipient concerned.
    pub consegna: Option<String>,
    /// Recipients taken in charge.
    pub ricezione: Vec<String>,
    /// Description of the error.
    pub errore_esteso: Option<String>,
    /// Giorno, ora and zona as one instant, where all three can be read.
    pub at: Option<Instant>,
}

/// Something that the document type definition does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// In which element.
    pub at: FlawAt,
    /// In words.
    pub words: String,
}

/// The element whose content or attributes are wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlawAt {
    /// `postacert`.
    Root,
    /// `intestazione`.
    Intestazione,
    /// `destinatari`.
    Destinatari,
    /// `dati`.
    Dati,
    /// `data`.
    Data,
    /// `ricevuta`.
    Ricevuta,
    /// An element that holds text only.
    Text,
}

impl Daticert {
    /// Reads `daticert.xml`.
    pub(super) fn read(octets: &[u8]) -> Self {
        let octets = octets.strip_prefix(b"\xef\xbb\xbf").unwrap_or(octets);
        let is_utf8 = std::str::from_utf8(octets).is_ok();
        let xml = decode_octets(octets);
        let document = document(&xml);
        let mut daticert =
            Self { is_utf8, encoding: document.encoding, ill_formed: document.problem, ..Self::default() };
        if let Some(root) = &document.root {
            daticert.take(root);
            validate(root, &mut daticert.flaws);
        }
        daticert.at = daticert.instant();
        daticert.xml = xml;
        daticert
    }

    fn take(&mut self, root: &Element) {
        let text =
            |parent: Option<&Element>, name: &str| parent.and_then(|parent| parent.child(name)).map(Element::text);
        let head = root.child("intestazione");
        let dati = root.child("dati");
        let data = dati.and_then(|dati| dati.child("data"));
        self.has_dati = dati.is_some();
        self.tipo = root.attribute("tipo").map(str::to_owned);
        self.errore = root.attribute("errore").map(str::to_owned);
        self.mittente = text(head, "mittente");
        self.destinatari =
            head.into_iter().flat_map(|head| head.children_named("destinatari")).map(recipient).collect();
        self.risposte = text(head, "risposte");
        self.oggetto = text(head, "oggetto");
        self.gestore_emittente = text(dati, "gestore-emittente");
        self.zona = data.and_then(|data| data.attribute("zona")).map(str::to_owned);
        self.giorno = text(data, "giorno");
        self.ora = text(data, "ora");
        self.identificativo = text(dati, "identificativo").map(|id| bare_id(&id).to_owned());
        self.msgid = text(dati, "msgid").map(|id| bare_id(&id).to_owned());
        self.ricevuta = dati.and_then(|dati| dati.child("ricevuta")?.attribute("tipo")).map(str::to_owned);
        self.consegna = text(dati, "consegna");
        self.ricezione =
            dati.into_iter().flat_map(|dati| dati.children_named("ricezione")).map(Element::text).collect();
        self.errore_esteso = text(dati, "errore-esteso");
    }

    fn instant(&self) -> Option<Instant> {
        let local =
            DateTime::strptime("%d/%m/%Y %H:%M:%S", format!("{} {}", self.giorno.as_ref()?, self.ora.as_ref()?))
                .ok()?;
        let offset = Offset::from_seconds(zone_minutes(self.zona.as_ref()?)? * 60).ok()?;
        Some(Instant(offset.to_timestamp(local).ok()?.as_microsecond()))
    }

    /// What the document type definition does not allow there.
    pub fn flaws_at(&self, at: FlawAt) -> impl Iterator<Item = &str> {
        self.flaws.iter().filter(move |flaw| flaw.at == at).map(|flaw| flaw.words.as_str())
    }
}

/// Minutes east of UTC of `+0100`.
pub(crate) fn zone_minutes(zone: &str) -> Option<i32> {
    let (sign, digits) = zone.split_at_checked(1)?;
    let sign = match sign {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let (hours, minutes) = digits.split_at_checked(2)?;
    let number = |digits: &str| digits.parse::<u8>().ok().filter(|_| digits.len() == 2 && !digits.starts_with('+'));
    Some(sign * (i32::from(number(hours)?) * 60 + i32::from(number(minutes)?)))
}

fn recipient(element: &Element) -> (String, String) {
    (element.text(), element.attribute("tipo").unwrap_or("certificato").to_owned())
}

/// A child's name, the least and the most of it.
type Child = (&'static str, usize, usize);

/// The content models of RFC 6109 §4.4: children in order, each with the least and the most of it.
const MODELS: &[(&str, FlawAt, &[Child])] = &[
    ("postacert", FlawAt::Root, &[("intestazione", 1, 1), ("dati", 1, 1)]),
    (
        "intestazione",
        FlawAt::Intestazione,
        &[("mittente", 1, 1), ("destinatari", 1, usize::MAX), ("risposte", 1, 1), ("oggetto", 0, 1)],
    ),
    (
        "dati",
        FlawAt::Dati,
        &[
            ("gestore-emittente", 1, 1),
            ("data", 1, 1),
            ("identificativo", 1, 1),
            ("msgid", 0, 1),
            ("ricevuta", 0, 1),
            ("consegna", 0, 1),
            ("ricezione", 0, usize::MAX),
            ("errore-esteso", 0, 1),
        ],
    ),
    ("data", FlawAt::Data, &[("giorno", 1, 1), ("ora", 1, 1)]),
    ("ricevuta", FlawAt::Ricevuta, &[]),
];

const TIPI: &[&str] = &[
    "accettazione",
    "non-accettazione",
    "presa-in-carico",
    "avvenuta-consegna",
    "posta-certificata",
    "errore-consegna",
    "preavviso-errore-consegna",
    "rilevazione-virus",
];

/// Attributes: element, name, whether it must be there, the values that it may have (none: any).
const ATTRIBUTES: &[(&str, &str, bool, &[&str])] = &[
    ("postacert", "tipo", true, TIPI),
    ("postacert", "errore", false, &["nessuno", "no-dest", "no-dominio", "virus", "altro"]),
    ("destinatari", "tipo", false, &["certificato", "esterno"]),
    ("data", "zona", true, &[]),
    ("ricevuta", "tipo", true, &["completa", "breve", "sintetica"]),
];

fn validate(root: &Element, flaws: &mut Vec<Flaw>) {
    if root.name != "postacert" {
        flaws.push(Flaw { at: FlawAt::Root, words: format!("the root is {}, not postacert", root.name) });
        return;
    }
    validate_element(root, FlawAt::Root, flaws);
}

/// Depth is bounded by the reader of the document.
fn validate_element(element: &Element, parent: FlawAt, flaws: &mut Vec<Flaw>) {
    let model = MODELS.iter().find(|(name, ..)| *name == element.name);
    let at = match (model, element.name.as_str()) {
        (Some((_, at, _)), _) => *at,
        (None, "destinatari") => FlawAt::Destinatari,
        (None, _) => FlawAt::Text,
    };
    let mut flaw = |at, words| flaws.push(Flaw { at, words });
    for (owner, name, required, values) in ATTRIBUTES.iter().filter(|(owner, ..)| *owner == element.name) {
        match element.attribute(name) {
            None if *required => flaw(at, format!("{owner} has no attribute {name}")),
            Some(value) if !values.is_empty() && !values.contains(&value) => {
                flaw(at, format!("{owner}/@{name} is {value:?}, which is none of {}", values.join(", ")));
            }
            _ => {}
        }
    }
    for (name, _) in &element.attributes {
        if !ATTRIBUTES.iter().any(|(owner, known, ..)| *owner == element.name && known == name) {
            flaw(at, format!("{} has the unknown attribute {name}", element.name));
        }
    }
    match model {
        Some((name, _, children)) => {
            if let Some(words) = misfit(element, children) {
                flaw(at, format!("{name}: {words}"));
            }
            if !element.text().is_empty() {
                flaw(at, format!("{name} holds text"));
            }
        }
        None if !element.children.is_empty() => flaw(parent, format!("{} holds elements", element.name)),
        None => {}
    }
    if model.is_some() {
        for child in &element.children {
            validate_element(child, at, flaws);
        }
    }
}

/// Why the children do not follow the model.
fn misfit(element: &Element, model: &[Child]) -> Option<String> {
    let mut children = element.children.iter().map(|child| child.name.as_str()).peekable();
    for (name, least, most) in model {
        let mut count = 0;
        while children.next_if(|child| child == name).is_some() {
            count += 1;
        }
        if count < *least {
            let instead = children.peek().map_or("nothing".to_owned(), ToString::to_string);
            return Some(format!("{name} was expected, {instead} follows"));
        }
        if count > *most {
            return Some(format!("{count} of {name}"));
        }
    }
    children.next().map(|child| format!("{child} is out of place"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<postacert tipo="posta-certificata" errore="nessuno"><intestazione><mittente>anna@alfa.test</mittente>
<destinatari tipo="certificato">bruno@beta.test</destinatari><risposte>anna@alfa.test</risposte><oggetto>Città &amp; &lt;x&gt;</oggetto>
</intestazione><dati><gestore-emittente>Alfa</gestore-emittente><data zona="+0200"><giorno>01/07/2026</giorno><ora>10:00:00</ora></data>
<identificativo>p1@alfa.test</identificativo><msgid>&lt;m1@client.test&gt;</msgid><ricevuta tipo="completa"/></dati></postacert>"#;

    #[test]
    fn a_document_that_follows_the_definition_has_no_flaw() {
        let daticert = Daticert::read(GOOD.as_bytes());
        assert_eq!((daticert.ill_formed, daticert.flaws), (None, vec![]));
        assert_eq!(daticert.oggetto.as_deref(), Some("Città & <x>"));
        assert_eq!(daticert.msgid.as_deref(), Some("m1@client.test"));
        assert_eq!(daticert.at, Some(Instant(1_782_892_800_000_000)));
    }

    #[test]
    fn each_broken_rule_is_told_at_its_element() {
        let cases = [
            ("<oggetto>Città &amp; &lt;x&gt;</oggetto>\n", "<foo/>", FlawAt::Intestazione),
            ("<ora>10:00:00</ora>", "", FlawAt::Data),
            ("zona=\"+0200\"", "", FlawAt::Data),
            ("tipo=\"completa\"", "tipo=\"lunga\"", FlawAt::Ricevuta),
            ("tipo=\"certificato\"", "tipo=\"interno\"", FlawAt::Destinatari),
            ("errore=\"nessuno\"", "errore=\"boh\"", FlawAt::Root),
            ("<identificativo>p1@alfa.test</identificativo>", "", FlawAt::Dati),
        ];
        for (from, to, at) in cases {
            let daticert = Daticert::read(GOOD.replace(from, to).as_bytes());
            assert_eq!(
                daticert.flaws.iter().map(|flaw| flaw.at).collect::<Vec<_>>(),
                [at],
                "{from} -> {to}: {:?}",
                daticert.flaws
            );
        }
    }

    #[test]
    fn a_control_character_makes_it_ill_formed_and_loses_nothing() {
        for bad in ["\u{16}", "&#18;"] {
            let daticert = Daticert::read(GOOD.replace("Città", bad).as_bytes());
            assert!(daticert.ill_formed.is_some_and(|why| why.contains("control character")), "{bad:?}");
            assert_eq!(daticert.identificativo.as_deref(), Some("p1@alfa.test"));
        }
    }

    #[test]
    fn a_zone_is_a_sign_and_four_digits() {
        assert_eq!(zone_minutes("+0130"), Some(90));
        assert_eq!(zone_minutes("-0500"), Some(-300));
        assert!(["", "+", "0100", "+01:00", "+++00", "+1 00", "+01000"].iter().all(|bad| zone_minutes(bad).is_none()));
    }
}
