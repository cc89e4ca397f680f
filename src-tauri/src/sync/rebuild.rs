//! A new generation of an index, from the core tables on, beside the one that is searched; and back to the one before.

use std::time::Duration;

use futures::{
    StreamExt, TryStreamExt,
    stream::{self, BoxStream},
};
use sqlx::{AssertSqlSafe, PgPool, query_scalar};

use super::{
    compare,
    delivery::Delivery,
    fill::Filler,
    generation,
    jobs::Job,
    lane::Lane,
    marks::Mark,
    mend,
    progress::{Progress, Step, Stop},
    projector::Projector,
    register::{self, Registered},
};
use crate::{config::ReadModels, error::Result, read_models::ReadModel};

/// Keys computed anew in one transaction.
const KEYS: i64 = 2048;
/// Such transactions at once: while one waits for the disk or for this program, another computes.
const AT_ONCE: usize = 2;
/// How often the queue is looked at while its rest is waited for.
const LOOK: Duration = Duration::from_millis(200);
/// Before a generation that still differs is given up.
const ROUNDS: usize = 5;

/// Work on the generations of one index.
#[derive(Debug)]
pub(super) struct Rebuild<'a> {
    pub db: &'a PgPool,
    pub delivery: Delivery,
    pub model: &'static ReadModel,
    pub worker: &'a str,
    pub read_models: ReadModels,
    pub progress: Progress,
}

/// A generation that was being filled is written no more: whoever goes on with it compares it first.
pub(super) async fn halt(db: &PgPool, job: &Job) -> sqlx::Result<()> {
    if !matches!(job.kind.as_str(), "rebuild" | "rollback") {
        return Ok(());
    }
    let mut connection = db.acquire().await?;
    for Registered { generation, state, .. } in register::all(db, &job.index_name).await? {
        if state == "building" {
            let next = if job.kind == "rollback" { "previous" } else { "halted" };
            register::set_state(&mut connection, &job.index_name, &generation, next).await?;
        }
    }
    Ok(())
}

impl Rebuild<'_> {
    /// Computes all rows, fills a generation with their documents, verifies it, and puts it behind the alias.
    pub(super) async fn rebuild(&self, job: &Job) -> Result<String, Stop> {
        let mut step = job.step.as_deref();
        let mut position = job.position.clone();
        let mut done = job.done;
        if matches!(step, None | Some("rows")) {
            if self.read_models == ReadModels::Projected {
                let from = position.take().and_then(|position| position.parse().ok());
                rows(self.db, self.model, self.worker, from, &self.progress).await?;
            }
            (step, position, done) = (Some("documents"), None, 0);
            self.progress.say(Step { name: "documents", ..Step::default() }, None).await?;
        }
        generation::ensure(self.db, &self.delivery.elastic, self.model).await?;
        if let Some(exchanged) = self.exchanged(job).await? {
            return Ok(format!("{exchanged} is searched now."));
        }
        let building = self.building().await?;
        if step == Some("documents") {
            self.fill(&building, position, done).await?;
        }
        self.verify(&building).await?;
        self.exchange(&building).await?;
        Ok(format!("{building} is searched now."))
    }

    /// Makes the generation before the present one true, and puts it behind the alias again.
    pub(super) async fn roll_back(&self, job: &Job) -> Result<String, Stop> {
        generation::ensure(self.db, &self.delivery.elastic, self.model).await?;
        if let Some(exchanged) = self.exchanged(job).await? {
            return Ok(format!("{exchanged} is searched again."));
        }
        let known = register::all(self.db, self.model.name).await?;
        let wanted = known.iter().find(|known| matches!(known.state.as_str(), "previous" | "building"));
        let Some(Registered { generation, uuid, .. }) = wanted else {
            return Err(Stop::Blocked(format!("No generation of {} is kept to go back to.", self.model.name)));
        };
        let there = generation::identified(&self.delivery.elastic, generation.clone()).await?;
        if there.is_none_or(|there| there.uuid != *uuid) {
            register::forget(self.db, self.model.name, generation).await?;
            return Err(Stop::Blocked(format!("The index {generation} was deleted: there is nothing to go back to.")));
        }
        register::set_state(&mut *self.db.acquire().await?, self.model.name, generation, "building").await?;
        generation::add_digest(&self.delivery.elastic, generation).await?;
        if matches!(job.step.as_deref(), None | Some("documents")) {
            self.fill(generation, job.position.clone(), job.done).await?;
        }
        self.verify(generation).await?;
        self.exchange(generation).await?;
        Ok(format!("{generation} is searched again."))
    }

    /// The generation that this job has put in place already, where whoever did so did not come to say that it was the end.
    async fn exchanged(&self, job: &Job) -> Result<Option<String>> {
        let (Some("swap"), Some(exchanged)) = (job.step.as_deref(), &job.position) else { return Ok(None) };
        let known = register::all(self.db, self.model.name).await?;
        let is_live = known.iter().any(|known| known.generation == *exchanged && known.state == "live");
        Ok(is_live.then(|| exchanged.clone()))
    }

    /// The generation that is to be filled: the one that a cancelled or failed rebuild left, if it is still fit, or a new one.
    async fn building(&self) -> Result<String> {
        let elastic = &self.delivery.elastic;
        let mapping = Some(generation::fingerprint(elastic, self.model));
        let mut left_over = register::all(self.db, self.model.name).await?;
        left_over.retain(|known| matches!(known.state.as_str(), "building" | "halted"));
        for known in left_over {
            let there = generation::identified(elastic, known.generation.clone()).await?;
            let is_ours = there.is_some_and(|there| there.uuid == known.uuid);
            if is_ours && known.mapping == mapping {
                let mut connection = self.db.acquire().await?;
                register::set_state(&mut connection, self.model.name, &known.generation, "building").await?;
                return Ok(known.generation);
            }
            register::forget(self.db, self.model.name, &known.generation).await?;
            if is_ours {
                elastic.delete(&known.generation).await?;
            }
        }
        let name = generation::create(elastic, self.model, false).await?;
        let made = generation::identified(elastic, name.clone()).await?;
        let uuid = made.map(|made| made.uuid).unwrap_or_default();
        let building = Registered { generation: name.clone(), uuid, state: "building".into(), mapping };
        register::register(&mut *self.db.acquire().await?, self.model.name, &building).await?;
        Ok(name)
    }

    async fn fill(&self, generation: &str, position: Option<String>, done: i64) -> Result<(), Stop> {
        let filler = Filler { db: self.db, delivery: self.delivery.clone(), model: self.model, generation };
        filler.fill(position, done, &self.progress).await
    }

    /// Waits until what was marked meanwhile was sent, then compares row by row; what differs still is sent once more.
    async fn verify(&self, generation: &str) -> Result<(), Stop> {
        generation::refresh_often(&self.delivery.elastic, generation).await?;
        for _ in 0..ROUNDS {
            self.drain().await?;
            self.refuse_dead_letters(generation).await?;
            let found =
                compare::compare(self.db, &self.delivery.elastic, self.model, generation, &self.progress).await?;
            if found.is_empty() {
                return Ok(());
            }
            tracing::warn!(index = generation, documents = found.len(), "not as their rows: sent once more");
            mend::mend(self.db, &self.delivery.elastic, self.model, generation, &found).await?;
        }
        Err(Stop::Blocked(format!(
            "{generation} was not put in place: it differs from its rows after {ROUNDS} rounds. See what `check` finds."
        )))
    }

    /// Until everything that waits now was sent to the generation too.
    async fn drain(&self) -> Result<(), Stop> {
        let newest = register::newest_version(self.db).await?;
        loop {
            let waiting = query_scalar!(
                r#"select count(*) as "waiting!" from console.index_queue where index_name = $1 and version <= $2"#,
                self.model.name,
                newest
            )
            .fetch_one(self.db)
            .await?;
            self.progress.say(Step { name: "wait", done: 0, total: waiting }, None).await?;
            if waiting == 0 {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn refuse_dead_letters(&self, generation: &str) -> Result<(), Stop> {
        let letters = query_scalar!(
            r#"
            select count(*) as "letters!"
              from console.dead_letter
             where kind = 'index'
               and name = $1
               and coalesce(generation, $2) = $2
            "#,
            self.model.name,
            generation
        )
        .fetch_one(self.db)
        .await?;
        if letters == 0 {
            return Ok(());
        }
        let documents = if letters == 1 { "1 document is".to_owned() } else { format!("{letters} documents are") };
        Err(Stop::Blocked(format!(
            "The new generation was not put in place: {documents} refused by Elasticsearch. See `dead-letters list`, \
             correct the rows or `dead-letters replay`, then rebuild again."
        )))
    }

    async fn exchange(&self, generation: &str) -> Result<(), Stop> {
        // From here on it can't be told by the generations' states whether this is done.
        self.progress.say(Step { name: "swap", done: 0, total: 1 }, Some(generation)).await?;
        let mut alone = self.db.begin().await?;
        register::lock(&mut alone, self.model.name).await?;
        generation::swap(&self.delivery.elastic, self.model, generation).await?;
        for outdated in register::promote(self.db, self.model.name, generation).await? {
            self.delivery.elastic.delete(&outdated).await?;
        }
        alone.commit().await?;
        Ok(())
    }
}

/// From the core tables to the read model, by intervals of keys.
pub(super) async fn rows(
    db: &PgPool,
    model: &'static ReadModel,
    worker: &str,
    from: Option<i64>,
    progress: &Progress,
) -> Result<(), Stop> {
    let projector = &Projector { db: db.clone(), model, lane: Lane::Bulk, worker: worker.to_owned() };
    let last = key(db, model, "is not null", "desc").await?.unwrap_or(0);
    let first = key_from(db, model, from.unwrap_or(i64::MIN)).await?;
    let mut projected = intervals(db, model, projector, first);
    let begin = first.unwrap_or(0);
    // In order: what lies before the position is done, whatever else may be done beyond it.
    while let Some(first) = projected.try_next().await? {
        let next = first.saturating_add(KEYS);
        let done = next.min(last.saturating_add(1)).saturating_sub(begin);
        let step = Step { name: "rows", done, total: last.saturating_sub(begin) + 1 };
        progress.say(step, Some(&next.to_string())).await?;
    }
    Ok(())
}

/// The beginnings of all intervals, in order, as they are done.
fn intervals<'a>(
    db: &'a PgPool,
    model: &'static ReadModel,
    projector: &'a Projector,
    first: Option<i64>,
) -> BoxStream<'a, Result<i64, Stop>> {
    stream::try_unfold(first, move |next| async move {
        let Some(key) = next else { return Ok::<_, Stop>(None) };
        // Such that two that are computed at once share none of the projector's locks.
        let first = key - key.rem_euclid(KEYS);
        Ok(Some((first, key_from(db, model, first.saturating_add(KEYS)).await?)))
    })
    .map_ok(move |first| async move {
        projector.project_or_split(&interval(first)).await?;
        Ok(first)
    })
    .try_buffered(AT_ONCE)
    .boxed()
}

/// All keys from this one on; no mark in the queue has their version, so none is taken away.
fn interval(first: i64) -> Vec<Mark> {
    (first..first.saturating_add(KEYS))
        .map(|key| Mark { scope: "row".into(), key, span: 1, version: 0, attempts: 1 })
        .collect()
}

/// The first key from this one on that has a row or must have one.
async fn key_from(db: &PgPool, model: &ReadModel, from: i64) -> Result<Option<i64>> {
    key(db, model, &format!(">= {from}"), "asc").await
}

async fn key(db: &PgPool, model: &ReadModel, condition: &str, order: &str) -> Result<Option<i64>> {
    let ReadModel { name, table, key, identity: (id, id_type), .. } = model;
    // Rows whose id is no key are another writer's: the check finds them.
    let of_table = if *id_type == "bigint" && id == key {
        format!("union all (select {id} from {table} where {id} {condition} order by {id} {order} limit 1)")
    } else {
        String::new()
    };
    let end = if order == "asc" { "min" } else { "max" };
    let sql = format!(
        "select {end}(key)
           from ((select {key} as key from console.{name}_source where {key} {condition} order by {key} {order} limit 1)
                 {of_table}) as ends (key)"
    );
    Ok(sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(db).await?)
}
