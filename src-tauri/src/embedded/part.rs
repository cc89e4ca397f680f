//! Parts of the demo that are this program once more, each in a process of its own: what they hold and compute is not the
//! console's, as in a deployment, where photos and worker are elsewhere.

use std::{
    io::{self, BufRead, Read},
    path::PathBuf,
    process::Stdio,
    thread,
    time::Duration,
};

use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, Command},
    time,
};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{
    photo_server::{self, Addresses},
    process::{end, sentence},
};
use crate::{
    config,
    elastic::Elastic,
    error::{Error, Result},
    sync,
};

/// The hidden subcommand that becomes a part.
const SUBCOMMAND: &str = "demo-part";
const ANSWER: Duration = Duration::from_secs(10);
const STOP: [(Signal, Duration); 2] =
    [(Signal::SIGTERM, Duration::from_secs(10)), (Signal::SIGKILL, Duration::from_secs(5))];
const WORKER_CONNECTIONS: u32 = 6;

/// What a part is to be: the first line of its standard input. It ends when that is closed, so that it never outlives the
/// console, however the console ends.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Order {
    Photos {
        seed: u64,
        /// Where it listened the last time.
        port: Option<u16>,
    },
    Worker(WorkerOrder),
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct WorkerOrder {
    pub(super) sockets: PathBuf,
    pub(super) port: u16,
    pub(super) database: String,
    pub(super) username: String,
    pub(super) password: String,
    pub(super) elasticsearch: Option<Url>,
}

impl std::fmt::Debug for WorkerOrder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WorkerOrder").field("username", &self.username).finish_non_exhaustive()
    }
}

/// A running part; it ends with the value.
#[derive(Debug)]
pub(super) struct Part {
    name: &'static str,
    child: Child,
    orders: ChildStdin,
}

impl Part {
    /// # Errors
    /// `Unavailable` when the program can't be started or does not take its order.
    pub(super) async fn start(program: &PathBuf, name: &'static str, order: &Order) -> Result<Self> {
        let cannot = |error: io::Error| Error::unavailable(format!("{name} can't be started: {error}."), error);
        let line = serde_json::to_string(order)
            .map_err(|error| Error::internal(format!("{name} can't be told what to do."), error))?;
        let mut child = Command::new(program)
            .arg(SUBCOMMAND)
            // Outside the terminal's process group: Ctrl-C is for the console, which then ends its parts in order.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(cannot)?;
        let mut orders = child.stdin.take().expect("it was just piped");
        orders.write_all(format!("{line}\n").as_bytes()).await.map_err(cannot)?;
        Ok(Self { name, child, orders })
    }

    /// The port that the part says it listens on.
    ///
    /// # Errors
    /// `Unavailable` when it says none in time.
    pub(super) async fn port(&mut self) -> Result<u16> {
        let mut said = String::new();
        let stdout = self.child.stdout.as_mut().expect("it was piped");
        let heard = time::timeout(ANSWER, BufReader::new(stdout).read_line(&mut said)).await;
        match (heard, said.trim().parse()) {
            (Ok(Ok(_)), Ok(port)) => Ok(port),
            _ => Err(sentence(format!("{} did not start; what it says about that stands above.", self.name))),
        }
    }

    /// Waits until `stop`, and ends the part then.
    ///
    /// # Errors
    /// `Unavailable` when the part ends by itself before, or does not end.
    pub(super) async fn run_until(mut self, stop: &CancellationToken) -> Result<()> {
        tokio::select! {
            () = stop.cancelled() => self.end().await,
            ended = self.child.wait() => {
                let how = ended.map_or_else(|error| error.to_string(), |status| status.to_string());
                Err(sentence(format!("{} ended by itself ({how}); what it says about that stands above.", self.name)))
            }
        }
    }

    /// # Errors
    /// `Unavailable` when the part does not end.
    pub(super) async fn end(mut self) -> Result<()> {
        drop(self.orders);
        end(&mut self.child, self.name, &STOP).await
    }
}

/// How the demo's worker is started.
#[derive(Debug, Clone)]
pub struct Worker {
    pub(super) program: PathBuf,
    pub(super) order: WorkerOrder,
}

impl Worker {
    /// Works until `stop`.
    ///
    /// # Errors
    /// `Unavailable` when the worker can't be started, ends by itself, or does not end.
    pub async fn run(self, stop: &CancellationToken) -> Result<()> {
        let part = Part::start(&self.program, "The demo's worker", &Order::Worker(self.order)).await?;
        part.run_until(stop).await
    }
}

/// The part's own side: reads its order from standard input and carries it out until that is closed, or `stop`.
///
/// # Errors
/// When the order can't be read or carried out.
pub async fn run(stop: CancellationToken) -> Result<()> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).map_err(|error| Error::internal("There is no order to read.", error))?;
    let order = serde_json::from_str(&line)
        .map_err(|error| Error::internal("This subcommand is for the demo itself; start the demo instead.", error))?;
    stop_with_input(stop.clone());
    match order {
        Order::Photos { seed, port } => serve_photos(seed, port, stop).await,
        Order::Worker(order) => work(order, stop).await,
    }
}

/// On a thread of its own: a read that blocks would keep the runtime from ending.
fn stop_with_input(stop: CancellationToken) {
    thread::spawn(move || {
        // Closed or broken, it is over either way.
        let _ = io::stdin().lock().read_to_end(&mut Vec::new());
        stop.cancel();
    });
}

async fn serve_photos(seed: u64, port: Option<u16>, stop: CancellationToken) -> Result<()> {
    let listener = photo_server::listen(port).await?;
    println!("{}", Addresses::of(&listener)?.port());
    photo_server::serve(listener, seed, stop).await
}

async fn work(order: WorkerOrder, stop: CancellationToken) -> Result<()> {
    let login = PgConnectOptions::new_without_pgpass()
        .socket(&order.sockets)
        .port(order.port)
        .username(&order.username)
        .password(&order.password)
        .database(&order.database)
        .ssl_mode(PgSslMode::Disable);
    let db = PgPoolOptions::new().max_connections(WORKER_CONNECTIONS).connect_lazy_with(login);
    let elastic = Elastic::new(&config::Elasticsearch { url: order.elasticsearch, ..Default::default() })?;
    sync::run_worker(db, elastic, &config::Worker::default(), stop).await
}
