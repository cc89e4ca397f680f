use serde::Serialize;
use specta::Type;
use sqlx::PgPool;

use super::queries;
use crate::{
    access::{Operator, Right},
    db::PolicyId,
    error::Result,
};

/// A version of what may not be shown. Two levels: those at the top, and what is part of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
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
}

/// Every version of every policy, in the order of the tree.
///
/// # Errors
/// `Forbidden` without the right to report.
pub async fn policies(db: &PgPool, by: &Operator) -> Result<Vec<Policy>> {
    by.may(Right::Report)?;
    queries::policies(db).await
}
