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

/// What only the database knows of a condition.
pub(super) struct Looked<'a> {
    /// Of each condition that is answered by photos, what these come to: ids of posts or media.
    pub(super) by_photos: &'a [(&'a Condition, Vec<i64>)],
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

    /// The whole condition, with what was looked up; what it lacks is added to `lacks`.
    pub(super) fn part(
        self,
        condition: &Condition,
        engine: Engine,
        looked: &Looked<'_>,
        lacks: &mut Vec<&'static str>,
    ) -> Part {
        match condition {
            Condition::All(parts) => {
                Part::All(parts.iter().map(|part| self.part(part, engine, looked, lacks)).collect())
            }
            Condition::Any(parts) => {
                Part::Any(parts.iter().map(|part| self.part(part, engine, looked, lacks)).collect())
            }
            Condition::Not(negated) => Part::Not(Box::new(self.part(negated, engine, looked, lacks))),
            leaf => match self.own(leaf, engine, looked.departments) {
                Own::Is(part) => part,
                Own::ByPhotos => self.looked_up(leaf, looked),
                Own::OrByPhotos(part) => Part::Any(vec![part, self.looked_up(leaf, looked)]),
                Own::Lacks(what) => {
                    if !lacks.contains(&what) {
                        lacks.push(what);
                    }
                    Part::Nothing
                }
            },
        }
    }

    fn looked_up(self, condition: &Condition, looked: &Looked<'_>) -> Part {
        let known = looked.by_photos.iter().find(|(own, _)| *own == condition);
        known.map_or(Part::Nothing, |(_, ids)| Part::Ids { column: self.by_photos(), ids: ids.clone() })
    }

    /// The conditions in it that are answered by photos.
    pub(super) fn by_photos_in<'a>(self, condition: &'a Condition, engine: Engine, found: &mut Vec<&'a Condition>) {
        match condition {
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter().for_each(|part| self.by_photos_in(part, engine, found));
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
