use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use specta::Type;
use sqlx::PgPool;

use super::queries::{
    self,
    queue::{ItemRow, Place},
};
use crate::{
    access::{Holder, Operator, Right},
    db::{MediaId, PostId, RowVersion, UserId},
    error::{Error, Result},
    people::{self, Person},
};

/// Why something waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum SafetyQueue {
    /// The AI says that it is unsafe.
    Flagged,
    /// The AI's two words contradict each other, or what a human decided.
    Disagreement,
    /// The AI could not process it.
    Failed,
    Reported,
    Appeal,
    /// Somebody decided it, and another one is to see it without knowing how.
    Second,
    /// Somebody proposed what takes two people.
    Confirm,
    /// What the operator keeps, or was sent, of all queues.
    Mine,
    /// What the operator sent to others, who have not decided it yet.
    Sent,
    /// What the operator proposed, and a second person has not confirmed or declined yet.
    Proposed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum SafetyOrder {
    /// What waits longest first.
    Age,
    /// The gravest first.
    Severity,
    /// What most people reacted to first.
    Reach,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct SafetyQuery {
    pub queue: SafetyQueue,
    pub order: SafetyOrder,
}

/// A place in a queue: the item before it, and by what that one stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct SafetyCursor {
    /// The negative of its severity or reach, where the order is by that; else 0.
    pub key: i32,
    pub since: DateTime<Utc>,
    pub id: MediaId,
}

/// A window of a queue. Its media are leased to who asked, unless others are to decide them.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
pub struct SafetyPage {
    pub items: Vec<SafetyItem>,
    /// Where the next window starts; `None` at the end.
    pub next: Option<SafetyCursor>,
}

/// A medium to be judged, without its picture.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SafetyItem {
    pub media_id: MediaId,
    pub queue: SafetyQueue,
    /// Since when it waits there.
    pub since: DateTime<Utc>,
    /// It waits longer than it may.
    pub is_late: bool,
    /// 0 where nobody has said anything of it yet, else 1 to 4
    pub severity: i16,
    /// Reactions and comments
    pub reach: i32,
    /// Who sent it, where somebody did, and with which note.
    pub assigned_by: Option<String>,
    pub note: Option<String>,
    pub post_id: PostId,
    pub post_title: Option<String>,
    pub media_type: String,
    pub caption: Option<String>,
    pub tags: Vec<String>,
    pub scenes: Vec<String>,
    pub uploader: Person,
    pub created_at: DateTime<Utc>,
    /// The AI's two words, which may disagree. `None` where it has not looked at it.
    pub status: Option<String>,
    pub is_safe: Option<bool>,
    /// Pixels as stored; they may be wrong.
    pub width: Option<i32>,
    pub height: Option<i32>,
    pub version: RowVersion,
}

/// How much waits in a queue for this operator.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct QueueCount {
    pub queue: SafetyQueue,
    /// At most 10,000: beyond that it is not counted.
    #[specta(type = i32)]
    pub waiting: i64,
    /// Of these, what waits longer than it may.
    #[specta(type = i32)]
    pub late: i64,
    /// Since when the oldest waits.
    pub oldest: Option<DateTime<Utc>>,
    /// So long an item may wait.
    #[specta(type = Option<i32>)]
    pub target_hours: Option<f64>,
}

/// What waits after a place in a queue and nobody else is looking at, from now on leased to `holder`; and what the operator proposed,
/// whoever looks at it.
///
/// # Errors
/// `Forbidden` without the right to judge.
pub async fn waiting(
    db: &PgPool,
    by: &Operator,
    holder: &Holder,
    asked: SafetyQuery,
    after: Option<SafetyCursor>,
    limit: i64,
) -> Result<SafetyPage> {
    by.may(Right::JudgeSafety)?;
    let limit = i32::try_from(limit.clamp(1, 200)).unwrap_or(200);
    let places = queries::queue::page(db, holder, asked, after, limit).await?;
    let next = places.last().filter(|_| places.len() >= limit.unsigned_abs() as usize).map(|last| SafetyCursor {
        key: last.key(asked.order),
        since: last.since,
        id: last.media_id,
    });
    // Who proposed something is not to keep it from whoever confirms it.
    if asked.queue == SafetyQueue::Proposed {
        return Ok(SafetyPage { items: items_at(db, places).await?, next });
    }
    let ids: Vec<MediaId> = places.iter().map(|place| place.media_id).collect();
    let leased: HashSet<MediaId> = queries::queue::lease(db, holder, &ids).await?;
    let places = places.into_iter().filter(|place| leased.contains(&place.media_id)).collect();
    Ok(SafetyPage { items: items_at(db, places).await?, next })
}

/// One item as it waits now.
///
/// # Errors
/// `Forbidden` without the right to judge; `NotFound` where it does not wait there for this operator any more.
pub async fn item(db: &PgPool, by: &Operator, media: MediaId, queue: SafetyQueue) -> Result<SafetyItem> {
    by.may(Right::JudgeSafety)?;
    let place = queries::queue::place(db, media, queue).await?;
    let found = items_at(db, place.into_iter().collect()).await?;
    found.into_iter().next().ok_or_else(|| Error::NotFound("This item".into()))
}

/// How much waits in each queue.
///
/// # Errors
/// `Forbidden` without the right to judge.
pub async fn counts(db: &PgPool, by: &Operator) -> Result<Vec<QueueCount>> {
    by.may(Right::JudgeSafety)?;
    let rows = queries::queue::counts(db).await?;
    Ok(SafetyQueue::ALL
        .into_iter()
        .filter_map(|queue| {
            let row = rows.iter().find(|row| row.queue == queue.word())?;
            Some(QueueCount {
                queue,
                waiting: row.waiting,
                late: row.late,
                oldest: row.oldest,
                target_hours: row.target_hours,
            })
        })
        .collect())
}

/// How much waits for this operator.
pub async fn count(db: &PgPool, by: &Operator) -> Result<i64> {
    let counts = counts(db, by).await?;
    Ok(counts.iter().filter(|count| count.queue.is_for_the_operator()).map(|count| count.waiting).sum())
}

/// Says that the window is still there with these media; the others that it had are free. Who else looks at the post of one.
///
/// # Errors
/// `Forbidden` without the right to judge.
pub async fn keep(
    db: &PgPool,
    by: &Operator,
    holder: &Holder,
    held: &[MediaId],
    looked_at: Option<MediaId>,
) -> Result<Vec<String>> {
    by.may(Right::JudgeSafety)?;
    queries::queue::keep(db, holder, held).await?;
    match looked_at {
        Some(media) => queries::queue::company(db, holder, media).await,
        None => Ok(Vec::new()),
    }
}

async fn items_at(db: &PgPool, places: Vec<Place>) -> Result<Vec<SafetyItem>> {
    let ids: Vec<MediaId> = places.iter().map(|place| place.media_id).collect();
    let rows = queries::queue::items(db, &ids).await?;
    let mut uploaders: Vec<UserId> = rows.iter().map(|row| row.uploader_id).collect();
    uploaders.sort_unstable();
    uploaders.dedup();
    let people = people::by_ids(db, &uploaders).await?;
    // One medium may wait in several queues, and be kept in each.
    let rows: HashMap<MediaId, ItemRow> = rows.into_iter().map(|row| (row.media_id, row)).collect();
    Ok(places
        .into_iter()
        .filter_map(|place| {
            let row = rows.get(&place.media_id)?.clone();
            Some(SafetyItem {
                uploader: people.get(&row.uploader_id)?.clone(),
                media_id: place.media_id,
                queue: SafetyQueue::from_word(&place.queue)?,
                since: place.since,
                is_late: place.is_late,
                severity: place.severity,
                reach: place.reach,
                assigned_by: place.assigned_by,
                note: place.note,
                post_id: row.post_id,
                post_title: row.post_title,
                media_type: row.media_type,
                caption: row.caption,
                tags: row.tags,
                scenes: row.scenes,
                created_at: row.created_at,
                status: place.status,
                is_safe: place.is_safe,
                width: row.width,
                height: row.height,
                version: RowVersion(place.version.unwrap_or_default()),
            })
        })
        .collect())
}

impl Place {
    fn key(&self, order: SafetyOrder) -> i32 {
        match order {
            SafetyOrder::Age => 0,
            SafetyOrder::Severity => -i32::from(self.severity),
            SafetyOrder::Reach => -self.reach,
        }
    }
}

impl SafetyQueue {
    pub(super) const ALL: [Self; 10] = [
        Self::Flagged,
        Self::Reported,
        Self::Appeal,
        Self::Second,
        Self::Confirm,
        Self::Disagreement,
        Self::Failed,
        Self::Mine,
        Self::Sent,
        Self::Proposed,
    ];

    /// What waits there is theirs to decide.
    fn is_for_the_operator(self) -> bool {
        !matches!(self, Self::Sent | Self::Proposed)
    }

    /// The stored word.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Flagged => "flagged",
            Self::Disagreement => "disagreement",
            Self::Failed => "failed",
            Self::Reported => "reported",
            Self::Appeal => "appeal",
            Self::Second => "second",
            Self::Confirm => "confirm",
            Self::Mine => "mine",
            Self::Sent => "sent",
            Self::Proposed => "proposed",
        }
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|queue| queue.word() == word)
    }
}

impl SafetyOrder {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Age => "age",
            Self::Severity => "severity",
            Self::Reach => "reach",
        }
    }
}
