//! A new generation beside the one that is searched.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use kaleidoscope_console::{
    db::MIGRATOR,
    sync::{JobKind, JobState, ask_for, cancel_jobs, job_states},
};
use reqwest::Method;
use serde_json::json;
use sqlx::{PgPool, query, query_scalar};

use crate::{
    node::Node,
    rows::{Worker, photo, post, run, settled, until, user},
};

/// Photos of one person, in the index.
async fn filled(db: &PgPool, node: &Node, photos: usize) -> (Worker, i64) {
    let open = post(db, user(db, "ada").await, "open").await;
    for number in 0..photos {
        photo(db, open, &format!("number {number}"), &["sea"]).await;
    }
    let worker = Worker::start(db, Some(&node.elastic));
    settled(db, true).await;
    (worker, open)
}

/// The job when it has ended.
pub(crate) async fn done(db: &PgPool, kind: JobKind, index: &str) -> JobState {
    let jobs = ask_for(db, kind, Some(index)).await.expect("asked for");
    ended(db, &jobs).await
}

pub(crate) async fn ended(db: &PgPool, jobs: &[i64]) -> JobState {
    let mut last = None;
    until("the end of the job", async || {
        last = job_states(db, jobs).await.expect("a state").pop();
        last.as_ref().is_some_and(JobState::has_ended)
    })
    .await;
    last.expect("a job")
}

pub(crate) async fn behind(node: &Node, alias: &str) -> Vec<String> {
    let (_, found) = node.ask(Method::GET, &format!("{alias}/_alias"), None).await;
    let names = found.as_object().expect("an index").keys();
    names.map(|name| name.split_once('_').expect("a prefix").1.to_owned()).collect()
}

pub(crate) async fn states(db: &PgPool) -> Vec<(String, String)> {
    let all: Vec<(String, String)> = sqlx::query_as(
        "select substr(generation, strpos(generation, '_') + 1), state from console.index_generation
          where index_name = 'media_search' order by generation",
    )
    .fetch_all(db)
    .await
    .expect("generations");
    all
}

pub(crate) fn named(states: &[(&str, &str)]) -> Vec<(String, String)> {
    states.iter().map(|(name, state)| ((*name).to_owned(), (*state).to_owned())).collect()
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn not_one_search_fails_or_misses_while_an_index_is_rebuilt_and_rolled_back(db: PgPool) {
    let node = Arc::new(Node::new());
    let (worker, open) = filled(&db, &node, 40).await;
    until("all in the search", async || node.ids("media_search").await.len() == 40).await;
    let (stop, searches) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let searching = tokio::spawn({
        let (node, stop, searches) = (node.clone(), stop.clone(), searches.clone());
        async move {
            while !stop.load(Ordering::Relaxed) {
                let body = json!({"query": {"term": {"ai_tags": "sea"}}, "_source": false});
                let (status, answer) = node.ask(Method::POST, "media_search/_search", Some(body)).await;
                assert_eq!(status, 200, "{answer}");
                let hits = answer["hits"]["total"]["value"].as_i64().expect("a total");
                assert!(hits >= 40, "{hits}: {answer}");
                searches.fetch_add(1, Ordering::Relaxed);
            }
        }
    });

    let outcome = done(&db, JobKind::Rebuild, "media_search").await;
    assert_eq!(outcome.state, "done", "{outcome:?}");
    assert_eq!(behind(&node, "media_search").await, ["media_search-g2"]);
    let late = photo(&db, open, "late", &["sea"]).await;
    settled(&db, true).await;
    assert!(node.document("media_search", late).await.is_some());

    let outcome = done(&db, JobKind::Rollback, "media_search").await;
    assert_eq!(outcome.state, "done", "{outcome:?}");
    assert_eq!(behind(&node, "media_search").await, ["media_search-g1"]);
    assert!(node.document("media_search", late).await.is_some(), "it came after that generation was left");

    let before = searches.load(Ordering::Relaxed);
    until("a few more searches", async || searches.load(Ordering::Relaxed) > before + 5).await;
    stop.store(true, Ordering::Relaxed);
    searching.await.expect("no search fails");
    assert_eq!(states(&db).await, named(&[("media_search-g1", "live"), ("media_search-g2", "previous")]));
    worker.stop().await;
    Arc::into_inner(node).expect("nobody else searches").clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_changes_during_a_rebuild_is_in_the_new_generation(db: PgPool) {
    let node = Node::new();
    let (worker, open) = filled(&db, &node, 30).await;
    let jobs = ask_for(&db, JobKind::Rebuild, Some("media_search")).await.expect("asked for");
    let mut round = 0;
    while !job_states(&db, &jobs).await.expect("a state")[0].has_ended() {
        round += 1;
        photo(&db, open, "new", &[]).await;
        query("update posts set title = $1").bind(format!("title {round}")).execute(&db).await.expect("renamed");
        query("delete from post_media where media_id = (select min(media_id) from post_media)")
            .execute(&db)
            .await
            .expect("deleted");
        // The generation is put in place when the queue has a pause.
        settled(&db, true).await;
    }
    let outcome = ended(&db, &jobs).await;
    assert_eq!(outcome.state, "done", "{outcome:?}");
    settled(&db, true).await;
    let mut wanted: Vec<String> =
        query_scalar("select media_id::text from post_media").fetch_all(&db).await.expect("media");
    wanted.sort_by_key(|id| (id.len(), id.clone()));
    assert_eq!(node.ids("media_search").await, wanted);
    for id in wanted {
        let document = node.document("media_search", &id).await.expect("a document");
        assert_eq!(document["post_title"], format!("title {round}"));
    }
    worker.stop().await;
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn rows_that_were_wrong_are_computed_anew(db: PgPool) {
    let node = Node::new();
    let (worker, _) = filled(&db, &node, 3).await;
    query("update read_model_media_search set post_title = 'wrong'").execute(&db).await.expect("changed");
    query("delete from read_model_media_search where media_id = 1").execute(&db).await.expect("deleted");
    query(
        "insert into read_model_media_search (media_id, post_id, media_url, uploader_id, uploader_username, created_at)
         values (999, 1, '', 1, 'ghost', now())",
    )
    .execute(&db)
    .await
    .expect("a ghost");
    settled(&db, true).await;

    let outcome = done(&db, JobKind::Rebuild, "media_search").await;
    assert_eq!(outcome.state, "done", "{outcome:?}");

    assert_eq!(node.ids("media_search").await, ["1", "2", "3"]);
    assert_eq!(node.document("media_search", 1).await.expect("it")["post_title"], "open");
    worker.stop().await;
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_dead_letter_keeps_a_generation_from_being_searched_and_the_next_rebuild_goes_on(db: PgPool) {
    let node = Node::new();
    let (worker, _) = filled(&db, &node, 3).await;
    run(&db, "update post_media set created_at = 'infinity' where media_id = $1", 2).await;
    settled(&db, true).await;

    let outcome = done(&db, JobKind::Rebuild, "media_search").await;
    assert_eq!(outcome.state, "failed");
    let why = outcome.outcome.expect("a sentence");
    assert!(why.contains("1 document is refused by Elasticsearch"), "{why}");
    assert_eq!(behind(&node, "media_search").await, ["media_search-g1"]);
    assert_eq!(states(&db).await, named(&[("media_search-g1", "live"), ("media_search-g2", "halted")]));

    run(&db, "update post_media set created_at = now() where media_id = $1", 2).await;
    settled(&db, true).await;
    let outcome = done(&db, JobKind::Rebuild, "media_search").await;
    assert_eq!(outcome.state, "done", "{outcome:?}");
    assert_eq!(behind(&node, "media_search").await, ["media_search-g2"]);
    assert_eq!(node.ids("media_search").await, ["1", "2", "3"]);
    worker.stop().await;
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_rebuild_that_nobody_works_on_can_be_cancelled_and_one_that_was_left_is_gone_on_with(db: PgPool) {
    let node = Node::new();
    let (worker, _) = filled(&db, &node, 3).await;
    worker.stop().await;
    let jobs = ask_for(&db, JobKind::Rebuild, Some("media_search")).await.expect("asked for");
    cancel_jobs(&db, &jobs).await.expect("cancelled");
    assert_eq!(ended(&db, &jobs).await.state, "cancelled");

    // As a worker leaves it that was killed in the middle.
    let jobs = ask_for(&db, JobKind::Rebuild, Some("media_search")).await.expect("asked for");
    query("update console.job set state = 'running', lease_holder = 'dead', step = 'rows', position = '2' where job_id = $1")
        .bind(jobs[0])
        .execute(&db)
        .await
        .expect("left");
    let worker = Worker::start(&db, Some(&node.elastic));
    assert_eq!(ended(&db, &jobs).await.state, "done");
    assert_eq!(behind(&node, "media_search").await, ["media_search-g2"]);
    worker.stop().await;
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_database_that_was_restored_to_an_older_state_is_recognised(db: PgPool) {
    let node = Node::new();
    let (worker, _) = filled(&db, &node, 3).await;
    worker.stop().await;
    query("select setval('console.version', 1, false)").execute(&db).await.expect("set back");
    let problem = async || -> Option<String> {
        query_scalar(
            "select problem from console.index_generation where index_name = 'media_search' and state = 'live'",
        )
        .fetch_one(&db)
        .await
        .expect("a generation")
    };
    assert_eq!(problem().await, None);

    let worker = Worker::start(&db, Some(&node.elastic));
    until("the problem", async || problem().await.is_some()).await;
    let said = problem().await.expect("a sentence");
    assert!(said.contains("restored") && said.contains("new generation"), "{said}");

    let outcome = done(&db, JobKind::Rebuild, "media_search").await;
    assert_eq!(outcome.state, "done", "{outcome:?}");
    assert_eq!(problem().await, None);
    assert_eq!(node.ids("media_search").await, ["1", "2", "3"]);
    worker.stop().await;
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_generation_of_an_earlier_console_is_adopted(db: PgPool) {
    let node = Node::new();
    let open = post(&db, user(&db, "ada").await, "open").await;
    let first = photo(&db, open, "", &[]).await;
    let worker = Worker::start(&db, Some(&node.elastic));
    settled(&db, true).await;
    worker.stop().await;
    // The same index under its earlier name, with no alias to be written by.
    let alias = node.elastic.alias("media_search");
    let (_, made) = node.ask(Method::GET, "media_search-g1", None).await;
    let mapping = made.as_object().and_then(|made| made.values().next()).expect("it")["mappings"].clone();
    node.ask(Method::DELETE, "media_search-g1", None).await;
    let (status, answer) =
        node.ask(Method::PUT, "media_search_v1", Some(json!({"aliases": {alias: {}}, "mappings": mapping}))).await;
    assert_eq!(status, 200, "{answer}");

    let worker = Worker::start(&db, Some(&node.elastic));
    until("the document", async || node.document("media_search", first).await.is_some()).await;
    assert_eq!(behind(&node, "media_search").await, ["media_search_v1"]);
    let outcome = done(&db, JobKind::Rebuild, "media_search").await;
    assert_eq!(outcome.state, "done", "{outcome:?}");
    assert_eq!(behind(&node, "media_search").await, ["media_search-g2"]);
    worker.stop().await;
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_worker_s_own_login_suffices(db: PgPool) {
    let node = Node::new();
    let login = format!("sync_{:016x}", rand::random::<u64>());
    for statement in
        [format!("create role {login} login password 'test'"), format!("grant kaleidoscope_worker to {login}")]
    {
        query(sqlx::AssertSqlSafe(statement)).execute(&db).await.expect("a login");
    }
    let own = PgPool::connect_lazy_with((*db.connect_options()).clone().username(&login).password("test"));
    let open = post(&db, user(&db, "ada").await, "open").await;
    let (one, _) = (photo(&db, open, "", &["sea"]).await, photo(&db, open, "", &[]).await);
    let worker = Worker::start(&own, Some(&node.elastic));
    settled(&db, true).await;
    // What the documents of the post's other photos say depends on it.
    run(&db, "update media_ai_insights set is_safe = false where media_id = $1", one).await;
    settled(&db, true).await;

    for kind in [JobKind::Rebuild, JobKind::Rollback, JobKind::Repair] {
        let outcome = done(&own, kind, "media_search").await;
        assert_eq!(outcome.state, "done", "{outcome:?}");
    }
    assert!(crate::check::checked(&own, &node, "face_search", true).await.is_clean());
    assert_eq!(kaleidoscope_console::sync::replay(&own, None, None).await.expect("replayed"), 0);
    until("a sample", async || !kaleidoscope_console::sync::samples(&own, 1, 10).await.expect("samples").is_empty())
        .await;
    worker.stop().await;
    own.close().await;
    node.clear().await;
}
