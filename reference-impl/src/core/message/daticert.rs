//! daticert.xml: certification data, written and read (§4.4).

use std::borrow::Cow;

use super::{Certified, Form, Issuer, Kind, Recipient, Subject, legal::LegalTime, write::harmless, xml};

/// What a kind of message adds to the data that all share.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Extra<'a> {
    /// "errore", where it is not "nessuno".
    pub(super) error: Option<&'a str>,
    /// "ricevuta".
    pub(super) form: Option<Form>,
    /// "consegna".
    pub(super) delivered_to: Option<&'a str>,
    /// "ricezione".
    pub(super) taken: &'a [String],
    /// "errore-esteso".
    pub(super) error_text: Option<&'a str>,
}

/// Writes daticert.xml.
pub(super) fn write(kind: Kind, issuer: &Issuer, time: &LegalTime, certified: &Certified, extra: Extra<'_>) -> Vec<u8> {
    let mut out = Lines(String::with_capacity(2048));
    out.0.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    //= PEC-4.4-01
    //= PEC-4.4-02
    let error = extra.error.unwrap_or("nessuno");
    out.line(0, &["<postacert tipo=\"", kind.wire(), "\" errore=\"", error, "\">"]);
    //= PEC-4.4-06
    out.line(1, &["<intestazione>"]);
    out.element(2, "mittente", &certified.sender);
    for recipient in &certified.recipients {
        let class = if recipient.certified { "certificato" } else { "esterno" };
        let address = escape(&recipient.address);
        out.line(2, &["<destinatari tipo=\"", class, "\">", &address, "</destinatari>"]);
    }
    out.element(2, "risposte", &certified.reply_to);
    out.element_if(2, "oggetto", certified.subject.as_ref().map(|subject| subject.text.as_str()));
    out.line(1, &["</intestazione>"]);
    //= PEC-4.4-12
    out.line(1, &["<dati>"]);
    out.element(2, "gestore-emittente", issuer.display_name());
    out.line(2, &["<data zona=\"", &time.zone, "\">"]);
    out.element(3, "giorno", &time.day);
    out.element(3, "ora", &time.hour);
    out.line(2, &["</data>"]);
    out.element(2, "identificativo", &certified.pec_msgid);
    out.element_if(2, "msgid", certified.msgid.as_deref());
    if let Some(form) = extra.form {
        out.line(2, &["<ricevuta tipo=\"", form.wire(), "\"/>"]);
    }
    out.element_if(2, "consegna", extra.delivered_to);
    for recipient in extra.taken {
        out.element(2, "ricezione", recipient);
    }
    out.element_if(2, "errore-esteso", extra.error_text);
    out.line(1, &["</dati>"]);
    out.line(0, &["</postacert>"]);
    //= PEC-4.3.3-02
    out.0.into_bytes()
}

struct Lines(String);

impl Lines {
    fn line(&mut self, depth: usize, pieces: &[&str]) {
        (0..depth).for_each(|_| self.0.push_str("    "));
        pieces.iter().for_each(|piece| self.0.push_str(piece));
        self.0.push('\n');
    }

    fn element(&mut self, depth: usize, name: &str, text: &str) {
        self.line(depth, &["<", name, ">", &escape(text), "</", name, ">"]);
    }

    fn element_if(&mut self, depth: usize, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.element(depth, name, text);
        }
    }
}

/// Character data: markup escaped, what XML cannot hold made harmless.
fn escape(text: &str) -> Cow<'_, str> {
    let text = harmless(text);
    if !text.contains(['&', '<', '>', '"']) {
        return text;
    }
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").into()
}

/// daticert.xml, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Daticert {
    pub(super) kind: Kind,
    /// "errore"; "nessuno" where it is left out.
    pub(super) error: String,
    pub(super) certified: Certified,
    /// "ricevuta".
    pub(super) form: Option<Form>,
    /// "consegna".
    pub(super) delivered_to: Option<String>,
    /// "ricezione".
    pub(super) taken: Vec<String>,
    /// "errore-esteso".
    pub(super) error_text: Option<String>,
}

/// Reads daticert.xml, which must be valid against the DTD; the error says in words what is wrong.
pub(super) fn read(octets: &[u8]) -> Result<Daticert, String> {
    let root = xml::read(octets).map_err(|fault| fault.to_string())?;
    if root.name != "postacert" {
        return Err("l'elemento radice non è postacert".into());
    }
    let word = root.attribute("tipo").unwrap_or_default();
    let kind = Kind::from_wire(word).filter(|kind| kind.wire() == word).ok_or("tipo mancante o sconosciuto")?;
    let error = root.attribute("errore").unwrap_or("nessuno");
    if !["nessuno", "no-dest", "no-dominio", "virus", "altro"].contains(&error) {
        return Err(format!("errore sconosciuto: {error}"));
    }
    let mut sections = Children(root.children.as_slice());
    let (head, data) = (sections.required("intestazione")?, sections.required("dati")?);
    sections.end()?;

    let mut head = Children(head.children.as_slice());
    let sender = head.required("mittente")?.text.trim().to_owned();
    let recipients = head.all("destinatari").into_iter().map(recipient).collect::<Result<Vec<_>, _>>()?;
    if recipients.is_empty() {
        return Err("elemento destinatari mancante".into());
    }
    let reply_to = head.required("risposte")?.text.trim().to_owned();
    let subject = head.optional("oggetto").map(|element| Subject { text: element.text.to_string(), wire: None });
    head.end()?;

    let mut data = Children(data.children.as_slice());
    data.required("gestore-emittente")?;
    check_time(data.required("data")?)?;
    let pec_msgid =
        data.required("identificativo")?.text.trim().trim_start_matches('<').trim_end_matches('>').to_owned();
    let msgid = data.optional("msgid").map(|element| element.text.trim().to_owned()).filter(|msgid| !msgid.is_empty());
    let form = match data.optional("ricevuta") {
        Some(element) => {
            Some(element.attribute("tipo").and_then(Form::from_wire).ok_or("tipo di ricevuta sconosciuto")?)
        }
        None => None,
    };
    let trimmed = |element: &xml::Element<'_>| element.text.trim().to_owned();
    let delivered_to = data.optional("consegna").map(trimmed);
    let taken = data.all("ricezione").into_iter().map(trimmed).collect();
    let error_text = data.optional("errore-esteso").map(trimmed);
    data.end()?;
    if pec_msgid.is_empty() {
        return Err("identificativo vuoto".into());
    }
    let form_asked = form.unwrap_or_default();
    let certified = Certified { sender, recipients, reply_to, subject, pec_msgid, msgid, form: form_asked };
    Ok(Daticert { kind, error: error.into(), certified, form, delivered_to, taken, error_text })
}

fn recipient(element: &xml::Element<'_>) -> Result<Recipient, String> {
    let certified = match element.attribute("tipo").unwrap_or("certificato") {
        "certificato" => true,
        "esterno" => false,
        other => return Err(format!("tipo di destinatario sconosciuto: {other}")),
    };
    Ok(Recipient { address: element.text.trim().into(), certified })
}

/// `dd/mm/yyyy`, `hh:mm:ss` and `[+-]hhmm`.
fn check_time(data: &xml::Element<'_>) -> Result<(), String> {
    let mut parts = Children(data.children.as_slice());
    let (day, hour) = (parts.required("giorno")?, parts.required("ora")?);
    parts.end()?;
    let zone = data.attribute("zona").ok_or("attributo zona mancante")?;
    let shaped = |text: &str, shape: &str| {
        text.len() == shape.len()
            && text.bytes().zip(shape.bytes()).all(|(octet, like)| match like {
                b'0' => octet.is_ascii_digit(),
                b'+' => matches!(octet, b'+' | b'-'),
                _ => octet == like,
            })
    };
    match shaped(day.text.trim(), "00/00/0000") && shaped(hour.text.trim(), "00:00:00") && shaped(zone, "+0000") {
        true => Ok(()),
        false => Err("data non valida".into()),
    }
}

/// The children of an element that are still to come, in the order of the DTD.
struct Children<'a>(&'a [xml::Element<'a>]);

impl<'a> Children<'a> {
    fn optional(&mut self, name: &str) -> Option<&'a xml::Element<'a>> {
        let (first, rest) = self.0.split_first()?;
        (first.name == name).then(|| {
            self.0 = rest;
            first
        })
    }

    fn required(&mut self, name: &str) -> Result<&'a xml::Element<'a>, String> {
        self.optional(name).ok_or_else(|| format!("elemento {name} mancante o fuori posto"))
    }

    fn all(&mut self, name: &str) -> Vec<&'a xml::Element<'a>> {
        std::iter::from_fn(|| self.optional(name)).collect()
    }

    fn end(&self) -> Result<(), String> {
        self.0.first().map_or(Ok(()), |element| Err(format!("elemento {} inatteso", element.name)))
    }
}

#[cfg(test)]
mod tests {
    use collaudo_node::Timestamp;

    use super::{super::samples, *};

    const HEAD: &str =
        "<intestazione><mittente>a@x.it</mittente><destinatari>b@y.it</destinatari><risposte/></intestazione>";
    const DATA: &str = "<gestore-emittente>X</gestore-emittente><data zona=\"+0100\"><giorno>02/03/2026</giorno><ora>09:00:00</ora></data><identificativo>1@x.it</identificativo>";

    fn document(head: &str, data: &str) -> String {
        format!("<postacert tipo=\"accettazione\">{head}<dati>{data}</dati></postacert>")
    }

    #[test]
    fn what_is_written_is_read_back() {
        let time = LegalTime::of(Timestamp::from_unix_micros(1_772_438_400_000_000));
        let certified = samples::certified();
        let taken = ["bruno@beta.test".to_owned(), "dario@beta.test".to_owned()];
        let extra = Extra {
            error: Some("altro"),
            form: Some(Form::Brief),
            delivered_to: Some("bruno@beta.test"),
            taken: &taken,
            error_text: Some("5.2.2 - Beta & C. - casella <piena>"),
        };
        let read = read(&write(Kind::NonDelivery, &samples::issuer(), &time, &certified, extra)).unwrap();
        assert_eq!((read.kind, read.error.as_str(), read.form), (Kind::NonDelivery, "altro", Some(Form::Brief)));
        assert_eq!(read.error_text.as_deref(), extra.error_text);
        assert_eq!((read.delivered_to.as_deref(), read.taken), (extra.delivered_to, taken.to_vec()));
        assert_eq!(read.certified.recipients, certified.recipients);
        assert_eq!(read.certified.msgid, certified.msgid);
        assert_eq!(read.certified.subject.unwrap().text, certified.subject.unwrap().text);
    }

    #[test]
    fn control_characters_of_a_subject_do_no_harm() {
        let mut certified = samples::certified();
        certified.subject = Some(Subject { text: "a\u{16}b\u{0}\r\n<c>\u{ffff}".into(), wire: None });
        let time = LegalTime::of(Timestamp::default());
        let read = read(&write(Kind::Acceptance, &samples::issuer(), &time, &certified, Extra::default())).unwrap();
        assert_eq!(read.certified.subject.unwrap().text, "a b   <c>\u{fffd}");
    }

    #[test]
    fn the_order_of_the_dtd_is_kept() {
        assert!(read(document(HEAD, DATA).as_bytes()).is_ok());
        let tail = "<msgid>x</msgid><ricevuta tipo=\"breve\"/><consegna>b@y.it</consegna><ricezione>b@y.it</ricezione><errore-esteso>e</errore-esteso>";
        assert!(read(document(HEAD, &format!("{DATA}{tail}")).as_bytes()).is_ok());
        for (head, data) in [
            ("", DATA.to_owned()),
            (HEAD, String::new()),
            (HEAD, format!("{DATA}<consegna>b</consegna><msgid>x</msgid>")),
            (HEAD, format!("{DATA}<boh/>")),
            (HEAD, format!("{DATA}<ricevuta tipo=\"lunga\"/>")),
            (HEAD, DATA.replace("+0100", "+01:00")),
            (HEAD, DATA.replace("02/03/2026", "2026-03-02")),
            (HEAD, DATA.replace("1@x.it", " ")),
            ("<intestazione><mittente>a@x.it</mittente><risposte/></intestazione>", DATA.to_owned()),
        ] {
            assert!(read(document(head, &data).as_bytes()).is_err(), "{head}{data}");
        }
        assert!(read(document(HEAD, DATA).replace("accettazione", "boh").as_bytes()).is_err());
    }

    #[test]
    fn a_recipient_is_certified_unless_said_otherwise() {
        let recipients = |class: &str| {
            let head = HEAD.replace("<destinatari>", &format!("<destinatari{class}>"));
            read(document(&head, DATA).as_bytes()).map(|read| read.certified.recipients)
        };
        assert!(recipients("").unwrap()[0].certified);
        assert!(!recipients(" tipo='esterno'").unwrap()[0].certified);
        assert!(recipients(" tipo='boh'").is_err());
    }
}
