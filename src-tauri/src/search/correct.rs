//! What the AI got wrong: captions, tags and scenes as moderators correct them, on one medium or many.
//!
//! The database keeps what was said apart from what the AI says, so that it holds when the AI looks at the medium again.

#[cfg(feature = "desktop")]
pub mod commands;
mod queries;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use specta::Type;
use sqlx::{PgConnection, PgPool};

use crate::{
    access::{Operator, Right},
    db::{AuditId, MediaId, RowVersion, Seen, transaction},
    error::{Error, Result},
};

/// More are to be corrected in several steps: each holds the log until it is done.
const MOST_MEDIA: usize = 1_000;
/// In characters; what a screen shows of a caption.
const LONGEST_CAPTION: usize = 4_000;
const LONGEST_WORD: usize = 200;
const MOST_WORDS: usize = 100;

/// What is to be said of media instead of what the AI said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Correction {
    /// `None`: stays as it is. Empty: none.
    pub caption: Option<String>,
    pub add_tags: Vec<String>,
    pub remove_tags: Vec<String>,
    pub add_scenes: Vec<String>,
    pub remove_scenes: Vec<String>,
}

/// What became of a correction, or of taking one back. What was right already is in neither list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Type)]
pub struct Corrected {
    pub done: Vec<CorrectedMedia>,
    pub skipped: Vec<SkippedMedia>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CorrectedMedia {
    pub media_id: MediaId,
    /// By which it can be taken back
    pub audit_id: AuditId,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SkippedMedia {
    pub media_id: MediaId,
    /// Who changed it meanwhile, or why else it stays as it is
    pub reason: String,
}

/// The correction that would be taken back next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct UndoableCorrection {
    /// On how many it was made at once
    #[specta(type = i32)]
    pub media: i64,
    pub decided_at: DateTime<Utc>,
}

/// What is said of a medium now, to be corrected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct MediaWords {
    pub media_id: MediaId,
    pub version: RowVersion,
    /// At most 4,000 characters
    pub caption: Option<String>,
    pub tags: Vec<String>,
    pub scenes: Vec<String>,
}

/// Something that somebody said of a medium.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PastCorrection {
    pub audit_id: AuditId,
    /// `caption`, `tags` or `scenes`
    pub field: String,
    pub caption: Option<String>,
    pub added: Vec<String>,
    pub removed: Vec<String>,
    /// A login
    pub decided_by: String,
    pub decided_at: DateTime<Utc>,
    /// It took a correction back, with this content.
    pub is_undo: bool,
    /// Nobody has taken it back.
    pub stands: bool,
}

/// Corrects media that are as they were seen; the others are left alone and said why. All in one transaction with the entries of
/// the log.
///
/// # Errors
/// `Forbidden` without the right to correct, `Invalid` for what can't be said of a medium or too many media.
pub async fn correct(
    db: &mut PgConnection,
    by: &Operator,
    media: &[Seen<MediaId>],
    correction: &Correction,
) -> Result<Corrected> {
    by.may(Right::CorrectMedia)?;
    check_number(media.len())?;
    let correction = correction.tidied()?;
    transaction(db, async |tx| Ok(Corrected::of(queries::correct(tx, media, &correction).await?))).await
}

/// Takes corrections back, by whomever, where nobody corrected the same later.
///
/// # Errors
/// `Forbidden` without the right to correct, `Invalid` for too many, `NotFound` where one of them is no correction.
pub async fn undo(db: &mut PgConnection, by: &Operator, corrections: &[AuditId]) -> Result<Corrected> {
    by.may(Right::CorrectMedia)?;
    check_number(corrections.len())?;
    transaction(db, async |tx| {
        let outcomes = queries::undo(tx, corrections).await?;
        if outcomes.iter().any(|outcome| outcome.media_id.is_none()) {
            return Err(Error::NotFound("This correction".into()));
        }
        Ok(Corrected::of(outcomes))
    })
    .await
}

/// The operator's own newest correction of the last 24 hours that stands, whichever window made it.
///
/// # Errors
/// `Forbidden` without the right to correct.
pub async fn undoable(db: &PgPool, by: &Operator) -> Result<Option<UndoableCorrection>> {
    by.may(Right::CorrectMedia)?;
    queries::undoable(db).await
}

/// Takes it back, except where somebody else corrected the same later: that stays, and so it is not offered again.
///
/// # Errors
/// `Forbidden` without the right to correct, `NotFound` when there is nothing to take back.
pub async fn undo_own(db: &mut PgConnection, by: &Operator) -> Result<Corrected> {
    by.may(Right::CorrectMedia)?;
    transaction(db, async |tx| {
        let outcomes = queries::undo_own(tx).await?;
        if outcomes.is_empty() {
            return Err(Error::NotFound("A correction of yours of the last 24 hours".into()));
        }
        Ok(Corrected::of(outcomes))
    })
    .await
}

/// What is said of media now, of those that the operator may see and the AI has seen.
///
/// # Errors
/// `Forbidden` without the right to correct, `Invalid` for too many.
pub async fn words(db: &PgPool, by: &Operator, media: &[MediaId]) -> Result<Vec<MediaWords>> {
    by.may(Right::CorrectMedia)?;
    check_number(media.len())?;
    queries::words(db, media).await
}

/// Who said what of a medium, the newest first.
///
/// # Errors
/// `Forbidden` without the right to correct.
pub async fn history(db: &PgPool, by: &Operator, media: MediaId) -> Result<Vec<PastCorrection>> {
    by.may(Right::CorrectMedia)?;
    queries::history(db, media).await
}

fn check_number(media: usize) -> Result<()> {
    if media > MOST_MEDIA {
        return Err(Error::Invalid(format!(
            "At most {MOST_MEDIA} photos can be corrected at once; these are {media}. Select fewer."
        )));
    }
    Ok(())
}

impl Correction {
    /// # Errors
    /// `Invalid` for what can't be said of a medium.
    fn tidied(&self) -> Result<Self> {
        let correction = Self {
            caption: self.caption.as_deref().map(|caption| caption.trim().to_owned()),
            add_tags: new_words("tag", &self.add_tags)?,
            remove_tags: self.remove_tags.clone(),
            add_scenes: new_words("scene", &self.add_scenes)?,
            remove_scenes: self.remove_scenes.clone(),
        };
        if let Some(caption) = &correction.caption {
            if caption.chars().count() > LONGEST_CAPTION {
                return Err(Error::Invalid(format!(
                    "The caption is longer than {LONGEST_CAPTION} characters. Shorten it."
                )));
            }
            refuse_nul(caption)?;
        }
        for (kind, removed, added) in [
            ("tag", &correction.remove_tags, &correction.add_tags),
            ("scene", &correction.remove_scenes, &correction.add_scenes),
        ] {
            if removed.len() > MOST_WORDS {
                return Err(too_many(kind));
            }
            removed.iter().try_for_each(|word| refuse_nul(word))?;
            if let Some(both) = added.iter().find(|word| removed.contains(word)) {
                return Err(Error::Invalid(format!("The {kind} {both} is to be added and removed. Do one of them.")));
            }
        }
        Ok(correction)
    }
}

/// Words to be added: without white space around them and control characters in them.
fn new_words(kind: &'static str, words: &[String]) -> Result<Vec<String>> {
    if words.len() > MOST_WORDS {
        return Err(too_many(kind));
    }
    let words: Vec<String> = words.iter().map(|word| word.trim().to_owned()).collect();
    for word in &words {
        if word.is_empty() {
            return Err(Error::Invalid(format!("A {kind} is empty. Type it, or take it out.")));
        }
        if word.chars().count() > LONGEST_WORD {
            return Err(Error::Invalid(format!("A {kind} is longer than {LONGEST_WORD} characters. Shorten it.")));
        }
        if word.chars().any(char::is_control) {
            return Err(Error::Invalid(format!(
                "The {kind} {word:?} has a character that can't be seen. Type it anew."
            )));
        }
    }
    Ok(words)
}

fn too_many(kind: &str) -> Error {
    Error::Invalid(format!("At most {MOST_WORDS} {kind}s can be added or removed at once. Leave some out."))
}

/// PostgreSQL's texts have none.
fn refuse_nul(text: &str) -> Result<()> {
    if text.contains('\0') {
        return Err(Error::Invalid("There is a character that can't be kept (U+0000). Take it out.".into()));
    }
    Ok(())
}

/// As `console.correction_outcome`; `end` is its `outcome`.
struct Outcome {
    media_id: Option<MediaId>,
    end: String,
    audit_id: Option<AuditId>,
    decided_by: Option<String>,
    field: Option<String>,
    caption: Option<String>,
    added: Vec<String>,
    removed: Vec<String>,
    is_undo: bool,
}

impl Corrected {
    fn of(outcomes: Vec<Outcome>) -> Self {
        let mut corrected = Self::default();
        for outcome in outcomes {
            match (outcome.end.as_str(), outcome.media_id, outcome.audit_id) {
                ("done", Some(media_id), Some(audit_id)) => corrected.done.push(CorrectedMedia { media_id, audit_id }),
                ("same", ..) | (_, None, _) => {}
                (_, Some(media_id), _) => corrected.skipped.push(SkippedMedia { media_id, reason: outcome.reason() }),
            }
        }
        corrected
    }
}

impl Outcome {
    /// Why nothing was done.
    fn reason(&self) -> String {
        match (self.end.as_str(), &self.decided_by) {
            ("gone", _) => "It is not there any more.".into(),
            ("busy", _) => "Somebody is writing to it right now. Try again in a moment.".into(),
            ("undone", Some(who)) => format!("{who} has taken this back already."),
            ("overtaken", Some(who)) => format!("{who} has corrected it later: {}. Take that back first.", self.said()),
            (_, Some(who)) => format!("{who} has changed it meanwhile: {}. Look at it again.", self.said()),
            (_, None) => "The AI changed its result since you saw it. Look at it again.".into(),
        }
    }

    /// What somebody said, in words.
    fn said(&self) -> String {
        let kind = match self.field.as_deref() {
            Some("caption") => {
                let caption = self.caption.as_deref().unwrap_or_default();
                return match (self.is_undo, caption) {
                    (true, _) => "the caption is the AI's again".into(),
                    (false, "") => "there is no caption".into(),
                    (false, caption) => format!("the caption is \u{201c}{}\u{201d}", shortened(caption)),
                };
            }
            Some("tags") => "tags",
            Some("scenes") => "scenes",
            _ => return "whether it is safe".into(),
        };
        let (added, removed) = if self.is_undo { (&self.removed, &self.added) } else { (&self.added, &self.removed) };
        let parts = [("added", added), ("removed", removed)];
        let parts = parts.iter().filter(|(_, words)| !words.is_empty());
        let parts: Vec<String> =
            parts.map(|(verb, words)| format!("{verb} {}", shortened(&words.join(", ")))).collect();
        format!("{kind} {}", parts.join(" and "))
    }
}

/// As much as a sentence can hold.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 80;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(changes: impl FnOnce(&mut Outcome)) -> String {
        let mut outcome = Outcome {
            media_id: Some(MediaId(7)),
            end: "changed".into(),
            audit_id: None,
            decided_by: Some("bo".into()),
            field: Some("tags".into()),
            caption: None,
            added: vec!["sea".into(), "sand".into()],
            removed: vec!["dog".into()],
            is_undo: false,
        };
        changes(&mut outcome);
        outcome.reason()
    }

    #[test]
    fn who_lost_reads_who_said_what() {
        assert_eq!(
            outcome(|_| {}),
            "bo has changed it meanwhile: tags added sea, sand and removed dog. Look at it again."
        );
        assert_eq!(
            outcome(|o| (o.field, o.caption) = (Some("caption".into()), Some("A dog".into()))),
            "bo has changed it meanwhile: the caption is \u{201c}A dog\u{201d}. Look at it again."
        );
        assert_eq!(
            outcome(|o| o.field = Some("caption".into())),
            "bo has changed it meanwhile: there is no caption. Look at it again."
        );
        assert_eq!(outcome(|o| o.decided_by = None), "The AI changed its result since you saw it. Look at it again.");
    }

    #[test]
    fn what_can_t_be_said_of_a_medium_is_refused_with_a_sentence() {
        let word = |word: &str| Correction { add_tags: vec![word.into()], ..Correction::default() };
        for correction in [
            word(" "),
            word("a\nb"),
            word(&"x".repeat(201)),
            Correction { add_scenes: vec!["x".into(); 101], ..Correction::default() },
            Correction { remove_scenes: vec!["x".into(); 101], ..Correction::default() },
            Correction { remove_tags: vec!["sea".into()], ..word(" sea ") },
            Correction { remove_tags: vec!["\0".into()], ..Correction::default() },
            Correction { caption: Some("x".repeat(4_001)), ..Correction::default() },
            Correction { caption: Some("\0".into()), ..Correction::default() },
        ] {
            assert!(matches!(correction.tidied(), Err(Error::Invalid(_))), "{correction:?}");
        }
        assert_eq!(word(" Été à la plage ").tidied().expect("a tag").add_tags, ["Été à la plage"]);
    }
}
