//! The decisions of a week as a file.

use std::path::Path;

use chrono::{DateTime, Days, Utc};
use sqlx::PgPool;

use super::queries::progress as queries;
use crate::{
    access::{Operator, Right},
    error::{Error, Result},
    file::Partial,
};

const HEADS: [&str; 17] = [
    "decision",
    "decidedAt",
    "mediaId",
    "queue",
    "ruling",
    "policy",
    "policyVersion",
    "severity",
    "decidedBy",
    "proposedBy",
    "waitedSeconds",
    "archived",
    "suspended",
    "revertedBy",
    "reason",
    "reveals",
    "revealedSeconds",
];

/// Writes the decisions of the seven days from `begins` on into a CSV file, a line each; how many there are.
///
/// # Errors
/// `Forbidden` without the right to judge; `Invalid` where no such file can be.
pub async fn save_week(db: &PgPool, by: &Operator, begins: DateTime<Utc>, path: &Path) -> Result<u32> {
    by.may(Right::JudgeSafety)?;
    let mut file = Partial::beside(path).await?;
    let ends = begins.checked_add_days(Days::new(7)).unwrap_or(DateTime::<Utc>::MAX_UTC);
    let rows = queries::week(db, begins, ends).await?;
    let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    file.append(lines(&rows)?).await?;
    file.finish(path).await?;
    Ok(count)
}

fn lines(rows: &[queries::WeekRow]) -> Result<Vec<u8>> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(HEADS).map_err(unwritten)?;
    for row in rows {
        csv.write_record([
            row.decision_id.to_string(),
            row.decided_at.to_rfc3339(),
            row.media_id.to_string(),
            said(row.queue.as_deref()),
            row.ruling.clone(),
            said(row.policy.as_deref()),
            number(row.policy_version),
            number(row.severity),
            plain(&row.decided_by),
            said(row.proposed_by.as_deref()),
            row.waited_seconds.map_or_else(String::new, |seconds| format!("{seconds:.0}")),
            row.archived.to_string(),
            row.suspended.to_string(),
            said(row.reverted_by.as_deref()),
            said(row.reason.as_deref()),
            row.looks.to_string(),
            format!("{:.1}", row.look_seconds),
        ])
        .map_err(unwritten)?;
    }
    csv.into_inner().map_err(|error| unwritten(error.into_error()))
}

fn number(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn said(text: Option<&str>) -> String {
    text.map_or_else(String::new, plain)
}

/// A spreadsheet would take text that begins so for a formula.
fn plain(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

fn unwritten(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::internal("The week's lines can't be written.", error)
}
