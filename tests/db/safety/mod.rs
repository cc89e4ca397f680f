//! What may be shown: queues, reports, decisions and what follows from them, reveals.

mod appeals;
mod budgets;
mod decisions;
mod groups;
mod people;
mod policies;
mod progress;
mod queues;
mod reveals;
mod rights;
mod waits;

use kaleidoscope_console::{
    access::{Holder, Operator, Role},
    db::{MediaId, PolicyId, RowVersion, Seen},
    error::Result,
    safety::{self, Decision, SafetyItem, SafetyOrder, SafetyQuery, SafetyQueue, SafetyWord},
};
use sqlx::{AssertSqlSafe, PgPool, query_as, query_scalar};

use crate::rows::{operator, photo, post, user};

/// A post, its author, and an admin who judges its media. No decision is looked at twice unless a test says so.
struct World {
    db: PgPool,
    ada: i64,
    post: i64,
    admin: Judge,
}

/// An admin with a window.
struct Judge {
    by: Operator,
    db: PgPool,
    holder: Holder,
}

/// An entry of the log: action, operator, subject, its id and reason.
type Entry = (String, String, String, i64, Option<String>);

const BY_AGE: SafetyQuery = SafetyQuery { queue: SafetyQueue::Flagged, order: SafetyOrder::Age };

impl World {
    async fn new(db: PgPool) -> Self {
        let ada = user(&db, "ada").await;
        let post = post(&db, ada, "open").await;
        let world = Self { admin: Judge::new(&db, "admin").await, db, ada, post };
        world.run("update console.safety_rule set second_share = 0, control_share = 0").await;
        world
    }

    async fn run(&self, sql: impl Into<String>) {
        sqlx::raw_sql(AssertSqlSafe(sql.into())).execute(&self.db).await.expect("done");
    }

    async fn count(&self, sql: &'static str) -> i64 {
        query_scalar(sql).fetch_one(&self.db).await.expect("counted")
    }

    /// As the AI writes.
    async fn set(&self, media: MediaId, status: &str, is_safe: Option<bool>) {
        sqlx::query("update media_ai_insights set status = $2, is_safe = $3 where media_id = $1")
            .bind(media)
            .bind(status)
            .bind(is_safe)
            .execute(&self.db)
            .await
            .expect("updated");
    }

    async fn medium(&self, status: &str, is_safe: Option<bool>) -> MediaId {
        let media = MediaId(photo(&self.db, self.post, "", &[]).await);
        self.set(media, status, is_safe).await;
        media
    }

    async fn flagged(&self) -> MediaId {
        self.medium("UNSAFE", Some(false)).await
    }

    async fn clear(&self) -> MediaId {
        MediaId(photo(&self.db, self.post, "", &[]).await)
    }

    async fn seen(&self, media: MediaId) -> Seen<MediaId> {
        let version = query_scalar("select xmin::text from media_ai_insights where media_id = $1").bind(media);
        Seen { id: media, version: RowVersion(version.fetch_one(&self.db).await.expect("an insight")) }
    }

    /// The AI's two words.
    async fn words(&self, media: MediaId) -> (String, Option<bool>) {
        query_as("select status, is_safe from media_ai_insights where media_id = $1")
            .bind(media)
            .fetch_one(&self.db)
            .await
            .expect("an insight")
    }

    async fn log(&self) -> Vec<Entry> {
        query_as("select action, operator, subject, subject_id, reason from console.audit_entry order by id")
            .fetch_all(&self.db)
            .await
            .expect("the log")
    }

    async fn actions(&self) -> Vec<String> {
        self.log().await.into_iter().map(|entry| entry.0).collect()
    }

    async fn policy(&self, code: &str) -> PolicyId {
        query_scalar("select id from console.policy where code = $1 order by version desc limit 1")
            .bind(code)
            .fetch_one(&self.db)
            .await
            .expect("a policy")
    }

    async fn nudity(&self) -> SafetyWord {
        SafetyWord::is_unsafe(self.policy("nudity").await, 2)
    }

    async fn child_safety(&self) -> SafetyWord {
        SafetyWord::is_unsafe(self.policy("child_safety_danger").await, 4)
    }

    async fn post_status(&self) -> String {
        query_scalar("select status from posts where post_id = $1")
            .bind(self.post)
            .fetch_one(&self.db)
            .await
            .expect("a post")
    }

    async fn account_status(&self) -> String {
        query_scalar("select account_status from users where user_id = $1")
            .bind(self.ada)
            .fetch_one(&self.db)
            .await
            .expect("an account")
    }

    async fn decide(&self, media: MediaId, said: &SafetyWord) -> Result<Decision> {
        self.admin.decide(&self.seen(media).await, SafetyQueue::Flagged, said).await
    }

    /// Where media wait, in the order of their ids, and in which queue.
    async fn waiting(&self) -> Vec<(MediaId, String)> {
        query_as("select media_id, queue from console.safety_item order by media_id, queue")
            .fetch_all(&self.db)
            .await
            .expect("the items")
    }

    /// Takes the last decision on a medium back.
    async fn revert(&self, media: MediaId) -> safety::Reverted {
        let last = query_scalar("select id from console.standing_decision($1)")
            .bind(media)
            .fetch_one(&self.db)
            .await
            .expect("a decision");
        let mut connection = self.admin.db.acquire().await.expect("connected");
        let mut done = safety::revert(&mut connection, &self.admin.by, &[last], "wrong").await.expect("asked");
        assert_eq!(done[0].kept, None, "taken back");
        done.remove(0)
    }

    async fn name(&self, judge: &Judge) {
        safety::name(&self.db, &judge.by.username, true).await.expect("named");
    }
}

impl Judge {
    async fn new(db: &PgPool, name: &str) -> Self {
        let (by, as_by) = operator(db, name, Role::Admin).await;
        Self { by, db: as_by, holder: Holder::new() }
    }

    async fn decide(&self, seen: &Seen<MediaId>, queue: SafetyQueue, said: &SafetyWord) -> Result<Decision> {
        let mut connection = self.db.acquire().await.expect("connected");
        safety::decide(&mut connection, &self.by, seen, Some(queue), said).await
    }

    async fn confirm(&self, seen: Seen<MediaId>, agrees: bool) -> safety::SafetyDecided {
        let mut connection = self.db.acquire().await.expect("connected");
        safety::confirm(&mut connection, &self.by, &[seen], agrees, None).await.expect("asked")
    }

    async fn items(&self, asked: SafetyQuery) -> Vec<SafetyItem> {
        safety::waiting(&self.db, &self.by, &self.holder, asked, None, 100).await.expect("a window").items
    }

    /// What waits in a queue, in windows of `limit`.
    async fn pages(&self, asked: SafetyQuery, limit: i64) -> Vec<MediaId> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = safety::waiting(&self.db, &self.by, &self.holder, asked, after, limit).await.expect("a window");
            all.extend(page.items.iter().map(|item| item.media_id));
            after = page.next;
            if after.is_none() {
                return all;
            }
        }
    }

    async fn queue(&self, queue: SafetyQueue) -> Vec<MediaId> {
        self.pages(SafetyQuery { queue, order: SafetyOrder::Age }, 100).await
    }
}
