//! What the rows of `read_model_post_search` must be.

use kaleidoscope_console::db::MIGRATOR;
use sqlx::{AssertSqlSafe, PgPool, query, query_as, query_scalar};

use crate::{
    differences::differences,
    rows::{face, photo, post, run, user, work_off},
};

async fn posts(db: &PgPool) -> Vec<i64> {
    query_scalar("select post_id from read_model_post_search order by post_id").fetch_all(db).await.expect("rows")
}

async fn texts(db: &PgPool, column: &'static str, post: i64) -> Vec<String> {
    let sql = format!("select {column} from read_model_post_search where post_id = $1");
    query_scalar(AssertSqlSafe(sql)).bind(post).fetch_one(db).await.expect("a row")
}

async fn settle(db: &PgPool) {
    work_off(db, None).await;
    assert_eq!(differences(db).await, [""; 0]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_post_is_found_as_soon_as_it_is_published_with_or_without_media(db: PgPool) {
    let (ada, gone) = (user(&db, "ada").await, user(&db, "gone").await);
    let (open, of_gone) = (post(&db, ada, "open").await, post(&db, gone, "of gone").await);
    let draft: i64 = query_scalar("insert into posts (user_id, title) values ($1, 'draft') returning post_id")
        .bind(ada)
        .fetch_one(&db)
        .await
        .expect("a draft");
    settle(&db).await;
    assert_eq!(posts(&db).await, [open, of_gone]);

    run(&db, "update posts set status = 'PUBLISHED', visibility = 'FOLLOWERS' where post_id = $1", draft).await;
    run(&db, "update posts set visibility = 'PRIVATE' where post_id = $1", open).await;
    run(&db, "update users set account_status = 'DELETED' where user_id = $1", gone).await;
    settle(&db).await;
    assert_eq!(posts(&db).await, [draft]);

    run(&db, "update posts set visibility = 'PUBLIC', body = 'again' where post_id = $1", open).await;
    run(&db, "update users set account_status = 'SUSPENDED' where user_id = $1", gone).await;
    run(&db, "delete from posts where post_id = $1", draft).await;
    settle(&db).await;
    assert_eq!(posts(&db).await, [open, of_gone]);

    run(&db, "delete from users where user_id = $1", ada).await;
    settle(&db).await;
    assert_eq!(posts(&db).await, [of_gone]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_post_holds_what_was_found_on_all_media_that_the_ai_is_done_with(db: PgPool) {
    let (ada, bo, chi) = (user(&db, "ada").await, user(&db, "bo").await, user(&db, "chi").await);
    let open = post(&db, ada, "open").await;
    let first = photo(&db, open, "", &["sea", "beach", "sea", ""]).await;
    let second = photo(&db, open, "", &["dog", "beach"]).await;
    run(&db, "update media_ai_insights set scenes = '{coast,outdoor}' where media_id = $1", second).await;
    let waiting = photo(&db, open, "", &["cat"]).await;
    run(&db, "update media_ai_insights set status = 'PROCESSING' where media_id = $1", waiting).await;
    face(&db, first, Some(chi)).await;
    face(&db, second, Some(bo)).await;
    face(&db, second, None).await;
    settle(&db).await;
    assert_eq!(texts(&db, "all_ai_tags", open).await, ["beach", "dog", "sea"]);
    assert_eq!(texts(&db, "all_ai_scenes", open).await, ["coast", "outdoor"]);
    assert_eq!(texts(&db, "all_detected_user_ids::text[]", open).await, [bo.to_string(), chi.to_string()]);

    run(&db, "update media_ai_insights set status = 'UNSAFE' where media_id = $1", waiting).await;
    run(&db, "delete from post_media where media_id = $1", second).await;
    settle(&db).await;
    assert_eq!(texts(&db, "all_ai_tags", open).await, ["beach", "cat", "sea"]);
    assert_eq!(texts(&db, "all_ai_scenes", open).await, ["outdoor"]);
    assert_eq!(texts(&db, "all_detected_user_ids::text[]", open).await, [chi.to_string()]);

    let elsewhere = post(&db, ada, "elsewhere").await;
    query("update post_media set post_id = $1 where media_id = $2")
        .bind(elsewhere)
        .bind(first)
        .execute(&db)
        .await
        .expect("moved");
    settle(&db).await;
    assert_eq!(texts(&db, "all_ai_tags", open).await, ["cat"]);
    assert_eq!(texts(&db, "all_ai_tags", elsewhere).await, ["beach", "sea"]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn reactions_and_comments_are_the_sums_over_the_media_and_categories_are_carried_over(db: PgPool) {
    let open = post(&db, user(&db, "ada").await, "open").await;
    let (first, second) = (photo(&db, open, "", &[]).await, photo(&db, open, "", &[]).await);
    settle(&db).await;
    let engage = "update read_model_media_search set reaction_count = 7, comment_count = 3 where media_id = $1";
    run(&db, "update read_model_post_search set categories = '{fun}' where post_id = $1", open).await;
    run(&db, engage, first).await;
    run(&db, engage, second).await;
    run(&db, "update read_model_media_search set reaction_count = 2147483647 where media_id = $1", second).await;
    settle(&db).await;
    let totals = "select total_reactions, total_comments, categories from read_model_post_search";
    let row: (i32, i32, Vec<String>) = query_as(totals).fetch_one(&db).await.expect("a row");
    assert_eq!(row, (i32::MAX, 6, vec!["fun".into()]));

    run(&db, "delete from post_media where media_id = $1", second).await;
    run(&db, "update posts set title = 'renamed' where post_id = $1", open).await;
    settle(&db).await;
    let row: (i32, i32, Vec<String>) = query_as(totals).fetch_one(&db).await.expect("a row");
    assert_eq!(row, (7, 3, vec!["fun".into()]));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_new_name_or_department_of_the_author_shows_in_their_posts(db: PgPool) {
    let ada = user(&db, "ada").await;
    let open = post(&db, ada, "open").await;
    settle(&db).await;
    run(&db, "update users set username = 'zoe', department = 'Legal' where user_id = $1", ada).await;
    settle(&db).await;
    let row: (String, String) =
        query_as("select author_username, author_department from read_model_post_search where post_id = $1")
            .bind(open)
            .fetch_one(&db)
            .await
            .expect("a row");
    assert_eq!(row, ("zoe".into(), "Legal".into()));
}
