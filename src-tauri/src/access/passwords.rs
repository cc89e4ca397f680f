//! Passwords in the operating system's keyring, kept only for those who ask for it.

use keyring::{Entry, Error as KeyringError};
use tokio::task::spawn_blocking;

use crate::error::{Error, Result};

const SERVICE: &str = "kaleidoscope-console";

/// What a password is for, beside the user name.
pub(super) fn place(host: &str, port: u16, database: &str) -> String {
    format!("{host}:{port}/{database}")
}

fn entry(place: &str, username: &str) -> Result<Entry, KeyringError> {
    Entry::new(SERVICE, &format!("{username}@{place}"))
}

/// The keyring talks to another process and may ask the person to unlock it.
async fn blocking<T: Send + 'static>(
    ask: impl FnOnce() -> Result<T, KeyringError> + Send + 'static,
) -> Result<T, KeyringError> {
    spawn_blocking(ask).await.unwrap_or_else(|stopped| Err(KeyringError::PlatformFailure(Box::new(stopped))))
}

/// Whether there is one; a keyring that does not answer has none.
pub(super) async fn has(place: String, username: String) -> bool {
    blocking(move || entry(&place, &username)?.get_password().map(drop)).await.is_ok()
}

/// # Errors
/// `SignIn` where there is none or the keyring does not answer.
pub(super) async fn recall(place: String, username: String) -> Result<String> {
    blocking(move || entry(&place, &username)?.get_password()).await.map_err(|error| {
        Error::SignIn(match error {
            KeyringError::NoEntry => "The keyring has no password for this login. Type it.".into(),
            other => format!("The keyring does not give the password: {other}. Type it."),
        })
    })
}

/// # Errors
/// `SignIn` where the keyring does not take it.
pub(super) async fn keep(place: String, username: String, password: String) -> Result<()> {
    blocking(move || entry(&place, &username)?.set_password(&password)).await.map_err(|error| {
        Error::SignIn(format!(
            "The password is right, but the keyring does not keep it: {error}. Sign in without remembering it."
        ))
    })
}

/// Who unticks the box wants it gone; where there is none, nothing is to do.
pub(super) async fn forget(place: String, username: String) {
    if let Err(error) = blocking(move || entry(&place, &username)?.delete_credential()).await
        && !matches!(error, KeyringError::NoEntry)
    {
        tracing::debug!(%error, "the keyring could not be asked to forget a password");
    }
}
