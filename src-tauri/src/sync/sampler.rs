//! How the queues are, every ten seconds: for the charts of the System screen, and for Prometheus.

use std::{collections::HashMap, time::Duration};

use chrono::{DateTime, Utc};
use serde::Serialize;
use specta::Type;
use sqlx::{PgPool, query};
use tokio::time;
use tokio_util::sync::CancellationToken;

use super::{
    QueueKind,
    metrics::{Metrics, Of, Queue},
};
use crate::{error::Result, read_models};

/// As `console.queue_sample` has it.
const EVERY: Duration = Duration::from_secs(10);

/// A queue during a span of time.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Sample {
    pub at: DateTime<Utc>,
    pub kind: QueueKind,
    pub name: String,
    /// The most that waited
    #[specta(type = i32)]
    pub waiting: i64,
    /// The greatest age of what waited
    #[specta(type = Option<i32>)]
    pub oldest_seconds: Option<f64>,
    /// Sent within the span
    #[specta(type = i32)]
    pub documents: i64,
    /// Those of which the index had a newer version
    #[specta(type = i32)]
    pub conflicts: i64,
}

/// Samples of the last hours in spans of some seconds, as a member of staff may see them.
pub async fn samples(db: &PgPool, hours: u32, span_seconds: u32) -> Result<Vec<Sample>> {
    let lines = query!(
        r#"
        select at as "at!", kind as "kind!", name as "name!", waiting as "waiting!", oldest_seconds,
               documents as "documents!", conflicts as "conflicts!"
          from console.queue_samples(now() - make_interval(hours => $1), make_interval(secs => $2))
        "#,
        i32::try_from(hours.clamp(1, 24)).unwrap_or(24),
        f64::from(span_seconds.max(10)),
    )
    .fetch_all(db)
    .await?;
    Ok(lines
        .into_iter()
        .map(|line| Sample {
            at: line.at,
            kind: QueueKind::of(&line.kind),
            name: line.name,
            waiting: line.waiting,
            oldest_seconds: line.oldest_seconds,
            documents: line.documents,
            conflicts: line.conflicts,
        })
        .collect())
}

/// Samples until it is stopped. What can't be written is missing in the chart and nothing else.
pub(super) async fn sample(db: PgPool, metrics: Metrics, stop: CancellationToken) {
    let mut counted = HashMap::new();
    let mut ticks = time::interval(EVERY);
    ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        tokio::select! {
            () = stop.cancelled() => return,
            taken = take(&db, &metrics, &mut counted) => if let Err(error) = taken {
                tracing::warn!(%error, "no sample of the queues taken");
            }
        }
    }
}

/// One sample; `counted` is what this worker had sent of each index before.
async fn take(db: &PgPool, metrics: &Metrics, counted: &mut HashMap<&'static str, (u64, u64)>) -> sqlx::Result<()> {
    let (mut names, mut documents, mut conflicts) = (Vec::new(), Vec::new(), Vec::new());
    for model in read_models::ALL {
        let of = Of::index(model.name);
        let now = (metrics.documents.get_or_create(&of).get(), metrics.conflicts.get_or_create(&of).get());
        let before = counted.insert(model.name, now).unwrap_or_default();
        names.push(model.name.to_owned());
        documents.push(i64::try_from(now.0.saturating_sub(before.0)).unwrap_or(i64::MAX));
        conflicts.push(i64::try_from(now.1.saturating_sub(before.1)).unwrap_or(i64::MAX));
    }
    let lines = query!(
        r#"
        with outdated as (
            delete from console.queue_sample where at < now() - interval '24 hours'
        ),
        sent as (
            select * from unnest($1::text[], $2::bigint[], $3::bigint[]) as sent (name, documents, conflicts)
        )
        insert into console.queue_sample as s (at, kind, name, waiting, oldest_seconds, dead_letters, documents, conflicts)
        select date_bin('10 seconds', clock_timestamp(), 'epoch'), q.kind, q.name, q.waiting, q.oldest_seconds,
               q.dead_letters, coalesce(sent.documents, 0), coalesce(sent.conflicts, 0)
          from console.queue_status() as q
          left join sent on sent.name = q.name and q.kind = 'index'
            on conflict (at, kind, name) do update
           set waiting = excluded.waiting, oldest_seconds = excluded.oldest_seconds, dead_letters = excluded.dead_letters,
               documents = s.documents + excluded.documents, conflicts = s.conflicts + excluded.conflicts
        returning kind, name, waiting, oldest_seconds, dead_letters
        "#,
        &names,
        &documents,
        &conflicts,
    )
    .fetch_all(db)
    .await?;
    for line in lines {
        let queue = Queue { kind: line.kind, name: line.name };
        metrics.backlog.get_or_create(&queue).set(line.waiting);
        metrics.oldest.get_or_create(&queue).set(line.oldest_seconds.unwrap_or(0.0));
        metrics.dead_letters.get_or_create(&queue).set(line.dead_letters);
    }
    Ok(())
}
