//! Core tables, read models and indices compared, and mended.

use std::collections::BTreeMap;

use kaleidoscope_console::{
    config::ReadModels,
    db::MIGRATOR,
    sync::{self, Counts, Findings, JobKind, JobState, ask_for, job_states, last_checks},
};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{PgPool, query, query_scalar};
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

/// People in many ranges, and photos and faces that are in nobody's feed.
async fn many(db: &PgPool, node: &Node) {
    query(
        "insert into users (username, email, password, full_name, role, account_status)
         select 'user' || number, number || '@example.org', '', '', 'USER', 'ACTIVE'
           from generate_series(1, 3000) as number",
    )
    .execute(db)
    .await
    .expect("users");
    let open = post(db, user(db, "ada").await, "open").await;
    run(db, "update posts set visibility = 'FOLLOWERS' where post_id = $1", open).await;
    for number in 0..6 {
        let media = photo(db, open, &format!("number {number}"), &["sea"]).await;
        face(db, media, None).await;
    }
    work_off(db, Some(&node.elastic)).await;
}

/// How many searches there were in an index, and how many documents were read by their ids.
async fn readings(node: &Node, index: &str) -> (i64, i64) {
    let (_, answer) = node.ask(Method::GET, &format!("{index}/_stats/search,get"), None).await;
    let number = |path| answer.pointer(path).and_then(Value::as_i64).unwrap_or_else(|| panic!("{path}: {answer}"));
    (number("/_all/total/search/query_total"), number("/_all/total/get/total"))
}

async fn versions(node: &Node, index: &str) -> BTreeMap<String, i64> {
    node.ask(Method::POST, &format!("{index}/_refresh"), None).await;
    let body = json!({"size": 10_000, "version": true, "_source": false});
    let (_, answer) = node.ask(Method::POST, &format!("{index}/_search"), Some(body)).await;
    let hits = answer["hits"]["hits"].as_array().unwrap_or_else(|| panic!("{answer}"));
    let version = |hit: &Value| hit["_version"].as_i64().expect("a version");
    hits.iter().map(|hit| (hit["_id"].as_str().expect("an id").to_owned(), version(hit))).collect()
}

/// What was computed, and in which transaction: sums of ranges, and that all rows are right.
async fn computed(db: &PgPool) -> BTreeMap<(String, String), String> {
    let ranges: Vec<(String, String, String)> = sqlx::query_as(
        "select index_name, first_id, written_by::text from console.check_range
         union all
         select index_name, relation, written_by::text from console.check_source",
    )
    .fetch_all(db)
    .await
    .expect("ranges");
    ranges.into_iter().map(|(index, first, by)| ((index, first), by)).collect()
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_second_check_of_what_did_not_change_reads_no_document_and_computes_no_row(db: PgPool) {
    let node = Node::new();
    many(&db, &node).await;
    all_is_well(&db, &node).await;
    let (ranges, mut read) = (computed(&db).await, Vec::new());
    assert!(ranges.len() > 5, "{ranges:?}");
    for index in ["user_search", "media_search", "face_search"] {
        read.push((index, readings(&node, index).await));
    }

    for model in kaleidoscope_console::read_models::ALL {
        assert!(checked(&db, &node, model.name, false).await.is_clean());
    }

    assert_eq!(computed(&db).await, ranges);
    for (index, (searches, gets)) in read {
        // One that sums up, and one that counts what is in no range.
        assert_eq!(readings(&node, index).await, (searches + 2, gets), "{index}");
    }
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_the_range_that_a_row_was_written_in_is_computed_again(db: PgPool) {
    let node = Node::new();
    many(&db, &node).await;
    all_is_well(&db, &node).await;
    let before = computed(&db).await;
    silently(&db, &["update read_model_user_search set bio = 'other' where user_id = 1500"]).await;

    let found = checked(&db, &node, "user_search", false).await;
    assert_eq!((found.rows, found.documents), (counts(0, 1, 0), counts(0, 1, 0)), "{found:?}");
    let changed = computed(&db).await.into_iter().filter(|(range, by)| before.get(range) != Some(by)).count();
    assert_eq!(changed, 1);
    // What is known to be right is still what was.
    assert_eq!(checked(&db, &node, "user_search", false).await.rows, counts(0, 1, 0));
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_changed_behind_the_triggers_after_a_check_is_found_by_the_next(db: PgPool) {
    let node = Node::new();
    many(&db, &node).await;
    all_is_well(&db, &node).await;
    silently(
        &db,
        &[
            "update read_model_user_search set full_name = 'other' where user_id in (7, 2900)",
            "delete from read_model_user_search where user_id in (1000, 3000)",
            "insert into read_model_user_search (user_id, username, joined_at) values (9000, 'ghost', now())",
            "update read_model_face_search set post_title = 'other' where face_id = '2'",
            "delete from read_model_face_search where face_id = '3'",
            "update read_model_face_search set face_id = 'somebody''s' where face_id = '4'",
        ],
    )
    .await;

    let found = checked(&db, &node, "user_search", true).await;
    assert_eq!((found.rows, found.documents), (counts(2, 2, 1), counts(1, 2, 2)), "{found:?}");
    // The row that belongs to nothing is taken out before the documents are looked at.
    let found = checked(&db, &node, "face_search", true).await;
    assert_eq!((found.rows, found.documents), (counts(2, 1, 1), counts(0, 1, 2)), "{found:?}");
    work_off(&db, Some(&node.elastic)).await;
    all_is_well(&db, &node).await;
    node.clear().await;
}

/// Behind the back of the console, whatever a check before had found.
#[sqlx::test(migrator = "MIGRATOR")]
async fn documents_that_somebody_changed_after_a_check_are_mended_and_no_others_are_sent(db: PgPool) {
    let node = Node::new();
    many(&db, &node).await;
    all_is_well(&db, &node).await;
    let before = [versions(&node, "user_search").await, versions(&node, "face_search").await];
    let mut other = node.document("user_search", 5).await.expect("a document");
    // The digest with another hash, and another digest with the rest of the hash.
    let hash = other["row_hash"].as_str().expect("a hash").to_owned();
    let (digest, rest) = hash.split_once('.').expect("a digest");
    for (id, hash) in [("5", format!("{digest}.1")), ("6", format!("1.{rest}")), ("7", "other".to_owned())] {
        let (status, answer) = node
            .ask(Method::POST, &format!("user_search/_update/{id}"), Some(json!({"doc": {"row_hash": hash}})))
            .await;
        assert_eq!(status, 200, "{answer}");
    }
    // An id that no row has, ids that no row can have, and one that hides behind that of a row.
    other["user_id"] = json!(20_000);
    let strange =
        ["user_search/_doc/20000", "user_search/_doc/somebody%2F1", "user_search/_doc/005", "face_search/_doc/x%20y"];
    for path in strange {
        let document = if path.starts_with("face") { json!({"face_id": "x y"}) } else { other.clone() };
        let (status, answer) =
            node.ask(Method::PUT, &format!("{path}?version=1&version_type=external"), Some(document)).await;
        assert_eq!(status, 201, "{answer}");
    }
    node.ask(Method::PUT, "user_search/_doc/nobody", Some(json!({"row_hash": "of nobody"}))).await;
    node.ask(Method::DELETE, "user_search/_doc/2999", None).await;
    node.ask(Method::DELETE, "face_search/_doc/3", None).await;

    let found = checked(&db, &node, "user_search", true).await;
    assert_eq!((found.rows, found.documents), (counts(0, 0, 0), counts(1, 3, 4)), "{found:?}");
    let found = checked(&db, &node, "face_search", true).await;
    assert_eq!((found.rows, found.documents), (counts(0, 0, 0), counts(1, 0, 1)), "{found:?}");
    work_off(&db, Some(&node.elastic)).await;
    all_is_well(&db, &node).await;

    let after = [versions(&node, "user_search").await, versions(&node, "face_search").await];
    let changed = |of: usize| -> Vec<&str> {
        assert!(after[of].keys().eq(before[of].keys()));
        after[of]
            .iter()
            .filter(|(id, version)| before[of].get(*id) != Some(version))
            .map(|(id, _)| id.as_str())
            .collect()
    };
    assert_eq!(changed(0), ["2999", "5", "6", "7"]);
    assert_eq!(changed(1), ["3"]);
    node.clear().await;
}

/// As after an upgrade: the mapping has no digest, and the hashes are those of an earlier console.
#[sqlx::test(migrator = "MIGRATOR")]
async fn the_documents_of_an_earlier_console_are_compared_by_their_hashes(db: PgPool) {
    let node = Node::new();
    let open = post(&db, user(&db, "ada").await, "open").await;
    for _ in 0..4 {
        photo(&db, open, "", &[]).await;
    }
    work_off(&db, Some(&node.elastic)).await;
    let (_, made) = node.ask(Method::GET, "media_search-g1", None).await;
    let mut mapping = made.as_object().and_then(|made| made.values().next()).expect("it")["mappings"].clone();
    mapping["properties"]["row_hash"] = json!({"type": "keyword", "index": false});
    let hashes: Vec<(i64, String)> = sqlx::query_as(
        "select media_id, encode(sha256(convert_to(row, 'UTF8')), 'hex') from console.media_search_document",
    )
    .fetch_all(&db)
    .await
    .expect("hashes");
    let mut documents = Vec::new();
    for (id, hash) in hashes {
        let mut document = node.document("media_search", id).await.expect("a document");
        document["row_hash"] = json!(hash);
        documents.push((id, document));
    }
    node.ask(Method::DELETE, "media_search-g1", None).await;
    let aliases = json!({node.elastic.alias("media_search"): {}, node.elastic.alias("media_search-g1-write"): {}});
    node.ask(Method::PUT, "media_search-g1", Some(json!({"aliases": aliases, "mappings": mapping}))).await;
    for (id, document) in documents {
        let path = format!("media_search-g1/_doc/{id}?version=1&version_type=external");
        let (status, answer) = node.ask(Method::PUT, &path, Some(document)).await;
        assert_eq!(status, 201, "{answer}");
    }
    assert!(checked(&db, &node, "media_search", false).await.is_clean());

    run(&db, "delete from post_media where media_id = $1", 1).await;
    run(&db, "update posts set title = 'renamed' where post_id = $1", open).await;
    node.ask(Method::POST, "media_search/_update/2", Some(json!({"doc": {"row_hash": "other"}}))).await;
    let (_, known) = node.ask(Method::GET, "media_search-g1/_settings", None).await;
    let uuid =
        known.as_object().and_then(|known| known.values().next()).expect("it")["settings"]["index"]["uuid"].clone();
    query("update console.index_generation set uuid = $1 where index_name = 'media_search'")
        .bind(uuid.as_str())
        .execute(&db)
        .await
        .expect("known");
    work_off(&db, Some(&node.elastic)).await;
    all_is_well(&db, &node).await;
    assert!(node.document("media_search", 2).await.expect("it")["row_hash"].as_str().expect("a hash").contains('.'));
    let (_, mapped) = node.ask(Method::GET, "media_search/_mapping/field/row_hash.digest", None).await;
    assert!(mapped.to_string().contains("long"), "{mapped}");
    node.clear().await;
}

/// The numbers of transactions are those of another server there.
#[sqlx::test(migrator = "MIGRATOR")]
async fn what_was_remembered_in_a_database_that_came_out_of_a_dump_counts_for_nothing(db: PgPool) {
    let node = Node::new();
    many(&db, &node).await;
    all_is_well(&db, &node).await;
    silently(&db, &["update read_model_user_search set bio = 'other' where user_id = 1500"]).await;
    // As if the row had been written by an older transaction than the check, which then wrote its findings anew.
    query("update console.check_range set seen_from = pg_snapshot_xmax(pg_current_snapshot())")
        .execute(&db)
        .await
        .expect("restored");
    let found = checked(&db, &node, "user_search", false).await;
    assert_eq!(found.documents, counts(0, 1, 0), "{found:?}");
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_check_says_what_it_did_not_compare(db: PgPool) {
    let looked = async |read_models| {
        let (said, _) = watch::channel(sync::Step::default());
        sync::check(&db, None, read_models, "media_search", false, said).await.expect("a check").sentence()
    };
    assert_eq!(
        looked(ReadModels::Projected).await,
        "Rows are as they must be. Documents were not compared: Elasticsearch is not configured."
    );
    assert_eq!(
        looked(ReadModels::External).await,
        "Rows were not compared: somebody else writes the read models. \
         Documents were not compared: Elasticsearch is not configured."
    );
}

/// Whatever a row is made of.
#[sqlx::test(migrator = "MIGRATOR")]
async fn a_core_row_that_changed_behind_the_triggers_after_a_check_is_found_by_the_next(db: PgPool) {
    let node = Node::new();
    let ada = user(&db, "ada").await;
    let open = post(&db, ada, "open").await;
    for number in 0..4 {
        let media = photo(&db, open, &format!("number {number}"), &["sea"]).await;
        face(&db, media, Some(ada)).await;
    }
    work_off(&db, Some(&node.elastic)).await;
    all_is_well(&db, &node).await;
    let read: Vec<String> = sqlx::query_scalar(
        "select relation from console.check_source where index_name = 'media_search' order by relation",
    )
    .fetch_all(&db)
    .await
    .expect("what it reads");
    let core = ["media_ai_insights", "media_detected_faces", "post_media", "posts", "read_model_media_search", "users"];
    assert_eq!(read, core.map(|table| format!("public.{table}")));

    let changes = [
        ("update media_ai_insights set caption = 'other' where media_id = 2", "media_search", counts(0, 1, 0)),
        ("delete from media_detected_faces where id = 3", "face_search", counts(0, 0, 1)),
        (
            "update media_ai_insights set image_embedding = null where media_id = 1",
            "recommendations_knn",
            counts(0, 1, 1),
        ),
        ("update media_ai_insights set scenes = '{indoor}' where media_id = 4", "post_search", counts(0, 1, 0)),
        ("update users set bio = 'other'", "user_search", counts(0, 1, 0)),
    ];
    for (change, index, expected) in changes {
        silently(&db, &[change]).await;
        assert_eq!(checked(&db, &node, index, true).await.rows, expected, "{change}");
    }
    work_off(&db, Some(&node.elastic)).await;
    // The rest of what was changed.
    for model in kaleidoscope_console::read_models::ALL {
        checked(&db, &node, model.name, true).await;
    }
    work_off(&db, Some(&node.elastic)).await;
    all_is_well(&db, &node).await;
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_largest_and_the_smallest_key_are_compared_too(db: PgPool) {
    let node = Node::new();
    post(&db, user(&db, "ada").await, "open").await;
    work_off(&db, Some(&node.elastic)).await;
    silently(
        &db,
        &["insert into read_model_user_search (user_id, username, joined_at)
           values (-9223372036854775808, 'first', now()), (9223372036854775807, 'last', now())"],
    )
    .await;
    let found = checked(&db, &node, "user_search", false).await;
    assert_eq!((found.rows, found.documents), (counts(0, 0, 2), counts(2, 0, 0)), "{found:?}");
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn documents_that_wait_with_their_post_are_no_difference(db: PgPool) {
    let node = Node::new();
    let open = post(&db, user(&db, "ada").await, "open").await;
    photo(&db, open, "one", &["sea"]).await;
    work_off(&db, Some(&node.elastic)).await;

    run(&db, "update read_model_post_search set inferred_event_type = 'picnic' where post_id = $1", open).await;
    assert_eq!(checked(&db, &node, "media_search", false).await.documents, counts(0, 0, 0));
    let posts: i64 = query_scalar("select count(*) from console.index_queue where index_name = 'media_search_post'")
        .fetch_one(&db)
        .await
        .expect("a count");
    assert_eq!(posts, 1, "one of a post");

    run(&db, "delete from console.index_queue where document_id = $1::text", open).await;
    assert_eq!(checked(&db, &node, "media_search", false).await.documents, counts(0, 1, 0));
    node.clear().await;
}
