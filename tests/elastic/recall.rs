//! How many of the nearest neighbours the vector indices find.

use kaleidoscope_console::{
    access::Role,
    db::MIGRATOR,
    error::Error,
    search::Engine,
    sync::JobKind,
    system::{JobState, recall, start_job, upkeep},
};
use sqlx::PgPool;

use crate::{
    node::Node,
    rows::{Worker, operator, photo, post, run, until, user, work_off},
};

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_admin_has_it_measured_and_everybody_sees_it(db: PgPool) {
    let node = Node::new();
    let (admin, pool) = operator(&db, "admin", Role::Admin).await;
    let (staff, as_staff) = operator(&db, "staff", Role::Staff).await;
    let open = post(&db, user(&db, "ada").await, "open").await;
    for _ in 0..60 {
        photo(&db, open, "", &[]).await;
    }
    run(
        &db,
        "update media_ai_insights as i
            set image_embedding = (select array_agg(random() - 0.5) from generate_series(1, 512) where i.media_id > 0)::vector
          where media_id > $1",
        0,
    )
    .await;
    work_off(&db, Some(&node.elastic)).await;
    node.ids("media_search").await;
    node.ids("recommendations_knn").await;

    let worker = Worker::start(&db, Some(&node.elastic));
    for index in ["media_search", "recommendations_knn"] {
        start_job(&pool, &admin, JobKind::Recall, index).await.expect("started");
    }
    let no_vectors = start_job(&pool, &admin, JobKind::Recall, "post_search").await;
    assert!(matches!(no_vectors, Err(Error::Invalid(_))), "{no_vectors:?}");
    let no_admin = start_job(&as_staff, &staff, JobKind::Recall, "media_search").await;
    assert!(matches!(no_admin, Err(Error::Forbidden(_))), "{no_admin:?}");
    until("the end of the jobs", async || {
        let jobs = upkeep(&as_staff, true, &staff).await.expect("jobs").jobs;
        jobs.iter().all(|job| !matches!(job.state, JobState::Waiting | JobState::Running))
    })
    .await;
    worker.stop().await;

    let jobs = upkeep(&as_staff, true, &staff).await.expect("jobs").jobs;
    assert!(jobs.iter().all(|job| job.state == JobState::Done), "{jobs:?}");
    let measured = recall(&as_staff, &staff).await.expect("figures");
    for (index, engine) in [
        ("media_search", Engine::Elasticsearch),
        ("media_search", Engine::PostgreSql),
        ("recommendations_knn", Engine::Elasticsearch),
    ] {
        let of_index = measured.iter().find(|one| one.index == index && one.engine == engine);
        let of_index = of_index.unwrap_or_else(|| panic!("{index}: {measured:?}"));
        assert_eq!(of_index.sample, 50);
        // A hundred candidates among sixty vectors: nearly all are compared.
        assert!(of_index.recall_at_10 >= 0.95, "{measured:?}");
    }
    node.clear().await;
}
