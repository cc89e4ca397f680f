//! One `_bulk` request: its lines, and what became of each document.

use std::collections::HashSet;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::queue::Entry;
use crate::elastic::{self, Elastic, Failure};

/// A request of this size is sent; a single larger document still is, alone.
pub(super) const FULL: usize = 2 << 20;

/// Documents on their way to one index.
#[derive(Debug, Default)]
pub(super) struct Bulk {
    entries: Vec<Entry>,
    /// Where each entry's lines end
    ends: Vec<usize>,
    lines: Vec<u8>,
    /// What there is no document of
    refused: Vec<(Entry, Outcome)>,
}

/// What Elasticsearch did with one document.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    /// It holds this version or a newer one.
    Conflict,
    /// Worth another try: the status and the words.
    Busy(u16, String),
    /// There is no index behind the alias.
    NoIndex,
    Rejected(String),
}

impl Bulk {
    /// The whole document, or without one its deletion, in the entry's version.
    pub(super) fn push(&mut self, entry: Entry, document: Option<&[u8]>) {
        let action = if document.is_some() { "index" } else { "delete" };
        let head = json!({action: {"_id": entry.document_id, "version": entry.version, "version_type": "external"}});
        self.lines.extend_from_slice(head.to_string().as_bytes());
        self.lines.push(b'\n');
        if let Some(document) = document {
            self.lines.extend_from_slice(document);
            self.lines.push(b'\n');
        }
        self.entries.push(entry);
        self.ends.push(self.lines.len());
    }

    /// Not sent, but among the outcomes: there is no document of this entry.
    pub(super) fn refuse(&mut self, entry: Entry, reason: String) {
        self.refused.push((entry, Outcome::Rejected(reason)));
    }

    /// Whose documents are in it, and those that have none.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().chain(self.refused.iter().map(|(entry, _)| entry))
    }

    pub(super) fn take_refused(&mut self) -> Vec<(Entry, Outcome)> {
        std::mem::take(&mut self.refused)
    }

    pub(super) fn bytes(&self) -> usize {
        self.lines.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Sends all, and says of each what became of it.
    ///
    /// # Errors
    /// Where there was no answer, or one that makes no sense.
    pub(super) async fn send(&self, elastic: &Elastic, alias: &str) -> Result<Vec<(Entry, Outcome)>, Failure> {
        match elastic.bulk::<Answer>(alias, Bytes::from(self.lines.clone())).await {
            Ok(answer) if answer.items.len() == self.entries.len() => {
                Ok(self.entries.iter().cloned().zip(answer.items.into_iter().map(Item::outcome)).collect())
            }
            Ok(answer) => Err(Failure::Garbled(format!(
                "{} items for {} documents in a bulk",
                answer.items.len(),
                self.entries.len()
            ))),
            // With require_alias the request itself is refused when nothing is there.
            Err(Failure::Refused { status: 404, .. }) => Ok(self.all(|| Outcome::NoIndex)),
            Err(Failure::Refused { status, reason }) if elastic::is_passing(status) => {
                Ok(self.all(|| Outcome::Busy(status, reason.clone())))
            }
            Err(failure) if failure.is_passing() => Err(failure),
            Err(failure) => match self.halves() {
                // Something about one of them, its size for instance: halve until that one stands alone.
                Some((low, high)) => {
                    let mut outcomes = Box::pin(low.send(elastic, alias)).await?;
                    outcomes.extend(Box::pin(high.send(elastic, alias)).await?);
                    Ok(outcomes)
                }
                None => Ok(self.all(|| Outcome::Rejected(failure.to_string()))),
            },
        }
    }

    fn all(&self, outcome: impl Fn() -> Outcome) -> Vec<(Entry, Outcome)> {
        self.entries.iter().cloned().map(|entry| (entry, outcome())).collect()
    }

    /// Only those of the entries that are worth another try; `None` when there are none.
    pub(super) fn only(&self, keep: impl Fn(&Entry) -> bool) -> Option<Self> {
        let mut kept = Self::default();
        let mut start = 0;
        for (entry, &end) in self.entries.iter().zip(&self.ends) {
            if keep(entry) {
                kept.lines.extend_from_slice(&self.lines[start..end]);
                kept.entries.push(entry.clone());
                kept.ends.push(kept.lines.len());
            }
            start = end;
        }
        (!kept.is_empty()).then_some(kept)
    }

    fn halves(&self) -> Option<(Self, Self)> {
        let low: HashSet<i64> = self.entries[..self.entries.len() / 2].iter().map(|entry| entry.version).collect();
        Some((self.only(|entry| low.contains(&entry.version))?, self.only(|entry| !low.contains(&entry.version))?))
    }
}

#[derive(Debug, Deserialize)]
struct Answer {
    items: Vec<Item>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Item {
    Index(Done),
    Delete(Done),
}

#[derive(Debug, Deserialize)]
struct Done {
    status: u16,
    #[serde(default)]
    error: Value,
}

impl Item {
    fn outcome(self) -> Outcome {
        let (Self::Index(Done { status, error }) | Self::Delete(Done { status, error })) = self;
        match status {
            200..=299 => Outcome::Done,
            // Deleting what is not there leaves the version behind all the same.
            404 if error.is_null() => Outcome::Done,
            404 => Outcome::NoIndex,
            409 => Outcome::Conflict,
            status if elastic::is_passing(status) => Outcome::Busy(status, elastic::reason(&error)),
            _ => Outcome::Rejected(elastic::reason(&error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(item: Value) -> Outcome {
        serde_json::from_value::<Item>(item).expect("an item").outcome()
    }

    fn entry(document_id: &str, version: i64) -> Entry {
        Entry { document_id: document_id.into(), version, attempts: 1 }
    }

    #[test]
    fn what_is_newer_or_gone_already_is_no_failure() {
        assert_eq!(outcome(json!({"index": {"_id": "1", "status": 201}})), Outcome::Done);
        assert_eq!(outcome(json!({"delete": {"_id": "1", "status": 404}})), Outcome::Done);
        let conflict = json!({"type": "version_conflict_engine_exception", "reason": "newer"});
        assert_eq!(outcome(json!({"index": {"_id": "1", "status": 409, "error": conflict}})), Outcome::Conflict);
    }

    #[test]
    fn a_rejection_keeps_elasticsearch_s_words() {
        let error = json!({"type": "document_parsing_exception", "reason": "no"});
        assert_eq!(
            outcome(json!({"index": {"_id": "1", "status": 400, "error": error}})),
            Outcome::Rejected("document_parsing_exception: no".into())
        );
        let error = json!({"type": "es_rejected_execution_exception", "reason": "full"});
        assert!(matches!(
            outcome(json!({"index": {"_id": "1", "status": 429, "error": error}})),
            Outcome::Busy(429, _)
        ));
    }

    #[test]
    fn a_part_of_a_bulk_has_exactly_its_lines() {
        let mut bulk = Bulk::default();
        bulk.push(entry("1", 5), Some(br#"{"a":1}"#));
        bulk.push(entry("2", 6), None);
        bulk.push(entry("3", 4), Some(br#"{"a":3}"#));
        let (low, high) = bulk.halves().expect("three");
        assert_eq!([low.lines.clone(), high.lines.clone()].concat(), bulk.lines);
        assert_eq!(String::from_utf8_lossy(&low.lines).lines().count(), 2);
        assert!(low.halves().is_none());
        assert!(bulk.only(|_| false).is_none());
    }
}
