//! A demo from start to stop: servers, migrations, sample data, logins.

use std::path::PathBuf;

use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, postgres::PgConnectOptions, query, query_scalar,
};
use url::Url;

use super::{
    DemoOptions,
    elasticsearch::Node,
    folder::{Folder, Memory},
    part::{Order, Part, Worker, WorkerOrder},
    photo_server::Addresses,
    process::RunAs,
    sample::fill,
    server::{self, Server},
};
use crate::{
    access::Role,
    config,
    db::MIGRATOR,
    error::{Error, Result},
};

const DATABASE: &str = "kaleidoscope";
const WORKER: &str = "sample_worker";
const WORKERS: &str = "kaleidoscope_worker";

/// The users 1, 2 and 3 of the sample platform.
const OPERATORS: [(&str, Role); 3] =
    [("grace.mensah", Role::Admin), ("noor.haddad", Role::Moderator), ("tomas.lindqvist", Role::Staff)];

/// A login of the demo's database.
#[derive(Clone)]
pub struct SampleLogin {
    pub username: String,
    pub password: String,
}

impl std::fmt::Debug for SampleLogin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SampleLogin").field("username", &self.username).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone)]
pub struct SampleOperator {
    pub role: Role,
    pub login: SampleLogin,
}

/// A running demo. Its servers end with it; `stop` waits for them.
#[derive(Debug)]
pub struct Demo {
    // In this order they are dropped: who asks before who is asked.
    photos: Part,
    addresses: Addresses,
    node: Option<Node>,
    server: Server,
    memory: Memory,
    program: PathBuf,
    folder: Folder,
}

impl Demo {
    /// Starts all parts and fills the database where it is empty. `progress` is told each step, as a few words.
    ///
    /// # Errors
    /// `Unavailable` with one sentence where a part is missing or does not start.
    pub async fn start(options: &DemoOptions, progress: impl Fn(&str)) -> Result<Self> {
        let run_as = RunAs::choose()?;
        let folder = Folder::take(options.folder.as_deref(), run_as)?;
        let mut memory = folder.memory(&OPERATORS.map(|(username, _)| username))?;
        let order = Order::Photos { seed: options.seed, port: memory.photo_port };
        let mut photos = Part::start(&options.program, "The server of the sample photos", &order).await?;
        progress("Starting PostgreSQL");
        let server = Server::start(&options.postgres, folder.path(), &memory.superuser, run_as).await?;
        create_database(&server).await?;
        let mut db = server.superuser(DATABASE).disable_statement_logging().connect().await?;
        progress("Preparing the database");
        migrate(&mut db).await?;
        let addresses = Addresses::at(photos.port().await?);
        progress("Filling the sample platform");
        let filled = fill::fill(&mut db, options.seed, addresses, options.now).await?;
        match memory.photo_port.map(Addresses::at) {
            Some(before) if !filled && before != addresses => fill::move_photos(&mut db, before, addresses).await?,
            _ => {}
        }
        memory.photo_port = Some(addresses.port());
        folder.remember(&memory)?;
        logins(&mut db, &memory).await?;
        db.close().await?;
        let node = match &options.elasticsearch {
            Some(home) => {
                progress("Starting Elasticsearch");
                Some(Node::start(home, folder.path(), run_as).await?)
            }
            None => None,
        };
        Ok(Self { photos, addresses, program: options.program.clone(), node, server, memory, folder })
    }

    /// Where everything is, as a settings file would say it.
    pub fn config(&self) -> config::Config {
        config::Config {
            database: config::Database {
                host: self.server.host().display().to_string(),
                port: server::PORT,
                database: DATABASE.into(),
                username: None,
                ca: None,
            },
            elasticsearch: config::Elasticsearch { url: self.elasticsearch().cloned(), ..Default::default() },
            media: config::Media {
                hosts: Vec::new(),
                loopback_ports: vec![self.addresses.port()],
                cache_dir: Some(self.cache_dir()),
                ..Default::default()
            },
            ai: config::Ai::default(),
            worker: config::Worker::default(),
        }
    }

    /// An admin, a moderator and a member of staff, with their passwords.
    pub fn operators(&self) -> Vec<SampleOperator> {
        OPERATORS
            .iter()
            .filter_map(|(username, role)| {
                let password = self.memory.operators.get(*username)?.clone();
                Some(SampleOperator { role: *role, login: SampleLogin { username: (*username).into(), password } })
            })
            .collect()
    }

    /// What keeps the read models, and the indices where there are any, while it runs.
    pub fn worker(&self) -> Worker {
        let order = WorkerOrder {
            sockets: self.server.host().to_path_buf(),
            port: server::PORT,
            database: DATABASE.into(),
            username: WORKER.into(),
            password: self.memory.worker.clone(),
            elasticsearch: self.elasticsearch().cloned(),
        };
        Worker { program: self.program.clone(), order }
    }

    /// What the worker signs in with.
    pub fn worker_login(&self) -> PgConnectOptions {
        self.server.login(WORKER, &self.memory.worker, DATABASE)
    }

    /// The owner of the database: migrations, repairs, tests.
    pub fn owner(&self) -> PgConnectOptions {
        self.server.superuser(DATABASE)
    }

    pub fn elasticsearch(&self) -> Option<&Url> {
        self.node.as_ref().map(Node::url)
    }

    /// The folder that this demo has for itself.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// The PostgreSQL server's process.
    pub fn server_process(&self) -> Option<u32> {
        self.server.process_id()
    }

    fn cache_dir(&self) -> PathBuf {
        self.folder.join("pictures")
    }

    /// Ends all parts and waits for them. The worker and the window must have let go of the database before.
    ///
    /// # Errors
    /// `Unavailable` naming a server that does not end.
    pub async fn stop(self) -> Result<()> {
        let Self { photos, node, server, folder, .. } = self;
        let photos_ended = photos.end().await;
        let node_ended = match node {
            Some(node) => node.stop().await,
            None => Ok(()),
        };
        server.stop().await?;
        drop(folder);
        node_ended.and(photos_ended)
    }
}

async fn create_database(server: &Server) -> Result<()> {
    let mut db = server.superuser("postgres").connect().await?;
    let there = query_scalar!(r#"select exists (select from pg_database where datname = $1) as "there!""#, DATABASE)
        .fetch_one(&mut db)
        .await?;
    if !there {
        // A name can't be a parameter here; this one is a constant.
        db.execute(AssertSqlSafe(format!("create database {DATABASE}"))).await?;
    }
    Ok(db.close().await?)
}

async fn migrate(db: &mut PgConnection) -> Result<()> {
    MIGRATOR.run(db).await.map_err(|error| {
        Error::unavailable(
            format!("The demo's database can't be brought up to date: {error}. Start it with another folder (--data)."),
            error,
        )
    })
}

/// Logins are made anew at each start, so that passwords and group roles are what the folder remembers.
async fn logins(db: &mut PgConnection, memory: &Memory) -> Result<()> {
    let operators = OPERATORS
        .iter()
        .filter_map(|(username, role)| Some((*username, memory.operators.get(*username)?, role.group())));
    for (username, password, group) in operators.chain([(WORKER, &memory.worker, WORKERS)]) {
        let statements = query_scalar!(
            r#"
            select array[
                       case when not exists (select from pg_roles where rolname = $1::text) then format('create role %I login', $1::text) end,
                       format('alter role %I login password %L', $1::text, $2::text),
                       format('grant %I to %I', $3::text, $1::text)
                   ] as "statements!: Vec<Option<String>>"
            "#,
            username,
            password,
            group,
        )
        .fetch_one(&mut *db)
        .await?;
        for statement in statements.into_iter().flatten() {
            // Quoted by the server itself, just above.
            query(AssertSqlSafe(statement)).execute(&mut *db).await?;
        }
    }
    Ok(())
}
