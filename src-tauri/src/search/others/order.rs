//! The order of posts, people and faces in PostgreSQL, and how a list goes on behind its last row.

use sqlx::{PgPool, Postgres, QueryBuilder, query};

use super::{
    Kind,
    part::Part,
    queries::{push_condition, rows_of},
};
use crate::{
    error::{Error, Result},
    search::{
        Sort,
        cursor::{cannot_continue, is_bad_value},
        meaning::Condition,
    },
};

/// What rows are ordered by, all of it in one direction: the last says which row it is.
struct Order {
    /// Expressions, and the types in which they are compared
    by: &'static [(&'static str, &'static str)],
    way: &'static str,
}

/// People who are called what was asked for: who has it as their username, as another name, and who begins like it
#[derive(Debug, Default)]
pub(super) struct Called {
    login: Vec<i64>,
    name: Vec<i64>,
    begin: Vec<i64>,
}

/// Who of those that a condition means by a word is called just that. As in Elasticsearch, the best come first only where words
/// that stand anywhere were asked for.
pub(super) async fn called(db: &PgPool, condition: Option<&Condition>) -> Result<Option<Called>> {
    let ranked = condition.map(Condition::ranked).unwrap_or_default();
    let (mut texts, mut people) = (Vec::new(), Vec::new());
    for condition in &ranked {
        if let Condition::Words { wanted, people: meant, .. } = condition {
            texts.push(wanted.text());
            people.extend_from_slice(meant);
        }
    }
    if texts.is_empty() {
        return Ok(None);
    }
    let row = query!(
        r#"
        select login as "login!", name as "name!", beginning as "beginning!" from console.people_called($1, $2)
        "#,
        &people,
        &texts
    )
    .fetch_one(db)
    .await?;
    Ok(Some(Called { login: row.login, name: row.name, begin: row.beginning }))
}

/// Ids of one page, and what the last is ordered by.
pub(super) async fn page(
    db: &PgPool,
    kind: Kind,
    part: Option<&Part>,
    sort: Sort,
    called: Option<&Called>,
    after: Option<&[String]>,
    limit: i64,
) -> Result<(Vec<i64>, Vec<String>)> {
    let (view, key) = rows_of(kind);
    let Order { by, way } = order(kind, sort, called.is_some());
    if after.is_some_and(|after| after.len() != by.len()) {
        return Err(cannot_continue());
    }
    let expressions: Vec<&str> = by.iter().map(|(expression, _)| *expression).collect();
    let texts: Vec<String> = expressions.iter().map(|expression| format!("({expression})::text")).collect();
    let mut sql = QueryBuilder::<Postgres>::new(format!("select key, array[{}] from (select *, ", texts.join(", ")));
    if let Some(Called { login, name, begin }) = called {
        sql.push("case when user_id = any (").push_bind(login.clone());
        sql.push(") then 0 when user_id = any (").push_bind(name.clone());
        sql.push(") then 1 when user_id = any (").push_bind(begin.clone());
        sql.push(") then 2 else 3 end as distance, ");
    }
    sql.push(format!("{key} as key from {view} where "));
    push_condition(&mut sql, part);
    sql.push(") as found where key is not null");
    if let Some(after) = after {
        let beyond = if way == "desc" { "<" } else { ">" };
        sql.push(format!(" and ({}) {beyond} (", expressions.join(", ")));
        for (place, (value, (_, kind))) in after.iter().zip(by).enumerate() {
            sql.push(if place == 0 { "" } else { ", " });
            sql.push_bind(value.clone()).push(format!("::text::{kind}"));
        }
        sql.push(")");
    }
    let ordered: Vec<String> = expressions.iter().map(|expression| format!("{expression} {way}")).collect();
    sql.push(format!(" order by {} limit ", ordered.join(", "))).push_bind(limit);
    let mut found: Vec<(i64, Vec<String>)> = sql.build_query_as().fetch_all(db).await.map_err(|error| {
        if is_bad_value(&error) && after.is_some() { cannot_continue() } else { Error::from(error) }
    })?;
    let last = found.last_mut().map(|(_, last)| std::mem::take(last)).unwrap_or_default();
    Ok((found.into_iter().map(|(id, _)| id).collect(), last))
}

fn order(kind: Kind, sort: Sort, is_ranked: bool) -> Order {
    const TIME: (&str, &str) = ("created_at", "timestamptz");
    const KEY: (&str, &str) = ("key", "bigint");
    let (by, way): (&[_], _) = match (kind, sort) {
        // Of people who are called alike, who posts most is who is meant most likely.
        (Kind::People, _) if is_ranked => {
            (&[("distance", "integer"), ("-coalesce(total_posts, 0)", "integer"), KEY], "asc")
        }
        (Kind::People, _) => (&[KEY], "asc"),
        (Kind::Posts, Sort::Reactions) => (&[("coalesce(total_reactions, 0)", "integer"), TIME, KEY], "desc"),
        (_, Sort::Oldest) => (&[TIME, KEY], "asc"),
        _ => (&[TIME, KEY], "desc"),
    };
    Order { by, way }
}
