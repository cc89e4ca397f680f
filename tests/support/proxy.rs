//! Between the worker and Elasticsearch: answers as a cluster in trouble does.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{Response, StatusCode},
};
use futures::{StreamExt, stream};
use tokio::sync::watch;

use crate::database::required;

/// What happens to a request, a bulk where nothing else is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// None
    Pass,
    /// Refused, and nothing done
    Status(u16),
    /// Done, and answered after a while
    Late(Duration),
    /// Done now, and once more after newer ones
    Twice(Duration),
    /// Done, and the answer ends in the middle
    Cut,
    /// Taken, not done, and not answered until the faults change
    Hang,
    /// Taken, and done when the faults change
    Hold,
    /// Done, and not answered until the faults change
    Mute,
    /// Passed on but for its second half, until the faults change
    Half,
}

/// A proxy of a node.
#[derive(Debug, Clone)]
pub(crate) struct Proxy {
    pub(crate) url: String,
    shared: Shared,
}

#[derive(Debug, Clone)]
struct Shared {
    upstream: String,
    http: reqwest::Client,
    faults: Arc<watch::Sender<Faults>>,
    answered: Arc<Mutex<Vec<Fault>>>,
}

#[derive(Debug, Clone, Default)]
struct Faults {
    /// Of one after the other, round and round
    cycle: Vec<Fault>,
    next: usize,
    /// Requests with this in their paths
    at: &'static str,
    /// Those to indices with this in their names; all where it is empty
    of: &'static str,
}

impl Proxy {
    /// Of the node of all tests.
    pub(crate) async fn start() -> Self {
        Self::of(&required("ELASTICSEARCH_URL")).await
    }

    pub(crate) async fn of(upstream: &str) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let shared = Shared {
            upstream: upstream.trim_end_matches('/').to_owned(),
            http: reqwest::Client::new(),
            faults: Arc::new(watch::Sender::default()),
            answered: Arc::default(),
        };
        let routes = Router::new().fallback(pass).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { url, shared }
    }

    /// From now on bulks to indices with `of` in their names meet these, one after the other; none of them ends it.
    pub(crate) fn meet(&self, of: &'static str, cycle: &[Fault]) {
        self.meet_at("/_bulk", of, cycle);
    }

    /// The same of other requests, with `at` in their paths.
    pub(crate) fn meet_at(&self, at: &'static str, of: &'static str, cycle: &[Fault]) {
        self.shared.faults.send_replace(Faults { cycle: cycle.to_vec(), next: 0, at, of });
    }

    /// The faults that requests have met.
    pub(crate) fn met(&self) -> Vec<Fault> {
        self.shared.answered.lock().expect("nobody panics holding it").clone()
    }
}

async fn pass(State(shared): State<Shared>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let forward = |shared: Shared| {
        let (method, path, body) = (parts.method.clone(), path.clone(), body.clone());
        async move { shared.forward(method, &path, body).await }
    };
    let Some(fault) = shared.next_fault(&path) else { return answer(forward(shared.clone()).await) };
    // Who waits for one that is mute waits for what it has done.
    if fault != Fault::Mute {
        shared.note(fault);
    }
    match fault {
        Fault::Pass => answer(forward(shared.clone()).await),
        Fault::Status(status) => answer(Some((status, Bytes::from_static(b"{\"error\":\"by the proxy\"}")))),
        Fault::Late(time) => {
            let answered = forward(shared.clone()).await;
            tokio::time::sleep(time).await;
            answer(answered)
        }
        Fault::Twice(time) => {
            let again = forward(shared.clone());
            let answered = forward(shared.clone()).await;
            tokio::spawn(async move {
                tokio::time::sleep(time).await;
                again.await
            });
            answer(answered)
        }
        Fault::Cut => {
            let (_, body) = forward(shared.clone()).await.unwrap_or_default();
            broken(body.slice(..body.len() / 2))
        }
        Fault::Hold => {
            let mut faults = shared.faults.subscribe();
            faults.changed().await.ok();
            answer(forward(shared.clone()).await)
        }
        Fault::Half => {
            let mut faults = shared.faults.subscribe();
            let half = body.slice(..body.len() / 2);
            let rest = async move {
                faults.changed().await.ok();
                Err(std::io::Error::other("broken off"))
            };
            let chunks = stream::once(async { Ok(half) }).chain(stream::once(rest));
            let request = shared.request(parts.method.clone(), &path).body(reqwest::Body::wrap_stream(chunks));
            request.send().await.ok();
            broken(Bytes::new())
        }
        Fault::Mute => {
            let mut faults = shared.faults.subscribe();
            forward(shared.clone()).await;
            shared.note(fault);
            faults.changed().await.ok();
            broken(Bytes::new())
        }
        Fault::Hang => {
            let mut faults = shared.faults.subscribe();
            faults.changed().await.ok();
            answer(Some((503, Bytes::new())))
        }
    }
}

impl Shared {
    fn next_fault(&self, path: &str) -> Option<Fault> {
        let mut fault = None;
        // Whoever hangs waits for other faults, not for the next of these.
        self.faults.send_if_modified(|faults| {
            if path.contains(faults.at) && path.contains(faults.of) && !faults.cycle.is_empty() {
                fault = Some(faults.cycle[faults.next % faults.cycle.len()]);
                faults.next += 1;
            }
            false
        });
        fault
    }

    fn note(&self, fault: Fault) {
        self.answered.lock().expect("nobody panics holding it").push(fault);
    }

    fn request(&self, method: axum::http::Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.upstream)).header("content-type", "application/json")
    }

    /// `None` where the node is away.
    async fn forward(&self, method: axum::http::Method, path: &str, body: Bytes) -> Option<(u16, Bytes)> {
        let response = self.request(method, path).body(body).send().await.ok()?;
        let status = response.status().as_u16();
        Some((status, response.bytes().await.ok()?))
    }
}

fn answer(answered: Option<(u16, Bytes)>) -> Response<Body> {
    let Some((status, body)) = answered else { return broken(Bytes::new()) };
    Response::builder()
        .status(StatusCode::from_u16(status).expect("a status"))
        .header("content-type", "application/json")
        .body(Body::from(body))
        .expect("an answer")
}

/// The connection breaks after this.
fn broken(begun: Bytes) -> Response<Body> {
    let chunks = [Ok(begun), Err(std::io::Error::other("broken off"))];
    Response::new(Body::from_stream(stream::iter(chunks)))
}
