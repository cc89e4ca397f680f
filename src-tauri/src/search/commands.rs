//! The door to search.

use tauri::State;

use super::{SearchQuery, SearchResults};
use crate::{app::Console, error::Result};

/// A page of media for the words that were typed.
#[tauri::command]
#[specta::specta]
pub async fn search(console: State<'_, Console>, query: SearchQuery) -> Result<SearchResults> {
    let session = console.session().await?;
    super::search(&session.db, console.elastic.as_ref(), &session.operator, &query).await
}
