//! How quick searching is, in both engines, each beside the bare operation: `scripts/bench search` loads the data and runs it.
//!
//! `DATABASE_URL` names a loaded database in which what searching for media reads is filled, as its superuser;
//! `ELASTICSEARCH_URL` the node.

#[path = "../figure.rs"]
mod figure;
#[path = "../operator.rs"]
mod operator;
mod recorded;

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use kaleidoscope_console::{
    access::Operator,
    config,
    db::MediaId,
    elastic::Elastic,
    search::{Engine, Example, Like, SearchQuery, search, suggest},
};
use reqwest::{Client, Url};
use sqlx::{PgPool, Row};

use self::{
    figure::{Bar, figure, median, p95},
    operator::admin,
    recorded::{Recorder, took},
};

/// Of each query; what the rest of the machine does meanwhile is not counted against one of them.
const REPEATS: usize = 5;
/// Of each form of query
const SAMPLES: i64 = 20;
/// What the grid asks for at once
const PAGE: u32 = 60;
const NEAREST: u32 = 50;

#[tokio::main]
async fn main() {
    let owner = PgPool::connect_with(required("DATABASE_URL").parse().expect("an address")).await.expect("PostgreSQL");
    let elastic = client_of(required("ELASTICSEARCH_URL").parse().expect("an address"));
    let (by, db) = admin(&owner).await;
    let media: i64 =
        sqlx::query_scalar("select count(*) from read_model_media_search").fetch_one(&owner).await.expect("a number");
    println!("  {media} media");
    // As autovacuum does some time after a fill.
    sqlx::query("analyze").execute(&owner).await.expect("statistics");

    let queries = queries(&owner).await;
    let mut short = beside_bare(&db, &elastic, &by, &queries).await;
    short |= postgresql(&db, &by, &queries).await;
    short |= near(&owner, &db, &by).await;
    short |= completion(&owner, &db, &by).await;
    std::process::exit(i32::from(short));
}

fn required(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run scripts/bench search"))
}

fn client_of(url: Url) -> Elastic {
    let settings = config::Elasticsearch { url: Some(url), ..config::Elasticsearch::default() };
    Elastic::new(&settings).expect("settings").expect("an address")
}

/// What somebody would type, made of what the data has: words, phrases, words with filters, filters alone.
async fn queries(owner: &PgPool) -> Vec<String> {
    let rows = sqlx::query(
        "select (regexp_split_to_array(lower(ai_caption), '[^a-z]+'))[2:4] as words, ai_tags[1] as tag,
                uploader_department as dept, created_at::date::text as day
           from (select * from read_model_media_search
                  where ai_caption ~ '^[A-Za-z]+ [a-z]{3,} [a-z]+ ' and cardinality(ai_tags) > 0 and isfinite(created_at)
                  order by hashtextextended(media_id::text, 7)
                  limit $1) as sample",
    )
    .bind(SAMPLES)
    .fetch_all(owner)
    .await
    .expect("rows");
    let mut queries = Vec::new();
    for row in rows {
        let words: Vec<String> = row.get("words");
        let (tag, dept, day): (String, Option<String>, String) = (row.get("tag"), row.get("dept"), row.get("day"));
        let (tag, dept) = (quoted(&tag), quoted(dept.as_deref().unwrap_or("none")));
        queries.push(words[0].clone());
        queries.push(words[..2].join(" "));
        queries.push(format!("\"{}\"", words[..2].join(" ")));
        queries.push(format!("{} tag:{tag} after:{day}", words[0]));
        queries.push(format!("{} dept:{dept} is:safe", words[0]));
        queries.push(format!("tag:{tag} dept:{dept} before:{day}"));
    }
    queries
}

fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace(['"', '\\'], " "))
}

fn query(text: &str) -> SearchQuery {
    SearchQuery { text: text.into(), limit: PAGE, ..SearchQuery::default() }
}

/// The console's search and its requests by a bare client that keeps its connection, in turns.
async fn beside_bare(db: &PgPool, elastic: &Elastic, by: &Operator, queries: &[String]) -> bool {
    let client = Client::builder().no_proxy().build().expect("a client");
    let recorder = Recorder::start(elastic.url().clone()).await;
    let by_recorder = client_of(recorder.url.clone());
    let (mut ours, mut bares, mut shares) = (Vec::new(), Vec::new(), Vec::new());
    for text in queries {
        search(db, Some(&by_recorder), by, &query(text)).await.expect("results");
        let requests = recorder.take();
        let (mut own, mut bare, mut share) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..REPEATS {
            let began = Instant::now();
            let mut answers = Vec::new();
            for request in &requests {
                answers.push(request.send(&client).await);
            }
            let sent = began.elapsed();
            let round_trips = sent.saturating_sub(Duration::from_millis(answers.iter().map(took).sum()));

            let began = Instant::now();
            let results = search(db, Some(elastic), by, &query(text)).await.expect("results");
            let total = began.elapsed();
            assert_eq!((results.engine, results.notice), (Engine::Elasticsearch, None), "{text}");
            let around = total.saturating_sub(Duration::from_millis(results.elastic_ms));
            share.push(around.saturating_sub(round_trips));
            own.push(total);
            bare.push(sent);
        }
        shares.push(median(&mut share));
        ours.push(median(&mut own));
        bares.push(median(&mut bare));
    }
    let note = format!("{} queries, medians of {REPEATS} each", queries.len());
    let (ours, bare, share) = (p95(&mut ours), p95(&mut bares), p95(&mut shares));
    let told = format!("less Elasticsearch's own time and the bare round trips; {note}");
    let own_share = figure("search_own_share_p95", share, "ms", Bar::AtMost(5.0), &told);
    let told = format!("{ours:.2} ms beside {bare:.2} ms; {note}");
    own_share | figure("search_first_hits_p95", ours / bare, "ratio", Bar::AtMost(1.1), &told)
}

async fn postgresql(db: &PgPool, by: &Operator, queries: &[String]) -> bool {
    let mut took = Vec::new();
    for text in queries {
        let mut own = Vec::new();
        for _ in 0..REPEATS {
            let began = Instant::now();
            let results = search(db, None, by, &query(text)).await.expect("results");
            own.push(began.elapsed());
            assert_eq!(results.engine, Engine::PostgreSql);
        }
        took.push(median(&mut own));
    }
    let note = format!("words, filters, both; {} queries, medians of {REPEATS}", queries.len());
    figure("search_postgresql_p95", p95(&mut took), "ms", Bar::AtMost(150.0), &note)
}

/// The nearest in PostgreSQL, and how many of the ten truly nearest are among the first ten.
async fn near(owner: &PgPool, db: &PgPool, by: &Operator) -> bool {
    let examples: Vec<i64> = sqlx::query_scalar(
        "select media_id from console.media_vector order by hashtextextended(media_id::text, 3) limit 30",
    )
    .fetch_all(owner)
    .await
    .expect("examples");
    assert!(!examples.is_empty(), "PostgreSQL has no vectors: let a worker follow first");
    let (mut took, mut found, mut wanted) = (Vec::new(), 0, 0);
    for example in &examples {
        let like = Like { more: vec![Example::Media(MediaId(*example))], less: Vec::new() };
        let asked = SearchQuery { like, limit: NEAREST, ..SearchQuery::default() };
        let mut own = Vec::new();
        let mut hits = Vec::new();
        for _ in 0..REPEATS {
            let began = Instant::now();
            let results = search(db, None, by, &asked).await.expect("results");
            own.push(began.elapsed());
            hits = results.hits.iter().take(10).map(|hit| hit.media_id.0).collect();
        }
        took.push(median(&mut own));
        let exact = exact(owner, *example).await;
        wanted += exact.len();
        found += hits.iter().filter(|hit| exact.contains(hit)).count();
    }
    #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
    let recall = found as f64 / wanted.max(1) as f64;
    let note = format!("{} examples, medians of {REPEATS}", examples.len());
    figure("search_postgresql_near_p95", p95(&mut took), "ms", Bar::AtMost(50.0), &format!("top {NEAREST}; {note}"))
        | figure(
            "search_postgresql_near_recall",
            recall,
            "share",
            Bar::AtLeast(0.95),
            &format!("of the exact 10; {note}"),
        )
}

async fn exact(owner: &PgPool, example: i64) -> HashSet<i64> {
    let mut tx = owner.begin().await.expect("a transaction");
    sqlx::query("set local enable_indexscan = off").execute(&mut *tx).await.expect("a setting");
    let nearest: Vec<i64> = sqlx::query_scalar(
        "select v.media_id
           from console.media_vector as v
           join read_model_media_search using (media_id)
          where v.media_id <> $1
          order by v.embedding <=> (select embedding from console.media_vector where media_id = $1)
          limit 10",
    )
    .bind(example)
    .fetch_all(&mut *tx)
    .await
    .expect("the nearest");
    nearest.into_iter().collect()
}

/// What is offered after each key of some words and values.
async fn completion(owner: &PgPool, db: &PgPool, by: &Operator) -> bool {
    let values: Vec<String> = sqlx::query_scalar(
        "select value from console.search_term where value ~ '^[a-z_]{4,}$' order by hashtextextended(value, 1) limit 20",
    )
    .fetch_all(owner)
    .await
    .expect("values");
    assert!(!values.is_empty(), "no values are counted: let a worker follow first");
    let mut took = Vec::new();
    for value in &values {
        for text in [value.clone(), format!("tag:{value}"), format!("person:{value}")] {
            for end in 1..=text.len() {
                let began = Instant::now();
                suggest(db, by, &text[..end], u32::try_from(end).expect("short")).await.expect("suggestions");
                took.push(began.elapsed());
            }
        }
    }
    let note = format!("{} key presses, without the window", took.len());
    figure("search_completion_p95", p95(&mut took), "ms", Bar::AtMost(100.0), &note)
}
