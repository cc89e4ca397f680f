//! Doors to faces.

use tauri::State;

use super::{Candidate, FaceCursor, FaceQueue, Photo, Verdict};
use crate::{
    app::Console,
    db::{FaceId, MediaId, Seen, UserId},
    error::Result,
    faces,
};

/// The suggested faces after a place in the queue, most certain first.
#[tauri::command]
#[specta::specta]
pub async fn faces_waiting(console: State<'_, Console>, after: Option<FaceCursor>, limit: u32) -> Result<FaceQueue> {
    let session = console.session().await?;
    faces::waiting(&session.db, &session.operator, after, limit.into()).await
}

/// A medium with its faces.
#[tauri::command]
#[specta::specta]
pub async fn photo(console: State<'_, Console>, media_id: MediaId) -> Result<Photo> {
    let session = console.session().await?;
    faces::photo(&session.db, &session.operator, media_id).await
}

/// The enrolled people nearest to a face.
#[tauri::command]
#[specta::specta]
pub async fn face_candidates(console: State<'_, Console>, face_id: FaceId) -> Result<Vec<Candidate>> {
    let session = console.session().await?;
    faces::candidates(&session.db, &session.operator, face_id).await
}

/// The person on this face is `person`.
#[tauri::command]
#[specta::specta]
pub async fn confirm_face(console: State<'_, Console>, seen: Seen<FaceId>, person: UserId) -> Result<Verdict> {
    let session = console.session().await?;
    faces::confirm(&mut *session.db.acquire().await?, &session.operator, &seen, person).await
}

/// The person on this face is not the suggested one.
#[tauri::command]
#[specta::specta]
pub async fn reject_face(console: State<'_, Console>, seen: Seen<FaceId>) -> Result<Verdict> {
    let session = console.session().await?;
    faces::reject(&mut *session.db.acquire().await?, &session.operator, &seen).await
}
