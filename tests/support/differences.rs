//! What the source views say and the read models do not, and the other way round.

use kaleidoscope_console::read_models::{self, ReadModel};
use sqlx::{AssertSqlSafe, PgPool};

/// One line for each row that is not as it must be, or must not be.
pub(crate) async fn differences(db: &PgPool) -> Vec<String> {
    let mut found = Vec::new();
    for model in read_models::ALL {
        let rows: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(statement(model))).fetch_all(db).await.expect("both can be read");
        found.extend(rows);
    }
    if !found.is_empty() {
        // Why a row may have stayed behind.
        let letters: Vec<String> = sqlx::query_scalar("select to_json(l)::text from console.dead_letter as l")
            .fetch_all(db)
            .await
            .expect("the dead letters can be read");
        found.extend(letters);
    }
    found
}

fn statement(model: &ReadModel) -> String {
    let ReadModel { name, table, identity: (id, _), columns, .. } = model;
    let columns = columns.join(", ");
    format!(
        "with source as (select {id}, {columns} from console.{name}_source),
              found as (select {id}, {columns} from {table})
         select '{name} ' || {id} || ' is not as it must be' from (table source except all table found) as missing
          union all
         select '{name} ' || {id} || ' must not be so' from (table found except all table source) as ghosts"
    )
}
