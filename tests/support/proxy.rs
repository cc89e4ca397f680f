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
use tokio::sync::watch;

/// What happens to a bulk.
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
}

/// A proxy of the node at `ELASTICSEARCH_URL`.
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
    /// Bulks to indices with this in their names; all where it is empty
    of: &'static str,
}

impl Proxy {
    pub(crate) async fn start() -> Self {
        let upstream = std::env::var("ELASTICSEARCH_URL").expect("ELASTICSEARCH_URL is not set: run scripts/test");
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
        self.shared.faults.send_replace(Faults { cycle: cycle.to_vec(), next: 0, of });
    }

    /// The faults that bulks have met.
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
    shared.answered.lock().expect("nobody panics holding it").push(fault);
    match fault {
        Fault::Pass => answer(forward(shared.clone()).await),
        Fault::Status(status) => answer((status, Bytes::from_static(b"{\"error\":\"by the proxy\"}"))),
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
            let (status, body) = forward(shared.clone()).await;
            let half = body.slice(..body.len() / 2);
            let chunks = [Ok(half), Err(std::io::Error::other("cut"))];
            let body = Body::from_stream(futures::stream::iter(chunks));
            Response::builder().status(status).body(body).expect("an answer")
        }
        Fault::Hang => {
            let mut faults = shared.faults.subscribe();
            faults.changed().await.ok();
            answer((503, Bytes::new()))
        }
    }
}

impl Shared {
    fn next_fault(&self, path: &str) -> Option<Fault> {
        if !path.contains("/_bulk") {
            return None;
        }
        let mut fault = None;
        // Whoever hangs waits for other faults, not for the next of these.
        self.faults.send_if_modified(|faults| {
            if path.contains(faults.of) && !faults.cycle.is_empty() {
                fault = Some(faults.cycle[faults.next % faults.cycle.len()]);
                faults.next += 1;
            }
            false
        });
        fault
    }

    async fn forward(&self, method: axum::http::Method, path: &str, body: Bytes) -> (u16, Bytes) {
        let request = self
            .http
            .request(method, format!("{}{path}", self.upstream))
            .header("content-type", "application/json")
            .body(body);
        match request.send().await {
            Ok(response) => {
                let status = response.status().as_u16();
                (status, response.bytes().await.unwrap_or_default())
            }
            Err(_) => (502, Bytes::new()),
        }
    }
}

fn answer((status, body): (u16, Bytes)) -> Response<Body> {
    Response::builder()
        .status(StatusCode::from_u16(status).expect("a status"))
        .header("content-type", "application/json")
        .body(Body::from(body))
        .expect("an answer")
}
