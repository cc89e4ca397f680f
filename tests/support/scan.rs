//! Which media a query means, found by looking at every row: slowly, and in neither engine's way.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use kaleidoscope_console::{
    read_models::fold,
    search::language::{CountField, Expression, IdField, Part, Query, State, Term, Text, TextField, Value},
};
use sqlx::{FromRow, PgPool, query_as};

#[derive(Debug, FromRow)]
pub(crate) struct Row {
    pub(crate) media_id: i64,
    post_id: i64,
    post_title: Option<String>,
    pub(crate) ai_caption: Option<String>,
    pub(crate) ai_tags: Vec<String>,
    pub(crate) ai_scenes: Vec<String>,
    post_all_tags: Vec<String>,
    has_vector: bool,
    is_safe: bool,
    detected_user_ids: Vec<i64>,
    uploader_id: i64,
    pub(crate) uploader_department: Option<String>,
    reactions: i32,
    comments: i32,
    pub(crate) created_at: DateTime<Utc>,
    media_type: String,
    faces: i64,
    unidentified: i64,
    event: Option<String>,
    categories: Vec<String>,
}

/// All there is to find.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) all: Vec<Row>,
    /// Names of people by their ids
    pub(crate) names: HashMap<i64, Vec<String>>,
    me: i64,
}

impl Rows {
    pub(crate) async fn of(db: &PgPool, me: i64) -> Self {
        let rows = query_as(
            "select r.media_id, r.post_id, r.post_title, r.ai_caption, r.ai_tags, r.ai_scenes, r.post_all_tags,
                    r.image_embedding is not null as has_vector, r.is_safe, r.detected_user_ids, r.uploader_id,
                    r.uploader_department, r.reaction_count as reactions, r.comment_count as comments, r.created_at,
                    m.media_type, count(f.id) as faces, count(f.id) filter (where f.identified_user_id is null) as unidentified,
                    p.inferred_event_type as event, coalesce(p.categories, '{}') as categories
               from read_model_media_search as r
               join post_media as m using (media_id)
               left join media_detected_faces as f using (media_id)
               left join read_model_post_search as p on p.post_id = r.post_id
              group by r.media_id, m.media_id, p.post_id",
        );
        let rows = rows.fetch_all(db).await.expect("the rows");
        let people: Vec<(i64, String, Option<String>)> =
            query_as("select user_id, username, full_name from users").fetch_all(db).await.expect("the people");
        let names = people.into_iter().map(|(id, name, full)| (id, [name].into_iter().chain(full).collect())).collect();
        Self { all: rows, names, me }
    }

    /// The newest first
    pub(crate) fn found(&self, query: &Query, now: DateTime<Utc>) -> Vec<i64> {
        let is_found =
            |row: &&Row| query.expression.as_ref().is_none_or(|wanted| self.holds(row, wanted, now) != Some(false));
        let mut found: Vec<&Row> = self.all.iter().filter(is_found).collect();
        found.sort_by_key(|row| std::cmp::Reverse((row.created_at, row.media_id)));
        found.iter().map(|row| row.media_id).collect()
    }

    /// `None`: there is nothing to look for.
    fn holds(&self, row: &Row, wanted: &Expression, now: DateTime<Utc>) -> Option<bool> {
        match wanted {
            Expression::And(parts) => {
                let held: Vec<bool> = parts.iter().filter_map(|part| self.holds(row, part, now)).collect();
                (!held.is_empty()).then(|| held.iter().all(|held| *held))
            }
            Expression::Or(parts) => {
                let held: Vec<bool> = parts.iter().filter_map(|part| self.holds(row, part, now)).collect();
                (!held.is_empty()).then(|| held.iter().any(|held| *held))
            }
            Expression::Not(negated) => self.holds(row, negated, now).map(|held| !held),
            Expression::Term(term) => self.has(row, term, now),
        }
    }

    fn has(&self, row: &Row, term: &Term, now: DateTime<Utc>) -> Option<bool> {
        let is_there = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
        let people: BTreeSet<i64> = row.detected_user_ids.iter().copied().collect();
        Some(match term {
            Term::Field { field, any_of } => {
                let held: Vec<bool> = any_of.iter().filter_map(|value| self.has_value(row, *field, value)).collect();
                return (!held.is_empty()).then(|| held.contains(&true));
            }
            Term::Id { field: IdField::Post, any_of } => any_of.contains(&row.post_id),
            Term::Id { field: IdField::Media, any_of } => any_of.contains(&row.media_id),
            Term::Is(states) => states.iter().any(|state| match state {
                State::Safe => row.is_safe,
                State::Unsafe => !row.is_safe,
                State::Unidentified => row.unidentified > 0,
                State::Image => row.media_type == "IMAGE",
                State::Video => row.media_type == "VIDEO",
            }),
            Term::Has(parts) => parts.iter().any(|part| match part {
                Part::Faces => row.faces > 0,
                Part::People => !people.is_empty(),
                Part::Caption => is_there(&row.ai_caption),
                Part::Title => is_there(&row.post_title),
                Part::Tags => !row.ai_tags.is_empty(),
                Part::Scenes => !row.ai_scenes.is_empty(),
                Part::PostTags => !row.post_all_tags.is_empty(),
                Part::Event => is_there(&row.event),
                Part::Categories => !row.categories.is_empty(),
                Part::Department => is_there(&row.uploader_department),
                Part::Embedding => row.has_vector,
                Part::Reactions => row.reactions > 0,
                Part::Comments => row.comments > 0,
            }),
            Term::Count { field, count } => {
                let counted = match field {
                    CountField::Faces => row.faces,
                    CountField::People => i64::try_from(people.len()).expect("a few"),
                    CountField::Reactions => row.reactions.into(),
                    CountField::Comments => row.comments.into(),
                };
                let (from, until) = count.bounds();
                counted >= from && until.is_none_or(|until| counted < until)
            }
            Term::Time { field, moment } => {
                let period = field.period(*moment, now);
                period.from.is_none_or(|from| row.created_at >= from)
                    && period.until.is_none_or(|until| row.created_at < until)
            }
            Term::Text(_) | Term::Similarity(_) => panic!("no filter"),
        })
    }

    fn has_value(&self, row: &Row, field: TextField, value: &Value) -> Option<bool> {
        let text = match value {
            Value::Text(text) => text,
            Value::Me if field == TextField::Person => return Some(row.detected_user_ids.contains(&self.me)),
            Value::Me => return Some(row.uploader_id == self.me),
        };
        if fold::words(text.as_str()).is_empty() {
            return None;
        }
        let named = |person: &i64| self.names.get(person).into_iter().flatten().any(|name| matches(name, text, true));
        let of = |texts: &[String]| texts.iter().any(|own| matches(own, text, true));
        let one = |own: &Option<String>, whole| own.as_ref().is_some_and(|own| matches(own, text, whole));
        Some(match field {
            TextField::Tag => of(&row.ai_tags),
            TextField::Scene => of(&row.ai_scenes),
            TextField::Caption => one(&row.ai_caption, false),
            TextField::Title => one(&row.post_title, false),
            TextField::Person => row.detected_user_ids.iter().any(named),
            TextField::Uploader => named(&row.uploader_id),
            TextField::Department => one(&row.uploader_department, true),
            TextField::Event => one(&row.event, true),
            TextField::Category => of(&row.categories),
        })
    }
}

/// `whole`: a phrase is all of it.
fn matches(value: &str, text: &Text, whole: bool) -> bool {
    let (own, wanted) = (fold::words(value), fold::words(text.as_str()));
    let is_part = || own.windows(wanted.len()).any(|part| part == wanted);
    match text {
        Text::Phrase(_) if whole => own == wanted,
        Text::Word(_) | Text::Phrase(_) => is_part(),
        Text::Prefix(_) => {
            let (last, others) = wanted.split_last().expect("a word");
            others.iter().all(|word| own.contains(word)) && own.iter().any(|word| word.starts_with(last))
        }
    }
}
