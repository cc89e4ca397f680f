//! Doors to search.

use tauri::State;

use super::{Facet, Facets, IndexState, KnownPeople, SearchQuery, SearchResults, Suggestions};
use crate::{app::Console, db::FaceId, error::Result};

/// A page of media for a query.
#[tauri::command]
#[specta::specta]
pub async fn search(console: State<'_, Console>, query: SearchQuery) -> Result<SearchResults> {
    let session = console.session().await?;
    super::search(&session.db, console.elastic.as_ref(), &session.operator, &query).await
}

/// What the hits of a query have in common, and when they were uploaded.
#[tauri::command]
#[specta::specta]
pub async fn search_facets(console: State<'_, Console>, text: String, request: u32) -> Result<Facets> {
    let session = console.session().await?;
    let facets = super::facets(&session.db, console.elastic.as_ref(), &session.operator, &text);
    console.requests.run(request, facets).await
}

/// Nobody waits any more for what was asked under this number.
#[tauri::command]
#[specta::specta]
pub async fn cancel_request(console: State<'_, Console>, request: u32) -> Result<()> {
    console.session().await?;
    console.requests.cancel(request);
    Ok(())
}

/// The values of a facet of which a word begins so.
#[tauri::command]
#[specta::specta]
pub async fn search_facet_values(
    console: State<'_, Console>,
    text: String,
    field: String,
    starts_with: String,
    request: u32,
) -> Result<Facet> {
    let session = console.session().await?;
    let values =
        super::facet_values(&session.db, console.elastic.as_ref(), &session.operator, &text, &field, &starts_with);
    console.requests.run(request, values).await
}

/// Whether the index of media answers, and how far it is behind.
#[tauri::command]
#[specta::specta]
pub async fn index_state(console: State<'_, Console>) -> Result<IndexState> {
    let session = console.session().await?;
    super::index_state(&session.db, console.elastic.as_ref(), &session.operator).await
}

/// Who a face may be: the enrolled people who are most like it.
#[tauri::command]
#[specta::specta]
pub async fn who_is(console: State<'_, Console>, face: FaceId) -> Result<KnownPeople> {
    let session = console.session().await?;
    super::who_is(&session.db, console.elastic.as_ref(), &session.operator, face).await
}

/// What could be meant where the caret is.
#[tauri::command]
#[specta::specta]
pub async fn suggest(console: State<'_, Console>, text: String, caret: u32) -> Result<Suggestions> {
    let session = console.session().await?;
    super::suggest(&session.db, &session.operator, &text, caret).await
}
