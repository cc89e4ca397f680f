//! Rows of a read model beside what the source view says that they must be, by ranges of keys and by hashes.

use sqlx::{AssertSqlSafe, PgPool};

use super::progress::{Progress, Step, Stop};
use crate::{error::Result, read_models::ReadModel};

/// Keys compared in one statement.
const RANGE: i64 = 10_000;
/// Differences that are looked at again at once.
const CONFIRM: usize = 500;

/// A row that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct Row {
    pub id: String,
    /// `None` where nothing in the core tables is known to belong to it.
    pub key: Option<i64>,
    pub must_be: bool,
    pub is_there: bool,
}

/// Rows that are not as their source view says, and that no mark waits for.
///
/// # Errors
/// `Cancelled`, or those of PostgreSQL.
pub(super) async fn compare(db: &PgPool, model: &'static ReadModel, progress: &Progress) -> Result<Vec<Row>, Stop> {
    let digests = Digests::of(db, model).await?;
    let mut found = Vec::new();
    if !digests.is_by_key() {
        progress.say(Step { name: "rows", done: 0, total: 1 }, None).await?;
        let suspects = digests.differing(db, None).await?;
        digests.confirm(db, &suspects, &mut found).await?;
        return Ok(found);
    }
    let last = digests.end(db, "desc", "max", "is not null").await?.unwrap_or(0);
    let mut next = digests.end(db, "asc", "min", "is not null").await?;
    let first = next.unwrap_or(0);
    while let Some(from) = next {
        let step = Step { name: "rows", done: from.saturating_sub(first), total: last.saturating_sub(first) + 1 };
        progress.say(step, None).await?;
        let up_to = from.saturating_add(RANGE);
        let suspects = digests.differing(db, Some((from, up_to))).await?;
        digests.confirm(db, &suspects, &mut found).await?;
        next = digests.end(db, "asc", "min", &format!(">= {up_to}")).await?;
    }
    Ok(found)
}

/// Marks rows to be computed anew; takes out those that belong to nothing.
pub(super) async fn mark(db: &PgPool, model: &ReadModel, rows: &[Row]) -> Result<()> {
    let ReadModel { name, table, identity: (id, id_type), .. } = model;
    for rows in rows.chunks(CONFIRM) {
        let keys: Vec<i64> = rows.iter().filter_map(|row| row.key).collect();
        let lost: Vec<String> = rows.iter().filter(|row| row.key.is_none()).map(|row| row.id.clone()).collect();
        let mut tx = db.begin().await?;
        sqlx::query("select console.mark_dirty($1, 'row', $2)").bind(*name).bind(keys).execute(&mut *tx).await?;
        let sql = format!(
            "delete from {table} as r
              where r.{id} = any ($1::text[]::{id_type}[])
                and not exists (select from console.{name}_source as s where s.{id} = r.{id})"
        );
        sqlx::query(AssertSqlSafe(sql)).bind(lost).execute(&mut *tx).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// The SQL by which both sides are brought to one number a row.
struct Digests {
    model: &'static ReadModel,
    source: String,
    table: String,
}

impl Digests {
    /// The view's values are cast to the types of the table's columns: the same number may be written in two ways.
    async fn of(db: &PgPool, model: &'static ReadModel) -> Result<Self> {
        let known: Vec<(String, String)> = sqlx::query_as(
            "select attname::text, format_type(atttypid, null)
               from pg_attribute
              where attrelid = $1::regclass
                and attnum > 0",
        )
        .bind(model.table)
        .fetch_all(db)
        .await?;
        let cast = |column: &str| {
            let found = known.iter().find(|(name, _)| name == column);
            found.map_or_else(|| format!("s.{column}"), |(_, of_table)| format!("s.{column}::{of_table}"))
        };
        let source: Vec<String> = model.columns.iter().map(|column| cast(column)).collect();
        let table: Vec<String> = model.columns.iter().map(|column| format!("r.{column}")).collect();
        let digest = |columns: Vec<String>| format!("hashtextextended(row({})::text, 0)", columns.join(", "));
        Ok(Self { model, source: digest(source), table: digest(table) })
    }

    fn is_by_key(&self) -> bool {
        self.model.identity == (self.model.key, "bigint")
    }

    /// Ids and keys of what differs in a range, from and up to before a key; at this moment, marked or not.
    async fn differing(&self, db: &PgPool, range: Option<(i64, i64)>) -> Result<Vec<(String, Option<i64>)>> {
        let Self { model: ReadModel { name, table, key, identity: (id, _), .. }, source, table: digest } = self;
        let within = |column: &str| {
            range
                .map_or_else(|| "true".to_owned(), |(from, up_to)| format!("{column} >= {from} and {column} < {up_to}"))
        };
        let (of_source, of_table) = (within(&format!("s.{key}")), within(&format!("r.{id}")));
        let sql = format!(
            "select coalesce(source.id, found.id),
                    coalesce(source.key, case when found.id ~ '^[0-9]{{1,18}}$' then found.id::bigint end)
               from (select s.{id}::text as id, s.{key} as key, {source} as digest
                       from console.{name}_source as s where {of_source}) as source
               full join (select r.{id}::text as id, {digest} as digest from {table} as r where {of_table}) as found
                 on found.id = source.id
              where found.digest is distinct from source.digest"
        );
        Ok(sqlx::query_as(AssertSqlSafe(sql)).fetch_all(db).await?)
    }

    /// Looks again at what differs, in one snapshot with the marks: a change is there with its mark, or not at all.
    async fn confirm(&self, db: &PgPool, suspects: &[(String, Option<i64>)], found: &mut Vec<Row>) -> Result<()> {
        let Self { model: ReadModel { name, table, key, identity: (id, id_type), .. }, source, table: digest } = self;
        let sql = format!(
            "with wanted as (
                 select id, key from unnest($1::text[], $2::bigint[]) as wanted (id, key)
             ),
             source as materialized (
                 select s.{id}::text as id, {source} as digest from console.{name}_source as s where s.{key} = any ($2)
             ),
             found as materialized (
                 select r.{id}::text as id, {digest} as digest from {table} as r
                  where r.{id} = any ($1::text[]::{id_type}[])
             ),
             pending as materialized (
                 select generate_series(queue.key, queue.key + queue.span - 1) as key
                   from console.read_model_queue as queue
                  where queue.read_model = '{name}' and queue.scope = 'row'
                 union
                 select reach.key
                   from console.read_model_queue as queue
                   join console.{name}_reach as reach
                     on reach.scope = queue.scope and reach.origin between queue.key and queue.key + queue.span - 1
                  where queue.read_model = '{name}' and queue.scope <> 'row'
             )
             select wanted.id, wanted.key, source.id is not null as must_be, found.id is not null as is_there
               from wanted
               left join source on source.id = wanted.id
               left join found on found.id = wanted.id
              where source.digest is distinct from found.digest
                and case when wanted.key is null
                         then not exists (
                             select from console.read_model_queue as queue where queue.read_model = '{name}')
                         else wanted.key not in (select key from pending where key is not null)
                    end
                and not exists (
                    select from console.dead_letter as letter
                     where letter.kind = 'read_model' and letter.name = '{name}' and letter.key = wanted.key::text)
              order by wanted.key, wanted.id"
        );
        for suspects in suspects.chunks(CONFIRM) {
            let (ids, keys): (Vec<String>, Vec<Option<i64>>) = suspects.iter().cloned().unzip();
            found
                .extend(sqlx::query_as::<_, Row>(AssertSqlSafe(sql.clone())).bind(ids).bind(keys).fetch_all(db).await?);
        }
        Ok(())
    }

    /// The first or last key of either side that meets the condition.
    async fn end(&self, db: &PgPool, order: &str, end: &str, condition: &str) -> Result<Option<i64>> {
        let ReadModel { name, table, key, identity: (id, _), .. } = self.model;
        let sql = format!(
            "select {end}(key)
               from ((select {key} from console.{name}_source where {key} {condition} order by {key} {order} limit 1)
                     union all
                     (select {id} from {table} where {id} {condition} order by {id} {order} limit 1)) as ends (key)"
        );
        Ok(sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(db).await?)
    }
}
