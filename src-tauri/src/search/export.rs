//! A whole result as a file: page after page, as the operator may see it, into a file beside that takes the name in the end.

#[cfg(feature = "desktop")]
pub mod commands;
mod lines;
mod pages;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};
use specta::Type;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use self::{
    lines::Lines,
    pages::{Page, page},
};
use super::{Tab, Wish, joined};
use crate::{
    access::{Operator, Right},
    elastic::Elastic,
    error::{Error, Result},
    file::Partial,
};

/// What can be written of hits, as they call it themselves; of media also how similar they are to the examples.
pub fn columns(tab: Tab) -> &'static [&'static str] {
    match tab {
        Tab::Media => &[
            "mediaId",
            "postId",
            "title",
            "caption",
            "tags",
            "scenes",
            "people",
            "uploader",
            "department",
            "createdAt",
            "isVideo",
            "reactions",
            "comments",
            "similarity",
        ],
        Tab::Posts => &[
            "postId",
            "title",
            "author",
            "department",
            "createdAt",
            "mediaCount",
            "tags",
            "event",
            "reactions",
            "comments",
        ],
        Tab::People => &["userId", "username", "fullName", "department", "isEnrolled", "posts", "followers"],
        Tab::Faces => &["faceId", "mediaId", "bounds", "person", "confidence", "uploader", "createdAt", "similarity"],
    }
}

/// Hits that are asked for at once, as many as a search gives.
const PAGE: u32 = 200;
/// Ended ones that can still be asked about.
const REMEMBERED: usize = 20;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub wish: Wish,
    /// Of [`columns`], in this order
    pub columns: Vec<String>,
    pub format: ExportFormat,
    /// A file that is there already is replaced in the end.
    pub path: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Type)]
#[serde(rename_all = "lowercase")]
pub enum ExportFormat {
    /// With a head line; several values in a field have a semicolon between them. What a spreadsheet would take for a formula
    /// begins with an apostrophe.
    Csv,
    /// An object a line
    Ndjson,
}

/// How far an export is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
pub struct ExportProgress {
    /// Hits written
    #[specta(type = i32)]
    pub done: i64,
    #[specta(type = i32)]
    pub total: i64,
    pub state: ExportState,
    /// Where the file is, or why there is none
    pub message: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "lowercase")]
pub enum ExportState {
    Running,
    Done,
    Failed,
    Cancelled,
}

/// The exports of one window, each under a number.
#[derive(Debug, Default)]
pub struct Exports {
    begun: Mutex<BTreeMap<u32, Export>>,
}

#[derive(Debug, Clone)]
struct Export {
    progress: Arc<Mutex<ExportProgress>>,
    stop: CancellationToken,
}

impl Exports {
    /// Begins one, and returns its number. Every page is read with the rights that the operator has then.
    ///
    /// # Errors
    /// `Forbidden` without the right to search, `Invalid` for columns that there are not and places where no file can be.
    pub async fn start(&self, db: PgPool, elastic: Option<Elastic>, by: Operator, order: Order) -> Result<u32> {
        by.may(Right::Search)?;
        let lines = Lines::new(order.format, columns(order.wish.tab), &order.columns)?;
        let file = Partial::beside(&order.path).await?;
        let export = Export { progress: Arc::default(), stop: CancellationToken::new() };
        let id = self.remember(export.clone());
        tokio::spawn(async move {
            let work = write(&db, elastic.as_ref(), &by, &order, lines, file, &export.progress);
            let ended = export.stop.run_until_cancelled(work).await;
            let mut progress = locked(&export.progress);
            (progress.state, progress.message) = match ended {
                Some(Ok(message)) => (ExportState::Done, Some(message)),
                Some(Err(error)) => (ExportState::Failed, Some(error.to_string())),
                None => (ExportState::Cancelled, Some("It was cancelled; there is no file.".into())),
            };
        });
        Ok(id)
    }

    /// # Errors
    /// `NotFound` for a number that none has.
    pub fn progress(&self, id: u32) -> Result<ExportProgress> {
        let export = locked(&self.begun).get(&id).cloned().ok_or_else(unknown)?;
        let progress = locked(&export.progress).clone();
        Ok(progress)
    }

    /// Ends one before it is done; no file is left. One that has ended stays as it is.
    ///
    /// # Errors
    /// `NotFound` for a number that none has.
    pub fn cancel(&self, id: u32) -> Result<()> {
        locked(&self.begun).get(&id).ok_or_else(unknown)?.stop.cancel();
        Ok(())
    }

    /// When the operator leaves.
    pub fn cancel_all(&self) {
        locked(&self.begun).values().for_each(|export| export.stop.cancel());
    }

    fn remember(&self, export: Export) -> u32 {
        let mut begun = locked(&self.begun);
        let id = begun.last_key_value().map_or(1, |(last, _)| last.wrapping_add(1));
        begun.insert(id, export);
        let ended: Vec<u32> = begun
            .iter()
            .filter(|(_, export)| locked(&export.progress).state != ExportState::Running)
            .map(|(id, _)| *id)
            .collect();
        for old in ended.iter().take(ended.len().saturating_sub(REMEMBERED)) {
            begun.remove(old);
        }
        id
    }
}

impl Default for ExportProgress {
    fn default() -> Self {
        Self { done: 0, total: 0, state: ExportState::Running, message: None }
    }
}

/// Nothing is left half done by a thread that panicked.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unknown() -> Error {
    Error::NotFound("This export".into())
}

/// Writes every page; what is to be said in the end.
async fn write(
    db: &PgPool,
    elastic: Option<&Elastic>,
    by: &Operator,
    order: &Order,
    mut lines: Lines,
    mut file: Partial,
    progress: &Mutex<ExportProgress>,
) -> Result<String> {
    let mut query = order.wish.query(PAGE);
    let mut weaker: Vec<String> = Vec::new();
    loop {
        let Page { rows, total, next, notice, problem } = page(db, elastic, by, order.wish.tab, &query).await?;
        if let Some(problem) = problem {
            return Err(Error::Invalid(problem.message));
        }
        file.append(lines.of(&rows)?).await?;
        weaker.extend(notice.filter(|notice| !weaker.contains(notice)));
        {
            let mut progress = locked(progress);
            progress.done += i64::try_from(rows.len()).unwrap_or(i64::MAX);
            progress.total = total.max(progress.done);
        }
        match next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    file.finish(&order.path).await?;
    Ok(finished(&order.path, joined(weaker.into_iter().map(Some))))
}

fn finished(path: &Path, weaker: Option<String>) -> String {
    let written = format!("It is in {}.", path.display());
    weaker.map_or(written.clone(), |notice| format!("{written} {notice}"))
}
