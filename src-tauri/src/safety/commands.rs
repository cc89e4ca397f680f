//! Doors to safety.

use std::{path::PathBuf, time::Instant};

use chrono::{DateTime, Utc};
use tauri::State;

use super::{
    Budget, Chapter, Colleague, Comparison, Decision, Group, Left, Members, Policy, PolicyDraft, QueueCount, Reveal,
    Reverted, RulingPage, SafetyCursor, SafetyDecided, SafetyItem, SafetyPage, SafetyProgress, SafetyQuery,
    SafetyQueue, SafetyWord,
};
use crate::{
    app::Console,
    db::{MediaId, PolicyId, RulingId, Seen},
    error::Result,
    media::Region,
    safety,
};

/// Every version of what may not be shown.
#[tauri::command]
#[specta::specta]
pub async fn safety_policies(console: State<'_, Console>) -> Result<Vec<Policy>> {
    let session = console.session().await?;
    safety::policies(&session.db, &session.operator).await
}

/// Writes the next version of a policy, or the first.
#[tauri::command]
#[specta::specta]
pub async fn revise_policy(console: State<'_, Console>, draft: PolicyDraft) -> Result<PolicyId> {
    let session = console.session().await?;
    safety::revise_policy(&session.db, &session.operator, &draft).await
}

/// The items after a place in a queue, leased to this window.
#[tauri::command]
#[specta::specta]
pub async fn safety_waiting(
    console: State<'_, Console>,
    asked: SafetyQuery,
    after: Option<SafetyCursor>,
    limit: u32,
) -> Result<SafetyPage> {
    let session = console.session().await?;
    safety::waiting(&session.db, &session.operator, &console.holder, asked, after, limit.into()).await
}

/// An item as it waits now.
#[tauri::command]
#[specta::specta]
pub async fn safety_item(console: State<'_, Console>, media_id: MediaId, queue: SafetyQueue) -> Result<SafetyItem> {
    let session = console.session().await?;
    safety::item(&session.db, &session.operator, media_id, queue).await
}

/// How much waits in each queue.
#[tauri::command]
#[specta::specta]
pub async fn safety_counts(console: State<'_, Console>) -> Result<Vec<QueueCount>> {
    let session = console.session().await?;
    safety::counts(&session.db, &session.operator).await
}

/// Keeps the leases of what is looked at; who else looks at the same post.
#[tauri::command]
#[specta::specta]
pub async fn keep_safety(
    console: State<'_, Console>,
    held: Vec<MediaId>,
    looked_at: Option<MediaId>,
) -> Result<Vec<String>> {
    let session = console.session().await?;
    safety::keep(&session.db, &session.operator, &console.holder, &held, looked_at).await
}

/// Admins to whom an item can be sent.
#[tauri::command]
#[specta::specta]
pub async fn safety_colleagues(console: State<'_, Console>) -> Result<Vec<Colleague>> {
    let session = console.session().await?;
    safety::colleagues(&session.db, &session.operator).await
}

/// Keeps an item, sends it to another admin, or gives it back.
#[tauri::command]
#[specta::specta]
pub async fn assign_safety(
    console: State<'_, Console>,
    media_id: MediaId,
    queue: SafetyQueue,
    to: Option<String>,
    note: Option<String>,
) -> Result<()> {
    let session = console.session().await?;
    safety::assign(&session.db, &session.operator, media_id, queue, to.as_deref(), note.as_deref()).await
}

/// Reports photos under a policy.
#[tauri::command]
#[specta::specta]
pub async fn report_media(
    console: State<'_, Console>,
    media: Vec<MediaId>,
    policy: PolicyId,
    reason: String,
) -> Result<Vec<MediaId>> {
    let session = console.session().await?;
    safety::report(&session.db, &session.operator, &media, policy, &reason).await
}

/// What is known about a medium.
#[tauri::command]
#[specta::specta]
pub async fn safety_story(console: State<'_, Console>, media_id: MediaId) -> Result<Vec<Chapter>> {
    let session = console.session().await?;
    safety::story(&session.db, &session.operator, media_id).await
}

/// Opens one medium in clear for a while, or a region of it.
#[tauri::command]
#[specta::specta]
pub async fn reveal_media(console: State<'_, Console>, media_id: MediaId, region: Option<Region>) -> Result<Reveal> {
    let session = console.session().await?;
    safety::reveal(&session.db, &session.operator, &console.reveals, media_id, region, Instant::now()).await
}

/// Ends a reveal before its time.
#[tauri::command]
#[specta::specta]
pub async fn conceal_media(console: State<'_, Console>, token: String) -> Result<()> {
    let session = console.session().await?;
    safety::conceal(&session.db, &session.operator, &console.reveals, &token).await
}

/// What may still be revealed in this hour.
#[tauri::command]
#[specta::specta]
pub async fn reveals_left(console: State<'_, Console>) -> Result<Left> {
    let session = console.session().await?;
    safety::reveals_left(&session.db, &session.operator).await
}

/// What may be revealed in an hour, by whom.
#[tauri::command]
#[specta::specta]
pub async fn reveal_budgets(console: State<'_, Console>) -> Result<Vec<Budget>> {
    let session = console.session().await?;
    safety::budgets(&session.db, &session.operator).await
}

/// Sets a budget for others.
#[tauri::command]
#[specta::specta]
pub async fn set_reveal_budget(console: State<'_, Console>, budget: Budget) -> Result<()> {
    let session = console.session().await?;
    safety::set_budget(&session.db, &session.operator, &budget).await
}

/// The medium may be shown, or may not, or is to be processed again.
#[tauri::command]
#[specta::specta]
pub async fn decide_media(
    console: State<'_, Console>,
    seen: Seen<MediaId>,
    queue: Option<SafetyQueue>,
    said: SafetyWord,
) -> Result<Decision> {
    let session = console.session().await?;
    safety::decide(&mut *session.db.acquire().await?, &session.operator, &seen, queue, &said).await
}

/// The same about several media.
#[tauri::command]
#[specta::specta]
pub async fn decide_group(
    console: State<'_, Console>,
    seen: Vec<Seen<MediaId>>,
    queue: Option<SafetyQueue>,
    said: SafetyWord,
) -> Result<SafetyDecided> {
    let session = console.session().await?;
    safety::decide_many(&mut *session.db.acquire().await?, &session.operator, &seen, queue, &said).await
}

/// What belongs together around a medium.
#[tauri::command]
#[specta::specta]
pub async fn safety_group(console: State<'_, Console>, media_id: MediaId, group: Group) -> Result<Members> {
    let session = console.session().await?;
    safety::members(&session.db, &session.operator, media_id, group).await
}

/// Which of others are the same picture as a medium.
#[tauri::command]
#[specta::specta]
pub async fn compare_media(
    console: State<'_, Console>,
    media_id: MediaId,
    others: Vec<MediaId>,
) -> Result<Vec<Comparison>> {
    let session = console.session().await?;
    safety::compare(&session.db, &session.operator, &console.pictures, media_id, &others).await
}

/// Says yes or no to what somebody else proposed, or withdraws what the operator proposed.
#[tauri::command]
#[specta::specta]
pub async fn confirm_safety(
    console: State<'_, Console>,
    seen: Vec<Seen<MediaId>>,
    agrees: bool,
    reason: Option<String>,
) -> Result<SafetyDecided> {
    let session = console.session().await?;
    let mut connection = session.db.acquire().await?;
    safety::confirm(&mut connection, &session.operator, &seen, agrees, reason.as_deref()).await
}

/// Takes down what the uploader says against a decision.
#[tauri::command]
#[specta::specta]
pub async fn file_appeal(console: State<'_, Console>, media_id: MediaId, words: String) -> Result<()> {
    let session = console.session().await?;
    safety::appeal(&session.db, &session.operator, media_id, &words).await
}

/// Decisions, the newest first.
#[tauri::command]
#[specta::specta]
pub async fn safety_decided(
    console: State<'_, Console>,
    before: Option<RulingId>,
    own: bool,
    limit: u32,
) -> Result<RulingPage> {
    let session = console.session().await?;
    safety::decided(&session.db, &session.operator, before, own, limit.into()).await
}

/// Takes decisions back, with their consequences.
#[tauri::command]
#[specta::specta]
pub async fn revert_safety(
    console: State<'_, Console>,
    decisions: Vec<RulingId>,
    reason: String,
) -> Result<Vec<Reverted>> {
    let session = console.session().await?;
    safety::revert(&mut *session.db.acquire().await?, &session.operator, &decisions, &reason).await
}

/// How the work goes.
#[tauri::command]
#[specta::specta]
pub async fn safety_progress(console: State<'_, Console>, days: Vec<DateTime<Utc>>) -> Result<SafetyProgress> {
    let session = console.session().await?;
    safety::progress(&session.db, &session.operator, &days, Utc::now()).await
}

/// Writes the decisions of a week into a file; how many there are.
#[tauri::command]
#[specta::specta]
pub async fn save_safety_week(console: State<'_, Console>, begins: DateTime<Utc>, path: String) -> Result<u32> {
    let session = console.session().await?;
    safety::save_week(&session.db, &session.operator, begins, &PathBuf::from(path)).await
}
