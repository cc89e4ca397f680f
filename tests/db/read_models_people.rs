//! What the rows of `read_model_user_search` and `read_model_known_faces` must be.

use kaleidoscope_console::{access::Role, db::MIGRATOR};
use sqlx::{PgPool, query_as, query_scalar};

use crate::{
    differences::differences,
    rows::{operator, post, run, user, work_off},
};

const ENROL: &str =
    "insert into user_face_embeddings (user_id, embedding) values ($1, array_fill(0.03, array[1024])::vector)";

async fn settle(db: &PgPool) {
    work_off(db, None).await;
    assert_eq!(differences(db).await, [""; 0]);
}

async fn found(db: &PgPool) -> Vec<(String, i32, bool)> {
    query_as("select username, total_posts, face_enrolled from read_model_user_search order by user_id")
        .fetch_all(db)
        .await
        .expect("rows")
}

async fn known(db: &PgPool) -> Vec<(String, bool)> {
    query_as("select username, is_active from read_model_known_faces order by user_id")
        .fetch_all(db)
        .await
        .expect("rows")
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn active_users_are_found_with_their_published_posts_and_enrolment(db: PgPool) {
    let (ada, bo) = (user(&db, "ada").await, user(&db, "bo").await);
    let open = post(&db, ada, "open").await;
    let hidden = post(&db, ada, "hidden").await;
    run(&db, "update posts set visibility = 'PRIVATE' where post_id = $1", hidden).await;
    run(&db, ENROL, ada).await;
    settle(&db).await;
    assert_eq!(found(&db).await, [("ada".into(), 2, true), ("bo".into(), 0, false)]);

    run(&db, "update read_model_user_search set total_followers = 9 where user_id = $1", ada).await;
    run(&db, "update posts set status = 'ARCHIVED' where post_id = $1", hidden).await;
    run(&db, "update user_face_embeddings set is_active = false where user_id = $1", ada).await;
    run(&db, "update users set account_status = 'SUSPENDED' where user_id = $1", bo).await;
    settle(&db).await;
    assert_eq!(found(&db).await, [("ada".into(), 1, false)]);
    let followers: i32 =
        query_scalar("select total_followers from read_model_user_search").fetch_one(&db).await.expect("a row");
    assert_eq!(followers, 9);

    run(&db, "delete from posts where post_id = $1", open).await;
    run(&db, "update users set account_status = 'ACTIVE', bio = 'Back' where user_id = $1", bo).await;
    settle(&db).await;
    assert_eq!(found(&db).await, [("ada".into(), 0, false), ("bo".into(), 0, false)]);

    run(&db, "delete from users where user_id = $1", ada).await;
    settle(&db).await;
    assert_eq!(found(&db).await, [("bo".into(), 0, false)]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_post_given_to_another_author_counts_for_them(db: PgPool) {
    let (ada, bo) = (user(&db, "ada").await, user(&db, "bo").await);
    let open = post(&db, ada, "open").await;
    settle(&db).await;
    sqlx::query("update posts set user_id = $1 where post_id = $2")
        .bind(bo)
        .bind(open)
        .execute(&db)
        .await
        .expect("given");
    settle(&db).await;
    assert_eq!(found(&db).await, [("ada".into(), 0, false), ("bo".into(), 1, false)]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_face_is_known_until_the_account_is_deleted_and_active_with_enrolment_and_account(db: PgPool) {
    let (ada, bo) = (user(&db, "ada").await, user(&db, "bo").await);
    run(&db, ENROL, ada).await;
    run(&db, ENROL, bo).await;
    settle(&db).await;
    assert_eq!(known(&db).await, [("ada".into(), true), ("bo".into(), true)]);

    run(&db, "update users set account_status = 'SUSPENDED', username = 'zoe' where user_id = $1", ada).await;
    run(&db, "update user_face_embeddings set is_active = false where user_id = $1", bo).await;
    settle(&db).await;
    assert_eq!(known(&db).await, [("zoe".into(), false), ("bo".into(), false)]);

    run(&db, "update users set profile_picture_url = 'https://example.org/b.jpg' where user_id = $1", bo).await;
    run(
        &db,
        "update user_face_embeddings set embedding = array_fill(0.02, array[1024])::vector where user_id = $1",
        bo,
    )
    .await;
    run(&db, "update users set account_status = 'DELETED' where user_id = $1", ada).await;
    settle(&db).await;
    assert_eq!(known(&db).await, [("bo".into(), false)]);

    run(&db, "delete from user_face_embeddings where user_id = $1", bo).await;
    run(&db, "update users set account_status = 'ACTIVE' where user_id = $1", ada).await;
    settle(&db).await;
    assert_eq!(known(&db).await, [("zoe".into(), true)]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn staff_see_who_is_enrolled_but_no_face(db: PgPool) {
    let ada = user(&db, "ada").await;
    run(&db, ENROL, ada).await;
    work_off(&db, None).await;
    let (_, staff) = operator(&db, "staff", Role::Staff).await;
    let seen: Vec<String> =
        query_scalar("select username from console.known_faces").fetch_all(&staff).await.expect("the view");
    assert_eq!(seen, ["ada"]);
    for hidden in [
        "select face_embedding from read_model_known_faces",
        "select row from console.known_faces_document",
        "select image_embedding from read_model_recommendations_knn",
        "select user_id from read_model_user_search",
    ] {
        sqlx::query(hidden).fetch_all(&staff).await.expect_err(hidden);
    }
}
