//! From a case to a signed message, and to what a reader must get from it.

use collaudo_forge::{
    Certified, Entity, ForgeError, Form, Kind, Moment, Opened, Signer, Style, anomaly, brief, encode_words, envelope,
    multipart, open, receipt, reseal, rewritten_original, signed_content,
};

use crate::{
    case::{Case, Stray, What},
    describe::{Description, Subject},
    house::{Keys, PROVIDERS, Provider},
    letter::{Content, LETTER, Letter, Original, Route},
};

/// What a scanner calls the test file that every scanner finds.
const FOUND: &str = "EICAR-Test-File";

/// A message of the set.
pub(crate) struct Made {
    pub(crate) case: Case,
    pub(crate) octets: Vec<u8>,
    pub(crate) description: Description,
    pub(crate) signer: Signer,
    /// When it was made and signed, seconds since 1970.
    pub(crate) at: i64,
}

/// A stray message as it reached the receiver: octets, reverse path, subject, why it is no certified mail.
struct Arrived {
    octets: Vec<u8>,
    sender: String,
    subject: String,
    why: &'static str,
}

/// Makes a case as its author's family has it.
pub(crate) fn make(case: Case, keys: &Keys) -> Result<Made, ForgeError> {
    make_with(case, keys.provider(case.author)?, keys)
}

/// Makes a case with a signer that has a style of its own; the description is that of the family.
pub(crate) fn make_with(case: Case, signer: Signer, keys: &Keys) -> Result<Made, ForgeError> {
    let route = case.route();
    let author = PROVIDERS.get(case.author).ok_or(ForgeError::Message("it has no author"))?;
    let at = case.letter.accepted_at(route) + case.what.seconds_later();
    let work = Work { case, route, author, signer: &signer, at, keys };
    let (octets, description) = match case.what {
        What::Envelope => work.envelope()?,
        What::Anomaly(stray) => work.anomaly(stray)?,
        _ => work.receipt()?,
    };
    Ok(Made { case, octets, description, signer, at })
}

/// One case and all that making it needs.
struct Work<'a> {
    case: Case,
    route: Route,
    author: &'static Provider,
    signer: &'a Signer,
    at: i64,
    keys: &'a Keys,
}

impl Work<'_> {
    fn envelope(&self) -> Result<(Vec<u8>, Description), ForgeError> {
        let letter = &self.case.letter;
        let original = submitted(letter, self.route, self.keys)?;
        let octets = wrapped(letter, self.route, &original.octets, self.author, self.signer, self.at);
        let attached = rewritten_original(&original.octets, &letter.identifier(self.route));
        let description = self.subject(&letter.certified(self.route)).envelope(letter, self.route, &attached);
        Ok((octets, description))
    }

    fn receipt(&self) -> Result<(Vec<u8>, Description), ForgeError> {
        let certified = self.case.letter.certified(self.route);
        let (sender, receiver) = (PROVIDERS.get(self.route.sender), PROVIDERS.get(self.route.receiver));
        let (sender, receiver) = sender.zip(receiver).ok_or(ForgeError::Message("it has no route"))?;
        let to = match self.case.what {
            What::TakeCharge | What::VirusDetection => sender.service_mailbox(),
            _ => certified.sender.clone(),
        };
        let recipient = self.recipient(&certified);
        let taken = local(&certified, receiver);
        let original = self.delivered()?;
        let coded = |code: &str, cause: &str| format!("{code} - {} - {cause}", receiver.name);
        let (found, undelivered);
        let kind = match self.case.what {
            What::Refusal(why) => Kind::NonAcceptance { why },
            What::VirusRefusal => Kind::NonAcceptanceVirus { why: FOUND },
            What::TakeCharge => Kind::TakeCharge { recipients: &taken },
            What::Delivery(_) => Kind::Delivery {
                recipient: &recipient,
                form: certified.form,
                original: original.as_ref().map(|original| original.octets.as_slice()),
            },
            What::NonDelivery(error, code, cause) => {
                undelivered = coded(code, cause);
                Kind::NonDelivery { recipient: &recipient, error, why: &undelivered }
            }
            What::FirstNotice => Kind::Timeout { recipient: &recipient, second: false },
            What::SecondNotice => Kind::Timeout { recipient: &recipient, second: true },
            What::VirusDetection | What::VirusNonDelivery => {
                found = coded("5.5.1", &format!("virus: {FOUND}"));
                let (recipient, why) = (recipient.as_str(), found.as_str());
                match self.case.what {
                    What::VirusDetection => Kind::VirusDetection { recipient, why },
                    _ => Kind::NonDeliveryVirus { recipient, why },
                }
            }
            What::Acceptance | What::Envelope | What::Anomaly(_) => Kind::Acceptance,
        };
        let octets = receipt(kind, &certified, &self.author.identity(), &to, self.signer, self.at * 1_000_000);
        let description = self.subject(&certified).receipt(self.case.what, kind, &to, original.as_ref());
        Ok((octets, description))
    }

    fn anomaly(&self, stray: Stray) -> Result<(Vec<u8>, Description), ForgeError> {
        let arrived = self.arrived(stray)?;
        let recipients = [self.route.fill("bruno@{r}")];
        let Arrived { octets, sender, why, .. } = &arrived;
        let identity = self.author.identity();
        let at = self.at * 1_000_000;
        let message = anomaly(octets, sender, &recipients, why, &identity, self.signer, at);
        let certified = Certified { sender: sender.clone(), subject: arrived.subject.clone(), ..Certified::default() };
        let description = self.subject(&certified).anomaly(&recipients, why, octets);
        Ok((message, description))
    }

    fn subject<'a>(&'a self, certified: &'a Certified) -> Subject<'a> {
        Subject { certified, author: self.author, at: self.at }
    }

    /// The recipient that a receipt or notice is about.
    fn recipient(&self, certified: &Certified) -> String {
        let place = if let What::Delivery(place) = self.case.what { place } else { 0 };
        certified.recipients.get(place).map(|recipient| recipient.address.clone()).unwrap_or_default()
    }

    /// What a delivery receipt encloses: for a recipient in To the original, whole or brief; for one in Cc nothing.
    //= PEC-3.3.2.1-02
    //= PEC-3.3.2.2-02
    fn delivered(&self) -> Result<Option<Original>, ForgeError> {
        let What::Delivery(place) = self.case.what else { return Ok(None) };
        let letter = &self.case.letter;
        if place >= letter.to.len() || letter.form() == Form::Concise {
            return Ok(None);
        }
        let Original { octets, named } = submitted(letter, self.route, self.keys)?;
        let octets = rewritten_original(&octets, &letter.identifier(self.route));
        let octets = if letter.form() == Form::Brief { brief(&octets) } else { octets };
        Ok(Some(Original { octets, named }))
    }

    fn arrived(&self, stray: Stray) -> Result<Arrived, ForgeError> {
        let letter = Letter { id: self.case.id, ..LETTER };
        let sender = letter.sender(self.route);
        let subject = format!("POSTA CERTIFICATA: {}", letter.subject);
        let certified = |octets, why| Arrived { octets, sender: sender.clone(), subject: subject.clone(), why };
        let sent = |author: &Provider, signer: &Signer| -> Result<Vec<u8>, ForgeError> {
            let original = submitted(&letter, self.route, self.keys)?;
            Ok(wrapped(&letter, self.route, &original.octets, author, signer, self.at - 9))
        };
        let place = self.route.sender;
        let from = PROVIDERS.get(place).ok_or(ForgeError::Message("it has no sender"))?;
        Ok(match stray {
            Stray::Ordinary => self.outsiders(false)?,
            Stray::SignedMail => self.outsiders(true)?,
            Stray::Altered => {
                let mut opened = open(&sent(from, &self.keys.provider(place)?)?)?;
                opened.texts_mut().into_iter().for_each(|text| text.set_text("Testo cambiato.\r\n"));
                certified(opened.to_bytes(), "la firma non corrisponde al contenuto del messaggio")
            }
            Stray::Unlisted => certified(
                sent(from, &self.keys.unlisted()?)?,
                "il certificato di firma non è presente nell'indice dei gestori",
            ),
            Stray::WithoutData => {
                let signer = self.keys.provider(place)?;
                let mut opened = open(&sent(from, &signer)?)?;
                without_data(&mut opened);
                certified(reseal(&opened, &signer, self.at - 9), "mancano i dati di certificazione (daticert.xml)")
            }
        })
    }

    /// Mail from a sender who has no certified address, as a relay hands it over.
    fn outsiders(&self, signed: bool) -> Result<Arrived, ForgeError> {
        let (sender, subject) = ("nadia@esterno.example", "Sollecito di pagamento: è l'ultimo");
        let to = self.route.fill("bruno@{r}");
        let date = Moment::at(self.at - 9).date;
        let header = format!(
            "Return-Path: <{sender}>\r\nReceived: from mx.esterno.example by mx.{} with ESMTP;\r\n {date}\r\n\
             From: Nadia Neri <{sender}>\r\nTo: {to}\r\nCc: terzi@altrove.example\r\nSubject: {}\r\nDate: {date}\r\n\
             Message-ID: <sollecito.{}@esterno.example>\r\n",
            self.author.domain,
            encode_words(subject),
            self.author.short
        );
        let text = "Content-Type: text/plain; charset=us-ascii\r\n\r\nSi sollecita il pagamento.\r\n";
        let (fields, body) = if signed {
            signed_content(text.as_bytes(), &self.keys.user()?, self.at - 20, Style::default())
        } else {
            ("MIME-Version: 1.0\r\n".to_owned(), Vec::new())
        };
        let rest = if signed { [b"\r\n".to_vec(), body].concat() } else { text.as_bytes().to_vec() };
        let octets = [header.as_bytes(), fields.as_bytes(), &rest].concat();
        let why = "il messaggio non proviene dal circuito della posta certificata";
        Ok(Arrived { octets, sender: sender.to_owned(), subject: subject.to_owned(), why })
    }
}

impl What {
    /// How long after the acceptance of the letter this is written.
    //= PEC-3.1.6-01
    //= PEC-3.1.6-03
    fn seconds_later(self) -> i64 {
        match self {
            Self::Acceptance | Self::Refusal(_) | Self::VirusRefusal | Self::Envelope => 0,
            Self::TakeCharge => 3,
            Self::VirusDetection => 4,
            Self::Delivery(place) => 6 + i64::try_from(place).unwrap_or(0),
            Self::NonDelivery(..) => 7,
            Self::VirusNonDelivery | Self::Anomaly(_) => 9,
            Self::FirstNotice => 12 * 3_600 + 241,
            Self::SecondNotice => 23 * 3_600 + 127,
        }
    }
}

/// A letter as its user submits it; what it forwards is an envelope that came the other way.
fn submitted(letter: &Letter, route: Route, keys: &Keys) -> Result<Original, ForgeError> {
    let mut forwarded = Vec::new();
    if letter.content == Content::Forwarded {
        let back = Route { sender: route.receiver, receiver: route.sender };
        let earlier = Letter { id: "earlier", ..LETTER };
        let author = PROVIDERS.get(back.sender).ok_or(ForgeError::Message("it has no author"))?;
        let original = earlier.submitted(back, &keys.user()?, b"");
        let (signer, at) = (keys.provider(back.sender)?, earlier.accepted_at(back));
        forwarded = wrapped(&earlier, back, &original.octets, author, &signer, at);
    }
    Ok(letter.submitted(route, &keys.user()?, &forwarded))
}

fn wrapped(letter: &Letter, route: Route, original: &[u8], author: &Provider, signer: &Signer, at: i64) -> Vec<u8> {
    let attached = rewritten_original(original, &letter.identifier(route));
    envelope(&attached, &letter.certified(route), &author.identity(), signer, at * 1_000_000)
}

fn local(certified: &Certified, provider: &Provider) -> Vec<String> {
    let domain = format!("@{}", provider.domain);
    let addresses = certified.recipients.iter().map(|recipient| recipient.address.clone());
    addresses.filter(|address| address.ends_with(&domain)).collect()
}

fn without_data(opened: &mut Opened) {
    let Some(content) = opened.content_mut() else { return };
    let parts: Vec<Entity> = content.parts().filter(|part| part.content_type() != "application/xml").cloned().collect();
    *content = multipart("mixed", &parts);
}
