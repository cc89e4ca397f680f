//! How many hits have each value of a field, in either engine.

use chrono::{DateTime, NaiveDate};
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{
    super::{Engine, dsl, index::INDEX, meaning::Condition, queries, sees_unsafe},
    field::Field,
};
use crate::{
    access::Operator,
    db::Cancellable,
    elastic::{Elastic, Failure},
    error::Result,
};

/// A value and how many hits have it.
pub(super) type Counted = (String, i64);

/// One of the counts that are made together: for which fields, among what.
pub(super) struct Count {
    pub fields: Vec<Field>,
    pub condition: Option<Condition>,
    /// Also how many there are of each day
    pub days: bool,
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    pub values: Vec<(Field, Vec<Counted>)>,
    pub days: Vec<(NaiveDate, i64)>,
    /// Not all of the index answered.
    pub is_partial: bool,
}

/// Each count, and which engine made them.
pub(super) async fn count(
    db: &PgPool,
    elastic: Option<&Elastic>,
    by: &Operator,
    asked: &[Count],
    at_most: usize,
) -> Result<(Engine, Counts)> {
    if let Some(elastic) = elastic
        && let Some(conditions) = indexed(db, asked).await?
    {
        match in_index(elastic, asked, &conditions, sees_unsafe(by), at_most).await {
            Ok(counts) => return Ok((Engine::Elasticsearch, counts)),
            Err(failure) => tracing::warn!(%failure, "facets are counted by PostgreSQL"),
        }
    }
    let values = in_postgresql(db, asked, at_most).await?;
    let mut counts = Counts { values, ..Counts::default() };
    if let Some(one) = asked.iter().find(|one| one.days) {
        let mut own = Cancellable::acquire(db).await?;
        counts.days = queries::days(&mut *own, one.condition.as_ref()).await?;
        own.release();
    }
    Ok((Engine::PostgreSql, counts))
}

async fn in_postgresql(db: &PgPool, asked: &[Count], at_most: usize) -> Result<Vec<(Field, Vec<Counted>)>> {
    let mut own = Cancellable::acquire(db).await?;
    let mut values = Vec::new();
    for one in asked {
        for field in &one.fields {
            values.push((*field, queries::facet(&mut *own, one.condition.as_ref(), field.name(), at_most).await?));
        }
    }
    own.release();
    Ok(values)
}

/// The conditions in words of the index; `None` where one has none.
async fn indexed(db: &PgPool, asked: &[Count]) -> Result<Option<Vec<Option<Condition>>>> {
    let mut conditions = Vec::new();
    for one in asked {
        conditions.push(match &one.condition {
            None => None,
            Some(condition) => match queries::for_index(db, condition).await? {
                None => return Ok(None),
                found => found,
            },
        });
    }
    Ok(Some(conditions))
}

#[derive(Debug, Deserialize)]
struct Answer {
    #[serde(flatten)]
    found: super::super::answer::Answer,
    aggregations: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Bucket {
    key: Value,
    key_as_string: Option<String>,
    doc_count: i64,
}

async fn in_index(
    elastic: &Elastic,
    asked: &[Count],
    conditions: &[Option<Condition>],
    sees_unsafe: bool,
    at_most: usize,
) -> Result<Counts, Failure> {
    let searches: Vec<(&str, Value)> = asked
        .iter()
        .zip(conditions)
        .map(|(one, condition)| (INDEX, body(one, condition.as_ref(), sees_unsafe, at_most)))
        .collect();
    let mut counts = Counts::default();
    for (one, answer) in asked.iter().zip(elastic.search_each::<Answer>(&searches).await?) {
        let Answer { found, aggregations } = answer?;
        counts.is_partial |= found.is_partial();
        let aggregations = aggregations.unwrap_or_default();
        for field in &one.fields {
            let buckets = buckets(&aggregations[field.name()])?;
            counts.values.push((*field, buckets.into_iter().filter_map(|bucket| value_of(*field, bucket)).collect()));
        }
        if one.days {
            counts.days = buckets(&aggregations["days"])?.iter().filter_map(day_of).collect();
        }
    }
    Ok(counts)
}

fn body(one: &Count, condition: Option<&Condition>, sees_unsafe: bool, at_most: usize) -> Value {
    let mut aggregations = serde_json::Map::new();
    for field in &one.fields {
        if let Some(name) = field.indexed(sees_unsafe) {
            aggregations.insert(field.name().into(), json!({"terms": {"field": name, "size": at_most}}));
        }
    }
    if one.days {
        let days = json!({"date_histogram": {"field": "created_at", "calendar_interval": "day", "min_doc_count": 1}});
        aggregations.insert("days".into(), days);
    }
    json!({
        "query": dsl::query(condition, sees_unsafe), "size": 0, "track_total_hits": false, "timeout": "4s",
        "aggs": aggregations,
    })
}

fn buckets(aggregation: &Value) -> Result<Vec<Bucket>, Failure> {
    match aggregation.get("buckets") {
        None => Ok(Vec::new()),
        Some(buckets) => serde_json::from_value(buckets.clone()).map_err(|error| Failure::Garbled(error.to_string())),
    }
}

fn value_of(field: Field, bucket: Bucket) -> Option<Counted> {
    let value = match (field, bucket.key_as_string) {
        (Field::Safety, Some(is_safe)) => if is_safe == "true" { "safe" } else { "unsafe" }.to_owned(),
        (Field::Type, _) => bucket.key.as_str()?.to_lowercase(),
        _ => bucket.key.as_str()?.to_owned(),
    };
    Some((value, bucket.doc_count))
}

fn day_of(bucket: &Bucket) -> Option<(NaiveDate, i64)> {
    let day = DateTime::from_timestamp_millis(bucket.key.as_i64()?)?.date_naive();
    Some((day, bucket.doc_count))
}
