//! What can go wrong, in words for the person in front of the window.

use serde::{Serialize, Serializer};
use specta::{Type, Types, datatype::DataType};

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something was not done. The text of each is one or two sentences: what is wrong, what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("You are signed out. Sign in again.")]
    SignedOut,
    /// The connection could not be made or the database is not one that the console can work on.
    #[error("{0}")]
    SignIn(String),
    #[error("Your role does not allow you to {0}. Ask an admin if you need to.")]
    Forbidden(&'static str),
    /// The row changed since it was seen; the sentence says who decided what.
    #[error("{0}")]
    Conflict(String),
    #[error("{0} is not there any more.")]
    NotFound(String),
    #[error("{0}")]
    Invalid(String),
    /// Enough was seen for now; the sentence says of what, and how long a break would be.
    #[error("{0}")]
    Spent(String),
    /// Nobody waits for the answer any more.
    #[error("This was cancelled.")]
    Cancelled,
    /// A part (PostgreSQL, Elasticsearch, a photo server) does not answer.
    #[error("{message}")]
    Unavailable {
        message: String,
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    #[error("{message}")]
    Internal {
        message: String,
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
}

/// What the window does about an error, where it does something other than show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Code {
    /// Show the sign-in screen.
    SignedOut,
    /// Stay on the sign-in screen with the sentence under the form.
    SignIn,
    Forbidden,
    /// Load the row anew.
    Conflict,
    /// Drop the row and go on.
    NotFound,
    Invalid,
    /// Offer something else, or a break.
    Spent,
    /// Nothing.
    Cancelled,
    /// Offer to try again.
    Unavailable,
    Internal,
}

impl Error {
    pub fn code(&self) -> Code {
        match self {
            Self::SignedOut => Code::SignedOut,
            Self::SignIn(_) => Code::SignIn,
            Self::Forbidden(_) => Code::Forbidden,
            Self::Conflict(_) => Code::Conflict,
            Self::NotFound(_) => Code::NotFound,
            Self::Invalid(_) => Code::Invalid,
            Self::Spent(_) => Code::Spent,
            Self::Cancelled => Code::Cancelled,
            Self::Unavailable { .. } => Code::Unavailable,
            Self::Internal { .. } => Code::Internal,
        }
    }

    pub fn unavailable(
        message: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Unavailable { message: message.into(), source: Some(source.into()) }
    }

    pub fn internal(message: impl Into<String>, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal { message: message.into(), source: Some(source.into()) }
    }
}

/// SQLSTATE classes that say that the server is going or gone.
const GONE: [&str; 2] = ["57P", "08"];
/// `insufficient_privilege`, raised by the server itself and by the console's own checks.
const INSUFFICIENT_PRIVILEGE: &str = "42501";
/// Raised by the console's own functions, whose message is a sentence for the operator.
const SPENT: &str = "KC001";
const REFUSED: &str = "KC002";

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(database) => {
                let state = database.code().unwrap_or_default();
                if state == INSUFFICIENT_PRIVILEGE {
                    return Self::Forbidden("do this");
                }
                if state == SPENT {
                    return Self::Spent(database.message().to_owned());
                }
                if state == REFUSED {
                    return Self::Invalid(database.message().to_owned());
                }
                if GONE.iter().any(|class| state.starts_with(class)) {
                    return Self::unavailable("PostgreSQL is restarting or stopped. Try again in a moment.", error);
                }
                let message = format!("PostgreSQL refused: {}.", database.message().trim_end_matches('.'));
                Self::internal(message, error)
            }
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Tls(_) => {
                Self::unavailable("PostgreSQL does not answer. Check that it runs, then try again.", error)
            }
            _ => Self::internal("PostgreSQL gave an answer that the console does not understand.", error),
        }
    }
}

/// How an error looks to the window.
#[derive(Serialize, Type)]
struct AppError {
    code: Code,
    message: String,
}

impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        AppError { code: self.code(), message: self.to_string() }.serialize(serializer)
    }
}

impl Type for Error {
    fn definition(types: &mut Types) -> DataType {
        AppError::definition(types)
    }
}
