//! One file per read model: which columns its source view gives, and the document that its index holds.

pub mod face_search;
pub mod feed_personalized;
pub mod fold;
pub mod known_faces;
pub mod media_search;
pub mod post_search;
pub mod recommendations_knn;
pub mod user_search;
mod vector;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

/// What `sync` needs to know of a read model. Source view, document view and queues are called after its name.
#[derive(Debug)]
pub struct ReadModel {
    pub name: &'static str,
    /// The alias of its index in Elasticsearch, without the prefix.
    pub index: &'static str,
    pub table: &'static str,
    /// The column of the source view that the keys in the queue are of.
    pub key: &'static str,
    /// The column that names a row in the read model, in the source view and in the index; and its type.
    pub identity: (&'static str, &'static str),
    /// All other columns that come from the source. What is not among them is never overwritten.
    pub columns: &'static [&'static str],
    /// Large and seldom changed: written only when it did.
    pub vector: Option<&'static str>,
    /// Set to the time of writing.
    pub updated_at: Option<&'static str>,
    pub mapping: fn() -> Value,
    pub document: fn(&Row<'_>) -> Result<Vec<u8>, serde_json::Error>,
}

pub static ALL: [&ReadModel; 7] = [
    &media_search::MODEL,
    &post_search::MODEL,
    &user_search::MODEL,
    &face_search::MODEL,
    &recommendations_knn::MODEL,
    &feed_personalized::MODEL,
    &known_faces::MODEL,
];

/// A row of the document view.
#[derive(Debug)]
pub struct Row<'a> {
    pub json: &'a str,
    /// A number that is equal only while `json` is.
    pub hash: &'a str,
}

/// The hash of the row that a document is made of. Its whole part is a column of its own, to be summed up over many documents.
pub fn row_hash() -> Value {
    json!({
        "type": "keyword", "index": false,
        "fields": {"digest": {"type": "long", "index": false, "ignore_malformed": true}},
    })
}

/// Text that is only shown: in the document, but in no index, so that its length does not matter.
fn shown() -> Value {
    json!({"type": "keyword", "index": false, "doc_values": false})
}

/// A value to filter by and to count. What is too long for a term is left out of the index.
fn exact() -> Value {
    json!({"type": "keyword", "ignore_above": 1024})
}

/// Folded words, see `fold`.
fn folded() -> Value {
    json!({"type": "text", "analyzer": "whitespace"})
}

/// The same of values that are also compared as a whole.
fn folded_values() -> Value {
    json!({"type": "text", "analyzer": "whitespace", "fields": {"exact": {"type": "keyword", "ignore_above": 8191}}})
}

fn dense_vector(dims: usize) -> Value {
    json!({"type": "dense_vector", "dims": dims, "index": true, "similarity": "cosine", "index_options": {"type": "int8_hnsw"}})
}

/// The texts of an array as PostgreSQL writes it in JSON; an array may hold NULL and arrays.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Texts(Vec<String>);

impl Texts {
    pub fn into_vec(self) -> Vec<String> {
        self.0
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        fn collect(value: Value, texts: &mut Vec<String>) {
            match value {
                Value::String(text) => texts.push(text),
                Value::Array(values) => values.into_iter().for_each(|value| collect(value, texts)),
                _ => {}
            }
        }
        let mut texts = Vec::new();
        collect(Value::deserialize(deserializer)?, &mut texts);
        Ok(Self(texts))
    }
}

/// Strict mappings refuse a document for one field that they lack.
#[cfg(test)]
fn assert_mapped(document: &Value, mapping: &Value) {
    for (field, value) in document.as_object().expect("an object") {
        let mapped = mapping["properties"].get(field).unwrap_or_else(|| panic!("{field} is not mapped"));
        if value.is_object() {
            assert_mapped(value, mapped);
        }
    }
}
