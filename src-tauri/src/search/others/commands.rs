//! Doors to the search for posts, people and faces.

use tauri::State;

use super::{FaceResults, PeopleResults, PostResults, SearchCounts};
use crate::{
    app::Console,
    error::Result,
    search::{SearchQuery, others},
};

/// How much of each kind matches.
#[tauri::command]
#[specta::specta]
pub async fn search_counts(console: State<'_, Console>, text: String, request: u32) -> Result<SearchCounts> {
    let session = console.session().await?;
    let counts = others::counts(&session.db, console.elastic.as_ref(), &session.operator, &text);
    console.requests.run(request, counts).await
}

/// A page of posts that match.
#[tauri::command]
#[specta::specta]
pub async fn search_posts(console: State<'_, Console>, query: SearchQuery) -> Result<PostResults> {
    let session = console.session().await?;
    others::posts(&session.db, console.elastic.as_ref(), &session.operator, &query).await
}

/// A page of people who match.
#[tauri::command]
#[specta::specta]
pub async fn search_people(console: State<'_, Console>, query: SearchQuery) -> Result<PeopleResults> {
    let session = console.session().await?;
    others::people(&session.db, console.elastic.as_ref(), &session.operator, &query).await
}

/// A page of faces that match, or that are like others.
#[tauri::command]
#[specta::specta]
pub async fn search_faces(console: State<'_, Console>, query: SearchQuery) -> Result<FaceResults> {
    let session = console.session().await?;
    others::faces(&session.db, console.elastic.as_ref(), &session.operator, &query).await
}
