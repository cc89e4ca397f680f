//! Doors to faces.

use chrono::{DateTime, Utc};
use tauri::State;

use super::{
    Candidate, ConfirmedFace, Decided, FaceCounts, FaceCursor, FaceQuery, FaceQueue, Line, LineState, PeopleWaiting,
    PersonCursor, Photo, Progress, Quality, Queue, Said, Undoable, Undone, Verdict, WaitingFace, Wall, Within,
};
use crate::{
    app::Console,
    db::{AuditId, FaceId, MediaId, Seen, UserId},
    error::Result,
    faces,
};

/// The faces after a place in a queue, leased to this window.
#[tauri::command]
#[specta::specta]
pub async fn faces_waiting(
    console: State<'_, Console>,
    asked: FaceQuery,
    after: Option<FaceCursor>,
    limit: u32,
) -> Result<FaceQueue> {
    let session = console.session().await?;
    faces::waiting(&session.db, &session.operator, &console.holder, &asked, after, limit.into()).await
}

/// How many faces wait.
#[tauri::command]
#[specta::specta]
pub async fn face_counts(console: State<'_, Console>, within: Within) -> Result<FaceCounts> {
    let session = console.session().await?;
    faces::counts(&session.db, &session.operator, &within).await
}

/// Keeps the leases of these faces; who else is looking at the photo.
#[tauri::command]
#[specta::specta]
pub async fn keep_faces(console: State<'_, Console>, held: Vec<FaceId>, photo: Option<MediaId>) -> Result<Vec<String>> {
    let session = console.session().await?;
    faces::keep(&session.db, &session.operator, &console.holder, &held, photo).await
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

/// The confirmed faces of a person that are most like a face.
#[tauri::command]
#[specta::specta]
pub async fn confirmed_faces_like(
    console: State<'_, Console>,
    face_id: FaceId,
    person: UserId,
) -> Result<Vec<ConfirmedFace>> {
    let session = console.session().await?;
    faces::confirmed_like(&session.db, &session.operator, face_id, person).await
}

/// A face as it waits now.
#[tauri::command]
#[specta::specta]
pub async fn waiting_face(console: State<'_, Console>, face_id: FaceId) -> Result<WaitingFace> {
    let session = console.session().await?;
    faces::waiting_face(&session.db, &session.operator, face_id).await
}

/// Says something of a face.
#[tauri::command]
#[specta::specta]
pub async fn decide_face(console: State<'_, Console>, seen: Seen<FaceId>, said: Said) -> Result<Verdict> {
    let session = console.session().await?;
    faces::decide(&mut *session.db.acquire().await?, &session.operator, &seen, said).await
}

/// Says the same of many faces.
#[tauri::command]
#[specta::specta]
pub async fn decide_faces(console: State<'_, Console>, seen: Vec<Seen<FaceId>>, said: Said) -> Result<Decided> {
    let session = console.session().await?;
    faces::decide_many(&mut *session.db.acquire().await?, &session.operator, &seen, said).await
}

/// The decision that would be taken back next.
#[tauri::command]
#[specta::specta]
pub async fn undoable_decision(console: State<'_, Console>) -> Result<Option<Undoable>> {
    let session = console.session().await?;
    faces::undoable(&session.db, &session.operator).await
}

/// Takes the operator's newest decision back.
#[tauri::command]
#[specta::specta]
pub async fn undo_decision(console: State<'_, Console>) -> Result<Undone> {
    let session = console.session().await?;
    faces::undo(&mut *session.db.acquire().await?, &session.operator).await
}

/// Lets stand what does not go together about a face.
#[tauri::command]
#[specta::specta]
pub async fn dismiss_conflicts(console: State<'_, Console>, seen: Seen<FaceId>) -> Result<AuditId> {
    let session = console.session().await?;
    faces::dismiss(&mut *session.db.acquire().await?, &session.operator, &seen).await
}

/// The people for whom faces wait.
#[tauri::command]
#[specta::specta]
pub async fn people_waiting(
    console: State<'_, Console>,
    queue: Queue,
    after: Option<PersonCursor>,
    limit: u32,
) -> Result<PeopleWaiting> {
    let session = console.session().await?;
    faces::people_waiting(&session.db, &session.operator, queue, after, limit.into()).await
}

/// What is known of the line on a person's wall.
#[tauri::command]
#[specta::specta]
pub async fn face_line(console: State<'_, Console>, wall: Wall) -> Result<LineState> {
    let session = console.session().await?;
    faces::line(&session.db, &session.operator, wall).await
}

/// Faces above a line, to be decided blindly.
#[tauri::command]
#[specta::specta]
pub async fn line_sample(console: State<'_, Console>, wall: Wall, similarity: f64) -> Result<Vec<WaitingFace>> {
    let session = console.session().await?;
    faces::line_sample(&session.db, &session.operator, &console.holder, wall, similarity).await
}

/// Writes down what a sample came to.
#[tauri::command]
#[specta::specta]
pub async fn draw_line(console: State<'_, Console>, wall: Wall, similarity: f64, sample: Vec<FaceId>) -> Result<Line> {
    let session = console.session().await?;
    faces::draw_line(&mut *session.db.acquire().await?, &session.operator, wall, similarity, &sample).await
}

/// Confirms all faces above a line.
#[tauri::command]
#[specta::specta]
pub async fn confirm_above(console: State<'_, Console>, wall: Wall, similarity: f64) -> Result<Decided> {
    let session = console.session().await?;
    let mut connection = session.db.acquire().await?;
    faces::confirm_above(&mut connection, &session.operator, &console.holder, wall, similarity).await
}

/// What the operator has done in each of these days; the last is today.
#[tauri::command]
#[specta::specta]
pub async fn face_progress(console: State<'_, Console>, days: Vec<DateTime<Utc>>) -> Result<Progress> {
    let session = console.session().await?;
    faces::progress(&session.db, &session.operator, &days).await
}

/// How right operators are, and how far they agree.
#[tauri::command]
#[specta::specta]
pub async fn face_quality(console: State<'_, Console>) -> Result<Quality> {
    let session = console.session().await?;
    faces::quality(&session.db, &session.operator, Utc::now()).await
}
