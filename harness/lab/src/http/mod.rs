//! The page and the API, over HTTP on the loopback interface alone.

mod api;
mod app;
mod diagram;
mod guard;
mod openapi;
mod page;
mod routes;

use std::{
    convert::Infallible,
    io,
    net::TcpListener,
    sync::Arc,
    thread::{self, JoinHandle},
};

use bytes::Bytes;
use collaudo_scenario::ProviderPlan;
use collaudo_world::Lab;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::sync::oneshot;

use self::{
    app::{App, Call},
    routes::answer,
};
use crate::Ready;

/// The most octets of a request.
const REQUEST_MAX: usize = 192 << 20;

/// A lab with its page, on a thread of its own. Dropped, both end.
#[derive(Debug)]
pub struct Served {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

pub(crate) fn serve(lab: Lab, providers: Vec<ProviderPlan>, ready: Ready, listener: TcpListener) -> io::Result<Served> {
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let listener = {
        let _inside = runtime.enter();
        tokio::net::TcpListener::from_std(listener)?
    };
    let app = Arc::new(App::new(lab, providers, ready));
    let (stop, stopped) = oneshot::channel();
    let thread = thread::Builder::new().name("page".into()).spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                biased;
                _ = stopped => {}
                () = accept(&listener, &app) => {}
            }
        });
        // A leap that somebody asked for must not hold up the end.
        runtime.shutdown_background();
    })?;
    Ok(Served { stop: Some(stop), thread: Some(thread) })
}

async fn accept(listener: &tokio::net::TcpListener, app: &Arc<App>) {
    loop {
        // A connection that broke before it was taken is its client's affair.
        let Ok((stream, _)) = listener.accept().await else { continue };
        let app = app.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| respond(app.clone(), request));
            // So is one that breaks later.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// A lab is asked on a thread that may wait.
async fn respond(app: Arc<App>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, REQUEST_MAX).collect().await else {
        return Ok(routes::too_large());
    };
    let call = Call::new(head, body.to_bytes());
    let answered = tokio::task::spawn_blocking(move || answer(&app, &call)).await;
    Ok(answered.unwrap_or_else(|_| routes::fell_over()))
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It has nobody to tell what it died of.
            let _ = thread.join();
        }
    }
}
