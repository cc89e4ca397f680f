//! What the hits of a query have in common: how many there are of each value of a field. What is chosen in a field is left out when
//! its own values are counted, so that others can be chosen beside it.

mod count;
mod field;

use std::collections::HashSet;

use serde::Serialize;
use specta::Type;
use sqlx::PgPool;

use self::{
    count::{Count, Counted, Counts, count},
    field::{FIELDS, Field},
};
use super::{
    Engine, SyntaxProblem,
    histogram::{self, Bar},
    is_hollow, known,
    language::{self, Query},
    meaning::{self, Condition, Known, Wanted},
    queries, sees_unsafe,
};
use crate::{
    access::{Operator, Right},
    elastic::Elastic,
    error::{Error, Result},
    read_models::fold,
};

/// Shown of a facet, beside what is chosen.
const SHOWN: usize = 20;
/// In which one can search.
const MOST_VALUES: usize = 10_000;

#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Facets {
    pub engine: Engine,
    pub facets: Vec<Facet>,
    pub histogram: Vec<Bar>,
    /// Not all of the index answered: there are at least so many of each.
    pub is_estimate: bool,
    pub problem: Option<SyntaxProblem>,
}

impl Facets {
    fn none(problem: Option<SyntaxProblem>) -> Self {
        Self { engine: Engine::PostgreSql, facets: Vec::new(), histogram: Vec::new(), is_estimate: false, problem }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Facet {
    /// tag, scene, person, uploader, dept, event, type or safety
    pub field: String,
    /// The most frequent first
    pub values: Vec<FacetValue>,
    /// Not all of the index answered: there are at least so many of each.
    pub is_estimate: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FacetValue {
    pub value: String,
    #[specta(type = i32)]
    pub count: i64,
    pub is_chosen: bool,
    /// The query's text with it chosen, or not any more
    pub toggled: String,
}

/// The facets of a query, and its hits over time.
///
/// # Errors
/// `Forbidden` without the right to search.
pub async fn facets(db: &PgPool, elastic: Option<&Elastic>, by: &Operator, text: &str) -> Result<Facets> {
    by.may(Right::Search)?;
    let query = match language::parse(text) {
        Ok(query) => query,
        Err(error) => return Ok(Facets::none(Some(error.into()))),
    };
    let (known, _) = known(db, by, &query).await?;
    let condition = meaning::condition(&query, &known);
    if is_hollow(&query, condition.as_ref()) {
        return Ok(Facets::none(None));
    }
    let fields = FIELDS.into_iter().filter(|field| *field != Field::Safety || sees_unsafe(by)).collect();
    let asked = counts(&query, fields, condition, &known);
    let (engine, counted) = count(db, elastic, by, &asked, SHOWN).await?;
    let mut facets = Vec::new();
    for (field, values) in counted.values {
        let values = match asked.iter().find(|one| one.fields == [field]) {
            Some(one) if lacks_chosen(field, &values, &query, &by.username) => {
                all_values(db, elastic, by, one).await?.values.into_iter().flat_map(|(_, values)| values).collect()
            }
            _ => values,
        };
        let values = shown(field, values, &query, &by.username, |_| true);
        facets.push(Facet { field: field.name().into(), values, is_estimate: counted.is_partial });
    }
    let order = |facet: &Facet| FIELDS.iter().position(|field| field.name() == facet.field);
    facets.sort_by_key(order);
    let histogram = histogram::bars(&counted.days, &query);
    Ok(Facets { engine, facets, histogram, is_estimate: counted.is_partial, problem: None })
}

/// What is chosen may be too rare to be among the most frequent.
fn lacks_chosen(field: Field, values: &[Counted], query: &Query, me: &str) -> bool {
    let is_there = |chosen: &String| values.iter().any(|(value, _)| fold::fold(value) == fold::fold(chosen));
    values.len() >= SHOWN && !field.chosen(query, me).iter().all(is_there)
}

async fn all_values(db: &PgPool, elastic: Option<&Elastic>, by: &Operator, one: &Count) -> Result<Counts> {
    let (_, counted) = count(db, elastic, by, std::slice::from_ref(one), MOST_VALUES).await?;
    Ok(counted)
}

/// A facet's values of which a word begins so; of people also those of whose full names one does.
///
/// # Errors
/// `Forbidden` without the right to search, `Invalid` for a text or field that there is not.
pub async fn facet_values(
    db: &PgPool,
    elastic: Option<&Elastic>,
    by: &Operator,
    text: &str,
    field: &str,
    starts_with: &str,
) -> Result<Facet> {
    by.may(Right::Search)?;
    let query = language::parse(text).map_err(|error| Error::Invalid(error.to_string()))?;
    let field = Field::named(field).ok_or_else(|| Error::Invalid(format!("Hits are not counted by {field}.")))?;
    let (known, _) = known(db, by, &query).await?;
    let condition = meaning::condition(&field.others(&query), &known);
    let asked = Count { fields: vec![field], condition, days: false };
    let counted = all_values(db, elastic, by, &asked).await?;
    let typed = fold::words(starts_with);
    let named: HashSet<String> = if field.is_of_people() && !typed.is_empty() {
        queries::usernames(db, &Wanted { kind: meaning::Kind::Prefix, words: typed.clone() })
            .await?
            .into_iter()
            .collect()
    } else {
        HashSet::new()
    };
    let is_meant = |value: &str| begins(&fold::words(value), &typed) || named.contains(value);
    let values = counted.values.into_iter().flat_map(|(_, values)| values).collect();
    let values = shown(field, values, &query, &by.username, is_meant);
    Ok(Facet { field: field.name().into(), values, is_estimate: counted.is_partial })
}

/// Whether somewhere in the words the typed ones begin, the last of which may be unfinished.
fn begins(words: &[String], typed: &[String]) -> bool {
    let Some((last, whole)) = typed.split_last() else { return true };
    words.windows(typed.len()).any(|part| {
        part.iter().zip(whole).all(|(word, typed)| word == typed) && part[whole.len()].starts_with(last.as_str())
    })
}

/// Fields in which nothing is chosen are counted together; each other one by itself, without what is chosen in it.
fn counts(query: &Query, fields: Vec<Field>, condition: Option<Condition>, known: &Known) -> Vec<Count> {
    let is_chosen = |field: &Field| query.conditions().iter().any(|condition| field.is_chosen_by(condition));
    let (chosen, others): (Vec<Field>, Vec<Field>) = fields.into_iter().partition(is_chosen);
    let mut counts = vec![Count { fields: others, condition, days: true }];
    counts.extend(chosen.into_iter().map(|field| Count {
        fields: vec![field],
        condition: meaning::condition(&field.others(query), known),
        days: false,
    }));
    counts
}

/// What is chosen comes first, and is there even where no hit has it.
fn shown(
    field: Field,
    mut values: Vec<Counted>,
    query: &Query,
    me: &str,
    is_meant: impl Fn(&str) -> bool,
) -> Vec<FacetValue> {
    values.sort_by(|(one, a), (other, b)| b.cmp(a).then_with(|| one.cmp(other)));
    let counted: HashSet<String> = values.iter().map(|(value, _)| fold::fold(value)).collect();
    let chosen = field.chosen(query, me).into_iter().filter(|value| !counted.contains(&fold::fold(value)));
    let all = values.into_iter().chain(chosen.map(|value| (value, 0)));
    let mut shown: Vec<FacetValue> = all
        .filter(|(value, _)| is_meant(value))
        .filter_map(|(value, count)| {
            let term = field.term_in(query, &value, me)?;
            Some(FacetValue { is_chosen: query.holds(&term), toggled: query.toggle(term).to_string(), value, count })
        })
        .collect();
    shown.sort_by_key(|value| !value.is_chosen);
    let chosen = shown.iter().take_while(|value| value.is_chosen).count();
    shown.truncate(chosen + SHOWN);
    shown
}

#[cfg(test)]
mod tests {
    use super::{super::language::TextField, *};

    #[test]
    fn words_of_values_can_be_begun() {
        let is_found = |value: &str, typed: &str| begins(&fold::words(value), &fold::words(typed));
        assert!(is_found("New York", "yo"));
        assert!(is_found("New York", "NEW yo"));
        assert!(is_found("anything", ""));
        assert!(!is_found("New York", "ork"));
    }

    #[test]
    fn a_facet_does_not_count_its_own_choice() {
        let query = language::parse("sea tag:beach tag:\"New York\" scene:x -tag:hill is:safe").expect("a query");
        let tag = Field::Text(TextField::Tag);
        assert_eq!(tag.others(&query).to_string(), "sea scene:x -tag:hill is:safe");
        assert_eq!(tag.chosen(&query, "amara"), ["beach", "New York"]);
        assert_eq!(Field::Safety.others(&query).to_string(), "sea tag:beach tag:\"New York\" scene:x -tag:hill");
    }

    #[test]
    fn what_is_chosen_comes_first() {
        let query = language::parse("tag:(sea OR gone)").expect("a query");
        let values = vec![("beach".into(), 5), ("Sea".into(), 2)];
        let values = shown(Field::Text(TextField::Tag), values, &query, "amara", |_| true);
        let seen: Vec<_> = values.iter().map(|value| (value.value.as_str(), value.count, value.is_chosen)).collect();
        assert_eq!(seen, [("Sea", 2, true), ("gone", 0, true), ("beach", 5, false)]);
        assert_eq!(values[0].toggled, "tag:gone");
        assert_eq!(values[2].toggled, "tag:(sea OR gone OR \"beach\")");
    }

    #[test]
    fn who_is_chosen_as_me_is_chosen_under_their_name() {
        let query = language::parse("person:(me OR bo)").expect("a query");
        let values = vec![("amara".into(), 5), ("chidi".into(), 3)];
        let values = shown(Field::Text(TextField::Person), values, &query, "amara", |_| true);
        let seen: Vec<_> = values.iter().map(|value| (value.value.as_str(), value.is_chosen)).collect();
        assert_eq!(seen, [("amara", true), ("bo", true), ("chidi", false)]);
        assert_eq!(values[0].toggled, "person:bo");
        let query = language::parse("person:me").expect("a query");
        let values = shown(Field::Text(TextField::Person), vec![], &query, "amara", |_| true);
        assert_eq!((values[0].value.as_str(), values[0].count, values[0].toggled.as_str()), ("amara", 0, ""));
    }
}
