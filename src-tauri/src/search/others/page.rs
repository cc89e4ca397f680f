//! What is looked for, what was found of it, and where that goes on.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::{Engine, SyntaxProblem, cursor::cannot_continue};
use crate::{
    error::Result,
    read_models::{self, ReadModel},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Posts,
    People,
    Faces,
}

impl Kind {
    pub(super) fn model(self) -> &'static ReadModel {
        match self {
            Self::Posts => &read_models::post_search::MODEL,
            Self::People => &read_models::user_search::MODEL,
            Self::Faces => &read_models::face_search::MODEL,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Posts => "Posts",
            Self::People => "People",
            Self::Faces => "Faces",
        }
    }
}

/// Where a list goes on. Text that only this module reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Place {
    Elasticsearch {
        /// The point in time that the list is read at; none before the second page
        pit: Option<String>,
        /// `search_after`
        after: Vec<Value>,
        total: i64,
    },
    PostgreSql {
        /// What the last row was ordered by
        after: Vec<String>,
        total: i64,
    },
}

impl Place {
    pub(super) fn parse(text: &str) -> Result<Self> {
        let place = serde_json::from_str(text).map_err(|_| cannot_continue())?;
        match &place {
            Self::Elasticsearch { after, .. } if !after.iter().all(|value| value.is_number() || value.is_string()) => {
                Err(cannot_continue())
            }
            _ => Ok(place),
        }
    }

    pub(super) fn text(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }
}

/// What was found, as ids in order.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) engine: Engine,
    pub(super) found: Vec<(i64, Option<f64>)>,
    pub(super) total: i64,
    pub(super) next: Option<String>,
    pub(super) notice: Option<String>,
    pub(super) problem: Option<SyntaxProblem>,
    /// PostgreSQL found it because Elasticsearch failed.
    pub(super) stands_in: bool,
}

impl Page {
    pub(super) fn empty(notice: Option<String>, problem: Option<SyntaxProblem>) -> Self {
        Self { engine: Engine::PostgreSql, found: Vec::new(), total: 0, next: None, notice, problem, stands_in: false }
    }

    pub(super) fn ids(&self) -> Vec<i64> {
        self.found.iter().map(|(id, _)| *id).collect()
    }
}
