//! Doors to corrections.

use tauri::State;

use super::{Corrected, Correction, MediaWords, PastCorrection, UndoableCorrection};
use crate::{
    app::Console,
    db::{AuditId, MediaId, Seen},
    error::Result,
    search::correct,
};

/// What is said of media now, in the versions in which they can be corrected.
#[tauri::command]
#[specta::specta]
pub async fn media_words(console: State<'_, Console>, media: Vec<MediaId>) -> Result<Vec<MediaWords>> {
    let session = console.session().await?;
    correct::words(&session.db, &session.operator, &media).await
}

/// Who corrected a medium.
#[tauri::command]
#[specta::specta]
pub async fn media_corrections(console: State<'_, Console>, media_id: MediaId) -> Result<Vec<PastCorrection>> {
    let session = console.session().await?;
    correct::history(&session.db, &session.operator, media_id).await
}

/// Corrects what the AI said of media.
#[tauri::command]
#[specta::specta]
pub async fn correct_media(
    console: State<'_, Console>,
    media: Vec<Seen<MediaId>>,
    correction: Correction,
) -> Result<Corrected> {
    let session = console.session().await?;
    correct::correct(&mut *session.db.acquire().await?, &session.operator, &media, &correction).await
}

/// Takes corrections back, where nobody corrected the same later.
#[tauri::command]
#[specta::specta]
pub async fn undo_correction(console: State<'_, Console>, corrections: Vec<AuditId>) -> Result<Corrected> {
    let session = console.session().await?;
    correct::undo(&mut *session.db.acquire().await?, &session.operator, &corrections).await
}

/// The correction that would be taken back next, if there is one.
#[tauri::command]
#[specta::specta]
pub async fn undoable_correction(console: State<'_, Console>) -> Result<Option<UndoableCorrection>> {
    let session = console.session().await?;
    correct::undoable(&session.db, &session.operator).await
}

/// Takes the operator's own newest correction back, where nobody else corrected the same later.
#[tauri::command]
#[specta::specta]
pub async fn undo_own_correction(console: State<'_, Console>) -> Result<Corrected> {
    let session = console.session().await?;
    correct::undo_own(&mut *session.db.acquire().await?, &session.operator).await
}
