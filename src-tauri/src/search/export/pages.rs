//! The pages of a result, of whatever kind its hits are.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use sqlx::PgPool;

use super::lines::unwritable;
use crate::{
    access::Operator,
    elastic::Elastic,
    error::{Error, Result},
    search::{SearchQuery, SyntaxProblem, Tab, others, search},
};

/// What is known of a hit, as the window gets it
pub(super) type Row = BTreeMap<String, Value>;

#[derive(Debug)]
pub(super) struct Page {
    pub(super) rows: Vec<Row>,
    /// On all pages together
    pub(super) total: i64,
    pub(super) next: Option<String>,
    pub(super) notice: Option<String>,
    pub(super) problem: Option<SyntaxProblem>,
}

/// The same page that is listed.
pub(super) async fn page(
    db: &PgPool,
    elastic: Option<&Elastic>,
    by: &Operator,
    tab: Tab,
    query: &SearchQuery,
) -> Result<Page> {
    macro_rules! page {
        ($results:expr) => {{
            let results = $results;
            let rows = rows(&results.hits)?;
            Page { rows, total: results.total, next: results.next, notice: results.notice, problem: results.problem }
        }};
    }
    Ok(match tab {
        Tab::Media => {
            let results = search(db, elastic, by, query).await?;
            let similarities: Vec<Option<f64>> = results.hits.iter().map(|hit| hit.why.similarity).collect();
            let mut page = page!(results);
            for (row, similarity) in page.rows.iter_mut().zip(similarities) {
                row.insert("similarity".into(), similarity.map_or(Value::Null, Value::from));
            }
            page
        }
        Tab::Posts => page!(others::posts(db, elastic, by, query).await?),
        Tab::People => page!(others::people(db, elastic, by, query).await?),
        Tab::Faces => page!(others::faces(db, elastic, by, query).await?),
    })
}

fn rows<T: Serialize>(hits: &[T]) -> Result<Vec<Row>> {
    let row = |hit| serde_json::to_value(hit).and_then(serde_json::from_value);
    hits.iter()
        .map(row)
        .collect::<Result<_, serde_json::Error>>()
        .map_err(|error| Error::internal(unwritable(&error), error))
}
