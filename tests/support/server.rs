//! Servers of a test's own, to be stopped, killed and started again.

use std::{
    fs,
    os::unix::{
        fs::{PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, Uid, User},
};
use sqlx::{
    AssertSqlSafe, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
    query,
};

use crate::{
    database::required,
    process::{free_port, until},
};

/// Starting a node takes seconds of a processor, and others may want it too.
const PATIENCE: Duration = Duration::from_mins(5);

/// A PostgreSQL that keeps what it has promised, other than that of all tests.
#[derive(Debug)]
pub(crate) struct Postgres {
    home: Home,
    port: u16,
    /// Where its clock is read, if it is not that of the machine.
    clock: Option<PathBuf>,
    running: Option<Child>,
}

impl Postgres {
    pub(crate) async fn start() -> Self {
        Self::start_with(None).await
    }

    /// Its clock is set by [`Self::set_clock`].
    pub(crate) async fn start_with_clock() -> Self {
        Self::start_with(Some("clock")).await
    }

    async fn start_with(clock: Option<&str>) -> Self {
        let home = Home::new();
        let data = home.folder("data");
        let mut initdb = home.command(&program("initdb"));
        initdb.arg("-D").arg(&data).args(["-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-sync"]);
        initdb.args(["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]);
        let made = initdb.output().expect("initdb starts");
        assert!(made.status.success(), "{made:?}");
        let clock = clock.map(|name| home.path().join(name));
        let mut server = Self { home, port: free_port(), clock, running: None };
        if server.clock.is_some() {
            server.set_clock(0);
        }
        server.start_again().await;
        server
    }

    /// Its clock goes as that of the machine does, by so many seconds ahead of it.
    pub(crate) fn set_clock(&self, seconds: i32) {
        let clock = self.clock.as_ref().expect("it has a clock of its own");
        // In one step: it is read all the time.
        let new = clock.with_extension("new");
        fs::write(&new, format!("{seconds:+}s\n")).expect("a file can be written");
        fs::set_permissions(&new, fs::Permissions::from_mode(0o644)).expect("it can be read by all");
        fs::rename(&new, clock).expect("a file can be replaced");
    }

    pub(crate) async fn start_again(&mut self) {
        assert!(self.running.is_none(), "it is running");
        let mut server = self.home.command(&program("postgres"));
        server.arg("-D").arg(self.home.path().join("data")).arg("-k").arg(self.home.path());
        server.args(["-p", &self.port.to_string(), "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200"]);
        server.stdout(Stdio::null()).stderr(self.home.log("postgres.log"));
        if let Some(clock) = &self.clock {
            server.env("LD_PRELOAD", required("KALEIDOSCOPE_FAKETIME"));
            server.env("FAKETIME_TIMESTAMP_FILE", clock).env("FAKETIME_NO_CACHE", "1").env("DONT_FAKE_MONOTONIC", "1");
        }
        self.running = Some(server.spawn().expect("PostgreSQL starts"));
        let ready = program("pg_isready");
        until("PostgreSQL", PATIENCE, async || {
            let mut ready = Command::new(&ready);
            ready.args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()]);
            ready.status().expect("pg_isready starts").success()
        })
        .await;
    }

    /// As an administrator stops it: what is under way is broken off, what is done is on the disk.
    pub(crate) fn stop(&mut self) {
        self.end(Signal::SIGINT);
    }

    /// As if the machine had lost its power, but for the disk's own cache.
    pub(crate) fn kill(&mut self) {
        self.end(Signal::SIGQUIT);
    }

    fn end(&mut self, signal: Signal) -> Option<ExitStatus> {
        let mut running = self.running.take()?;
        kill(pid(&running), signal).expect("it is running");
        Some(running.wait().expect("it ends"))
    }

    /// An empty database.
    pub(crate) async fn database(&self, name: &str) -> PgPool {
        let server = PgPool::connect_with(self.options("postgres")).await.expect("it answers");
        query(AssertSqlSafe(format!("create database {name}"))).execute(&server).await.expect("a database");
        server.close().await;
        PgPoolOptions::new().max_connections(10).connect_lazy_with(self.options(name))
    }

    fn options(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass().host("127.0.0.1").port(self.port).username("postgres").database(database)
    }

    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.end(Signal::SIGQUIT);
    }
}

fn program(name: &str) -> PathBuf {
    Path::new(&required("KALEIDOSCOPE_POSTGRES")).join("bin").join(name)
}

/// A node of Elasticsearch with settings and data of its own.
#[derive(Debug)]
pub(crate) struct SearchNode {
    home: Home,
    http: u16,
    running: Option<Child>,
}

impl SearchNode {
    /// One that is a cluster by itself.
    pub(crate) async fn start() -> Self {
        let mut node = Self::prepare("one", "discovery.type: single-node\n", free_port(), free_port());
        node.is_ready(1).await;
        node
    }

    /// Nodes that are one cluster.
    pub(crate) async fn start_cluster(size: usize) -> Vec<Self> {
        let ports: Vec<(u16, u16)> = (0..size).map(|_| (free_port(), free_port())).collect();
        let seeds: Vec<String> = ports.iter().map(|(_, transport)| format!("\"127.0.0.1:{transport}\"")).collect();
        let names: Vec<String> = (0..size).map(|number| format!("node-{number}")).collect();
        let discovery = format!(
            "discovery.seed_hosts: [{}]\ncluster.initial_master_nodes: [{}]\n",
            seeds.join(", "),
            names.join(", ")
        );
        let mut nodes: Vec<Self> = names
            .iter()
            .zip(&ports)
            .map(|(name, (http, transport))| Self::prepare(name, &discovery, *http, *transport))
            .collect();
        for node in &mut nodes {
            node.is_ready(size).await;
        }
        nodes
    }

    fn prepare(name: &str, discovery: &str, http: u16, transport: u16) -> Self {
        let home = Home::new();
        let config = home.folder("config");
        for file in ["jvm.options", "log4j2.properties"] {
            let given = Path::new(&required("KALEIDOSCOPE_ELASTICSEARCH")).join("config").join(file);
            fs::copy(given, config.join(file)).expect("a file can be copied");
        }
        let (data, logs) = (home.folder("data"), home.folder("logs"));
        let settings = format!(
            "cluster.name: kaleidoscope-test\nnode.name: {name}\n{discovery}network.host: 127.0.0.1\n\
             http.port: {http}\ntransport.port: {transport}\npath.data: {}\npath.logs: {}\n\
             xpack.security.enabled: false\nxpack.ml.enabled: false\n\
             cluster.routing.allocation.disk.threshold_enabled: false\n",
            data.display(),
            logs.display(),
        );
        fs::write(config.join("elasticsearch.yml"), settings).expect("a file can be written");
        home.folder("tmp");
        let mut node = Self { home, http, running: None };
        node.launch();
        node
    }

    fn launch(&mut self) {
        assert!(self.running.is_none(), "it is running");
        let mut command =
            self.home.command(&Path::new(&required("KALEIDOSCOPE_ELASTICSEARCH")).join("bin/elasticsearch"));
        command.env("ES_PATH_CONF", self.home.path().join("config")).env("ES_TMPDIR", self.home.path().join("tmp"));
        command.env("ES_JAVA_OPTS", "-Xms384m -Xmx384m -XX:TieredStopAtLevel=1");
        command.arg("-p").arg(self.id_file());
        command.stdout(self.home.log("elasticsearch.log")).stderr(self.home.log("elasticsearch.log"));
        self.running = Some(command.spawn().expect("Elasticsearch starts"));
    }

    async fn is_ready(&mut self, nodes: usize) {
        let url = format!("{}/_cluster/health?wait_for_status=yellow&wait_for_nodes={nodes}&timeout=1s", self.url());
        let running = self.running.as_mut().expect("it was started");
        until("Elasticsearch", PATIENCE, async || {
            if let Ok(Some(status)) = running.try_wait() {
                let said = fs::read_to_string(self.home.path().join("elasticsearch.log")).unwrap_or_default();
                panic!("Elasticsearch did not start: {status}\n{said}");
            }
            reqwest::get(&url).await.is_ok_and(|answer| answer.status().is_success())
        })
        .await;
    }

    pub(crate) async fn start_again(&mut self) {
        self.launch();
        self.is_ready(1).await;
    }

    /// As an administrator stops it.
    pub(crate) fn stop(&mut self) {
        if let Some(mut running) = self.running.take() {
            kill(pid(&running), Signal::SIGTERM).expect("it is running");
            running.wait().expect("it ends");
        }
    }

    /// At once, whatever it is doing.
    pub(crate) fn kill(&mut self) {
        let Some(mut running) = self.running.take() else { return };
        // The server is a child of the program that starts it, and ends with it, but not at once.
        let server = fs::read_to_string(self.id_file()).ok().and_then(|id| id.trim().parse().ok());
        let server = server.map_or_else(|| pid(&running), Pid::from_raw);
        // Where it has ended by itself it is reaped all the same.
        kill(server, Signal::SIGKILL).ok();
        running.wait().expect("it is dead");
        fs::remove_file(self.id_file()).ok();
    }

    fn id_file(&self) -> PathBuf {
        self.home.path().join("server.pid")
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.http)
    }
}

impl Drop for SearchNode {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Where a server may write: servers refuse root, who lends them to nobody.
#[derive(Debug)]
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::Builder::new().prefix("kaleidoscope.").tempdir().expect("a folder can be made"));
        give(home.path());
        home
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn folder(&self, name: &str) -> PathBuf {
        let folder = self.path().join(name);
        fs::create_dir(&folder).expect("a folder can be made");
        give(&folder);
        folder
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env("HOME", self.path()).current_dir(self.path());
        if let Some(nobody) = nobody() {
            command.uid(nobody.uid.as_raw()).gid(nobody.gid.as_raw());
        }
        command
    }

    /// Of a server's words, which are kept as long as the server.
    fn log(&self, name: &str) -> fs::File {
        fs::File::options().create(true).append(true).open(self.path().join(name)).expect("a file can be written")
    }
}

fn give(folder: &Path) {
    if let Some(nobody) = nobody() {
        chown(folder, Some(nobody.uid.as_raw()), Some(nobody.gid.as_raw())).expect("root gives it away");
    }
}

fn nobody() -> Option<User> {
    Uid::effective().is_root().then(|| User::from_name("nobody").expect("accounts can be read").expect("nobody"))
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(child.id().cast_signed())
}
