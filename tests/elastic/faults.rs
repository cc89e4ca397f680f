//! Whatever breaks, in the end nothing is lost, nothing doubled, nothing risen from the dead.

use std::time::Duration;

use kaleidoscope_console::db::MIGRATOR;
use rand::{Rng, SeedableRng, rngs::StdRng};
use sqlx::{PgPool, query};

use crate::{
    check::all_is_well,
    node::Node,
    proxy::{Fault, Proxy},
    rows::{Worker, face, photo, post, settled, until, user},
};

/// One change as the platform makes them, drawn by chance.
async fn change(db: &PgPool, random: &mut StdRng, open: i64) {
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
    let open = post(&db, user(&db, "ada").await, "open").await;
    let workers = [Worker::start(&db, Some(&node.elastic)), Worker::start(&db, Some(&node.elastic))];
    let mut random = StdRng::seed_from_u64(4);
    while !faults.iter().all(|fault| proxy.met().iter().filter(|met| *met == fault).count() >= 5) {
        change(&db, &mut random, open).await;
    }

    proxy.meet("", &[]);
    settled(&db, true).await;
    all_is_well(&db, &node).await;
    for worker in workers {
        worker.stop().await;
    }
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_cluster_that_hangs_half_open_is_gone_on_with(db: PgPool) {
    let proxy = Proxy::start().await;
    let node = Node::at(&proxy.url);
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
    all_is_well(&db, &node).await;
    worker.stop().await;
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_worker_whose_connections_are_cut_again_and_again_loses_nothing(db: PgPool) {
    let node = Node::new();
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
    settled(&db, true).await;
    all_is_well(&db, &node).await;
    worker.stop().await;
    node.clear().await;
}

mod platform {
    use std::{path::Path, process::Child};

    use kaleidoscope_console::sync::{JobKind, JobState, ask_for, job_states};
    use sqlx::query_scalar;

    use super::*;
    use crate::{
        database::Database,
        loaded::{load, program},
        process::Running,
        worker,
    };

    /// Changes of the platform between two blows.
    const CHANGES: i64 = 40;
    const KILLS: usize = 20;

    async fn versions(db: &PgPool) -> i64 {
        query_scalar("select last_value from console.version").fetch_one(db).await.expect("a number")
    }

    fn start(database: &Database, node: &Node, folder: &Path) -> Child {
        worker::program(database, node, folder).env("RUST_LOG", "error").spawn().expect("a worker starts")
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn workers_that_are_killed_while_all_is_rebuilt_lose_nothing() {
        let database = Database::create("kaleidoscope_elastic_kills").await;
        load(&database, 300, "http://127.0.0.1:8900");
        let db = database.pool().await;
        kaleidoscope_console::db::migrate(&db).await.expect("migrated");
        let (proxy, folder) = (Proxy::start().await, tempfile::tempdir().expect("a folder"));
        let node = Node::at(&proxy.url);
        proxy.meet("", &[Fault::Pass, Fault::Status(429), Fault::Pass, Fault::Cut, Fault::Pass, Fault::Status(503)]);
        let mut workers = [start(&database, &node, folder.path()), start(&database, &node, folder.path())];
        until("the first documents", async || !proxy.met().is_empty()).await;
        let mut churn = program();
        churn.args(["churn", "--dsn", &database.url(), "--seconds", "25", "--rate", "60"]);
        let mut churn = Running::start(&mut churn);
        let jobs = ask_for(&db, JobKind::Rebuild, None).await.expect("asked for");

        for kill in 0..KILLS {
            let before = versions(&db).await;
            until("some changes", async || churn.has_ended() || versions(&db).await > before + CHANGES).await;
            let victim = &mut workers[kill % 2];
            victim.kill().expect("killed");
            victim.wait().expect("it is dead");
            *victim = start(&database, &node, folder.path());
            if kill % 5 == 0 {
                query(
                    "select pg_terminate_backend(pid) from pg_stat_activity
                      where datname = current_database() and application_name = 'kaleidoscope-console'",
                )
                .execute(&db)
                .await
                .expect("cut");
            }
        }
        until("the end of the traffic", async || churn.has_ended()).await;
        proxy.meet("", &[]);
        settled(&db, true).await;
        until("the end of the rebuilds", async || {
            job_states(&db, &jobs).await.expect("states").iter().all(JobState::has_ended)
        })
        .await;
        let ended = job_states(&db, &jobs).await.expect("states");
        assert!(ended.iter().all(|job| job.state == "done"), "{ended:?}");
        settled(&db, true).await;
        all_is_well(&db, &node).await;
        assert_eq!(crate::differences::differences(&db).await, [""; 0]);

        for mut worker in workers {
            worker.kill().expect("killed");
            worker.wait().expect("it is dead");
        }
        node.clear().await;
        db.close().await;
    }
}
