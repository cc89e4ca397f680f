//! The worker: one loop for each stage, woken by PostgreSQL, stopped together.

use std::{
    sync::{Mutex, atomic::AtomicBool},
    time::Duration,
};

use backon::{BackoffBuilder, ExponentialBuilder};
use sqlx::{PgPool, postgres::PgListener, query};
use tokio::{sync::watch, task::JoinSet, time};
use tokio_util::sync::CancellationToken;

use super::{
    feed::Feed,
    folder::{Folder, Texts},
    indexer::Indexer,
    marks,
    matcher::Matcher,
    projector::Projector,
};
use crate::{
    config::{self, ReadModels},
    elastic::Elastic,
    error::Result,
    read_models,
};

/// Notifications only shorten the wait; one that is lost costs this much.
const POLL: Duration = Duration::from_secs(1);
const HEARTBEAT: Duration = Duration::from_secs(2);
/// Rows of workers that died stay visible for a while.
const REMEMBERED_SECONDS: f64 = 3600.0;
const CHANNEL: &str = "console_queue";

/// Works until it is stopped. Losing PostgreSQL or Elasticsearch is not the end: each stage goes on when it is back.
///
/// # Errors
/// When PostgreSQL refuses the first sign of life, for want of rights or of the migrations.
pub async fn run_worker(
    db: PgPool,
    elastic: Option<Elastic>,
    settings: &config::Worker,
    stop: CancellationToken,
) -> Result<()> {
    let name = format!("{}-{:08x}", std::process::id(), rand::random::<u32>());
    // Before the first claim: leases of a worker that nobody has seen are void.
    sign_of_life(&db, &name).await?;
    let (wake, woken) = watch::channel(());
    let mut running = JoinSet::new();
    running.spawn(beat(db.clone(), name.clone(), stop.clone()));
    running.spawn(listen(db.clone(), wake, stop.clone()));
    for stage in stages(&db, elastic.as_ref(), settings, &name) {
        running.spawn(repeat(stage, woken.clone(), stop.clone()));
    }

    tracing::info!(worker = name, "working");
    while running.join_next().await.is_some() {}
    leave(&db, &name).await?;
    tracing::info!(worker = name, "stopped");
    Ok(())
}

/// One of the loops.
#[derive(Debug)]
enum Stage {
    Projector(Projector),
    /// In place of the projectors, where somebody else writes the read models
    Clearer(PgPool),
    Matcher(Matcher),
    Feed(Feed),
    Indexer(Indexer),
    Folder(Folder),
}

impl Stage {
    /// What was to be done now; how much it was.
    async fn step(&self) -> Result<usize> {
        match self {
            Self::Projector(projector) => projector.step().await,
            Self::Clearer(db) => Ok(usize::try_from(marks::clear(db).await?).unwrap_or(usize::MAX)),
            Self::Matcher(matcher) => matcher.step().await,
            Self::Feed(feed) => feed.step().await,
            Self::Indexer(indexer) => indexer.step().await,
            Self::Folder(folder) => folder.step().await,
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Projector(projector) => format!("projector of {}", projector.model.name),
            Self::Clearer(_) => "clearer".into(),
            Self::Matcher(_) => "matcher".into(),
            Self::Feed(_) => "feed".into(),
            Self::Indexer(indexer) => format!("indexer of {}", indexer.model.name),
            Self::Folder(folder) => format!("folder of {}", folder.texts.name()),
        }
    }
}

fn stages(db: &PgPool, elastic: Option<&Elastic>, settings: &config::Worker, worker: &str) -> Vec<Stage> {
    let folder = |texts| Stage::Folder(Folder { db: db.clone(), texts, worker: worker.to_owned() });
    let mut stages = vec![folder(Texts::Media), folder(Texts::People)];
    if settings.read_models == ReadModels::External {
        stages.push(Stage::Clearer(db.clone()));
    } else {
        stages.push(Stage::Matcher(Matcher { db: db.clone(), worker: worker.to_owned() }));
        stages.push(Stage::Feed(Feed {
            db: db.clone(),
            settings: settings.feed.clone(),
            worker: worker.to_owned(),
            idle_since: Mutex::default(),
        }));
    }
    for model in read_models::ALL {
        if settings.read_models == ReadModels::Projected {
            stages.push(Stage::Projector(Projector { db: db.clone(), model, worker: worker.to_owned() }));
        }
        stages.extend(elastic.map(|elastic| {
            Stage::Indexer(Indexer {
                db: db.clone(),
                elastic: elastic.clone(),
                model,
                worker: worker.to_owned(),
                ready: AtomicBool::new(false),
            })
        }));
    }
    stages
}

/// Steps as long as there is something to do, waits when there is not, and ever longer while it fails.
async fn repeat(stage: Stage, mut woken: watch::Receiver<()>, stop: CancellationToken) {
    let pauses = ExponentialBuilder::default()
        .with_jitter()
        .with_min_delay(Duration::from_millis(200))
        .with_max_delay(Duration::from_secs(5));
    let mut failing = pauses.without_max_times().build();
    loop {
        // Seen before the step: what arrives during it wakes the next one.
        woken.borrow_and_update();
        let result = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            result = stage.step() => result,
        };
        let wait = match result {
            Ok(0) => {
                failing = pauses.without_max_times().build();
                tokio::select! {
                    () = stop.cancelled() => return,
                    // The sender lives as long as the stages do.
                    _ = time::timeout(POLL, woken.changed()) => continue,
                }
            }
            Ok(_) => {
                failing = pauses.without_max_times().build();
                continue;
            }
            Err(error) => {
                tracing::warn!(stage = stage.name(), %error, "failed, and will try again");
                failing.next().unwrap_or(Duration::from_secs(5))
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = time::sleep(wait) => {}
        }
    }
}

async fn listen(db: PgPool, wake: watch::Sender<()>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            result = notifications(&db, &wake) => {
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

async fn notifications(db: &PgPool, wake: &watch::Sender<()>) -> sqlx::Result<()> {
    let mut listener = PgListener::connect_with(db).await?;
    listener.listen(CHANNEL).await?;
    loop {
        listener.recv().await?;
        wake.send_replace(());
    }
}

async fn beat(db: PgPool, name: String, stop: CancellationToken) {
    let mut beats = time::interval(HEARTBEAT);
    beats.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = beats.tick() => {}
        }
        if let Err(error) = sign_of_life(&db, &name).await {
            tracing::warn!(%error, "no sign of life given");
        }
    }
}

async fn sign_of_life(db: &PgPool, name: &str) -> sqlx::Result<()> {
    query!(
        r#"
        with forgotten as (
            delete from console.worker where seen_at < clock_timestamp() - make_interval(secs => $2)
        )
        insert into console.worker (name) values ($1)
            on conflict (name) do update set seen_at = clock_timestamp()
        "#,
        name,
        REMEMBERED_SECONDS,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Without the worker's row its leases are void.
async fn leave(db: &PgPool, name: &str) -> sqlx::Result<()> {
    query!("delete from console.worker where name = $1", name).execute(db).await?;
    Ok(())
}
