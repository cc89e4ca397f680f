//! Doors to the log.

use tauri::State;

use super::{Entry, Verification};
use crate::{app::Console, audit, db::AuditId, error::Result};

/// What operators did, newest first.
#[tauri::command]
#[specta::specta]
pub async fn activity(console: State<'_, Console>, before: Option<AuditId>, limit: u32) -> Result<Vec<Entry>> {
    let session = console.session().await?;
    audit::activity(&session.db, &session.operator, before, limit.into()).await
}

/// Whether anybody tampered with the log.
#[tauri::command]
#[specta::specta]
pub async fn verify_audit(console: State<'_, Console>) -> Result<Verification> {
    let session = console.session().await?;
    audit::verify(&session.db, &session.operator).await
}
