//! The Elasticsearch node of the tests. Each test has indices of its own there.

use std::collections::BTreeMap;

use kaleidoscope_console::{config, elastic::Elastic, read_models};
use serde_json::Value;

/// A prefix of its own on the node at `ELASTICSEARCH_URL`.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) elastic: Elastic,
    url: String,
    prefix: String,
    http: reqwest::Client,
}

impl Node {
    pub(crate) fn new() -> Self {
        let url = std::env::var("ELASTICSEARCH_URL").expect("ELASTICSEARCH_URL is not set: run scripts/test");
        Self::at(&url)
    }

    pub(crate) fn at(url: &str) -> Self {
        let prefix = format!("test{:016x}_", rand::random::<u64>());
        let config = config::Elasticsearch {
            url: Some(url.parse().expect("the node has a url")),
            index_prefix: prefix.clone(),
            ..Default::default()
        };
        let elastic = Elastic::new(&config).expect("a client").expect("there is a url");
        Self { elastic, url: url.trim_end_matches('/').to_owned(), prefix, http: reqwest::Client::new() }
    }

    /// The answer to a request below this test's names.
    pub(crate) async fn ask(&self, method: reqwest::Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let mut request = self.http.request(method, format!("{}/{}{path}", self.url, self.prefix));
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let response = request.send().await.expect("the node answers");
        let (status, text) = (response.status().as_u16(), response.text().await.expect("a body"));
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// A document as the index holds it, found by its id at once.
    pub(crate) async fn document(&self, index: &str, id: impl std::fmt::Display) -> Option<Value> {
        let (status, mut document) = self.ask(reqwest::Method::GET, &format!("{index}/_doc/{id}"), None).await;
        (status == 200).then(|| document["_source"].take())
    }

    /// All ids of an index, as a search finds them, the shortest first.
    pub(crate) async fn ids(&self, index: &str) -> Vec<String> {
        let mut ids: Vec<String> = self.hashes(index).await.into_keys().collect();
        ids.sort_by_key(|id| (id.len(), id.clone()));
        ids
    }

    /// The hash of the row in each document of an index, as a search finds them.
    pub(crate) async fn hashes(&self, index: &str) -> BTreeMap<String, String> {
        let (status, answer) = self.ask(reqwest::Method::POST, &format!("{index}/_refresh"), None).await;
        assert_eq!(status, 200, "{answer}");
        let body = serde_json::json!({"size": 10_000, "_source": ["row_hash"]});
        let (_, answer) = self.ask(reqwest::Method::POST, &format!("{index}/_search"), Some(body)).await;
        let hits = answer["hits"]["hits"].as_array().unwrap_or_else(|| panic!("{answer}"));
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        hits.iter().map(|hit| (text(&hit["_id"]), text(&hit["_source"]["row_hash"]))).collect()
    }

    /// Takes this test's indices away.
    pub(crate) async fn clear(self) {
        for index in read_models::ALL.map(|model| model.index) {
            let (_, behind) = self.ask(reqwest::Method::GET, &format!("{index}_v*/_alias"), None).await;
            for name in behind.as_object().into_iter().flat_map(serde_json::Map::keys) {
                let name = name.trim_start_matches(&self.prefix).to_owned();
                self.ask(reqwest::Method::DELETE, &name, None).await;
            }
        }
    }
}
