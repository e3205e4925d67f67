//! What can be asked, each with what it says of itself: the description that programs get is made of this table.

use bytes::Bytes;
use collaudo_world::LabError;
use http_body_util::Full;
use hyper::{Method, Response, StatusCode, header};
use serde_json::json;

use super::{
    api,
    app::{App, Call},
    guard, openapi, page,
};

/// A route of the API.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) method: Method,
    /// `{name}` stands for one segment.
    pub(crate) path: &'static str,
    pub(crate) id: &'static str,
    pub(crate) summary: &'static str,
    /// Parameters of the query, each with what it is.
    pub(crate) query: &'static [(&'static str, &'static str)],
    /// The schema of the request's body.
    pub(crate) takes: Option<&'static str>,
    /// The schema of the answer; none where it is no JSON.
    pub(crate) gives: Option<&'static str>,
    /// What can go wrong.
    pub(crate) faults: &'static [u16],
    act: fn(&App, &Call, &str) -> Result<Answer, Fault>,
}

/// What is given back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) kind: &'static str,
    pub(crate) octets: Vec<u8>,
}

/// What went wrong, in words.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) status: StatusCode,
    pub(crate) why: String,
}

pub(crate) const ROUTES: [Route; 8] = [
    Route {
        method: Method::GET,
        path: "/api/state",
        id: "getState",
        summary: "The lab's time, providers, special addresses and outcomes",
        query: &[],
        takes: None,
        gives: Some("State"),
        faults: &[],
        act: api::state,
    },
    Route {
        method: Method::POST,
        path: "/api/reset",
        id: "reset",
        summary: "Begin anew: mailboxes are empty, the clock is at its beginning, ports stay",
        query: &[],
        takes: None,
        gives: Some("Time"),
        faults: &[],
        act: api::reset,
    },
    Route {
        method: Method::POST,
        path: "/api/leap",
        id: "leap",
        summary: "Let time pass, so many hours or until an instant; whatever is due on the way happens at its instant",
        query: &[],
        takes: Some("Leap"),
        gives: Some("Time"),
        faults: &[400, 409],
        act: api::leap,
    },
    Route {
        method: Method::POST,
        path: "/api/leap/next",
        id: "leapToNextMessage",
        summary: "Let time pass until the next message is put in some mailbox, 48 hours at the most",
        query: &[],
        takes: None,
        gives: Some("NextMessage"),
        faults: &[409],
        act: api::leap_next,
    },
    Route {
        method: Method::GET,
        path: "/api/messages",
        id: "listMessages",
        summary: "Every message that crossed, or lies in a mailbox, each once, with where it went",
        query: &[
            ("mailbox", "Only what lies in the mailbox of this address, or of the provider's own service"),
            ("kind", "Only messages of this kind, such as avvenuta-consegna"),
        ],
        takes: None,
        gives: Some("Messages"),
        faults: &[],
        act: api::messages,
    },
    Route {
        method: Method::POST,
        path: "/api/messages",
        id: "inject",
        summary: "Submit a message as a user's program would, or send ordinary mail from outside",
        query: &[],
        takes: Some("Injection"),
        gives: Some("Injected"),
        faults: &[400, 409],
        act: api::inject,
    },
    Route {
        method: Method::GET,
        path: "/api/messages/{sha256}",
        id: "getMessage",
        summary: "A message, raw",
        query: &[],
        takes: None,
        gives: None,
        faults: &[404],
        act: api::message,
    },
    Route {
        method: Method::GET,
        path: "/api/openapi.json",
        id: "getDescription",
        summary: "This description",
        query: &[],
        takes: None,
        gives: Some("Description"),
        faults: &[],
        act: |app, _, _| Ok(Answer::json(&openapi::description(&app.ready.api))),
    },
];

/// Answers a request.
pub(crate) fn answer(app: &App, call: &Call) -> Response<Full<Bytes>> {
    if let Some(why) = guard::refuses(call) {
        return Fault { status: StatusCode::FORBIDDEN, why }.response();
    }
    if !call.path().starts_with("/api") {
        return page::answer(app, call).unwrap_or_else(Fault::response);
    }
    let found: Vec<_> = ROUTES.iter().filter_map(|route| Some((route, segment(route.path, call.path())?))).collect();
    match found.iter().find(|(route, _)| route.method == call.head.method) {
        Some((route, segment)) => (route.act)(app, call, segment).map_or_else(Fault::response, Answer::response),
        None if found.is_empty() => {
            let why = format!("{} is not there; /api/openapi.json says what is", call.path());
            Fault { status: StatusCode::NOT_FOUND, why }.response()
        }
        None => {
            let methods: Vec<_> = found.iter().map(|(route, _)| route.method.as_str()).collect();
            let why = format!("{} {}; expected {}", call.head.method, call.path(), methods.join(" or "));
            let mut refused = Fault { status: StatusCode::METHOD_NOT_ALLOWED, why }.response();
            refused.headers_mut().extend(methods.join(", ").parse().map(|methods| (header::ALLOW, methods)));
            refused
        }
    }
}

/// What stands for the `{name}` of a path, empty where it has none; none where the paths differ.
fn segment<'a>(pattern: &str, path: &'a str) -> Option<&'a str> {
    match pattern.split_once('{') {
        None => (pattern == path).then_some(""),
        Some((before, _)) => path.strip_prefix(before).filter(|rest| !rest.is_empty() && !rest.contains('/')),
    }
}

pub(crate) fn too_large() -> Response<Full<Bytes>> {
    let why = "the request is too large, or broke off".to_owned();
    Fault { status: StatusCode::PAYLOAD_TOO_LARGE, why }.response()
}

pub(crate) fn fell_over() -> Response<Full<Bytes>> {
    Fault { status: StatusCode::INTERNAL_SERVER_ERROR, why: "the lab fell over this request".into() }.response()
}

impl Answer {
    pub(crate) fn json(value: &serde_json::Value) -> Self {
        Self { kind: "application/json", octets: value.to_string().into_bytes() }
    }

    pub(crate) fn response(self) -> Response<Full<Bytes>> {
        respond(StatusCode::OK, self.kind, self.octets)
    }
}

impl Fault {
    pub(crate) fn new(status: StatusCode, why: impl Into<String>) -> Self {
        Self { status, why: why.into() }
    }

    pub(crate) fn response(self) -> Response<Full<Bytes>> {
        respond(self.status, "application/json", json!({ "error": self.why }).to_string().into_bytes())
    }
}

impl From<LabError> for Fault {
    fn from(error: LabError) -> Self {
        let status = match error {
            LabError::Refused(_) => StatusCode::CONFLICT,
            LabError::World(_) | LabError::Stopped(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, error.to_string())
    }
}

/// Nothing is kept by a browser, and nothing of a message runs in it.
fn respond(status: StatusCode, kind: &'static str, octets: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(octets.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        ),
    ] {
        headers.insert(name, header::HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_matches_its_pattern_alone() {
        assert_eq!(segment("/api/leap", "/api/leap"), Some(""));
        assert_eq!(segment("/api/leap", "/api/leap/next"), None);
        assert_eq!(segment("/api/messages/{sha256}", "/api/messages/ab12"), Some("ab12"));
        assert_eq!(segment("/api/messages/{sha256}", "/api/messages/"), None);
        assert_eq!(segment("/api/messages/{sha256}", "/api/messages/a/b"), None);
    }
}
