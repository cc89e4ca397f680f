//! What is answered of posts, people and faces.

use std::time::Instant;

use serde::Serialize;
use specta::Type;

use super::{
    super::{Engine, SyntaxProblem, milliseconds},
    Page,
};
use crate::{
    db::{MediaId, PostId, UserId},
    faces::Bounds,
};

/// How much of each kind matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SearchCounts {
    #[specta(type = i32)]
    pub media: i64,
    #[specta(type = i32)]
    pub posts: i64,
    #[specta(type = i32)]
    pub people: i64,
    #[specta(type = i32)]
    pub faces: i64,
    /// Not all of the index answered: there are at least so many.
    pub is_estimate: bool,
    pub engine: Engine,
}

impl SearchCounts {
    /// Of media, posts, people and faces, as Elasticsearch counts them
    pub(super) fn of([media, posts, people, faces]: [i64; 4]) -> Self {
        Self { media, posts, people, faces, is_estimate: false, engine: Engine::Elasticsearch }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PostHit {
    pub post_id: PostId,
    pub title: Option<String>,
    /// A username
    pub author: String,
    pub department: Option<String>,
    pub created_at: String,
    /// The first 4
    pub media: Vec<MediaId>,
    pub media_count: i32,
    pub tags: Vec<String>,
    pub event: Option<String>,
    pub reactions: i32,
    pub comments: i32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PersonHit {
    pub user_id: UserId,
    pub username: String,
    pub full_name: Option<String>,
    pub department: Option<String>,
    pub is_enrolled: bool,
    pub posts: i32,
    pub followers: i32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FaceHit {
    pub face_id: String,
    pub media_id: MediaId,
    pub bounds: Option<Bounds>,
    /// A username
    pub person: Option<String>,
    #[specta(type = Option<i32>)]
    pub confidence: Option<f64>,
    /// A username
    pub uploader: String,
    pub created_at: String,
    /// Cosine similarity to the examples
    #[specta(type = Option<i32>)]
    pub similarity: Option<f64>,
}

/// A page of hits of one kind.
macro_rules! results {
    ($(#[$doc:meta])* $name:ident, $hit:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Type)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            pub engine: Engine,
            /// What is weaker about this answer, and why.
            pub notice: Option<String>,
            /// How many match, on all pages together.
            #[specta(type = i32)]
            pub total: i64,
            #[specta(type = i32)]
            pub took_ms: u64,
            /// Elasticsearch failed: when it answers again, asking anew brings more.
            pub is_stand_in: bool,
            pub hits: Vec<$hit>,
            /// Where the next page starts; `None` on the last.
            pub next: Option<String>,
            pub problem: Option<SyntaxProblem>,
        }

        impl $name {
            pub(super) fn new(page: Page, hits: Vec<$hit>, began: Instant) -> Self {
                let Page { engine, notice, total, next, problem, stands_in, .. } = page;
                let took_ms = milliseconds(began);
                Self { engine, notice, total, took_ms, is_stand_in: stands_in, hits, next, problem }
            }
        }
    };
}

results!(
    /// A page of posts.
    PostResults,
    PostHit
);
results!(
    /// A page of people.
    PeopleResults,
    PersonHit
);
results!(
    /// A page of faces.
    FaceResults,
    FaceHit
);
