//! Why there is no picture, in a sentence for the placeholder that is shown instead.

use serde::{Serialize, Serializer, ser::SerializeStruct};

use super::guard::Refusal;
use crate::error::{Code, Error};

/// Kept for a while by the address, so that asking again costs nothing; therefore `Clone`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error("This address names no picture.")]
    BadRequest,
    #[error("This picture is not there any more, or not for your role.")]
    NotFound,
    #[error("There is no picture of this person.")]
    NoPortrait,
    #[error("This video has no preview picture.")]
    NoPreview,
    #[error("{0}")]
    NoCrop(&'static str),
    #[error("{0}")]
    NoVideo(&'static str),
    #[error("The picture was not fetched: {0}.")]
    Refused(Refusal),
    #[error("The photo server sends us on to an address that is not allowed: {0}.")]
    RedirectRefused(Refusal),
    #[error("The photo server sends us from address to address without end.")]
    RedirectLoop,
    #[error("The photo server does not have this picture (any more).")]
    Missing,
    #[error("The photo server does not let us have this picture (status {0}).")]
    Denied(u16),
    #[error("The photo server is out of order (status {0}). Try again later.")]
    ServerError(u16),
    #[error("The photo server can't be reached. Check the network, then try again.")]
    Unreachable,
    #[error("The photo server is too slow. Try again later.")]
    TooSlow,
    #[error("The connection broke off in the middle of the picture. Try again.")]
    Interrupted,
    #[error("The file is larger than {} MB, more than a picture should be.", .limit >> 20)]
    TooLarge { limit: usize },
    #[error("The picture measures {width} x {height} pixels, too many to decode safely.")]
    TooManyPixels { width: u32, height: u32 },
    #[error("The file is empty.")]
    Empty,
    #[error("What the photo server sent is not a picture.")]
    NotAPicture,
    #[error("The picture is {0}, which the console can't show.")]
    Unsupported(&'static str),
    #[error("The picture is damaged or cut off.")]
    Broken,
    /// Nobody is signed in, or the database does not answer; in the words of [`Error`].
    #[error("{message}")]
    Console { code: Code, message: String },
}

impl Problem {
    /// Short name for the window and the log.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadRequest => "badRequest",
            Self::NotFound => "notFound",
            Self::NoPortrait => "noPortrait",
            Self::NoPreview => "noPreview",
            Self::NoCrop(_) => "noCrop",
            Self::NoVideo(_) => "noVideo",
            Self::Refused(_) => "refused",
            Self::RedirectRefused(_) => "redirectRefused",
            Self::RedirectLoop => "redirectLoop",
            Self::Missing => "missing",
            Self::Denied(_) => "denied",
            Self::ServerError(_) => "serverError",
            Self::Unreachable => "unreachable",
            Self::TooSlow => "tooSlow",
            Self::Interrupted => "interrupted",
            Self::TooLarge { .. } => "tooLarge",
            Self::TooManyPixels { .. } => "tooManyPixels",
            Self::Empty => "empty",
            Self::NotAPicture => "notAPicture",
            Self::Unsupported(_) => "unsupported",
            Self::Broken => "broken",
            Self::Console { code: Code::SignedOut, .. } => "signedOut",
            Self::Console { .. } => "database",
        }
    }

    /// The HTTP status that says roughly the same.
    pub fn status(&self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::Console { code: Code::SignedOut, .. } => 401,
            Self::Refused(_) | Self::RedirectRefused(_) | Self::Denied(_) => 403,
            Self::NotFound | Self::NoPortrait | Self::NoPreview | Self::NoCrop(_) | Self::Missing => 404,
            Self::TooLarge { .. } | Self::TooManyPixels { .. } => 413,
            Self::NoVideo(_) | Self::Empty | Self::NotAPicture | Self::Unsupported(_) | Self::Broken => 422,
            Self::RedirectLoop | Self::ServerError(_) | Self::Unreachable | Self::Interrupted => 502,
            Self::Console { .. } => 503,
            Self::TooSlow => 504,
        }
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut problem = serializer.serialize_struct("Problem", 2)?;
        problem.serialize_field("code", self.code())?;
        problem.serialize_field("message", &self.to_string())?;
        problem.end()
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Console { code: error.code(), message: error.to_string() }
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        Error::from(error).into()
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::NotFound => Self::NotFound("This picture".into()),
            Problem::BadRequest => Self::Invalid(problem.to_string()),
            Problem::Console { code: Code::SignedOut, .. } => Self::SignedOut,
            _ => Self::unavailable(problem.to_string(), problem),
        }
    }
}
