use chrono::{DateTime, Utc};
use serde::Serialize;
use specta::Type;
use sqlx::{PgConnection, PgPool};

use super::{Ruling, SafetyQueue, queries, reason_of};
use crate::{
    access::{Operator, Right},
    audit,
    db::{MediaId, PolicyId, RulingId, transaction},
    error::{Error, Result},
};

/// A decision that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RulingDone {
    pub id: RulingId,
    pub media_id: MediaId,
    /// What was decided in one go has one number.
    #[specta(type = i32)]
    pub act_id: i64,
    pub ruling: Ruling,
    pub policy: Option<PolicyId>,
    pub severity: Option<i16>,
    pub reason: Option<String>,
    pub decided_by: String,
    /// Who proposed it, where it took two.
    pub proposed_by: Option<String>,
    pub decided_at: DateTime<Utc>,
    /// Where it waited.
    pub source: Option<SafetyQueue>,
    pub archived: bool,
    pub suspended: bool,
    pub reverted_by: Option<String>,
    /// It is the last word on its medium, and can be taken back.
    pub stands: bool,
}

/// A page of decisions, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
pub struct RulingPage {
    pub decisions: Vec<RulingDone>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<RulingId>,
}

/// A decision that was to be taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Reverted {
    pub id: RulingId,
    pub media_id: MediaId,
    /// Why it stands; `None` where it was taken back.
    pub kept: Option<String>,
    /// Archived posts and suspended accounts that are as before.
    pub restored: i32,
    /// Those that stay, because somebody changed them since or another decision wants them so.
    pub left: i32,
}

/// Decisions before one of them, the newest first; of everybody or only the operator's own.
///
/// # Errors
/// `Forbidden` without the right to judge.
pub async fn decided(
    db: &PgPool,
    by: &Operator,
    before: Option<RulingId>,
    own: bool,
    limit: i64,
) -> Result<RulingPage> {
    by.may(Right::JudgeSafety)?;
    let limit = i32::try_from(limit.clamp(1, 200)).unwrap_or(200);
    let decisions = queries::decided(db, before, own, limit).await?;
    let next = decisions.last().filter(|_| decisions.len() == limit.unsigned_abs() as usize).map(|last| last.id);
    Ok(RulingPage { decisions, next })
}

/// Takes decisions back: media become what they were and wait again, posts and accounts become what they were where nobody changed
/// them since.
///
/// # Errors
/// `Forbidden` without the right to judge; `Invalid` without a reason.
pub async fn revert(
    db: &mut PgConnection,
    by: &Operator,
    decisions: &[RulingId],
    reason: &str,
) -> Result<Vec<Reverted>> {
    by.may(Right::JudgeSafety)?;
    let Some(reason) = reason_of(Some(reason))? else {
        return Err(Error::Invalid("Taking a decision back needs a reason. Write why it does not hold.".into()));
    };
    let rows = transaction(db, async |tx| {
        audit::set_reason(tx, Some(reason)).await?;
        queries::revert(tx, decisions).await
    })
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Reverted {
            id: row.id,
            media_id: row.media_id,
            kept: why_kept(&row.outcome, row.name.as_deref()),
            restored: row.restored,
            left: row.left,
        })
        .collect())
}

fn why_kept(outcome: &str, name: Option<&str>) -> Option<String> {
    let name = name.unwrap_or("Somebody");
    match outcome {
        "done" => None,
        "reverted" => Some(format!("{name} has taken it back already.")),
        "overtaken" => Some(format!("{name} has decided about this photo since. Take that back first.")),
        "restricted" => Some("Two people decide about child safety: file an appeal, and they decide it anew.".into()),
        "pending" => Some("Another decision about this photo waits for a second person.".into()),
        "busy" => Some("The platform is writing to this photo right now. Try again in a moment.".into()),
        _ => Some("The photo is not there any more.".into()),
    }
}
