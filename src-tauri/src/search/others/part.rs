//! A query as a condition on posts, people or faces: by what their own rows hold, and otherwise by the photos that they have.

use chrono::{DateTime, Utc};

use super::{Engine, Kind};
use crate::search::meaning::{Condition, Kind as Way, Searched, Wanted};

/// A condition on rows of one kind, as both engines take it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    All(Vec<Part>),
    Any(Vec<Part>),
    Not(Box<Part>),
    Nothing,
    /// In one of the fields; of Elasticsearch alone
    Words {
        fields: &'static [(&'static str, f64)],
        wanted: Wanted,
    },
    /// One of the numbers stands in a column.
    Ids {
        column: Column,
        ids: Vec<i64>,
    },
    Texts {
        column: Column,
        texts: Vec<String>,
    },
    Missing(Column),
    Count {
        column: Column,
        from: i64,
        until: Option<i64>,
    },
    Time {
        from: Option<DateTime<Utc>>,
        until: Option<DateTime<Utc>>,
    },
}

/// Of the read model, and so of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) is_array: bool,
}

const fn one(name: &'static str) -> Column {
    Column { name, is_array: false }
}

const fn many(name: &'static str) -> Column {
    Column { name, is_array: true }
}

/// What a kind of rows makes of a condition.
#[derive(Debug, PartialEq)]
pub(super) enum Own {
    Is(Part),
    /// It holds where it does for one of their photos.
    ByPhotos,
    /// The same, and where this does.
    OrByPhotos(Part),
    /// They have nothing like it; in the words of the language.
    Lacks(&'static str),
}

const POST_FIELDS: &[(&str, f64)] = &[
    ("folded.title", 3.0),
    ("folded.tags", 3.0),
    ("folded.event", 2.0),
    ("folded.scenes", 2.0),
    ("folded.body", 1.0),
    ("folded.author", 1.0),
    ("folded.department", 1.0),
];
const PERSON_FIELDS: &[(&str, f64)] = &[("folded.name", 3.0), ("folded.department", 1.0), ("folded.bio", 0.5)];

/// What the photos come to for which a condition holds.
pub(super) struct ByPhotos<'a> {
    pub(super) condition: &'a Condition,
    /// Of posts or media
    pub(super) ids: Vec<i64>,
    /// There are more.
    pub(super) is_cut: bool,
}

/// What of a condition can't be met.
#[derive(Debug, Default)]
pub(super) struct Unmet {
    /// In the words of the language
    pub(super) lacks: Vec<&'static str>,
    /// Photos were too many: some of what has them is not found.
    pub(super) is_cut: bool,
    /// The same of photos that must not be there: nothing is found by that.
    pub(super) is_unsure: bool,
}

/// What only the database knows of a condition.
pub(super) struct Looked<'a> {
    /// Of each condition that is answered by photos
    pub(super) by_photos: &'a [ByPhotos<'a>],
    /// All that people have
    pub(super) departments: &'a [String],
}

impl Kind {
    /// What this kind makes of a condition that has no parts.
    pub(super) fn own(self, condition: &Condition, engine: Engine, departments: &[String]) -> Own {
        match self {
            Self::Posts => of_posts(condition, engine),
            Self::People => of_people(condition, engine, departments),
            Self::Faces => of_faces(condition),
        }
    }

    /// The column that photos stand in.
    fn by_photos(self) -> Column {
        if self == Self::Posts { one("post_id") } else { one("media_id") }
    }

    /// The whole condition, with what was looked up; what can't be met is added to `unmet`. `is_negated`: what holds is left out.
    pub(super) fn part(
        self,
        condition: &Condition,
        engine: Engine,
        looked: &Looked<'_>,
        is_negated: bool,
        unmet: &mut Unmet,
    ) -> Part {
        let mut of_each =
            |parts: &[Condition]| parts.iter().map(|part| self.part(part, engine, looked, is_negated, unmet)).collect();
        match condition {
            Condition::All(parts) => Part::All(of_each(parts)),
            Condition::Any(parts) => Part::Any(of_each(parts)),
            Condition::Not(negated) => Part::Not(Box::new(self.part(negated, engine, looked, !is_negated, unmet))),
            leaf => match self.own(leaf, engine, looked.departments) {
                Own::Is(part) => part,
                Own::ByPhotos => self.looked_up(leaf, looked, is_negated, unmet),
                Own::OrByPhotos(part) => Part::Any(vec![part, self.looked_up(leaf, looked, is_negated, unmet)]),
                Own::Lacks(what) => {
                    if !unmet.lacks.contains(&what) {
                        unmet.lacks.push(what);
                    }
                    Part::Nothing
                }
            },
        }
    }

    /// What is left out by a list that was cut would be there though it must not: rather nothing is.
    fn looked_up(self, condition: &Condition, looked: &Looked<'_>, is_negated: bool, unmet: &mut Unmet) -> Part {
        let Some(known) = looked.by_photos.iter().find(|known| known.condition == condition) else {
            return Part::Nothing;
        };
        if known.is_cut && is_negated {
            unmet.is_unsure = true;
            return Part::All(Vec::new());
        }
        unmet.is_cut |= known.is_cut;
        Part::Ids { column: self.by_photos(), ids: known.ids.clone() }
    }

    /// The conditions in it that are answered by photos.
    pub(super) fn by_photos_in<'a>(self, condition: &'a Condition, engine: Engine, found: &mut Vec<&'a Condition>) {
        match condition {
            Condition::All(parts) | Condition::Any(parts) => {
                for part in parts {
                    self.by_photos_in(part, engine, found);
                }
            }
            Condition::Not(negated) => self.by_photos_in(negated, engine, found),
            leaf => {
                let is_by_photos = matches!(self.own(leaf, engine, &[]), Own::ByPhotos | Own::OrByPhotos(_));
                if is_by_photos && !found.contains(&leaf) {
                    found.push(leaf);
                }
            }
        }
    }
}

fn ids(column: Column, ids: &[i64]) -> Own {
    Own::Is(Part::Ids { column, ids: ids.to_vec() })
}

fn texts(column: Column, texts: &[String]) -> Own {
    Own::Is(Part::Texts { column, texts: texts.to_vec() })
}

/// A post has what one of its photos has, and words of its own. What is a whole value only photos know.
fn of_posts(condition: &Condition, engine: Engine) -> Own {
    match condition {
        Condition::Words { wanted, .. } if engine == Engine::PostgreSql || wanted.kind == Way::Value => Own::ByPhotos,
        Condition::Words { field: None, wanted, .. } => {
            Own::OrByPhotos(Part::Words { fields: POST_FIELDS, wanted: wanted.clone() })
        }
        Condition::Words { field: Some(field), wanted, .. } => {
            let fields: &[(&str, f64)] = match field {
                Searched::Title => &[("folded.title", 1.0)],
                Searched::Tags => &[("folded.tags", 1.0)],
                Searched::Scenes => &[("folded.scenes", 1.0)],
                Searched::Department => &[("folded.department", 1.0)],
                Searched::Caption => return Own::ByPhotos,
            };
            Own::Is(Part::Words { fields, wanted: wanted.clone() })
        }
        Condition::OnIt(people) => ids(many("all_detected_user_ids"), people),
        Condition::UploadedBy(people) => ids(one("author_id"), people),
        Condition::Event(events) => texts(one("inferred_event_type"), events),
        Condition::Category(categories) => texts(many("categories"), categories),
        Condition::Post(posts) => ids(one("post_id"), posts),
        Condition::Count { field: "reactions", from, until } => {
            Own::Is(Part::Count { column: one("total_reactions"), from: *from, until: *until })
        }
        Condition::Count { field: "comments", from, until } => {
            Own::Is(Part::Count { column: one("total_comments"), from: *from, until: *until })
        }
        Condition::Time { from, until } => Own::Is(Part::Time { from: *from, until: *until }),
        _ => Own::ByPhotos,
    }
}

/// People are found by their names, departments and what they say of themselves.
fn of_people(condition: &Condition, engine: Engine, departments: &[String]) -> Own {
    let user = one("user_id");
    let in_department = |wanted: &Wanted| {
        let texts = departments.iter().filter(|department| wanted.is_in(department)).cloned().collect();
        Part::Texts { column: one("department"), texts }
    };
    match condition {
        Condition::Words { field: None, wanted, people } => {
            let mut ways = vec![Part::Ids { column: user, ids: people.clone() }];
            ways.push(match engine {
                Engine::Elasticsearch => Part::Words { fields: PERSON_FIELDS, wanted: wanted.clone() },
                Engine::PostgreSql => in_department(wanted),
            });
            Own::Is(Part::Any(ways))
        }
        Condition::Words { field: Some(Searched::Department), wanted, .. } => Own::Is(in_department(wanted)),
        Condition::OnIt(people) | Condition::UploadedBy(people) => ids(user, people),
        other => Own::Lacks(name(other)),
    }
}

/// A word that is somebody's name means their faces; any other one the faces on photos that have it.
fn of_faces(condition: &Condition) -> Own {
    let identified = one("identified_user_id");
    match condition {
        Condition::Words { field: None, people, .. } if !people.is_empty() => ids(identified, people),
        Condition::OnIt(people) => ids(identified, people),
        Condition::UploadedBy(people) => ids(one("uploader_id"), people),
        Condition::Post(posts) => ids(one("post_id"), posts),
        Condition::Media(media) => ids(one("media_id"), media),
        Condition::Unidentified(true) => Own::Is(Part::Missing(identified)),
        Condition::Time { from, until } => Own::Is(Part::Time { from: *from, until: *until }),
        _ => Own::ByPhotos,
    }
}

fn name(condition: &Condition) -> &'static str {
    match condition {
        Condition::Words { field: Some(Searched::Title), .. } => "title",
        Condition::Words { field: Some(Searched::Caption), .. } => "caption",
        Condition::Words { field: Some(Searched::Tags), .. } => "tag",
        Condition::Words { field: Some(Searched::Scenes), .. } => "scene",
        Condition::Event(_) => "event",
        Condition::Category(_) => "category",
        Condition::Post(_) => "post",
        Condition::Media(_) => "media",
        Condition::Safe(_) | Condition::Unidentified(_) | Condition::Type(_) => "is",
        Condition::Has(_) => "has",
        Condition::Count { field, .. } => field,
        Condition::Time { .. } => "time",
        _ => "text",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_was_cut_is_never_negated() {
        let dog = Condition::Has("caption");
        let not = |condition: Condition| Condition::Not(Box::new(condition));
        let part = |condition: &Condition| {
            let by_photos = [ByPhotos { condition: &dog, ids: vec![7], is_cut: true }];
            let looked = Looked { by_photos: &by_photos, departments: &[] };
            let mut unmet = Unmet::default();
            (Kind::Faces.part(condition, Engine::PostgreSql, &looked, false, &mut unmet), unmet.is_cut, unmet.is_unsure)
        };
        let found = Part::Ids { column: one("media_id"), ids: vec![7] };
        let nothing = Part::Not(Box::new(Part::All(vec![])));
        assert_eq!(part(&dog), (found.clone(), true, false));
        assert_eq!(part(&not(dog.clone())), (nothing, false, true));
        assert_eq!(part(&not(not(dog.clone()))).0, Part::Not(Box::new(Part::Not(Box::new(found)))));
        let (either, ..) = part(&not(Condition::Any(vec![dog.clone(), Condition::Media(vec![3])])));
        assert!(matches!(either, Part::Not(any) if matches!(&*any, Part::Any(parts) if parts[0] == Part::All(vec![]))));
    }
}
