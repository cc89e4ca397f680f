//! Doors to exports.

use std::path::PathBuf;

use tauri::State;

use super::{ExportFormat, ExportProgress, Order};
use crate::{app::Console, error::Result, search::Wish};

/// Writes the whole result into a file, as it is listed; its progress is asked for by the number.
#[tauri::command]
#[specta::specta]
pub async fn export_search(
    console: State<'_, Console>,
    wish: Wish,
    columns: Vec<String>,
    format: ExportFormat,
    path: String,
) -> Result<u32> {
    let session = console.session().await?;
    let order = Order { wish, columns, format, path: PathBuf::from(path) };
    console.exports.start(session.db, console.elastic.clone(), session.operator, order).await
}

/// How far an export is.
#[tauri::command]
#[specta::specta]
pub async fn export_progress(console: State<'_, Console>, id: u32) -> Result<ExportProgress> {
    console.session().await?;
    console.exports.progress(id)
}

/// Ends an export before it is done; no file is left.
#[tauri::command]
#[specta::specta]
pub async fn cancel_export(console: State<'_, Console>, id: u32) -> Result<()> {
    console.session().await?;
    console.exports.cancel(id)
}
