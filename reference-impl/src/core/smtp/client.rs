use std::collections::VecDeque;

use collaudo_node::Bytes;

use super::{
    inflow::{Inflow, Line},
    outflow::Outflow,
};

/// Octets of a line of a reply.
const REPLY_LIMIT: usize = 2048;
/// Lines of a reply.
const LINES_LIMIT: usize = 100;

/// A message to hand over, with its SMTP envelope.
#[derive(Clone, Debug)]
pub(crate) struct Parcel {
    /// The reverse path.
    pub(crate) reverse: String,
    /// The forward paths.
    pub(crate) recipients: Vec<String>,
    /// The message, every line ended by CRLF.
    pub(crate) body: Bytes,
}

/// What became of one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The other host has it.
    Sent,
    /// Not now.
    Later,
    /// Never: the enhanced status code, else the reply code, and what was said.
    Refused { code: String, text: String },
}

/// What a client wants done; what it has to say lies in [`Client::said`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Move {
    /// Nothing, until more comes in.
    Wait,
    /// Begin TLS, then [`Client::secured`].
    StartTls,
    /// The next parcel by [`Client::hand`], or [`Client::quit`].
    Ready,
    /// A parcel is done: a verdict for each of its recipients.
    Done(Vec<(String, Verdict)>),
    /// The session leads nowhere: close it.
    Broken,
}

/// The client's side of an SMTP connection.
#[derive(Debug)]
pub(crate) struct Client {
    host: String,
    must_secure: bool,
    secure: bool,
    offers: Offers,
    stage: Stage,
    inflow: Inflow,
    reply: Vec<String>,
    said: Vec<Bytes>,
}

/// What the other host's EHLO reply announced.
#[derive(Clone, Copy, Debug, Default)]
struct Offers {
    starttls: bool,
    pipelining: bool,
    eight_bit: bool,
    size: bool,
}

#[derive(Debug)]
enum Stage {
    Greeting,
    Hello,
    StartTls,
    Handshake,
    Ready,
    /// MAIL and RCPT: commands not yet said, replies that came.
    Paths {
        parcel: Parcel,
        unsaid: VecDeque<String>,
        replies: Vec<Reply>,
    },
    /// DATA was said, for these verdicts.
    Data {
        body: Bytes,
        verdicts: Vec<(String, Verdict)>,
    },
    /// The message is on its way, or all said.
    Body {
        outflow: Outflow,
        verdicts: Vec<(String, Verdict)>,
    },
    /// RSET was said.
    Reset(Vec<(String, Verdict)>),
    Quit,
}

#[derive(Clone, Debug)]
struct Reply {
    code: u16,
    lines: Vec<String>,
}

impl Client {
    /// A session on a connection that has just come to stand.
    pub(crate) fn new(host: &str, must_secure: bool) -> Self {
        Self {
            host: host.to_owned(),
            must_secure,
            secure: false,
            offers: Offers::default(),
            stage: Stage::Greeting,
            inflow: Inflow::default(),
            reply: Vec::new(),
            said: Vec::new(),
        }
    }

    /// Takes what there is to be sent.
    pub(crate) fn said(&mut self) -> Vec<Bytes> {
        std::mem::take(&mut self.said)
    }

    /// Takes octets that arrived.
    pub(crate) fn push(&mut self, bytes: Bytes) {
        // What came in the clear is never read under TLS.
        if !matches!(self.stage, Stage::Handshake) {
            self.inflow.push(bytes);
        }
    }

    /// The handshake is done: all that was announced before is forgotten (RFC 3207 §4.2).
    pub(crate) fn secured(&mut self) {
        self.secure = true;
        self.inflow.clear();
        self.hello();
    }

    /// All that was said has been taken: goes on with a message on its way.
    pub(crate) fn drained(&mut self) {
        if let Stage::Body { outflow, .. } = &mut self.stage {
            self.said.extend(outflow.lot());
        }
    }

    /// Whether the other host is to say what became of a whole message.
    pub(crate) fn awaits_final_reply(&self) -> bool {
        matches!(self.stage, Stage::Body { .. })
    }

    /// Answers [`Move::Ready`] with a parcel; gives verdicts at once where it cannot be handed over as it is.
    pub(crate) fn hand(&mut self, parcel: Parcel) -> Option<Vec<(String, Verdict)>> {
        let eight_bit = !parcel.body.is_ascii();
        if eight_bit && !self.offers.eight_bit {
            // To re-encode the message would break its signature.
            let text = "il sistema di destinazione non accetta messaggi a 8 bit";
            let refused = Verdict::Refused { code: "5.6.3".to_owned(), text: text.to_owned() };
            return Some(parcel.recipients.into_iter().map(|recipient| (recipient, refused.clone())).collect());
        }
        let size = if self.offers.size { format!(" SIZE={}", parcel.body.len()) } else { String::new() };
        let body = if eight_bit { " BODY=8BITMIME" } else { "" };
        let mut unsaid = VecDeque::from([format!("MAIL FROM:<{}>{size}{body}", parcel.reverse)]);
        unsaid.extend(parcel.recipients.iter().map(|recipient| format!("RCPT TO:<{recipient}>")));
        match self.offers.pipelining {
            true => {
                unsaid.push_back("DATA".to_owned());
                let all: Vec<String> = unsaid.drain(..).collect();
                self.say(&all.join("\r\n"));
            }
            false => unsaid.pop_front().iter().for_each(|mail| self.say(mail)),
        }
        self.stage = Stage::Paths { parcel, unsaid, replies: Vec::new() };
        None
    }

    /// Answers [`Move::Ready`] with farewell.
    pub(crate) fn quit(&mut self) {
        self.say("QUIT");
        self.stage = Stage::Quit;
    }

    /// Reads on in what came in, up to the next move.
    pub(crate) fn step(&mut self) -> Move {
        loop {
            // A word before the final dot is heard behind it: the other host still takes all for the message.
            if matches!(&self.stage, Stage::Body { outflow, .. } if !outflow.is_done()) {
                return Move::Wait;
            }
            let reply = match self.read() {
                Ok(Some(reply)) => reply,
                Ok(None) => return Move::Wait,
                Err(()) => return Move::Broken,
            };
            if reply.code == 421 {
                return Move::Broken;
            }
            if let Some(moved) = self.heard(reply) {
                return moved;
            }
        }
    }

    fn heard(&mut self, reply: Reply) -> Option<Move> {
        match std::mem::replace(&mut self.stage, Stage::Quit) {
            Stage::Greeting if reply.code == 220 => {
                self.hello();
                None
            }
            Stage::Hello if reply.code == 250 => Some(self.announced(&reply)),
            Stage::StartTls if reply.code == 220 => {
                self.inflow.clear();
                self.stage = Stage::Handshake;
                Some(Move::StartTls)
            }
            Stage::Paths { parcel, unsaid, mut replies } => {
                replies.push(reply);
                self.paths(parcel, unsaid, replies)
            }
            Stage::Data { body, verdicts } if reply.code == 354 => {
                let mut outflow = Outflow::new(body);
                self.said.extend(outflow.lot());
                self.stage = Stage::Body { outflow, verdicts };
                None
            }
            Stage::Data { verdicts, .. } => {
                let verdicts = refine(verdicts, &reply);
                self.reset(verdicts)
            }
            Stage::Body { verdicts, .. } => {
                self.stage = Stage::Ready;
                Some(Move::Done(refine(verdicts, &reply)))
            }
            Stage::Reset(verdicts) if reply.code == 250 => {
                self.stage = Stage::Ready;
                Some(Move::Done(verdicts))
            }
            _ => Some(Move::Broken),
        }
    }

    fn announced(&mut self, reply: &Reply) -> Move {
        self.offers = Offers::default();
        for line in reply.lines.iter().skip(1) {
            match line.split(' ').next().unwrap_or_default().to_ascii_uppercase().as_str() {
                "STARTTLS" => self.offers.starttls = true,
                "PIPELINING" => self.offers.pipelining = true,
                "8BITMIME" => self.offers.eight_bit = true,
                "SIZE" => self.offers.size = true,
                _ => {}
            }
        }
        if !self.secure && self.offers.starttls {
            self.say("STARTTLS");
            self.stage = Stage::StartTls;
            return Move::Wait;
        }
        //= PEC-5.3-03
        if !self.secure && self.must_secure {
            return Move::Broken;
        }
        self.stage = Stage::Ready;
        Move::Ready
    }

    fn paths(&mut self, parcel: Parcel, mut unsaid: VecDeque<String>, replies: Vec<Reply>) -> Option<Move> {
        let refused = replies.first().filter(|mail| !(200..300).contains(&mail.code));
        if replies.len() <= parcel.recipients.len() && (refused.is_none() || self.offers.pipelining) {
            if let Some(next) = unsaid.pop_front() {
                self.say(&next);
            }
            self.stage = Stage::Paths { parcel, unsaid, replies };
            return None;
        }
        let recipients = parcel.recipients.into_iter();
        let verdicts: Vec<_> = match refused {
            Some(mail) => recipients.map(|recipient| (recipient, mail.verdict())).collect(),
            None => recipients.zip(replies.iter().skip(1).map(Reply::verdict)).collect(),
        };
        let taken = verdicts.iter().any(|(_, verdict)| *verdict == Verdict::Sent);
        match self.offers.pipelining {
            true => {}
            false if taken => self.say("DATA"),
            false => return self.reset(verdicts),
        }
        // Who asks for the content of a message that nobody is to get, gets none (RFC 2920 §3.1).
        let body = if taken { parcel.body } else { Bytes::new() };
        self.stage = Stage::Data { body, verdicts };
        None
    }

    fn reset(&mut self, verdicts: Vec<(String, Verdict)>) -> Option<Move> {
        self.say("RSET");
        self.stage = Stage::Reset(verdicts);
        None
    }

    fn hello(&mut self) {
        let hello = format!("EHLO {}", self.host);
        self.say(&hello);
        self.stage = Stage::Hello;
    }

    fn say(&mut self, lines: &str) {
        self.said.push(format!("{lines}\r\n").into());
    }

    /// The next whole reply; an error where the other host does not speak SMTP.
    fn read(&mut self) -> Result<Option<Reply>, ()> {
        loop {
            let line = match self.inflow.line(REPLY_LIMIT) {
                Line::Whole(line) => String::from_utf8_lossy(&line).into_owned(),
                Line::Part => return Ok(None),
                Line::Bare | Line::TooLong => return Err(()),
            };
            let code = line.get(..3).and_then(|code| code.parse::<u16>().ok()).ok_or(())?;
            let (last, text) = match line.as_bytes().get(3) {
                None => (true, ""),
                Some(b' ') => (true, line.get(4..).unwrap_or_default()),
                Some(b'-') => (false, line.get(4..).unwrap_or_default()),
                Some(_) => return Err(()),
            };
            self.reply.push(text.to_owned());
            if self.reply.len() > LINES_LIMIT || !(200..600).contains(&code) {
                return Err(());
            }
            if last {
                return Ok(Some(Reply { code, lines: std::mem::take(&mut self.reply) }));
            }
        }
    }
}

impl Reply {
    fn verdict(&self) -> Verdict {
        match self.code {
            200..300 => Verdict::Sent,
            500..600 => {
                let text = self.lines.join(" ");
                let (status, rest) = text.split_once(' ').unwrap_or((text.as_str(), ""));
                if is_status(status) {
                    Verdict::Refused { code: status.to_owned(), text: rest.to_owned() }
                } else {
                    Verdict::Refused { code: self.code.to_string(), text }
                }
            }
            _ => Verdict::Later,
        }
    }
}

/// An enhanced status code of RFC 3463.
fn is_status(word: &str) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    parts.len() == 3
        && parts.iter().all(|part| (1..=3).contains(&part.len()) && part.bytes().all(|octet| octet.is_ascii_digit()))
}

/// The verdicts after a reply that holds for every recipient so far accepted.
fn refine(verdicts: Vec<(String, Verdict)>, reply: &Reply) -> Vec<(String, Verdict)> {
    let all = reply.verdict();
    let refine = |verdict| if verdict == Verdict::Sent { all.clone() } else { verdict };
    verdicts.into_iter().map(|(recipient, verdict)| (recipient, refine(verdict))).collect()
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
