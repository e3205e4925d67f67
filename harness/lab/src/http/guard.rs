//! Who may ask: programs of this machine, and pages of the lab itself. A page from elsewhere in somebody's browser may not,
//! whatever name its host goes by.

use hyper::Method;

use super::app::Call;

/// Why a request is refused; none where it is not.
pub(crate) fn refuses(call: &Call) -> Option<String> {
    let host = call.field("host");
    let name = host
        .rsplit_once(':')
        .map_or(host, |(name, port)| if port.bytes().all(|octet| octet.is_ascii_digit()) { name } else { host });
    if !name.eq_ignore_ascii_case("localhost") && name != "127.0.0.1" {
        return Some(format!("the host \"{host}\" is not this lab; ask 127.0.0.1 or localhost"));
    }
    let origin = call.field("origin");
    let own = origin.strip_prefix("http://").is_some_and(|origin| origin.eq_ignore_ascii_case(host));
    if !origin.is_empty() && !own {
        return Some(format!("the origin \"{origin}\" is not this lab; its own page and programs may ask it"));
    }
    let is_api = call.path().starts_with("/api");
    if call.head.method == Method::POST && !is_api && !own {
        return Some("no Origin; forms are sent by the lab's own page, programs use /api".into());
    }
    // A form of a foreign page can send any other type without asking.
    let json = call.field("content-type").split(';').next().is_some_and(|kind| kind.trim() == "application/json");
    if call.head.method == Method::POST && is_api && !call.body.is_empty() && !json {
        return Some("Content-Type is not application/json".into());
    }
    None
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    fn refused(method: &str, path: &str, fields: &[(&str, &str)]) -> bool {
        let request = fields.iter().fold(Request::builder(), |request, (name, value)| request.header(*name, *value));
        let (head, ()) = request.method(method).uri(path).body(()).expect("a request").into_parts();
        refuses(&Call::new(head, bytes::Bytes::from_static(b"x"))).is_some()
    }

    #[test]
    fn only_this_machine_s_names_are_answered() {
        for host in ["127.0.0.1:6100", "localhost:6100", "LOCALHOST", "127.0.0.1"] {
            assert!(!refused("GET", "/", &[("host", host)]), "{host}");
        }
        for host in ["evil.example", "evil.example:6100", "127.0.0.1.evil.example", "localhost:evil.example", ""] {
            assert!(refused("GET", "/", &[("host", host)]), "{host}");
        }
        assert!(refused("GET", "/", &[]));
    }

    #[test]
    fn only_the_page_itself_posts_its_forms() {
        let host = ("host", "127.0.0.1:6100");
        assert!(!refused("POST", "/leap", &[host, ("origin", "http://127.0.0.1:6100")]));
        assert!(refused("POST", "/leap", &[host]));
        for origin in ["http://evil.example", "http://127.0.0.1:8080", "null", "https://127.0.0.1:6100"] {
            assert!(refused("POST", "/leap", &[host, ("origin", origin)]), "{origin}");
        }
    }

    #[test]
    fn the_api_takes_json_alone() {
        let host = ("host", "127.0.0.1:6100");
        assert!(!refused("POST", "/api/leap", &[host, ("content-type", "application/json; charset=utf-8")]));
        assert!(refused("POST", "/api/leap", &[host, ("content-type", "text/plain")]));
        assert!(refused(
            "POST",
            "/api/leap",
            &[host, ("content-type", "application/json"), ("origin", "http://e.example")]
        ));
    }
}
