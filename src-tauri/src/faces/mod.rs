//! Who is on the photo: the queue of suggested faces, candidates for each, what operators decide, and with which faces people are
//! enrolled.

mod boxes;
mod calibration;
mod candidates;
mod cluster;
#[cfg(feature = "desktop")]
pub mod commands;
mod conflict;
mod decide;
mod enrolment;
pub(crate) mod matching;
mod photo;
mod progress;
mod queries;
mod queue;
mod undo;
mod wall;

use serde::{Deserialize, Serialize};
use specta::Type;

pub(crate) use self::cluster::cluster_photos;
pub use self::{
    boxes::{Boxed, EmbeddingOf, Moved, Sight, delete_face, draw_face, drawing_problem, move_box},
    calibration::{Calibration, calibration},
    candidates::{Candidate, ConfirmedFace, candidates, confirmed_like},
    cluster::{
        AlikePerson, UnknownCursor, UnknownFace, UnknownFaceCursor, UnknownFaces, UnknownPeople, UnknownPerson, merge,
        name_cluster, regroup, unknown_alike, unknown_faces, unknown_people,
    },
    conflict::{Conflict, ConflictKind, dismiss},
    decide::{Decided, DecidedFace, Judgement, Said, SkippedFace, Verdict, decide, decide_many},
    enrolment::{
        Enrolment, EnrolmentEntry, EnrolmentOrigin, EnrolmentPreview, EnrolmentSource, FaceToEnrol, FlipKind, Flipped,
        Flips, PresentEnrolment, enrol, enrolment, faces_to_enrol, preview_enrolment, switch_enrolment, undo_enrolment,
    },
    matching::{Matched, match_faces},
    photo::{Photo, photo},
    progress::{
        Accuracy, Agreement, Done, OperatorQuality, Progress, Quality, Share, Today, WeekAccuracy, progress, quality,
    },
    queue::{
        ConflictCount, FaceCounts, FaceCursor, FaceQuery, FaceQueue, OnWall, Order, Queue, WaitingFace, Within, count,
        counts, keep, keep_wall, waiting, waiting_face,
    },
    undo::{Undoable, Undone, undo, undoable},
    wall::{
        Line, LineNeed, LineRule, LineState, PeopleWaiting, PersonCursor, PersonWaiting, Wall, confirm_above,
        draw_line, line, line_sample, people_waiting,
    },
};
pub use crate::access::Holder;
use crate::{
    db::{FaceId, MediaId, RowVersion},
    people::Person,
};

/// A face as the AI found it, and as the operator saw it.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Face {
    pub id: FaceId,
    pub media_id: MediaId,
    /// `None` when the stored box is not four usable numbers; `bounds_problem` says what is wrong.
    pub bounds: Option<Bounds>,
    pub bounds_problem: Option<String>,
    pub status: FaceStatus,
    pub identified: Option<Person>,
    pub suggested: Option<Person>,
    /// Cosine similarity to the enrolment it was matched with, -1.0 to 1.0; `None` when the stored one is not.
    pub similarity: Option<f64>,
    pub version: RowVersion,
}

/// A box in pixels of the upright picture; it may lie partly or wholly outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Bounds {
    pub x: i32,
    pub y: i32,
    pub width: i32,
    pub height: i32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "UPPERCASE")]
pub enum FaceStatus {
    Unidentified,
    Suggested,
    Confirmed,
}

/// The platform's thresholds of cosine similarity: from the one on suggested, above the other confirmed.
const SUGGESTED_FROM: f64 = 0.70;
const CONFIRMED_ABOVE: f64 = 0.85;

impl FaceStatus {
    fn from_similarity(similarity: f64) -> Self {
        match similarity {
            s if s > CONFIRMED_ABOVE => Self::Confirmed,
            s if s >= SUGGESTED_FROM => Self::Suggested,
            _ => Self::Unidentified,
        }
    }

    fn stored(self) -> &'static str {
        match self {
            Self::Confirmed => "CONFIRMED",
            Self::Suggested => "SUGGESTED",
            Self::Unidentified => "UNIDENTIFIED",
        }
    }

    /// The stored word; the table allows no other.
    fn from_stored(word: &str) -> Self {
        match word {
            "CONFIRMED" => Self::Confirmed,
            "SUGGESTED" => Self::Suggested,
            _ => Self::Unidentified,
        }
    }
}

impl Bounds {
    /// The stored `[x, y, width, height]`.
    ///
    /// # Errors
    /// What is wrong with it, for the label on the photo.
    pub(crate) fn from_stored(numbers: &[Option<i32>]) -> Result<Self, String> {
        let &[Some(x), Some(y), Some(width), Some(height)] = numbers else {
            return Err(if numbers.contains(&None) {
                "The stored box has an empty number.".into()
            } else {
                format!("The stored box has {} numbers instead of 4.", numbers.len())
            });
        };
        if width <= 0 || height <= 0 {
            return Err(format!("The stored box is {width} x {height} pixels."));
        }
        Ok(Self { x, y, width, height })
    }
}

#[cfg(test)]
mod tests {
    use super::Bounds;

    #[test]
    fn four_numbers_with_a_size_are_a_box() {
        let bounds = Bounds::from_stored(&[Some(-3), Some(4), Some(5), Some(6)]);
        assert_eq!(bounds, Ok(Bounds { x: -3, y: 4, width: 5, height: 6 }));
    }

    #[test]
    fn any_other_box_says_what_is_wrong() {
        for (stored, says) in [
            (&[][..], "has 0 numbers"),
            (&[Some(1), Some(2), Some(3)], "has 3 numbers"),
            (&[Some(1), Some(2), Some(3), Some(4), Some(5)], "has 5 numbers"),
            (&[Some(1), None, Some(3), Some(4)], "empty number"),
            (&[Some(1), Some(2), Some(0), Some(4)], "0 x 4 pixels"),
            (&[Some(1), Some(2), Some(3), Some(-4)], "3 x -4 pixels"),
        ] {
            let problem = Bounds::from_stored(stored).expect_err("not a box");
            assert!(problem.contains(says), "{problem}");
        }
    }
}
