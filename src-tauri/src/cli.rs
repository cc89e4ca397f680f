//! The subcommands. Without one, the window opens.

mod upkeep;

use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use self::upkeep::{CheckArgs, DeadLettersCommand, RebuildArgs, WorkerArgs};
use clap::{Args, Parser, Subcommand};
use sqlx::PgPool;
use tokio::{runtime::Runtime, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::{
    access::{self, Role},
    audit,
    config::Config,
    db, embedded,
    error::{Error, Result},
    faces, safety,
};

/// Moderation and search for the Kaleidoscope photo platform. Without a command it opens the window.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    /// Settings file; otherwise config.toml in the user's configuration folder
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Prepare a database: the platform's 13 tables where they are missing, and the console's schema
    Migrate(DatabaseArgs),
    /// Keep read models and indices true to the core tables, until stopped
    Worker(WorkerArgs),
    /// Build the indices anew beside those that are searched, from the core tables on
    Rebuild(RebuildArgs),
    /// Compare core tables, read models and indices; the exit code is 1 where they differ
    Check(CheckArgs),
    /// Rows and documents that a server refused
    DeadLetters {
        #[command(subcommand)]
        command: DeadLettersCommand,
    },
    /// Match all faces with the people who are enrolled
    MatchFaces(DatabaseArgs),
    /// Logins of operators
    Operator {
        #[command(subcommand)]
        command: OperatorCommand,
    },
    /// The log of what operators did
    Audit {
        #[command(subcommand)]
        command: AuditCommand,
    },
    /// Open the window on sample data, with servers of its own
    Demo(DemoArgs),
    /// Be one of the demo's own servers, as standard input says
    #[cfg(unix)]
    #[command(hide = true)]
    DemoPart,
}

#[derive(Debug, Args)]
struct DatabaseArgs {
    /// `postgresql://user:password@host:port/database`; a user with the rights for the task
    #[arg(long, env = "KALEIDOSCOPE_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    database_url: String,
}

#[derive(Debug, Subcommand)]
enum OperatorCommand {
    /// Make a login for an account of the platform, or renew its password and group
    Add {
        /// `users.username`
        username: String,
        #[arg(long)]
        role: Role,
        /// File whose first line is the password; otherwise it is asked for
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Every login that is in one of the console's groups
    List(DatabaseArgs),
    /// Let an admin see and decide what is about the safety of children
    Name {
        /// `users.username`
        username: String,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Let an admin see and decide it no longer
    Unname {
        /// `users.username`
        username: String,
        #[command(flatten)]
        database: DatabaseArgs,
    },
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Check the chain of hashes
    Verify(DatabaseArgs),
}

#[derive(Debug, Args)]
struct DemoArgs {
    /// Start an Elasticsearch node too
    #[arg(long)]
    elasticsearch: bool,
    /// Keep the sample data there; otherwise in a folder among the user's data
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Equal seeds make equal samples
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The screen that is shown first
    #[arg(long, value_parser = ["search", "faces", "safety", "people", "activity", "system"])]
    screen: Option<String>,
    #[arg(long, value_parser = ["light", "dark"])]
    theme: Option<String>,
    /// Made when the first screen has its content
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// Whom the window opens for
    #[arg(long = "as", default_value = "moderator", value_name = "ROLE")]
    opens_for: Role,
    /// Unpacked PostgreSQL with pgvector; scripts/setup brings it
    #[arg(long, env = "KALEIDOSCOPE_POSTGRES", value_name = "DIR")]
    postgres: PathBuf,
    #[arg(long, env = "KALEIDOSCOPE_ELASTICSEARCH", value_name = "DIR")]
    elasticsearch_home: Option<PathBuf>,
}

/// Runs what the command line asks for and returns the exit code; a failure is one line on standard error.
pub fn run() -> i32 {
    let started = Instant::now();
    let cli = Cli::parse();
    tracing_subscriber::fmt()
        .with_env_filter(
            EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,kaleidoscope_console=info")),
        )
        .with_writer(std::io::stderr)
        .init();
    let outcome = threads()
        .map_err(|error| Error::internal(format!("The program can't start its threads: {error}."), error))
        .and_then(|runtime| dispatch(&runtime, cli, started));
    outcome.unwrap_or_else(|error| {
        eprintln!("kaleidoscope-console: {error}");
        1
    })
}

/// Few threads for what blocks (decoding, files): each keeps memory of its own, and no more than the cores' worth helps.
fn threads() -> std::io::Result<Runtime> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    tokio::runtime::Builder::new_multi_thread().enable_all().max_blocking_threads(2 * cores + 2).build()
}

fn dispatch(runtime: &Runtime, cli: Cli, started: Instant) -> Result<i32> {
    let config = Config::load(cli.config.as_deref());
    let Some(command) = cli.command else {
        return window(runtime, config, started);
    };
    match command {
        Command::Demo(demo) => return demo_window(runtime, demo, started),
        #[cfg(unix)]
        Command::DemoPart => runtime.block_on(async { embedded::part::run(stop_on_signal()).await }),
        Command::Migrate(args) => runtime.block_on(migrate(&args)),
        Command::Worker(args) => runtime.block_on(upkeep::worker(&args, &config?)),
        Command::Rebuild(args) => return runtime.block_on(upkeep::rebuild(&args, &config?)),
        Command::Check(args) => return runtime.block_on(upkeep::check(&args, &config?)),
        Command::DeadLetters { command } => runtime.block_on(upkeep::dead_letters(command)),
        Command::MatchFaces(args) => runtime.block_on(match_faces(&args)),
        Command::Operator { command } => runtime.block_on(operator(command)),
        Command::Audit { command: AuditCommand::Verify(args) } => return runtime.block_on(verify(&args)),
    }?;
    Ok(0)
}

async fn migrate(args: &DatabaseArgs) -> Result<()> {
    let version = db::migrate(&db::connect_url(&args.database_url).await?).await?;
    println!("The database is at schema {version}.");
    Ok(())
}

async fn match_faces(args: &DatabaseArgs) -> Result<()> {
    let db = db::connect_url(&args.database_url).await?;
    db::check_migrations(&db).await?;
    let bar = indicatif::ProgressBar::new(0);
    let matched = faces::match_faces(&db, |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    })
    .await?;
    bar.finish_and_clear();
    println!(
        "{} photos, {} faces: {} confirmed, {} suggested, {} unidentified; {} changed, {} photos were busy.",
        matched.photos,
        matched.faces,
        matched.confirmed,
        matched.suggested,
        matched.unidentified,
        matched.changed,
        matched.busy
    );
    Ok(())
}

async fn operator(command: OperatorCommand) -> Result<()> {
    match command {
        OperatorCommand::Add { username, role, password_file, database } => {
            let db = db::connect_url(&database.database_url).await?;
            let password = password(password_file.as_deref(), &username)?;
            access::add_login(&db, &username, role, &password).await?;
            println!("{username} can sign in as {role}.");
        }
        OperatorCommand::List(database) => list(&db::connect_url(&database.database_url).await?).await?,
        OperatorCommand::Name { username, database } => name(&database, &username, true).await?,
        OperatorCommand::Unname { username, database } => name(&database, &username, false).await?,
    }
    Ok(())
}

async fn name(database: &DatabaseArgs, username: &str, is_named: bool) -> Result<()> {
    let db = db::connect_url(&database.database_url).await?;
    db::check_migrations(&db).await?;
    let changed = safety::name(&db, username, is_named).await?;
    let (already, word) = (if changed { "" } else { " already" }, if is_named { "is" } else { "is not" });
    println!("{username} {word} named for child safety{already}.");
    Ok(())
}

async fn list(db: &PgPool) -> Result<()> {
    let named = if db::check_migrations(db).await.is_ok() { safety::named(db).await? } else { Vec::new() };
    for login in access::list_logins(db).await? {
        let account = match (&login.account_status, &login.platform_role) {
            (Some(status), Some(role)) => format!("{status} {role}"),
            _ => "no account on the platform".into(),
        };
        let named = if named.contains(&login.username) { "  child safety" } else { "" };
        println!("{}  {}  {account}{named}", login.username, login.groups.join(" "));
    }
    Ok(())
}

fn password(file: Option<&Path>, username: &str) -> Result<String> {
    let Some(file) = file else {
        return rpassword::prompt_password(format!("Password for {username}: "))
            .map_err(|error| Error::Invalid(format!("The password can't be read: {error}. Give --password-file.")));
    };
    let text = fs::read_to_string(file)
        .map_err(|error| Error::Invalid(format!("{} can't be read: {error}.", file.display())))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

async fn verify(args: &DatabaseArgs) -> Result<i32> {
    let found = audit::verify_as_owner(&db::connect_url(&args.database_url).await?).await?;
    Ok(match found.broken_at {
        None => {
            println!("The log holds: {} entries.", found.entries);
            0
        }
        Some(id) => {
            eprintln!("kaleidoscope-console: The log was tampered with: entry {id} is changed or missing.");
            1
        }
    })
}

/// Ctrl+C, or a service manager's stop.
pub async fn stop_signal() {
    #[cfg(unix)]
    {
        let Ok(mut terminate) = signal::unix::signal(signal::unix::SignalKind::terminate()) else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    if signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Cancelled by [`stop_signal`].
fn stop_on_signal() -> CancellationToken {
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    tokio::spawn(async move {
        stop_signal().await;
        stopping.cancel();
    });
    stop
}

#[cfg(not(feature = "desktop"))]
fn window(_: &Runtime, _: Result<Config>, _: Instant) -> Result<i32> {
    Err(Error::Invalid("This build has no window. Name a command: see --help.".into()))
}

#[cfg(not(feature = "desktop"))]
fn demo_window(_: &Runtime, _: DemoArgs, _: Instant) -> Result<i32> {
    Err(Error::Invalid(
        "This build has no window, so it can't show the demo. Build it with the feature desktop.".into(),
    ))
}

#[cfg(feature = "desktop")]
fn window(runtime: &Runtime, config: Result<Config>, started: Instant) -> Result<i32> {
    use crate::app::{self, Launch};

    // A wrong settings file is said in the window: whoever clicked an icon sees no terminal.
    let (config, problem) = match config {
        Ok(config) => (config, None),
        Err(error) => (Config::default(), Some(error.to_string())),
    };
    app::run(runtime, Launch { config, problem, ..Launch::default() }, started)
}

#[cfg(feature = "desktop")]
fn demo_window(runtime: &Runtime, args: DemoArgs, started: Instant) -> Result<i32> {
    use crate::{
        app::{self, Launch, Sample},
        db::Address,
        embedded::{Demo, DemoOptions},
    };

    if args.elasticsearch && args.elasticsearch_home.is_none() {
        return Err(Error::Invalid(
            "There is no Elasticsearch here. Set KALEIDOSCOPE_ELASTICSEARCH to an unpacked one, or start scripts/demo."
                .into(),
        ));
    }
    let options = DemoOptions {
        folder: args.data,
        program: std::env::current_exe()
            .map_err(|error| Error::internal(format!("The program does not find itself: {error}."), error))?,
        postgres: args.postgres,
        elasticsearch: args.elasticsearch_home.filter(|_| args.elasticsearch),
        seed: args.seed,
        now: chrono::Utc::now(),
    };
    let demo = runtime.block_on(Demo::start(&options, |step| eprintln!("{step}")))?;
    let config = demo.config();
    let database = &config.database;
    let mut samples: Vec<Sample> = demo
        .operators()
        .into_iter()
        .map(|sample| Sample {
            role: sample.role,
            address: Address {
                host: database.host.clone(),
                port: database.port,
                database: database.database.clone(),
                username: sample.login.username,
                password: sample.login.password,
                ca: None,
            },
        })
        .collect();
    samples.sort_by_key(|sample| sample.role != args.opens_for);
    let (shown, stop) = (CancellationToken::new(), CancellationToken::new());
    let worker = runtime.spawn(work_once_shown(demo.worker(), shown.clone(), stop.clone()));
    let dark = args.theme.map(|theme| theme == "dark");
    let launch =
        Launch { config, samples, problem: None, screen: args.screen, dark, ready_file: args.ready_file, shown };
    let outcome = app::run(runtime, launch, started);
    stop.cancel();
    let ended = runtime.block_on(worker);
    runtime.block_on(demo.stop())?;
    match ended {
        Ok(Ok(())) => outcome,
        Ok(Err(error)) => Err(error),
        Err(error) => Err(Error::internal("The demo's worker broke down.", error)),
    }
}

/// The window comes first: the worker begins when the first screen has its content, or has had its time for it.
#[cfg(all(unix, feature = "desktop"))]
async fn work_once_shown(
    worker: embedded::part::Worker,
    shown: CancellationToken,
    stop: CancellationToken,
) -> Result<()> {
    const LONGEST: std::time::Duration = std::time::Duration::from_secs(10);
    tokio::select! {
        () = shown.cancelled() => {}
        () = tokio::time::sleep(LONGEST) => {}
        () = stop.cancelled() => return Ok(()),
    }
    worker.run(&stop).await
}
