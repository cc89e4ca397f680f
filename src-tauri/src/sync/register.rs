//! `console.index_generation`: SQL and nothing else.

use serde::Deserialize;
use sqlx::{PgConnection, PgExecutor, PgPool, query, query_as, query_scalar};

/// An index that stands behind an alias, stood there, or will.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Registered {
    pub generation: String,
    pub uuid: String,
    /// `live`, `building`, `previous` or `halted`
    pub state: String,
    /// Equal only while the mapping is. `None` where it was made before this was kept.
    pub mapping: Option<String>,
}

/// Lets one worker at a time change what is behind an alias, until the transaction ends: two would each make an index.
pub(super) async fn lock(tx: &mut PgConnection, index: &str) -> sqlx::Result<()> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('console.index_generation ' || $1, 0))")
        .bind(index)
        .execute(tx)
        .await?;
    Ok(())
}

/// All generations of an index, the newest first.
pub(super) async fn all(db: impl PgExecutor<'_>, index: &str) -> sqlx::Result<Vec<Registered>> {
    query_as!(
        Registered,
        "select generation, uuid, state, mapping from console.index_generation where index_name = $1 order by marked_at desc",
        index
    )
    .fetch_all(db)
    .await
}

/// The generations that documents are sent to, the one that is searched first. Asked after the claim: what was marked
/// since a generation was registered is then sent to it, and what was marked before is in the rows that it is filled from.
pub(super) async fn written(db: &PgPool, index: &str) -> sqlx::Result<Vec<Registered>> {
    query_as!(
        Registered,
        r#"
        select generation, uuid, state, mapping
          from console.index_generation
         where index_name = $1
           and state in ('live', 'building')
         order by state desc
        "#,
        index
    )
    .fetch_all(db)
    .await
}

/// Makes a generation the live one, in place of whatever was.
pub(super) async fn adopt(tx: &mut PgConnection, index: &str, adopted: &Registered) -> sqlx::Result<()> {
    query!(
        "delete from console.index_generation where index_name = $1 and state = 'live' and generation <> $2",
        index,
        adopted.generation
    )
    .execute(&mut *tx)
    .await?;
    register(tx, index, adopted).await
}

/// Writes a generation down in its state; what was known of one of that name is forgotten.
pub(super) async fn register(db: &mut PgConnection, index: &str, generation: &Registered) -> sqlx::Result<()> {
    query!(
        r#"
        insert into console.index_generation (index_name, generation, uuid, state, mapping)
        values ($1, $2, $3, $4, $5)
            on conflict (index_name, generation) do update
           set uuid = excluded.uuid, state = excluded.state, mapping = excluded.mapping, problem = null,
               marked_at = clock_timestamp()
        "#,
        index,
        generation.generation,
        generation.uuid,
        generation.state,
        generation.mapping,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The generation that was building is the live one, and that one the previous one. Returns those that nobody goes back to.
/// What only the one before refused is in this one, and no dead letter any more.
pub(super) async fn promote(db: &PgPool, index: &str, generation: &str) -> sqlx::Result<Vec<String>> {
    let mut tx = db.begin().await?;
    let state = query_scalar!(
        "select state from console.index_generation where index_name = $1 and generation = $2 for update",
        index,
        generation
    )
    .fetch_optional(&mut *tx)
    .await?;
    if state.as_deref() == Some("live") {
        return Ok(Vec::new());
    }
    query!(
        "delete from console.dead_letter where kind = 'index' and name = $1 and generation <> $2",
        index,
        generation
    )
    .execute(&mut *tx)
    .await?;
    let outdated = query_scalar!(
        r#"
        delete from console.index_generation
         where index_name = $1
           and state in ('previous', 'halted')
           and generation <> $2
        returning generation
        "#,
        index,
        generation
    )
    .fetch_all(&mut *tx)
    .await?;
    query!(
        "update console.index_generation set state = 'previous' where index_name = $1 and state = 'live' and generation <> $2",
        index,
        generation
    )
    .execute(&mut *tx)
    .await?;
    set_state(&mut tx, index, generation, "live").await?;
    tx.commit().await?;
    Ok(outdated)
}

pub(super) async fn set_state(db: &mut PgConnection, index: &str, generation: &str, state: &str) -> sqlx::Result<()> {
    query!(
        "update console.index_generation set state = $3 where index_name = $1 and generation = $2",
        index,
        generation,
        state
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn forget(db: &PgPool, index: &str, generation: &str) -> sqlx::Result<()> {
    query!("delete from console.index_generation where index_name = $1 and generation = $2", index, generation)
        .execute(db)
        .await?;
    Ok(())
}

/// Writes down why a generation can't be made true, or with `None` that nothing is known against it.
pub(super) async fn note(db: &PgPool, index: &str, generation: &str, problem: Option<&str>) -> sqlx::Result<()> {
    query!(
        r#"
        update console.index_generation
           set problem = $3
         where index_name = $1
           and generation = $2
           and problem is distinct from $3
        "#,
        index,
        generation,
        problem
    )
    .execute(db)
    .await?;
    Ok(())
}

/// No document was ever sent in a higher version than this, unless the database is older than the index.
pub(super) async fn newest_version(db: &PgPool) -> sqlx::Result<i64> {
    query_scalar!("select last_value from console.version").fetch_one(db).await
}

/// Why a generation can't be made true, if it can't.
pub(super) async fn problem(db: &PgPool, index: &str, generation: &str) -> sqlx::Result<Option<String>> {
    let found = query_scalar!(
        "select problem from console.index_generation where index_name = $1 and generation = $2",
        index,
        generation
    )
    .fetch_optional(db)
    .await?;
    Ok(found.flatten())
}
