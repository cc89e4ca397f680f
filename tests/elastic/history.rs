//! Histories that nobody thought of: changes, transactions that overlap, workers that die, faults, new generations. However they
//! are mixed, in the end all is well.

use std::time::Duration;

use kaleidoscope_console::{
    db::migrate,
    sync::{JobKind, JobState, ask_for, index_names, job_states},
};
use proptest::{
    prelude::{Just, Strategy},
    prop_oneof,
    sample::select,
    test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner},
};
use sqlx::{PgConnection, PgPool, Postgres, Transaction, query};
use tokio::runtime::Runtime;

use crate::{
    agreement::Given,
    database::Database,
    faults::in_the_end_all_is_well,
    node::Node,
    proxy::{Fault, Proxy},
    rows::{Worker, face, photo, post, until, user},
};

const HISTORIES: u32 = 8;
const LENGTH: std::ops::Range<usize> = 10..60;
/// Of a history that fails, until it is said: each of them takes seconds.
const SHORTENED: u32 = 60;
/// Transactions that may be open at once.
const SESSIONS: usize = 3;

/// What the platform does to each of its six tables; `$1` chooses the row, `$2` what is written.
const CHANGES: &[&str] = &[
    "insert into users (username, email, password, full_name, role, account_status)
     values ('u' || $2 || '.' || nextval('users_user_id_seq'), nextval('users_user_id_seq') || '@example.org', '', 'User ' || $1,
             'USER', 'ACTIVE')",
    "update users set full_name = 'Name ' || $2 where user_id % 4 = $1 % 4",
    "update users set department = 'Department ' || $2 % 3 where user_id % 3 = $1 % 3",
    "update users set account_status = (array['ACTIVE', 'SUSPENDED', 'DELETED'])[1 + $2 % 3] where user_id % 5 = $1 % 5",
    "delete from users where user_id = (select max(user_id) from users where user_id % 2 = $1 % 2 and user_id > $2 % 3)",
    "insert into posts (user_id, title, status)
     select user_id, 'Post ' || $2, 'PUBLISHED' from users where user_id % 3 = $1 % 3",
    "update posts set title = 'Title ' || $2 where post_id % 3 = $1 % 3",
    "update posts set status = (array['PUBLISHED', 'DRAFT', 'ARCHIVED', 'PUBLISHED'])[1 + $2 % 4] where post_id % 4 = $1 % 4",
    "update posts set visibility = (array['PUBLIC', 'PRIVATE', 'FOLLOWERS'])[1 + $2 % 3] where post_id % 4 = $1 % 4",
    "delete from posts where post_id = (select max(post_id) from posts where post_id % 3 = $1 % 3)",
    "insert into post_media (post_id, media_type, media_url)
     select post_id, 'IMAGE', 'https://example.org/' || $2 from posts where post_id % 3 = $1 % 3",
    "update post_media set media_url = 'https://example.org/other/' || $2 where media_id % 4 = $1 % 4",
    "delete from post_media where media_id % 6 = $1 % 6 and $2 > 0",
    "insert into media_ai_insights (media_id, post_id, status, is_safe, caption, tags, scenes, image_embedding)
     select media_id, post_id, 'COMPLETED', true, 'Caption ' || $2, array['tag' || $2 % 4], '{outdoor}',
            array_fill(0.01 * (1 + $2 % 9), array[512])::vector
       from post_media where $1 >= 0
         on conflict do nothing",
    "update media_ai_insights set tags = array['tag' || $2 % 4, 'sea'], caption = 'Again ' || $2 where media_id % 3 = $1 % 3",
    "update media_ai_insights set status = (array['COMPLETED', 'UNSAFE', 'FAILED'])[1 + $2 % 3], is_safe = $2 % 3 = 0
      where media_id % 4 = $1 % 4",
    "delete from media_ai_insights where media_id % 7 = $1 % 7 and $2 > 0",
    "insert into media_detected_faces (media_id, bbox, embedding)
     select media_id, '{10,20,30,40}', array_fill(0.01 * (1 + $2 % 9), array[1024])::vector
       from media_ai_insights where media_id % 3 = $1 % 3",
    "update media_detected_faces
        set identified_user_id = (select min(user_id) from users where user_id % 3 = $2 % 3), status = 'CONFIRMED'
      where id % 4 = $1 % 4",
    "update media_detected_faces set embedding = array_fill(0.02 * (1 + $2 % 9), array[1024])::vector where id % 5 = $1 % 5",
    "delete from media_detected_faces where id % 5 = $1 % 5 and $2 > 0",
    "insert into user_face_embeddings (user_id, embedding)
     select user_id, array_fill(0.01 * (1 + $2 % 9), array[1024])::vector from users where user_id % 3 = $1 % 3
         on conflict (user_id) do update set embedding = excluded.embedding",
    "update user_face_embeddings set is_active = $2 % 2 = 0 where id % 3 = $1 % 3",
    "delete from user_face_embeddings where id % 4 = $1 % 4 and $2 > 0",
];

#[derive(Debug, Clone)]
enum Event {
    /// In one of the transactions, which begins with it if it has not begun.
    Change {
        session: usize,
        sql: &'static str,
        row: i64,
        written: i64,
    },
    Commit(usize),
    RollBack(usize),
    StartWorker,
    KillWorker,
    /// What bulks meet from now on.
    Faults(Vec<Fault>),
    Ask(JobKind, &'static str),
    /// Everything that can be done is done before it goes on.
    Settle,
}

fn event() -> impl Strategy<Value = Event> {
    let change = (0..SESSIONS, select(CHANGES), 0_i64..60, 1_i64..1_000)
        .prop_map(|(session, sql, row, written)| Event::Change { session, sql, row, written });
    let kind = select(&[JobKind::Rebuild, JobKind::Rollback, JobKind::Repair][..]);
    let indices: Vec<&'static str> = index_names().collect();
    prop_oneof![
        24 => change,
        8 => (0..SESSIONS).prop_map(Event::Commit),
        2 => (0..SESSIONS).prop_map(Event::RollBack),
        3 => Just(Event::StartWorker),
        3 => Just(Event::KillWorker),
        2 => proptest::collection::vec(fault(), 0..4).prop_map(Event::Faults),
        2 => (kind, select(indices)).prop_map(|(kind, index)| Event::Ask(kind, index)),
        1 => Just(Event::Settle),
    ]
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        Just(Fault::Pass),
        Just(Fault::Status(429)),
        Just(Fault::Status(503)),
        Just(Fault::Cut),
        Just(Fault::Late(Duration::from_millis(100))),
        Just(Fault::Twice(Duration::from_millis(200))),
        Just(Fault::Hang),
        Just(Fault::Mute),
        Just(Fault::Half),
    ]
}

/// What a history is played on.
struct Stage {
    db: PgPool,
    proxy: Proxy,
    node: Node,
    given: Given,
    sessions: [Option<Transaction<'static, Postgres>>; SESSIONS],
    workers: Vec<Worker>,
    jobs: Vec<i64>,
}

impl Stage {
    async fn set(database: &Database) -> Self {
        let db = database.pool().await;
        let proxy = Proxy::start().await;
        let node = Node::at(&proxy.url);
        let given = Given::since_now(&db).await;
        for name in ["ada", "bo", "cleo"] {
            let media = photo(&db, post(&db, user(&db, name).await, name).await, "", &["sea"]).await;
            face(&db, media, None).await;
        }
        Self { db, proxy, node, given, sessions: [const { None }; SESSIONS], workers: Vec::new(), jobs: Vec::new() }
    }

    async fn play(&mut self, event: &Event) {
        match event {
            Event::Change { session, sql, row, written } => self.change(*session, sql, *row, *written).await,
            Event::Commit(session) => {
                if let Some(tx) = self.sessions[*session].take() {
                    tx.commit().await.expect("committed");
                }
            }
            Event::RollBack(session) => {
                if let Some(tx) = self.sessions[*session].take() {
                    tx.rollback().await.expect("rolled back");
                }
            }
            Event::StartWorker => {
                if self.workers.len() < 3 {
                    self.workers.push(Worker::start(&self.db, Some(&self.node.elastic)));
                }
            }
            Event::KillWorker => {
                if let Some(worker) = self.workers.pop() {
                    worker.kill().await;
                }
            }
            Event::Faults(faults) => self.proxy.meet("", faults),
            Event::Ask(kind, index) => {
                // Other work on its generations may be under way.
                self.jobs.extend(ask_for(&self.db, *kind, Some(index)).await.unwrap_or_default());
            }
            Event::Settle => {
                self.end_transactions().await;
                self.proxy.meet("", &[]);
                self.outlive_the_dead().await;
                crate::rows::work_off_all(&self.db, &self.node.elastic).await;
            }
        }
    }

    async fn change(&mut self, session: usize, sql: &'static str, row: i64, written: i64) {
        if self.sessions[session].is_none() {
            let mut tx = self.db.begin().await.expect("a transaction");
            // What another one holds is not waited for: nobody would end it.
            query("set local lock_timeout = '100ms'").execute(&mut *tx).await.expect("set");
            self.sessions[session] = Some(tx);
        }
        let tx = self.sessions[session].as_mut().expect("it has begun");
        if let Err(error) = query(sql).bind(row).bind(written).execute(&mut **tx as &mut PgConnection).await {
            let state = error.as_database_error().and_then(|error| error.code()).unwrap_or_default().into_owned();
            assert!(["55P03", "40P01", "23503"].contains(&state.as_str()), "{sql}: {error}");
            self.sessions[session] = None;
        }
    }

    async fn end_transactions(&mut self) {
        for session in &mut self.sessions {
            if let Some(tx) = session.take() {
                tx.commit().await.expect("committed");
            }
        }
    }

    /// As if the seconds had passed after which the dead are known to be dead; the living say at once that they are alive.
    async fn outlive_the_dead(&self) {
        query("update console.worker set seen_at = seen_at - interval '9 seconds'")
            .execute(&self.db)
            .await
            .expect("aged");
    }

    async fn end(mut self) {
        self.end_transactions().await;
        self.proxy.meet("", &[]);
        for worker in std::mem::take(&mut self.workers) {
            worker.stop().await;
        }
        self.outlive_the_dead().await;
        let worker = Worker::start(&self.db, Some(&self.node.elastic));
        until("the end of the jobs", async || {
            job_states(&self.db, &self.jobs).await.expect("states").iter().all(JobState::has_ended)
        })
        .await;
        worker.stop().await;
        in_the_end_all_is_well(&self.db, &self.node, &self.given).await;
        let letters: i64 =
            sqlx::query_scalar("select count(*) from console.dead_letter").fetch_one(&self.db).await.expect("a count");
        assert_eq!(letters, 0, "nothing of this is refused");
        self.node.clear().await;
        self.db.close().await;
    }
}

async fn play(template: &Database, number: usize, history: &[Event]) {
    let database = template.copy(&format!("{}_{number}", template.name)).await;
    let mut stage = Stage::set(&database).await;
    for event in history {
        stage.play(event).await;
    }
    stage.end().await;
    database.remove().await;
}

/// `KALEIDOSCOPE_SEED` plays the histories of an earlier run again, `KALEIDOSCOPE_HISTORIES` so many of them.
#[test]
fn any_history_ends_well() {
    let variable = |name| std::env::var(name).ok().map(|value| value.parse::<u64>().expect("a number"));
    let seed = variable("KALEIDOSCOPE_SEED").unwrap_or_else(rand::random);
    let cases = variable("KALEIDOSCOPE_HISTORIES").map_or(HISTORIES, |cases| u32::try_from(cases).expect("some"));
    let template = Runtime::new().expect("a runtime").block_on(async {
        let template = Database::create("kaleidoscope_elastic_history").await;
        let db = template.pool().await;
        migrate(&db).await.expect("migrated");
        db.close().await;
        template
    });
    let config = Config { cases, max_shrink_iters: SHORTENED, failure_persistence: None, ..Config::default() };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let played = std::cell::Cell::new(0);
    let outcome =
        TestRunner::new_with_rng(config, random).run(&proptest::collection::vec(event(), LENGTH), |history| {
            played.set(played.get() + 1);
            // What a history leaves running ends with its runtime.
            Runtime::new().expect("a runtime").block_on(play(&template, played.get(), &history));
            Ok(())
        });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(why, history)) => {
            panic!("KALEIDOSCOPE_SEED={seed}: {why}\nThe shortest history found that ends so: {history:#?}")
        }
        Err(TestError::Abort(why)) => panic!("KALEIDOSCOPE_SEED={seed}: {why}"),
    }
}
