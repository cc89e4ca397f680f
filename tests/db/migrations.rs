//! The schema: on an empty database, on a platform's, and on what is neither.

use std::collections::BTreeMap;

use kaleidoscope_console::{
    db::{self, MIGRATOR},
    error::Error,
};
use sqlx::{AssertSqlSafe, PgPool, query_scalar, raw_sql};

use crate::{
    database::owner_address,
    rows::{face, photo, post, run, user},
};

const PLATFORM_TABLES: &str = include_str!("../../migrations/0001_platform.sql");

const TABLES: [&str; 13] = [
    "users",
    "posts",
    "post_media",
    "media_ai_insights",
    "user_face_embeddings",
    "media_detected_faces",
    "read_model_media_search",
    "read_model_post_search",
    "read_model_user_search",
    "read_model_face_search",
    "read_model_recommendations_knn",
    "read_model_feed_personalized",
    "read_model_known_faces",
];

async fn execute(db: &PgPool, sql: &'static str) {
    raw_sql(sql).execute(db).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// All that the catalog says of schema `public`, without the indexes and triggers that bear the console's name.
async fn catalog(db: &PgPool) -> Vec<String> {
    query_scalar(
        r"
        select concat_ws(' ', 'table', relname, relkind::text, relpersistence::text, relrowsecurity,
                         obj_description(oid, 'pg_class'))
          from pg_class
         where relnamespace = 'public'::regnamespace
           and relkind not in ('i', 'S', 't')
         union all
        select concat_ws(' ', 'column', c.relname, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod),
                         a.attnotnull, a.attisdropped, a.attidentity::text, a.attgenerated::text, a.attcollation,
                         'default', pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum))
          from pg_class c
          join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
          left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
         where c.relnamespace = 'public'::regnamespace
           and c.relkind = 'r'
         union all
        select concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated,
                         obj_description(oid, 'pg_constraint'))
          from pg_constraint
         where connamespace = 'public'::regnamespace
         union all
        select concat_ws(' ', 'index', pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisunique, i.indisprimary,
                         obj_description(i.indexrelid, 'pg_class'))
          from pg_index i
          join pg_class c on c.oid = i.indexrelid
         where c.relnamespace = 'public'::regnamespace
           and c.relname not like 'console\_%'
         union all
        select concat_ws(' ', 'sequence', s.seqrelid::regclass, s.seqtypid::regtype, s.seqstart, s.seqincrement,
                         s.seqmin, s.seqmax, s.seqcache, s.seqcycle, d.refobjid::regclass, d.refobjsubid)
          from pg_sequence s
          join pg_class c on c.oid = s.seqrelid and c.relnamespace = 'public'::regnamespace
          left join pg_depend d on d.objid = s.seqrelid and d.deptype = 'a'
         union all
        select concat_ws(' ', 'trigger', t.tgrelid::regclass, t.tgname)
          from pg_trigger t
         where not t.tgisinternal
           and t.tgname not like 'console\_%'
         union all
        select concat_ws(' ', 'function', p.oid::regprocedure)
          from pg_proc p
         where p.pronamespace = 'public'::regnamespace
           and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
         order by 1
        ",
    )
    .fetch_all(db)
    .await
    .expect("the catalog")
    .into_iter()
    // Triggers of the console's own tables.
    .filter(|line: &String| !line.starts_with("trigger console."))
    .collect()
}

/// Every row of the 13 tables, with where it lies and who wrote it.
async fn rows(db: &PgPool) -> BTreeMap<&'static str, Vec<String>> {
    let mut rows = BTreeMap::new();
    for table in TABLES {
        let sql = format!("select md5(concat(ctid, xmin, t)) from {table} as t order by ctid");
        rows.insert(table, query_scalar(AssertSqlSafe(sql)).fetch_all(db).await.expect("rows"));
    }
    rows
}

/// Whatever a migration may have done: rows of the catalog are written anew by every change.
async fn schema(db: &PgPool) -> Vec<String> {
    query_scalar(
        "select concat_ws(' ', 'relation', oid::regclass, xmin) from pg_class
          where relnamespace in ('public'::regnamespace, 'console'::regnamespace)
          union all
         select concat_ws(' ', 'function', oid::regprocedure, xmin) from pg_proc
          where pronamespace = 'console'::regnamespace
          union all
         select concat_ws(' ', 'trigger', tgname, xmin) from pg_trigger
          union all
         select concat_ws(' ', 'migration', version, xmin) from console._sqlx_migrations
          order by 1",
    )
    .fetch_all(db)
    .await
    .expect("the schema")
}

async fn fill(db: &PgPool) {
    let (ada, bo) = (user(db, "ada").await, user(db, "bo").await);
    let open = post(db, ada, "open").await;
    let photo = photo(db, open, "the sea", &["sea", "beach"]).await;
    face(db, photo, Some(bo)).await;
    face(db, photo, None).await;
    run(
        db,
        "insert into user_face_embeddings (user_id, embedding) values ($1, array_fill(0.03, array[1024])::vector)",
        bo,
    )
    .await;
    execute(
        db,
        "insert into read_model_media_search (media_id, post_id, media_url, uploader_id, uploader_username, created_at)
         values (1, 1, 'u', 1, 'ada', now()), (77, 7, 'of a photo that is gone', 1, 'ada', now());
         insert into read_model_post_search (post_id, author_id, author_username, created_at) values (1, 1, 'ada', now());
         insert into read_model_user_search (user_id, username, joined_at) values (1, 'ada', now());
         insert into read_model_face_search (face_id, media_id, post_id, face_embedding, uploader_id, created_at)
         values ('1', 1, 1, '[1]', 1, now());
         insert into read_model_recommendations_knn (media_id, image_embedding, media_url, created_at)
         values (1, '[1]', 'u', now());
         insert into read_model_feed_personalized (feed_item_id, target_user_id, media_id, uploader_id, created_at)
         values ('1-1', 2, 1, 1, now());
         insert into read_model_known_faces (user_id, username, face_embedding, enrolled_at)
         values (2, 'bo', '[1]', now());",
    )
    .await;
}

fn sentence<T: std::fmt::Debug>(outcome: Result<T, Error>) -> String {
    match outcome {
        Err(Error::SignIn(sentence)) => sentence,
        other => panic!("not refused with a sentence for the sign-in screen: {other:?}"),
    }
}

async fn said_at_sign_in(db: &PgPool) -> String {
    sentence(db::connect(&owner_address(db)).await)
}

#[sqlx::test(migrations = false)]
async fn a_filled_platform_keeps_every_row_and_every_definition(db: PgPool) {
    execute(&db, PLATFORM_TABLES).await;
    fill(&db).await;
    let (rows_before, catalog_before) = (rows(&db).await, catalog(&db).await);
    for (table, rows) in &rows_before {
        assert!(!rows.is_empty(), "{table} is not filled");
    }

    db::migrate(&db).await.expect("migrated");

    assert_eq!(rows(&db).await, rows_before);
    assert_eq!(catalog(&db).await, catalog_before);
    db::connect(&owner_address(&db)).await.expect("a database that the console can work on");
}

#[sqlx::test(migrations = false)]
async fn migrating_twice_changes_nothing(db: PgPool) {
    let version = db::migrate(&db).await.expect("migrated");
    fill(&db).await;
    let (schema_before, rows_before) = (schema(&db).await, rows(&db).await);

    assert_eq!(db::migrate(&db).await.expect("migrated again"), version);

    assert_eq!(schema(&db).await, schema_before);
    assert_eq!(rows(&db).await, rows_before);
    assert_eq!(db::schema_version(&db).await.expect("a version"), Some(version));
}

#[sqlx::test(migrations = false)]
async fn a_database_with_some_of_the_tables_is_left_alone(db: PgPool) {
    execute(&db, PLATFORM_TABLES).await;
    execute(&db, "drop table read_model_known_faces").await;

    let said = sentence(db::migrate(&db).await);

    assert_eq!(
        said,
        "The database has 12 of the platform's 13 tables. Migrate an empty database or a whole platform's."
    );
    let touched: bool = query_scalar("select exists (select from pg_namespace where nspname = 'console')")
        .fetch_one(&db)
        .await
        .expect("the catalog");
    assert!(!touched);
}

#[sqlx::test(migrations = false)]
async fn a_database_that_is_not_kaleidoscope_s_is_named(db: PgPool) {
    execute(&db, "create table invoices (id bigint primary key)").await;

    let said = said_at_sign_in(&db).await;

    let name = owner_address(&db).database;
    assert_eq!(
        said,
        format!("The database {name} is not Kaleidoscope's: it lacks the platform's tables. Check the database name.")
    );
}

#[sqlx::test(migrations = false)]
async fn a_database_without_pgvector_says_how_to_get_it(db: PgPool) {
    for table in TABLES {
        raw_sql(AssertSqlSafe(format!("create table {table} (id bigint)"))).execute(&db).await.expect("a table");
    }
    for said in [said_at_sign_in(&db).await, sentence(db::migrate(&db).await)] {
        assert!(said.contains("create extension vector"), "{said}");
    }
}

#[sqlx::test(migrations = false)]
async fn a_platform_that_was_never_migrated_says_who_can(db: PgPool) {
    execute(&db, PLATFORM_TABLES).await;

    let said = said_at_sign_in(&db).await;

    assert!(said.contains("Have an administrator run `kaleidoscope-console migrate`"), "{said}");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_newer_console_s_schema_is_neither_used_nor_changed(db: PgPool) {
    execute(
        &db,
        "insert into console._sqlx_migrations (version, description, success, checksum, execution_time)
         values (9999, 'from the future', true, '', 0)",
    )
    .await;
    let before = schema(&db).await;

    for said in [said_at_sign_in(&db).await, sentence(db::migrate(&db).await)] {
        assert!(said.contains("schema 9999") && said.contains("Update this console"), "{said}");
    }
    assert_eq!(schema(&db).await, before);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_schema_of_another_build_is_refused(db: PgPool) {
    execute(&db, "update console._sqlx_migrations set checksum = 'other' where version = 3").await;

    let said = sentence(db::migrate(&db).await);

    assert!(said.starts_with("Migration 3 of the database is not the one"), "{said}");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_older_schema_says_who_can_bring_it_up_to_date(db: PgPool) {
    execute(
        &db,
        "delete from console._sqlx_migrations
          where version = (select max(version) from console._sqlx_migrations)",
    )
    .await;

    let said = said_at_sign_in(&db).await;

    assert!(said.contains("kaleidoscope-console migrate"), "{said}");
}

mod platform {
    use super::*;
    use crate::database::{Database, required};

    #[tokio::test]
    async fn the_13_tables_are_the_platform_s_own_to_the_last_comment() {
        let theirs = Database::create("kaleidoscope_catalog_theirs").await.pool().await;
        let ours = Database::create("kaleidoscope_catalog_ours").await.pool().await;
        let path = format!("{}/schema.sql", required("PLATFORM"));
        let sql = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        raw_sql(AssertSqlSafe(sql)).execute(&theirs).await.expect("the platform's schema");
        let wanted = catalog(&theirs).await;
        assert_eq!(wanted.iter().filter(|line| line.starts_with("table ")).count(), TABLES.len());

        db::migrate(&ours).await.expect("migrated");
        db::migrate(&theirs).await.expect("migrated onto the platform's");

        for migrated in [&ours, &theirs] {
            let found = catalog(migrated).await;
            let missing: Vec<_> = wanted.iter().filter(|line| !found.contains(line)).collect();
            let added: Vec<_> = found.iter().filter(|line| !wanted.contains(line)).collect();
            assert!(missing.is_empty() && added.is_empty(), "missing {missing:#?}, added {added:#?}");
        }
        ours.close().await;
        theirs.close().await;
    }
}
