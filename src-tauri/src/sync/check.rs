//! Whether read model and index are what the core tables say, and mending what is not.

use std::time::Instant;

use chrono::{DateTime, Utc};
use serde::Serialize;
use specta::Type;
use sqlx::{PgPool, query};
use tokio::sync::watch;

use super::{
    clerk, compare, mend,
    progress::{Progress, Step, Stop},
    register, rows,
};
use crate::{
    config::ReadModels,
    elastic::Elastic,
    error::{Error, Result},
    read_models::ReadModel,
};

/// How many examples are named.
const EXAMPLES: usize = 5;

const ROWS_LEFT_OUT: &str = "Rows were not compared: somebody else writes the read models.";
const DOCUMENTS_LEFT_OUT: &str = "Documents were not compared: Elasticsearch is not configured.";

/// What one check of one index found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    pub index: String,
    /// Core tables to read model
    pub rows: Counts,
    /// Read model to index
    pub documents: Counts,
    /// What was not compared, and why; sentences
    pub left_out: Vec<&'static str>,
    /// What differs was marked: a worker mends it.
    pub repaired: bool,
    /// Why no documents could be compared, or what marking can't mend.
    pub problem: Option<String>,
    /// A few of the differences, in words
    pub examples: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    #[specta(type = i32)]
    pub missing: i64,
    #[specta(type = i32)]
    pub stale: i64,
    /// There, though they must not be
    #[specta(type = i32)]
    pub ghosts: i64,
}

impl Counts {
    pub fn total(self) -> i64 {
        self.missing + self.stale + self.ghosts
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} missing, {} stale, {} ghosts", self.missing, self.stale, self.ghosts)
    }
}

impl Findings {
    pub fn is_clean(&self) -> bool {
        self.rows.total() + self.documents.total() == 0 && self.problem.is_none()
    }

    /// In a sentence, or a few.
    pub fn sentence(&self) -> String {
        let rows = (!self.left_out.contains(&ROWS_LEFT_OUT)).then_some(self.rows);
        let documents = (!self.left_out.contains(&DOCUMENTS_LEFT_OUT)).then_some(self.documents);
        let mut sentences = Vec::new();
        if self.rows.total() + self.documents.total() > 0 || self.problem.is_some() {
            sentences.extend(rows.map(|rows| format!("Rows: {rows}.")));
            sentences.extend(documents.map(|documents| format!("Documents: {documents}.")));
        } else {
            let what = match (rows, documents) {
                (Some(_), Some(_)) => Some("Rows and documents"),
                (Some(_), None) => Some("Rows"),
                (None, Some(_)) => Some("Documents"),
                (None, None) => None,
            };
            sentences.extend(what.map(|what| format!("{what} are as they must be.")));
        }
        if self.repaired {
            sentences.push("All of it is marked to be mended.".to_owned());
        }
        sentences.extend(self.problem.clone());
        sentences.extend(self.left_out.iter().map(ToString::to_string));
        sentences.join(" ")
    }
}

/// Checks one index by name; what is said of the progress can be watched. With `repair` all differences are marked.
///
/// # Errors
/// `Invalid` for an index that there is not, otherwise those of the two servers.
pub async fn check(
    db: &PgPool,
    elastic: Option<&Elastic>,
    read_models: ReadModels,
    index: &str,
    repair: bool,
    watched: watch::Sender<Step>,
) -> Result<Findings> {
    let model = clerk::model(index).ok_or_else(|| Error::Invalid(clerk::unknown(index)))?;
    match look_through(db, elastic, read_models, model, repair, &Progress::watched(watched)).await {
        Ok(findings) => Ok(findings),
        Err(Stop::Failed(error)) => Err(error),
        // Nobody can ask that of work that is no job.
        Err(Stop::Cancelled) => Err(Error::Conflict("The check was cancelled.".into())),
        Err(Stop::Blocked(why)) => Err(Error::Conflict(why)),
    }
}

pub(super) async fn look_through(
    db: &PgPool,
    elastic: Option<&Elastic>,
    read_models: ReadModels,
    model: &'static ReadModel,
    repair: bool,
    progress: &Progress,
) -> Result<Findings, Stop> {
    let begun = Instant::now();
    let mut findings = Findings { index: model.name.to_owned(), repaired: repair, ..Findings::default() };
    // What somebody else writes is theirs to check.
    if read_models == ReadModels::Projected {
        let found = rows::compare(db, model, progress).await?;
        findings.rows = count_rows(&found);
        findings.examples.extend(found.iter().take(EXAMPLES).map(example));
        if repair {
            rows::mark(db, model, &found).await?;
        }
    } else {
        findings.left_out.push(ROWS_LEFT_OUT);
    }
    match elastic {
        Some(elastic) => look_at_documents(db, elastic, model, repair, progress, &mut findings).await?,
        None => findings.left_out.push(DOCUMENTS_LEFT_OUT),
    }
    findings.repaired &= findings.rows.total() + findings.documents.total() > 0;
    remember(db, &findings, begun.elapsed().as_secs_f64()).await?;
    Ok(findings)
}

async fn look_at_documents(
    db: &PgPool,
    elastic: &Elastic,
    model: &'static ReadModel,
    repair: bool,
    progress: &Progress,
    findings: &mut Findings,
) -> Result<(), Stop> {
    let written = register::written(db, model.name).await?;
    let Some(live) = written.into_iter().find(|known| known.state == "live") else {
        findings.problem =
            Some(format!("There is no index behind {} yet: start a worker.", elastic.alias(model.index)));
        return Ok(());
    };
    let found = compare::compare(db, elastic, model, &live.generation, progress).await?;
    let count = |ids: &Vec<String>| i64::try_from(ids.len()).unwrap_or(i64::MAX);
    findings.documents =
        Counts { missing: count(&found.missing), stale: count(&found.stale), ghosts: count(&found.ghosts) };
    for (ids, what) in [(&found.missing, "missing"), (&found.stale, "stale"), (&found.ghosts, "a ghost")] {
        findings.examples.extend(ids.iter().take(EXAMPLES).map(|id| format!("document {id} is {what}")));
    }
    findings.problem = register::problem(db, model.name, &live.generation).await?;
    if repair {
        mend::mend(db, elastic, model, &live.generation, &found).await?;
    }
    Ok(())
}

fn count_rows(found: &[rows::Row]) -> Counts {
    let mut counts = Counts::default();
    for row in found {
        match (row.must_be, row.is_there) {
            (true, false) => counts.missing += 1,
            (true, true) => counts.stale += 1,
            (false, _) => counts.ghosts += 1,
        }
    }
    counts
}

fn example(row: &rows::Row) -> String {
    let what = match (row.must_be, row.is_there) {
        (true, false) => "missing",
        (true, true) => "stale",
        (false, _) => "a ghost",
    };
    format!("row {} is {what}", row.id)
}

async fn remember(db: &PgPool, findings: &Findings, seconds: f64) -> sqlx::Result<()> {
    let Findings { index, rows, documents, repaired, problem, .. } = findings;
    query!(
        r#"
        insert into console.index_check (
                   index_name, seconds, rows_missing, rows_stale, rows_ghost, documents_missing, documents_stale,
                   documents_ghost, repaired, problem)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            on conflict (index_name) do update
           set checked_at = clock_timestamp(), seconds = excluded.seconds, rows_missing = excluded.rows_missing,
               rows_stale = excluded.rows_stale, rows_ghost = excluded.rows_ghost,
               documents_missing = excluded.documents_missing, documents_stale = excluded.documents_stale,
               documents_ghost = excluded.documents_ghost, repaired = excluded.repaired, problem = excluded.problem
        "#,
        index,
        seconds,
        rows.missing,
        rows.stale,
        rows.ghosts,
        documents.missing,
        documents.stale,
        documents.ghosts,
        repaired,
        problem.as_deref(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The last check of an index.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LastCheck {
    pub index: String,
    pub at: DateTime<Utc>,
    /// How long it took
    #[specta(type = i32)]
    pub seconds: f64,
    pub rows: Counts,
    pub documents: Counts,
    pub repaired: bool,
    pub problem: Option<String>,
}

/// The last checks, as a member of staff may know them.
pub async fn last_checks(db: &PgPool) -> Result<Vec<LastCheck>> {
    let lines = query!(
        r#"
        select index_name as "index_name!", checked_at as "checked_at!", seconds as "seconds!",
               rows_missing as "rows_missing!", rows_stale as "rows_stale!", rows_ghost as "rows_ghost!",
               documents_missing as "documents_missing!", documents_stale as "documents_stale!",
               documents_ghost as "documents_ghost!", repaired as "repaired!", problem
          from console.index_checks()
        "#
    )
    .fetch_all(db)
    .await?;
    let counts = |missing, stale, ghosts| Counts { missing, stale, ghosts };
    Ok(lines
        .into_iter()
        .map(|line| LastCheck {
            index: line.index_name,
            at: line.checked_at,
            seconds: line.seconds,
            rows: counts(line.rows_missing, line.rows_stale, line.rows_ghost),
            documents: counts(line.documents_missing, line.documents_stale, line.documents_ghost),
            repaired: line.repaired,
            problem: line.problem,
        })
        .collect())
}
