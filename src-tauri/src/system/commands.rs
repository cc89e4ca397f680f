//! Doors to the state of the parts.

use tauri::State;

use super::{Status, System};
use crate::{app::Console, error::Result, system};

/// For the status bar.
#[tauri::command]
#[specta::specta]
pub async fn status(console: State<'_, Console>) -> Result<Status> {
    let session = console.refreshed_session().await?;
    system::status(&session.db, console.elastic.as_ref(), &session.operator).await
}

/// For the System screen.
#[tauri::command]
#[specta::specta]
pub async fn system(console: State<'_, Console>) -> Result<System> {
    let session = console.session().await?;
    super::system(&session.db, console.elastic.as_ref(), &session.operator).await
}
