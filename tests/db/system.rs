//! The System screen's work on indices: who may start it, and what everybody sees of it.

use kaleidoscope_console::{
    access::Role,
    db::MIGRATOR,
    error::Error,
    sync::{JobKind, QueueKind, ask_for_recall, queues},
    system::{JobState, WaitsFor, cancel_job, dead_letters, queue_samples, replay, start_job, upkeep},
};
use sqlx::{PgPool, error::DatabaseError, query, query_as, query_scalar};

use crate::rows::{Worker, face, operator, photo, post, run, until, user, work_off};

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_admin_starts_watches_and_cancels_a_rebuild_and_the_log_says_so(db: PgPool) {
    let (admin, pool) = operator(&db, "admin", Role::Admin).await;
    let id = start_job(&pool, &admin, JobKind::Rebuild, "media_search").await.expect("started");

    let twice = start_job(&pool, &admin, JobKind::Rollback, "media_search").await;
    assert!(matches!(twice, Err(Error::Conflict(_))), "{twice:?}");
    start_job(&pool, &admin, JobKind::Check, "media_search").await.expect("beside a rebuild");
    let unknown = start_job(&pool, &admin, JobKind::Check, "nothing").await;
    assert!(matches!(unknown, Err(Error::Invalid(_))), "{unknown:?}");

    let seen = upkeep(&pool, true, &admin).await.expect("seen").jobs;
    assert_eq!((seen.len(), seen[1].id, seen[1].state), (2, id, JobState::Waiting));
    assert_eq!(seen[1].asked_by, admin.username);
    cancel_job(&pool, &admin, id).await.expect("cancelled");
    let again = cancel_job(&pool, &admin, id).await;
    assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
    assert_eq!(upkeep(&pool, true, &admin).await.expect("seen").jobs[1].state, JobState::Cancelled);
    let log: Vec<(String, i64)> =
        query_as("select action, subject_id from console.audit_entry order by id").fetch_all(&db).await.expect("a log");
    let actions: Vec<&str> = log.iter().map(|(action, _)| action.as_str()).collect();
    assert_eq!(actions, ["system.rebuild", "system.check", "system.cancel"]);
    assert_eq!(log[0].1, id);
    pool.close().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn others_see_it_but_the_database_refuses_them(db: PgPool) {
    let (moderator, pool) = operator(&db, "moderator", Role::Moderator).await;
    let refused = start_job(&pool, &moderator, JobKind::Check, "media_search").await;
    assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
    for statement in [
        "select console.start_job('rebuild', 'media_search')",
        "select console.cancel_job(1)",
        "select console.replay_dead_letters(null, null)",
        "select * from console.dead_letters()",
        "insert into console.job (kind, index_name) values ('rebuild', 'media_search')",
        "select * from console.job",
        "select * from console.dead_letter",
        "select * from console.queue_sample",
    ] {
        let error = query(statement).execute(&pool).await.expect_err(statement);
        assert_eq!(error.as_database_error().and_then(DatabaseError::code).as_deref(), Some("42501"), "{statement}");
    }
    let seen = upkeep(&pool, true, &moderator).await.expect("seen");
    assert!(seen.indices.iter().any(|index| index.name == "face_search"), "{seen:?}");
    assert_eq!(queue_samples(&pool, &moderator, 24, 60).await.expect("samples"), []);

    // A suspension works at once.
    let (admin, own) = operator(&db, "admin", Role::Admin).await;
    query("update users set account_status = 'SUSPENDED' where user_id = $1")
        .bind(admin.user_id.0)
        .execute(&db)
        .await
        .expect("suspended");
    let refused = start_job(&own, &admin, JobKind::Check, "media_search").await;
    assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
    let jobs: i64 = query_scalar("select count(*) from console.job").fetch_one(&db).await.expect("a count");
    assert_eq!(jobs, 0);
    pool.close().await;
    own.close().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn backlog_rates_and_dead_letters_are_shown_for_each_index(db: PgPool) {
    let (admin, pool) = operator(&db, "admin", Role::Admin).await;
    photo(&db, post(&db, user(&db, "ada").await, "open").await, "", &[]).await;
    for statement in [
        "insert into console.queue_sample (at, kind, name, waiting, oldest_seconds, dead_letters, documents, conflicts)
         select now() - s * interval '10 seconds', 'index', 'media_search', s, s, 0, 60, 1
           from generate_series(1, 12) as s",
        "insert into console.dead_letter (kind, name, key, version, reason, attempts)
         values ('index', 'media_search', '7', 1, 'in its own words', 1),
                ('read_model', 'face_search', '8', 1, 'no', 1)",
        "insert into console.index_generation (index_name, generation, uuid)
         values ('media_search', 'media_search-g1', 'x')",
    ] {
        query(statement).execute(&db).await.expect(statement);
    }
    let seen = upkeep(&pool, true, &admin).await.expect("seen").indices;
    let media = seen.iter().find(|index| index.name == "media_search").expect("it");
    assert_eq!((media.backlog, media.conflicts, media.dead_letters), (1, 12, 1));
    assert!((6.0..=7.0).contains(&media.documents_per_second), "{media:?}");
    assert_eq!(media.generations[0].name, "media_search-g1");

    let minutes = queue_samples(&pool, &admin, 1, 60).await.expect("samples");
    assert!((2..=4).contains(&minutes.len()), "{minutes:?}");
    assert_eq!(minutes.iter().map(|sample| sample.documents).sum::<i64>(), 720);

    let letters = dead_letters(&pool, &admin).await.expect("letters");
    assert!(letters.iter().any(|letter| letter.reason == "in its own words"), "{letters:?}");
    assert_eq!(replay(&pool, &admin, None, None).await.expect("replayed"), 2);
    let marked: (i64, i64) = query_as(
        "select (select count(*) from console.index_queue where document_id = '7'),
                (select count(*) from console.read_model_queue where read_model = 'face_search' and key = 8)",
    )
    .fetch_one(&db)
    .await
    .expect("marks");
    assert_eq!(marked, (1, 1));
    pool.close().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn work_that_no_worker_can_do_says_what_is_missing(db: PgPool) {
    let (admin, pool) = operator(&db, "admin", Role::Admin).await;
    let missing = async || upkeep(&pool, true, &admin).await.expect("seen").jobs[0].waits_for;
    start_job(&pool, &admin, JobKind::Check, "media_search").await.expect("started");
    assert_eq!(missing().await, Some(WaitsFor::Worker));

    run(&db, "insert into console.worker (name, has_elasticsearch) values ('w' || $1, false)", 1).await;
    assert_eq!(missing().await, None, "there is no index that it could not look at");
    run(
        &db,
        "insert into console.index_generation (index_name, generation, uuid) values ('media_search', 'media_search-g' || $1, 'x')",
        1,
    )
    .await;
    assert_eq!(missing().await, Some(WaitsFor::Elasticsearch));
    run(&db, "insert into console.worker (name) values ('w' || $1)", 2).await;
    assert_eq!(missing().await, None);
    pool.close().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_worker_without_elasticsearch_leaves_an_index_to_others_and_rebuilds_rows_where_there_is_none(db: PgPool) {
    let (admin, pool) = operator(&db, "admin", Role::Admin).await;
    run(
        &db,
        "insert into console.index_generation (index_name, generation, uuid) values ('media_search', 'media_search-g' || $1, 'x')",
        1,
    )
    .await;
    start_job(&pool, &admin, JobKind::Rebuild, "media_search").await.expect("started");
    start_job(&pool, &admin, JobKind::Rebuild, "known_faces").await.expect("started");
    let worker = Worker::start(&db, None);
    let states = async || {
        let mut jobs = upkeep(&pool, true, &admin).await.expect("seen").jobs;
        jobs.sort_by_key(|job| job.id);
        jobs.iter().map(|job| job.state).collect::<Vec<_>>()
    };
    until("the second job", async || states().await[1] == JobState::Done).await;
    assert_eq!(states().await[0], JobState::Waiting);
    worker.stop().await;
    pool.close().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_the_newest_thousand_jobs_are_kept_and_those_under_way(db: PgPool) {
    run(&db, "insert into console.job (kind, index_name) values ('check', 'under way' || $1)", 1).await;
    run(
        &db,
        "insert into console.job (kind, index_name, state, finished_at)
         select 'check', 'media_search', 'done', now() from generate_series(1, 1000 + $1)",
        200,
    )
    .await;
    let kept: (i64, i64) = query_as(
        "select count(*) filter (where state = 'done'), count(*) filter (where state = 'waiting') from console.job",
    )
    .fetch_one(&db)
    .await
    .expect("counts");
    assert_eq!(kept, (1000, 1));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn faces_and_feeds_are_among_the_queues(db: PgPool) {
    let ada = user(&db, "ada").await;
    let media = photo(&db, post(&db, ada, "open").await, "", &[]).await;
    face(&db, media, None).await;
    let waiting = async |name: &str| {
        let queues = queues(&db, false).await.expect("queues");
        let queue = queues.into_iter().find(|queue| queue.name == name).expect("it is listed");
        assert_eq!(queue.kind, QueueKind::Task);
        queue.waiting
    };
    assert_eq!((waiting("face_matching").await, waiting("feeds").await), (1, 1));
    work_off(&db, None).await;
    assert_eq!((waiting("face_matching").await, waiting("feeds").await), (0, 0));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn recall_is_asked_for_once_a_day_and_after_a_rebuild(db: PgPool) {
    let waiting = async || -> Vec<String> {
        ask_for_recall(&db).await.expect("asked");
        query_scalar(
            "select index_name from console.job where kind = 'recall' and state = 'waiting' order by index_name",
        )
        .fetch_all(&db)
        .await
        .expect("jobs")
    };
    let all = ["face_search", "known_faces", "media_search", "recommendations_knn"];
    assert_eq!(waiting().await, all);
    assert_eq!(waiting().await, all, "each once");
    let ended =
        "update console.job set state = 'done', finished_at = clock_timestamp() - make_interval(hours => $1::bigint::integer)
                  where state = 'waiting'";
    run(&db, ended, 23).await;
    assert_eq!(waiting().await, [""; 0]);
    query(
        "insert into console.job (kind, index_name, state, finished_at)
         values ('rebuild', 'face_search', 'done', now()), ('check', 'known_faces', 'done', now())",
    )
    .execute(&db)
    .await
    .expect("rebuilt");
    assert_eq!(waiting().await, ["face_search"]);
    run(&db, ended, 25).await;
    query("update console.job set finished_at = finished_at - interval '1 day' where kind = 'recall'")
        .execute(&db)
        .await
        .expect("a day later");
    assert_eq!(waiting().await, all);
}
