//! How many of the ten nearest neighbours an engine's vector index finds, against an exact comparison of all vectors.

use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgConnection, PgPool, query, query_as, query_scalar, raw_sql};

use super::{
    clerk, jobs,
    progress::{Progress, Step, Stop},
};
use crate::{
    elastic::Elastic,
    error::Result as Answer,
    read_models::{self, ReadModel},
};

/// Vectors whose neighbours are looked for.
const SAMPLE: i32 = 50;
const NEIGHBOURS: i64 = 10;
/// Looked at in the index's graph for each answer, in both engines. Searches look at more, and so find no less.
const CANDIDATES: i64 = 100;
/// What is as near as the tenth neighbour is one, whatever the last digits of a single-precision number.
const TOLERANCE: f64 = 1e-6;
/// Comparing with all vectors takes longer the more there are: what was asked for until then is the sample.
const LONGEST: Duration = Duration::from_mins(1);

/// One engine's measure.
#[derive(Debug, Default)]
struct Found {
    of_all: i64,
    right: i64,
    asked: i32,
}

/// Where a read model's vectors are.
struct Vectors {
    /// In the document
    field: &'static str,
    /// A field of documents that are compared; of the others nobody asks.
    only: Option<&'static str>,
    /// The nearest ids by PostgreSQL's index, for a vector as text and a number; `None` where there is no index.
    nearest: Option<&'static str>,
}

fn vectors(model: &ReadModel) -> Option<Vectors> {
    Some(match model.name {
        "media_search" => Vectors {
            field: "image_embedding",
            only: None,
            nearest: Some(
                "select v.media_id
                   from console.media_vector as v
                  order by v.embedding
                           operator(public.<=>) public.l2_normalize($1::text::public.vector)::public.halfvec(512)
                  limit $2",
            ),
        },
        "recommendations_knn" => Vectors { field: "image_embedding", only: None, nearest: None },
        "face_search" => Vectors { field: "face_embedding", only: None, nearest: None },
        "known_faces" => Vectors {
            field: "face_embedding",
            only: Some("is_active"),
            nearest: Some(
                "select e.user_id
                   from public.user_face_embeddings as e
                  where e.is_active
                  order by (public.l2_normalize(e.embedding)::public.halfvec(1024))
                           operator(public.<=>) (public.l2_normalize($1::text::public.vector)::public.halfvec(1024))
                  limit $2",
            ),
        },
        _ => return None,
    })
}

/// Measures an index of a read model in both engines and keeps the figures; what came out, in a sentence.
pub(super) async fn measure(
    db: &PgPool,
    elastic: Option<&Elastic>,
    model: &'static ReadModel,
    progress: &Progress,
) -> Result<String, Stop> {
    let Some(vectors) = vectors(model) else {
        return Err(Stop::Blocked(format!("There are no vectors in {}.", model.name)));
    };
    let sample = sample(db, model).await?;
    let total = i64::try_from(sample.len()).unwrap_or(i64::MAX);
    let (mut elasticsearch, mut postgresql) = (Found::default(), Found::default());
    let began = Instant::now();
    for (done, (id, vector)) in (0..).zip(&sample) {
        if began.elapsed() > LONGEST {
            break;
        }
        progress.say(Step { name: "measuring recall", done, total }, None).await?;
        let Some(exact) = exact(db, model, *id, vector).await? else { continue };
        if let Some(elastic) = elastic {
            let ids = by_elasticsearch(elastic, model, &vectors, vector).await?;
            elasticsearch.add(&exact, right(db, model, *id, vector, &ids, exact.farthest).await?);
        }
        if let Some(nearest) = vectors.nearest {
            let ids = by_postgresql(db, nearest, vector).await?;
            postgresql.add(&exact, right(db, model, *id, vector, &ids, exact.farthest).await?);
        }
    }
    progress.say(Step { name: "measuring recall", done: total, total }, None).await?;
    let mut said = Vec::new();
    for (engine, name, found) in
        [("elasticsearch", "Elasticsearch", &elasticsearch), ("postgresql", "PostgreSQL", &postgresql)]
    {
        if let Some(recall) = found.recall() {
            keep(db, model.name, engine, recall, found.asked).await?;
            said.push(format!("{name} finds {:.1} % of the ten nearest ({} asked for)", recall * 100.0, found.asked));
        }
    }
    Ok(if said.is_empty() { "There was nothing to compare.".to_owned() } else { format!("{}.", said.join("; ")) })
}

impl Found {
    fn add(&mut self, exact: &Exact, right: i64) {
        self.of_all += exact.neighbours;
        self.right += right.min(exact.neighbours);
        self.asked += 1;
    }

    #[expect(clippy::cast_precision_loss, reason = "hundreds")]
    fn recall(&self) -> Option<f64> {
        (self.of_all > 0).then(|| self.right as f64 / self.of_all as f64)
    }
}

/// The neighbours of a vector beside itself.
struct Exact {
    /// Ten, or as many as there are
    neighbours: i64,
    /// The distance of the last
    farthest: f64,
}

/// Ids and vectors of rows, any; those without length have no neighbours.
async fn sample(db: &PgPool, model: &ReadModel) -> sqlx::Result<Vec<(i64, String)>> {
    let sql = format!(
        "select id, vector::text
           from (select id from console.{name}_vector order by random() limit {SAMPLE}) as chosen
           join console.{name}_vector using (id)
          where (vector operator(public.<=>) vector) <> 'NaN'",
        name = model.name
    );
    query_as(AssertSqlSafe(sql)).fetch_all(db).await
}

/// By comparing with all, whatever indices there are; `None` without any neighbour.
async fn exact(db: &PgPool, model: &ReadModel, id: i64, vector: &str) -> sqlx::Result<Option<Exact>> {
    let mut tx = db.begin().await?;
    raw_sql("set local enable_indexscan = off; set local enable_indexonlyscan = off").execute(&mut *tx).await?;
    let sql = format!(
        "select count(*), max(distance)
           from (
               select distance
                 from (
                     select vector operator(public.<=>) $2::text::public.vector as distance
                       from console.{}_vector
                      where id <> $1
                 ) as measured
                where distance <> 'NaN'
                order by distance
                limit {NEIGHBOURS}
           ) as nearest",
        model.name
    );
    let (neighbours, farthest): (i64, Option<f64>) =
        query_as(AssertSqlSafe(sql)).bind(id).bind(vector).fetch_one(&mut *tx).await?;
    tx.commit().await?;
    Ok(farthest.map(|farthest| Exact { neighbours, farthest }))
}

/// How many of these are as near as the nearest ten.
async fn right(
    db: &PgPool,
    model: &ReadModel,
    id: i64,
    vector: &str,
    found: &[i64],
    farthest: f64,
) -> sqlx::Result<i64> {
    let sql = format!(
        "select count(*)
           from (
               select id, vector operator(public.<=>) $2::text::public.vector as distance
                 from console.{}_vector
                where id = any ($3)
           ) as measured
          where id <> $1
            and distance <= $4",
        model.name
    );
    query_scalar(AssertSqlSafe(sql)).bind(id).bind(vector).bind(found).bind(farthest + TOLERANCE).fetch_one(db).await
}

/// One more than is needed: the vector itself is its own nearest.
async fn by_elasticsearch(
    elastic: &Elastic,
    model: &ReadModel,
    vectors: &Vectors,
    vector: &str,
) -> Result<Vec<i64>, Stop> {
    #[derive(Deserialize)]
    struct Answer {
        hits: Hits,
    }
    #[derive(Deserialize)]
    struct Hits {
        hits: Vec<Hit>,
    }
    #[derive(Deserialize)]
    struct Hit {
        #[serde(rename = "_id")]
        id: String,
    }
    let Ok(numbers) = serde_json::from_str::<Value>(vector) else { return Ok(Vec::new()) };
    let mut knn =
        json!({"field": vectors.field, "query_vector": numbers, "k": NEIGHBOURS + 1, "num_candidates": CANDIDATES});
    if let Some(only) = vectors.only {
        knn["filter"] = json!({"term": {only: true}});
    }
    let body = json!({
        "knn": knn,
        "size": NEIGHBOURS + 1,
        "_source": false,
    });
    let answer: Answer = elastic.search(model.index, &body).await?;
    Ok(answer.hits.hits.iter().filter_map(|hit| hit.id.parse().ok()).collect())
}

async fn by_postgresql(db: &PgPool, nearest: &'static str, vector: &str) -> sqlx::Result<Vec<i64>> {
    let mut tx = db.begin().await?;
    prepare(&mut tx).await?;
    let ids = query_scalar(nearest).bind(vector).bind(NEIGHBOURS + 1).fetch_all(&mut *tx).await?;
    tx.commit().await?;
    Ok(ids)
}

async fn prepare(tx: &mut PgConnection) -> sqlx::Result<()> {
    query("select set_config('hnsw.ef_search', $1, true), set_config('hnsw.iterative_scan', 'relaxed_order', true)")
        .bind(CANDIDATES.to_string())
        .execute(tx)
        .await?;
    Ok(())
}

async fn keep(db: &PgPool, index: &str, engine: &str, recall: f64, sample: i32) -> sqlx::Result<()> {
    query!(
        r#"
        insert into console.recall as r (index_name, engine, recall_at_10, sample) values ($1, $2, $3, $4)
            on conflict (index_name, engine) do update
           set recall_at_10 = excluded.recall_at_10, sample = excluded.sample, measured_at = excluded.measured_at
        "#,
        index,
        engine,
        recall,
        sample,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Asks for what was not measured for a day, or not since the index was made anew. One that is under way is left to go on.
///
/// # Errors
/// Those of PostgreSQL.
pub async fn ask_for_recall(db: &PgPool) -> Answer<()> {
    let known: Vec<String> =
        read_models::ALL.iter().filter(|model| vectors(model).is_some()).map(|model| model.name.to_owned()).collect();
    let due = query_scalar!(
        r#"
        select name as "name!"
          from unnest($1::text[]) as known (name)
         where not exists (
               select
                 from console.job as job
                where job.index_name = known.name
                  and (job.state in ('waiting', 'running')
                       or job.kind = 'recall'
                          and job.finished_at > clock_timestamp() - interval '1 day'
                          and not exists (
                              select
                                from console.job as rebuilt
                               where rebuilt.index_name = known.name
                                 and rebuilt.kind in ('rebuild', 'rollback')
                                 and rebuilt.state = 'done'
                                 and rebuilt.finished_at > job.finished_at)))
        "#,
        &known
    )
    .fetch_all(db)
    .await?;
    for name in due {
        jobs::ask(db, "recall", &name).await?;
    }
    Ok(())
}

/// Whether an index has vectors to measure.
///
/// # Errors
/// A sentence where it has none.
pub fn can_be_measured(index: &str) -> Result<(), String> {
    match clerk::model(index).and_then(vectors) {
        Some(_) => Ok(()),
        None => Err(format!("There are no vectors in {index}: recall can't be measured.")),
    }
}
