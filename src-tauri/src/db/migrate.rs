//! Brings a database to the schema that this console knows.

use std::sync::LazyLock;

use sqlx::{
    PgPool,
    migrate::{MigrateError, Migrator},
};

use super::check::{
    PLATFORM_TABLES, check_pgvector, platform_tables, require_migrations, require_pgvector, schema_version,
};
use crate::error::{Error, Result};

/// The schema's history, newest last. The table of applied migrations lives in schema `console`.
pub static MIGRATOR: LazyLock<Migrator> = LazyLock::new(|| {
    let mut migrator = sqlx::migrate!("./migrations");
    migrator.create_schema("console");
    migrator.dangerous_set_table_name("console._sqlx_migrations");
    migrator
});

pub(super) fn newest_migration() -> i64 {
    MIGRATOR.iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// Brings the schema up to date; on a platform's database every row stays as it was.
///
/// # Errors
/// `SignIn` where the database can't be migrated: pgvector missing, some but not all of the platform's tables there,
/// or a newer console's schema.
pub async fn migrate(pool: &PgPool) -> Result<i64> {
    let found = platform_tables(pool).await?;
    if found != 0 && found != PLATFORM_TABLES.len() {
        return Err(Error::SignIn(format!(
            "The database has {found} of the platform's 13 tables. Migrate an empty database or a whole platform's."
        )));
    }
    let available = sqlx::query_scalar!("select default_version from pg_available_extensions where name = 'vector'")
        .fetch_optional(pool)
        .await?
        .flatten();
    require_pgvector(available.as_deref())?;
    if found != 0 {
        check_pgvector(pool).await?;
    }
    let known = newest_migration();
    match MIGRATOR.run(pool).await {
        Ok(()) => Ok(known),
        Err(MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..)) => {
            require_migrations(schema_version(pool).await?, known)?;
            Err(Error::SignIn("The database has migrations that this console does not know. Update it.".into()))
        }
        Err(MigrateError::VersionMismatch(version)) => Err(Error::SignIn(format!(
            "Migration {version} of the database is not the one that this console knows. Use the console that made it."
        ))),
        Err(MigrateError::ExecuteMigration(error, version)) => {
            Err(Error::internal(format!("Migration {version} failed: {error}. Nothing of it was kept."), error))
        }
        Err(error) => Err(Error::internal(format!("The migration failed: {error}."), error)),
    }
}
