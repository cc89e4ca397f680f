//! From a committed change to the document.

use kaleidoscope_console::db::MIGRATOR;
use std::time::Duration;

use axum::{Router, http::StatusCode, routing::any};
use serde_json::json;
use sqlx::{PgPool, query, query_as, query_scalar};

use crate::{
    node::Node,
    process::free_port,
    rows::{Worker, face, photo, post, run, settled, until, user, within, work_off},
};

/// From commit to search.
const QUICK: Duration = Duration::from_secs(2);

async fn finds(node: &Node, words: &str) -> bool {
    let body = json!({"query": {"match": {"folded.people": words}}, "_source": false});
    let (_, answer) = node.ask(reqwest::Method::POST, "media_search/_search", Some(body)).await;
    answer["hits"]["total"]["value"].as_i64() == Some(1)
}

async fn version(node: &Node, index: &str, id: i64) -> i64 {
    let (_, answer) = node.ask(reqwest::Method::GET, &format!("{index}/_doc/{id}"), None).await;
    answer["_version"].as_i64().expect("a version")
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_confirmed_face_is_found_by_that_person_s_name_within_two_seconds(db: PgPool) {
    let node = Node::new();
    let (ada, amara) = (user(&db, "ada").await, user(&db, "Amara.Okafor7").await);
    let media = photo(&db, post(&db, ada, "open").await, "", &["sea"]).await;
    let face = face(&db, media, None).await;
    let worker = Worker::start(&db, Some(&node.elastic));
    settled(&db, true).await;
    assert!(!finds(&node, "okafor7").await);

    query("update media_detected_faces set identified_user_id = $1, status = 'CONFIRMED' where id = $2")
        .bind(amara)
        .bind(face)
        .execute(&db)
        .await
        .expect("confirmed");

    within(QUICK, "a hit by the name", async || finds(&node, "okafor7").await).await;
    let document = node.document("face_search", face).await.expect("the face's document");
    assert_eq!(document["identified_username"], "Amara.Okafor7");
    assert_eq!(document["face_embedding"].as_array().expect("a vector").len(), 1024);
    worker.stop().await;
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_hides_an_event_goes_ahead_of_what_was_loaded(db: PgPool) {
    let node = Node::new();
    let open = post(&db, user(&db, "ada").await, "open").await;
    let mut media = Vec::new();
    for _ in 0..6 {
        media.push(photo(&db, open, "", &["sea"]).await);
    }
    work_off(&db, Some(&node.elastic)).await;
    let away = node.by(&format!("http://127.0.0.1:{}", free_port()));
    run(
        &db,
        "select console.mark_documents('media_search', array_agg(media_id::text), 1::smallint)
           from read_model_media_search where post_id = $1",
        open,
    )
    .await;
    run(&db, "update media_ai_insights set is_safe = false where media_id = $1", media[0]).await;

    let worker = Worker::start(&db, Some(&away.elastic));
    until("all in the express lane", async || {
        let ahead = "select array_agg(document_id::bigint order by document_id::bigint) from console.index_queue
                      where index_name = 'media_search' and lane = 0";
        let ahead: Option<Vec<i64>> = query_scalar(ahead).fetch_one(&db).await.expect("marks");
        ahead.as_ref() == Some(&media)
    })
    .await;
    worker.stop().await;
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_is_deleted_or_un_published_leaves_the_index(db: PgPool) {
    let node = Node::new();
    let ada = user(&db, "ada").await;
    let (gone, hidden) = (post(&db, ada, "gone").await, post(&db, ada, "hidden").await);
    let (first, second) = (photo(&db, gone, "", &[]).await, photo(&db, hidden, "", &[]).await);
    face(&db, first, None).await;
    work_off(&db, Some(&node.elastic)).await;
    assert_eq!(node.ids("media_search").await, [first.to_string(), second.to_string()]);

    run(&db, "delete from posts where post_id = $1", gone).await;
    run(&db, "update posts set status = 'DRAFT' where post_id = $1", hidden).await;
    work_off(&db, Some(&node.elastic)).await;

    assert_eq!(node.ids("media_search").await, [""; 0]);
    assert_eq!(node.ids("face_search").await, [""; 0]);

    run(&db, "update posts set status = 'PUBLISHED' where post_id = $1", hidden).await;
    work_off(&db, Some(&node.elastic)).await;
    assert_eq!(node.ids("media_search").await, [second.to_string()]);
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_newer_version_in_the_index_is_no_failure_and_is_not_overwritten(db: PgPool) {
    let node = Node::new();
    let media = photo(&db, post(&db, user(&db, "ada").await, "open").await, "", &[]).await;
    work_off(&db, Some(&node.elastic)).await;
    let newest = version(&node, "media_search", media).await;
    // What was sent is marked again in an older version, as by a request that arrives late and twice.
    query("insert into console.index_queue (index_name, document_id, version) values ('media_search', $1::text, $2)")
        .bind(media.to_string())
        .bind(newest - 1)
        .execute(&db)
        .await
        .expect("marked");

    work_off(&db, Some(&node.elastic)).await;

    assert_eq!(version(&node, "media_search", media).await, newest);
    let letters: i64 = query_scalar("select count(*) from console.dead_letter").fetch_one(&db).await.expect("a count");
    assert_eq!(letters, 0);
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_document_that_is_refused_becomes_a_dead_letter_and_holds_up_no_other(db: PgPool) {
    let node = Node::new();
    let open = post(&db, user(&db, "ada").await, "open").await;
    let (fine, poison) = (photo(&db, open, "", &[]).await, photo(&db, open, "", &[]).await);
    run(&db, "update post_media set created_at = 'infinity' where media_id = $1", poison).await;
    let zero = photo(&db, open, "", &[]).await;
    run(
        &db,
        "update media_ai_insights set image_embedding = array_fill(0, array[512])::vector where media_id = $1",
        zero,
    )
    .await;

    work_off(&db, Some(&node.elastic)).await;

    assert_eq!(node.ids("media_search").await, [fine.to_string(), zero.to_string()]);
    let document = node.document("media_search", zero).await.expect("a document");
    assert_eq!(document["left_out"], json!(["image_embedding: of no length"]));
    let letters: Vec<(String, String, String)> =
        query_as("select name, key, reason from console.dead_letter order by name")
            .fetch_all(&db)
            .await
            .expect("letters");
    let refused: Vec<(&str, i64)> =
        letters.iter().map(|(name, key, _)| (name.as_str(), key.parse().expect("a medium"))).collect();
    assert_eq!(refused, [("media_search", poison), ("recommendations_knn", poison)]);
    for (_, _, reason) in &letters {
        assert!(reason.starts_with("document_parsing_exception") && reason.contains("infinity"), "{reason}");
    }
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_index_that_somebody_deletes_is_made_anew_and_filled(db: PgPool) {
    let node = Node::new();
    let open = post(&db, user(&db, "ada").await, "open").await;
    let first = photo(&db, open, "", &[]).await;
    let worker = Worker::start(&db, Some(&node.elastic));
    settled(&db, true).await;
    node.ask(reqwest::Method::DELETE, "media_search-g1", None).await;

    let second = photo(&db, open, "", &[]).await;
    until("both documents", async || {
        node.document("media_search", first).await.is_some() && node.document("media_search", second).await.is_some()
    })
    .await;
    worker.stop().await;
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn rows_that_were_there_before_the_index_are_all_in_it(db: PgPool) {
    let node = Node::new();
    let open = post(&db, user(&db, "ada").await, "open").await;
    let media = photo(&db, open, "", &[]).await;
    work_off(&db, None).await;
    query("delete from console.index_queue").execute(&db).await.expect("forgotten");

    let worker = Worker::start(&db, Some(&node.elastic));
    until("the document", async || node.document("media_search", media).await.is_some()).await;
    worker.stop().await;
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn two_workers_send_one_truth(db: PgPool) {
    let node = Node::new();
    let open = post(&db, user(&db, "ada").await, "open").await;
    let workers = [Worker::start(&db, Some(&node.elastic)), Worker::start(&db, Some(&node.elastic))];
    let mut media = Vec::new();
    for number in 0..30 {
        media.push(photo(&db, open, &format!("number {number}"), &["sea"]).await);
        query("update posts set title = $1").bind(format!("title {number}")).execute(&db).await.expect("renamed");
    }
    settled(&db, true).await;
    for media in media {
        let document = node.document("media_search", media).await.expect("a document");
        assert_eq!(document["post_title"], "title 29");
    }
    for worker in workers {
        worker.stop().await;
    }
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_node_that_is_busy_or_away_only_delays(db: PgPool) {
    let refusing = Router::new().fallback(any(|| async { StatusCode::TOO_MANY_REQUESTS }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, refusing).await });
    let media = photo(&db, post(&db, user(&db, "ada").await, "open").await, "", &[]).await;
    let busy = Node::at(&url);

    let worker = Worker::start(&db, Some(&busy.elastic));
    settled(&db, false).await;
    tokio::time::timeout(Duration::from_secs(5), worker.stop()).await.expect("it stops at once");
    let letters: i64 = query_scalar("select count(*) from console.dead_letter").fetch_one(&db).await.expect("a count");
    assert_eq!(letters, 0);

    let node = Node::new();
    work_off(&db, Some(&node.elastic)).await;
    assert_eq!(node.ids("media_search").await, [media.to_string()]);
    node.clear().await;
}
