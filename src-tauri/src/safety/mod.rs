//! What may be shown: queues of media that wait for an admin, reports, decisions by policies, what follows from them, and figures.

mod appeal;
mod assign;
#[cfg(feature = "desktop")]
pub mod commands;
mod confirm;
mod decide;
mod group;
mod naming;
mod policy;
mod progress;
mod queries;
mod queue;
mod report;
mod reveal;
mod revert;
mod story;
mod week;

pub use self::{
    appeal::appeal,
    assign::{Colleague, assign, colleagues},
    confirm::confirm,
    decide::{Decision, Ruling, SafetyDecided, SafetyWord, Skipped, decide, decide_many},
    group::{Comparison, Group, Member, Members, compare, members},
    naming::{name, named},
    policy::{Policy, PolicyDraft, policies, revise_policy},
    progress::{ControlAccuracy, PolicyAgreement, PolicyExposure, SafetyProgress, Work, progress},
    queue::{
        QueueCount, SafetyCursor, SafetyItem, SafetyOrder, SafetyPage, SafetyQuery, SafetyQueue, count, counts, item,
        keep, waiting,
    },
    report::report,
    reveal::{Budget, Left, Reveal, Reveals, budgets, conceal, conceal_all, reveal, reveals_left, set_budget},
    revert::{Reverted, RulingDone, RulingPage, decided, revert},
    story::{Chapter, ChapterKind, story},
    week::save_week,
};
use crate::error::{Error, Result};

/// Longer reasons are refused: the log is read by people.
const LONGEST_REASON: usize = 2_000;

/// Without what surrounds it; `None` where nothing is left.
fn reason_of(text: Option<&str>) -> Result<Option<&str>> {
    let reason = text.map(str::trim).filter(|reason| !reason.is_empty());
    if reason.is_some_and(|reason| reason.chars().count() > LONGEST_REASON) {
        return Err(Error::Invalid(format!("The reason is longer than {LONGEST_REASON} characters. Shorten it.")));
    }
    Ok(reason)
}

/// What a rule of the database refused, in its own words: they are for the person at the window.
fn refused(error: sqlx::Error) -> Error {
    /// `check_violation`
    const RULE: &str = "23514";
    let message = match error.as_database_error() {
        Some(database) if database.code().as_deref() == Some(RULE) && database.constraint().is_none() => {
            database.message().to_owned()
        }
        _ => return error.into(),
    };
    let mut letters = message.chars();
    let sentence = letters.next().map(|first| format!("{}{}.", first.to_uppercase(), letters.as_str()));
    Error::Invalid(sentence.unwrap_or(message))
}
