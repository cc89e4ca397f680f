//! The subcommands by which read models and indices are kept: worker, rebuild, check and dead letters.

use std::{collections::HashMap, net::SocketAddr, time::Duration};

use clap::{Args, Subcommand};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use sqlx::PgPool;
use tokio::{sync::watch, time};
use tokio_util::sync::CancellationToken;

use super::{DatabaseArgs, stop_on_signal, stop_signal};
use crate::{
    config::{self, Config},
    db,
    elastic::Elastic,
    error::{Error, Result},
    read_models,
    sync::{self, JobKind, JobState, QueueKind},
};

/// How often progress is looked at.
const LOOK: Duration = Duration::from_millis(200);

#[derive(Debug, Args)]
pub(super) struct WorkerArgs {
    /// Serve /metrics and /healthz there, on this machine only
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Debug, Args)]
pub(super) struct RebuildArgs {
    /// Only this index
    #[arg(long, value_name = "NAME")]
    index: Option<String>,
    /// Put the generation before the present one in place again
    #[arg(long)]
    rollback: bool,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Only this index
    #[arg(long, value_name = "NAME")]
    index: Option<String>,
    /// Mark what differs, so that a worker mends it
    #[arg(long)]
    repair: bool,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Debug, Subcommand)]
pub(super) enum DeadLettersCommand {
    /// Each with the server's own words
    List(DatabaseArgs),
    /// Have them tried again by a worker
    Replay {
        /// Only those of this read model or index
        #[arg(long, value_name = "NAME")]
        index: Option<String>,
        /// Only this row or document
        #[arg(long, requires = "index")]
        key: Option<String>,
        #[command(flatten)]
        database: DatabaseArgs,
    },
}

/// Works until it is stopped.
pub(super) async fn worker(args: &WorkerArgs, config: &Config) -> Result<()> {
    let (db, elastic) = parts(&args.database, config).await?;
    let mut settings = config.worker.clone();
    settings.listen = args.listen.or(settings.listen);
    sync::run_worker(db, elastic, &settings, stop_on_signal()).await
}

/// Asks for the work, does it unless another worker is quicker, and shows how far it is. Ctrl+C cancels it; what is done is
/// kept for the next time.
pub(super) async fn rebuild(args: &RebuildArgs, config: &Config) -> Result<i32> {
    let (db, elastic) = parts(&args.database, config).await?;
    let kind = if args.rollback { JobKind::Rollback } else { JobKind::Rebuild };
    sync::may_do(&db, elastic.as_ref(), kind, args.index.as_deref()).await?;
    let jobs = sync::ask_for(&db, kind, args.index.as_deref()).await?;
    let stop = CancellationToken::new();
    // It is here for the work that was asked for: another worker may have the address.
    let settings = config::Worker { listen: None, ..config.worker.clone() };
    let (own, stopped) = (db.clone(), stop.clone());
    let worker = tokio::spawn(async move { sync::run_rebuilds(own, elastic, &settings, stopped).await });
    let ended = watch(&db, &jobs).await;
    stop.cancel();
    match worker.await {
        Ok(ended) => ended?,
        Err(error) => return Err(Error::internal("The worker ended unexpectedly.", error)),
    }
    let mut code = 0;
    for JobState { index, state, outcome, .. } in ended? {
        println!("{index}: {}", outcome.unwrap_or_else(|| state.clone()));
        code = code.max(i32::from(state != "done"));
    }
    Ok(code)
}

/// Says of each index what differs. 1 where something differs and was not marked to be mended.
pub(super) async fn check(args: &CheckArgs, config: &Config) -> Result<i32> {
    let (db, elastic) = parts(&args.database, config).await?;
    let mut code = 0;
    let all = read_models::ALL.iter().map(|model| model.name.to_owned());
    for index in args.index.clone().map_or_else(|| all.collect(), |index| vec![index]) {
        let (said, mut steps) = watch::channel(sync::Step::default());
        let drawn = bar(&index);
        let looked = sync::check(&db, elastic.as_ref(), config.worker.read_models, &index, args.repair, said);
        let drawing = async {
            while steps.changed().await.is_ok() {
                let step = steps.borrow_and_update();
                drawn.set_length(u64::try_from(step.total).unwrap_or(0));
                drawn.set_position(u64::try_from(step.done).unwrap_or(0));
                drawn.set_message(step.name);
            }
        };
        let (found, ()) = tokio::join!(looked, drawing);
        drawn.finish_and_clear();
        let found = found?;
        println!("{index}: {}", found.sentence());
        for example in &found.examples {
            println!("  {example}");
        }
        let is_mended = found.repaired && found.problem.is_none();
        code = code.max(i32::from(!(found.is_clean() || is_mended)));
    }
    let queues = sync::queues(&db, elastic.is_some()).await?;
    let waiting: i64 = queues.iter().map(|queue| queue.waiting).sum();
    let letters: i64 = queues.iter().map(|queue| queue.dead_letters).sum();
    if waiting + letters > 0 {
        println!("Not compared: {waiting} marks that wait for a worker, {letters} dead letters.");
    }
    Ok(code)
}

pub(super) async fn dead_letters(command: DeadLettersCommand) -> Result<()> {
    match command {
        DeadLettersCommand::List(args) => {
            for letter in sync::dead_letters(&db::connect_url(&args.database_url).await?).await? {
                let of = match letter.kind {
                    QueueKind::Index => "document",
                    QueueKind::ReadModel | QueueKind::Task => "row",
                };
                println!("{} {of} {}  {}  {}", letter.name, letter.key, letter.at.to_rfc3339(), letter.reason);
            }
        }
        DeadLettersCommand::Replay { index, key, database } => {
            let db = db::connect_url(&database.database_url).await?;
            let letters = sync::replay(&db, index.as_deref(), key.as_deref()).await?;
            println!("{letters} dead letters are tried again.");
        }
    }
    Ok(())
}

async fn parts(args: &DatabaseArgs, config: &Config) -> Result<(PgPool, Option<Elastic>)> {
    let db = db::connect_url(&args.database_url).await?;
    db::check_migrations(&db).await?;
    Ok((db, Elastic::new(&config.elasticsearch)?))
}

/// Draws the bars until all have ended.
async fn watch(db: &PgPool, jobs: &[i64]) -> Result<Vec<JobState>> {
    let bars = MultiProgress::new();
    let mut drawn: HashMap<String, ProgressBar> = HashMap::new();
    let mut looks = time::interval(LOOK);
    let mut signal = Box::pin(stop_signal());
    let mut is_cancelled = false;
    loop {
        tokio::select! {
            _ = looks.tick() => {}
            () = &mut signal, if !is_cancelled => {
                is_cancelled = true;
                sync::cancel_jobs(db, jobs).await?;
                eprintln!("Cancelling; the next rebuild goes on from here.");
            }
        }
        let states = sync::job_states(db, jobs).await?;
        for state in &states {
            draw(drawn.entry(state.index.clone()).or_insert_with(|| bars.add(bar(&state.index))), state);
        }
        if states.iter().all(JobState::has_ended) {
            return Ok(states);
        }
    }
}

fn bar(index: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix:24} {msg:10} {wide_bar} {human_pos}/{human_len} {elapsed}");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())).with_prefix(index.to_owned())
}

fn draw(bar: &ProgressBar, state: &JobState) {
    if state.has_ended() {
        bar.finish_with_message(state.state.clone());
        return;
    }
    bar.set_length(u64::try_from(state.total).unwrap_or(0));
    bar.set_position(u64::try_from(state.done).unwrap_or(0));
    bar.set_message(state.step.clone().unwrap_or_else(|| state.state.clone()));
}
