//! The Elasticsearch node of the tests. Each test has indices of its own there.

use std::collections::BTreeMap;

use kaleidoscope_console::{config, elastic::Elastic};
use serde_json::Value;

/// Documents of one answer.
const PAGE: usize = 5_000;

/// What an index holds of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Document {
    pub(crate) id: String,
    pub(crate) version: i64,
    pub(crate) row_hash: String,
}

impl Document {
    fn of(hit: &Value) -> Self {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let version = hit["_version"].as_i64().expect("a version");
        Self { id: text(&hit["_id"]), version, row_hash: text(&hit["_source"]["row_hash"]) }
    }
}

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
        Self::with(url, None)
    }

    /// One of several nodes, each shard being on so many more.
    pub(crate) fn replicated(url: &str, replicas: u16) -> Self {
        Self::with(url, Some(replicas))
    }

    fn with(url: &str, replicas: Option<u16>) -> Self {
        Self::named(format!("test{:016x}_", rand::random::<u64>()), url, replicas)
    }

    /// The same indices by another way.
    pub(crate) fn by(&self, url: &str) -> Self {
        Self::named(self.prefix.clone(), url, None)
    }

    fn named(prefix: String, url: &str, replicas: Option<u16>) -> Self {
        let config = config::Elasticsearch {
            url: Some(url.parse().expect("the node has a url")),
            index_prefix: prefix.clone(),
            replicas,
            ..Default::default()
        };
        let elastic = Elastic::new(&config).expect("a client").expect("there is a url");
        Self { elastic, url: url.trim_end_matches('/').to_owned(), prefix, http: reqwest::Client::new() }
    }

    /// The settings of a program that works on this test's indices.
    pub(crate) fn config(&self) -> String {
        format!("[elasticsearch]\nurl = \"{}\"\nindex_prefix = \"{}\"\n", self.url, self.prefix)
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
        self.documents(index).await.into_iter().map(|document| (document.id, document.row_hash)).collect()
    }

    /// All documents behind an alias, as a search finds them. There is one index behind it, of one shard.
    pub(crate) async fn documents(&self, index: &str) -> Vec<Document> {
        let (status, answer) = self.ask(reqwest::Method::POST, &format!("{index}/_refresh"), None).await;
        assert_eq!(status, 200, "{answer}");
        let (_, behind) = self.ask(reqwest::Method::GET, &format!("{index}/_alias"), None).await;
        let behind = behind.as_object().map_or(0, serde_json::Map::len);
        assert_eq!(behind, 1, "indices behind {index}");
        let mut body = serde_json::json!({
            "size": PAGE, "version": true, "_source": ["row_hash"], "sort": [{"_seq_no": "asc"}]
        });
        let mut documents = Vec::new();
        loop {
            let (_, answer) = self.ask(reqwest::Method::POST, &format!("{index}/_search"), Some(body.clone())).await;
            let hits = answer["hits"]["hits"].as_array().unwrap_or_else(|| panic!("{answer}"));
            documents.extend(hits.iter().map(Document::of));
            match hits.last() {
                Some(last) if hits.len() == PAGE => body["search_after"] = last["sort"].clone(),
                _ => return documents,
            }
        }
    }

    /// Takes this test's indices away.
    pub(crate) async fn clear(self) {
        let (_, all) = self.ask(reqwest::Method::GET, "*/_alias", None).await;
        for name in all.as_object().into_iter().flat_map(serde_json::Map::keys) {
            let name = name.trim_start_matches(&self.prefix).to_owned();
            self.ask(reqwest::Method::DELETE, &name, None).await;
        }
    }
}
