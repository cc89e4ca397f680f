//! The three jobs, done in the real window on the platform's data with its hostile rows and faulty photos.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::FromRow;

use crate::{
    database::{Database, required},
    deployment::Deployment,
    loaded::load,
    photos::Photos,
    process::{Running, until},
    window::Window,
};

/// User 1 is an active admin, user 2 an active moderator, in whatever the platform loads.
const ADMIN: i64 = 1;
const MODERATOR: i64 = 2;
/// Keys as `WebDriver` names them
const CONTROL_Z: &str = "\u{e009}z\u{e000}";

/// The platform as it runs, and the console's worker beside it.
struct World {
    deployment: Deployment,
    _photos: Photos,
    _worker: Running,
}

impl World {
    async fn with_media(count: u32) -> Self {
        let (database, photos) = (Database::create("e2e_platform").await, Photos::serve().await);
        load(&database, count, &photos.url());
        let elasticsearch =
            format!("[elasticsearch]\nurl = '{}'\nindex_prefix = 'e2e_'\n", required("ELASTICSEARCH_URL"));
        let deployment = Deployment::prepare(&database, photos.port, &elasticsearch).await;
        deployment.add_operator(ADMIN, "admin").await;
        deployment.add_operator(MODERATOR, "moderator").await;
        let worker = Running::start(deployment.console().arg("worker"));
        Self { deployment, _photos: photos, _worker: worker }
    }

    async fn face(&self, id: i64) -> Face {
        sqlx::query_as(
            "select id, media_id, identified_user_id, suggested_user_id, status
               from media_detected_faces where id = $1",
        )
        .bind(id)
        .fetch_one(&self.deployment.db)
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
        .fetch_one(&self.deployment.db)
        .await
        .expect("the database answers")
    }

    async fn count(&self, query: &'static str, id: i64, by: i64) -> i64 {
        let operator = self.deployment.username(by).await;
        sqlx::query_scalar(query)
            .bind(id)
            .bind(operator)
            .fetch_one(&self.deployment.db)
            .await
            .expect("the database answers")
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
        .fetch_one(&world.deployment.db)
        .await
        .expect("the database answers")
    })
    .await;

    let window = world.deployment.signed_in(MODERATOR).await;
    let confirmed = confirms_a_face(&world, &window).await;
    rejects_a_face(&world, &window, &confirmed).await;
    searches(&world, &window, &confirmed).await;
    corrects_a_caption(&world, &window, confirmed.media_id).await;
    drop(window);

    let window = world.deployment.signed_in(ADMIN).await;
    decides_that_an_item_is_safe(&world, &window).await;
    drop(window);

    world.deployment.run(&["audit", "verify"]);
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
    .fetch_one(&world.deployment.db)
    .await
    .expect("the photo is searchable");

    window.click("link", "Search").await;
    window.fill("Search all media", &words).await;
    // Enter also closes the list of what may be meant, which lies over the first photos.
    window.press("\u{e007}").await;
    let tile = format!("[aria-label=Results] [data-media='{}']", face.media_id);
    until("the photo among the results", Duration::from_secs(10), async || window.has(&tile).await).await;
    window.click_on(&tile).await;
    until("the photo with its boxes", Duration::from_secs(10), async || {
        window.has(&format!("[data-face-id='{}'][data-kind=confirmed]", face.id)).await
    })
    .await;
}

/// Of the photo that is open, and takes it back.
async fn corrects_a_caption(world: &World, window: &Window, media: i64) {
    let caption = async || -> Option<String> {
        sqlx::query_scalar("select caption from media_ai_insights where media_id = $1")
            .bind(media)
            .fetch_one(&world.deployment.db)
            .await
            .expect("the photo is there")
    };
    let before = caption().await;
    window.press("e").await;
    window.fill("Caption", "A xylophone in the snow").await;
    window.click("button", "Correct").await;
    until("the corrected row", Duration::from_secs(5), async || {
        caption().await.as_deref() == Some("A xylophone in the snow")
    })
    .await;
    let corrected =
        "select count(*) from console.audit_entry where action = 'media.correct' and subject_id = $1 and operator = $2";
    assert_eq!(world.count(corrected, media, MODERATOR).await, 1, "the entry in the log");
    let by_it = json!({ "term": { "folded.caption": "xylophone" } });
    until("the caption in Elasticsearch", Duration::from_secs(10), async || world.finds(media, by_it.clone()).await)
        .await;

    window.press(CONTROL_Z).await;
    until("the row as it was", Duration::from_secs(5), async || caption().await == before).await;
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
