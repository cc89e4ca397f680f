//! The tables that the rows of a read model are made of: whether anything in them was written since all rows were found right.

use futures::lock::Mutex;
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Postgres, Transaction};

use crate::read_models::ReadModel;

/// Ages are 31 bits: what was seen longer ago than this is looked at again.
const OLDEST: i64 = 1_000_000_000;

/// Connections that all see the database as it was at one moment.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub lanes: Vec<Mutex<Transaction<'static, Postgres>>>,
}

impl Snapshot {
    pub(super) async fn take(db: &PgPool, lanes: usize) -> sqlx::Result<Self> {
        let mut first = begin(db).await?;
        let name: String = sqlx::query_scalar("select pg_export_snapshot()").fetch_one(&mut *first).await?;
        let mut taken = vec![Mutex::new(first)];
        while taken.len() < lanes {
            let mut other = begin(db).await?;
            sqlx::query(AssertSqlSafe(format!("set transaction snapshot '{name}'"))).execute(&mut *other).await?;
            taken.push(Mutex::new(other));
        }
        Ok(Self { lanes: taken })
    }
}

async fn begin(db: &PgPool) -> sqlx::Result<Transaction<'static, Postgres>> {
    let mut tx = db.begin().await?;
    sqlx::query("set transaction isolation level repeatable read, read only").execute(&mut *tx).await?;
    Ok(tx)
}

/// One of the tables, as a snapshot sees it.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Source {
    relation: String,
    row_count: i64,
    definition: Option<i64>,
    seen_from: String,
    /// Its rows are those of which all rows of the read model were found right.
    is_known: bool,
}

pub(super) fn are_known(sources: &[Source]) -> bool {
    sources.iter().all(|source| source.is_known)
}

/// The read model's table is among them.
pub(super) async fn look(snapshot: &mut PgConnection, model: &ReadModel) -> sqlx::Result<Vec<Source>> {
    let sql = format!(
        "select state.relation, state.row_count, state.definition,
                pg_snapshot_xmin(pg_current_snapshot())::text as seen_from,
                known.index_name is not null as is_known
           from console.source_state($1) as state
           left join console.check_source as known
             on known.index_name = $1
            and known.relation = state.relation
            and known.row_count = state.row_count
            and known.definition = state.definition
            and known.written_by::xid = known.xmin
            and pg_snapshot_xmax(pg_current_snapshot())::text::bigint - known.seen_from::text::bigint
                between 0 and {OLDEST}
            and (state.youngest > age(known.seen_from::xid) or state.row_count = 0)"
    );
    sqlx::query_as(AssertSqlSafe(sql)).bind(model.name).fetch_all(snapshot).await
}

/// Writes down that all rows are right, as the snapshot sees them.
pub(super) async fn remember(db: &PgPool, model: &ReadModel, sources: &[Source]) -> sqlx::Result<()> {
    let known: Vec<&Source> = sources.iter().filter(|source| source.definition.is_some()).collect();
    sqlx::query(
        "insert into console.check_source as known (
                     index_name, relation, row_count, definition, seen_from, written_by)
         select $1, source.*, pg_current_xact_id()
           from unnest($2::text[], $3::bigint[], $4::bigint[], $5::text[]::xid8[]) as source
             on conflict (index_name, relation) do update
            set row_count = excluded.row_count, definition = excluded.definition, seen_from = excluded.seen_from,
                written_by = excluded.written_by",
    )
    .bind(model.name)
    .bind(known.iter().map(|source| source.relation.as_str()).collect::<Vec<_>>())
    .bind(known.iter().map(|source| source.row_count).collect::<Vec<_>>())
    .bind(known.iter().filter_map(|source| source.definition).collect::<Vec<_>>())
    .bind(known.iter().map(|source| source.seen_from.as_str()).collect::<Vec<_>>())
    .execute(db)
    .await?;
    Ok(())
}
