use serde::{Deserialize, Serialize};
use specta::Type;
use sqlx::PgConnection;

use super::{
    SafetyQueue,
    queries::{self, OutcomeRow},
    reason_of,
};
use crate::{
    access::{Operator, Right},
    audit,
    db::{AuditId, MediaId, PolicyId, Seen, transaction},
    error::{Error, Result},
};

/// What one decision may be about: it holds the log until it is done.
pub(super) const MOST_MEDIA: usize = 500;

/// What can be said of a medium.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Ruling {
    /// It may be shown.
    Safe,
    /// It may not.
    Unsafe,
    /// The AI is to look at it again.
    Again,
}

/// A decision, as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SafetyWord {
    pub ruling: Ruling,
    /// What is unsafe falls under a policy.
    pub policy: Option<PolicyId>,
    /// 1 (slight) to 4 (grave), of what is unsafe
    pub severity: Option<i16>,
    /// The post is archived with it.
    pub archive: bool,
    /// The uploader is suspended with it.
    pub suspend: bool,
    pub reason: Option<String>,
}

/// What became of one medium.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    pub media_id: MediaId,
    pub audit_id: AuditId,
    /// It takes two people, and waits for the second one.
    pub is_proposed: bool,
}

/// A medium that stays as it was, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Skipped {
    pub media_id: MediaId,
    pub reason: String,
}

/// What became of a decision on several media.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Type)]
pub struct SafetyDecided {
    pub done: Vec<Decision>,
    pub skipped: Vec<Skipped>,
}

impl SafetyWord {
    pub fn safe() -> Self {
        Self { ruling: Ruling::Safe, policy: None, severity: None, archive: false, suspend: false, reason: None }
    }

    pub fn again() -> Self {
        Self { ruling: Ruling::Again, ..Self::safe() }
    }

    pub fn is_unsafe(policy: PolicyId, severity: i16) -> Self {
        Self { ruling: Ruling::Unsafe, policy: Some(policy), severity: Some(severity), ..Self::safe() }
    }

    #[must_use]
    pub fn because(self, reason: &str) -> Self {
        Self { reason: Some(reason.to_owned()), ..self }
    }

    fn check(&self) -> Result<()> {
        let is_unsafe = self.ruling == Ruling::Unsafe;
        if is_unsafe && (self.policy.is_none() || self.severity.is_none_or(|severity| !(1..=4).contains(&severity))) {
            return Err(Error::Invalid(
                "What is unsafe falls under a policy, with a severity from 1 to 4. Choose both.".into(),
            ));
        }
        if !is_unsafe && (self.policy.is_some() || self.severity.is_some() || self.archive || self.suspend) {
            return Err(Error::Invalid("Only what is unsafe has a policy and consequences.".into()));
        }
        Ok(())
    }
}

/// Decides about a medium; the AI's two words agree afterwards. Its consequences, the entries of the log and the decision are one
/// transaction. `queue` is where it waited.
///
/// # Errors
/// `Forbidden` without the right to judge; `Conflict` when the medium changed since it was seen, with who decided what, or somebody
/// else has to look at it; `NotFound` when it is gone; `Invalid` for what is no decision, or a reason that is too long.
pub async fn decide(
    db: &mut PgConnection,
    by: &Operator,
    media: &Seen<MediaId>,
    queue: Option<SafetyQueue>,
    said: &SafetyWord,
) -> Result<Decision> {
    transaction(db, async |tx| only(write(tx, by, std::slice::from_ref(media), queue, said).await?)).await
}

/// Decides the same about several media, those that can be.
///
/// # Errors
/// As [`decide`], without what is about one of them.
pub async fn decide_many(
    db: &mut PgConnection,
    by: &Operator,
    media: &[Seen<MediaId>],
    queue: Option<SafetyQueue>,
    said: &SafetyWord,
) -> Result<SafetyDecided> {
    transaction(db, async |tx| Ok(all(write(tx, by, media, queue, said).await?))).await
}

async fn write(
    tx: &mut PgConnection,
    by: &Operator,
    media: &[Seen<MediaId>],
    queue: Option<SafetyQueue>,
    said: &SafetyWord,
) -> Result<Vec<OutcomeRow>> {
    by.may(Right::JudgeSafety)?;
    said.check()?;
    check_many(media)?;
    let reason = reason_of(said.reason.as_deref())?;
    audit::set_reason(tx, reason).await?;
    queries::decide(tx, media, queue, said).await
}

pub(super) fn check_many(media: &[Seen<MediaId>]) -> Result<()> {
    if media.len() <= MOST_MEDIA {
        return Ok(());
    }
    Err(Error::Invalid(format!(
        "At most {MOST_MEDIA} photos can be decided at once; these are {}. Select fewer.",
        media.len()
    )))
}

/// Of a decision on one medium.
pub(super) fn only(rows: Vec<OutcomeRow>) -> Result<Decision> {
    let row = rows.into_iter().next().ok_or_else(|| Error::NotFound("This photo".into()))?;
    match done(&row) {
        Some(decision) => Ok(decision),
        None if row.outcome == "gone" => Err(Error::NotFound("This photo".into())),
        None => Err(Error::Conflict(why(&row))),
    }
}

pub(super) fn all(rows: Vec<OutcomeRow>) -> SafetyDecided {
    let mut decided = SafetyDecided::default();
    for row in rows {
        match done(&row) {
            Some(decision) => decided.done.push(decision),
            None => decided.skipped.push(Skipped { media_id: row.media_id, reason: why(&row) }),
        }
    }
    decided
}

fn done(row: &OutcomeRow) -> Option<Decision> {
    let is_proposed = match row.outcome.as_str() {
        "done" => false,
        "proposed" => true,
        _ => return None,
    };
    Some(Decision { media_id: row.media_id, audit_id: row.audit_id?, is_proposed })
}

fn why(row: &OutcomeRow) -> String {
    match row.outcome.as_str() {
        "changed" => match (&row.decided_by, row.ruling.as_deref()) {
            (Some(name), Some("again")) => format!("{name} has decided meanwhile: the AI looks at it again."),
            (Some(name), Some(ruling)) => format!("{name} has decided meanwhile: it is {ruling}."),
            _ => "It changed since you saw it. Look at it again.".into(),
        },
        "busy" => "The platform is writing to this photo right now. Try again in a moment.".into(),
        "unprocessed" => {
            "The AI has not looked at this photo yet, so it can't look again. Call it safe or unsafe.".into()
        }
        "pending" => "Another decision about this photo waits for a second person.".into(),
        "involved" => "You had a part in what is looked at again here. Somebody else has to decide.".into(),
        "involved_restricted" => {
            "You had a part in what is looked at again here. Somebody else has to decide: about child \
                                  safety two who had none, so four admins have to be named for it."
                .into()
        }
        "policy" => "The text of this policy is another one by now. Read it again, then decide.".into(),
        _ => "This photo is not there any more.".into(),
    }
}

impl Ruling {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Unsafe => "unsafe",
            Self::Again => "again",
        }
    }

    /// The stored word; the tables allow no other.
    pub(super) fn from_word(word: &str) -> Self {
        match word {
            "safe" => Self::Safe,
            "again" => Self::Again,
            _ => Self::Unsafe,
        }
    }
}
