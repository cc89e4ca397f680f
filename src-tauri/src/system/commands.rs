//! Doors to the state of the parts.

use tauri::State;

use super::{Recall, Status, System, Upkeep, Waiting};
use crate::{
    app::Console,
    error::Result,
    sync::{DeadLetter, JobKind, Sample},
    system,
};

/// For the status bar.
#[tauri::command]
#[specta::specta]
pub async fn status(console: State<'_, Console>) -> Result<Status> {
    let session = console.refreshed_session().await?;
    system::status(&session.db, console.elastic.as_ref(), &session.operator).await
}

/// For the status bar: how much there is to decide.
#[tauri::command]
#[specta::specta]
pub async fn waiting(console: State<'_, Console>) -> Result<Waiting> {
    let session = console.session().await?;
    system::waiting(&session.db, &session.operator).await
}

/// For the System screen.
#[tauri::command]
#[specta::specta]
pub async fn system(console: State<'_, Console>) -> Result<System> {
    let session = console.session().await?;
    super::system(&session.db, console.elastic.as_ref(), &session.operator).await
}

/// How far behind the indices are, their generations, and the work on them.
#[tauri::command]
#[specta::specta]
pub async fn upkeep(console: State<'_, Console>) -> Result<Upkeep> {
    let session = console.session().await?;
    system::upkeep(&session.db, console.elastic.is_some(), &session.operator).await
}

/// Backlog and lag of the last hours (24 at most), in spans of some seconds (10 at least).
#[tauri::command]
#[specta::specta]
pub async fn queue_samples(console: State<'_, Console>, hours: u32, span_seconds: u32) -> Result<Vec<Sample>> {
    let session = console.session().await?;
    system::queue_samples(&session.db, &session.operator, hours, span_seconds).await
}

/// Has a worker rebuild, roll back, check or repair an index, or measure its recall; the job's id.
#[tauri::command]
#[specta::specta]
pub async fn start_job(console: State<'_, Console>, kind: JobKind, index: String) -> Result<i32> {
    let session = console.session().await?;
    let id = system::start_job(&session.db, &session.operator, kind, &index).await?;
    Ok(i32::try_from(id).unwrap_or(i32::MAX))
}

/// How many of the nearest neighbours the vector indices found when it was measured last.
#[tauri::command]
#[specta::specta]
pub async fn recall(console: State<'_, Console>) -> Result<Vec<Recall>> {
    let session = console.session().await?;
    system::recall(&session.db, &session.operator).await
}

/// Ends a job before it is done.
#[tauri::command]
#[specta::specta]
pub async fn cancel_job(console: State<'_, Console>, id: i32) -> Result<()> {
    let session = console.session().await?;
    system::cancel_job(&session.db, &session.operator, i64::from(id)).await
}

/// What the servers refused, in their own words.
#[tauri::command]
#[specta::specta]
pub async fn dead_letters(console: State<'_, Console>) -> Result<Vec<DeadLetter>> {
    let session = console.session().await?;
    system::dead_letters(&session.db, &session.operator).await
}

/// Has dead letters tried again: those of an index or all, of a key or all; how many there were.
#[tauri::command]
#[specta::specta]
pub async fn replay_dead_letters(
    console: State<'_, Console>,
    name: Option<String>,
    key: Option<String>,
) -> Result<i32> {
    let session = console.session().await?;
    let letters = system::replay(&session.db, &session.operator, name.as_deref(), key.as_deref()).await?;
    Ok(i32::try_from(letters).unwrap_or(i32::MAX))
}
