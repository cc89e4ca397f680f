use chrono::{DateTime, Utc};
use serde::Serialize;
use specta::Type;
use sqlx::PgPool;

use super::{Ruling, queries};
use crate::{
    access::{Operator, Right},
    db::{MediaId, PolicyId, RulingId},
    error::Result,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ChapterKind {
    Report,
    Proposal,
    Decision,
    /// A decision was taken back.
    Revert,
    Appeal,
}

/// Something that was said or done about a medium.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Chapter {
    pub kind: ChapterKind,
    pub at: DateTime<Utc>,
    /// The login of who did.
    pub name: String,
    /// Their reason, or what the uploader says.
    pub words: Option<String>,
    pub ruling: Option<Ruling>,
    pub policy: Option<PolicyId>,
    pub severity: Option<i16>,
    pub archive: bool,
    pub suspend: bool,
    /// Of a proposal `confirmed`, `declined` or `withdrawn`, of an appeal `upheld` or `overturned`, of a decision `reverted`
    pub outcome: Option<String>,
    pub decision: Option<RulingId>,
}

/// What is known about a medium, oldest first. To somebody who is to judge without knowing what others said only the reports.
///
/// # Errors
/// `Forbidden` without the right to judge.
pub async fn story(db: &PgPool, by: &Operator, media: MediaId) -> Result<Vec<Chapter>> {
    by.may(Right::JudgeSafety)?;
    queries::story(db, media).await
}

impl ChapterKind {
    /// The stored word.
    pub(super) fn from_word(word: &str) -> Self {
        match word {
            "report" => Self::Report,
            "proposal" => Self::Proposal,
            "revert" => Self::Revert,
            "appeal" => Self::Appeal,
            _ => Self::Decision,
        }
    }
}
