//! What was done: the append-only, hash-chained log of what operators changed. Triggers write it, in the transaction of
//! the change.

#[cfg(feature = "desktop")]
pub mod commands;
mod queries;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use specta::Type;
use sqlx::{PgConnection, PgPool};

use crate::{
    access::{Operator, Right},
    db::AuditId,
    error::Result,
};

/// One thing that somebody did.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    pub id: AuditId,
    pub at: DateTime<Utc>,
    /// The PostgreSQL login.
    pub operator: String,
    /// Their role at that moment.
    pub role: String,
    /// `faces.confirm`, `faces.reject`, `faces.nobody`, `faces.no_face`, `faces.dismiss`, `faces.move`,
    /// `faces.delete`, `faces.draw`, `faces.undo`, `clusters.regroup`, `clusters.undo`,
    /// `enrolment.enrol`, `enrolment.activate`, `enrolment.deactivate`, `enrolment.rollback`,
    /// `media.correct`, `media.undo`,
    /// `safety.decide`, `safety.reveal`, `safety.conceal`, `safety.budget`, `safety.report`, `safety.propose`, `safety.decline`, `safety.withdraw`,
    /// `safety.opinion`, `safety.appeal`, `safety.revert`, `safety.archive`, `safety.suspend`, `safety.restore`,
    /// `safety.hold`, `safety.send`, `safety.return`, `safety.policy`, `safety.name`
    pub action: String,
    /// `budget 2`, `cluster 5`, `face 12`, `media 7`, `person 3`, `policy 4`, `post 9`
    pub subject: String,
    #[specta(type = Option<HashMap<String, Option<Fact>>>)]
    pub before: Option<Value>,
    #[specta(type = Option<HashMap<String, Option<Fact>>>)]
    pub after: Option<Value>,
    pub reason: Option<String>,
}

/// How a value of `before` and `after` looks to the window.
#[derive(Serialize, Type)]
#[serde(untagged)]
#[expect(dead_code, reason = "it only describes what PostgreSQL puts into the entries")]
enum Fact {
    Flag(bool),
    Number(f64),
    Text(String),
    Texts(Vec<Option<String>>),
    Numbers(Vec<Option<f64>>),
}

/// Whether the chain of hashes holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    #[specta(type = i32)]
    pub entries: i64,
    /// The first entry that was changed, or that is missing.
    pub broken_at: Option<AuditId>,
}

/// The newest entries that the operator may see, those before `before` where given.
pub async fn activity(db: &PgPool, by: &Operator, before: Option<AuditId>, limit: i64) -> Result<Vec<Entry>> {
    by.may(Right::Search)?;
    queries::activity(db, before, limit.clamp(1, 200)).await
}

/// # Errors
/// `Forbidden` for others than admins.
pub async fn verify(db: &PgPool, by: &Operator) -> Result<Verification> {
    by.may(Right::VerifyAudit)?;
    queries::verify(db).await
}

/// The same for the command line, where the database login is the authority.
pub async fn verify_as_owner(db: &PgPool) -> Result<Verification> {
    queries::verify(db).await
}

/// Says why, for the entries of this transaction.
pub async fn set_reason(tx: &mut PgConnection, reason: Option<&str>) -> Result<()> {
    queries::set_reason(tx, reason.unwrap_or_default()).await
}

/// The entry that this transaction wrote about a row.
pub async fn entry_of(tx: &mut PgConnection, subject: &str, id: i64) -> Result<AuditId> {
    queries::entry_of(tx, subject, id).await
}
