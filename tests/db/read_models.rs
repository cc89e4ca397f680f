//! What the rows of the read models must be.

use kaleidoscope_console::db::MIGRATOR;
use sqlx::{PgPool, query_as, query_scalar};

use crate::rows::{face, photo, post, run, user, work_off};

async fn media(db: &PgPool) -> Vec<i64> {
    query_scalar("select media_id from read_model_media_search order by media_id").fetch_all(db).await.expect("rows")
}

async fn texts(db: &PgPool, column: &'static str, media: i64) -> Vec<String> {
    let sql = format!("select {column} from read_model_media_search where media_id = $1");
    query_scalar(sqlx::AssertSqlSafe(sql)).bind(media).fetch_one(db).await.expect("a row")
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_what_is_published_and_analysed_can_be_found(db: PgPool) {
    let (ada, gone) = (user(&db, "ada").await, user(&db, "gone").await);
    run(&db, "update users set account_status = 'DELETED' where user_id = $1", gone).await;
    let open = post(&db, ada, "open").await;
    let seen = photo(&db, open, "seen", &[]).await;
    let waiting = photo(&db, open, "waiting", &[]).await;
    run(&db, "update media_ai_insights set status = 'PROCESSING' where media_id = $1", waiting).await;
    let followers = post(&db, ada, "followers").await;
    run(&db, "update posts set visibility = 'FOLLOWERS' where post_id = $1", followers).await;
    let followed = photo(&db, followers, "followed", &[]).await;
    for (title, hide) in [
        ("draft", "update posts set status = 'DRAFT' where post_id = $1"),
        ("archived", "update posts set status = 'ARCHIVED' where post_id = $1"),
        ("private", "update posts set visibility = 'PRIVATE' where post_id = $1"),
    ] {
        let hidden = post(&db, ada, title).await;
        run(&db, hide, hidden).await;
        face(&db, photo(&db, hidden, title, &[]).await, None).await;
    }
    photo(&db, post(&db, gone, "of nobody").await, "of nobody", &[]).await;
    let visible = face(&db, seen, None).await;

    work_off(&db, None).await;

    assert_eq!(media(&db).await, [seen, followed]);
    let faces: Vec<String> =
        query_scalar("select face_id from read_model_face_search").fetch_all(&db).await.expect("faces");
    assert_eq!(faces, [visible.to_string()]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn safety_is_the_ai_s_word_and_without_one_its_status(db: PgPool) {
    let open = post(&db, user(&db, "ada").await, "open").await;
    let mut expected = Vec::new();
    for (set, safe) in [
        ("update media_ai_insights set status = 'UNSAFE', is_safe = true where media_id = $1", true),
        ("update media_ai_insights set status = 'COMPLETED', is_safe = false where media_id = $1", false),
        ("update media_ai_insights set status = 'COMPLETED', is_safe = null where media_id = $1", true),
        ("update media_ai_insights set status = 'UNSAFE', is_safe = null where media_id = $1", false),
    ] {
        let media = photo(&db, open, "", &[]).await;
        run(&db, set, media).await;
        expected.push((media, safe));
    }

    work_off(&db, None).await;

    let rows: Vec<(i64, bool)> = query_as("select media_id, is_safe from read_model_media_search order by media_id")
        .fetch_all(&db)
        .await
        .expect("rows");
    assert_eq!(rows, expected);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_post_shares_the_tags_of_all_its_media_that_can_be_found(db: PgPool) {
    let open = post(&db, user(&db, "ada").await, "open").await;
    let first = photo(&db, open, "", &["sea", "beach", "sea", ""]).await;
    let second = photo(&db, open, "", &["dog"]).await;
    work_off(&db, None).await;
    assert_eq!(texts(&db, "ai_tags", first).await, ["beach", "sea"]);
    assert_eq!(texts(&db, "post_all_tags", first).await, ["beach", "dog", "sea"]);

    run(&db, "update media_ai_insights set status = 'FAILED' where media_id = $1", second).await;
    work_off(&db, None).await;
    assert_eq!(texts(&db, "post_all_tags", first).await, ["beach", "sea"]);

    run(&db, "update media_ai_insights set status = 'COMPLETED', tags = '{cat,null}' where media_id = $1", second)
        .await;
    work_off(&db, None).await;
    assert_eq!(texts(&db, "post_all_tags", first).await, ["beach", "cat", "sea"]);

    run(&db, "delete from post_media where media_id = $1", second).await;
    work_off(&db, None).await;
    assert_eq!(texts(&db, "post_all_tags", first).await, ["beach", "sea"]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn people_are_those_identified_each_once(db: PgPool) {
    let (ada, bo, chi) = (user(&db, "ada").await, user(&db, "bo").await, user(&db, "chi").await);
    let photo = photo(&db, post(&db, ada, "us").await, "us", &[]).await;
    face(&db, photo, Some(chi)).await;
    face(&db, photo, Some(bo)).await;
    face(&db, photo, Some(bo)).await;
    let stranger = face(&db, photo, None).await;
    work_off(&db, None).await;
    assert_eq!(texts(&db, "detected_usernames", photo).await, ["bo", "chi"]);

    run(&db, "update users set username = 'zoe' where user_id = $1", bo).await;
    run(
        &db,
        "update media_detected_faces set identified_user_id = suggested_user_id where identified_user_id = $1",
        chi,
    )
    .await;
    work_off(&db, None).await;
    assert_eq!(texts(&db, "detected_usernames", photo).await, ["zoe"]);
    let names: Vec<Option<String>> =
        query_scalar("select identified_username from read_model_face_search order by face_id::bigint")
            .fetch_all(&db)
            .await
            .expect("faces");
    assert_eq!(names, [None, Some("zoe".into()), Some("zoe".into()), None]);

    run(&db, "delete from users where user_id = $1", bo).await;
    run(&db, "delete from media_detected_faces where id = $1", stranger).await;
    work_off(&db, None).await;
    assert_eq!(texts(&db, "detected_usernames", photo).await, [""; 0]);
    let faces: i64 = query_scalar("select count(*) from read_model_face_search").fetch_one(&db).await.expect("faces");
    assert_eq!(faces, 3);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn engagement_is_carried_over(db: PgPool) {
    let open = post(&db, user(&db, "ada").await, "open").await;
    let media = photo(&db, open, "", &[]).await;
    work_off(&db, None).await;
    run(&db, "update read_model_media_search set reaction_count = 7, comment_count = 3 where media_id = $1", media)
        .await;
    run(&db, "update posts set title = 'renamed' where post_id = $1", open).await;

    work_off(&db, None).await;

    let row: (String, i32, i32) =
        query_as("select post_title, reaction_count, comment_count from read_model_media_search")
            .fetch_one(&db)
            .await
            .expect("a row");
    assert_eq!(row, ("renamed".into(), 7, 3));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn vectors_are_json_arrays(db: PgPool) {
    let media = photo(&db, post(&db, user(&db, "ada").await, "open").await, "", &[]).await;
    face(&db, media, None).await;
    work_off(&db, None).await;
    let lengths: (i32, i32) = query_as(
        "select json_array_length(image_embedding::json), json_array_length(face_embedding::json)
           from read_model_media_search, read_model_face_search",
    )
    .fetch_one(&db)
    .await
    .expect("rows");
    assert_eq!(lengths, (512, 1024));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn un_publishing_and_deleting_remove_rows(db: PgPool) {
    let ada = user(&db, "ada").await;
    let (hidden, deleted, kept) =
        (post(&db, ada, "hidden").await, post(&db, ada, "deleted").await, post(&db, ada, "kept").await);
    for post in [hidden, deleted] {
        face(&db, photo(&db, post, "", &[]).await, None).await;
    }
    let stays = photo(&db, kept, "", &[]).await;
    work_off(&db, None).await;
    assert_eq!(media(&db).await.len(), 3);

    run(&db, "update posts set visibility = 'PRIVATE' where post_id = $1", hidden).await;
    run(&db, "delete from posts where post_id = $1", deleted).await;
    work_off(&db, None).await;
    assert_eq!(media(&db).await, [stays]);
    let left: (i64, i64) = query_as(
        "select (select count(*) from read_model_face_search), (select count(*) from console.media_search_text)",
    )
    .fetch_one(&db)
    .await
    .expect("counts");
    assert_eq!(left, (0, 1));

    run(&db, "update users set account_status = 'DELETED' where user_id = $1", ada).await;
    work_off(&db, None).await;
    assert_eq!(media(&db).await, [0; 0]);
}
