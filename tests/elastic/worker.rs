//! One index in trouble holds up no other, and the worker says how it is.

use std::{
    net::SocketAddr,
    os::unix::net::UnixDatagram,
    process::Command,
    time::{Duration, Instant},
};

use kaleidoscope_console::{
    config,
    db::MIGRATOR,
    read_models,
    sync::{JobKind, dead_letters, samples},
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use reqwest::Method;
use serde_json::json;
use sqlx::{AssertSqlSafe, PgPool, query, query_scalar};

use crate::{
    agreement::Given,
    check::all_is_well,
    database::Database,
    faults::in_the_end_all_is_well,
    node::Node,
    process::{Running, free_port},
    proxy::{Fault, Proxy},
    rows::{Worker, face, photo, post, run, settled, until, user, within},
};

async fn waiting(db: &PgPool, index: &str) -> i64 {
    query_scalar("select count(*) from console.index_queue where index_name = $1")
        .bind(index)
        .fetch_one(db)
        .await
        .expect("a count")
}

/// A photo of somebody enrolled, with a face, and somebody else in whose feed it is: something in each of the seven indices.
async fn something_in_each(db: &PgPool) -> i64 {
    let (ada, _) = (user(db, "ada").await, user(db, "bo").await);
    let media = photo(db, post(db, ada, "open").await, "", &["sea"]).await;
    face(db, media, Some(ada)).await;
    query("insert into user_face_embeddings (user_id, embedding) values ($1, array_fill(0.03, array[1024])::vector)")
        .bind(ada)
        .execute(db)
        .await
        .expect("an enrolment");
    media
}

/// Whatever is the matter with one index, the other six have everything within seconds.
async fn the_other_six_are_complete(db: &PgPool, node: &Node, troubled: &str) {
    for model in read_models::ALL.iter().filter(|model| model.name != troubled) {
        let rows = format!("select count(*) from {}", model.table);
        within(Duration::from_secs(10), model.name, async || {
            let rows: i64 = query_scalar(AssertSqlSafe(rows.clone())).fetch_one(db).await.expect("a count");
            rows > 0 && waiting(db, model.name).await == 0
        })
        .await;
        assert!(!node.ids(model.index).await.is_empty(), "{}", model.index);
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_index_that_hangs_holds_up_no_other(db: PgPool) {
    let proxy = Proxy::start().await;
    let node = Node::at(&proxy.url);
    let given = Given::since_now(&db).await;
    proxy.meet("face_search", &[Fault::Hang]);
    something_in_each(&db).await;
    let worker = Worker::start(&db, Some(&node.elastic));
    until("the hanging bulk", async || !proxy.met().is_empty()).await;

    the_other_six_are_complete(&db, &node, "face_search").await;
    assert_eq!(waiting(&db, "face_search").await, 1);

    proxy.meet("", &[]);
    settled(&db, true).await;
    worker.stop().await;
    in_the_end_all_is_well(&db, &node, &given).await;
    node.clear().await;
}

/// Slow, and busy again and again: what is there comes to it one by one.
#[sqlx::test(migrator = "MIGRATOR")]
async fn an_index_that_is_slow_holds_up_no_other(db: PgPool) {
    let proxy = Proxy::start().await;
    let node = Node::at(&proxy.url);
    let given = Given::since_now(&db).await;
    let slow = Fault::Late(Duration::from_secs(15));
    proxy.meet("media_search", &[slow, Fault::Status(429)]);
    something_in_each(&db).await;
    let worker = Worker::start(&db, Some(&node.elastic));
    until("the slow bulk", async || proxy.met().contains(&slow)).await;

    the_other_six_are_complete(&db, &node, "media_search").await;
    assert_eq!(waiting(&db, "media_search").await, 1, "its answer is still to come");

    proxy.meet("", &[]);
    settled(&db, true).await;
    worker.stop().await;
    in_the_end_all_is_well(&db, &node, &given).await;
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_document_that_is_refused_holds_up_no_other_index(db: PgPool) {
    let (node, given) = (Node::new(), Given::since_now(&db).await);
    let media = something_in_each(&db).await;
    // Beyond what Elasticsearch takes for a date: in the index of faces alone.
    run(&db, "update media_detected_faces set created_at = 'infinity' where media_id = $1", media).await;
    let worker = Worker::start(&db, Some(&node.elastic));
    until("the letter", async || !dead_letters(&db).await.expect("letters").is_empty()).await;

    the_other_six_are_complete(&db, &node, "face_search").await;
    let letters = dead_letters(&db).await.expect("letters");
    assert!(letters.len() == 1 && letters[0].name == "face_search", "{letters:?}");
    assert!(letters[0].reason.starts_with("document_parsing_exception"), "in its own words: {letters:?}");

    run(&db, "update media_detected_faces set created_at = now() where media_id = $1", media).await;
    settled(&db, true).await;
    worker.stop().await;
    assert_eq!(dead_letters(&db).await.expect("letters"), []);
    in_the_end_all_is_well(&db, &node, &given).await;
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_broken_mapping_holds_up_no_other_and_a_rebuild_mends_it(db: PgPool) {
    let (node, given) = (Node::new(), Given::since_now(&db).await);
    let alias = node.elastic.alias("face_search");
    // Fields that are missing are added; one of another type can't be mended in place.
    let wrong = json!({"media_id": {"type": "date"}});
    let broken = json!({"aliases": {alias: {}}, "mappings": {"dynamic": "strict", "properties": wrong}});
    let (status, answer) = node.ask(Method::PUT, "face_search-g1", Some(broken)).await;
    assert_eq!(status, 200, "{answer}");
    something_in_each(&db).await;
    let worker = Worker::start(&db, Some(&node.elastic));
    settled(&db, true).await;
    the_other_six_are_complete(&db, &node, "face_search").await;
    assert_eq!(node.ids("face_search").await, [""; 0]);
    let letters = dead_letters(&db).await.expect("letters");
    assert!(letters.len() == 1 && letters[0].reason.contains("strict"), "{letters:?}");

    let outcome = crate::rebuild::done(&db, JobKind::Rebuild, "face_search").await;
    assert_eq!(outcome.state, "done", "{outcome:?}");
    assert_eq!(node.ids("face_search").await.len(), 1);
    assert_eq!(dead_letters(&db).await.expect("letters"), []);
    worker.stop().await;
    in_the_end_all_is_well(&db, &node, &given).await;
    node.clear().await;
}

/// Between the last sign of life and the first look of another one.
const NOTICED: Duration = Duration::from_secs(10);

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_death_of_a_worker_is_noticed_within_ten_seconds(db: PgPool) {
    let proxy = Proxy::start().await;
    let node = Node::new();
    let hanging = node.by(&proxy.url);
    let given = Given::since_now(&db).await;
    proxy.meet("", &[Fault::Hang]);
    let media = something_in_each(&db).await;
    let victim = Worker::start(&db, Some(&hanging.elastic));
    until("the work that it holds", async || !proxy.met().is_empty()).await;
    let heir = Worker::start(&db, Some(&node.elastic));
    until("its start", async || {
        query_scalar("select count(*) = 2 from console.worker").fetch_one(&db).await.expect("workers")
    })
    .await;
    let held = async || -> i64 {
        query_scalar("select count(*) from console.index_queue where lease_holder is not null")
            .fetch_one(&db)
            .await
            .expect("a count")
    };
    assert_ne!(held().await, 0);

    let killed = Instant::now();
    victim.kill().await;
    within(NOTICED, "its work, done by the other", async || held().await == 0).await;
    assert!(killed.elapsed() < NOTICED, "{:?}", killed.elapsed());
    assert!(node.document("media_search", media).await.is_some());
    settled(&db, true).await;
    heir.stop().await;
    in_the_end_all_is_well(&db, &node, &given).await;
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn it_says_how_it_is_to_this_machine_only(db: PgPool) {
    let node = Node::new();
    let address: SocketAddr = format!("127.0.0.1:{}", free_port()).parse().expect("an address");
    let settings = config::Worker { listen: Some(address), ..Default::default() };
    photo(&db, post(&db, user(&db, "ada").await, "open").await, "", &[]).await;
    let worker = Worker::start_with(&db, Some(&node.elastic), &settings);
    settled(&db, true).await;

    let ask = async |path: &str| {
        let answer = reqwest::get(format!("http://{address}{path}")).await.expect("it answers");
        (answer.status().as_u16(), answer.text().await.expect("a text"))
    };
    assert_eq!(ask("/healthz").await, (200, "ok\n".to_owned()));
    until("the count", async || {
        ask("/metrics").await.1.contains("kaleidoscope_documents_total{index=\"media_search\"} 1")
    })
    .await;
    let (_, text) = ask("/metrics").await;
    for wanted in ["kaleidoscope_bulk_seconds_count{index=\"media_search\"}", "kaleidoscope_backlog{", "# EOF"] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    let sampled = samples(&db, 1, 10).await.expect("samples");
    assert!(sampled.iter().any(|sample| sample.name == "media_search"), "{sampled:?}");
    worker.stop().await;

    let open = config::Worker { listen: Some("0.0.0.0:0".parse().expect("an address")), ..Default::default() };
    let stop = tokio_util::sync::CancellationToken::new();
    let refused = kaleidoscope_console::sync::run_worker(db.clone(), None, &open, stop).await.expect_err("open to all");
    assert!(refused.to_string().contains("only addresses of this machine"), "{refused}");
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn workers_that_start_at_once_make_one_index(db: PgPool) {
    let node = Node::new();
    photo(&db, post(&db, user(&db, "ada").await, "open").await, "", &[]).await;
    let workers: Vec<Worker> = (0..4).map(|_| Worker::start(&db, Some(&node.elastic))).collect();
    settled(&db, true).await;
    assert_eq!(crate::rebuild::behind(&node, "media_search").await, ["media_search-g1"]);
    all_is_well(&db, &node).await;
    for worker in workers {
        worker.stop().await;
    }
    node.clear().await;
}

/// The program's worker on a database and a node of the test.
pub(crate) fn program(database: &Database, node: &Node, folder: &std::path::Path) -> Command {
    let config = folder.join("config.toml");
    std::fs::write(&config, node.config()).expect("a settings file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaleidoscope-console"));
    command.arg("--config").arg(config).args(["worker", "--database-url", &database.url()]);
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_manager_is_told_and_its_stop_leaves_nothing_behind() {
    let database = Database::create("kaleidoscope_elastic_service").await;
    let db = database.pool().await;
    kaleidoscope_console::db::migrate(&db).await.expect("migrated");
    let (node, folder) = (Node::new(), tempfile::tempdir().expect("a folder"));
    let socket = folder.path().join("notify");
    let told = UnixDatagram::bind(&socket).expect("a socket");
    told.set_read_timeout(Some(Duration::from_mins(1))).expect("a limit");
    let mut command = program(&database, &node, folder.path());
    let mut worker = Running::start(command.env("NOTIFY_SOCKET", &socket));
    let told = tokio::task::spawn_blocking(move || {
        let next = || {
            let mut words = [0; 64];
            let length = told.recv(&mut words).expect("it is told something");
            String::from_utf8_lossy(&words[..length]).trim().to_owned()
        };
        while next() != "READY=1" {}
        told
    })
    .await
    .expect("it is ready");
    let workers =
        async || -> i64 { query_scalar("select count(*) from console.worker").fetch_one(&db).await.expect("a count") };
    assert_eq!(workers().await, 1);

    kill(Pid::from_raw(worker.id().cast_signed()), Signal::SIGTERM).expect("asked to stop");
    within(Duration::from_secs(10), "its end", async || worker.has_ended()).await;
    let last = tokio::task::spawn_blocking(move || {
        let mut words = [0; 64];
        loop {
            let length = told.recv(&mut words).expect("it is told something");
            if words[..length].starts_with(b"STOPPING=1") {
                return true;
            }
        }
    });
    assert!(last.await.expect("it said so"));
    assert_eq!(workers().await, 0);
    node.clear().await;
    db.close().await;
}
