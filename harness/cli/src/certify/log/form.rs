//! What a line of a log says, by the mapping of LAB.toml.

use std::collections::BTreeMap;

use collaudo_record::LogEntry;
use regex::Regex;
use serde::Deserialize;
use serde_json::Value;

use super::time::Time;

/// What the law wants in a line (RFC 6109 §2.3), by the name that LAB.toml has for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Field {
    Event,
    PecMsgid,
    Msgid,
    Sender,
    Recipients,
    Subject,
    Related,
    SendingProvider,
    At,
}

impl Field {
    const ALL: [(Self, &'static str); 9] = [
        (Self::Event, "event"),
        (Self::PecMsgid, "pec_msgid"),
        (Self::Msgid, "msgid"),
        (Self::Sender, "sender"),
        (Self::Recipients, "recipients"),
        (Self::Subject, "subject"),
        (Self::Related, "related"),
        (Self::SendingProvider, "sending_provider"),
        (Self::At, "at"),
    ];
}

/// How a line is understood.
pub(super) struct Form {
    way: Way,
    time: Time,
    separator: String,
}

enum Way {
    /// Under which key each field stands; a path has dots.
    Json(BTreeMap<Field, String>),
    Pattern(Regex),
}

impl Form {
    /// Lines that are objects.
    ///
    /// # Errors
    /// In words, what is missing.
    pub(super) fn json(fields: &BTreeMap<Field, String>, time: Time, separator: String) -> Result<Self, String> {
        enough(|field| fields.contains_key(&field), "[log.fields]")?;
        Ok(Self { way: Way::Json(fields.clone()), time, separator })
    }

    /// Lines that fit an expression whose groups are named as fields are.
    ///
    /// # Errors
    /// In words, what is wrong with it.
    pub(super) fn pattern(pattern: &str, time: Time, separator: String) -> Result<Self, String> {
        let pattern = Regex::new(pattern).map_err(|why| format!("log.pattern: {why}"))?;
        let names: Vec<_> = pattern.capture_names().flatten().collect();
        let is_field = |name: &str| Field::ALL.iter().any(|(_, field)| *field == name);
        if let Some(other) = names.iter().find(|name| !is_field(name)) {
            let all = Field::ALL.map(|(_, name)| name).join(", ");
            return Err(format!("log.pattern has a group \"{other}\"; expected some of {all}"));
        }
        enough(|field| names.contains(&name(field)), "log.pattern")?;
        Ok(Self { way: Way::Pattern(pattern), time, separator })
    }

    /// What a line says.
    ///
    /// # Errors
    /// In words, what was expected of it.
    pub(super) fn read(&self, line: &str) -> Result<LogEntry, String> {
        let found = match &self.way {
            Way::Json(keys) => {
                let object: Value = serde_json::from_str(line).map_err(|_| "a JSON object")?;
                if !object.is_object() {
                    return Err("a JSON object".into());
                }
                let found = |(field, key): (&Field, &String)| Some((*field, texts(at_path(&object, key)?)));
                keys.iter().filter_map(found).collect()
            }
            Way::Pattern(pattern) => {
                let groups = pattern.captures(line).ok_or("what log.pattern describes")?;
                let found = |(field, name): &(Field, &str)| {
                    let group = groups.name(name)?;
                    Some((*field, vec![group.as_str().to_owned()]))
                };
                Field::ALL.iter().filter_map(found).collect()
            }
        };
        self.entry(&Found(found))
    }

    fn entry(&self, found: &Found) -> Result<LogEntry, String> {
        let at = found.one(Field::At).and_then(|text| self.time.read(&text));
        let at = at.ok_or_else(|| format!("{} under {}", self.time.expected(), self.place(Field::At)))?;
        let bare = |field| found.one(field).map(|text| bare(&text)).filter(|text| !text.is_empty());
        let many = |field| found.many(field, &self.separator);
        Ok(LogEntry {
            event: found.one(Field::Event).unwrap_or_default(),
            pec_msgid: bare(Field::PecMsgid),
            msgid: found.one(Field::Msgid).filter(|text| !text.is_empty()),
            sender: bare(Field::Sender).unwrap_or_default(),
            recipients: many(Field::Recipients),
            subject: found.one(Field::Subject).unwrap_or_default(),
            related: many(Field::Related),
            sending_provider: found.one(Field::SendingProvider).unwrap_or_default(),
            at,
        })
    }

    /// Where a field stands.
    fn place(&self, field: Field) -> String {
        match &self.way {
            Way::Json(keys) => format!("\"{}\"", keys.get(&field).map(String::as_str).unwrap_or_default()),
            Way::Pattern(_) => format!("<{}>", name(field)),
        }
    }
}

/// Every line has a time and says which message it is about: without these nothing can be told of it.
fn enough(has: impl Fn(Field) -> bool, place: &str) -> Result<(), String> {
    if !has(Field::At) {
        return Err(format!("{place} has no \"at\"; expected where the time of the event stands"));
    }
    if !has(Field::PecMsgid) && !has(Field::Msgid) {
        return Err(format!("{place} has neither \"pec_msgid\" nor \"msgid\"; expected which message a line is about"));
    }
    Ok(())
}

fn name(field: Field) -> &'static str {
    Field::ALL.iter().find(|(one, _)| *one == field).map(|(_, name)| *name).unwrap_or_default()
}

/// The texts that stand for the fields of one line.
struct Found(BTreeMap<Field, Vec<String>>);

impl Found {
    /// The first, without the space around it.
    fn one(&self, field: Field) -> Option<String> {
        self.0.get(&field)?.first().map(|text| text.trim().to_owned())
    }

    /// All of them, without angle brackets; a single text is what a separator parts.
    fn many(&self, field: Field, separator: &str) -> Vec<String> {
        let texts = self.0.get(&field).map(Vec::as_slice).unwrap_or_default();
        let parts: Vec<&str> = match texts {
            [one] if separator.trim().is_empty() => one.split_whitespace().collect(),
            [one] => one.split(separator).collect(),
            several => several.iter().map(String::as_str).collect(),
        };
        parts.into_iter().map(bare).filter(|text| !text.is_empty()).collect()
    }
}

fn bare(text: &str) -> String {
    text.trim().trim_matches(['<', '>']).to_owned()
}

/// What stands under a key, or, where a key has dots and is none, under a path.
fn at_path<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    value.get(path).or_else(|| {
        let (first, rest) = path.split_once('.')?;
        at_path(value.get(first)?, rest)
    })
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::String(text) => vec![text.clone()],
        Value::Array(all) => all.iter().flat_map(texts).collect(),
        other => vec![other.to_string()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(pairs: &[(Field, &str)]) -> BTreeMap<Field, String> {
        pairs.iter().map(|(field, key)| (*field, (*key).to_owned())).collect()
    }

    fn time(text: &str) -> Time {
        text.parse().expect("a form")
    }

    fn entry() -> LogEntry {
        LogEntry {
            event: "consegna".into(),
            pec_msgid: Some("opec1@pec.test".into()),
            msgid: Some("<m1@client>".into()),
            sender: "anna@alfa.test".into(),
            recipients: vec!["bruno@beta.test".into(), "dario@beta.test".into()],
            subject: "Conto, di marzo".into(),
            related: vec!["opec2@pec.test".into()],
            sending_provider: "Alfa PEC".into(),
            at: collaudo_record::Instant(1_772_438_400_000_000),
        }
    }

    #[test]
    fn an_object_is_understood_by_its_keys_and_paths() {
        let keys = keys(&[
            (Field::Event, "type"),
            (Field::PecMsgid, "mail.id"),
            (Field::Msgid, "mail.user.id"),
            (Field::Sender, "from"),
            (Field::Recipients, "to"),
            (Field::Subject, "subject"),
            (Field::Related, "made"),
            (Field::SendingProvider, "provider"),
            (Field::At, "ts"),
        ]);
        let form = Form::json(&keys, time("seconds"), ";".into()).expect("enough");
        let rest =
            r#""from":"<anna@alfa.test>","subject":"Conto, di marzo","provider":"Alfa PEC","ts":1772438400,"else":{}"#;
        let nested = r#"{"type":"consegna","mail":{"id":"<opec1@pec.test>","user":{"id":"<m1@client>"}},
            "to":["bruno@beta.test","<dario@beta.test>"],"made":["<opec2@pec.test>"],"#;
        assert_eq!(form.read(&format!("{nested}{rest}}}")), Ok(entry()));
        let flat = r#"{"type":"consegna","mail.id":"opec1@pec.test","mail":{"user.id":"<m1@client>"},
            "to":"bruno@beta.test; dario@beta.test","made":"opec2@pec.test","#;
        assert_eq!(form.read(&format!("{flat}{rest}}}")), Ok(entry()));
        let bare = form.read(r#"{"ts":"1772438400","made":null,"to":""}"#).expect("a time is enough");
        assert_eq!((bare.event.as_str(), bare.pec_msgid, bare.recipients, bare.related), ("", None, vec![], vec![]));
        assert_eq!(form.read(r#"{"ts":true}"#), Err("seconds since 1970 under \"ts\"".into()));
        assert_eq!(form.read("[1]"), Err("a JSON object".into()));
        assert_eq!(form.read("sshd[7]: ..."), Err("a JSON object".into()));
    }

    #[test]
    fn a_line_is_understood_by_an_expression_with_named_groups() {
        let pattern = r#"^(?<at>\S+ \S+) pec: (?<event>\w+) id=(?<pec_msgid>\S*) ref=(?<msgid>\S*) from=(?<sender>\S*) to=(?<recipients>\S*) made=(?<related>\S*) by="(?<sending_provider>[^"]*)"(?: subject="(?<subject>.*)")?$"#;
        let form = Form::pattern(pattern, time("%d/%m/%Y %H:%M:%S"), ",".into()).expect("an expression");
        let line = "02/03/2026 09:00:00 pec: consegna id=opec1@pec.test ref=<m1@client> from=anna@alfa.test \
                    to=<bruno@beta.test>,<dario@beta.test> made=opec2@pec.test by=\"Alfa PEC\" subject=\"Conto, di marzo\"";
        assert_eq!(form.read(line), Ok(entry()));
        let without = line.replace(" subject=\"Conto, di marzo\"", "").replace("ref=<m1@client>", "ref=");
        let read = form.read(&without).expect("it fits");
        assert_eq!((read.subject.as_str(), read.msgid), ("", None), "what is not there is empty");
        assert_eq!(form.read("02/03/2026 09:00:00 imap: login"), Err("what log.pattern describes".into()));
        let late = line.replace("02/03", "32/03");
        assert_eq!(form.read(&late), Err("a time of the form %d/%m/%Y %H:%M:%S under <at>".into()));
    }

    #[test]
    fn a_mapping_that_says_too_little_is_refused() {
        let json = |pairs: &[(Field, &str)]| {
            Form::json(&keys(pairs), time("rfc3339"), ",".into()).err().expect("it says too little")
        };
        assert!(json(&[(Field::PecMsgid, "id")]).starts_with("[log.fields] has no \"at\""));
        assert!(json(&[(Field::At, "ts")]).starts_with("[log.fields] has neither \"pec_msgid\" nor \"msgid\""));
        let pattern =
            |text: &str| Form::pattern(text, time("rfc3339"), ",".into()).err().expect("it is no such expression");
        assert!(pattern("(?<at>").starts_with("log.pattern: "));
        let other = pattern("(?<when>.*)");
        assert!(other.starts_with("log.pattern has a group \"when\"; expected some of event, pec_msgid,"), "{other}");
        assert!(pattern("(?<at>.*)").starts_with("log.pattern has neither"));
    }
}
