//! Walls and their lines: SQL and nothing else.

use sqlx::{PgConnection, PgExecutor, PgPool, query, query_as};

use super::{
    super::{
        Holder,
        wall::{Line, LineNeed, LineRule, PersonCursor},
    },
    queue::Place,
};
use crate::{
    db::{FaceId, RowVersion, Seen, UserId},
    error::Result,
};

pub(in crate::faces) async fn people_waiting(
    db: &PgPool,
    queue: &str,
    after: Option<PersonCursor>,
    at_most: i32,
) -> Result<Vec<PersonCursor>> {
    Ok(query_as!(
        PersonCursor,
        r#"
        select faces     as "faces!",
               person_id as "person!: UserId"
          from console.people_waiting($1, $2, $3, $4)
        "#,
        queue,
        after.map(|cursor| cursor.faces),
        after.map(|cursor| cursor.person.0),
        at_most
    )
    .fetch_all(db)
    .await?)
}

pub(in crate::faces) async fn rule(db: &PgPool) -> Result<LineRule> {
    Ok(query_as!(LineRule, "select least_precision, confidence, sample from console.face_line_rule")
        .fetch_one(db)
        .await?)
}

pub(in crate::faces) async fn line_need(
    db: &PgPool,
    holder: &Holder,
    person: UserId,
    queue: &str,
    similarity: f64,
) -> Result<LineNeed> {
    Ok(query_as!(
        LineNeed,
        r#"
        select above  as "above!",
               sample as "sample!"
          from console.line_need($1, $2, $3, $4)
        "#,
        person.0,
        queue,
        similarity,
        holder.as_str()
    )
    .fetch_one(db)
    .await?)
}

pub(in crate::faces) async fn standing_line(
    db: impl PgExecutor<'_>,
    holder: &Holder,
    person: UserId,
    queue: &str,
) -> Result<Option<Line>> {
    Ok(query_as!(
        Line,
        r#"
        select similarity as "similarity!",
               sample     as "sample!",
               correct    as "correct!",
               true       as "holds!"
          from console.standing_line($1, $2, $3)
        "#,
        person.0,
        queue,
        holder.as_str()
    )
    .fetch_optional(db)
    .await?)
}

pub(in crate::faces) async fn line_sample(
    db: &PgPool,
    holder: &Holder,
    person: UserId,
    queue: &str,
    similarity: f64,
) -> Result<Vec<Place>> {
    Ok(query_as!(
        Place,
        r#"
        select face_id   as "face_id!: FaceId",
               person_id as "person_id: UserId",
               similarity,
               impact    as "impact!"
          from console.line_sample($1, $2, $3, $4)
        "#,
        person.0,
        queue,
        similarity,
        holder.as_str()
    )
    .fetch_all(db)
    .await?)
}

pub(in crate::faces) async fn draw_line(
    db: &mut PgConnection,
    person: UserId,
    queue: &str,
    similarity: f64,
    sample: &[FaceId],
) -> Result<Line> {
    let sample: Vec<i64> = sample.iter().map(|face| face.0).collect();
    Ok(query_as!(
        Line,
        r#"
        select similarity as "similarity!",
               sample     as "sample!",
               correct    as "correct!",
               false      as "holds!"
          from console.draw_line($1, $2, $3, $4)
        "#,
        person.0,
        queue,
        similarity,
        &sample
    )
    .fetch_one(db)
    .await?)
}

pub(in crate::faces) async fn faces_above(
    db: &mut PgConnection,
    holder: &Holder,
    person: UserId,
    queue: &str,
    similarity: f64,
) -> Result<Vec<Seen<FaceId>>> {
    let rows = query!(
        r#"
        select face_id as "face_id!: FaceId",
               version as "version!: RowVersion"
          from console.faces_above($1, $2, $3, $4)
        "#,
        person.0,
        queue,
        similarity,
        holder.as_str()
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| Seen { id: row.face_id, version: row.version }).collect())
}
