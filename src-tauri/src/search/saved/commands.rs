//! Doors to saved searches.

use tauri::State;

use super::{SavedChange, SavedSearch};
use crate::{
    app::Console,
    error::Result,
    search::{Wish, saved},
};

/// The operator's own saved searches, and those that others share.
#[tauri::command]
#[specta::specta]
pub async fn saved_searches(console: State<'_, Console>) -> Result<Vec<SavedSearch>> {
    let session = console.session().await?;
    saved::saved(&session.db, &session.operator).await
}

/// Keeps a search under a name.
#[tauri::command]
#[specta::specta]
pub async fn save_search(
    console: State<'_, Console>,
    name: String,
    wish: Wish,
    is_shared: bool,
) -> Result<SavedSearch> {
    let session = console.session().await?;
    saved::save(&mut *session.db.acquire().await?, &session.operator, &name, &wish, is_shared).await
}

/// Gives a saved search another name, shares it or no longer.
#[tauri::command]
#[specta::specta]
pub async fn rename_search(console: State<'_, Console>, id: i32, name: String, is_shared: bool) -> Result<()> {
    let session = console.session().await?;
    let change = SavedChange { name: Some(name), text: None, is_shared: Some(is_shared) };
    saved::change(&mut *session.db.acquire().await?, &session.operator, i64::from(id), &change).await
}

/// Forgets a saved search.
#[tauri::command]
#[specta::specta]
pub async fn delete_search(console: State<'_, Console>, id: i32) -> Result<()> {
    let session = console.session().await?;
    saved::delete(&mut *session.db.acquire().await?, &session.operator, i64::from(id)).await
}

/// The operator has looked at the hits of a saved search.
#[tauri::command]
#[specta::specta]
pub async fn search_seen(console: State<'_, Console>, id: i32) -> Result<()> {
    let session = console.session().await?;
    saved::seen(&mut *session.db.acquire().await?, &session.operator, i64::from(id)).await
}
