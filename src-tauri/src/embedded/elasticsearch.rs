//! A real Elasticsearch node for the demo, alone, on a free port of this machine.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use backon::{ConstantBuilder, Retryable};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::process::Child;
use url::Url;

use super::process::{RunAs, end, end_orphan, last_lines, sentence, unreadable, unwritable};
use crate::error::{Error, Result};

const OLDEST_JAVA: u32 = 17;
const START_PATIENCE: Duration = Duration::from_mins(2);
const STOP: [(Signal, Duration); 2] =
    [(Signal::SIGTERM, Duration::from_secs(30)), (Signal::SIGKILL, Duration::from_secs(5))];

/// A running node. Ends with the value; `stop` waits until it has ended.
#[derive(Debug)]
pub(super) struct Node {
    child: Child,
    url: Url,
}

impl Node {
    /// Starts the node whose data, settings and logs are in `folder`/elasticsearch.
    ///
    /// # Errors
    /// `Unavailable` when there is no Java, or with the node's last words when it does not start.
    pub(super) async fn start(home: &Path, folder: &Path, run_as: RunAs) -> Result<Self> {
        if !home.join("bin/elasticsearch").exists() {
            return Err(sentence(format!(
                "{} has no bin/elasticsearch. Let KALEIDOSCOPE_ELASTICSEARCH name the folder of an unpacked \
                 Elasticsearch; scripts/setup fetches one.",
                home.display()
            )));
        }
        let home = run_as.reachable(home, folder)?;
        let java = newest_java(run_as)?;
        let own = folder.join("elasticsearch");
        let pid_file = own.join("node.pid");
        end_orphan("Elasticsearch", &pid_file, &own, &STOP).await?;
        let (config, logs, temporary) = (own.join("config"), own.join("logs"), own.join("tmp"));
        for part in [&config, &logs, &temporary] {
            fs::create_dir_all(part).map_err(|error| unwritable(part, error))?;
        }
        configure(&home, &own)?;
        run_as.give(&own)?;
        let port_file = logs.join("http.ports");
        // Of an earlier run: this one's port is known when the file is there again.
        let _ = fs::remove_file(&port_file);
        let output = own.join("output.log");
        let output_file = fs::File::create(&output).map_err(|error| unwritable(&output, error))?;
        let errors = output_file.try_clone().map_err(|error| unwritable(&output, error))?;
        let mut child = run_as
            .command(home.join("bin/elasticsearch"))
            .arg("--pidfile")
            .arg(&pid_file)
            .env("ES_JAVA_HOME", &java)
            .env("ES_JAVA_OPTS", "-Xms512m -Xmx512m")
            .env("ES_PATH_CONF", &config)
            .env("ES_TMPDIR", &temporary)
            .stdout(Stdio::from(output_file))
            .stderr(Stdio::from(errors))
            .kill_on_drop(false)
            .spawn()
            .map_err(|error| Error::unavailable(format!("Elasticsearch can't be started: {error}."), error))?;
        let started = tokio::select! {
            answered = tokio::time::timeout(START_PATIENCE, answering(&port_file)) => answered.unwrap_or_else(|_| Err(sentence(format!(
                "Elasticsearch does not answer after {} s. It said: {}",
                START_PATIENCE.as_secs(),
                last_lines(&output, 3),
            )))),
            _ = child.wait() => Err(sentence(format!(
                "Elasticsearch ended while it was starting. It said: {}",
                last_lines(&output, 3),
            ))),
        };
        match started {
            Ok(url) => Ok(Self { child, url }),
            Err(error) => {
                let _ = end(&mut child, "Elasticsearch", &STOP).await;
                Err(error)
            }
        }
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    pub(super) async fn stop(mut self) -> Result<()> {
        end(&mut self.child, "Elasticsearch", &STOP).await
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(pid) = self.child.id().and_then(|id| i32::try_from(id).ok()) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
    }
}

fn configure(home: &Path, own: &Path) -> Result<()> {
    let config = own.join("config");
    for name in ["jvm.options", "log4j2.properties"] {
        let (from, to) = (home.join("config").join(name), config.join(name));
        let content = fs::read(&from).map_err(|error| unreadable(&from, error))?;
        fs::write(&to, content).map_err(|error| unwritable(&to, error))?;
    }
    let quoted = |path: PathBuf| serde_json::Value::String(path.display().to_string());
    let settings = format!(
        "cluster.name: kaleidoscope-demo\n\
         discovery.type: single-node\n\
         network.host: 127.0.0.1\n\
         http.port: 0\n\
         transport.port: 0\n\
         node.portsfile: true\n\
         cluster.routing.allocation.disk.threshold_enabled: false\n\
         path.data: {}\n\
         path.logs: {}\n\
         {}",
        quoted(own.join("data")),
        quoted(own.join("logs")),
        modules_off(home),
    );
    let path = config.join("elasticsearch.yml");
    fs::write(&path, settings).map_err(|error| unwritable(&path, error))
}

/// Switches off what only the full distribution has: a bare one does not know the settings and would refuse them.
fn modules_off(home: &Path) -> String {
    let mut off = String::new();
    for (module, setting) in [("x-pack-security", "xpack.security.enabled"), ("x-pack-ml", "xpack.ml.enabled")] {
        if home.join("modules").join(module).exists() {
            off.push_str(setting);
            off.push_str(": false\n");
        }
    }
    off
}

/// The node's address as soon as it can hold indices.
async fn answering(port_file: &Path) -> Result<Url> {
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(10))
        .no_proxy()
        .build()
        .map_err(|error| Error::internal("No HTTP client could be made for Elasticsearch.", error))?;
    let ask = || async {
        let written = fs::read_to_string(port_file).map_err(|error| unreadable(port_file, error))?;
        let port = written
            .lines()
            .find_map(|line| line.trim().strip_prefix("127.0.0.1:"))
            .ok_or_else(|| sentence("Elasticsearch has not written its port yet."))?;
        let url = Url::parse(&format!("http://127.0.0.1:{port}/"))
            .map_err(|error| Error::internal("Elasticsearch wrote an address that is none.", error))?;
        let health = format!("{url}_cluster/health?wait_for_status=yellow&timeout=5s");
        let unhealthy = |error: reqwest::Error| Error::unavailable("Elasticsearch is not healthy yet.", error);
        client.get(health).send().await.map_err(unhealthy)?.error_for_status().map_err(unhealthy)?;
        Ok(url)
    };
    ask.retry(ConstantBuilder::default().with_delay(Duration::from_millis(200)).without_max_times()).await
}

/// The home of the newest Java: its own variable first in doubt, then where systems install them.
fn newest_java(run_as: RunAs) -> Result<PathBuf> {
    let mut homes: Vec<PathBuf> = std::env::var_os("JAVA_HOME").map(PathBuf::from).into_iter().collect();
    for place in ["/usr/lib/jvm", "/Library/Java/JavaVirtualMachines"] {
        if let Ok(entries) = fs::read_dir(place) {
            homes.extend(entries.flatten().map(|entry| entry.path()));
        }
    }
    let mut newest = None;
    for home in homes {
        let home = if home.join("Contents/Home").exists() { home.join("Contents/Home") } else { home };
        let version = fs::read_to_string(home.join("release")).ok().and_then(|release| major(&release));
        let Some(version) = version.filter(|version| *version >= OLDEST_JAVA) else { continue };
        let usable = home.canonicalize().is_ok_and(|home| run_as.reaches(&home)) && home.join("bin/java").exists();
        if usable && newest.as_ref().is_none_or(|(best, _)| version > *best) {
            newest = Some((version, home));
        }
    }
    newest.map(|(_, home)| home).ok_or_else(|| {
        sentence(format!("Elasticsearch needs Java {OLDEST_JAVA} or newer. Install a JDK, or let JAVA_HOME name one."))
    })
}

/// From a `release` file: `JAVA_VERSION="17.0.15"`.
fn major(release: &str) -> Option<u32> {
    let version = release.lines().find_map(|line| line.strip_prefix("JAVA_VERSION="))?;
    version.trim_matches('"').split(['.', '-', '+']).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn the_version_of_a_java_is_read_from_its_release_file() {
        assert_eq!(major("IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"17.0.15\"\n"), Some(17));
        assert_eq!(major("JAVA_VERSION=\"25\""), Some(25));
        assert_eq!(major("JAVA_VERSION=\"1.8.0_402\""), Some(1));
        assert_eq!(major("nothing"), None);
    }
}
