//! What must be true of a server and a database before the console works on them.

use sqlx::PgPool;

use super::{Address, migrate::newest_migration};
use crate::error::{Error, Result};

/// PostgreSQL 14, the oldest that the platform's schema supports.
const OLDEST_SERVER: i32 = 140_000;
/// Older versions lose rows of filtered vector searches.
const OLDEST_PGVECTOR: (u32, u32, u32) = (0, 8, 4);
/// The platform's tables; a database is Kaleidoscope's when it has all of them.
pub(super) const PLATFORM_TABLES: [&str; 13] = [
    "users",
    "posts",
    "post_media",
    "media_ai_insights",
    "user_face_embeddings",
    "media_detected_faces",
    "read_model_media_search",
    "read_model_post_search",
    "read_model_user_search",
    "read_model_face_search",
    "read_model_recommendations_knn",
    "read_model_feed_personalized",
    "read_model_known_faces",
];

pub(super) async fn check_server(pool: &PgPool) -> Result<()> {
    let version = sqlx::query_scalar!(r#"select current_setting('server_version_num')::integer as "version!""#)
        .fetch_one(pool)
        .await?;
    require_server(version)
}

fn require_server(version: i32) -> Result<()> {
    if version >= OLDEST_SERVER {
        return Ok(());
    }
    Err(Error::SignIn(format!(
        "The server is PostgreSQL {}; the console needs {} or newer. Upgrade the server.",
        version / 10_000,
        OLDEST_SERVER / 10_000
    )))
}

pub(super) fn require_pgvector(version: Option<&str>) -> Result<()> {
    let Some(version) = version else {
        return Err(Error::SignIn(
            "The database lacks the extension pgvector. Install it on the server and run `create extension vector`."
                .into(),
        ));
    };
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    if (next(), next(), next()) >= OLDEST_PGVECTOR {
        return Ok(());
    }
    let (major, minor, patch) = OLDEST_PGVECTOR;
    Err(Error::SignIn(format!(
        "pgvector is {version}; the console needs {major}.{minor}.{patch} or newer. Upgrade it on the server, then run \
         `alter extension vector update`."
    )))
}

/// How many of the platform's tables are there.
pub(super) async fn platform_tables(pool: &PgPool) -> Result<usize> {
    let names: Vec<String> = PLATFORM_TABLES.iter().map(ToString::to_string).collect();
    let found = sqlx::query_scalar!(
        r#"
        select count(*) as "found!"
          from unnest($1::text[]) as wanted
         where to_regclass('public.' || wanted) is not null
        "#,
        &names
    )
    .fetch_one(pool)
    .await?;
    Ok(usize::try_from(found).unwrap_or(0))
}

pub(super) async fn check_platform(pool: &PgPool, address: &Address) -> Result<()> {
    if platform_tables(pool).await? < PLATFORM_TABLES.len() {
        return Err(Error::SignIn(format!(
            "The database {} is not Kaleidoscope's: it lacks the platform's tables. Check the database name.",
            address.database
        )));
    }
    check_pgvector(pool).await
}

pub(super) async fn check_pgvector(pool: &PgPool) -> Result<()> {
    let version = sqlx::query_scalar!("select extversion from pg_extension where extname = 'vector'")
        .fetch_optional(pool)
        .await?;
    require_pgvector(version.as_deref())
}

/// The newest migration that the database has; `None` before the first.
pub async fn schema_version(pool: &PgPool) -> Result<Option<i64>> {
    // From the catalog: without a right on the schema, even asking for a table of it by name is refused.
    let readable = sqlx::query_scalar!(
        r#"
        select has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select') as "readable!"
          from pg_class c
          join pg_namespace n on n.oid = c.relnamespace
         where n.nspname = 'console'
           and c.relname = '_sqlx_migrations'
        "#
    )
    .fetch_optional(pool)
    .await?;
    let Some(readable) = readable else {
        return Ok(None);
    };
    if !readable {
        return Err(Error::SignIn(
            "This login is not in one of the console's groups. Have an administrator run \
             `kaleidoscope-console operator add`."
                .into(),
        ));
    }
    Ok(sqlx::query_scalar!("select max(version) from console._sqlx_migrations where success").fetch_one(pool).await?)
}

/// # Errors
/// `SignIn` where the schema is older or newer than this console's.
pub async fn check_migrations(pool: &PgPool) -> Result<()> {
    require_migrations(schema_version(pool).await?, newest_migration())
}

pub(super) fn require_migrations(there: Option<i64>, known: i64) -> Result<()> {
    match there {
        Some(version) if version > known => Err(Error::SignIn(format!(
            "The database was migrated by a newer console (schema {version}, this one knows {known}). Update this \
             console."
        ))),
        Some(version) if version == known => Ok(()),
        _ => Err(Error::SignIn(
            "The database is not prepared for this console. Have an administrator run `kaleidoscope-console migrate`."
                .into(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_server_is_named_with_what_to_do() {
        let error = require_server(130_014).expect_err("13 is too old");
        assert_eq!(
            error.to_string(),
            "The server is PostgreSQL 13; the console needs 14 or newer. Upgrade the server."
        );
        assert!(require_server(140_000).is_ok());
    }

    #[test]
    fn pgvector_is_required_and_recent() {
        assert!(require_pgvector(None).expect_err("missing").to_string().contains("create extension vector"));
        assert!(require_pgvector(Some("0.8.3")).expect_err("old").to_string().contains("0.8.4 or newer"));
        for fit in ["0.8.4", "0.8.5", "0.9.0", "1.0.0"] {
            assert!(require_pgvector(Some(fit)).is_ok(), "{fit}");
        }
    }

    #[test]
    fn a_schema_from_a_newer_console_is_refused() {
        assert!(require_migrations(Some(9), 8).expect_err("newer").to_string().contains("Update this console"));
        assert!(require_migrations(Some(7), 8).expect_err("older").to_string().contains("migrate"));
        assert!(require_migrations(None, 8).is_err());
        assert!(require_migrations(Some(8), 8).is_ok());
    }
}
