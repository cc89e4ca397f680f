//! Nothing that is committed is lost, whatever else happens.

use std::time::Duration;

use kaleidoscope_console::{
    config::{self, ReadModels},
    db::MIGRATOR,
    sync::{JobKind, JobState, QueueKind, ask_for, job_states, status},
};
use sqlx::{PgPool, query, query_as, query_scalar};

use crate::{
    differences::differences,
    rows::{Worker, face, photo, post, run, settled, settled_without_feeds, until, user, work_off},
};

/// Of read models: which photos' faces are looked over for the queues of faces is no row of one.
async fn marks(db: &PgPool) -> Vec<(String, String, i64)> {
    query_as("select read_model, scope, key from console.read_model_queue where scope <> 'survey' order by 1, 2, 3")
        .fetch_all(db)
        .await
        .expect("marks")
}

async fn forget_marks(db: &PgPool) {
    query("truncate console.read_model_queue, console.index_queue").execute(db).await.expect("truncated");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_no_read_model_shows_marks_nothing(db: PgPool) {
    let ada = user(&db, "ada").await;
    let open = post(&db, ada, "open").await;
    let media = photo(&db, open, "", &["sea"]).await;
    face(&db, media, None).await;
    forget_marks(&db).await;

    run(&db, "update users set designation = 'x', role = 'ADMIN', updated_at = now() where user_id = $1", ada).await;
    run(&db, "update posts set body = body, updated_at = now() where post_id = $1", open).await;
    run(&db, "update post_media set width = 1, position = 2 where media_id = $1", media).await;
    run(&db, "update media_ai_insights set updated_at = now(), tags = tags where media_id = $1", media).await;
    run(&db, "update media_detected_faces set suggested_user_id = 1, status = 'SUGGESTED' where media_id = $1", media)
        .await;
    run(&db, "insert into posts (user_id, body) values ($1, 'a draft')", ada).await;
    run(&db, "insert into post_media (post_id, media_type, media_url) values ($1, 'IMAGE', '')", open).await;

    assert_eq!(marks(&db).await, []);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_verdict_marks_the_face_and_its_photo(db: PgPool) {
    let ada = user(&db, "ada").await;
    let media = photo(&db, post(&db, ada, "open").await, "", &[]).await;
    let face = face(&db, media, None).await;
    forget_marks(&db).await;

    run(&db, "update media_detected_faces set identified_user_id = media_id - media_id + 1 where id = $1", face).await;

    let expected = [("face_search", "row", face), ("media_search", "row", media), ("post_search", "media", media)];
    assert_eq!(marks(&db).await, expected.map(|(model, scope, key)| (model.to_owned(), scope.to_owned(), key)));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_transaction_that_rolls_back_marks_nothing(db: PgPool) {
    let ada = user(&db, "ada").await;
    forget_marks(&db).await;
    let mut tx = db.begin().await.expect("a transaction");
    run(&mut *tx, "update users set department = 'x' where user_id = $1", ada).await;
    tx.rollback().await.expect("rolled back");
    assert_eq!(marks(&db).await, []);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn two_writers_never_wait_for_each_other_because_of_marks(db: PgPool) {
    let ada = user(&db, "ada").await;
    let media = photo(&db, post(&db, ada, "open").await, "", &[]).await;
    let (one, other) = (face(&db, media, None).await, face(&db, media, None).await);
    let name = "update media_detected_faces set identified_user_id = 1 where id = $1";

    let mut slow = db.begin().await.expect("a transaction");
    run(&mut *slow, name, one).await;
    let mut quick = db.begin().await.expect("another transaction");
    query("set local lock_timeout = '1s'").execute(&mut *quick).await.expect("set");
    run(&mut *quick, name, other).await;
    quick.commit().await.expect("not held up");
    slow.commit().await.expect("committed");

    work_off(&db, None).await;
    assert_eq!(differences(&db).await, [""; 0]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_transaction_that_commits_late_is_not_lost(db: PgPool) {
    let ada = user(&db, "ada").await;
    let open = post(&db, ada, "before").await;
    let media = photo(&db, open, "", &[]).await;
    let worker = Worker::start(&db, None);
    settled(&db, false).await;

    let mut late = db.begin().await.expect("a transaction");
    run(&mut *late, "update posts set title = 'after' where post_id = $1", open).await;
    run(&mut *late, "update users set department = 'Late' where user_id = $1", ada).await;
    // Meanwhile others add what depends on it, and all of that is worked off.
    face(&db, media, None).await;
    let second = photo(&db, open, "", &["new"]).await;
    settled(&db, false).await;
    late.commit().await.expect("committed");
    settled(&db, false).await;

    assert_eq!(differences(&db).await, [""; 0]);
    let row: (String, String) =
        query_as("select post_title, uploader_department from read_model_media_search where media_id = $1")
            .bind(second)
            .fetch_one(&db)
            .await
            .expect("a row");
    assert_eq!(row, ("after".into(), "Late".into()));
    worker.stop().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn two_workers_share_the_work_and_agree(db: PgPool) {
    let ada = user(&db, "ada").await;
    let workers = [Worker::start(&db, None), Worker::start(&db, None)];
    let mut posts = Vec::new();
    for number in 0..20 {
        let open = post(&db, ada, &format!("post {number}")).await;
        for _ in 0..3 {
            face(&db, photo(&db, open, "", &["sea"]).await, Some(ada)).await;
        }
        posts.push(open);
    }
    for title in ["one", "two", "three"] {
        query("update posts set title = $1").bind(title).execute(&db).await.expect("renamed");
        query("update users set department = $1").bind(title).execute(&db).await.expect("moved");
    }
    run(&db, "delete from posts where post_id = $1", posts[3]).await;
    settled(&db, false).await;

    assert_eq!(differences(&db).await, [""; 0]);
    for worker in workers {
        worker.stop().await;
    }
    let left: i64 = query_scalar("select count(*) from console.worker").fetch_one(&db).await.expect("a count");
    assert_eq!(left, 0, "who stops says so");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_work_of_a_dead_worker_is_taken_over(db: PgPool) {
    photo(&db, post(&db, user(&db, "ada").await, "open").await, "", &[]).await;
    query("insert into console.worker (name, seen_at) values ('dead', now() - interval '9 seconds')")
        .execute(&db)
        .await
        .expect("a dead worker");
    query("update console.read_model_queue set lease_holder = 'dead', leased_until = now() + interval '1 hour'")
        .execute(&db)
        .await
        .expect("its leases");

    work_off(&db, None).await;

    assert_eq!(differences(&db).await, [""; 0]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_row_that_postgresql_refuses_holds_up_no_other(db: PgPool) {
    let open = post(&db, user(&db, "ada").await, "open").await;
    for number in 0..9 {
        photo(&db, open, if number == 4 { "poison" } else { "fine" }, &[]).await;
    }
    query("alter table read_model_media_search add constraint no_poison check (ai_caption <> 'poison')")
        .execute(&db)
        .await
        .expect("a constraint");

    work_off(&db, None).await;

    let rows: i64 = query_scalar("select count(*) from read_model_media_search").fetch_one(&db).await.expect("a count");
    assert_eq!(rows, 8);
    let reason: String =
        query_scalar("select reason from console.dead_letter").fetch_one(&db).await.expect("one letter");
    assert!(reason.contains("no_poison"), "{reason}");

    // What can be done after all is not dead any more.
    run(&db, "update media_ai_insights set caption = 'cured' where caption = 'poison' and $1 > 0", 1).await;
    work_off(&db, None).await;
    let letters: i64 = query_scalar("select count(*) from console.dead_letter").fetch_one(&db).await.expect("a count");
    assert_eq!(letters, 0);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_row_that_already_is_what_it_must_be_is_not_written(db: PgPool) {
    let open = post(&db, user(&db, "ada").await, "open").await;
    photo(&db, open, "", &["sea"]).await;
    work_off(&db, None).await;
    let version = "select xmin::text from read_model_media_search";
    let before: String = query_scalar(version).fetch_one(&db).await.expect("a row");

    query("insert into console.read_model_queue (read_model, scope, key) select 'media_search', 'row', media_id from post_media")
        .execute(&db)
        .await
        .expect("marked again");
    work_off(&db, None).await;

    let after: String = query_scalar(version).fetch_one(&db).await.expect("a row");
    assert_eq!(before, after);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_truncated_platform_leaves_nothing_behind(db: PgPool) {
    let media = photo(&db, post(&db, user(&db, "ada").await, "open").await, "", &[]).await;
    face(&db, media, None).await;
    work_off(&db, None).await;

    query("truncate users cascade").execute(&db).await.expect("truncated");
    work_off(&db, None).await;

    let left: i64 = query_scalar(
        "select (select count(*) from read_model_media_search) + (select count(*) from read_model_face_search)
              + (select count(*) from console.media_search_text)",
    )
    .fetch_one(&db)
    .await
    .expect("a count");
    assert_eq!(left, 0);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn with_another_writer_the_read_models_are_left_alone_and_their_words_kept(db: PgPool) {
    photo(&db, post(&db, user(&db, "ada").await, "open").await, "", &[]).await;
    let settings = config::Worker { read_models: ReadModels::External, ..config::Worker::default() };
    let worker = Worker::start_with(&db, None, &settings);
    query(
        "insert into read_model_media_search (media_id, post_id, post_title, media_url, uploader_id, uploader_username, created_at)
         values (77, 1, 'Été', '', 1, 'ada', now())",
    )
    .execute(&db)
    .await
    .expect("a row of the backend");

    settled_without_feeds(&db, false).await;

    let words: Vec<(i64, String)> =
        query_as("select media_id, words::text from console.media_search_text").fetch_all(&db).await.expect("words");
    assert_eq!(words, [(77, "'#hete' '@1' '@u1' 'ada' 'ete'".to_owned())]);
    worker.stop().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_worker_goes_on_when_its_connections_are_cut(db: PgPool) {
    let open = post(&db, user(&db, "ada").await, "open").await;
    let worker = Worker::start(&db, None);
    until("a sign of life", async || {
        let alive = query_scalar::<_, bool>("select exists (select from console.worker)").fetch_one(&db).await;
        alive.expect("the workers can be read")
    })
    .await;
    for _ in 0..3 {
        photo(&db, open, "", &[]).await;
        // Not this test's own connection.
        query(
            "select pg_terminate_backend(pid) from pg_stat_activity
              where datname = current_database() and pid <> pg_backend_pid()",
        )
        .execute(&db)
        .await
        .expect("cut");
    }
    until("all rows", async || {
        let rows = query_scalar::<_, i64>("select count(*) from read_model_media_search").fetch_one(&db).await;
        rows.is_ok_and(|rows| rows == 3)
    })
    .await;
    worker.stop().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_system_screen_sees_queues_and_workers(db: PgPool) {
    // The test's superuser is a member of every role, the worker's among them.
    photo(&db, post(&db, user(&db, "ada").await, "open").await, "", &[]).await;
    let before = status(&db, None).await.expect("a status");
    let waiting = |name: &str, kind| {
        before.queues.iter().find(|queue| queue.name == name && queue.kind == kind).map(|queue| queue.waiting)
    };
    assert_eq!(waiting("media_search", QueueKind::ReadModel), Some(1));
    assert_eq!(waiting("media_search", QueueKind::Index), None, "nobody waits for an index that there is not");
    assert_eq!(before.workers, []);

    let worker = Worker::start(&db, None);
    settled(&db, false).await;
    let after = status(&db, None).await.expect("a status");
    assert!(after.workers.len() == 1 && after.workers[0].seen_seconds_ago < 8.0, "{:?}", after.workers);
    assert!(after.queues.iter().all(|queue| queue.waiting == 0 && queue.oldest_seconds.is_none()), "{after:?}");
    assert_eq!(after.indices[0].rows, 1);
    tokio::time::timeout(Duration::from_secs(5), worker.stop()).await.expect("it stops at once");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn without_elasticsearch_a_rebuild_makes_the_rows_anew(db: PgPool) {
    let open = post(&db, user(&db, "ada").await, "open").await;
    for _ in 0..3 {
        photo(&db, open, "", &["sea"]).await;
    }
    // Further on than one interval of keys.
    run(&db, "insert into post_media (media_id, post_id, media_type, media_url) values (9000, $1, 'IMAGE', '')", open)
        .await;
    query("insert into media_ai_insights (media_id, post_id, status) select 9000, post_id, 'COMPLETED' from posts")
        .execute(&db)
        .await
        .expect("an insight");
    let worker = Worker::start(&db, None);
    settled(&db, false).await;
    query("update read_model_media_search set post_title = 'wrong'").execute(&db).await.expect("changed");
    query("delete from read_model_media_search where media_id in (1, 9000)").execute(&db).await.expect("deleted");

    let jobs = ask_for(&db, JobKind::Rebuild, Some("media_search")).await.expect("asked for");
    until("the end of the job", async || {
        job_states(&db, &jobs).await.expect("a state").iter().all(JobState::has_ended)
    })
    .await;
    assert_eq!(job_states(&db, &jobs).await.expect("a state")[0].state, "done");
    settled(&db, false).await;
    worker.stop().await;
    assert_eq!(differences(&db).await, [""; 0]);
    let rows: i64 = query_scalar("select count(*) from read_model_media_search").fetch_one(&db).await.expect("rows");
    assert_eq!(rows, 4);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn words_that_are_being_written_when_their_row_goes_do_not_stay(db: PgPool) {
    let media = photo(&db, post(&db, user(&db, "ada").await, "open").await, "a beach", &[]).await;
    work_off(&db, None).await;
    run(&db, "delete from console.media_search_text where media_id = $1", media).await;

    // As another worker would that has seen the row.
    let mut other = db.begin().await.expect("a transaction");
    query("select pg_advisory_xact_lock(hashtextextended('media_search_text ' || ($1::bigint >> 8), 0))")
        .bind(media)
        .execute(&mut *other)
        .await
        .expect("locked");
    run(
        &mut *other,
        "insert into console.media_search_text (media_id, version, is_safe, created_at, words) values ($1, 0, true, now(), 'beach')",
        media,
    )
    .await;
    run(&db, "delete from post_media where media_id = $1", media).await;
    let worker = Worker::start(&db, None);
    until("a worker that waits for the other one", async || {
        query_scalar(
            "select exists (select from pg_locks
                             where locktype = 'advisory' and not granted
                               and database = (select oid from pg_database where datname = current_database()))",
        )
        .fetch_one(&db)
        .await
        .expect("locks")
    })
    .await;
    other.commit().await.expect("written");

    settled(&db, false).await;
    let words: i64 =
        query_scalar("select count(*) from console.media_search_text").fetch_one(&db).await.expect("a count");
    assert_eq!(words, 0);
    worker.stop().await;
}
