//! The worker: one loop for each stage, woken by PostgreSQL, stopped together.

use std::{
    pin::pin,
    sync::{Arc, Mutex, atomic::AtomicBool},
    time::Duration,
};

use backon::{BackoffBuilder, ExponentialBuilder, Retryable};
use sqlx::{
    AssertSqlSafe, PgPool,
    postgres::{PgListener, PgPoolOptions},
    query,
};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{self, Instant},
};
use tokio_util::sync::CancellationToken;

use super::{
    clerk::Clerk,
    delivery::Delivery,
    feed::{self, Feed},
    folder::{Folder, Texts},
    indexer::Indexer,
    lane::Lane,
    listen::Listener,
    marks,
    matcher::{self, Matcher},
    metrics::Metrics,
    notify::{Notice, tell},
    progress::is_passing,
    projector::{self, Projector},
    queue,
    rush::{Rush, Turn},
    sampler, terms,
    wakers::Wakers,
};
use crate::{
    config::{self, ReadModels},
    elastic::Elastic,
    error::Result,
    read_models::{self, ReadModel},
};

/// Notifications only shorten the wait; one that is lost costs this much.
const POLL: Duration = Duration::from_secs(1);
const HEARTBEAT: Duration = Duration::from_secs(2);
/// Its own work is given to others after so long, see `queue::ALIVE_SECONDS`.
const ALIVE: Duration = Duration::from_secs(8);
/// Rows of workers that died stay visible for a while; those from before the clock was set back do not.
const REMEMBERED_SECONDS: f64 = 3600.0;
/// Of a stage: one that reads while the other settles.
const CONNECTIONS: u32 = 2;
/// Of all stages of one read model in one lane: the projector works beside the indexer.
const CONNECTIONS_OF_LANE: u32 = 3;
/// From the beginning of one step with work to that of the next: what comes meanwhile is done together.
const GATHER: Duration = Duration::from_millis(10);
/// Whoever has the turn may hang: another index must not wait for it for longer.
const LONGEST_TURN: Duration = Duration::from_secs(1);
/// For a step to come to its end when the worker is told to stop; longer than any that waits for nobody.
const GRACE: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(30);
const IDLE: Duration = Duration::from_mins(1);
/// Kinds of jobs.
const GENERATIONS: &[&str] = &["rebuild", "rollback"];
const CHECKS: &[&str] = &["check", "repair", "recall"];
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
    run(db, elastic, settings, every_stage, stop).await
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
    Clerk(Clerk),
}

impl Stage {
    /// What was to be done now; how much it was.
    async fn step(&self, others_hurry: bool) -> Result<usize> {
        match self {
            Self::Projector(projector) => projector.step().await,
            Self::Clearer(db) => Ok(usize::try_from(marks::clear(db).await?).unwrap_or(usize::MAX)),
            Self::Matcher(matcher) => matcher.step().await,
            Self::Feed(feed) => feed.step().await,
            Self::Indexer(indexer) => indexer.step(others_hurry).await,
            Self::Folder(folder) => folder.step().await,
            Self::Clerk(clerk) => clerk.step().await,
        }
    }

    /// Nobody waits for it as for a change that was made just now: who else is on a photo, what a feed suggests.
    fn is_patient(&self) -> bool {
        match self {
            Self::Matcher(_) | Self::Feed(_) => true,
            Self::Projector(Projector { lane, .. }) | Self::Indexer(Indexer { lane, .. }) => *lane != Lane::Express,
            _ => false,
        }
    }

    /// In which marks for it are made; as PostgreSQL's notifications call it.
    fn queue(&self) -> String {
        match self {
            Self::Projector(projector) => projector.model.name.into(),
            Self::Matcher(_) => matcher::QUEUE.into(),
            Self::Feed(_) => feed::QUEUE.into(),
            Self::Indexer(indexer) => format!("{} index", indexer.model.name),
            Self::Folder(folder) => format!("{} index", folder.texts.name()),
            // Woken by what names no queue.
            Self::Clearer(_) | Self::Clerk(_) => String::new(),
        }
    }

    /// In which it marks, where there is a stage of this worker for it.
    fn next_queue(&self) -> Option<String> {
        match self {
            Self::Projector(projector) => Some(format!("{} index", projector.model.name)),
            _ => None,
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Projector(Projector { model, lane, .. }) => format!("projector of {} ({lane:?})", model.name),
            Self::Clearer(_) => "clearer".into(),
            Self::Matcher(_) => "matcher".into(),
            Self::Feed(_) => "feed".into(),
            Self::Indexer(Indexer { model, lane, .. }) => format!("indexer of {} ({lane:?})", model.name),
            Self::Folder(folder) => format!("folder of {}", folder.texts.name()),
            Self::Clerk(clerk) => format!("clerk of {}", clerk.kinds.join(", ")),
        }
    }
}

/// What all stages of one worker have.
struct Staff<'a> {
    db: &'a PgPool,
    elastic: Option<&'a Elastic>,
    settings: &'a config::Worker,
    metrics: &'a Metrics,
    name: &'a str,
    /// To be closed in the end
    pools: Vec<PgPool>,
}

impl Staff<'_> {
    /// Connections of one stage's own: another one that is slow can't take them.
    fn pool(&mut self) -> PgPool {
        self.pool_of(CONNECTIONS)
    }

    fn pool_of(&mut self, connections: u32) -> PgPool {
        let pool = settings_of_pool(connections).connect_lazy_with((*self.db.connect_options()).clone());
        self.pools.push(pool.clone());
        pool
    }

    /// For steps that are small and many: planning each anew would take as long as what is planned.
    fn express_pool(&mut self, model: &'static ReadModel) -> PgPool {
        let options = (*self.db.connect_options()).clone().options([("plan_cache_mode", "force_generic_plan")]);
        let pool = settings_of_pool(CONNECTIONS_OF_LANE)
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    sqlx::raw_sql(AssertSqlSafe(projector::preparation(model))).execute(connection).await?;
                    Ok(())
                })
            })
            .connect_lazy_with(options);
        self.pools.push(pool.clone());
        pool
    }

    fn folder(&mut self, texts: Texts) -> Stage {
        Stage::Folder(Folder { db: self.pool(), texts, worker: self.name.to_owned() })
    }

    fn feed(&mut self) -> Stage {
        Stage::Feed(Feed {
            db: self.pool(),
            settings: self.settings.feed.clone(),
            worker: self.name.to_owned(),
            idle_since: Mutex::default(),
        })
    }

    fn clerk(&mut self, kinds: &'static [&'static str]) -> Stage {
        Stage::Clerk(Clerk {
            db: self.pool_of(2 * CONNECTIONS),
            elastic: self.elastic.cloned(),
            metrics: self.metrics.clone(),
            read_models: self.settings.read_models,
            worker: self.name.to_owned(),
            kinds,
        })
    }

    /// What keeps one read model and its index, in each of its lanes; nobody waits for a feed.
    fn keepers(&mut self, model: &'static ReadModel, projected: bool) -> Vec<Stage> {
        let is_feed = model.name == read_models::feed_personalized::MODEL.name;
        let lanes = if is_feed { vec![Lane::Both] } else { vec![Lane::Express, Lane::Bulk] };
        let mut stages = Vec::new();
        // Elasticsearch has too much to do for both of them or for none.
        let pace = Arc::default();
        for lane in lanes {
            let db = if lane == Lane::Express { self.express_pool(model) } else { self.pool_of(CONNECTIONS_OF_LANE) };
            if projected {
                stages.push(Stage::Projector(Projector { db: db.clone(), model, lane, worker: self.name.to_owned() }));
            }
            if let Some(elastic) = self.elastic.cloned() {
                let (pace, metrics) = (Arc::clone(&pace), self.metrics.clone());
                stages.push(Stage::Indexer(Indexer {
                    db,
                    delivery: Delivery { elastic, index: model.name, pace, metrics },
                    model,
                    lane,
                    worker: self.name.to_owned(),
                    ready: AtomicBool::new(false),
                }));
            }
        }
        stages
    }
}

fn settings_of_pool(connections: u32) -> PgPoolOptions {
    PgPoolOptions::new().max_connections(connections).acquire_timeout(PATIENCE).idle_timeout(IDLE)
}

fn every_stage(staff: &mut Staff<'_>) -> Vec<Stage> {
    let mut stages = vec![staff.folder(Texts::Media), staff.folder(Texts::People)];
    stages.extend([GENERATIONS, CHECKS].map(|kinds| staff.clerk(kinds)));
    if staff.settings.read_models == ReadModels::External {
        stages.push(Stage::Clearer(staff.pool()));
    } else {
        stages.push(Stage::Matcher(Matcher {
            db: staff.pool(),
            worker: staff.name.to_owned(),
            sweep: tokio::sync::Mutex::default(),
        }));
        stages.push(staff.feed());
    }
    let projected = staff.settings.read_models == ReadModels::Projected;
    for model in read_models::ALL {
        stages.extend(staff.keepers(model, projected));
    }
    stages
}

fn rebuild_stages(staff: &mut Staff<'_>) -> Vec<Stage> {
    let mut stages = vec![staff.clerk(GENERATIONS)];
    for model in read_models::ALL {
        stages.extend(staff.keepers(model, false));
    }
    stages
}

/// A stage at work.
struct Work {
    stage: Stage,
    rush: Rush,
    wakers: Arc<Wakers>,
    woken: watch::Receiver<()>,
    stop: CancellationToken,
}

impl Work {
    /// Steps as long as there is something to do, waits when there is not, and ever longer while it fails.
    async fn repeat(mut self) {
        let pauses = ExponentialBuilder::default()
            .with_jitter()
            .with_min_delay(Duration::from_millis(200))
            .with_max_delay(Duration::from_secs(5));
        let mut failing = pauses.without_max_times().build();
        let mut in_rush = None;
        loop {
            // Seen before the step: what arrives during it wakes the next one.
            self.woken.borrow_and_update();
            let Some(mut turn) = self.turn().await else { return };
            let begun = Instant::now();
            let Some(result) = self.step(&mut turn).await else { return };
            let wait = match result {
                Ok(0) => {
                    in_rush = None;
                    drop(turn);
                    failing = pauses.without_max_times().build();
                    tokio::select! {
                        () = self.stop.cancelled() => return,
                        // The sender lives as long as the stages do.
                        _ = time::timeout(POLL, self.woken.changed()) => continue,
                    }
                }
                Ok(_) => {
                    failing = pauses.without_max_times().build();
                    // Sooner than PostgreSQL's notification comes back.
                    if let Some(next) = self.stage.next_queue() {
                        self.wakers.wake(&next);
                    }
                    if self.stage.is_patient() {
                        self.rush.pause(begun.elapsed())
                    } else {
                        in_rush.get_or_insert_with(|| self.rush.join());
                        GATHER.saturating_sub(begun.elapsed())
                    }
                }
                Err(error) => {
                    in_rush = None;
                    // Its pauses grow, and are no share of its work: the others need not wait for them.
                    drop(turn);
                    tracing::warn!(stage = self.stage.name(), %error, "failed, and will try again");
                    failing.next().unwrap_or(Duration::from_secs(5))
                }
            };
            // A patient stage pauses in its turn: together they leave the machine to the others.
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = time::sleep(wait) => {}
            }
        }
    }

    /// Waits for the turn of a patient stage; `None` when it is to stop.
    async fn turn(&self) -> Option<Option<Turn>> {
        if !self.stage.is_patient() {
            return Some(None);
        }
        self.stop.run_until_cancelled(self.rush.turn()).await
    }

    /// One step, to its end even when the worker is told to stop meanwhile; `None` when it is to stop. The turn does not wait for one
    /// that hangs.
    async fn step(&self, turn: &mut Option<Turn>) -> Option<Result<usize>> {
        if self.stop.is_cancelled() {
            return None;
        }
        let too_late = async {
            self.stop.cancelled().await;
            time::sleep(GRACE).await;
        };
        let mut step = pin!(self.stage.step(self.rush.is_on()));
        let in_turn = async {
            if let Ok(result) = time::timeout(LONGEST_TURN, &mut step).await {
                return result;
            }
            *turn = None;
            step.await
        };
        tokio::select! {
            result = in_turn => Some(result),
            () = too_late => None,
        }
    }
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

async fn beat(db: PgPool, name: String, has_elastic: bool, beat_at: watch::Sender<Instant>, stop: CancellationToken) {
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
async fn appear(db: &PgPool, name: &str, has_elastic: bool) -> Result<()> {
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
        queue::ALIVE_SECONDS,
        has_elastic,
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
