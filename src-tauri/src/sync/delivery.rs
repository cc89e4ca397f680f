//! Bringing a bulk to one generation: again and again while Elasticsearch is too busy.

use std::{collections::HashSet, sync::Arc, time::Instant};

use backon::{BackoffBuilder, ExponentialBuilder};
use std::time::Duration;

use super::{
    bulk::{Bulk, Outcome},
    metrics::{Metrics, Of, Refusal},
    pace::Pace,
    queue::Entry,
};
use crate::{elastic::Elastic, error::Result};

/// Sends to the generations of one index.
#[derive(Debug, Clone)]
pub(super) struct Delivery {
    pub elastic: Elastic,
    pub index: &'static str,
    pub pace: Arc<Pace>,
    pub metrics: Metrics,
}

impl Delivery {
    /// What became of each document in the end; `Busy` only where Elasticsearch had no time for it however often it was
    /// asked.
    pub(super) async fn deliver(&self, bulk: &Bulk, alias: &str) -> Result<Vec<(Entry, Outcome)>> {
        let mut pauses = ExponentialBuilder::default()
            .with_jitter()
            .with_min_delay(Duration::from_millis(100))
            .with_max_delay(Duration::from_secs(5))
            .with_max_times(6)
            .build();
        let mut settled = Vec::new();
        let mut rest: Option<Bulk> = None;
        loop {
            let outcomes = self.send(rest.as_ref().unwrap_or(bulk), alias).await?;
            let (busy, done): (Vec<_>, Vec<_>) =
                outcomes.into_iter().partition(|(_, outcome)| matches!(outcome, Outcome::Busy(..)));
            settled.extend(done);
            let again: HashSet<i64> = busy.iter().map(|(entry, _)| entry.version).collect();
            let next = rest.as_ref().unwrap_or(bulk).only(|entry| again.contains(&entry.version));
            match (next, pauses.next()) {
                (None, _) => return Ok(settled),
                (Some(next), Some(pause)) => {
                    tokio::time::sleep(pause).await;
                    rest = Some(next);
                }
                (Some(_), None) => {
                    settled.extend(busy);
                    return Ok(settled);
                }
            }
        }
    }

    async fn send(&self, bulk: &Bulk, alias: &str) -> Result<Vec<(Entry, Outcome)>> {
        let begun = Instant::now();
        let outcomes = bulk.send(&self.elastic, alias).await?;
        let of = Of::index(self.index);
        self.metrics.bulk_seconds.get_or_create(&of).observe(begun.elapsed().as_secs_f64());
        let mut statuses = HashSet::new();
        for (_, outcome) in &outcomes {
            if let Outcome::Busy(status, _) = outcome {
                statuses.insert(*status);
                let refusal = Refusal { index: self.index.to_owned(), status: *status };
                self.metrics.refusals.get_or_create(&refusal).inc();
            }
        }
        if statuses.contains(&429) {
            self.pace.halve();
        } else if statuses.is_empty() {
            self.pace.raise();
        }
        Ok(outcomes)
    }
}
