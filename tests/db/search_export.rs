//! A whole result as a file, or none.

use std::path::PathBuf;

use kaleidoscope_console::{
    access::{Operator, Role},
    db::{MIGRATOR, MediaId},
    error::Error,
    search::{
        Example, Like, Sort, Tab, Wish,
        export::{ExportFormat, ExportProgress, ExportState, Exports, Order, columns},
    },
};
use sqlx::{PgPool, query_scalar};

use crate::rows::{face, operator, photo, post, run, until, user, work_off};

fn order(path: PathBuf, format: ExportFormat, columns: &[&str]) -> Order {
    Order {
        wish: Wish { text: "sea".into(), tab: Tab::Media, sort: Sort::Newest, like: Like::default() },
        columns: columns.iter().map(ToString::to_string).collect(),
        format,
        path,
    }
}

async fn ended(exports: &Exports, id: u32) -> ExportProgress {
    until("the end of the export", async || exports.progress(id).expect("it is known").state != ExportState::Running)
        .await;
    exports.progress(id).expect("it is known")
}

/// What is in the folder.
fn names(folder: &tempfile::TempDir) -> Vec<String> {
    let entries = std::fs::read_dir(folder.path()).expect("a folder");
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

async fn fill(db: &PgPool, number: usize) -> Vec<i64> {
    let open = post(db, user(db, "ada").await, "open").await;
    let mut media = Vec::new();
    for _ in 0..number {
        media.push(photo(db, open, "the sea", &["sea", "=sand"]).await);
    }
    media
}

async fn start(exports: &Exports, (by, pool): &(Operator, PgPool), order: Order) -> u32 {
    exports.start(pool.clone(), None, by.clone(), order).await.expect("begun")
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn every_page_is_in_the_file_once_and_what_one_may_not_see_is_not(db: PgPool) {
    let staff = operator(&db, "staff", Role::Staff).await;
    let mut media = fill(&db, 401).await;
    let hidden = media.swap_remove(200);
    media.sort_unstable();
    run(&db, "update media_ai_insights set is_safe = false where media_id = $1", hidden).await;
    work_off(&db, None).await;
    let (folder, exports) = (tempfile::tempdir().expect("a folder"), Exports::default());
    let path = folder.path().join("sea.csv");
    std::fs::write(&path, "of yesterday").expect("written");

    let id = start(&exports, &staff, order(path.clone(), ExportFormat::Csv, &["mediaId", "tags", "uploader"])).await;
    let progress = ended(&exports, id).await;

    assert_eq!((progress.state, progress.done, progress.total), (ExportState::Done, 400, 400), "{progress:?}");
    let said = progress.message.expect("where it is");
    assert!(said.contains("sea.csv") && said.contains("PostgreSQL answered instead"), "{said}");
    let mut file = csv::Reader::from_path(&path).expect("a file");
    assert_eq!(file.headers().expect("a head"), vec!["mediaId", "tags", "uploader"]);
    let rows: Vec<(i64, String, String)> = file.deserialize().map(|row| row.expect("a row")).collect();
    let mut found: Vec<i64> = rows.iter().map(|row| row.0).collect();
    found.sort_unstable();
    assert_eq!(found, media);
    assert_eq!((rows[0].1.as_str(), rows[0].2.as_str()), ("'=sand; sea", "ada"));
    assert_eq!(names(&folder), ["sea.csv"]);

    let path = folder.path().join("sea.ndjson");
    let id = start(&exports, &staff, order(path.clone(), ExportFormat::Ndjson, &["caption", "mediaId"])).await;
    assert_eq!(ended(&exports, id).await.state, ExportState::Done);
    let text = std::fs::read_to_string(path).expect("a file");
    assert_eq!(text.lines().count(), 400);
    let first: serde_json::Value = serde_json::from_str(text.lines().next().expect("a line")).expect("JSON");
    assert_eq!(first["caption"], "the sea");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_is_written_is_what_is_listed_in_its_order(db: PgPool) {
    let staff = operator(&db, "staff", Role::Staff).await;
    let media = fill(&db, 4).await;
    // Seen from the first, the last but one is the nearest, and the last has no vector.
    for (id, degrees) in media.iter().zip([Some(0.0), Some(60.0), Some(10.0), None]) {
        sqlx::query(
            "update media_ai_insights
                set image_embedding = case when $2 is not null then
                        (array[cosd($2), sind($2)] || array_fill(0::float8, array[510]))::real[]::vector end
              where media_id = $1",
        )
        .bind(id)
        .bind::<Option<f64>>(degrees)
        .execute(&db)
        .await
        .expect("a vector");
    }
    work_off(&db, None).await;
    let (folder, exports) = (tempfile::tempdir().expect("a folder"), Exports::default());
    let path = folder.path().join("sea.csv");
    let like = Like { more: vec![Example::Media(MediaId(media[0]))], less: vec![] };
    let written = async |text: &str, sort: Sort, like: Like| -> Vec<(i64, Option<f64>)> {
        let order = Order {
            wish: Wish { text: text.into(), tab: Tab::Media, sort, like },
            ..order(path.clone(), ExportFormat::Csv, &["mediaId", "similarity"])
        };
        let id = start(&exports, &staff, order).await;
        assert_eq!(ended(&exports, id).await.state, ExportState::Done);
        let mut file = csv::Reader::from_path(&path).expect("a file");
        file.deserialize().map(|row| row.expect("a row")).collect()
    };

    let found = written("", Sort::Relevance, like).await;
    assert_eq!(found.iter().map(|row| row.0).collect::<Vec<_>>(), [media[2], media[1]]);
    assert!((found[0].1.expect("a similarity") - 10_f64.to_radians().cos()).abs() < 0.01, "{found:?}");
    let oldest = written("sea", Sort::Oldest, Like::default()).await;
    assert_eq!(oldest, media.iter().map(|id| (*id, None)).collect::<Vec<_>>());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_is_cancelled_or_fails_leaves_no_file(db: PgPool) {
    let staff = operator(&db, "staff", Role::Staff).await;
    fill(&db, 3).await;
    work_off(&db, None).await;
    let (folder, exports) = (tempfile::tempdir().expect("a folder"), Exports::default());
    let path = folder.path().join("sea.csv");
    // Nobody can read the words while this is open.
    let mut locked = db.begin().await.expect("a transaction");
    sqlx::query("lock table console.media_search_text").execute(&mut *locked).await.expect("locked");

    let id = start(&exports, &staff, order(path.clone(), ExportFormat::Csv, &["mediaId"])).await;
    until("the export at the lock", async || {
        query_scalar(
            "select exists (select from pg_locks
                             where not granted
                               and relation = 'console.media_search_text'::regclass
                               and database = (select oid from pg_database where datname = current_database()))",
        )
        .fetch_one(&db)
        .await
        .expect("an answer")
    })
    .await;
    assert_eq!(exports.progress(id).expect("it is known").state, ExportState::Running);
    exports.cancel(id).expect("it is known");
    let progress = ended(&exports, id).await;
    assert_eq!((progress.state, progress.done), (ExportState::Cancelled, 0));
    assert_eq!(names(&folder), [""; 0]);
    locked.rollback().await.expect("rolled back");
    exports.cancel(id).expect("it is known, and has ended");

    // The rights are those of each page: there is none for who was suspended.
    run(&db, "update users set account_status = 'SUSPENDED' where user_id = $1", staff.0.user_id.0).await;
    std::fs::write(&path, "of yesterday").expect("written");
    let id = start(&exports, &staff, order(path.clone(), ExportFormat::Csv, &["mediaId"])).await;
    let progress = ended(&exports, id).await;
    assert_eq!(progress.state, ExportState::Failed);
    assert!(progress.message.expect("why").contains("Your role does not allow"));
    assert_eq!(std::fs::read_to_string(&path).expect("the old one"), "of yesterday");
    assert_eq!(names(&folder), ["sea.csv"]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn places_where_no_file_can_be_and_unknown_columns_are_refused_at_once(db: PgPool) {
    let staff = operator(&db, "staff", Role::Staff).await;
    let (folder, exports) = (tempfile::tempdir().expect("a folder"), Exports::default());
    let inside = |name: &str| folder.path().join(name);
    for (path, columns, says) in [
        ("sea.csv".into(), &["tags"][..], "says no folder"),
        (inside("nowhere/sea.csv"), &["tags"], "Choose another place"),
        (folder.path().to_owned(), &["tags"], "is a folder"),
        ("/".into(), &["tags"], "is no name of a file"),
        (inside("sea.csv"), &["password"], "There is no column password"),
        (inside("sea.csv"), &[], "No column is chosen"),
    ] {
        let order = order(path, ExportFormat::Csv, columns);
        let refused = exports.start(staff.1.clone(), None, staff.0.clone(), order).await;
        assert!(matches!(&refused, Err(Error::Invalid(said)) if said.contains(says)), "{says}: {refused:?}");
    }
    assert_eq!(names(&folder), [""; 0]);
    assert!(matches!(exports.progress(7), Err(Error::NotFound(_))));
    assert!(matches!(exports.cancel(7), Err(Error::NotFound(_))));
}

/// The lines of a whole export of everything of a kind, as objects.
async fn everything(staff: &(Operator, PgPool), tab: Tab, text: &str) -> Vec<serde_json::Value> {
    let (folder, exports) = (tempfile::tempdir().expect("a folder"), Exports::default());
    let path = folder.path().join("all.ndjson");
    let wish = Wish { text: text.into(), tab, ..Wish::default() };
    let columns = columns(tab).iter().map(ToString::to_string).collect();
    let id = start(&exports, staff, Order { wish, columns, format: ExportFormat::Ndjson, path: path.clone() }).await;
    let progress = ended(&exports, id).await;
    assert_eq!(progress.state, ExportState::Done, "{progress:?}");
    let text = std::fs::read_to_string(path).expect("a file");
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    let written = i64::try_from(lines.len()).expect("few");
    assert_eq!((progress.done, progress.total), (written, written));
    lines
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn posts_people_and_faces_are_written_page_after_page_within_the_rights(db: PgPool) {
    let staff = operator(&db, "staff", Role::Staff).await;
    let ada = user(&db, "ada").await;
    let mut posts = Vec::new();
    for number in 0..203 {
        posts.push(post(&db, ada, &format!("=post {number}")).await);
    }
    let shown = photo(&db, posts[0], "the sea", &["sea"]).await;
    let hidden = photo(&db, posts[1], "a knife", &["knife"]).await;
    let (on_shown, _) = (face(&db, shown, Some(ada)).await, face(&db, hidden, Some(ada)).await);
    run(&db, "update media_ai_insights set status = 'UNSAFE', is_safe = false where media_id = $1", hidden).await;
    work_off(&db, None).await;

    let written = everything(&staff, Tab::Posts, "").await;
    let mut found: Vec<i64> = written.iter().map(|line| line["postId"].as_i64().expect("an id")).collect();
    found.sort_unstable();
    posts.remove(1);
    assert_eq!(found, posts, "each once, and none with what one may not see");
    assert_eq!(written.last().expect("a line")["tags"], serde_json::json!(["sea"]));

    let faces = everything(&staff, Tab::Faces, "").await;
    assert_eq!(faces.len(), 1);
    assert_eq!((&faces[0]["faceId"], &faces[0]["person"]), (&on_shown.to_string().into(), &"ada".into()));
    let people = everything(&staff, Tab::People, "ada").await;
    assert_eq!((people.len(), &people[0]["username"], &people[0]["posts"]), (1, &"ada".into(), &203.into()));

    let (folder, exports) = (tempfile::tempdir().expect("a folder"), Exports::default());
    let wish = Wish { tab: Tab::People, ..Wish::default() };
    let of_media = Order { wish, ..order(folder.path().join("a.csv"), ExportFormat::Csv, &["caption"]) };
    let refused = exports.start(staff.1.clone(), None, staff.0.clone(), of_media).await;
    assert!(matches!(&refused, Err(Error::Invalid(said)) if said.contains("no column caption")), "{refused:?}");
}
