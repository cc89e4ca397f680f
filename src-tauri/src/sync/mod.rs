//! Keeps read models and indices true to the core tables: queues, projection, bulk, index generations.
//!
//! A change marks keys in `console.read_model_queue` in its own transaction. The projector computes these rows from the
//! source view; what it writes marks documents in `console.index_queue`. The indexer sends them, the folder keeps the same
//! words in PostgreSQL. Each of these stages re-reads what it sends, so a mark may come twice, and only a lost one would harm.

mod bulk;
mod feed;
mod folder;
mod generation;
mod indexer;
mod marks;
mod matcher;
mod projector;
mod queue;
mod status;
mod worker;

pub use self::{
    status::{IndexStatus, QueueKind, QueueStatus, SyncStatus, WorkerStatus, queues, status},
    worker::run_worker,
};
