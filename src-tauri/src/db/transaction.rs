//! Transactions that end when they are said to have ended.

use sqlx::{Connection, PgConnection};

use crate::error::Result;

/// Does `work` in a transaction, and commits what it did. Where it fails, all is rolled back before its error is returned, and what
/// it locked is free: a transaction that is only dropped ends when its connection is next used, and meanwhile whoever tries again
/// at once, on another connection, is told that somebody else is writing.
///
/// # Errors
/// What `work` returned, and what the database says to beginning and committing.
pub(crate) async fn transaction<T>(
    db: &mut PgConnection,
    work: impl AsyncFnOnce(&mut PgConnection) -> Result<T>,
) -> Result<T> {
    let mut tx = db.begin().await?;
    match work(&mut tx).await {
        Ok(done) => {
            tx.commit().await?;
            Ok(done)
        }
        Err(error) => {
            // The connection is gone where this fails, and its transaction with it; why the work failed is what counts.
            if let Err(error) = tx.rollback().await {
                tracing::debug!(%error, "a transaction ends with its connection");
            }
            Err(error)
        }
    }
}
