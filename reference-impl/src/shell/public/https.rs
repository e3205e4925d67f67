use std::{convert::Infallible, io};

use collaudo_node::Bytes;
use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{ALLOW, CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::Public;

/// Where the documents lie, as `gestore init` writes it into the index.
const INDEX: &str = "/indice.ldif.p7m";
const CRL: &str = "/lista-revoche.crl";

/// Serves the documents over HTTP/1.1.
//= PEC-4.5.6-01
pub(super) async fn converse(public: Public, stream: TlsStream<TcpStream>) -> io::Result<()> {
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = answer(&public, request.method(), request.uri().path());
        async move { Ok::<_, Infallible>(answer) }
    });
    http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.map_err(io::Error::other)
}

fn answer(public: &Public, method: &Method, path: &str) -> Response<Full<Bytes>> {
    let (document, media) = match path {
        INDEX => (public.index(), "application/pkcs7-mime"),
        CRL => (public.crl(), "application/pkix-crl"),
        _ => return told(StatusCode::NOT_FOUND),
    };
    if ![Method::GET, Method::HEAD].contains(method) {
        let mut refusal = told(StatusCode::METHOD_NOT_ALLOWED);
        refusal.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refusal;
    }
    let Some(document) = document else { return told(StatusCode::SERVICE_UNAVAILABLE) };
    let mut response = Response::new(Full::new(document));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media));
    response
}

fn told(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(format!("{status}\n"))));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
