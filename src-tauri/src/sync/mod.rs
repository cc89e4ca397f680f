//! Keeps read models and indices true to the core tables: queues, projection, bulk, index generations, rebuild, check.
//!
//! A change marks keys in `console.read_model_queue` in its own transaction. The projector computes these rows from the
//! source view; what it writes marks documents in `console.index_queue`. The indexer sends them, the folder keeps the same
//! words in PostgreSQL. Where other rows of a post change what its media's documents say, the post is marked, and `siblings` marks
//! them. Each of these stages re-reads what it sends, so a mark may come twice, and only a lost one would harm.
//! Clerks do the long work that somebody asks for: a new generation, or a comparison of everything with its source.

mod bulk;
mod check;
mod clerk;
mod clusterer;
mod compare;
mod confirm;
mod delivery;
mod documents;
mod feed;
mod fill;
mod folder;
mod generation;
mod indexer;
mod jobs;
mod lane;
mod letters;
mod life;
mod listen;
mod marks;
mod matcher;
mod mend;
mod metrics;
mod notify;
mod pace;
mod progress;
mod projector;
mod queue;
mod ranges;
mod rebuild;
mod recall;
mod register;
mod row_hash;
mod rows;
mod rush;
mod sampler;
mod schedule;
mod siblings;
mod sources;
mod staff;
mod stage;
mod status;
mod terms;
mod wakers;
mod work;
mod worker;

pub use self::{
    check::{Counts, Findings, LastCheck, check, last_checks},
    clerk::{JobKind, ask_for, cancel_jobs, index_names, job_states, may_do},
    jobs::JobState,
    letters::{DeadLetter, dead_letters, replay},
    progress::Step,
    recall::{ask_for_recall, can_be_measured},
    sampler::{Sample, samples},
    status::{IndexStatus, QueueKind, QueueStatus, SyncStatus, WorkerStatus, queues, status},
    terms::count_terms,
    worker::{run_rebuilds, run_worker},
};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut hex, byte| {
        hex.extend([byte >> 4, byte & 15].map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)])));
        hex
    })
}
