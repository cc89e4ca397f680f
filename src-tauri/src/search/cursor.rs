//! Where a list goes on: what its last entry was sorted by. Text that only this module reads.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Ranks, Total};
use crate::error::{Error, Result};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Cursor {
    Elasticsearch {
        /// The point in time that the list is read at; none before the second page
        pit: Option<String>,
        /// `search_after`
        after: Vec<Value>,
        total: Total,
        /// Media of the list that came before their turn
        #[serde(default)]
        but: Vec<i64>,
    },
    #[serde(rename_all = "camelCase")]
    PostgreSql {
        created_at: String,
        media_id: i64,
        rank: i64,
        total: Total,
        #[serde(default)]
        but: Vec<i64>,
    },
    Fused(Fused),
}

/// What is left of a list that two arms made together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Fused {
    pub in_elasticsearch: bool,
    pub total: Total,
    /// What was not shown yet
    pub rest: Vec<(i64, Ranks)>,
    /// Where it goes on by words alone, if it does
    pub then: Option<Box<Cursor>>,
}

impl Cursor {
    /// # Errors
    /// `Invalid` for text that is no cursor.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let cursor = serde_json::from_str(text).map_err(|_| cannot_continue())?;
        match &cursor {
            Self::Elasticsearch { after, .. } if !after.iter().all(Value::is_number) => Err(cannot_continue()),
            _ => Ok(cursor),
        }
    }

    /// Whether the list began with Elasticsearch.
    pub(super) fn is_of_elasticsearch(&self) -> bool {
        matches!(self, Self::Elasticsearch { .. } | Self::Fused(Fused { in_elasticsearch: true, .. }))
    }

    /// The same place in the list without these, that came before their turn.
    pub(super) fn without(mut self, media: Vec<i64>) -> Self {
        if let Self::Elasticsearch { but, .. } | Self::PostgreSql { but, .. } = &mut self {
            *but = media;
        }
        self
    }

    /// Media that came before their turn
    pub(super) fn but(&self) -> &[i64] {
        match self {
            Self::Elasticsearch { but, .. } | Self::PostgreSql { but, .. } => but,
            Self::Fused(_) => &[],
        }
    }
}

pub(super) fn cannot_continue() -> Error {
    Error::Invalid("This list can't be continued. Search again.".into())
}

/// `22…`: a time or number of the cursor is none.
pub(super) fn is_bad_value(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).is_some_and(|state| state.starts_with("22"))
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let after = vec![json!(1.5), json!(1_700_000_000_000_i64), json!(7)];
        let by_words = Cursor::PostgreSql {
            created_at: "2026-01-02T03:04:05.678901+00:00".into(),
            media_id: 7,
            rank: 3,
            total: Total::counted(9),
            but: vec![4],
        };
        let ranks = Ranks { text: None, vector: Some(1), similarity: Some(0.5) };
        for cursor in [
            Cursor::Elasticsearch { pit: Some("x".into()), after, total: Total::counted(9), but: vec![] },
            by_words.clone(),
            Cursor::Fused(Fused {
                in_elasticsearch: true,
                total: Total::counted(9),
                rest: vec![(5, ranks)],
                then: Some(by_words.into()),
            }),
        ] {
            assert_eq!(Cursor::parse(&cursor.to_string()).expect("a cursor"), cursor);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "7",
            "{}",
            r#"{"elasticsearch":{"pit":null,"after":[{"match_all":{}}],"total":{"media":1,"isEstimate":false}}}"#,
            r#"{"elasticsearch":{"pit":null,"after":["x"],"total":{"media":1,"isEstimate":false}}}"#,
        ] {
            assert!(Cursor::parse(text).is_err(), "{text}");
        }
    }
}
