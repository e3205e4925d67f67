use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use collaudo_record::{BodyHash, Instant};
use collaudo_scenario::ProviderPlan;
use collaudo_world::{Lab, LabError};
use hyper::http::request::Parts;

use crate::{
    Ready,
    story::{Message, Story},
};

/// What requests share.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) lab: Lab,
    pub(crate) providers: Vec<ProviderPlan>,
    pub(crate) ready: Ready,
    /// Messages that were read once.
    read: Mutex<BTreeMap<BodyHash, Arc<Message>>>,
    injected: AtomicU64,
}

/// A request.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) head: Parts,
    pub(crate) body: Bytes,
}

impl App {
    pub(crate) fn new(lab: Lab, providers: Vec<ProviderPlan>, ready: Ready) -> Self {
        Self { lab, providers, ready, read: Mutex::default(), injected: AtomicU64::new(0) }
    }

    /// All that crossed since the last reset.
    pub(crate) fn story(&self) -> Result<Story, LabError> {
        let events = self.lab.events(0)?;
        let mut failed = None;
        let story = Story::of(&events, |hash| {
            self.message(hash).unwrap_or_else(|error| {
                failed = Some(error);
                None
            })
        });
        failed.map_or(Ok(story), Err)
    }

    fn message(&self, hash: &BodyHash) -> Result<Option<Arc<Message>>, LabError> {
        if let Some(read) = self.cache().get(hash) {
            return Ok(Some(read.clone()));
        }
        let Some(octets) = self.lab.body(hash)? else { return Ok(None) };
        let read = Arc::new(Message::read(&octets));
        self.cache().insert(hash.clone(), read.clone());
        Ok(Some(read))
    }

    /// Begins anew; what was read goes, too.
    pub(crate) fn reset(&self) -> Result<(), LabError> {
        self.lab.reset()?;
        self.cache().clear();
        Ok(())
    }

    /// A name for the next message that comes over the API.
    pub(crate) fn next_id(&self) -> String {
        format!("api-{}", self.injected.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, BTreeMap<BodyHash, Arc<Message>>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Call {
    pub(crate) fn new(head: Parts, body: Bytes) -> Self {
        Self { head, body }
    }

    /// A header field; empty where it is not there.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub(crate) fn path(&self) -> &str {
        self.head.uri.path()
    }

    /// A parameter of the query.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        parameter(self.head.uri.query()?, name)
    }

    /// A field of a form.
    pub(crate) fn form(&self, name: &str) -> Option<String> {
        parameter(std::str::from_utf8(&self.body).ok()?, name)
    }
}

fn parameter(pairs: &str, name: &str) -> Option<String> {
    let pair = pairs.split('&').filter_map(|pair| pair.split_once('=')).find(|(found, _)| *found == name);
    pair.map(|(_, value)| unescaped(value))
}

/// `%40` and `+` as forms and queries write them.
fn unescaped(text: &str) -> String {
    let mut octets = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        let escaped = behind.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        rest = match (first, escaped) {
            (b'%', Some(octet)) => {
                octets.push(octet);
                behind.get(2..).unwrap_or_default()
            }
            (b'+', _) => {
                octets.push(b' ');
                behind
            }
            _ => {
                octets.push(*first);
                behind
            }
        };
    }
    String::from_utf8_lossy(&octets).into_owned()
}

/// For programs: RFC 3339, in UTC.
pub(crate) fn rfc3339(at: Instant) -> String {
    jiff::Timestamp::from_microsecond(at.0).map(|at| at.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_found_and_unescaped() {
        assert_eq!(parameter("a=1&mailbox=anna%40alfa.test&b=x+y", "mailbox").as_deref(), Some("anna@alfa.test"));
        assert_eq!(parameter("a=1&b=x+y%", "b").as_deref(), Some("x y%"));
        assert_eq!(parameter("a=1", "b"), None);
    }
}
