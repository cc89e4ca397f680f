//! Ranges of rows and the sums of what their documents must hold, remembered from one check to the next.

use sqlx::{AssertSqlSafe, PgPool};

use super::{compare::order, row_hash};
use crate::read_models::ReadModel;

/// A range begins at every row whose id has a hash that this divides: at the same rows, whatever comes and goes elsewhere.
const ROWS: i64 = 256;
/// Transactions that may begin between the time that `age` counts from and the statement's snapshot.
const UNSEEN: i64 = 1_000_000;
/// Ages are 31 bits: what was seen longer ago than this is computed anew.
const OLDEST: i64 = 1_000_000_000;

/// Ids that follow one another, in Elasticsearch's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Range {
    /// From this one on; the empty one stands before all others.
    pub first: String,
    /// To before this one; `None` to the end.
    pub next: Option<String>,
}

/// What the documents of a range must come to.
#[derive(Debug, Clone, Copy, PartialEq, sqlx::FromRow)]
pub(super) struct Sum {
    pub rows: i64,
    /// Exact: whole numbers far below 2^53
    pub digests: f64,
}

impl Sum {
    pub(super) fn equals(self, other: Self) -> bool {
        self.rows == other.rows && (self.digests - other.digests).abs() < 0.5
    }
}

/// A range of rows as it is now.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cut {
    pub range: Range,
    /// At the time of cutting
    pub rows: i64,
    /// From an earlier check, where no row was written or taken out since.
    pub known: Option<Sum>,
}

/// The ranges of all rows, from the first possible id to the last. Reads no row's large columns: a row that was written since
/// an earlier check is known by the transaction that wrote it.
pub(super) async fn cut(db: &PgPool, model: &ReadModel) -> sqlx::Result<Vec<Cut>> {
    let ReadModel { name, table, identity: (id, _), .. } = model;
    let order = order(model);
    // The ages of rows that were frozen long ago are those of other transactions.
    let sql = format!(
        "with seen as (
             select {order} as id, age(r.xmin) as age,
                    sum((hashtextextended(r.{id}::text, 0) % {ROWS} = 0)::int)
                        over (order by {order} rows unbounded preceding) as number
               from {table} as r
         ),
         cut as (
             select case when row_number() over (order by number) = 1 then '' else min(id)::text end as first_id,
                    lead(min(id)::text) over (order by number) as next_id,
                    count(*) as row_count,
                    min(age) filter (where age > -{UNSEEN}) as youngest
               from seen
              group by number
         )
         select cut.first_id, cut.next_id, cut.row_count, known.digests
           from cut
           left join console.check_range as known
             on known.index_name = '{name}'
            and known.first_id = cut.first_id
            and known.next_id is not distinct from cut.next_id
            and known.row_count = cut.row_count
            and known.definition = hashtextextended(pg_get_viewdef('console.{name}_document'::regclass), 0)
            and known.written_by::xid = known.xmin
            and pg_snapshot_xmax(pg_current_snapshot())::text::bigint - known.seen_from::text::bigint
                between 0 and {OLDEST}
            and cut.youngest > age(known.seen_from::xid)"
    );
    let cuts: Vec<(String, Option<String>, i64, Option<f64>)> =
        sqlx::query_as(AssertSqlSafe(sql)).fetch_all(db).await?;
    if cuts.is_empty() {
        let range = Range { first: String::new(), next: None };
        return Ok(vec![Cut { range, rows: 0, known: Some(Sum { rows: 0, digests: 0.0 }) }]);
    }
    let cuts = cuts.into_iter().map(|(first, next, rows, digests)| Cut {
        range: Range { first, next },
        rows,
        known: digests.map(|digests| Sum { rows, digests }),
    });
    Ok(cuts.collect())
}

/// What a range comes to, computed from its rows and remembered.
pub(super) async fn sum(db: &PgPool, model: &ReadModel, range: &Range) -> sqlx::Result<Sum> {
    let name = model.name;
    let digest = row_hash::digest_sql("sha256(convert_to(document.row, 'UTF8'))");
    let within = within(model, range);
    // `written_by` is what the row's xmin is going to be.
    let sql = format!(
        "insert into console.check_range as known (
                     index_name, first_id, next_id, row_count, digests, definition, seen_from, written_by)
         select '{name}', $1, $2, count(*), coalesce(sum({digest}), 0)::double precision,
                hashtextextended(pg_get_viewdef('console.{name}_document'::regclass), 0),
                pg_snapshot_xmin(pg_current_snapshot()), pg_current_xact_id()
           from console.{name}_document as document
          where {within}
             on conflict (index_name, first_id) do update
            set next_id = excluded.next_id, row_count = excluded.row_count, digests = excluded.digests,
                definition = excluded.definition, seen_from = excluded.seen_from, written_by = excluded.written_by
         returning known.row_count as rows, known.digests"
    );
    sqlx::query_as(AssertSqlSafe(sql)).bind(&range.first).bind(&range.next).fetch_one(db).await
}

/// Forgets ranges that are no more.
pub(super) async fn forget_others(db: &PgPool, model: &ReadModel, cuts: &[Cut]) -> sqlx::Result<()> {
    let firsts: Vec<&str> = cuts.iter().map(|cut| cut.range.first.as_str()).collect();
    sqlx::query("delete from console.check_range where index_name = $1 and first_id <> all ($2)")
        .bind(model.name)
        .bind(firsts)
        .execute(db)
        .await?;
    Ok(())
}

/// Ids and hashes of a range's rows, as their documents must have them.
pub(super) async fn hashes(db: &PgPool, model: &ReadModel, range: &Range) -> sqlx::Result<Vec<(String, String)>> {
    let ReadModel { name, identity: (id, _), .. } = model;
    let within = within(model, range);
    let sql = format!(
        "select document.{id}::text, sha256(convert_to(document.row, 'UTF8'))
           from console.{name}_document as document
          where {within}"
    );
    let rows: Vec<(String, Vec<u8>)> =
        sqlx::query_as(AssertSqlSafe(sql)).bind(&range.first).bind(&range.next).fetch_all(db).await?;
    Ok(rows.into_iter().map(|(id, sha256)| (id, row_hash::written(&sha256))).collect())
}

/// The condition of a range, its first id as $1 and its next as $2. Written such that any plan uses the index on ids.
fn within(model: &ReadModel, range: &Range) -> String {
    let (order, id_type) = (order(model), model.identity.1);
    let from = if range.first.is_empty() { "$1::text = ''".to_owned() } else { format!("{order} >= $1::{id_type}") };
    let to = if range.next.is_none() { "$2::text is null".to_owned() } else { format!("{order} < $2::{id_type}") };
    format!("{from} and {to}")
}
