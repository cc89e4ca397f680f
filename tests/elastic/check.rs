//! Core tables, read models and indices compared, and mended.

use kaleidoscope_console::{
    config::ReadModels,
    db::MIGRATOR,
    sync::{self, Counts, Findings, JobKind, JobState, ask_for, job_states, last_checks},
};
use reqwest::Method;
use serde_json::json;
use sqlx::{PgPool, query};
use tokio::sync::watch;

use crate::{
    agreement::agree,
    node::Node,
    rows::{Worker, face, photo, post, run, settled, until, user, work_off},
};

/// What a check of one index finds.
pub(crate) async fn checked(db: &PgPool, node: &Node, index: &str, repair: bool) -> Findings {
    let (said, _) = watch::channel(sync::Step::default());
    sync::check(db, Some(&node.elastic), ReadModels::Projected, index, repair, said).await.expect("a check")
}

/// Nothing lost, nothing doubled, nothing risen from the dead: seen by [`agree`], which knows nothing of the product's check, and
/// by that. Nobody may be writing meanwhile.
pub(crate) async fn all_is_well(db: &PgPool, node: &Node) {
    agree(db, node).await;
    a_check_finds_nothing(db, node).await;
}

/// However busy the platform is.
pub(crate) async fn a_check_finds_nothing(db: &PgPool, node: &Node) {
    for model in kaleidoscope_console::read_models::ALL {
        let found = checked(db, node, model.name, false).await;
        assert!(found.is_clean(), "{found:?}");
    }
}

async fn silently(db: &PgPool, statements: &[&'static str]) {
    let mut tx = db.begin().await.expect("a transaction");
    query("set local session_replication_role = replica").execute(&mut *tx).await.expect("without triggers");
    for statement in statements {
        let done = query(*statement).execute(&mut *tx).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
        assert_ne!(done.rows_affected(), 0, "{statement}");
    }
    tx.commit().await.expect("committed");
}

fn counts(missing: i64, stale: i64, ghosts: i64) -> Counts {
    Counts { missing, stale, ghosts }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn it_finds_each_difference_and_repair_mends_exactly_those(db: PgPool) {
    let node = Node::new();
    let open = post(&db, user(&db, "ada").await, "open").await;
    for number in 0..8 {
        let media = photo(&db, open, &format!("number {number}"), &["sea"]).await;
        face(&db, media, None).await;
    }
    work_off(&db, Some(&node.elastic)).await;
    all_is_well(&db, &node).await;

    silently(
        &db,
        &[
            "delete from read_model_media_search where media_id = 1",
            "update read_model_media_search set post_title = 'wrong' where media_id in (2, 3)",
            "insert into read_model_media_search (media_id, post_id, media_url, uploader_id, uploader_username, created_at)
             values (77, 1, '', 1, 'ghost', now())",
            "update read_model_face_search set face_id = 'nobody' where face_id = '4'",
        ],
    )
    .await;
    let found = checked(&db, &node, "media_search", false).await;
    assert_eq!(found.rows, counts(1, 2, 1), "{found:?}");
    // The index is what the read model was: it has what that lost, and lacks what that got.
    assert_eq!(found.documents, counts(1, 2, 1), "{found:?}");
    assert!(found.examples.contains(&"row 77 is a ghost".to_owned()), "{found:?}");
    let found = checked(&db, &node, "face_search", false).await;
    assert_eq!(found.rows, counts(1, 0, 1), "{found:?}");

    let queued: i64 =
        sqlx::query_scalar("select count(*) from console.read_model_queue").fetch_one(&db).await.expect("it");
    assert_eq!(queued, 0, "a check alone changes nothing");
    for index in ["media_search", "face_search"] {
        assert!(checked(&db, &node, index, true).await.repaired);
    }
    let marked: Vec<i64> = sqlx::query_scalar("select key from console.read_model_queue order by read_model desc, key")
        .fetch_all(&db)
        .await
        .expect("marks");
    assert_eq!(marked, [1, 2, 3, 77, 4], "exactly those");
    work_off(&db, Some(&node.elastic)).await;
    all_is_well(&db, &node).await;
    assert_eq!(node.ids("face_search").await.len(), 8);

    let last = last_checks(&db).await.expect("the last checks");
    assert!(last.iter().all(|check| check.rows.total() + check.documents.total() == 0), "{last:?}");
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn documents_that_somebody_else_touched_are_found_and_mended(db: PgPool) {
    let node = Node::new();
    let open = post(&db, user(&db, "ada").await, "open").await;
    for _ in 0..4 {
        photo(&db, open, "", &[]).await;
    }
    work_off(&db, Some(&node.elastic)).await;
    node.ask(Method::DELETE, "media_search/_doc/1", None).await;
    node.ask(Method::POST, "media_search/_update/2", Some(json!({"doc": {"row_hash": "other"}}))).await;
    let ghost = json!({"media_id": 500, "row_hash": "of nobody"});
    node.ask(Method::PUT, "media_search/_doc/500?version=1&version_type=external", Some(ghost)).await;

    let found = checked(&db, &node, "media_search", true).await;
    assert_eq!(found.documents, counts(1, 1, 1), "{found:?}");
    assert_eq!(found.rows, counts(0, 0, 0), "{found:?}");
    work_off(&db, Some(&node.elastic)).await;
    all_is_well(&db, &node).await;
    assert_eq!(node.ids("media_search").await, ["1", "2", "3", "4"]);
    node.clear().await;
}

/// More rows than are compared at once, and ids whose order as text is another one.
#[sqlx::test(migrator = "MIGRATOR")]
async fn a_document_is_missed_wherever_its_row_is(db: PgPool) {
    let node = Node::new();
    query(
        "insert into users (username, email, password, full_name, role, account_status)
         select 'user' || number, number || '@example.org', '', '', 'USER', 'ACTIVE'
           from generate_series(1, 6000) as number",
    )
    .execute(&db)
    .await
    .expect("users");
    work_off(&db, Some(&node.elastic)).await;
    for id in [1, 9, 10, 99, 5_001, 6_000] {
        node.ask(Method::DELETE, &format!("user_search/_doc/{id}"), None).await;
    }
    let found = checked(&db, &node, "user_search", true).await;
    assert_eq!(found.documents, counts(6, 0, 0), "{found:?}");
    work_off(&db, Some(&node.elastic)).await;
    all_is_well(&db, &node).await;
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_is_on_its_way_is_no_difference(db: PgPool) {
    let node = Node::new();
    let open = post(&db, user(&db, "ada").await, "open").await;
    for _ in 0..5 {
        photo(&db, open, "", &[]).await;
    }
    let worker = Worker::start(&db, Some(&node.elastic));
    settled(&db, true).await;
    for round in 0..10 {
        query("update posts set title = $1").bind(format!("title {round}")).execute(&db).await.expect("renamed");
        run(&db, "delete from post_media where media_id = $1", photo(&db, open, "", &[]).await).await;
        a_check_finds_nothing(&db, &node).await;
    }
    worker.stop().await;
    run(&db, "update posts set title = 'waits' where post_id = $1", open).await;
    a_check_finds_nothing(&db, &node).await;
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_check_can_be_left_to_the_worker(db: PgPool) {
    let node = Node::new();
    let open = post(&db, user(&db, "ada").await, "open").await;
    photo(&db, open, "", &[]).await;
    let worker = Worker::start(&db, Some(&node.elastic));
    settled(&db, true).await;
    silently(&db, &["update read_model_media_search set post_title = 'wrong'"]).await;

    let ended = async |kind| {
        let jobs = ask_for(&db, kind, Some("media_search")).await.expect("asked for");
        let mut last = None;
        until("its end", async || {
            last = job_states(&db, &jobs).await.expect("a state").pop();
            last.as_ref().is_some_and(JobState::has_ended)
        })
        .await;
        last.and_then(|job| job.outcome).expect("an outcome")
    };
    let said = ended(JobKind::Repair).await;
    assert!(said.starts_with("Rows: 0 missing, 1 stale, 0 ghosts.") && said.contains("marked"), "{said}");
    settled(&db, true).await;
    assert_eq!(ended(JobKind::Check).await, "Rows and documents are as they must be.");
    worker.stop().await;
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_dead_letter_says_why_and_is_replayed(db: PgPool) {
    let node = Node::new();
    let open = post(&db, user(&db, "ada").await, "open").await;
    // For followers, so that it is in one index alone.
    run(&db, "update posts set visibility = 'FOLLOWERS' where post_id = $1", open).await;
    let poison = photo(&db, open, "", &[]).await;
    run(&db, "update post_media set created_at = 'infinity' where media_id = $1", poison).await;
    work_off(&db, Some(&node.elastic)).await;
    let letters = sync::dead_letters(&db).await.expect("letters");
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert!(letters[0].reason.starts_with("document_parsing_exception"), "{letters:?}");

    assert_eq!(sync::replay(&db, Some("face_search"), None).await.expect("replayed"), 0);
    assert_eq!(sync::replay(&db, Some("media_search"), None).await.expect("replayed"), 1);
    work_off(&db, Some(&node.elastic)).await;
    assert_eq!(sync::dead_letters(&db).await.expect("letters").len(), 1, "it is refused again");

    // As if the row had been mended without a mark.
    silently(&db, &["update read_model_media_search set created_at = now()"]).await;
    assert_eq!(sync::replay(&db, None, None).await.expect("replayed"), 1);
    work_off(&db, Some(&node.elastic)).await;
    assert_eq!(sync::dead_letters(&db).await.expect("letters"), []);
    assert_eq!(node.ids("media_search").await, [poison.to_string()]);
    node.clear().await;
}
