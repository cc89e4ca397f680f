//! The way to a server, and a sentence for each way in which it ends.

use std::{fmt, path::PathBuf, time::Duration};

use sqlx::{
    Connection, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions, PgSslMode},
};
use tokio::time::timeout;

use super::check::{check_migrations, check_platform, check_server};
use crate::error::{Error, Result};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

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

#[cfg(test)]
mod tests {
    use super::*;

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
