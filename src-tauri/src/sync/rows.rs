//! Rows of a read model beside what the source view says that they must be, by ranges of keys and by hashes.

use futures::{
    StreamExt, TryStreamExt,
    stream::{self, BoxStream},
};
use sqlx::{AssertSqlSafe, PgConnection, PgPool};

use super::{
    progress::{Progress, Step, Stop},
    sources::{self, Snapshot},
};
use crate::{error::Result, read_models::ReadModel};

/// Keys compared in one statement.
const RANGE: i64 = 10_000;
/// Parts of rows that no key gives an order; a power of two.
const SHARES: i64 = 8;
/// Parts at once: hashing keeps a processor busy.
const AT_ONCE: usize = 2;
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
    let snapshot = Snapshot::take(db, AT_ONCE).await?;
    let [first, ..] = snapshot.lanes.as_slice() else { return Ok(Vec::new()) };
    progress.say(Step { name: "rows", ..Step::default() }, None).await?;
    let sources = sources::look(&mut *first.lock().await, model).await?;
    if sources::are_known(&sources) {
        return Ok(Vec::new());
    }
    let digests = Digests::of(db, model).await?;
    let parts = digests.parts(&mut *first.lock().await).await?;
    let total = i64::try_from(parts.len()).unwrap_or(i64::MAX);
    let (mut found, mut done, mut is_right) = (Vec::new(), 0, true);
    let mut compared = digests.compared(&snapshot, &parts);
    while let Some(suspects) = compared.try_next().await? {
        is_right &= suspects.is_empty();
        digests.confirm(db, &suspects, &mut found).await?;
        done += 1;
        progress.say(Step { name: "rows", done, total }, None).await?;
    }
    if is_right {
        sources::remember(db, model, &sources).await?;
    }
    Ok(found)
}

/// What is compared in one statement.
#[derive(Debug, Clone, Copy)]
enum Part {
    /// From the first key to the last
    Keys(i64, i64),
    /// The ids whose hash is in this share
    Share(i64),
}

/// Of a row, wherever it is: its id, and its key where it is known.
type Suspect = (String, Option<i64>);

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
        // A vector within a row's text would be quoted and copied; it takes most of the time anyway.
        let digest = |value: &dyn Fn(&str) -> String| {
            let small: Vec<String> = model
                .columns
                .iter()
                .filter(|column| Some(**column) != model.vector)
                .map(|column| value(column))
                .collect();
            let large = model.vector.map_or_else(
                || "0".to_owned(),
                |vector| format!("coalesce(hashtextextended({}, 0), 0)", value(vector)),
            );
            format!("hashtextextended(row({})::text, {large})", small.join(", "))
        };
        Ok(Self { model, source: digest(&cast), table: digest(&|column| format!("r.{column}")) })
    }

    /// By keys, or where rows have other names than keys, as many shares.
    async fn parts(&self, snapshot: &mut PgConnection) -> Result<Vec<Part>> {
        if self.model.identity != (self.model.key, "bigint") {
            return Ok((0..SHARES).map(Part::Share).collect());
        }
        let mut parts = Vec::new();
        let mut next = self.first_key(snapshot, "is not null").await?;
        while let Some(from) = next {
            let last = from.saturating_add(RANGE - 1);
            parts.push(Part::Keys(from, last));
            next = self.first_key(snapshot, &format!("> {last}")).await?;
        }
        Ok(parts)
    }

    /// What differs in each part, some parts at once.
    fn compared<'a>(&'a self, snapshot: &'a Snapshot, parts: &'a [Part]) -> BoxStream<'a, Result<Vec<Suspect>>> {
        stream::iter(parts.iter().zip(snapshot.lanes.iter().cycle()))
            .map(move |(part, lane)| async move { self.differing(&mut *lane.lock().await, *part).await })
            .buffered(AT_ONCE)
            .boxed()
    }

    /// What differs in a part, as a snapshot sees it, marked or not.
    async fn differing(&self, snapshot: &mut PgConnection, part: Part) -> Result<Vec<Suspect>> {
        let Self { model: ReadModel { name, table, key, identity: (id, _), .. }, source, table: digest } = self;
        let within = |key: &str, id: &str| match part {
            Part::Keys(first, last) => format!("{key} between {first} and {last}"),
            Part::Share(share) => format!("hashtextextended({id}::text, 0) & {} = {share}", SHARES - 1),
        };
        let (of_source, of_table) =
            (within(&format!("s.{key}"), &format!("s.{id}")), within(&format!("r.{id}"), &format!("r.{id}")));
        let sql = format!(
            "select coalesce(source.id, found.id),
                    coalesce(source.key, case when found.id ~ '^[0-9]{{1,18}}$' then found.id::bigint end)
               from (select s.{id}::text as id, s.{key} as key, {source} as digest
                       from console.{name}_source as s where {of_source}) as source
               full join (select r.{id}::text as id, {digest} as digest from {table} as r where {of_table}) as found
                 on found.id = source.id
              where found.digest is distinct from source.digest"
        );
        Ok(sqlx::query_as(AssertSqlSafe(sql)).fetch_all(snapshot).await?)
    }

    /// Looks again at what differs, in one snapshot with the marks: a change is there with its mark, or not at all.
    async fn confirm(&self, db: &PgPool, suspects: &[Suspect], found: &mut Vec<Row>) -> Result<()> {
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

    /// Of either side.
    async fn first_key(&self, snapshot: &mut PgConnection, condition: &str) -> Result<Option<i64>> {
        let ReadModel { name, table, key, identity: (id, _), .. } = self.model;
        let sql = format!(
            "select min(key)
               from ((select {key} from console.{name}_source where {key} {condition} order by {key} limit 1)
                     union all
                     (select {id} from {table} where {id} {condition} order by {id} limit 1)) as ends (key)"
        );
        Ok(sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(snapshot).await?)
    }
}
