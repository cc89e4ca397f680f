//! What is answered: hits, and why each is there.

use serde::Serialize;
use specta::Type;

use super::language::SyntaxError;
use crate::db::{MediaId, PostId};

#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SearchResults {
    pub engine: Engine,
    /// What is weaker about this answer, and why.
    pub notice: Option<String>,
    /// How many media match, on all pages together.
    #[specta(type = i32)]
    pub total: i64,
    /// There are so many that `total` was not counted, or not all of the index answered.
    pub is_estimate: bool,
    #[specta(type = i32)]
    pub took_ms: u64,
    /// Of which Elasticsearch searched, as it says itself
    #[specta(type = i32)]
    pub elastic_ms: u64,
    /// Elasticsearch failed: when it answers again, asking anew brings more.
    pub is_stand_in: bool,
    pub hits: Vec<Hit>,
    /// Where the next page starts; `None` on the last.
    pub next: Option<String>,
    /// Why the text can't be read; then there are no hits.
    pub problem: Option<SyntaxProblem>,
}

/// A place in a text, in UTF-16 code units, and what is wrong there.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SyntaxProblem {
    pub message: String,
    pub from: u32,
    pub to: u32,
    /// What could stand there
    pub expected: Vec<String>,
}

impl From<SyntaxError> for SyntaxProblem {
    fn from(error: SyntaxError) -> Self {
        let units = |end| u32::try_from(end).unwrap_or(u32::MAX);
        Self {
            message: error.to_string(),
            from: units(error.span.start),
            to: units(error.span.end),
            expected: error.expected.iter().map(ToString::to_string).collect(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    Elasticsearch,
    #[serde(rename = "postgresql")]
    PostgreSql,
}

#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Hit {
    pub media_id: MediaId,
    pub post_id: PostId,
    pub title: Option<String>,
    pub caption: Option<String>,
    pub tags: Vec<String>,
    pub scenes: Vec<String>,
    /// Usernames of who was identified on it
    pub people: Vec<String>,
    /// A username
    pub uploader: String,
    /// The uploader's
    pub department: Option<String>,
    pub created_at: String,
    pub is_video: bool,
    /// In pixels, as the platform says; neither needs to be known or true
    pub width: Option<i32>,
    pub height: Option<i32>,
    pub reactions: i32,
    pub comments: i32,
    pub why: Why,
}

/// Why a hit is there.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Why {
    pub matched: Vec<Matched>,
    /// Among the hits by words, from 1; of a list that is fused
    pub text_rank: Option<u32>,
    /// Among the hits by vectors
    pub vector_rank: Option<u32>,
    /// The cosine to the examples, or to the best by words
    pub similarity: Option<f64>,
}

/// A field with the words marked that were asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Matched {
    /// caption, title, tag, scene, person, uploader, dept, event, category, or posttag for a tag of the post's other media
    pub field: String,
    pub parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    pub text: String,
    pub is_match: bool,
}
