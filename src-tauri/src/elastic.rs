//! Elasticsearch: a client with time limits, whose every failure is a sentence.

use std::time::Duration;

use bytes::Bytes;
use elasticsearch::{
    Elasticsearch,
    auth::Credentials,
    cert::{Certificate, CertificateValidation},
    http::{
        Method, StatusCode, Url,
        headers::{ACCEPT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue},
        transport::{SingleNodeConnectionPool, TransportBuilder},
    },
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    config,
    error::{Error, Result},
};

/// Small questions: health, aliases, counts.
const ASK: Duration = Duration::from_secs(5);
/// Somebody waits for it, and PostgreSQL could answer instead.
const SEARCH: Duration = Duration::from_secs(5);
/// Making an index waits for the cluster's state.
const CHANGE: Duration = Duration::from_secs(30);
const BULK: Duration = Duration::from_mins(1);

/// One cluster and the prefix of the console's names in it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Elastic {
    client: Elasticsearch,
    url: Url,
    prefix: String,
    shards: u16,
    replicas: Option<u16>,
}

/// Why Elasticsearch did not do something.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// No answer, or none in time.
    #[error("Elasticsearch at {url} does not answer: {reason}.")]
    Silent { url: String, reason: String },
    /// An answer that says no; the words are its own.
    #[error("Elasticsearch refused ({status}): {reason}")]
    Refused { status: u16, reason: String },
    #[error("Elasticsearch gave an answer that the console does not understand: {0}.")]
    Garbled(String),
    /// Some of the index answered, and had nothing: what the rest has nobody knows.
    #[error("Elasticsearch answered from a part of the index only.")]
    Partial,
}

impl Failure {
    /// The same request may succeed later.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Silent { .. } | Self::Partial => true,
            Self::Refused { status, .. } => is_passing(*status),
            Self::Garbled(_) => false,
        }
    }

    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }
}

/// Busy, blocked for the moment (a full disk answers 403), or broken inside.
pub fn is_passing(status: u16) -> bool {
    matches!(status, 401 | 403 | 408 | 429 | 500..=599)
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::unavailable(failure.to_string(), failure)
    }
}

#[derive(Debug, Clone, Deserialize)]
pub struct ClusterHealth {
    /// `green`, `yellow` or `red`
    pub status: String,
}

impl Elastic {
    /// `None` where no address is set.
    ///
    /// # Errors
    /// `Invalid` for an address, certificate, password file or prefix that can't be used.
    pub fn new(config: &config::Elasticsearch) -> Result<Option<Self>> {
        let Some(url) = &config.url else { return Ok(None) };
        let prefix = config.index_prefix.clone();
        if !prefix.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-')) {
            return Err(Error::Invalid(format!(
                "elasticsearch.index_prefix is {prefix:?}: use lower-case letters, digits, _ and - only."
            )));
        }
        // Proxies are for the world outside; the cluster is next to the database.
        let mut transport =
            TransportBuilder::new(SingleNodeConnectionPool::new(url.clone())).disable_proxy().timeout(BULK);
        if let Some(ca) = &config.ca {
            let pem = std::fs::read(ca).map_err(|error| unreadable("ca", ca, &error))?;
            let certificate = Certificate::from_pem(&pem)
                .map_err(|_| Error::Invalid(format!("elasticsearch.ca: {} is not a PEM certificate.", ca.display())))?;
            transport = transport.cert_validation(CertificateValidation::Full(certificate));
        }
        if let Some(username) = &config.username {
            if url.scheme() != "https" && !is_loopback(url) {
                return Err(Error::Invalid(format!(
                    "elasticsearch.url: {url} would carry the password in the clear. Use https."
                )));
            }
            transport = transport.auth(Credentials::Basic(username.clone(), password(config)?));
        }
        let transport = transport
            .build()
            .map_err(|error| Error::Invalid(format!("The Elasticsearch client can't be made: {error}.")))?;
        if config.shards == 0 {
            return Err(Error::Invalid("elasticsearch.shards is 0: an index has at least one.".into()));
        }
        Ok(Some(Self {
            client: Elasticsearch::new(transport),
            url: url.clone(),
            prefix,
            shards: config.shards,
            replicas: config.replicas,
        }))
    }

    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The alias under which an index is searched and written.
    pub fn alias(&self, index: &str) -> String {
        format!("{}{index}", self.prefix)
    }

    /// How many shards and replicas a new index has, in the words of its settings.
    pub fn spread(&self) -> Value {
        match self.replicas {
            Some(replicas) => json!({"number_of_shards": self.shards, "number_of_replicas": replicas}),
            None => json!({"number_of_shards": self.shards, "auto_expand_replicas": "0-1"}),
        }
    }

    pub async fn health(&self) -> Result<ClusterHealth, Failure> {
        self.get("_cluster/health").await
    }

    /// The version of the node that answers.
    pub async fn version(&self) -> Result<String, Failure> {
        let nodes: Value = self.get("_nodes/_local?filter_path=nodes.*.version").await?;
        let version = nodes["nodes"].as_object().and_then(|nodes| nodes.values().next()?["version"].as_str());
        version.map(str::to_owned).ok_or_else(|| Failure::Garbled("no version in it".into()))
    }

    /// Hits of one search as Elasticsearch returns them.
    pub async fn search<T: DeserializeOwned>(&self, index: &str, body: &Value) -> Result<T, Failure> {
        let path = format!("{}/_search", self.alias(index));
        self.send(Method::Post, &path, Some(body.to_string().into()), SEARCH).await
    }

    /// Several searches at once, each in the index whose name stands with it; each has its own answer or failure.
    pub async fn search_each<T: DeserializeOwned>(
        &self,
        searches: &[(&str, Value)],
    ) -> Result<Vec<Result<T, Failure>>, Failure> {
        #[derive(Deserialize)]
        struct Answers {
            responses: Vec<Value>,
        }
        let mut lines = String::new();
        for (index, body) in searches {
            for line in [&json!({"index": self.alias(index)}), body] {
                lines.push_str(&line.to_string());
                lines.push('\n');
            }
        }
        let answers: Answers = self.send(Method::Post, "_msearch", Some(lines.into()), SEARCH).await?;
        Ok(answers.responses.into_iter().map(answer).collect())
    }

    /// Keeps an index as it is now, for this many seconds after each search in it; its name in such a search.
    pub async fn open_pit(&self, index: &str, seconds: u32) -> Result<String, Failure> {
        #[derive(Deserialize)]
        struct Opened {
            id: String,
        }
        let path = format!("{}/_pit?keep_alive={seconds}s", self.alias(index));
        Ok(self.send::<Opened>(Method::Post, &path, None, SEARCH).await?.id)
    }

    /// Hits at a point in time, which the body names.
    pub async fn search_pit<T: DeserializeOwned>(&self, body: &Value) -> Result<T, Failure> {
        self.send(Method::Post, "_search", Some(body.to_string().into()), SEARCH).await
    }

    pub async fn close_pit(&self, pit: &str) -> Result<(), Failure> {
        let body = json!({"id": pit}).to_string();
        self.send::<Value>(Method::Delete, "_pit", Some(body.into()), ASK).await.map(drop)
    }

    /// Documents by their ids, in their order, with some of their fields; those that are not there are left out.
    pub async fn documents<T: DeserializeOwned>(
        &self,
        index: &str,
        ids: &[i64],
        fields: &[&str],
    ) -> Result<Vec<T>, Failure> {
        #[derive(Deserialize)]
        struct Got<T> {
            docs: Vec<Doc<T>>,
        }
        #[derive(Deserialize)]
        struct Doc<T> {
            #[serde(rename = "_source")]
            source: Option<T>,
        }
        let path = format!("{}/_mget?_source_includes={}", self.alias(index), fields.join(","));
        let ids: Vec<String> = ids.iter().map(i64::to_string).collect();
        let got: Got<T> = self.send(Method::Post, &path, Some(json!({"ids": ids}).to_string().into()), SEARCH).await?;
        Ok(got.docs.into_iter().filter_map(|doc| doc.source).collect())
    }

    /// How many documents can be found.
    pub async fn count(&self, index: &str) -> Result<i64, Failure> {
        #[derive(Deserialize)]
        struct Count {
            count: i64,
        }
        Ok(self.get::<Count>(&format!("{}/_count", self.alias(index))).await?.count)
    }

    /// Lines of newline-delimited JSON by an alias that must be there already: a bulk never makes an index by accident.
    pub async fn bulk<T: DeserializeOwned>(&self, alias: &str, lines: Bytes) -> Result<T, Failure> {
        let path = format!("{alias}/_bulk?require_alias=true&filter_path=items.*._id,items.*.status,items.*.error");
        self.send(Method::Post, &path, Some(lines), BULK).await
    }

    /// `None` where there is no such thing.
    pub async fn find<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Failure> {
        match self.get(path).await {
            Ok(found) => Ok(Some(found)),
            Err(Failure::Refused { status: 404, .. }) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    pub async fn put(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.send(Method::Put, path, Some(body.to_string().into()), CHANGE).await
    }

    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T, Failure> {
        self.send(Method::Post, path, Some(body.to_string().into()), CHANGE).await
    }

    /// Lets searches see everything that was written to an index.
    pub async fn refresh(&self, index: &str) -> Result<(), Failure> {
        self.send::<Value>(Method::Post, &format!("{index}/_refresh"), None, CHANGE).await.map(drop)
    }

    /// Whether there was such a thing.
    pub async fn delete(&self, path: &str) -> Result<bool, Failure> {
        match self.send::<Value>(Method::Delete, path, None, CHANGE).await {
            Ok(_) => Ok(true),
            Err(Failure::Refused { status: 404, .. }) => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.send(Method::Get, path, None, ASK).await
    }

    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<Bytes>,
        limit: Duration,
    ) -> Result<T, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        // To compress answers takes longer than to send them to the next rack.
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let request = self.client.send(method, path, headers, Option::<&()>::None, body, Some(limit));
        let response = request.await.map_err(|error| self.silent(&error, limit))?;
        let status = response.status_code();
        let body = response.bytes().await.map_err(|error| self.silent(&error, limit))?;
        if !status.is_success() {
            return Err(Failure::Refused { status: status.as_u16(), reason: own_words(status, &body) });
        }
        serde_json::from_slice(&body).map_err(|error| Failure::Garbled(error.to_string()))
    }

    fn silent(&self, error: &elasticsearch::Error, limit: Duration) -> Failure {
        let reason = if error.is_timeout() {
            format!("nothing within {} s", limit.as_secs())
        } else {
            innermost(error).to_string().trim_end_matches('.').to_owned()
        };
        Failure::Silent { url: self.url.to_string(), reason }
    }
}

/// What Elasticsearch says of an error, from the outermost reason to the cause.
pub fn reason(error: &Value) -> String {
    let mut words = Vec::new();
    let mut next = Some(error);
    while let Some(cause) = next.filter(|cause| cause.is_object()) {
        let (kind, reason) =
            (cause["type"].as_str().unwrap_or("error"), cause["reason"].as_str().unwrap_or("no reason given"));
        words.push(format!("{kind}: {reason}"));
        next = cause.get("caused_by");
    }
    if words.is_empty() { error.as_str().unwrap_or("no reason given").to_owned() } else { words.join("; caused by ") }
}

/// One of several answers.
fn answer<T: DeserializeOwned>(answer: Value) -> Result<T, Failure> {
    if answer["error"].is_null() {
        return serde_json::from_value(answer).map_err(|error| Failure::Garbled(error.to_string()));
    }
    let status = answer["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or(500);
    Err(Failure::Refused { status, reason: reason(&answer["error"]) })
}

fn own_words(status: StatusCode, body: &[u8]) -> String {
    match serde_json::from_slice::<Value>(body) {
        Ok(answer) if !answer["error"].is_null() => reason(&answer["error"]),
        _ => status.canonical_reason().unwrap_or("no reason given").to_owned(),
    }
}

/// The outer errors only say that a request failed.
fn innermost(error: &dyn std::error::Error) -> &dyn std::error::Error {
    error.source().map_or(error, innermost)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn password(config: &config::Elasticsearch) -> Result<String> {
    let Some(path) = &config.password_file else {
        return Err(Error::Invalid("elasticsearch.username is set, but password_file is not.".into()));
    };
    let text = std::fs::read_to_string(path).map_err(|error| unreadable("password_file", path, &error))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn unreadable(setting: &str, path: &std::path::Path, error: &std::io::Error) -> Error {
    Error::Invalid(format!("elasticsearch.{setting}: {} can't be read: {error}.", path.display()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn config(url: &str) -> config::Elasticsearch {
        config::Elasticsearch { url: Some(url.parse().expect("a url")), ..Default::default() }
    }

    #[test]
    fn a_password_is_not_sent_in_the_clear() {
        let config =
            config::Elasticsearch { username: Some("elastic".into()), ..config("http://search.example.org:9200") };
        let refused = Elastic::new(&config).expect_err("http and a password");
        assert!(refused.to_string().contains("in the clear"), "{refused}");
    }

    #[test]
    fn a_prefix_cannot_reach_outside_its_names() {
        let config = config::Elasticsearch { index_prefix: "../_all".into(), ..config("http://localhost:9200") };
        assert!(Elastic::new(&config).is_err());
    }

    #[test]
    fn the_reason_keeps_elasticsearch_s_own_words_and_the_cause() {
        let error = json!({"type": "document_parsing_exception", "reason": "failed to parse field [created_at]",
                           "caused_by": {"type": "illegal_argument_exception", "reason": "failed to parse date [infinity]"}});
        assert_eq!(
            reason(&error),
            "document_parsing_exception: failed to parse field [created_at]; \
             caused by illegal_argument_exception: failed to parse date [infinity]"
        );
    }
}
