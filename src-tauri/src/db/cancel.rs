//! Statements that end on the server when nobody waits for them any more.

use std::ops::{Deref, DerefMut};

use sqlx::{Connection, PgConnection, PgPool, Postgres, pool::PoolConnection};

use crate::error::Result;

/// A connection for long statements. When the future that uses it is dropped, so is this, and the server is told to end the statement;
/// by itself it would work on for an answer that nobody reads.
#[derive(Debug)]
pub struct Cancellable {
    /// `None` once it is given back
    connection: Option<PoolConnection<Postgres>>,
    backend: i32,
    db: PgPool,
}

impl Cancellable {
    /// # Errors
    /// `Unavailable` when the server does not answer.
    pub async fn acquire(db: &PgPool) -> Result<Self> {
        let mut connection = db.acquire().await?;
        let backend = sqlx::query_scalar!(r#"select pg_backend_pid() as "pid!""#).fetch_one(&mut *connection).await?;
        Ok(Self { connection: Some(connection), backend, db: db.clone() })
    }

    /// Gives the connection back: nothing runs on it.
    pub fn release(mut self) {
        self.connection = None;
    }
}

impl Deref for Cancellable {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        self.connection.as_deref().expect("it is given back only when this ends")
    }
}

impl DerefMut for Cancellable {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.connection.as_deref_mut().expect("it is given back only when this ends")
    }
}

impl Drop for Cancellable {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        let (db, backend) = (self.db.clone(), self.backend);
        tokio::spawn(async move {
            let ended = sqlx::query_scalar!("select pg_cancel_backend($1)", backend).fetch_one(&db).await;
            if let Err(error) = ended {
                tracing::warn!(%error, "a statement that nobody waits for could not be ended");
            }
            // Until here nobody else could use the connection: what was ended is what was meant. That it was is read now.
            if let Err(ended) = connection.ping().await {
                tracing::debug!(%ended, "a statement that nobody waited for");
            }
        });
    }
}
