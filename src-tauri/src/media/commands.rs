//! The door to what is known of a picture without showing it; pictures themselves go through `media://`.

use tauri::State;

use super::Size;
use crate::{
    app::Console,
    db::MediaId,
    error::{Error, Result},
};

/// The true size of the upright original, in whose pixels boxes are given.
#[tauri::command]
#[specta::specta]
pub async fn picture_size(console: State<'_, Console>, media_id: MediaId) -> Result<Size> {
    let session = console.session().await?;
    console.pictures.size(&session.db, media_id).await.map_err(Error::from)
}
