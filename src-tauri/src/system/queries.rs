//! What the server says of itself.

use sqlx::{PgPool, query_as};

use super::Postgres;
use crate::error::Result;

pub(super) async fn postgres(db: &PgPool) -> Result<Postgres> {
    Ok(query_as!(
        Postgres,
        r#"
        select current_setting('server_version') as "version!",
               (select extversion from pg_extension where extname = 'vector') as "pgvector!",
               current_database()::text as "database!"
        "#
    )
    .fetch_one(db)
    .await?)
}
