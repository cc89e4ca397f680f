//! What Elasticsearch answers a search.

use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    /// In milliseconds
    pub took: u64,
    timed_out: bool,
    #[serde(rename = "_shards")]
    shards: Shards,
    pub hits: Hits,
    pub pit_id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Shards {
    failed: u32,
}

#[derive(Debug, Deserialize)]
pub(super) struct Hits {
    total: Option<Total>,
    pub hits: Vec<Document>,
}

#[derive(Debug, Deserialize)]
struct Total {
    value: i64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Document {
    #[serde(rename = "_id")]
    id: Option<String>,
    #[serde(default)]
    fields: Fields,
    #[serde(rename = "_score")]
    score: Option<f64>,
    #[serde(default)]
    pub sort: Vec<Value>,
}

/// Read from columns: an id itself is beside the source, and read with it.
#[derive(Debug, Default, Deserialize)]
struct Fields {
    #[serde(default)]
    media_id: Vec<i64>,
}

impl Document {
    fn id(&self) -> Option<i64> {
        self.fields.media_id.first().copied().or_else(|| self.id.as_ref()?.parse().ok())
    }
}

impl Answer {
    /// How many match on all pages; 0 where that was not asked for.
    pub(super) fn total(&self) -> i64 {
        self.hits.total.as_ref().map_or(0, |total| total.value)
    }

    pub(super) fn ids(&self) -> Vec<i64> {
        self.hits.hits.iter().filter_map(Document::id).collect()
    }

    /// Of a search by vectors, the ids and cosine similarities. Elasticsearch's score has no negative values.
    pub(super) fn near(&self) -> Vec<(i64, f64)> {
        let near = |document: &Document| Some((document.id()?, 2.0 * document.score? - 1.0));
        self.hits.hits.iter().filter_map(near).collect()
    }

    /// What the last hit was sorted by
    pub(super) fn last(&self) -> Option<&[Value]> {
        self.hits.hits.last().map(|last| last.sort.as_slice())
    }

    /// Not all of the index answered, or not in time.
    pub(super) fn is_partial(&self) -> bool {
        self.timed_out || self.shards.failed > 0
    }

    /// Nothing, where there may be something in what did not answer.
    pub(super) fn is_void(&self) -> bool {
        self.is_partial() && self.hits.hits.is_empty()
    }

    /// Where not all of the index answered; `missing` says what that means.
    pub(super) fn notice(&self, missing: &str) -> Option<String> {
        self.is_partial().then(|| format!("Elasticsearch answered from a part of the index only: {missing}."))
    }
}
