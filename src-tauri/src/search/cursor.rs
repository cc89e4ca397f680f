//! Where a list goes on: what its last entry was sorted by. Text that only this module reads.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Result};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Cursor {
    Elasticsearch {
        /// The point in time that the list is read at; none before the second page
        pit: Option<String>,
        /// `search_after`
        after: Vec<Value>,
        total: i64,
    },
    #[serde(rename_all = "camelCase")]
    PostgreSql { created_at: String, media_id: i64, rank: i64, total: i64 },
    /// Of a list that is found as a whole: how many were shown
    #[serde(rename_all = "camelCase")]
    Nearest { in_elasticsearch: bool, shown: u32 },
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
        matches!(self, Self::Elasticsearch { .. } | Self::Nearest { in_elasticsearch: true, .. })
    }
}

pub(super) fn cannot_continue() -> Error {
    Error::Invalid("This list can't be continued. Search again.".into())
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
        for cursor in [
            Cursor::Elasticsearch { pit: Some("x".into()), after, total: 9 },
            Cursor::PostgreSql {
                created_at: "2026-01-02T03:04:05.678901+00:00".into(),
                media_id: 7,
                rank: 3,
                total: 9,
            },
            Cursor::Nearest { in_elasticsearch: true, shown: 50 },
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
            r#"{"elasticsearch":{"pit":null,"after":[{"match_all":{}}],"total":1}}"#,
            r#"{"elasticsearch":{"pit":null,"after":["x"],"total":1}}"#,
        ] {
            assert!(Cursor::parse(text).is_err(), "{text}");
        }
    }
}
