//! Searching without Elasticsearch, and what an operator sees of the read models.

use kaleidoscope_console::{
    access::Role,
    db::MIGRATOR,
    error::{Code, Error},
    search::{Engine, SearchQuery, search},
    sync::{QueueKind, status},
};
use sqlx::{PgPool, query, query_as, query_scalar};

use crate::rows::{face, operator, photo, post, run, user, work_off};

fn typed(text: &str) -> SearchQuery {
    SearchQuery { text: text.into(), limit: 50, ..SearchQuery::default() }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn words_are_found_folded_and_all_of_them(db: PgPool) {
    let (staff, pool) = operator(&db, "staff", Role::Staff).await;
    let open = post(&db, user(&db, "ada").await, "Été à la plage").await;
    let (sea, hill) = (photo(&db, open, "SEA", &[]).await, photo(&db, open, "a hill", &[]).await);
    work_off(&db, None).await;

    for (text, expected) in [
        ("ete", vec![hill, sea]),
        ("plage ＳＥＡ", vec![sea]),
        ("sea hill", vec![]),
        ("sea OR hill", vec![hill, sea]),
        ("plage -sea", vec![hill]),
        ("\"à la plage\" caption:se*", vec![sea]),
        ("'", vec![]),
    ] {
        let results = search(&pool, None, &staff, &typed(text)).await.expect("results");
        let media: Vec<i64> = results.hits.iter().map(|hit| hit.media_id.0).collect();
        assert_eq!((media, results.engine), (expected, Engine::PostgreSql), "{text}");
        assert!(results.notice.is_some());
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_cannot_be_read_is_pointed_at_and_foreign_cursors_are_refused(db: PgPool) {
    let (staff, pool) = operator(&db, "staff", Role::Staff).await;
    let results = search(&pool, None, &staff, &typed("sea tga:beach")).await.expect("an answer");
    let problem = results.problem.expect("a problem");
    assert_eq!((problem.from, problem.to, results.hits.len()), (4, 7, 0));
    assert!(problem.message.contains("did you mean tag?"), "{problem:?}");
    assert!(problem.expected.contains(&"tag:".to_owned()), "{problem:?}");
    let results = search(&pool, None, &staff, &typed(&"word ".repeat(20_000))).await.expect("an answer");
    assert!(results.problem.expect("a problem").message.contains("too long"));

    for after in [
        "x",
        r#"{"postgreSql":{"createdAt":"never","mediaId":1,"rank":0,"total":1}}"#,
        r#"{"elasticsearch":{"pit":null,"after":[1],"total":1}}"#,
    ] {
        let query = SearchQuery { after: Some(after.into()), ..typed("x") };
        let error = search(&pool, None, &staff, &query).await.expect_err("no cursor");
        assert_eq!(error.code(), Code::Invalid, "{after}: {error}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn who_was_suspended_finds_nothing_any_more(db: PgPool) {
    let (staff, pool) = operator(&db, "staff", Role::Staff).await;
    search(&pool, None, &staff, &typed("")).await.expect("results");
    run(&db, "update users set account_status = 'SUSPENDED' where user_id = $1", staff.user_id.0).await;
    let error = search(&pool, None, &staff, &typed("")).await.expect_err("suspended");
    assert!(matches!(error, Error::Forbidden(_)), "{error}");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn operators_see_safe_rows_without_vectors_and_admins_all(db: PgPool) {
    let (_, staff) = operator(&db, "staff", Role::Staff).await;
    let (_, admin) = operator(&db, "admin", Role::Admin).await;
    let open = post(&db, user(&db, "ada").await, "open").await;
    let (safe, flagged) = (photo(&db, open, "", &[]).await, photo(&db, open, "", &[]).await);
    let (shown, hidden) = (face(&db, safe, None).await, face(&db, flagged, None).await);
    run(&db, "update media_ai_insights set status = 'UNSAFE', is_safe = null where media_id = $1", flagged).await;
    work_off(&db, None).await;

    let media = "select media_id from console.media_search order by 1";
    let faces = "select face_id::bigint from console.face_search order by 1";
    let seen: Vec<i64> = query_scalar(media).fetch_all(&staff).await.expect("media");
    assert_eq!(seen, [safe]);
    let seen: Vec<i64> = query_scalar(faces).fetch_all(&staff).await.expect("faces");
    assert_eq!(seen, [shown]);
    let seen: Vec<i64> = query_scalar(media).fetch_all(&admin).await.expect("media");
    assert_eq!(seen, [safe, flagged]);
    let seen: Vec<i64> = query_scalar(faces).fetch_all(&admin).await.expect("faces");
    assert_eq!(seen, [shown, hidden]);

    for forbidden in [
        "select count(*) from read_model_media_search",
        "select count(*) from console.media_search_text",
        "select count(*) from console.index_queue",
        "select image_embedding from console.media_search",
        "select console.mark_dirty('media_search', 'row', '{1}')",
        "select console.mark_stale('media_search', '{1}')",
        "update console.media_search set reaction_count = 1",
    ] {
        query(forbidden).execute(&admin).await.expect_err(forbidden);
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn staff_see_how_far_behind_everything_is(db: PgPool) {
    let (_, pool) = operator(&db, "staff", Role::Staff).await;
    work_off(&db, None).await;
    photo(&db, post(&db, user(&db, "ada").await, "open").await, "", &[]).await;
    let status = status(&pool, None).await.expect("a status");
    assert_eq!(
        status.queues.iter().filter(|queue| queue.kind == QueueKind::ReadModel).map(|queue| queue.waiting).sum::<i64>(),
        // The photo as one to find and one to recommend, the post and what its photo says, the user and their new post
        6,
        "{status:?}"
    );
    assert_eq!(status.indices.len(), 7);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_worker_s_group_suffices_for_the_worker(db: PgPool) {
    let (ada, worker) = (user(&db, "ada").await, format!("worker_{:016x}", rand::random::<u64>()));
    let login = format!("create role {worker} login password 'test' in role kaleidoscope_worker");
    query(sqlx::AssertSqlSafe(login)).execute(&db).await.expect("a login");
    let options = (*db.connect_options()).clone().username(&worker).password("test");
    let pool = PgPool::connect_lazy_with(options);
    let open = post(&db, ada, "open").await;
    let gone = photo(&db, open, "", &[]).await;
    face(&db, photo(&db, open, "", &["sea"]).await, Some(ada)).await;
    run(&db, "delete from post_media where media_id = $1", gone).await;

    work_off(&pool, None).await;

    let rows: (i64, i64, i64) = query_as(
        "select (select count(*) from read_model_media_search), (select count(*) from read_model_face_search),
                (select count(*) from console.media_search_text)",
    )
    .fetch_one(&db)
    .await
    .expect("counts");
    assert_eq!(rows, (1, 1, 1));
    query("select password from users").execute(&pool).await.expect_err("passwords are not the worker's");
}
