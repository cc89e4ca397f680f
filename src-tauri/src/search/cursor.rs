//! Where a list goes on: what its last entry was sorted by. Text that only this module reads.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Result};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Cursor {
    /// `search_after`
    Elasticsearch(Vec<Value>),
    PostgreSql {
        created_at: String,
        media_id: i64,
    },
}

impl Cursor {
    /// # Errors
    /// `Invalid` for text that is no cursor.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let cursor = serde_json::from_str(text).map_err(|_| cannot_continue())?;
        match &cursor {
            Self::Elasticsearch(values) if !values.iter().all(Value::is_number) => Err(cannot_continue()),
            _ => Ok(cursor),
        }
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
        for cursor in [
            Cursor::Elasticsearch(vec![json!(1.5), json!(1_700_000_000_000_i64), json!(7)]),
            Cursor::PostgreSql { created_at: "2026-01-02T03:04:05.678901+00:00".into(), media_id: 7 },
        ] {
            assert_eq!(Cursor::parse(&cursor.to_string()).expect("a cursor"), cursor);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "7", "{}", r#"{"elasticsearch":[{"match_all":{}}]}"#, r#"{"elasticsearch":["x"]}"#] {
            assert!(Cursor::parse(text).is_err(), "{text}");
        }
    }
}
