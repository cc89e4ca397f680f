//! Signs of life: what a worker holds is its own as long as it gives them.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use sqlx::{PgPool, query};
use tokio::{
    sync::watch,
    time::{self, Instant},
};
use tokio_util::sync::CancellationToken;

use super::{
    notify::{Notice, tell},
    progress::is_passing,
};
use crate::error::Result;

/// A worker not seen for so long is dead, and its leases are void (`console.jobs` says the same). One that was seen later than
/// now is from before the clock was set back: it holds nothing either.
pub(super) const ALIVE: Duration = Duration::from_secs(8);
pub(super) const ALIVE_SECONDS: f64 = ALIVE.as_secs_f64();
const HEARTBEAT: Duration = Duration::from_secs(2);
/// Rows of workers that died stay visible for a while; those from before the clock was set back do not.
const REMEMBERED_SECONDS: f64 = 3600.0;

pub(super) async fn beat(
    db: PgPool,
    name: String,
    has_elastic: bool,
    beat_at: watch::Sender<Instant>,
    stop: CancellationToken,
) {
    let mut beats = time::interval(HEARTBEAT);
    beats.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = beats.tick() => {}
        }
        // Not whether PostgreSQL answers: a worker that waits for it need not be started anew.
        tell(Notice::Alive);
        match sign_of_life(&db, &name, has_elastic).await {
            Ok(()) => drop(beat_at.send_replace(Instant::now())),
            Err(error) => tracing::warn!(%error, "no sign of life given"),
        }
    }
}

/// The first sign of life. A connection that is cut just then is not the end.
pub(super) async fn appear(db: &PgPool, name: &str, has_elastic: bool) -> Result<()> {
    let pauses =
        ExponentialBuilder::default().with_jitter().with_min_delay(Duration::from_millis(100)).with_max_times(5);
    let sign = || async { Ok(sign_of_life(db, name, has_elastic).await?) };
    sign.retry(pauses).when(is_passing).await
}

async fn sign_of_life(db: &PgPool, name: &str, has_elastic: bool) -> sqlx::Result<()> {
    query!(
        r#"
        with forgotten as (
            delete from console.worker
             where name <> $1
               and seen_at not between clock_timestamp() - make_interval(secs => $2)
                   and clock_timestamp() + make_interval(secs => $3)
        )
        insert into console.worker (name, has_elasticsearch) values ($1, $4)
            on conflict (name) do update set seen_at = clock_timestamp()
        "#,
        name,
        REMEMBERED_SECONDS,
        ALIVE_SECONDS,
        has_elastic,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Without the worker's row its leases are void.
pub(super) async fn leave(db: &PgPool, name: &str) -> sqlx::Result<()> {
    query!("delete from console.worker where name = $1", name).execute(db).await?;
    Ok(())
}
