//! What follows from a decision about safety: whoever searches, is recommended something or looks at a feed next sees it.

use std::time::Duration;

use kaleidoscope_console::{
    access::{Operator, Role},
    config,
    db::{MIGRATOR, MediaId, PolicyId, RowVersion, Seen},
    safety::{self, SafetyWord},
};
use serde_json::{Value, json};
use sqlx::{PgPool, query_scalar};

use crate::{
    node::Node,
    rows::{Worker, operator, photo, post, run, until, user, within, work_off},
};

/// From the commit to the documents.
const QUICK: Duration = Duration::from_secs(2);

/// A photo of a friend, which is in somebody's feed.
struct Story {
    node: Node,
    by: Operator,
    as_by: PgPool,
    db: PgPool,
    media: i64,
}

/// Where a photo shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shown {
    found_as_safe: bool,
    recommended: bool,
    in_a_feed: bool,
}

const EVERYWHERE: Shown = Shown { found_as_safe: true, recommended: true, in_a_feed: true };
const NOWHERE: Shown = Shown { found_as_safe: false, recommended: false, in_a_feed: false };

impl Story {
    async fn begin(db: PgPool) -> Self {
        let node = Node::new();
        let (by, as_by) = operator(&db, "admin", Role::Admin).await;
        let friend = user(&db, "friend").await;
        user(&db, "amara").await;
        let media = photo(&db, post(&db, friend, "open").await, "", &[]).await;
        Self { node, by, as_by, db, media }
    }

    async fn hits(&self, index: &str, query: Value) -> i64 {
        let body = json!({"query": query, "size": 0, "track_total_hits": true});
        let (_, answer) = self.node.ask(reqwest::Method::POST, &format!("{index}/_search"), Some(body)).await;
        answer["hits"]["total"]["value"].as_i64().unwrap_or(-1)
    }

    async fn shown(&self) -> Shown {
        let this = json!({"term": {"media_id": self.media}});
        let safe = json!({"bool": {"filter": [this, {"term": {"is_safe": true}}]}});
        Shown {
            found_as_safe: self.hits("media_search", safe).await == 1,
            recommended: self.hits("recommendations_knn", this.clone()).await == 1,
            in_a_feed: self.hits("feed_personalized", this).await > 0,
        }
    }

    async fn decide(&self, said: &SafetyWord) {
        let version = query_scalar("select xmin::text from media_ai_insights where media_id = $1").bind(self.media);
        let version = RowVersion(version.fetch_one(&self.db).await.expect("an insight"));
        let seen = Seen { id: MediaId(self.media), version };
        let mut connection = self.as_by.acquire().await.expect("connected");
        safety::decide(&mut connection, &self.by, &seen, None, said).await.expect("decided");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_is_unsafe_leaves_search_recommendations_and_feeds_and_what_is_safe_comes_back(db: PgPool) {
    let story = Story::begin(db).await;
    let settings = config::Worker {
        feed: config::Feed { at_most_every_minutes: 0.0, ..config::Feed::default() },
        ..config::Worker::default()
    };
    work_off(&story.db, Some(&story.node.elastic)).await;
    let worker = Worker::start_with(&story.db, Some(&story.node.elastic), &settings);
    until("the photo everywhere", async || story.shown().await == EVERYWHERE).await;
    let nudity: PolicyId = query_scalar("select id from console.policy where code = 'nudity'")
        .fetch_one(&story.db)
        .await
        .expect("a policy");

    story.decide(&SafetyWord::is_unsafe(nudity, 2)).await;
    within(QUICK, "the photo nowhere", async || story.shown().await == NOWHERE).await;

    story.decide(&SafetyWord::safe()).await;
    within(QUICK, "a safe photo in search and recommendations", async || {
        let shown = story.shown().await;
        shown.found_as_safe && shown.recommended
    })
    .await;
    // Feeds are chosen anew when it is somebody's turn.
    run(&story.db, "update console.feed_refresh set refreshed_at = '-infinity' where user_id <> $1", 0).await;
    until("the photo in a feed", async || story.shown().await == EVERYWHERE).await;
    worker.stop().await;
    story.node.clear().await;
}
