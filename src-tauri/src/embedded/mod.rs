//! The parts that the demo brings along: PostgreSQL, Elasticsearch, sample people and photos.

mod drawing;
mod sample;

#[cfg(unix)]
mod elasticsearch;
#[cfg(unix)]
mod folder;
#[cfg(unix)]
pub mod part;
#[cfg(unix)]
mod photo_server;
#[cfg(unix)]
mod process;
#[cfg(unix)]
mod server;
#[cfg(unix)]
mod session;

use std::path::PathBuf;

use chrono::{DateTime, Utc};

#[cfg(unix)]
pub use self::session::{Demo, SampleLogin, SampleOperator};

/// How a demo is started.
#[derive(Debug, Clone)]
pub struct DemoOptions {
    /// Its folder; `None` for the first free one among the user's data.
    pub folder: Option<PathBuf>,
    /// This program, which the demo's worker and photo server are too.
    pub program: PathBuf,
    /// Unpacked PostgreSQL with pgvector: has `bin`, `lib` and `share`.
    pub postgres: PathBuf,
    /// Unpacked Elasticsearch, where a node is wanted.
    pub elasticsearch: Option<PathBuf>,
    /// Equal seeds make equal people, posts and pictures.
    pub seed: u64,
    /// Posts end the day before.
    pub now: DateTime<Utc>,
}
