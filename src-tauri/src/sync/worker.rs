//! The worker: one loop for each stage, woken by PostgreSQL, stopped together.

use std::sync::Arc;

use sqlx::{PgPool, postgres::PgListener};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{self, Instant},
};
use tokio_util::sync::CancellationToken;

use super::{
    life::{ALIVE, appear, beat, leave},
    listen::Listener,
    metrics::Metrics,
    notify::{Notice, tell},
    rush::Rush,
    sampler, schedule,
    staff::{Staff, every_stage, rebuild_stages},
    stage::Stage,
    terms,
    wakers::Wakers,
    work::{POLL, Work},
};
use crate::{config, elastic::Elastic, error::Result};

const CHANNEL: &str = "console_queue";

/// Works until it is stopped. Losing PostgreSQL or Elasticsearch is not the end: each stage goes on when it is back.
///
/// # Errors
/// When PostgreSQL refuses the first sign of life, for want of rights or of the migrations, or stays away.
pub async fn run_worker(
    db: PgPool,
    elastic: Option<Elastic>,
    settings: &config::Worker,
    stop: CancellationToken,
) -> Result<()> {
    let asking = tokio::spawn(schedule::keep(db.clone(), stop.clone()));
    run(db, elastic, settings, every_stage, stop).await?;
    // It ends with the worker, whose pool it would keep open otherwise.
    asking.abort();
    Ok(())
}

/// [`run_worker`] that only makes generations anew and sends documents, for a program that waits for such a job: what else
/// there is to do is left to the worker.
///
/// # Errors
/// As [`run_worker`].
pub async fn run_rebuilds(
    db: PgPool,
    elastic: Option<Elastic>,
    settings: &config::Worker,
    stop: CancellationToken,
) -> Result<()> {
    run(db, elastic, settings, rebuild_stages, stop).await
}

async fn run(
    db: PgPool,
    elastic: Option<Elastic>,
    settings: &config::Worker,
    stages: fn(&mut Staff<'_>) -> Vec<Stage>,
    stop: CancellationToken,
) -> Result<()> {
    let name = format!("{}-{:08x}", std::process::id(), rand::random::<u32>());
    let metrics = Metrics::default();
    let (beat_at, beaten) = watch::channel(Instant::now());
    let listener = match settings.listen {
        Some(address) => Some(Listener::bind(address, metrics.clone(), beaten, ALIVE).await?),
        None => None,
    };
    // Before the first claim: leases of a worker that nobody has seen are void.
    appear(&db, &name, elastic.is_some()).await?;
    let mut wakers = Wakers::default();
    let mut running = JoinSet::new();
    running.spawn(beat(db.clone(), name.clone(), elastic.is_some(), beat_at, stop.clone()));
    running.spawn(sampler::sample(db.clone(), metrics.clone(), stop.clone()));
    running.spawn(terms::keep(db.clone(), stop.clone()));
    if let Some(listener) = listener {
        running.spawn(listener.serve(stop.clone()));
    }
    let mut staff =
        Staff { db: &db, elastic: elastic.as_ref(), settings, metrics: &metrics, name: &name, pools: Vec::new() };
    let rush = Rush::default();
    let mut woken_stages = Vec::new();
    for stage in stages(&mut staff) {
        let woken = wakers.of(stage.queue());
        woken_stages.push((stage, woken));
    }
    let wakers = Arc::new(wakers);
    for (stage, woken) in woken_stages {
        let work = Work { stage, rush: rush.clone(), wakers: Arc::clone(&wakers), woken, stop: stop.clone() };
        running.spawn(work.repeat());
    }
    running.spawn(listen(db.clone(), wakers, stop.clone()));

    tracing::info!(worker = name, "working");
    tell(Notice::Ready);
    stop.cancelled().await;
    tell(Notice::Stopping);
    while running.join_next().await.is_some() {}
    for pool in staff.pools {
        pool.close().await;
    }
    if let Err(error) = leave(&db, &name).await {
        tracing::warn!(%error, "not signed off: what it held is void in a few seconds");
    }
    tracing::info!(worker = name, "stopped");
    Ok(())
}

async fn listen(db: PgPool, wakers: Arc<Wakers>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            result = notifications(&db, &wakers) => {
                if let Err(error) = result {
                    tracing::warn!(%error, "no notifications from PostgreSQL, polling instead");
                }
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = time::sleep(POLL) => {}
        }
    }
}

async fn notifications(db: &PgPool, wakers: &Wakers) -> sqlx::Result<()> {
    let mut listener = PgListener::connect_with(db).await?;
    listener.listen(CHANNEL).await?;
    // What was said while nobody listened.
    wakers.wake("");
    loop {
        wakers.wake(listener.recv().await?.payload());
    }
}
