//! Whatever breaks, in the end nothing is lost, nothing doubled, nothing risen from the dead.

use std::time::Duration;

use kaleidoscope_console::{
    db::MIGRATOR,
    sync::{JobKind, ask_for},
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use sqlx::{PgPool, query, query_scalar};

use crate::{
    agreement::Given,
    check::a_check_finds_nothing,
    node::Node,
    proxy::{Fault, Proxy},
    rebuild::{behind, ended, named, states},
    rows::{Worker, face, photo, post, run, settled, until, user, work_off_all},
};

/// Nothing lost, nothing doubled, nothing risen from the dead. All others who write have ended.
pub(crate) async fn in_the_end_all_is_well(db: &PgPool, node: &Node, given: &Given) {
    work_off_all(db, &node.elastic).await;
    given.agree(db, node).await;
    a_check_finds_nothing(db, node).await;
}

/// How many versions the database has given.
pub(crate) async fn versions(db: &PgPool) -> i64 {
    query_scalar("select last_value from console.version").fetch_one(db).await.expect("a number")
}

/// One change as the platform makes them, drawn by chance.
pub(crate) async fn change(db: &PgPool, random: &mut StdRng, open: i64) {
    let statement = match random.random_range(0..6) {
        0 => {
            let media = photo(db, open, "new", &["sea"]).await;
            face(db, media, None).await;
            return;
        }
        1 => "update posts set title = 'title ' || $1",
        2 => "update posts set status = case status when 'PUBLISHED' then 'DRAFT' else 'PUBLISHED' end where $1 > 0",
        3 => {
            "delete from post_media where media_id = (select max(media_id) from post_media where media_id % 3 <> $1 % 3)"
        }
        4 => "update media_ai_insights set tags = array['tag ' || $1] where media_id % 4 = $1 % 4",
        _ => "delete from media_detected_faces where id % 7 = $1 % 7",
    };
    let number: i64 = random.random_range(1..1_000);
    query(statement).bind(number).execute(db).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_cluster_that_refuses_repeats_and_breaks_off_loses_nothing(db: PgPool) {
    let proxy = Proxy::start().await;
    let node = Node::at(&proxy.url);
    let faults = [
        Fault::Status(429),
        Fault::Twice(Duration::from_millis(300)),
        Fault::Cut,
        Fault::Pass,
        Fault::Status(503),
        Fault::Late(Duration::from_millis(200)),
        Fault::Pass,
    ];
    proxy.meet("", &faults);
    let given = Given::since_now(&db).await;
    let open = post(&db, user(&db, "ada").await, "open").await;
    let workers = [Worker::start(&db, Some(&node.elastic)), Worker::start(&db, Some(&node.elastic))];
    let mut random = StdRng::seed_from_u64(4);
    while !faults.iter().all(|fault| proxy.met().iter().filter(|met| *met == fault).count() >= 5) {
        change(&db, &mut random, open).await;
    }

    proxy.meet("", &[]);
    settled(&db, true).await;
    for worker in workers {
        worker.stop().await;
    }
    in_the_end_all_is_well(&db, &node, &given).await;
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_cluster_that_hangs_half_open_is_gone_on_with(db: PgPool) {
    let proxy = Proxy::start().await;
    let node = Node::at(&proxy.url);
    let given = Given::since_now(&db).await;
    let open = post(&db, user(&db, "ada").await, "open").await;
    let worker = Worker::start(&db, Some(&node.elastic));
    let mut random = StdRng::seed_from_u64(5);
    for round in 1..=3 {
        proxy.meet("", &[Fault::Hang]);
        until("a hanging bulk", async || {
            change(&db, &mut random, open).await;
            proxy.met().len() >= round
        })
        .await;
        change(&db, &mut random, open).await;
        proxy.meet("", &[]);
        settled(&db, true).await;
    }
    worker.stop().await;
    in_the_end_all_is_well(&db, &node, &given).await;
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_worker_whose_connections_are_cut_again_and_again_loses_nothing(db: PgPool) {
    let node = Node::new();
    let given = Given::since_now(&db).await;
    let open = post(&db, user(&db, "ada").await, "open").await;
    let worker = Worker::start(&db, Some(&node.elastic));
    let mut random = StdRng::seed_from_u64(6);
    for round in 0..40 {
        change(&db, &mut random, open).await;
        if round % 4 == 0 {
            query(
                "select pg_terminate_backend(pid) from pg_stat_activity
                  where datname = current_database() and pid <> pg_backend_pid() and query like '%console.%'",
            )
            .execute(&db)
            .await
            .expect("cut");
        }
    }
    worker.stop().await;
    in_the_end_all_is_well(&db, &node, &given).await;
    node.clear().await;
}

/// Whoever reads on from the last number seen would never see it.
#[sqlx::test(migrator = "MIGRATOR")]
async fn what_commits_half_a_minute_after_it_was_written_is_not_missed(db: PgPool) {
    let (node, given) = (Node::new(), Given::since_now(&db).await);
    let ada = user(&db, "ada").await;
    let open = post(&db, ada, "open").await;
    let workers = [Worker::start(&db, Some(&node.elastic)), Worker::start(&db, Some(&node.elastic))];
    settled(&db, true).await;
    let mut tx = db.begin().await.expect("a transaction");
    let late = user(&mut *tx, "late").await;
    run(&mut *tx, "update users set department = 'Late' where user_id = $1", ada).await;
    let marked = versions(&db).await;
    let committed = tokio::spawn(async move {
        query("select pg_sleep(30)").execute(&mut *tx).await.expect("it dawdles");
        tx.commit().await.expect("committed");
    });
    let mut random = StdRng::seed_from_u64(9);
    while !committed.is_finished() {
        change(&db, &mut random, open).await;
        settled(&db, true).await;
    }
    committed.await.expect("it does not panic");
    assert!(versions(&db).await > marked + 100, "others moved on");
    settled(&db, true).await;
    assert!(node.document("user_search", late).await.is_some(), "it was inserted");
    assert_eq!(node.document("user_search", ada).await.expect("a document")["department"], "Late", "it was updated");
    for worker in workers {
        worker.stop().await;
    }
    in_the_end_all_is_well(&db, &node, &given).await;
    node.clear().await;
}

/// The swap is asked for, by a rebuild and by going back, and nobody writes down whether it came about.
async fn a_swap_whose_worker_dies(db: &PgPool, fault: Fault) {
    let proxy = Proxy::start().await;
    let node = Node::new();
    let troubled = node.by(&proxy.url);
    let given = Given::since_now(db).await;
    photo(db, post(db, user(db, "ada").await, "open").await, "", &["sea"]).await;
    for (kind, live, previous) in [
        (JobKind::Rebuild, "media_search-g2", "media_search-g1"),
        (JobKind::Rollback, "media_search-g1", "media_search-g2"),
    ] {
        let worker = Worker::start(db, Some(&troubled.elastic));
        settled(db, true).await;
        let met = proxy.met().len();
        proxy.meet_at("/_aliases", "", &[fault]);
        let jobs = ask_for(db, kind, Some("media_search")).await.expect("asked for");
        until("the swap", async || proxy.met().len() > met).await;
        worker.kill().await;
        proxy.meet("", &[]);

        let worker = Worker::start(db, Some(&node.elastic));
        let outcome = ended(db, &jobs).await;
        assert_eq!(outcome.state, "done", "{outcome:?}");
        worker.stop().await;
        assert_eq!(behind(&node, "media_search").await, [live]);
        let mut wanted = named(&[(live, "live"), (previous, "previous")]);
        wanted.sort();
        assert_eq!(states(db).await, wanted);
        assert_eq!(behind(&node, "media_search-g*").await, ["media_search-g1", "media_search-g2"]);
    }
    in_the_end_all_is_well(db, &node, &given).await;
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_worker_that_dies_before_the_swap_comes_about_leaves_it_to_another(db: PgPool) {
    a_swap_whose_worker_dies(&db, Fault::Hang).await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_worker_that_dies_between_the_swap_and_its_record_has_swapped_once(db: PgPool) {
    a_swap_whose_worker_dies(&db, Fault::Mute).await;
}

async fn cut_the_locks_of_all_but(db: &PgPool, name: &str) {
    query(
        "select pg_terminate_backend(pid)
           from pg_stat_activity as backend
          where datname = current_database()
            and application_name <> $1
            and exists (select from pg_locks where pid = backend.pid and locktype = 'advisory' and granted)",
    )
    .bind(name)
    .execute(db)
    .await
    .expect("cut");
}

/// One has lost the lock under which it looked whether there is one, because its connection was cut meanwhile.
#[sqlx::test(migrator = "MIGRATOR")]
async fn two_workers_that_make_the_first_generation_at_once_leave_one(db: PgPool) {
    let proxy = Proxy::start().await;
    let node = Node::new();
    let slow = node.by(&proxy.url);
    let given = Given::since_now(&db).await;
    photo(&db, post(&db, user(&db, "ada").await, "open").await, "", &["sea"]).await;
    // It has seen that there is none, and asks which numbers are taken.
    proxy.meet_at("-g*/_alias", "media_search", &[Fault::Hold]);
    let first = Worker::start(&db, Some(&slow.elastic));
    until("the question", async || !proxy.met().is_empty()).await;
    let named_second = (*db.connect_options()).clone().application_name("second");
    let second = Worker::start(&PgPool::connect_lazy_with(named_second), Some(&node.elastic));
    until("the other's generation", async || {
        cut_the_locks_of_all_but(&db, "second").await;
        states(&db).await == named(&[("media_search-g1", "live")])
    })
    .await;
    // Now it makes one. Each of its two lanes is content in the end, and looks then which versions the index holds.
    proxy.meet_at("-g1/_refresh", "media_search", &[Fault::Pass]);
    let content = || proxy.met().iter().filter(|fault| **fault == Fault::Pass).count();
    until("both lanes of the first", async || content() >= 2).await;
    settled(&db, true).await;
    first.stop().await;
    second.stop().await;
    assert_eq!(behind(&node, "media_search").await, ["media_search-g1"]);
    assert_eq!(behind(&node, "media_search-g*").await, ["media_search-g1"]);
    in_the_end_all_is_well(&db, &node, &given).await;
    node.clear().await;
}

mod platform {
    use std::{path::Path, process::Child};

    use kaleidoscope_console::sync::{JobState, job_states};

    use super::*;
    use crate::{
        database::Database,
        loaded::{churn, load},
        worker,
    };

    /// Changes of the platform between two blows.
    const CHANGES: i64 = 40;
    const KILLS: usize = 20;
    const ALL_CHANGES: i64 = 100_000;

    fn start(database: &Database, node: &Node, folder: &Path) -> Child {
        worker::program(database, node, folder).env("RUST_LOG", "error").spawn().expect("a worker starts")
    }

    /// Rows that were inserted, updated and deleted in the six tables that the platform writes.
    async fn changed(db: &PgPool) -> i64 {
        query_scalar(
            "select sum(n_tup_ins + n_tup_upd + n_tup_del)::bigint
               from pg_stat_user_tables
              where relname in ('users', 'posts', 'post_media', 'media_ai_insights', 'user_face_embeddings',
                                'media_detected_faces')",
        )
        .fetch_one(db)
        .await
        .expect("the statistics")
    }

    /// One statement of many rows, drawn by chance. Where the platform's traffic is in its way it is none.
    async fn storm(db: &PgPool, random: &mut StdRng) {
        // Faces are the most rows, and on few of them does anything depend.
        let statement = match random.random_range(0..16) {
            0 => "update posts set title = 'storm ' || $1 where post_id % 3 = $1 % 3",
            1 => "update post_media set media_url = media_url, position = $1 % 7 where media_id % 2 = $1 % 2",
            2 => "update media_ai_insights set tags = array['tag ' || $1] where media_id % 2 = $1 % 2",
            3 => {
                "update media_ai_insights
                    set status = case status when 'UNSAFE' then 'COMPLETED' else 'UNSAFE' end, is_safe = status = 'UNSAFE'
                  where media_id % 5 = $1 % 5 and status in ('UNSAFE', 'COMPLETED')"
            }
            4 => {
                "with gone as (
                     delete from media_detected_faces where id % 4 = $1 % 4
                     returning media_id, bbox, embedding, identified_user_id
                 )
                 insert into media_detected_faces (media_id, bbox, embedding, identified_user_id)
                 select media_id, bbox, embedding, identified_user_id from gone"
            }
            5 => "update users set department = 'department ' || $1 % 5 where user_id % 2 = $1 % 2",
            6 => "update user_face_embeddings set is_active = (id + $1) % 5 <> 0",
            _ => "update media_detected_faces set confidence_score = $1 % 100 / 100.0 where id % 8 <> $1 % 8",
        };
        let number: i64 = random.random_range(1..1_000_000);
        if let Err(error) = query(statement).bind(number).execute(db).await {
            let state = error.as_database_error().and_then(|error| error.code()).unwrap_or_default().into_owned();
            assert!(["40P01", "23503", "57P01"].contains(&state.as_str()), "{statement}: {error}");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn workers_that_are_killed_while_all_is_changed_and_rebuilt_lose_nothing() {
        let database = Database::create("kaleidoscope_elastic_kills").await;
        load(&database, 300, "http://127.0.0.1:8900");
        let db = database.pool().await;
        kaleidoscope_console::db::migrate(&db).await.expect("migrated");
        let given = Given::since_now(&db).await;
        let (proxy, folder) = (Proxy::start().await, tempfile::tempdir().expect("a folder"));
        let node = Node::at(&proxy.url);
        proxy.meet(
            "",
            &[
                Fault::Pass,
                Fault::Status(429),
                Fault::Pass,
                Fault::Cut,
                Fault::Twice(Duration::from_secs(1)),
                Fault::Status(503),
                Fault::Pass,
                Fault::Late(Duration::from_millis(500)),
            ],
        );
        let mut workers = [start(&database, &node, folder.path()), start(&database, &node, folder.path())];
        until("the first documents", async || !proxy.met().is_empty()).await;
        let before = changed(&db).await;
        let traffic = churn(&database.url(), 60);
        let jobs = ask_for(&db, JobKind::Rebuild, None).await.expect("asked for");
        let storming = tokio::spawn({
            let db = db.clone();
            async move {
                let mut random = StdRng::seed_from_u64(10);
                while changed(&db).await < before + ALL_CHANGES {
                    storm(&db, &mut random).await;
                }
            }
        });

        for kill in 0..KILLS {
            let before = versions(&db).await;
            until("some changes", async || versions(&db).await > before + CHANGES).await;
            let victim = &mut workers[kill % 2];
            victim.kill().expect("killed");
            victim.wait().expect("it is dead");
            if kill % 5 == 0 {
                query(
                    "select pg_terminate_backend(pid) from pg_stat_activity
                      where datname = current_database() and application_name = 'kaleidoscope-console'",
                )
                .execute(&db)
                .await
                .expect("cut");
            }
            *victim = start(&database, &node, folder.path());
        }
        storming.await.expect("a storm does not panic");
        drop(traffic);
        assert!(changed(&db).await - before > ALL_CHANGES);
        proxy.meet("", &[]);
        until("the end of the rebuilds", async || {
            job_states(&db, &jobs).await.expect("states").iter().all(JobState::has_ended)
        })
        .await;
        let ended = job_states(&db, &jobs).await.expect("states");
        assert!(ended.iter().all(|job| job.state == "done"), "{ended:?}");
        for mut worker in workers {
            worker.kill().expect("killed");
            worker.wait().expect("it is dead");
        }
        in_the_end_all_is_well(&db, &node, &given).await;
        node.clear().await;
        db.close().await;
    }
}
