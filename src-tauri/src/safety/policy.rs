use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use specta::Type;
use sqlx::PgPool;

use super::queries;
use crate::{
    access::{Operator, Right},
    db::PolicyId,
    error::{Error, Result},
};

/// A version of what may not be shown. Two levels: those at the top, and what is part of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "each is its own fact about a version")]
pub struct Policy {
    pub id: PolicyId,
    pub code: String,
    pub version: i32,
    /// The code of the policy that it is part of.
    pub parent: Option<String>,
    /// 1 to 9, among its neighbours
    pub place: i32,
    pub name: String,
    /// What falls under it, and what does not.
    pub covers: String,
    pub excludes: String,
    /// Suggested, 1 (slight) to 4 (grave)
    pub severity: i16,
    /// Two of those who are named for it decide.
    pub is_restricted: bool,
    /// Decisions are made by it; others only refer to it.
    pub is_current: bool,
    /// By this version it is in use no more.
    pub is_retired: bool,
    /// The operator may write the next version.
    pub may_revise: bool,
    /// Login of who wrote this version, and when, for those who write policies.
    pub written_by: Option<String>,
    pub written_at: Option<DateTime<Utc>>,
}

/// The next version of a policy, as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PolicyDraft {
    /// 2 to 40 small letters and underscores; it stays the same.
    pub code: String,
    /// The newest version, as the operator saw it; 0: there is none yet.
    pub seen: i32,
    /// The code of a policy at the top of the tree, `None` for one that stands there itself.
    pub parent: Option<String>,
    /// 1 to 9, free among its neighbours
    pub place: i32,
    pub name: String,
    pub covers: String,
    pub excludes: String,
    /// 1 (slight) to 4 (grave)
    pub severity: i32,
    pub is_retired: bool,
}

/// Every version of every policy, in the order of the tree.
///
/// # Errors
/// `Forbidden` without the right to report.
pub async fn policies(db: &PgPool, by: &Operator) -> Result<Vec<Policy>> {
    by.may(Right::Report)?;
    queries::policies(db).await
}

/// Writes the next version of a policy, or the first. What was decided keeps the version by which it was decided.
///
/// # Errors
/// `Forbidden` without the right to judge; `Conflict` where somebody else has revised it meanwhile; `Invalid` for what is no policy, or
/// has no place in the tree.
pub async fn revise_policy(db: &PgPool, by: &Operator, draft: &PolicyDraft) -> Result<PolicyId> {
    by.may(Right::JudgeSafety)?;
    queries::revise_policy(db, draft).await?.ok_or_else(|| {
        Error::Conflict("Somebody else has revised this policy meanwhile. Read it again, then revise it.".into())
    })
}
