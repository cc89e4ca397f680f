//! The embedded PostgreSQL: a server of the demo's own, on a Unix socket, so that several run side by side.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use backon::{ExponentialBuilder, Retryable};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use sqlx::{
    ConnectOptions, Connection,
    postgres::{PgConnectOptions, PgSslMode},
};
use tempfile::TempDir;
use tokio::process::Child;

use super::{
    folder::write_secret,
    process::{RunAs, end, end_orphan, last_lines, sentence, unreadable, unwritable},
};
use crate::error::{Error, Result};

/// Names the socket's file only: nothing listens on a network port.
pub(super) const PORT: u16 = 5432;
/// `sun_path` holds 108 bytes with its closing zero, and PostgreSQL makes a lock file beside the socket.
const LONGEST_SOCKET: usize = 107;
const SUPERUSER: &str = "postgres";
/// Replaying the log after a crash takes longer than an ordinary start.
const START_PATIENCE: Duration = Duration::from_mins(1);
const STOP: [(Signal, Duration); 3] = [
    // Fast: sessions are cut off, the log is flushed.
    (Signal::SIGINT, Duration::from_secs(20)),
    // Immediate: recovers at the next start.
    (Signal::SIGQUIT, Duration::from_secs(5)),
    (Signal::SIGKILL, Duration::from_secs(5)),
];

/// A running server. Ends with the value; `stop` waits until it has ended.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    sockets: Sockets,
    password: String,
}

/// The folder of the socket.
#[derive(Debug)]
enum Sockets {
    Own(PathBuf),
    /// The demo's folder has too long a name.
    Short(TempDir),
}

impl Sockets {
    fn path(&self) -> &Path {
        match self {
            Self::Own(path) => path,
            Self::Short(folder) => folder.path(),
        }
    }
}

impl Server {
    /// Starts the server whose data are in `folder`/postgres, and makes them where there are none yet.
    /// The caller holds the folder's lock.
    ///
    /// # Errors
    /// `Unavailable` with the server's last words when it does not start.
    pub(super) async fn start(binaries: &Path, folder: &Path, password: &str, run_as: RunAs) -> Result<Self> {
        let binaries = run_as.reachable(&checked(binaries)?, folder)?;
        let data = folder.join("postgres");
        if !data.exists() {
            initialise(&binaries, folder, &data, password, run_as).await?;
        }
        end_orphan("PostgreSQL", &data.join("postmaster.pid"), &data, &STOP).await?;
        let sockets = sockets(folder, run_as)?;
        let log = data.join("server.log");
        let log_file =
            fs::OpenOptions::new().create(true).append(true).open(&log).map_err(|error| unwritable(&log, error))?;
        let child = run_as
            .command(binaries.join("bin/postgres"))
            .arg("-D")
            .arg(&data)
            .args(settings(sockets.path()).iter().flat_map(|setting| ["-c", setting.as_str()]))
            .stdout(Stdio::null())
            .stderr(log_file)
            .kill_on_drop(false)
            .spawn()
            .map_err(|error| Error::unavailable(format!("PostgreSQL can't be started: {error}."), error))?;
        let mut server = Self { child, sockets, password: password.to_owned() };
        server.wait_until_it_answers(&log).await?;
        Ok(server)
    }

    /// Connects as the superuser.
    pub(super) fn superuser(&self, database: &str) -> PgConnectOptions {
        self.login(SUPERUSER, &self.password, database)
    }

    /// Connects as anybody.
    pub(super) fn login(&self, username: &str, password: &str, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(self.sockets.path())
            .port(PORT)
            .username(username)
            .password(password)
            .database(database)
            .ssl_mode(PgSslMode::Disable)
    }

    /// The socket's folder, which stands where a host's name would.
    pub(super) fn host(&self) -> &Path {
        self.sockets.path()
    }

    pub(super) fn process_id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Ends the server and waits for it.
    ///
    /// # Errors
    /// `Unavailable` when it can't be ended.
    pub(super) async fn stop(mut self) -> Result<()> {
        end(&mut self.child, "PostgreSQL", &STOP).await
    }

    async fn wait_until_it_answers(&mut self, log: &Path) -> Result<()> {
        let options = self.superuser("postgres").disable_statement_logging();
        let answers = || async { options.connect().await?.close().await };
        let often = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(10))
            .with_max_delay(Duration::from_millis(250))
            .without_max_times();
        tokio::select! {
            answer = tokio::time::timeout(START_PATIENCE, answers.retry(often).when(is_not_yet)) => match answer {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(Error::unavailable(
                    format!("PostgreSQL refuses the demo's own login: {error}. Delete the demo's folder to begin anew."),
                    error,
                )),
                Err(_) => Err(sentence(format!(
                    "PostgreSQL does not answer after {} s. It said: {}",
                    START_PATIENCE.as_secs(),
                    last_lines(log, 4),
                ))),
            },
            _ = self.child.wait() => Err(sentence(format!(
                "PostgreSQL ended while it was starting. It said: {}",
                last_lines(log, 4),
            ))),
        }
    }
}

/// The console must not leave a server behind, whatever way it ends; `stop` has waited for it where there was time.
impl Drop for Server {
    fn drop(&mut self) {
        if let Some(pid) = self.child.id().and_then(|id| i32::try_from(id).ok()) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGINT);
        }
    }
}

/// No socket yet, or a server that is still starting: another moment may help.
fn is_not_yet(error: &sqlx::Error) -> bool {
    const CANNOT_CONNECT_NOW: &str = "57P03";
    match error {
        sqlx::Error::Database(refusal) => refusal.code().is_some_and(|code| code == CANNOT_CONNECT_NOW),
        _ => true,
    }
}

/// # Errors
/// `Unavailable` saying what is missing where `binaries` is not an unpacked PostgreSQL with pgvector.
fn checked(binaries: &Path) -> Result<PathBuf> {
    for part in ["bin/initdb", "bin/postgres", "share"] {
        if !binaries.join(part).exists() {
            return Err(sentence(format!(
                "{} has no {part}. Let KALEIDOSCOPE_POSTGRES name the folder of an unpacked PostgreSQL with pgvector; \
                 scripts/setup fetches one.",
                binaries.display()
            )));
        }
    }
    Ok(binaries.to_path_buf())
}

/// Under another name until it is complete: a start that was interrupted leaves nothing half-made.
async fn initialise(binaries: &Path, folder: &Path, data: &Path, password: &str, run_as: RunAs) -> Result<()> {
    let unfinished = folder.join("postgres.part");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).map_err(|error| unwritable(&unfinished, error))?;
    }
    fs::create_dir(&unfinished).map_err(|error| unwritable(&unfinished, error))?;
    fs::set_permissions(&unfinished, fs::Permissions::from_mode(0o700))
        .map_err(|error| unwritable(&unfinished, error))?;
    run_as.give(&unfinished)?;
    let password_file = folder.join("superuser.part");
    write_secret(&password_file, password.as_bytes())?;
    run_as.give(&password_file)?;
    let done = run_as
        .command(binaries.join("bin/initdb"))
        .arg("--pgdata")
        .arg(&unfinished)
        .arg("--pwfile")
        .arg(&password_file)
        .args(["--username", SUPERUSER, "--auth", "scram-sha-256", "--encoding", "UTF8"])
        // The same order of words on every machine, whatever locales it has.
        .args(["--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"])
        .output()
        .await;
    let _ = fs::remove_file(&password_file);
    let done = done.map_err(|error| Error::unavailable(format!("initdb can't be started: {error}."), error))?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        return Err(sentence(format!("initdb could not make a database: {}", said.trim().replace('\n', " | "))));
    }
    fs::rename(&unfinished, data).map_err(|error| unwritable(data, error))
}

fn sockets(folder: &Path, run_as: RunAs) -> Result<Sockets> {
    let own = folder.join("run");
    let longest = own.join(format!(".s.PGSQL.{PORT}.lock"));
    let sockets = if longest.as_os_str().len() <= LONGEST_SOCKET {
        fs::create_dir_all(&own).map_err(|error| unwritable(&own, error))?;
        Sockets::Own(own)
    } else {
        let short = tempfile::Builder::new()
            .prefix("kaleidoscope-")
            .tempdir_in("/tmp")
            .map_err(|error| unreadable(Path::new("/tmp"), error))?;
        Sockets::Short(short)
    };
    let path = sockets.path();
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(|error| unwritable(path, error))?;
    run_as.give(path)?;
    Ok(sockets)
}

fn settings(sockets: &Path) -> Vec<String> {
    vec![
        "listen_addresses=".into(),
        format!("unix_socket_directories={}", sockets.display()),
        format!("port={PORT}"),
        "unix_socket_permissions=0700".into(),
        "shared_buffers=64MB".into(),
        "max_connections=120".into(),
        "fsync=on".into(),
        "log_line_prefix=%m [%p] %q%u ".into(),
        // A demo's server is asked by one person: no workers that wake up for nothing.
        "max_parallel_workers_per_gather=0".into(),
    ]
}
