//! IMAP (RFC 3501) as a strict client speaks it, as much of it as it takes to empty a mailbox.

use std::io;

use collaudo_scenario::Visit;

use super::{
    dialogue::{Dialogue, wrong},
    visit::answered,
};

/// Logs in, gives every message whole, in the order of their UIDs, and deletes them where the visit says so.
pub(super) async fn fetch_all(
    dialogue: Dialogue,
    visit: &Visit,
    entered: impl FnOnce(bool),
    mut fetched: impl FnMut(&[u8]),
) -> io::Result<()> {
    let mut client = Client { dialogue, tags: 0 };
    client.greeting().await?;
    let login = format!("LOGIN {} {}", quoted(&visit.account)?, quoted(&visit.password)?);
    answered(client.ask(&login).await, entered)?;
    let selected = client.ask("SELECT INBOX").await?;
    if exists(&selected)? > 0 {
        for uid in uids(client.ask("UID FETCH 1:* (UID)").await?)? {
            fetched(&body(client.ask(&format!("UID FETCH {uid} BODY.PEEK[]")).await?, uid)?);
            if visit.deletes {
                client.ask(&format!("UID STORE {uid} +FLAGS.SILENT (\\Deleted)")).await?;
            }
        }
        if visit.deletes {
            client.ask("EXPUNGE").await?;
        }
    }
    client.ask("LOGOUT").await?;
    client.dialogue.close().await
}

/// Logs in and deletes all that is there.
pub(super) async fn empty(dialogue: Dialogue, account: &str, password: &str) -> io::Result<()> {
    let mut client = Client { dialogue, tags: 0 };
    client.enter(account, password).await?;
    if exists(&client.ask("SELECT INBOX").await?)? > 0 {
        client.ask("STORE 1:* +FLAGS.SILENT (\\Deleted)").await?;
        client.ask("EXPUNGE").await?;
    }
    client.ask("LOGOUT").await?;
    client.dialogue.close().await
}

/// A mailbox that is looked into again and again, over one connection.
pub(super) struct Reader(Client);

impl Reader {
    /// Logs in.
    pub(super) async fn enter(dialogue: Dialogue, account: &str, password: &str) -> io::Result<Self> {
        let mut client = Client { dialogue, tags: 0 };
        client.enter(account, password).await?;
        Ok(Self(client))
    }

    /// The UID behind that of the last message.
    pub(super) async fn end(&mut self) -> io::Result<u32> {
        let client = &mut self.0;
        if exists(&client.ask("SELECT INBOX").await?)? == 0 {
            return Ok(1);
        }
        let last = uids(client.ask("UID FETCH * (UID)").await?)?.pop();
        Ok(last.map_or(1, |last| last.saturating_add(1)))
    }

    /// Gives every message from the `next` UID on, which moves behind the last one.
    pub(super) async fn look(&mut self, next: &mut u32, mut found: impl FnMut(Vec<u8>)) -> io::Result<()> {
        let client = &mut self.0;
        if exists(&client.ask("SELECT INBOX").await?)? == 0 {
            return Ok(());
        }
        // A range whose end is a star holds the last message, however low its UID.
        for uid in uids(client.ask(&format!("UID FETCH {next}:* (UID)")).await?)? {
            if uid >= *next {
                found(body(client.ask(&format!("UID FETCH {uid} BODY.PEEK[]")).await?, uid)?);
                *next = uid.saturating_add(1);
            }
        }
        Ok(())
    }
}

struct Client {
    dialogue: Dialogue,
    tags: u32,
}

/// A response: its text, cut where a literal stands, and the literals.
struct Response(Vec<Piece>);

enum Piece {
    Text(String),
    Literal(Vec<u8>),
}

impl Client {
    async fn enter(&mut self, account: &str, password: &str) -> io::Result<()> {
        self.greeting().await?;
        self.ask(&format!("LOGIN {} {}", quoted(account)?, quoted(password)?)).await.map(drop)
    }

    async fn greeting(&mut self) -> io::Result<()> {
        let response = self.response().await?;
        match response.first_text() {
            text if begins(text, "* OK ") => Ok(()),
            text => Err(refused("the connection", text)),
        }
    }

    /// Says a command, gives the untagged responses up to its completion, which has to be `OK`.
    async fn ask(&mut self, command: &str) -> io::Result<Vec<Response>> {
        self.tags += 1;
        let tag = format!("a{} ", self.tags);
        self.dialogue.say(format!("{tag}{command}\r\n").as_bytes()).await?;
        let name = command.split(' ').next().unwrap_or_default();
        let mut untagged = Vec::new();
        loop {
            let response = self.response().await?;
            let text = response.first_text();
            if text.starts_with("* ") {
                untagged.push(response);
            } else if let Some(status) = text.strip_prefix(&tag) {
                return if begins(status, "OK ") { Ok(untagged) } else { Err(refused(name, status)) };
            } else {
                return Err(wrong(format!("{name} was answered with \"{text}\"; expected * or {tag}")));
            }
        }
    }

    async fn response(&mut self) -> io::Result<Response> {
        let mut pieces = Vec::new();
        loop {
            let line = self.dialogue.text_line().await?;
            // A human text may end with what looks like a literal: only data has any.
            let literal = if pieces.is_empty() && is_status(&line) { None } else { literal_octets(&line) };
            let Some((text, octets)) = literal else {
                pieces.push(Piece::Text(line));
                return Ok(Response(pieces));
            };
            pieces.push(Piece::Text(text.to_owned()));
            pieces.push(Piece::Literal(self.dialogue.exactly(octets).await?));
        }
    }
}

impl Response {
    fn first_text(&self) -> &str {
        match self.0.first() {
            Some(Piece::Text(text)) => text,
            _ => "",
        }
    }

    /// The items of a `FETCH` response, name and value in turn; none of another response.
    fn fetched(self) -> io::Result<Vec<(String, Value)>> {
        let mut words = self.first_text().splitn(4, ' ').skip(2);
        if !words.next().is_some_and(|kind| kind.eq_ignore_ascii_case("FETCH")) {
            return Ok(Vec::new());
        }
        let mut first = Some(words.next().unwrap_or_default().to_owned());
        let mut tokens = Vec::new();
        for piece in self.0 {
            match piece {
                Piece::Text(text) => tokenize(&first.take().unwrap_or(text), &mut tokens)?,
                Piece::Literal(octets) => tokens.push(Token::Octets(octets)),
            }
        }
        items(tokens)
    }
}

enum Token {
    Open,
    Close,
    Atom(String),
    Octets(Vec<u8>),
}

enum Value {
    Atom(String),
    Octets(Vec<u8>),
    List,
}

fn tokenize(text: &str, tokens: &mut Vec<Token>) -> io::Result<()> {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (token, behind) = match c {
            ' ' => (None, rest.get(1..)),
            '(' => (Some(Token::Open), rest.get(1..)),
            ')' => (Some(Token::Close), rest.get(1..)),
            '"' => {
                let (octets, behind) = unquoted(rest)?;
                (Some(Token::Octets(octets)), Some(behind))
            }
            _ => {
                let end = atom_end(rest);
                (Some(Token::Atom(rest.get(..end).unwrap_or_default().to_owned())), rest.get(end..))
            }
        };
        tokens.extend(token);
        rest = behind.unwrap_or_default();
    }
    Ok(())
}

/// An atom ends at a space or parenthesis, unless that stands between its brackets: `BODY[HEADER.FIELDS (TO)]`.
fn atom_end(text: &str) -> usize {
    let mut bracketed = false;
    for (at, c) in text.char_indices() {
        match c {
            '[' => bracketed = true,
            ']' => bracketed = false,
            ' ' | '(' | ')' | '"' if !bracketed => return at,
            _ => {}
        }
    }
    text.len()
}

/// A quoted string at the beginning of a text, and what stands behind it.
fn unquoted(text: &str) -> io::Result<(Vec<u8>, &str)> {
    let (mut string, mut escaped) = (String::new(), false);
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => {
                string.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => return Ok((string.into_bytes(), text.get(at + 1..).unwrap_or_default())),
            _ => string.push(c),
        }
    }
    Err(wrong("a quoted string without end"))
}

/// Name and value in turn, between the outermost parentheses; what a nested list holds is of no use here.
fn items(tokens: Vec<Token>) -> io::Result<Vec<(String, Value)>> {
    let (mut items, mut name, mut depth) = (Vec::new(), None, 0_u32);
    for token in tokens {
        let value = match (token, depth) {
            (Token::Open, 0) => None,
            (Token::Open, 1) => Some(Value::List),
            (Token::Atom(atom), 1) => Some(Value::Atom(atom)),
            (Token::Octets(octets), 1) => Some(Value::Octets(octets)),
            (Token::Close, 0) | (Token::Atom(_) | Token::Octets(_), 0) => {
                return Err(wrong("FETCH data without a list"));
            }
            (Token::Open, _) => {
                depth += 1;
                continue;
            }
            (Token::Close, _) => {
                depth -= 1;
                continue;
            }
            (Token::Atom(_) | Token::Octets(_), _) => continue,
        };
        depth += u32::from(matches!(value, None | Some(Value::List)));
        match (value, name.take()) {
            (None, _) => {}
            (Some(Value::Atom(atom)), None) => name = Some(atom.to_ascii_uppercase()),
            (Some(_), None) => return Err(wrong("FETCH data with a value that has no name")),
            (Some(value), Some(name)) => items.push((name, value)),
        }
    }
    if depth > 0 || name.is_some() { Err(wrong("FETCH data that ends too early")) } else { Ok(items) }
}

/// How many messages a mailbox has, by the responses to `SELECT`.
fn exists(responses: &[Response]) -> io::Result<u32> {
    let count = |response: &Response| {
        let mut words = response.first_text().split(' ').skip(1);
        let count = words.next()?.parse().ok()?;
        words.next()?.eq_ignore_ascii_case("EXISTS").then_some(count)
    };
    responses.iter().filter_map(count).next_back().ok_or_else(|| wrong("SELECT was answered without EXISTS"))
}

/// The UIDs that the responses name, in order.
fn uids(responses: Vec<Response>) -> io::Result<Vec<u32>> {
    let mut uids = Vec::new();
    for response in responses {
        uids.extend(uid(&response.fetched()?));
    }
    uids.sort_unstable();
    uids.dedup();
    Ok(uids)
}

/// The one message that the responses hold, which has to be the one of that UID.
fn body(responses: Vec<Response>, wanted: u32) -> io::Result<Vec<u8>> {
    let mut bodies = Vec::new();
    for response in responses {
        let items = response.fetched()?;
        let own = uid(&items) == Some(wanted);
        bodies.extend(items.into_iter().filter_map(|(name, value)| match value {
            Value::Octets(octets) if name == "BODY[]" && own => Some(octets),
            _ => None,
        }));
    }
    match (bodies.pop(), bodies.is_empty()) {
        (Some(body), true) => Ok(body),
        _ => Err(wrong(format!("UID FETCH {wanted} gave no BODY[] of that UID, or more than one"))),
    }
}

fn uid(items: &[(String, Value)]) -> Option<u32> {
    items.iter().find_map(|(name, value)| match value {
        Value::Atom(uid) if name == "UID" => uid.parse().ok(),
        _ => None,
    })
}

fn is_status(line: &str) -> bool {
    let word = line.split(' ').nth(1).unwrap_or_default();
    ["OK", "NO", "BAD", "BYE", "PREAUTH"].iter().any(|status| word.eq_ignore_ascii_case(status))
}

/// A line without the announcement of a literal at its end, and the literal's octets.
fn literal_octets(line: &str) -> Option<(&str, usize)> {
    let (text, octets) = line.strip_suffix('}')?.rsplit_once('{')?;
    octets.bytes().all(|b| b.is_ascii_digit()).then(|| octets.parse().ok().map(|octets| (text, octets)))?
}

fn begins(text: &str, word: &str) -> bool {
    text.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word))
}

fn quoted(text: &str) -> io::Result<String> {
    if !text.bytes().all(|b| b.is_ascii_graphic() || b == b' ') {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "a name or password that cannot be quoted"));
    }
    Ok(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}

fn refused(asked: &str, text: &str) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, format!("{asked} was refused: {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(pieces: &[(&str, Option<&str>)]) -> Response {
        let mut read = Vec::new();
        for (text, literal) in pieces {
            read.push(Piece::Text((*text).to_owned()));
            read.extend(literal.map(|octets| Piece::Literal(octets.as_bytes().to_vec())));
        }
        Response(read)
    }

    #[test]
    fn a_message_is_the_literal_of_its_uid_whatever_stands_around_it() {
        let responses = || {
            vec![
                response(&[("* 5 EXISTS", None)]),
                response(&[("* 1 FETCH (FLAGS (\\Seen $x) UID 9)", None)]),
                response(&[
                    ("* 2 FETCH (BODY[HEADER.FIELDS (TO)] ", Some("no)")),
                    (" UID 7 BODY[] ", Some("a) \"b\r\n")),
                    (")", None),
                ]),
            ]
        };
        assert_eq!(body(responses(), 7).expect("it is there"), b"a) \"b\r\n");
        assert_eq!(uids(responses()).expect("they are there"), [7, 9]);
        assert!(body(responses(), 9).is_err(), "UID 9 came without a body");
    }

    #[test]
    fn a_message_may_come_quoted() {
        let responses = vec![response(&[("* 1 fetch (uid 3 body[] \"say \\\"ciao\\\"\")", None)])];
        assert_eq!(body(responses, 3).expect("it is there"), b"say \"ciao\"");
    }

    #[test]
    fn broken_fetch_data_is_an_error() {
        for text in ["(UID 1 BODY[] \"x)", "(UID 1", "UID 1)", "(UID)", "(\"UID\" 1)", "((1) UID 1)"] {
            let broken = response(&[(&format!("* 1 FETCH {text}"), None)]);
            assert!(broken.fetched().is_err(), "{text}");
        }
    }

    #[test]
    fn only_data_has_literals() {
        assert!(is_status("a1 OK done {3}"));
        assert!(!is_status("* 1 FETCH (BODY[] {3}"));
        assert_eq!(literal_octets("* 1 FETCH (BODY[] {3}"), Some(("* 1 FETCH (BODY[] ", 3)));
        assert_eq!(literal_octets("* 1 FETCH (BODY[] {3+}"), None);
        assert_eq!(literal_octets("{}"), None);
    }

    #[test]
    fn a_password_is_quoted_as_it_is() {
        assert_eq!(quoted("a \"b\\").expect("it can be"), "\"a \\\"b\\\\\"");
        assert!(quoted("a\r\nb").is_err());
    }
}
