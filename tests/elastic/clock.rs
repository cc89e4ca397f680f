//! PostgreSQL's clock, by which leases and signs of life are measured, is set forward and back.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kaleidoscope_console::db::migrate;
use rand::{SeedableRng, rngs::StdRng};
use sqlx::{PgPool, query, query_scalar};

use crate::{
    agreement::Given,
    faults::{change, in_the_end_all_is_well},
    node::Node,
    proxy::{Fault, Proxy},
    rows::{Worker, post, until, user, within},
    server::Postgres,
};

const HOUR: i32 = 3_600;
/// Much less than an hour, and more than the longest of the waits that are meant.
const SOON: Duration = Duration::from_secs(30);

async fn with_clock() -> (Postgres, PgPool, Given) {
    let postgres = Postgres::start_with_clock().await;
    let db = postgres.database("platform").await;
    migrate(&db).await.expect("migrated");
    let given = Given::since_now(&db).await;
    (postgres, db, given)
}

async fn set_clock(postgres: &Postgres, db: &PgPool, ahead: i32) {
    postgres.set_clock(ahead);
    let now: f64 = query_scalar("select extract(epoch from clock_timestamp())::double precision")
        .fetch_one(db)
        .await
        .expect("a time");
    let here = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    let off = now - here.as_secs_f64() - f64::from(ahead);
    assert!(off.abs() < 60.0, "the server's clock is {off} s from where it was set");
}

async fn waiting(db: &PgPool) -> i64 {
    query_scalar(
        "select (select count(*) from console.read_model_queue) + (select count(*) from console.index_queue)
              + (select count(*) from console.feed_urgent)",
    )
    .fetch_one(db)
    .await
    .expect("a count")
}

#[tokio::test(flavor = "multi_thread")]
async fn work_goes_on_when_the_clock_is_set_an_hour_forward_and_back() {
    let (postgres, db, given) = with_clock().await;
    let node = Node::new();
    let open = post(&db, user(&db, "ada").await, "open").await;
    let workers = [Worker::start(&db, Some(&node.elastic)), Worker::start(&db, Some(&node.elastic))];
    let mut random = StdRng::seed_from_u64(7);
    for ahead in [0, HOUR, 0, -HOUR, 0] {
        for round in 0..10 {
            change(&db, &mut random, open).await;
            // In the middle of the work.
            if round == 5 {
                set_clock(&postgres, &db, ahead).await;
            }
        }
        within(SOON, "the end of the work", async || waiting(&db).await == 0).await;
    }
    for worker in workers {
        worker.stop().await;
    }
    in_the_end_all_is_well(&db, &node, &given).await;
    node.clear().await;
    db.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_leased_before_the_clock_was_set_back_is_not_kept_for_an_hour() {
    let (postgres, db, given) = with_clock().await;
    let proxy = Proxy::start().await;
    let node = Node::at(&proxy.url);
    let open = post(&db, user(&db, "ada").await, "open").await;
    let mut random = StdRng::seed_from_u64(8);
    set_clock(&postgres, &db, HOUR).await;
    proxy.meet("", &[Fault::Hang]);
    for _ in 0..10 {
        change(&db, &mut random, open).await;
    }
    let worker = Worker::start(&db, Some(&node.elastic));
    until("a bulk that hangs", async || !proxy.met().is_empty()).await;
    worker.kill().await;
    // As what Elasticsearch had no time for is put off.
    let put_off = query(
        "update console.index_queue set leased_until = clock_timestamp() + interval '5 seconds', lease_holder = null
          where index_name = 'media_search_text' or document_id in (select min(document_id) from console.index_queue)",
    )
    .execute(&db)
    .await
    .expect("put off");
    assert_ne!(put_off.rows_affected(), 0);

    set_clock(&postgres, &db, 0).await;
    proxy.meet("", &[]);
    let worker = Worker::start(&db, Some(&node.elastic));
    within(SOON, "the end of the work", async || waiting(&db).await == 0).await;
    let workers: i64 = query_scalar("select count(*) from console.worker").fetch_one(&db).await.expect("a count");
    assert_eq!(workers, 1, "who was last seen in the future is not shown as at work");
    worker.stop().await;
    in_the_end_all_is_well(&db, &node, &given).await;
    node.clear().await;
    db.close().await;
}
