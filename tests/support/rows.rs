//! Rows of the core and AI tables in one line each, as the platform writes them, and the worker that follows them.

use std::time::Duration;

use kaleidoscope_console::{
    access::{Operator, Role},
    config,
    db::UserId,
    elastic::Elastic,
    error::Result,
    sync,
};
use sqlx::{PgExecutor, PgPool, postgres::PgPoolOptions, query_scalar};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// What a test waits for comes within this time, or never.
const PATIENCE: Duration = Duration::from_mins(2);

pub(crate) async fn user(db: impl PgExecutor<'_>, username: &str) -> i64 {
    query_scalar(
        "insert into users (username, email, password, full_name, department, role, account_status)
         values ($1, $1 || '@example.org', '', initcap($1), 'Research', 'USER', 'ACTIVE') returning user_id",
    )
    .bind(username)
    .fetch_one(db)
    .await
    .expect("a user")
}

/// PUBLISHED and PUBLIC.
pub(crate) async fn post(db: impl PgExecutor<'_>, author: i64, title: &str) -> i64 {
    query_scalar("insert into posts (user_id, title, status) values ($1, $2, 'PUBLISHED') returning post_id")
        .bind(author)
        .bind(title)
        .fetch_one(db)
        .await
        .expect("a post")
}

/// A photo that the AI is done with and found safe.
pub(crate) async fn photo(db: &PgPool, post: i64, caption: &str, tags: &[&str]) -> i64 {
    let media = query_scalar(
        "insert into post_media (post_id, media_type, media_url) values ($1, 'IMAGE', 'https://example.org/a.jpg')
         returning media_id",
    )
    .bind(post)
    .fetch_one(db)
    .await
    .expect("a medium");
    sqlx::query(
        "insert into media_ai_insights (media_id, post_id, status, is_safe, caption, tags, scenes, image_embedding)
         values ($1, $2, 'COMPLETED', true, $3, $4, '{outdoor}', array_fill(0.04, array[512])::vector)",
    )
    .bind(media)
    .bind(post)
    .bind(caption)
    .bind(tags)
    .execute(db)
    .await
    .expect("an insight");
    media
}

pub(crate) async fn face(db: impl PgExecutor<'_>, media: i64, identified: Option<i64>) -> i64 {
    query_scalar(
        "insert into media_detected_faces (media_id, bbox, embedding, identified_user_id, confidence_score)
         values ($1, '{10,20,30,40}', array_fill(0.03, array[1024])::vector, $2, 0.9) returning id",
    )
    .bind(media)
    .bind(identified)
    .fetch_one(db)
    .await
    .expect("a face")
}

/// Runs a statement that must do something.
pub(crate) async fn run(db: impl PgExecutor<'_>, sql: &'static str, id: i64) {
    let done = sqlx::query(sql).bind(id).execute(db).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    assert_ne!(done.rows_affected(), 0, "{sql}");
}

/// A worker in this process, stopped by `stop`.
#[derive(Debug)]
pub(crate) struct Worker {
    stop: CancellationToken,
    running: JoinHandle<Result<()>>,
}

impl Worker {
    pub(crate) fn start(db: &PgPool, elastic: Option<&Elastic>) -> Self {
        Self::start_with(db, elastic, &config::Worker::default())
    }

    pub(crate) fn start_with(db: &PgPool, elastic: Option<&Elastic>, settings: &config::Worker) -> Self {
        let stop = CancellationToken::new();
        let (elastic, settings, token) = (elastic.cloned(), settings.clone(), stop.clone());
        // Connections of its own: one on which it was stopped while a transaction began would keep that transaction open, and
        // what the test writes on it would be in there.
        let own = PgPoolOptions::new().max_connections(10).connect_lazy_with((*db.connect_options()).clone());
        let running = tokio::spawn(async move {
            let ended = sync::run_worker(own.clone(), elastic, &settings, token).await;
            own.close().await;
            ended
        });
        Self { stop, running }
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.running.await.expect("the worker does not panic").expect("the worker ends cleanly");
    }

    /// Wherever it is, without a word to anybody.
    pub(crate) async fn kill(self) {
        self.running.abort();
        self.running.await.expect_err("it did not end by itself");
    }
}

/// Waits until the queues that are worked off here are empty.
pub(crate) async fn settled(db: &PgPool, elastic: bool) {
    settled_with(db, elastic, false).await;
}

/// The same, where nobody chooses feeds.
pub(crate) async fn settled_without_feeds(db: &PgPool, elastic: bool) {
    settled_with(db, elastic, true).await;
}

async fn settled_with(db: &PgPool, elastic: bool, without_feeds: bool) {
    until("empty queues", async || nothing_waits(db, elastic, without_feeds).await).await;
}

async fn nothing_waits(db: &PgPool, elastic: bool, without_feeds: bool) -> bool {
    query_scalar(
        "select not exists (select from console.read_model_queue)
            and ($2 or not exists (select from console.feed_urgent))
            and not exists (select from console.index_queue where $1 or index_name in ('media_search_text', 'person_text'))",
    )
    .bind(elastic)
    .bind(without_feeds)
    .fetch_one(db)
    .await
    .expect("the queues can be read")
}

/// One worker from the first mark to the last.
pub(crate) async fn work_off(db: &PgPool, elastic: Option<&Elastic>) {
    work_off_within(PATIENCE, db, elastic).await;
}

/// The same for so much data that it takes longer.
pub(crate) async fn work_off_within(limit: Duration, db: &PgPool, elastic: Option<&Elastic>) {
    let worker = Worker::start(db, elastic);
    within(limit, "empty queues", async || nothing_waits(db, elastic.is_some(), false).await).await;
    worker.stop().await;
}

/// Works off what is left until nothing waits and nobody works any more: who worked last may have chosen a feed in the end.
pub(crate) async fn work_off_all(db: &PgPool, elastic: &Elastic) {
    work_off(db, Some(elastic)).await;
    until("an end", async || {
        let is_done = nothing_waits(db, true, false).await;
        if !is_done {
            work_off(db, Some(elastic)).await;
        }
        is_done
    })
    .await;
}

pub(crate) async fn until(what: &str, ready: impl AsyncFnMut() -> bool) {
    within(PATIENCE, what, ready).await;
}

pub(crate) async fn within(limit: Duration, what: &str, mut ready: impl AsyncFnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !ready().await {
        assert!(begun.elapsed() < limit, "{what}: not within {limit:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A person with a login of their own: the operator, and a connection as them.
pub(crate) async fn operator(db: &PgPool, name: &str, role: Role) -> (Operator, PgPool) {
    // Logins belong to the whole server, and tests run beside each other.
    let username = format!("{name}_{:016x}", rand::random::<u64>());
    let user_id = user(db, &username).await;
    let platform = match role {
        Role::Admin => "ADMIN",
        Role::Moderator => "MODERATOR",
        Role::Staff => "USER",
    };
    sqlx::query("update users set role = $1 where user_id = $2")
        .bind(platform)
        .bind(user_id)
        .execute(db)
        .await
        .expect("a role");
    let login = format!("create role {username} login password 'test' in role {}", role.group());
    sqlx::query(sqlx::AssertSqlSafe(login)).execute(db).await.expect("a login");
    let options = (*db.connect_options()).clone().username(&username).password("test");
    let pool = PgPool::connect_lazy_with(options);
    (Operator { user_id: UserId(user_id), username, full_name: None, role }, pool)
}
