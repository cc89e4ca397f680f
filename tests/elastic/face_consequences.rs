//! What follows from a verdict on a face: whoever looks next sees it, wherever it shows.

use kaleidoscope_console::{
    access::{Operator, Role},
    config,
    db::{FaceId, MIGRATOR, MediaId, PostId, RowVersion, Seen, UserId},
    faces::{self, Said},
    people,
    search::{Engine, SearchQuery, post::post as post_page, search},
};
use sqlx::{PgPool, query, query_scalar};

use crate::{
    node::Node,
    rows::{Worker, face, operator, photo, post, run, until, user, work_off},
};

/// Amara, who may be on a photo with a friend; the friend has another photo.
struct Story {
    node: Node,
    by: Operator,
    db: PgPool,
    amara: i64,
    shared: (i64, i64),
    other: i64,
    face: FaceId,
}

/// Where a verdict shows.
#[derive(Debug, PartialEq)]
struct Shown {
    on_their_page: bool,
    found_by_name: bool,
    on_the_post: bool,
    /// How close the photos of the friend are to Amara, in her feed
    closeness: f64,
}

impl Story {
    async fn begin(db: &PgPool) -> Self {
        let node = Node::new();
        let (by, as_by) = operator(db, "bo", Role::Moderator).await;
        let (amara, friend) = (user(db, "amara").await, user(db, "friend").await);
        query("update users set department = 'Sales' where user_id = $1")
            .bind(friend)
            .execute(db)
            .await
            .expect("moved");
        let open = post(db, friend, "open").await;
        let shared = photo(db, open, "", &[]).await;
        let other = photo(db, post(db, friend, "another").await, "", &[]).await;
        face(db, shared, Some(friend)).await;
        let face = face(db, shared, None).await;
        run(
            db,
            "update media_detected_faces
                set bbox = '{200,20,30,40}', status = 'SUGGESTED', confidence_score = 0.8,
                    suggested_user_id = (select user_id from users where username = 'amara')
              where id = $1",
            face,
        )
        .await;
        Self { node, by, db: as_by, amara, shared: (open, shared), other, face: FaceId(face) }
    }

    async fn seen(&self, db: &PgPool) -> Seen<FaceId> {
        let version = query_scalar("select xmin::text from media_detected_faces where id = $1").bind(self.face);
        Seen { id: self.face, version: RowVersion(version.fetch_one(db).await.expect("a face")) }
    }

    async fn shown(&self) -> Shown {
        let (open, shared) = (PostId(self.shared.0), MediaId(self.shared.1));
        let profile = people::profile(&self.db, &self.by, UserId(self.amara)).await.expect("a profile");
        let typed = SearchQuery { text: "person:amara".into(), limit: 50, ..SearchQuery::default() };
        let found = search(&self.db, Some(&self.node.elastic), &self.by, &typed).await.expect("results");
        assert_eq!(found.engine, Engine::Elasticsearch);
        let page = post_page(&self.db, &self.by, open).await.expect("a post");
        let feed = people::feed(&self.db, &self.by, UserId(self.amara)).await.expect("a feed");
        let item = feed.iter().find(|item| item.media_id == MediaId(self.other));
        let parts = item.map(|item| item.parts.as_slice()).unwrap_or_default();
        Shown {
            on_their_page: profile.on_photos.media.contains(&shared),
            found_by_name: found.hits.iter().any(|hit| hit.media_id == shared),
            on_the_post: page.people.iter().any(|person| person == "amara"),
            closeness: parts.iter().find(|part| part.name == "closeness").map_or(0.0, |part| part.weight * part.value),
        }
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_verdict_shows_wherever_the_person_does_and_so_does_taking_it_back(db: PgPool) {
    let story = Story::begin(&db).await;
    let settings = config::Worker {
        feed: config::Feed { at_most_every_minutes: 0.0, ..config::Feed::default() },
        ..config::Worker::default()
    };
    work_off(&db, Some(&story.node.elastic)).await;
    let worker = Worker::start_with(&db, Some(&story.node.elastic), &settings);
    let before = story.shown().await;
    assert!(!before.on_their_page && !before.found_by_name && !before.on_the_post, "{before:?}");

    let mut connection = story.db.acquire().await.expect("connected");
    let seen = story.seen(&db).await;
    faces::decide(&mut connection, &story.by, &seen, Said::Is(UserId(story.amara))).await.expect("decided");
    until("the verdict everywhere", async || {
        let now = story.shown().await;
        now.on_their_page && now.found_by_name && now.on_the_post && now.closeness > before.closeness
    })
    .await;

    faces::undo(&mut connection, &story.by).await.expect("undone");
    until("everything as before", async || story.shown().await == before).await;
    worker.stop().await;
}
