//! How quick searching is, in both engines, each beside the bare operation: `scripts/bench search` loads the data and runs it.
//!
//! `DATABASE_URL` names a loaded database whose read models and indices are true, as its superuser; `ELASTICSEARCH_URL` the node.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use kaleidoscope_console::{
    access::{Operator, Role},
    config,
    db::{MediaId, UserId},
    elastic::Elastic,
    search::{
        Engine, Example, Like, SearchQuery, dsl,
        language::{self, Query},
        meant, search, suggest,
    },
};
use reqwest::{Client, header::CONTENT_TYPE};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool, Row, postgres::PgConnectOptions};

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
    let url = required("ELASTICSEARCH_URL").parse().expect("an address");
    let settings = config::Elasticsearch { url: Some(url), ..config::Elasticsearch::default() };
    let elastic = Elastic::new(&settings).expect("settings").expect("an address");
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

/// Sees everything, so that no rule narrows what is compared.
async fn admin(owner: &PgPool) -> (Operator, PgPool) {
    let username = format!("bench_{:016x}", rand::random::<u64>());
    let made = "insert into users (username, email, password, full_name, role, account_status)
                values ($1, $1 || '@example.org', '', $1, 'ADMIN', 'ACTIVE') returning user_id";
    let id: i64 = sqlx::query_scalar(made).bind(&username).fetch_one(owner).await.expect("an account");
    let login = format!("create role {username} login password 'bench' in role {}", Role::Admin.group());
    sqlx::query(AssertSqlSafe(login)).execute(owner).await.expect("a login");
    let options: PgConnectOptions = (*owner.connect_options()).clone();
    let db = PgPool::connect_lazy_with(options.username(&username).password("bench"));
    (Operator { user_id: UserId(id), username, full_name: None, role: Role::Admin }, db)
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

/// The console's search and the same DSL by a bare client that keeps its connection, in turns.
async fn beside_bare(db: &PgPool, elastic: &Elastic, by: &Operator, queries: &[String]) -> bool {
    let client = Client::builder().no_proxy().build().expect("a client");
    let at = elastic.url().join(&format!("{}/_search", elastic.alias("media_search"))).expect("an address");
    let (mut ours, mut bares, mut shares) = (Vec::new(), Vec::new(), Vec::new());
    for text in queries {
        let body = body(db, by, text).await;
        let (mut own, mut bare) = (Vec::new(), Vec::new());
        for _ in 0..REPEATS {
            let began = Instant::now();
            let answer =
                client.post(at.clone()).header(CONTENT_TYPE, "application/json").body(body.clone()).send().await;
            let answer = answer.expect("an answer").error_for_status().expect("hits").bytes().await.expect("hits");
            bare.push(began.elapsed());
            assert!(!answer.is_empty());

            let began = Instant::now();
            let results = search(db, Some(elastic), by, &query(text)).await.expect("results");
            own.push(began.elapsed());
            assert_eq!((results.engine, results.notice), (Engine::Elasticsearch, None), "{text}");
        }
        let (own, bare) = (median(&mut own), median(&mut bare));
        shares.push(own.saturating_sub(bare));
        ours.push(own);
        bares.push(bare);
    }
    let note = format!("{} queries, medians of {REPEATS} each", queries.len());
    let (ours, bare) = (p95(&mut ours), p95(&mut bares));
    let share =
        figure("search_own_share_p95", p95(&mut shares), "ms", Bar::AtMost(5.0), &format!("search less bare; {note}"));
    let ratio = ours / bare;
    let first = figure(
        "search_first_hits_p95",
        ratio,
        "ratio",
        Bar::AtMost(1.1),
        &format!("{ours:.2} ms beside {bare:.2} ms; {note}"),
    );
    share | first
}

/// As the console sends it for the first page.
async fn body(db: &PgPool, by: &Operator, text: &str) -> String {
    let parsed: Query = language::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let (condition, _) = meant(db, by, &parsed).await.expect("a condition");
    let mut order = vec![json!({"created_at": "desc"}), json!({"media_id": "desc"})];
    let query = dsl::query(condition.as_ref(), true);
    if query["bool"].get("must").is_some() {
        order.insert(0, json!({"_score": "desc"}));
    }
    let body: Value = json!({
        "query": query, "size": PAGE, "sort": order, "track_total_hits": true, "timeout": "4s", "_source": false,
    });
    body.to_string()
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

fn median(values: &mut [Duration]) -> Duration {
    values.sort_unstable();
    values[values.len() / 2]
}

/// In milliseconds
fn p95(values: &mut [Duration]) -> f64 {
    values.sort_unstable();
    values[(values.len() * 95 / 100).min(values.len() - 1)].as_secs_f64() * 1000.0
}

#[derive(Debug, Clone, Copy)]
enum Bar {
    AtMost(f64),
    AtLeast(f64),
}

/// Prints a figure; whether it falls short of its bar.
fn figure(name: &str, value: f64, unit: &str, bar: Bar, note: &str) -> bool {
    let (holds, bar) = match bar {
        Bar::AtMost(bar) => (value <= bar, format!("<= {bar}")),
        Bar::AtLeast(bar) => (value >= bar, format!(">= {bar}")),
    };
    println!("figure {name} {value:.4} {unit} bar {bar} {} # {note}", if holds { "ok" } else { "short" });
    !holds
}
