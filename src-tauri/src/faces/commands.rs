//! Doors to faces.

use chrono::{DateTime, Utc};
use tauri::State;

use super::{
    AlikePerson, Bounds, Boxed, Calibration, Candidate, ConfirmedFace, Decided, Enrolment, EnrolmentPreview,
    EnrolmentSource, FaceCounts, FaceCursor, FaceQuery, FaceQueue, FaceToEnrol, Line, LineState, Moved, OnWall,
    PeopleWaiting, PersonCursor, Photo, Progress, Quality, Queue, Said, Sight, Undoable, Undone, UnknownCursor,
    UnknownFaceCursor, UnknownFaces, UnknownPeople, Verdict, WaitingFace, Wall, Within,
};
use crate::{
    app::Console,
    db::{AuditId, ClusterId, FaceId, MediaId, RowVersion, Seen, UserId},
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

/// Says which wall this window looks at; who else does.
#[tauri::command]
#[specta::specta]
pub async fn keep_wall(console: State<'_, Console>, on: Option<OnWall>) -> Result<Vec<String>> {
    let session = console.session().await?;
    faces::keep_wall(&session.db, &session.operator, &console.holder, on).await
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

/// Moves or resizes the box of a face.
#[tauri::command]
#[specta::specta]
pub async fn move_box(console: State<'_, Console>, seen: Seen<FaceId>, bounds: Bounds) -> Result<Moved> {
    let session = console.session().await?;
    faces::move_box(&session.db, &session.operator, sight(&console), &seen, bounds).await
}

/// Deletes a face.
#[tauri::command]
#[specta::specta]
pub async fn delete_face(console: State<'_, Console>, seen: Seen<FaceId>) -> Result<Boxed> {
    let session = console.session().await?;
    faces::delete_face(&session.db, &session.operator, &seen).await
}

/// Adds a face that the AI has missed.
#[tauri::command]
#[specta::specta]
pub async fn draw_face(console: State<'_, Console>, media_id: MediaId, bounds: Bounds) -> Result<Boxed> {
    let session = console.session().await?;
    faces::draw_face(&session.db, &session.operator, sight(&console), media_id, bounds).await
}

/// Why no face can be drawn, in a sentence; nothing where it can.
#[tauri::command]
#[specta::specta]
pub async fn drawing_problem(console: State<'_, Console>) -> Result<Option<String>> {
    Ok(faces::drawing_problem(console.ai.as_ref()).map(str::to_owned))
}

fn sight<'a>(console: &'a State<'_, Console>) -> Sight<'a> {
    Sight { pictures: &console.pictures, ai: console.ai.as_ref() }
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

/// What is known of the line on a person's wall, and what a line at a similarity needs.
#[tauri::command]
#[specta::specta]
pub async fn face_line(console: State<'_, Console>, wall: Wall, similarity: Option<f64>) -> Result<LineState> {
    let session = console.session().await?;
    faces::line(&session.db, &session.operator, &console.holder, wall, similarity).await
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
    let db = &mut *session.db.acquire().await?;
    faces::draw_line(db, &session.operator, &console.holder, wall, similarity, &sample).await
}

/// Confirms all faces above a line.
#[tauri::command]
#[specta::specta]
pub async fn confirm_above(console: State<'_, Console>, wall: Wall, similarity: f64) -> Result<Decided> {
    let session = console.session().await?;
    let mut connection = session.db.acquire().await?;
    faces::confirm_above(&mut connection, &session.operator, &console.holder, wall, similarity).await
}

/// Groups of unknown faces that look alike, the largest first.
#[tauri::command]
#[specta::specta]
pub async fn unknown_people(
    console: State<'_, Console>,
    after: Option<UnknownCursor>,
    limit: u32,
) -> Result<UnknownPeople> {
    let session = console.session().await?;
    faces::unknown_people(&session.db, &session.operator, after, limit.into()).await
}

/// The faces of such a group, leased to this window.
#[tauri::command]
#[specta::specta]
pub async fn unknown_faces(
    console: State<'_, Console>,
    cluster: ClusterId,
    after: Option<UnknownFaceCursor>,
    limit: u32,
) -> Result<UnknownFaces> {
    let session = console.session().await?;
    faces::unknown_faces(&session.db, &session.operator, &console.holder, cluster, after, limit.into()).await
}

/// Groups that may be the same person.
#[tauri::command]
#[specta::specta]
pub async fn unknown_alike(console: State<'_, Console>, cluster: ClusterId) -> Result<Vec<AlikePerson>> {
    let session = console.session().await?;
    faces::unknown_alike(&session.db, &session.operator, cluster).await
}

/// Names all faces of a group.
#[tauri::command]
#[specta::specta]
pub async fn name_cluster(console: State<'_, Console>, cluster: ClusterId, person: UserId) -> Result<Decided> {
    let session = console.session().await?;
    let db = &mut *session.db.acquire().await?;
    faces::name_cluster(db, &session.operator, &console.holder, cluster, person).await
}

/// Puts faces into another group, or into a new one.
#[tauri::command]
#[specta::specta]
pub async fn regroup_faces(
    console: State<'_, Console>,
    faces: Vec<FaceId>,
    into: Option<ClusterId>,
) -> Result<ClusterId> {
    let session = console.session().await?;
    faces::regroup(&session.db, &session.operator, &faces, into).await
}

/// Puts a group into another one; the faces that are in it now.
#[tauri::command]
#[specta::specta]
pub async fn merge_clusters(console: State<'_, Console>, cluster: ClusterId, into: ClusterId) -> Result<Vec<FaceId>> {
    let session = console.session().await?;
    faces::merge(&session.db, &session.operator, &console.holder, cluster, into).await
}

/// What a similarity is worth, as far as verdicts tell.
#[tauri::command]
#[specta::specta]
pub async fn face_calibration(console: State<'_, Console>) -> Result<Calibration> {
    let session = console.session().await?;
    faces::calibration(&session.db, &session.operator).await
}

/// With which face a person is enrolled, and was.
#[tauri::command]
#[specta::specta]
pub async fn person_enrolment(console: State<'_, Console>, user_id: UserId) -> Result<Enrolment> {
    let session = console.session().await?;
    faces::enrolment(&session.db, &session.operator, user_id).await
}

/// The confirmed faces with which a person could be enrolled.
#[tauri::command]
#[specta::specta]
pub async fn faces_to_enrol(console: State<'_, Console>, user_id: UserId) -> Result<Vec<FaceToEnrol>> {
    let session = console.session().await?;
    faces::faces_to_enrol(&session.db, &session.operator, user_id).await
}

/// What enrolling would change.
#[tauri::command]
#[specta::specta]
pub async fn preview_enrolment(
    console: State<'_, Console>,
    user_id: UserId,
    source: EnrolmentSource,
) -> Result<EnrolmentPreview> {
    let session = console.session().await?;
    faces::preview_enrolment(&session.db, &session.operator, user_id, &source).await
}

/// Enrols a person with a confirmed face, or with what they were enrolled with before.
#[tauri::command]
#[specta::specta]
pub async fn enrol(
    console: State<'_, Console>,
    user_id: UserId,
    source: EnrolmentSource,
    seen: Option<RowVersion>,
) -> Result<AuditId> {
    let session = console.session().await?;
    faces::enrol(&mut *session.db.acquire().await?, &session.operator, user_id, &source, seen.as_ref()).await
}

/// Makes a person's enrolment count or not.
#[tauri::command]
#[specta::specta]
pub async fn switch_enrolment(
    console: State<'_, Console>,
    user_id: UserId,
    active: bool,
    seen: RowVersion,
) -> Result<AuditId> {
    let session = console.session().await?;
    faces::switch_enrolment(&mut *session.db.acquire().await?, &session.operator, user_id, active, &seen).await
}

/// Takes the operator's own last change of a person's enrolment back.
#[tauri::command]
#[specta::specta]
pub async fn undo_enrolment(console: State<'_, Console>, user_id: UserId, seen: Option<RowVersion>) -> Result<AuditId> {
    let session = console.session().await?;
    faces::undo_enrolment(&mut *session.db.acquire().await?, &session.operator, user_id, seen.as_ref()).await
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
