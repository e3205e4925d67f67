use super::is_mailbox;

/// A command of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Ehlo,
    Helo,
    /// The reverse path, empty for the null path, and the size that the client declares.
    Mail(String, Option<usize>),
    Rcpt(String),
    Data,
    Rset,
    Noop,
    Quit,
    Vrfy,
    StartTls,
    /// The mechanism in upper case, and the initial response.
    Auth(String, Option<String>),
}

/// The reply to a line that is no command.
pub(super) type Refusal = &'static str;

const SYNTAX: Refusal = "501 5.5.4 Errore di sintassi nei parametri";
const ADDRESS: Refusal = "553 5.1.3 Indirizzo non valido";
const PARAMETER: Refusal = "555 5.5.4 Parametro non riconosciuto";

impl Command {
    /// Reads a line, its CRLF taken away.
    pub(super) fn read(line: &[u8]) -> Result<Self, Refusal> {
        let line = std::str::from_utf8(line).map_err(|_| SYNTAX)?;
        if line.contains('\0') {
            return Err(SYNTAX);
        }
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest.trim();
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" if !rest.is_empty() => Ok(Self::Ehlo),
            "HELO" if !rest.is_empty() => Ok(Self::Helo),
            "EHLO" | "HELO" => Err(SYNTAX),
            "MAIL" => mail(rest),
            "RCPT" => rcpt(rest),
            "AUTH" => auth(rest),
            "NOOP" => Ok(Self::Noop),
            "VRFY" => Ok(Self::Vrfy),
            "DATA" => bare(rest, Self::Data),
            "RSET" => bare(rest, Self::Rset),
            "QUIT" => bare(rest, Self::Quit),
            "STARTTLS" => bare(rest, Self::StartTls),
            "EXPN" | "HELP" | "TURN" | "BDAT" => Err("502 5.5.1 Comando non disponibile"),
            _ => Err("500 5.5.1 Comando sconosciuto"),
        }
    }
}

fn bare(rest: &str, command: Command) -> Result<Command, Refusal> {
    if rest.is_empty() { Ok(command) } else { Err(SYNTAX) }
}

fn mail(rest: &str) -> Result<Command, Refusal> {
    let (path, parameters) = path(rest, "FROM:")?;
    if !path.is_empty() && !is_mailbox(&path) {
        return Err(ADDRESS);
    }
    let mut size = None;
    for parameter in parameters.split_ascii_whitespace() {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match name.to_ascii_uppercase().as_str() {
            "SIZE" => size = Some(value.parse().map_err(|_| SYNTAX)?),
            "BODY" if value.eq_ignore_ascii_case("7BIT") || value.eq_ignore_ascii_case("8BITMIME") => {}
            "BODY" => return Err(SYNTAX),
            // RFC 4954 §5: who announces AUTH takes this parameter; it is believed of nobody.
            "AUTH" if !value.is_empty() => {}
            _ => return Err(PARAMETER),
        }
    }
    Ok(Command::Mail(path, size))
}

fn rcpt(rest: &str) -> Result<Command, Refusal> {
    let (path, parameters) = path(rest, "TO:")?;
    if !is_mailbox(&path) {
        return Err(ADDRESS);
    }
    if parameters.is_empty() { Ok(Command::Rcpt(path)) } else { Err(PARAMETER) }
}

/// The path between angle brackets behind `word`, and the parameters behind it.
fn path<'a>(rest: &'a str, word: &str) -> Result<(String, &'a str), Refusal> {
    let behind = rest
        .get(..word.len())
        .filter(|start| start.eq_ignore_ascii_case(word))
        .and_then(|_| rest.get(word.len()..))
        .and_then(|behind| behind.trim_start().strip_prefix('<'))
        .ok_or(SYNTAX)?;
    let end = closing(behind).ok_or(SYNTAX)?;
    let (path, parameters) = behind.split_at(end);
    let parameters = parameters.strip_prefix('>').unwrap_or(parameters);
    if !parameters.is_empty() && !parameters.starts_with(' ') {
        return Err(SYNTAX);
    }
    // RFC 5321 §4.1.1.3: a source route is taken off.
    let path = if path.starts_with('@') { path.split_once(':').ok_or(SYNTAX)?.1 } else { path };
    Ok((path.to_owned(), parameters.trim()))
}

/// Where the path ends: the first closing bracket outside a quoted local part.
fn closing(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    text.char_indices().find_map(|(at, c)| {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '>' if !quoted => return Some(at),
            _ => {}
        }
        None
    })
}

fn auth(rest: &str) -> Result<Command, Refusal> {
    let mut words = rest.split_ascii_whitespace();
    let mechanism = words.next().ok_or(SYNTAX)?.to_ascii_uppercase();
    let initial = words.next().map(str::to_owned);
    if words.next().is_some() { Err(SYNTAX) } else { Ok(Command::Auth(mechanism, initial)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_with_their_parameters() {
        let mail = Command::read(b"mail from:<anna@alfa.test> SIZE=12 BODY=8BITMIME");
        assert_eq!(mail, Ok(Command::Mail("anna@alfa.test".into(), Some(12))));
        assert_eq!(Command::read(b"MAIL FROM:<>"), Ok(Command::Mail(String::new(), None)));
        assert_eq!(Command::read(b"RCPT TO:<\"a>b\"@x>"), Ok(Command::Rcpt("\"a>b\"@x".into())));
        assert_eq!(Command::read(b"RCPT TO:<@r1,@r2:b@x>"), Ok(Command::Rcpt("b@x".into())));
    }

    #[test]
    fn what_is_no_command_is_refused() {
        for (line, code) in [
            (&b"MAIL FROM:anna@alfa.test"[..], "501"),
            (b"MAIL FROM:<anna>", "553"),
            (b"MAIL FROM:<anna@alfa.test> SMTPUTF8", "555"),
            (b"MAIL FROM:<anna@alfa.test> SIZE=x", "501"),
            (b"MAIL FROM:<anna@alfa.test> AUTH=", "555"),
            (b"RCPT TO:<>", "553"),
            (b"RCPT TO:<a@x> NOTIFY=NEVER", "555"),
            (b"RCPT TO:<a@x>x", "501"),
            (b"EHLO", "501"),
            (b"DATA x", "501"),
            (b"BDAT 1", "502"),
            (b"NO\xffOP", "501"),
            (b"PRONTO", "500"),
        ] {
            let refusal = Command::read(line);
            assert!(refusal.as_ref().is_err_and(|text| text.starts_with(code)), "{line:?}: {refusal:?}");
        }
    }
}
