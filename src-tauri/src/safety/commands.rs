//! Doors to safety.

use std::time::Instant;

use tauri::State;

use super::{Decision, Reveal, SafetyQueue};
use crate::{
    app::Console,
    db::{MediaId, Seen},
    error::Result,
    safety,
};

/// Unsafe media after a place in the queue, oldest first.
#[tauri::command]
#[specta::specta]
pub async fn safety_waiting(console: State<'_, Console>, after: Option<MediaId>, limit: u32) -> Result<SafetyQueue> {
    let session = console.session().await?;
    safety::waiting(&session.db, &session.operator, after, limit.into()).await
}

/// Opens one medium in clear for a while.
#[tauri::command]
#[specta::specta]
pub async fn reveal_media(console: State<'_, Console>, media_id: MediaId) -> Result<Reveal> {
    let session = console.session().await?;
    safety::reveal(&session.db, &session.operator, &console.reveals, media_id, Instant::now()).await
}

/// Ends a reveal before its time.
#[tauri::command]
#[specta::specta]
pub async fn conceal_media(console: State<'_, Console>, token: String) -> Result<()> {
    console.session().await?;
    console.reveals.close(&token);
    Ok(())
}

/// The medium may be shown, or may not.
#[tauri::command]
#[specta::specta]
pub async fn decide_media(
    console: State<'_, Console>,
    seen: Seen<MediaId>,
    safe: bool,
    reason: Option<String>,
) -> Result<Decision> {
    let session = console.session().await?;
    safety::decide(&mut *session.db.acquire().await?, &session.operator, &seen, safe, reason.as_deref()).await
}
