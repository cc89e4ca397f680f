//! The door to a post.

use tauri::State;

use super::PostPage;
use crate::{app::Console, db::PostId, error::Result, search};

/// A post with all its media.
#[tauri::command]
#[specta::specta]
pub async fn post(console: State<'_, Console>, post_id: PostId) -> Result<PostPage> {
    let session = console.session().await?;
    search::post::post(&session.db, &session.operator, post_id).await
}
