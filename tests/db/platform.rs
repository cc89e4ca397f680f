//! On the platform's own data, hostile rows among them.

use kaleidoscope_console::db::MIGRATOR;
use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, PgPool, query_scalar};

use crate::{database::Database, differences::differences, loaded::load, rows::work_off};

const TABLES: [&str; 6] =
    ["users", "posts", "post_media", "media_ai_insights", "user_face_embeddings", "media_detected_faces"];

/// A fingerprint of every row of every core and AI table, and of the transaction that wrote it.
async fn rows(db: &PgPool) -> BTreeMap<&'static str, String> {
    let mut rows = BTreeMap::new();
    for table in TABLES {
        let sql = format!(
            "select md5(string_agg(xmin::text || t::text, '|' order by xmin::text, t::text)) from {table} as t"
        );
        rows.insert(table, query_scalar(AssertSqlSafe(sql)).fetch_one(db).await.expect("a fingerprint"));
    }
    rows
}

async fn count(db: &PgPool, sql: &'static str) -> i64 {
    query_scalar(sql).fetch_one(db).await.unwrap_or_else(|error| panic!("{sql}: {error}"))
}

#[tokio::test]
async fn migrations_and_worker_leave_every_row_as_it_was_and_project_every_hostile_one() {
    let database = Database::create("kaleidoscope_sync_platform").await;
    load(&database, 500, "http://127.0.0.1:8900");
    let db = database.pool().await;
    let before = rows(&db).await;

    MIGRATOR.run(&db).await.expect("migrated");
    assert_eq!(rows(&db).await, before);
    work_off(&db, None).await;
    assert_eq!(rows(&db).await, before);

    assert_eq!(count(&db, "select count(*) from console.dead_letter").await, 0, "a read model takes everything");
    let searchable = count(
        &db,
        "select count(*)
           from post_media
           join posts using (post_id)
           join users using (user_id)
           join media_ai_insights as i using (media_id)
          where posts.status = 'PUBLISHED' and visibility <> 'PRIVATE' and account_status <> 'DELETED'
            and i.status in ('COMPLETED', 'UNSAFE')",
    )
    .await;
    assert!(searchable > 900, "{searchable}");
    assert_eq!(count(&db, "select count(*) from read_model_media_search").await, searchable);
    assert_eq!(count(&db, "select count(*) from console.media_search_text").await, searchable);
    assert_eq!(differences(&db).await, [""; 0]);
    assert_eq!(
        count(
            &db,
            "select count(*) from media_detected_faces where media_id in (select media_id from read_model_media_search)"
        )
        .await,
        count(&db, "select count(*) from read_model_face_search").await,
    );
    // Nothing of an array is NULL, empty, double or out of order.
    let untidy = "select count(*)
                    from read_model_media_search
                   cross join lateral (values (post_all_tags), (ai_tags), (ai_scenes), (detected_usernames)) as a (texts)
                   where texts is null
                      or texts <> coalesce((select array_agg(distinct t collate \"C\" order by t collate \"C\")
                                              from unnest(texts) as t where t <> ''), '{}')";
    assert_eq!(count(&db, untidy).await, 0);
    // The words of the 1 MB caption are kept, too.
    assert_eq!(
        count(
            &db,
            "select count(*) from console.media_search_text join media_ai_insights using (media_id)
                     where length(caption) > 1000000 and words @@ 'long & beach'"
        )
        .await,
        1
    );
    db.close().await;
}
