//! What changed alone goes ahead of what much else came with.

use kaleidoscope_console::db::MIGRATOR;
use sqlx::{PgPool, postgres::PgListener, query, query_as, query_scalar};

use crate::{
    differences::differences,
    rows::{photo, post, run, user, work_off},
};

const EXPRESS: i16 = 0;
const BULK: i16 = 1;

/// A post with so many photos, which are in the read models, and no mark left.
async fn album(db: &PgPool, author: i64, photos: i64) -> i64 {
    let album = post(db, author, "album").await;
    query(
        "with added as (
             insert into post_media (post_id, media_type, media_url)
             select $1, 'IMAGE', 'https://example.org/a.jpg' from generate_series(1, $2) returning media_id
         )
         insert into media_ai_insights (media_id, post_id, status, is_safe, caption, tags, scenes, image_embedding)
         select media_id, $1, 'COMPLETED', true, 'a beach', '{}', '{}', array_fill(0.04, array[512])::vector from added",
    )
    .bind(album)
    .bind(photos)
    .execute(db)
    .await
    .expect("photos");
    album
}

async fn work_off_and_forget_documents(db: &PgPool) {
    work_off(db, None).await;
    query("truncate console.index_queue").execute(db).await.expect("truncated");
}

/// The lanes in which documents of an index wait, with how many there are in each.
async fn lanes(db: &PgPool, index: &str) -> Vec<(i16, i64)> {
    query_as("select lane, count(*) from console.index_queue where index_name = $1 group by lane order by lane")
        .bind(index)
        .fetch_all(db)
        .await
        .expect("lanes")
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_change_alone_overtakes_the_documents_of_somebody_who_was_renamed(db: PgPool) {
    let ada = user(&db, "ada").await;
    album(&db, ada, 30).await;
    work_off_and_forget_documents(&db).await;

    run(&db, "update users set username = 'ada.lovelace' where user_id = $1", ada).await;
    work_off(&db, None).await;
    assert_eq!(lanes(&db, "media_search").await, [(BULK, 30)]);

    let one: i64 = query_scalar("select max(media_id) from post_media").fetch_one(&db).await.expect("a medium");
    run(&db, "update media_ai_insights set caption = 'a lagoon' where media_id = $1", one).await;
    work_off(&db, None).await;
    assert_eq!(lanes(&db, "media_search").await, [(EXPRESS, 1), (BULK, 29)]);
    let ahead: String = query_scalar(
        "select document_id from console.index_queue where index_name = 'media_search' order by lane, version limit 1",
    )
    .fetch_one(&db)
    .await
    .expect("a document");
    assert_eq!(ahead, one.to_string());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_is_not_to_be_seen_any_more_goes_at_once_and_new_recommendations_give_way(db: PgPool) {
    let media = photo(&db, post(&db, user(&db, "ada").await, "open").await, "a beach", &[]).await;
    work_off(&db, None).await;
    assert_eq!(lanes(&db, "recommendations_knn").await, [(BULK, 1)]);
    assert_eq!(lanes(&db, "media_search").await, [(EXPRESS, 1)]);

    run(&db, "update media_ai_insights set is_safe = false, status = 'UNSAFE' where media_id = $1", media).await;
    work_off(&db, None).await;
    assert_eq!(lanes(&db, "recommendations_knn").await, [(EXPRESS, 1)]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn many_neighbours_are_marked_as_one_and_every_row_among_them_is_computed(db: PgPool) {
    album(&db, user(&db, "ada").await, 600).await;
    let marks: (i64, i64, i16) = query_as(
        "select count(*), max(span)::bigint, min(lane) from console.read_model_queue
          where read_model = 'recommendations_knn' and scope = 'row'",
    )
    .fetch_one(&db)
    .await
    .expect("marks");
    assert!(marks.0 < 100, "600 neighbours in {} marks", marks.0);
    assert_eq!((marks.1, marks.2), (256, BULK));

    work_off(&db, None).await;
    let rows: i64 =
        query_scalar("select count(*) from read_model_recommendations_knn").fetch_one(&db).await.expect("a count");
    assert_eq!(rows, 600);
    assert_eq!(differences(&db).await, [""; 0]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn one_row_that_postgresql_refuses_is_singled_out_of_a_whole_interval(db: PgPool) {
    let open = album(&db, user(&db, "ada").await, 300).await;
    run(
        &db,
        "update media_ai_insights set caption = 'poison'
          where media_id = (select min(media_id) + 100 from post_media where post_id = $1)",
        open,
    )
    .await;
    query("alter table read_model_media_search add constraint no_poison check (ai_caption <> 'poison')")
        .execute(&db)
        .await
        .expect("a constraint");

    work_off(&db, None).await;
    let refused: Vec<(String, String)> =
        query_as("select name, key from console.dead_letter").fetch_all(&db).await.expect("letters");
    let poison: i64 = query_scalar("select media_id from media_ai_insights where caption = 'poison'")
        .fetch_one(&db)
        .await
        .expect("a medium");
    assert_eq!(refused, [("media_search".to_owned(), poison.to_string())]);
    let rows: i64 = query_scalar("select count(*) from read_model_media_search").fetch_one(&db).await.expect("a count");
    assert_eq!(rows, 299);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_notification_names_the_queues_in_which_something_was_marked(db: PgPool) {
    let open = post(&db, user(&db, "ada").await, "open").await;
    let mut listener = PgListener::connect_with(&db).await.expect("a listener");
    listener.listen("console_queue").await.expect("listening");
    run(&db, "update posts set body = 'other words' where post_id = $1", open).await;
    assert_eq!(listener.recv().await.expect("a notification").payload(), "post_search");
}
