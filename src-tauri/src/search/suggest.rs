//! What is offered while a query is being typed: fields, and values that there are, the most frequent first.

use serde::Serialize;
use specta::Type;
use sqlx::PgPool;

use super::{
    language::{self, Context, Field, Part, State, TextField, Typing, quoted},
    queries,
};
use crate::{
    access::{Operator, Right},
    db::UserId,
    error::Result,
    read_models::fold,
};

/// Of a field whose value is being typed
const MOST_VALUES: usize = 20;
/// Of each field, where any is meant
const MOST_OF_EACH: usize = 5;

#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Suggestions {
    /// What an accepted one replaces, in UTF-16 code units
    pub from: u32,
    pub to: u32,
    pub entries: Vec<Suggestion>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Suggestion {
    pub kind: SuggestionKind,
    /// What is written in its place
    pub insert: String,
    pub label: String,
    pub detail: Option<String>,
    /// How many media there are
    #[specta(type = Option<i32>)]
    pub count: Option<i64>,
    /// Of a person
    pub user_id: Option<UserId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum SuggestionKind {
    Field,
    Tag,
    Scene,
    Person,
    Department,
    Event,
    Value,
    Saved,
    Recent,
}

/// What could be meant at the caret, which counts UTF-16 code units.
///
/// # Errors
/// `Forbidden` without the right to search.
pub async fn suggest(db: &PgPool, by: &Operator, text: &str, caret: u32) -> Result<Suggestions> {
    by.may(Right::Search)?;
    let Context { typing, span } = language::at(text, usize::try_from(caret).unwrap_or(usize::MAX));
    let entries = match typing {
        Typing::Nothing => Vec::new(),
        Typing::Name { typed } => {
            let fields = fields(&typed);
            fields.into_iter().chain(anything(db, &typed).await?).collect()
        }
        Typing::Text { typed, .. } => anything(db, &typed).await?,
        Typing::Value { field: Field::Text(field), typed, .. } => values(db, field, &typed).await?,
        Typing::Value { field, typed, .. } => known(field, &typed),
    };
    let units = |end| u32::try_from(end).unwrap_or(u32::MAX);
    Ok(Suggestions { from: units(span.start), to: units(span.end), entries })
}

fn fields(typed: &str) -> Vec<Suggestion> {
    let typed = typed.to_lowercase();
    let fields = Field::all().filter(|field| field.name().starts_with(&typed));
    let entry = |field: Field| Suggestion {
        detail: Some(explained(field).to_owned()),
        ..plain(SuggestionKind::Field, &format!("{field}:"))
    };
    fields.map(entry).collect()
}

fn plain(kind: SuggestionKind, text: &str) -> Suggestion {
    Suggestion { kind, insert: text.to_owned(), label: text.to_owned(), detail: None, count: None, user_id: None }
}

fn explained(field: Field) -> &'static str {
    match field {
        Field::Text(TextField::Tag) => "what the AI saw",
        Field::Text(TextField::Scene) => "where it seems to be",
        Field::Text(TextField::Caption) => "the AI's sentence",
        Field::Text(TextField::Title | TextField::Category) => "of the post",
        Field::Text(TextField::Person) => "who is on it",
        Field::Text(TextField::Uploader) => "who uploaded it",
        Field::Text(TextField::Department) => "of the uploader",
        Field::Text(TextField::Event) => "what the post is about",
        Field::Id(_) => "a number",
        Field::Time(_) => "2026-03, yesterday, -7d",
        Field::Is => "safe, unsafe, unidentified, image or video",
        Field::Has => "what must be there",
        Field::Count(_) => "how many: 2, >2, 2..5",
        Field::Similarity => "at least, 0 to 1",
    }
}

/// Values of any field, with their field.
async fn anything(db: &PgPool, typed: &str) -> Result<Vec<Suggestion>> {
    let typed = fold::words(typed);
    if typed.is_empty() {
        return Ok(Vec::new());
    }
    let fields = [TextField::Tag, TextField::Person, TextField::Scene, TextField::Department, TextField::Event];
    let mut entries = terms(db, &fields, &typed, MOST_OF_EACH).await?;
    for (field, entry) in &mut entries {
        entry.insert = format!("{field}:{}", entry.insert);
    }
    Ok(entries.into_iter().map(|(_, entry)| entry).collect())
}

async fn values(db: &PgPool, field: TextField, typed: &str) -> Result<Vec<Suggestion>> {
    let counted = if field == TextField::Uploader { TextField::Person } else { field };
    let mut entries = Vec::new();
    if matches!(field, TextField::Person | TextField::Uploader) && "me".starts_with(&typed.to_lowercase()) {
        entries.push(Suggestion { detail: Some("you".into()), ..plain(SuggestionKind::Value, "me") });
    }
    let terms = terms(db, &[counted], &fold::words(typed), MOST_VALUES).await?;
    entries.extend(terms.into_iter().map(|(_, entry)| Suggestion {
        // Counted is who is on a photo, not who uploaded it.
        count: entry.count.filter(|_| field != TextField::Uploader),
        ..entry
    }));
    Ok(entries)
}

/// Where a field knows its values, or some are often meant.
fn known(field: Field, typed: &str) -> Vec<Suggestion> {
    let all: Vec<&str> = match field {
        Field::Is => State::ALL.iter().map(|state| state.name()).collect(),
        Field::Has => Part::ALL.iter().map(|part| part.name()).collect(),
        Field::Time(_) => vec!["today", "yesterday", "-7d", "-1m", "-1y"],
        Field::Count(_) => vec!["0", ">0", ">2"],
        Field::Similarity => vec!["0.7", "0.8", "0.9"],
        Field::Text(_) | Field::Id(_) => Vec::new(),
    };
    let typed = typed.to_lowercase();
    all.into_iter().filter(|value| value.starts_with(&typed)).map(|value| plain(SuggestionKind::Value, value)).collect()
}

async fn terms(
    db: &PgPool,
    fields: &[TextField],
    typed: &[String],
    at_most: usize,
) -> Result<Vec<(TextField, Suggestion)>> {
    let names: Vec<String> = fields.iter().map(ToString::to_string).collect();
    let rows = queries::terms_begun(db, &names, typed, i32::try_from(at_most).unwrap_or(i32::MAX)).await?;
    let entry = |field: TextField, value: String| Suggestion { insert: quoted(&value), ..plain(kind(field), &value) };
    Ok(rows
        .into_iter()
        // A blank name can't be written.
        .filter(|row| !row.value.trim().is_empty())
        .filter_map(|row| {
            let field = TextField::named(&row.field)?;
            let (count, user_id) = (Some(row.media), row.user_id.map(UserId));
            Some((field, Suggestion { detail: row.full_name, count, user_id, ..entry(field, row.value) }))
        })
        .collect())
}

fn kind(field: TextField) -> SuggestionKind {
    match field {
        TextField::Tag => SuggestionKind::Tag,
        TextField::Scene => SuggestionKind::Scene,
        TextField::Person | TextField::Uploader => SuggestionKind::Person,
        TextField::Department => SuggestionKind::Department,
        TextField::Event => SuggestionKind::Event,
        TextField::Caption | TextField::Title | TextField::Category => SuggestionKind::Value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_their_known_values_are_offered_as_they_are_written() {
        let names: Vec<String> = fields("TA").into_iter().map(|entry| entry.insert).collect();
        assert_eq!(names, ["tag:"]);
        let states: Vec<String> = known(Field::Is, "un").into_iter().map(|entry| entry.label).collect();
        assert_eq!(states, ["unsafe", "unidentified"]);
        assert!(fields("").len() > 15);
    }
}
