use sqlx::PgPool;

use super::{queries, refused};
use crate::error::Result;

/// Names an admin for child safety, or no longer. For the command line, where the database login is the authority. False where it
/// was so already.
///
/// # Errors
/// `Invalid` for an account that is no active admin of the platform.
pub async fn name(db: &PgPool, username: &str, is_named: bool) -> Result<bool> {
    queries::name(db, username, is_named).await.map_err(refused)
}

/// Who is named for child safety.
pub async fn named(db: &PgPool) -> Result<Vec<String>> {
    queries::named(db).await
}
