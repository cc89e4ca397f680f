//! People as PostgreSQL alone finds them.

use kaleidoscope_console::{
    access::Role,
    db::MIGRATOR,
    error::Error,
    search::{Engine, SearchQuery, others},
};
use sqlx::{PgPool, query};

use crate::rows::{operator, post, user, work_off};

#[sqlx::test(migrator = "MIGRATOR")]
async fn who_is_called_just_so_comes_first_then_who_begins_so_then_who_posts_most(db: PgPool) {
    let (staff, pool) = operator(&db, "staff", Role::Staff).await;
    let mut made = Vec::new();
    for (username, full_name) in [
        ("zoe.kim", "Zoe Lee"),
        ("someone", "Ada Kim"),
        ("busy", "Bea Kim"),
        ("kimberly", "Kimberly Jones"),
        ("other", "Kim"),
        ("kim", "Kim Kimura"),
        ("nobody", "No Body"),
    ] {
        let id = user(&db, username).await;
        query("update users set full_name = $2 where user_id = $1")
            .bind(id)
            .bind(full_name)
            .execute(&db)
            .await
            .expect("a name");
        made.push(id);
    }
    let [zoe, ada, bea, _, called, kim, _] = made[..] else { panic!("seven") };
    post(&db, bea, "one").await;
    work_off(&db, None).await;

    for limit in [1, 2, 50] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let query = SearchQuery { text: "kim".into(), after, limit, ..SearchQuery::default() };
            let page = others::people(&pool, None, &staff, &query).await.expect("a page");
            assert_eq!((page.engine, page.total), (Engine::PostgreSql, 5));
            seen.extend(page.hits.iter().map(|hit| hit.user_id.0));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, [kim, called, bea, zoe, ada], "pages of {limit}");
    }
    let begun = SearchQuery { text: "kim*".into(), limit: 50, ..SearchQuery::default() };
    let begun = others::people(&pool, None, &staff, &begun).await.expect("a page");
    assert_eq!((begun.total, begun.hits[0].user_id.0, begun.hits[1].user_id.0), (6, kim, called));
    assert_eq!(begun.hits[2].username, "kimberly");
    for after in
        ["x", r#"{"postgreSql":{"after":["a","b","c"],"total":1}}"#, r#"{"postgreSql":{"after":[],"total":1}}"#]
    {
        let query = SearchQuery { text: "kim".into(), after: Some(after.into()), limit: 5, ..SearchQuery::default() };
        let refused = others::people(&pool, None, &staff, &query).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{after}: {refused:?}");
    }
}
