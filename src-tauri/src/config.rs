//! Settings: where the database, Elasticsearch and the photos are, in one TOML file.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use url::Url;

use crate::error::{Error, Result};

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub database: Database,
    pub elasticsearch: Elasticsearch,
    pub media: Media,
    pub ai: Ai,
    pub worker: Worker,
}

/// Where the sign-in screen starts; each field can be changed there.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// A host name or address, or the folder of a Unix socket (starts with `/`).
    pub host: String,
    pub port: u16,
    pub database: String,
    /// Proposed on the sign-in screen.
    pub username: Option<String>,
    /// PEM file with the certificate authority of the server, where the system's do not know it.
    pub ca: Option<PathBuf>,
}

impl Default for Database {
    fn default() -> Self {
        Self { host: "localhost".into(), port: 5432, database: "kaleidoscope".into(), username: None, ca: None }
    }
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Elasticsearch {
    /// `None`: search is answered by PostgreSQL.
    pub url: Option<Url>,
    pub username: Option<String>,
    /// File whose first line is the password.
    pub password_file: Option<PathBuf>,
    /// PEM file with the certificate authority.
    pub ca: Option<PathBuf>,
    /// Before the name of every index and alias, where several consoles share a cluster.
    pub index_prefix: String,
    /// Of each index; takes effect with its next generation.
    pub shards: u16,
    /// Of each shard. `None`: none on a single node, one elsewhere. Takes effect with the next generation.
    pub replicas: Option<u16>,
}

impl Default for Elasticsearch {
    fn default() -> Self {
        Self {
            url: None,
            username: None,
            password_file: None,
            ca: None,
            index_prefix: String::new(),
            shards: 1,
            replicas: None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Media {
    /// Hosts that photos may come from, by https. A leading `*.` stands for any subdomain.
    pub hosts: Vec<String>,
    /// Lets photos come from this machine by plain http: `127.0.0.1` and `::1` with these ports.
    pub loopback_ports: Vec<u16>,
    /// `None`: in the user's cache folder.
    pub cache_dir: Option<PathBuf>,
    pub cache_megabytes: u64,
}

impl Default for Media {
    fn default() -> Self {
        Self {
            hosts: vec!["res.cloudinary.com".into()],
            loopback_ports: Vec::new(),
            cache_dir: None,
            cache_megabytes: 512,
        }
    }
}

/// The platform's AI service, as far as the console asks it itself.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ai {
    /// Where the crop of a face is posted to for its embedding. `None`: no faces can be drawn.
    pub embed_url: Option<Url>,
    /// Seconds that an embedding may take.
    pub timeout: u64,
}

impl Default for Ai {
    fn default() -> Self {
        Self { embed_url: None, timeout: 10 }
    }
}

impl Ai {
    fn check(&self) -> Result<(), String> {
        if !(1..=300).contains(&self.timeout) {
            return Err("[ai] needs a timeout of 1 to 300 seconds.".into());
        }
        match &self.embed_url {
            Some(url) if !matches!(url.scheme(), "http" | "https") => {
                Err("[ai] needs an embed_url that begins with https: or http:.".into())
            }
            _ => Ok(()),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Worker {
    pub read_models: ReadModels,
    /// Where `/metrics` and `/healthz` are served, on this machine only. `None`: nowhere.
    pub listen: Option<SocketAddr>,
    pub feed: Feed,
}

impl Default for Worker {
    fn default() -> Self {
        Self { read_models: ReadModels::Projected, listen: None, feed: Feed::default() }
    }
}

/// How each user's feed is chosen. The first four are the weights of its score's parts, each from 0 to 1 before.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Feed {
    pub recency: f64,
    /// Of the same department, and on photos together.
    pub closeness: f64,
    /// Looks like what the user posts and appears in.
    pub interest: f64,
    pub engagement: f64,
    /// At most 200.
    pub items: u32,
    /// Of the items of one user.
    pub per_uploader: u32,
    /// The newest media, from which all feeds are chosen.
    pub candidates: u32,
    /// After which a medium is half as recent.
    pub half_life_days: f64,
    /// After which an item leaves, unless it was chosen again.
    pub ttl_days: f64,
    pub refresh_minutes: f64,
    /// How soon a feed is chosen again because of something new.
    pub at_most_every_minutes: f64,
}

impl Default for Feed {
    fn default() -> Self {
        Self {
            recency: 0.35,
            closeness: 0.25,
            interest: 0.25,
            engagement: 0.15,
            items: 200,
            per_uploader: 20,
            candidates: 2_000,
            half_life_days: 14.0,
            ttl_days: 7.0,
            refresh_minutes: 360.0,
            at_most_every_minutes: 5.0,
        }
    }
}

impl Feed {
    fn check(&self) -> Result<(), String> {
        let sound = |number: f64, least: f64| number.is_finite() && number >= least && number <= 1e6;
        let weights = [self.recency, self.closeness, self.interest, self.engagement];
        if !weights.iter().all(|&weight| sound(weight, 0.0)) || weights.iter().sum::<f64>() <= 0.0 {
            return Err("[worker.feed] needs weights of 0 or more, one of them above 0.".into());
        }
        if !(1..=200).contains(&self.items) || self.per_uploader == 0 || !(1..=100_000).contains(&self.candidates) {
            return Err("[worker.feed] needs 1 to 200 items, 1 or more per_uploader and 1 to 100000 candidates.".into());
        }
        let days = [self.half_life_days, self.ttl_days];
        let minutes = [self.refresh_minutes, self.at_most_every_minutes];
        if !days.iter().all(|&days| sound(days, 0.001)) || !minutes.iter().all(|&minutes| sound(minutes, 0.0)) {
            return Err("[worker.feed] has a number of days or minutes that is too small, too large or none.".into());
        }
        Ok(())
    }
}

/// Who writes the read models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReadModels {
    /// The console's worker, from the core and AI tables.
    Projected,
    /// The platform's backend; the worker only keeps the indices true to them.
    External,
}

impl Config {
    /// Reads the file, or takes the defaults where there is none at the usual place.
    ///
    /// # Errors
    /// `Invalid` naming the file and line where it can't be read or understood, or where a named file is missing.
    pub fn load(named: Option<&Path>) -> Result<Self> {
        let Some(path) = named.map(Path::to_path_buf).or_else(usual_path) else {
            return Ok(Self::default());
        };
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text)
                .map_err(|problem| Error::Invalid(format!("{}: {problem} Correct the file.", path.display()))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => Ok(Self::default()),
            Err(error) => Err(Error::Invalid(format!("{} can't be read: {error}.", path.display()))),
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let config: Self = toml::from_str(text).map_err(|error| error.to_string().trim().replace('\n', " "))?;
        config.worker.feed.check()?;
        config.ai.check()?;
        Ok(config)
    }
}

/// `config.toml` in the user's configuration folder.
fn usual_path() -> Option<PathBuf> {
    Some(
        directories::ProjectDirs::from("org", "Kaleidoscope", "kaleidoscope-console")?.config_dir().join("config.toml"),
    )
}

#[cfg(test)]
mod tests {
    use super::Config;

    #[test]
    fn a_feed_that_could_not_be_chosen_is_refused() {
        assert_eq!(Config::parse("[worker.feed]\nrecency = 1.0\nitems = 50").expect("sound").worker.feed.items, 50);
        for wrong in
            ["items = 201", "items = 0", "recency = -1.0", "interest = nan", "ttl_days = 0.0", "per_uploader = 0"]
        {
            let refused = Config::parse(&format!("[worker.feed]\n{wrong}")).expect_err(wrong);
            assert!(refused.contains("[worker.feed]"), "{refused}");
        }
    }

    #[test]
    fn an_ai_service_that_could_not_be_asked_is_refused() {
        let sound = Config::parse("[ai]\nembed_url = \"http://10.0.0.5:9000/embed\"\ntimeout = 30").expect("sound").ai;
        assert_eq!((sound.embed_url.expect("a URL").port(), sound.timeout), (Some(9000), 30));
        assert_eq!(Config::parse("").expect("sound").ai.embed_url, None);
        for wrong in ["timeout = 0", "timeout = 301", "embed_url = \"file:///etc/passwd\""] {
            let refused = Config::parse(&format!("[ai]\n{wrong}")).expect_err(wrong);
            assert!(refused.contains("[ai]"), "{refused}");
        }
    }
}
