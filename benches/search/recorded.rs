//! The requests that a search sends to Elasticsearch, to be sent again without the console.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{Response, header::CONTENT_TYPE},
};
use reqwest::{Client, Method, Url};
use serde_json::Value;

/// One request, and nothing that only the console knows.
#[derive(Debug, Clone)]
pub(crate) struct Recorded {
    method: Method,
    url: Url,
    body: Bytes,
}

impl Recorded {
    /// The whole answer's bytes.
    pub(crate) async fn send(&self, client: &Client) -> Bytes {
        let request = client.request(self.method.clone(), self.url.clone()).header(CONTENT_TYPE, "application/json");
        let response = request.body(self.body.clone()).send().await.expect("an answer");
        response.error_for_status().expect("what is asked for").bytes().await.expect("an answer")
    }
}

/// How long Elasticsearch says that it searched, in milliseconds.
pub(crate) fn took(answer: &Bytes) -> u64 {
    let answer: Value = serde_json::from_slice(answer).expect("JSON");
    match answer["responses"].as_array() {
        Some(each) => each.iter().filter_map(|one| one["took"].as_u64()).sum(),
        None => answer["took"].as_u64().unwrap_or(0),
    }
}

/// Passes requests on to a node, and remembers them.
#[derive(Debug, Clone)]
pub(crate) struct Recorder {
    pub(crate) url: Url,
    upstream: Url,
    client: Client,
    recorded: Arc<Mutex<Vec<Recorded>>>,
}

impl Recorder {
    pub(crate) async fn start(upstream: Url) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address")).parse().expect("an address");
        let client = Client::builder().no_proxy().build().expect("a client");
        let recorder = Self { url, upstream, client, recorded: Arc::default() };
        let routes = Router::new().fallback(pass).with_state(recorder.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        recorder
    }

    /// Those since the last time.
    pub(crate) fn take(&self) -> Vec<Recorded> {
        std::mem::take(&mut self.recorded.lock().expect("nobody panics holding it"))
    }
}

async fn pass(State(recorder): State<Recorder>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let url = recorder.upstream.join(&path).expect("an address");
    let body = to_bytes(body, usize::MAX).await.expect("a body");
    let request = Recorded { method: parts.method, url, body };
    recorder.recorded.lock().expect("nobody panics holding it").push(request.clone());
    let answer = request.send(&recorder.client).await;
    Response::builder().header(CONTENT_TYPE, "application/json").body(answer.into()).expect("an answer")
}
