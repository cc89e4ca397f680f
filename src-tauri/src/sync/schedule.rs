//! Asks now and then for work that nobody asks for.

use std::time::Duration;

use sqlx::PgPool;
use tokio::time::{self, Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::recall::ask_for_recall;

/// How often it is looked whether something is due. Not at the very beginning: a worker that starts has other things to do.
const EVERY: Duration = Duration::from_mins(5);

/// Asks until it is stopped.
pub(super) async fn keep(db: PgPool, stop: CancellationToken) {
    let mut ticks = time::interval_at(Instant::now() + EVERY, EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        if let Err(error) = ask_for_recall(&db).await {
            tracing::warn!(%error, "recall is not measured");
        }
    }
}
