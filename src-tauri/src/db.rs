//! The database: identities of rows, versions as they were seen, connecting, and what must be true of a server.

use std::{fmt, path::PathBuf, sync::LazyLock, time::Duration};

use serde::{Deserialize, Serialize};
use specta::Type;
use sqlx::{
    Connection, PgConnection, PgPool,
    migrate::{MigrateError, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions, PgSslMode},
};
use tokio::time::timeout;

use crate::error::{Error, Result};

/// Row identities are 64-bit in PostgreSQL and plain numbers in the window: to the bindings they are said to be `i32`, the
/// type that becomes `number` there.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Type, sqlx::Type)]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(#[specta(type = i32)] pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// `users.user_id`
    UserId
);
id!(
    /// `posts.post_id`
    PostId
);
id!(
    /// `post_media.media_id`
    MediaId
);
id!(
    /// `media_detected_faces.id`
    FaceId
);
id!(
    /// `console.audit_entry.id`
    AuditId
);

/// A row's version (`xmin`) as text: equal only while nobody has changed the row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type, sqlx::Type)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct RowVersion(pub String);

/// A row and the version in which the operator saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Seen<Id> {
    pub id: Id,
    pub version: RowVersion,
}

/// The schema's history, newest last. The table of applied migrations lives in schema `console`.
pub static MIGRATOR: LazyLock<Migrator> = LazyLock::new(|| {
    let mut migrator = sqlx::migrate!("./migrations");
    migrator.create_schema("console");
    migrator.dangerous_set_table_name("console._sqlx_migrations");
    migrator
});

/// PostgreSQL 14, the oldest that the platform's schema supports.
const OLDEST_SERVER: i32 = 140_000;
/// Older versions lose rows of filtered vector searches.
const OLDEST_PGVECTOR: (u32, u32, u32) = (0, 8, 4);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The platform's tables; a database is Kaleidoscope's when it has all of them.
const PLATFORM_TABLES: [&str; 13] = [
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

/// Where a database is and as whom to go there.
#[derive(Clone)]
pub struct Address {
    /// Host name, address, or the folder of a Unix socket.
    pub host: String,
    pub port: u16,
    pub database: String,
    pub username: String,
    pub password: String,
    /// PEM file of the certificate authority.
    pub ca: Option<PathBuf>,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}:{}/{}", self.username, self.host, self.port, self.database)
    }
}

impl Address {
    fn options(&self) -> PgConnectOptions {
        let options = PgConnectOptions::new_without_pgpass()
            .port(self.port)
            .database(&self.database)
            .username(&self.username)
            .password(&self.password)
            .application_name("kaleidoscope-console");
        if self.host.starts_with('/') {
            return options.socket(&self.host).ssl_mode(PgSslMode::Disable);
        }
        let options = options.host(&self.host);
        let options = match &self.ca {
            Some(ca) => options.ssl_root_cert(ca),
            None => options,
        };
        // Whoever names a certificate authority wants it asked, on loopback (a tunnel) too.
        let verified = self.ca.is_some() || !is_loopback(&self.host);
        options.ssl_mode(if verified { PgSslMode::VerifyFull } else { PgSslMode::Prefer })
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Opens connections and makes sure that the database is one the console can work on.
///
/// # Errors
/// `SignIn` with what is wrong and what to do.
pub async fn connect(address: &Address) -> Result<PgPool> {
    connect_within(address, CONNECT_TIMEOUT).await
}

/// [`connect`] with the time that a server has for its answer.
///
/// # Errors
/// As [`connect`].
pub async fn connect_within(address: &Address, limit: Duration) -> Result<PgPool> {
    let pool = open(address, limit).await?;
    check_server(&pool).await?;
    check_platform(&pool, address).await?;
    check_migrations(&pool).await?;
    Ok(pool)
}

/// Opens connections by a URL, as the subcommands get it, without asking for the console's schema.
///
/// # Errors
/// `SignIn` where the URL is not one or nobody answers.
pub async fn connect_url(url: &str) -> Result<PgPool> {
    let options: PgConnectOptions =
        url.parse().map_err(|error| Error::SignIn(format!("The database URL is not valid: {error}.")))?;
    let options = options.application_name("kaleidoscope-console");
    let host = options.get_host().to_owned();
    let options = match options.get_ssl_mode() {
        PgSslMode::Prefer if !is_loopback(&host) && !host.starts_with('/') && options.get_socket().is_none() => {
            options.ssl_mode(PgSslMode::VerifyFull)
        }
        _ => options,
    };
    let shown = format!("{host}:{}", options.get_port());
    let (username, database) =
        (options.get_username().to_owned(), options.get_database().unwrap_or_default().to_owned());
    let pool = open_with(options, &shown, &username, &database, CONNECT_TIMEOUT).await?;
    check_server(&pool).await?;
    Ok(pool)
}

async fn open(address: &Address, limit: Duration) -> Result<PgPool> {
    if let Some(ca) = &address.ca
        && let Err(error) = tokio::fs::read(ca).await
    {
        return Err(Error::SignIn(format!(
            "The certificate authority {} can't be read: {error}. Correct `ca` under [database] in config.toml.",
            ca.display()
        )));
    }
    let shown =
        if address.host.starts_with('/') { address.host.clone() } else { format!("{}:{}", address.host, address.port) };
    open_with(address.options(), &shown, &address.username, &address.database, limit).await
}

async fn open_with(
    options: PgConnectOptions,
    shown: &str,
    username: &str,
    database: &str,
    limit: Duration,
) -> Result<PgPool> {
    // One bare connection first: a pool would repeat the attempt until its time is over and lose the reason.
    match timeout(limit, PgConnection::connect_with(&options)).await {
        Err(_) => {
            return Err(no_answer(shown, &format!("it did not answer within {} seconds", limit.as_secs_f32())));
        }
        Ok(Err(error)) => return Err(refusal(&error, shown, username, database)),
        Ok(Ok(connection)) => connection.close().await?,
    }
    Ok(PgPoolOptions::new().max_connections(8).acquire_timeout(CONNECT_TIMEOUT).connect_lazy_with(options))
}

fn no_answer(shown: &str, why: &str) -> Error {
    Error::SignIn(format!(
        "No PostgreSQL server can be reached at {shown}: {why}. Check host and port, and that the server runs."
    ))
}

/// The sentence for a connection that was not made.
fn refusal(error: &sqlx::Error, shown: &str, username: &str, database: &str) -> Error {
    let message = match error {
        sqlx::Error::Database(refused) => match refused.code().unwrap_or_default().as_ref() {
            "28P01" | "28000" => {
                format!("PostgreSQL does not accept this name and password for {username}. Type them again.")
            }
            "3D000" => format!("There is no database {database} at {shown}. Check its name."),
            "42501" => format!("{username} may not connect to the database {database}. Ask its administrator."),
            "53300" => "The server has no free connection. Try again in a moment.".to_owned(),
            "57P03" => "The server is starting or stopping. Try again in a moment.".to_owned(),
            _ => format!("PostgreSQL refused the connection: {}.", refused.message().trim_end_matches('.')),
        },
        _ if mentions_certificate(error) => format!(
            "The certificate of {shown} is not trusted: {error}. Name its certificate authority as `ca` under \
             [database] in config.toml, or use the host name that the certificate is for."
        ),
        sqlx::Error::Tls(reason) => format!(
            "{shown} does not offer the encrypted connection that the console asks for: {reason}. Have TLS switched \
             on at the server."
        ),
        sqlx::Error::Io(reason) => return no_answer(shown, &reason.to_string()),
        // The preparation of the password (SASLprep) is the only thing that is checked this late.
        sqlx::Error::Configuration(_) => {
            "The password has characters that can't be used to sign in, such as emoji. Have it set anew.".to_owned()
        }
        _ => format!("The answer from {shown} is not PostgreSQL's: {error}. Check host and port."),
    };
    Error::SignIn(message)
}

fn mentions_certificate(error: &sqlx::Error) -> bool {
    let text = format!("{error} {error:?}").to_lowercase();
    matches!(error, sqlx::Error::Tls(_) | sqlx::Error::Io(_)) && text.contains("certificate")
}

async fn check_server(pool: &PgPool) -> Result<()> {
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

fn require_pgvector(version: Option<&str>) -> Result<()> {
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
async fn platform_tables(pool: &PgPool) -> Result<usize> {
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

async fn check_platform(pool: &PgPool, address: &Address) -> Result<()> {
    if platform_tables(pool).await? < PLATFORM_TABLES.len() {
        return Err(Error::SignIn(format!(
            "The database {} is not Kaleidoscope's: it lacks the platform's tables. Check the database name.",
            address.database
        )));
    }
    check_pgvector(pool).await
}

async fn check_pgvector(pool: &PgPool) -> Result<()> {
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

fn newest_migration() -> i64 {
    MIGRATOR.iter().map(|migration| migration.version).max().unwrap_or(0)
}

fn require_migrations(there: Option<i64>, known: i64) -> Result<()> {
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

    #[test]
    fn only_loopback_goes_without_verified_tls() {
        for host in ["localhost", "127.0.0.1", "127.9.9.9", "::1"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["db.example.org", "10.0.0.1", "localhost.example.org"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
