//! The three jobs, done in the real window on the platform's data with its hostile rows and faulty photos.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use sqlx::{FromRow, PgPool};

use crate::{
    database::{Database, required},
    loaded::load,
    photos::Photos,
    process::{Running, until},
    window::Window,
};

/// User 1 is an active admin, user 2 an active moderator, in whatever the platform loads.
const ADMIN: i64 = 1;
const MODERATOR: i64 = 2;
const PASSWORD: &str = "a password with \"quotes\" and ünïcode";

/// The platform as it runs, the console's worker beside it, and settings for a window.
struct World {
    db: PgPool,
    url: String,
    home: PathBuf,
    _folder: tempfile::TempDir,
    _photos: Photos,
    _worker: Running,
}

impl World {
    async fn with_media(count: u32) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let home = folder.path().to_owned();
        let (database, photos) = (Database::create("e2e_platform").await, Photos::serve().await);
        load(&database, count, &photos.url());
        fs::write(home.join("password"), PASSWORD).expect("a file can be written");
        fs::write(
            home.join("config.toml"),
            format!(
                "[database]\nhost = '127.0.0.1'\nport = {}\ndatabase = '{}'\n\
                 [elasticsearch]\nurl = '{}'\nindex_prefix = 'e2e_'\n\
                 [media]\nloopback_ports = [{}]\ncache_dir = '{}'\n",
                database.port(),
                database.name,
                required("ELASTICSEARCH_URL"),
                photos.port,
                home.join("pictures").display(),
            ),
        )
        .expect("a file can be written");

        let (db, url) = (database.pool().await, database.url());
        console(&home, &url, &["migrate"]);
        for (user, role) in [(ADMIN, "admin"), (MODERATOR, "moderator")] {
            let password = home.join("password").display().to_string();
            let name = username(&db, user).await;
            console(&home, &url, &["operator", "add", &name, "--role", role, "--password-file", &password]);
        }
        let worker = Running::start(program(&home, &url).arg("worker"));
        Self { db, url, home, _folder: folder, _photos: photos, _worker: worker }
    }

    /// The window, with this user signed in through the form.
    async fn signed_in(&self, user: i64) -> Window {
        let settings = self.home.join("config.toml").display().to_string();
        let window = Window::open(&self.home, &["--config", &settings]).await;
        window.fill("User", &username(&self.db, user).await).await;
        window.fill("Password", PASSWORD).await;
        window.click("button", "Sign in").await;
        window
    }

    async fn face(&self, id: i64) -> Face {
        sqlx::query_as(
            "select id, media_id, identified_user_id, suggested_user_id, status
               from media_detected_faces where id = $1",
        )
        .bind(id)
        .fetch_one(&self.db)
        .await
        .expect("the face is there")
    }

    /// Whether the suggestion is an ordinary one on a searchable photo, not one of the hostile rows.
    async fn is_ordinary(&self, face: i64) -> bool {
        sqlx::query_scalar(
            "select exists (
                select from media_detected_faces f
                  join read_model_media_search m on m.media_id = f.media_id and m.is_safe
                  join users u on u.user_id = f.suggested_user_id and u.account_status = 'ACTIVE'
                 where f.id = $1
                   and not exists (select from media_detected_faces o
                                    where o.media_id = f.media_id and o.identified_user_id = f.suggested_user_id))",
        )
        .bind(face)
        .fetch_one(&self.db)
        .await
        .expect("the database answers")
    }

    async fn count(&self, query: &'static str, id: i64, by: i64) -> i64 {
        let operator = username(&self.db, by).await;
        sqlx::query_scalar(query).bind(id).bind(operator).fetch_one(&self.db).await.expect("the database answers")
    }

    /// What Elasticsearch finds for a medium with these further conditions.
    async fn finds(&self, media: i64, and: Value) -> bool {
        let address = format!("{}/e2e_media_search/_search", required("ELASTICSEARCH_URL"));
        let query = json!({ "query": { "bool": { "filter": [{ "term": { "media_id": media } }, and] } } });
        let answer = reqwest::Client::new()
            .post(address)
            .header("content-type", "application/json")
            .body(query.to_string())
            .send()
            .await
            .expect("Elasticsearch answers");
        let found: Value = serde_json::from_str(&answer.text().await.expect("it answers whole")).expect("it is JSON");
        found["hits"]["total"]["value"] == 1
    }
}

#[derive(Debug, FromRow)]
struct Face {
    id: i64,
    media_id: i64,
    identified_user_id: Option<i64>,
    suggested_user_id: Option<i64>,
    status: String,
}

#[tokio::test]
async fn what_operators_decide_in_the_window_is_in_postgresql_and_in_elasticsearch() {
    let world = World::with_media(2000).await;
    until("the read models and indices of what was loaded", Duration::from_mins(3), async || {
        sqlx::query_scalar(
            "select exists (select from read_model_media_search)
                and not exists (select from console.read_model_queue)
                and not exists (select from console.index_queue)",
        )
        .fetch_one(&world.db)
        .await
        .expect("the database answers")
    })
    .await;

    let window = world.signed_in(MODERATOR).await;
    let confirmed = confirms_a_face(&world, &window).await;
    rejects_a_face(&world, &window, &confirmed).await;
    searches(&world, &window, &confirmed).await;
    drop(window);

    let window = world.signed_in(ADMIN).await;
    decides_that_an_item_is_safe(&world, &window).await;
    drop(window);

    console(&world.home, &world.url, &["audit", "verify"]);
}

async fn confirms_a_face(world: &World, window: &Window) -> Face {
    window.click("link", "Faces").await;
    let seen = ordinary_face(world, window, None).await;
    window.click("button", "Confirm").await;

    until("the confirmed row", Duration::from_secs(5), async || world.face(seen.id).await.status == "CONFIRMED").await;
    let decided = Instant::now();
    let face = world.face(seen.id).await;
    assert_eq!(face.identified_user_id, seen.suggested_user_id, "the suggested person is named");
    assert_eq!(face.suggested_user_id, None, "nothing is left to suggest");
    let verdicts = "select count(*) from console.face_verdict v join console.audit_entry a on a.id = v.audit_id
                     where v.face_id = $1 and v.judgement = 'is' and v.decided_by = $2 and a.operator = $2";
    assert_eq!(world.count(verdicts, face.id, MODERATOR).await, 1, "the verdict and its entry in the log");

    let person = json!({ "term": { "detected_user_ids": face.identified_user_id } });
    until("the face in Elasticsearch", Duration::from_secs(10), async || {
        world.finds(face.media_id, person.clone()).await
    })
    .await;
    assert!(decided.elapsed() < Duration::from_secs(2), "found after {:?}", decided.elapsed());
    face
}

async fn rejects_a_face(world: &World, window: &Window, before: &Face) {
    let seen = ordinary_face(world, window, Some(before.id)).await;
    window.click("button", "Reject").await;

    until("the rejected row", Duration::from_secs(5), async || world.face(seen.id).await.status != "SUGGESTED").await;
    let face = world.face(seen.id).await;
    assert_eq!((face.identified_user_id, face.suggested_user_id), (None, None), "nobody is on this face");
    let verdicts = "select count(*) from console.face_verdict v join console.audit_entry a on a.id = v.audit_id
                     where v.face_id = $1 and v.judgement = 'is_not' and v.decided_by = $2 and a.operator = $2";
    assert_eq!(world.count(verdicts, face.id, MODERATOR).await, 1, "the verdict and its entry in the log");
}

/// By the person's name and words that narrow it down to the photo.
async fn searches(world: &World, window: &Window, face: &Face) {
    let words: String = sqlx::query_scalar(
        "select u.username || ' ' || array_to_string(m.ai_tags, ' ')
           from read_model_media_search m, users u where m.media_id = $1 and u.user_id = $2",
    )
    .bind(face.media_id)
    .bind(face.identified_user_id)
    .fetch_one(&world.db)
    .await
    .expect("the photo is searchable");

    window.click("link", "Search").await;
    window.fill("Search all media", &words).await;
    let tile = format!("[aria-label=Results] [data-media='{}']", face.media_id);
    until("the photo among the results", Duration::from_secs(10), async || window.has(&tile).await).await;
    window.click_on(&tile).await;
    until("the photo with its boxes", Duration::from_secs(10), async || {
        window.has(&format!("[data-face-id='{}'][data-kind=confirmed]", face.id)).await
    })
    .await;
}

async fn decides_that_an_item_is_safe(world: &World, window: &Window) {
    window.click("link", "Safety").await;
    until("an item", Duration::from_secs(20), async || shown(window, "data-media").await.is_some()).await;
    let media = shown(window, "data-media").await.expect("it was waited for");
    window.click("button", "Safe").await;

    let is_safe = "select count(*) from media_ai_insights i join console.safety_decision d using (media_id)
                     join console.audit_entry a on a.id = d.audit_id
                    where i.media_id = $1 and i.is_safe and i.status <> 'UNSAFE' and d.safe and a.operator = $2";
    until("the decided row", Duration::from_secs(5), async || world.count(is_safe, media, ADMIN).await == 1).await;
    let searchable = "select count(*) from console.media_search_source where media_id = $1 and $2 <> ''";
    if world.count(searchable, media, ADMIN).await == 1 {
        let safe = json!({ "term": { "is_safe": true } });
        until("the item in Elasticsearch", Duration::from_secs(10), async || world.finds(media, safe.clone()).await)
            .await;
    }
}

/// The face that is asked about, others than ordinary suggestions and `not` skipped.
async fn ordinary_face(world: &World, window: &Window, not: Option<i64>) -> Face {
    let mut passed = not;
    for _ in 0..100 {
        until("the next face", Duration::from_secs(20), async || {
            let now = shown(window, "data-face").await;
            now.is_some() && now != passed
        })
        .await;
        let face = shown(window, "data-face").await.expect("it was waited for");
        if world.is_ordinary(face).await {
            return world.face(face).await;
        }
        passed = Some(face);
        window.click("button", "Skip").await;
    }
    panic!("a hundred faces, and none is an ordinary suggestion");
}

/// The identity of what the panel beside the photo is about.
async fn shown(window: &Window, attribute: &str) -> Option<i64> {
    let script = "return document.querySelector(`aside[${arguments[0]}]`)?.getAttribute(arguments[0]) ?? null";
    window.script(script, &[json!(attribute)]).await.as_str()?.parse().ok()
}

async fn username(db: &PgPool, user: i64) -> String {
    sqlx::query_scalar("select username from users where user_id = $1")
        .bind(user)
        .fetch_one(db)
        .await
        .expect("the user is there")
}

fn console(home: &Path, url: &str, arguments: &[&str]) {
    let status = program(home, url).args(arguments).status().expect("the console starts");
    assert!(status.success(), "kaleidoscope-console {}: {status}", arguments.join(" "));
}

/// The console without a window.
fn program(home: &Path, url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaleidoscope-console"));
    command.env("KALEIDOSCOPE_DATABASE_URL", url).arg("--config").arg(home.join("config.toml"));
    command
}
