//! What posts were about, by rules that are rows.

use kaleidoscope_console::db::MIGRATOR;
use sqlx::{PgPool, query, query_as, query_scalar};

use crate::{
    differences::differences,
    rows::{face, photo, post, run, user, work_off},
};

async fn inferred(db: &PgPool, post: i64) -> (Option<String>, Vec<String>) {
    query_as("select inferred_event_type, inferred_tags from read_model_post_search where post_id = $1")
        .bind(post)
        .fetch_one(db)
        .await
        .expect("a row")
}

async fn execute(db: &PgPool, sql: &'static str) {
    query(sql).execute(db).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

async fn marked(db: &PgPool) -> Vec<i64> {
    query_scalar(
        "select distinct r.key from console.read_model_queue as q
           join console.post_search_reach as r on r.scope = q.scope and r.origin = q.key
          where q.read_model = 'post_search' order by r.key",
    )
    .fetch_all(db)
    .await
    .expect("marks")
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_beach_people_and_food_on_different_photos_make_a_beach_party(db: PgPool) {
    let ada = user(&db, "ada").await;
    let (party, lonely) = (post(&db, ada, "party").await, post(&db, ada, "lonely").await);
    photo(&db, party, "", &["Beach", "sea"]).await;
    let other = photo(&db, party, "", &["food"]).await;
    photo(&db, lonely, "", &["beach", "food"]).await;
    work_off(&db, None).await;
    assert_eq!(inferred(&db, party).await, (None, vec![]));

    face(&db, other, None).await;
    work_off(&db, None).await;
    assert_eq!(differences(&db).await, [""; 0]);
    assert_eq!(inferred(&db, party).await, (Some("beach_party".into()), vec!["beach_party".into(), "party".into()]));
    assert_eq!(inferred(&db, lonely).await, (None, vec![]));

    let spoiled = photo(&db, party, "", &["bride"]).await;
    work_off(&db, None).await;
    assert_eq!(inferred(&db, party).await, (None, vec![]));
    run(&db, "delete from post_media where media_id = $1", spoiled).await;
    work_off(&db, None).await;
    assert_eq!(inferred(&db, party).await.0.as_deref(), Some("beach_party"));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_best_rule_gives_the_type_and_all_that_match_their_tags(db: PgPool) {
    let open = post(&db, user(&db, "ada").await, "open").await;
    photo(&db, open, "", &["beach", "food", "person", "cake", "candles"]).await;
    work_off(&db, None).await;
    let (event_type, tags) = inferred(&db, open).await;
    assert_eq!(event_type.as_deref(), Some("birthday"));
    assert_eq!(tags, ["beach_party", "birthday", "celebration", "party"]);

    execute(&db, "update console.event_rule set priority = 200 where event_type = 'beach_party'").await;
    work_off(&db, None).await;
    assert_eq!(inferred(&db, open).await.0.as_deref(), Some("beach_party"));
    execute(&db, "update console.event_rule set is_active = false where event_type = 'beach_party'").await;
    work_off(&db, None).await;
    assert_eq!(inferred(&db, open).await, (Some("birthday".into()), vec!["birthday".into(), "celebration".into()]));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn changing_a_rule_marks_the_posts_that_have_its_words_old_or_new_and_no_others(db: PgPool) {
    let ada = user(&db, "ada").await;
    let (old, new, other) = (post(&db, ada, "old").await, post(&db, ada, "new").await, post(&db, ada, "other").await);
    photo(&db, old, "", &["kite"]).await;
    photo(&db, new, "", &["Balloon"]).await;
    photo(&db, other, "", &["cat"]).await;
    execute(
        &db,
        "insert into console.event_rule (event_type, required_tags, inferred_tags) values ('flying', '{kite}', '{flying}')",
    )
    .await;
    work_off(&db, None).await;
    assert_eq!(inferred(&db, old).await.0.as_deref(), Some("flying"));

    execute(&db, "update console.event_rule set required_tags = '{balloon}' where event_type = 'flying'").await;
    assert_eq!(marked(&db).await, [old, new]);
    work_off(&db, None).await;
    assert_eq!(differences(&db).await, [""; 0]);
    assert_eq!(inferred(&db, old).await.0, None);
    assert_eq!(inferred(&db, new).await.0.as_deref(), Some("flying"));

    execute(&db, "delete from console.event_rule where event_type = 'flying'").await;
    assert_eq!(marked(&db).await, [new]);
    work_off(&db, None).await;
    assert_eq!(inferred(&db, new).await.0, None);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_rule_that_makes_no_sense_is_refused_and_says_why(db: PgPool) {
    for (columns, values, says) in [
        ("event_type, required_tags, inferred_tags", "'Beach Party', '{a}', '{b}'", "not 'Beach Party'"),
        ("event_type, inferred_tags", "'flying', '{b}'", "needs a required tag or scene"),
        ("event_type, excluded_tags, inferred_tags", "'flying', '{a}', '{b}'", "needs a required tag or scene"),
        ("event_type, any_tags, inferred_tags", "'flying', '{a,b}', '{b}'", "would decide nothing"),
        (
            "event_type, any_tags, minimum_matches, inferred_tags",
            "'flying', '{a,b}', 3, '{b}'",
            "from 0 to the 2 words",
        ),
        ("event_type, required_tags, inferred_tags", "'flying', '{a}', '{}'", "at least one of inferred_tags"),
        ("event_type, required_tags, inferred_tags", "'flying', '{Kite}', '{b}'", "'Kite' is no word"),
        ("event_type, required_tags, inferred_tags", "'flying', '{a,a}', '{b}'", "'a' is no word"),
        ("event_type, required_tags, inferred_tags", "'flying', '{a,null}', '{b}'", "NULL is no word"),
        ("event_type, required_tags, excluded_tags, inferred_tags", "'flying', '{a}', '{a}', '{b}'", "never match"),
        ("event_type, required_tags, minimum_people, inferred_tags", "'flying', '{a}', -1, '{b}'", "from 0 to 1000"),
    ] {
        let sql = format!("insert into console.event_rule ({columns}) values ({values})");
        let refused = query(sqlx::AssertSqlSafe(sql)).execute(&db).await.expect_err(values).to_string();
        assert!(refused.contains(says), "{values}: {refused}");
    }
    let shipped: i64 = query_scalar("select count(*) from console.event_rule").fetch_one(&db).await.expect("a count");
    assert!(shipped >= 20, "{shipped}");
}
