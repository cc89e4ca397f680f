//! What may be shown: the queue of unsafe media, reveals, decisions.

#[cfg(feature = "desktop")]
pub mod commands;
mod decide;
mod queries;
mod queue;
mod reveal;

pub use self::{
    decide::{Decision, decide},
    queue::{SafetyItem, SafetyQueue, count, waiting},
    reveal::{Reveal, Reveals, reveal},
};
