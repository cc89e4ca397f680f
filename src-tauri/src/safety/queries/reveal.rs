//! Looks at unsafe media in clear, and budgets of them.

use std::time::Duration;

use sqlx::{PgPool, query, query_as};

use crate::{
    db::{LookId, MediaId},
    error::Result,
    media::Region,
    safety::{Budget, Left},
};

/// A look that began, and how long it may last.
pub(in crate::safety) struct Look {
    pub(in crate::safety) id: LookId,
    pub(in crate::safety) lasts: Duration,
}

pub(in crate::safety) async fn begin_reveal(db: &PgPool, media: MediaId, region: Option<Region>) -> Result<Look> {
    let region = region.map(|Region { left, top, width, height }| vec![left, top, width, height]);
    let row = query!(
        r#"
        select reveal_id as "id!: LookId", extract(epoch from lasts)::double precision as "seconds!"
          from console.begin_reveal($1, $2)
        "#,
        media.0,
        region.as_deref()
    )
    .fetch_one(db)
    .await?;
    Ok(Look { id: row.id, lasts: Duration::from_secs_f64(row.seconds) })
}

pub(in crate::safety) async fn end_reveal(db: &PgPool, look: LookId) -> Result<()> {
    query!("select console.end_reveals($1)", look.0).fetch_one(db).await?;
    Ok(())
}

pub(in crate::safety) async fn end_reveals(db: &PgPool) -> Result<()> {
    query!("select console.end_reveals()").fetch_one(db).await?;
    Ok(())
}

pub(in crate::safety) async fn reveals_left(db: &PgPool) -> Result<Left> {
    Ok(query_as!(
        Left,
        r#"
        select items as "items!", seconds as "seconds!", of_items as "of_items!", of_seconds as "of_seconds!"
          from console.reveals_left()
        "#
    )
    .fetch_one(db)
    .await?)
}

pub(in crate::safety) async fn budgets(db: &PgPool) -> Result<Vec<Budget>> {
    Ok(query_as!(
        Budget,
        r#"
        select reviewer,
               category as "category!",
               items as "items!",
               seconds as "seconds!",
               look_seconds as "look_seconds!"
          from console.set_budgets
         order by category, reviewer nulls first
        "#
    )
    .fetch_all(db)
    .await?)
}

pub(in crate::safety) async fn set_budget(db: &PgPool, budget: &Budget) -> Result<()> {
    let Budget { reviewer, category, items, seconds, look_seconds } = budget;
    query!(
        "select console.set_reveal_budget($1, $2, $3, $4, $5)",
        reviewer.as_deref(),
        category,
        items,
        seconds,
        look_seconds
    )
    .fetch_one(db)
    .await?;
    Ok(())
}
