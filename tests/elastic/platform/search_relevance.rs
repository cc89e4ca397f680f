//! How relevant what is found by words is, by the platform's own truth: what each photo is about.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs,
};

use kaleidoscope_console::{
    access::{Operator, Role},
    db::MIGRATOR,
    elastic::Elastic,
    search::{Hit, SearchQuery, search},
};
use serde_json::Value;
use sqlx::{PgPool, query_as};

use crate::{
    database::Database,
    loaded::load_with_truth,
    node::Node,
    rows::{operator, work_off},
};

const BEST: usize = 10;
/// Of the photos with a word, those that are about what it means here
const DOMINANT: f64 = 0.4;
const QUERIES: usize = 40;
/// As many as a search gives
const PAGE: u32 = 200;

/// What each photo is about.
type Truth = HashMap<i64, String>;

fn truth_of(file: &str) -> Truth {
    let lines = file.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON"));
    lines.filter_map(|line| Some((line["media_id"].as_i64()?, line["theme"].as_str()?.to_owned()))).collect()
}

/// Words that mean several things, and what most of the photos with each are about. The more it could mean, the sooner it is taken.
async fn queries(db: &PgPool, truth: &Truth) -> Vec<(String, String)> {
    let rows: Vec<(i64, Vec<String>)> =
        query_as("select media_id, ai_tags from read_model_media_search").fetch_all(db).await.expect("rows");
    let mut themes_of: BTreeMap<&str, BTreeMap<&str, u32>> = BTreeMap::new();
    for (media, tags) in &rows {
        let Some(theme) = truth.get(media) else { continue };
        for tag in tags.iter().collect::<HashSet<_>>() {
            *themes_of.entry(tag).or_default().entry(theme).or_default() += 1;
        }
    }
    let mut words: Vec<(f64, String, String)> = themes_of
        .into_iter()
        .filter_map(|(tag, themes)| {
            let (theme, count) = themes.iter().max_by_key(|(theme, count)| (*count, *theme))?;
            let share = f64::from(*count) / f64::from(themes.values().sum::<u32>());
            (share >= DOMINANT).then(|| (share, tag.replace('_', " "), (*theme).to_owned()))
        })
        .collect();
    words.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
    words.into_iter().take(QUERIES).map(|(_, text, theme)| (text, theme)).collect()
}

/// What is found, as far as both arms have a part in it.
async fn fused(pool: &PgPool, elastic: Option<&Elastic>, by: &Operator, text: &str) -> Vec<Hit> {
    let mut asked = SearchQuery { text: text.into(), limit: PAGE, ..SearchQuery::default() };
    let mut hits: Vec<Hit> = Vec::new();
    loop {
        let page = search(pool, elastic, by, &asked).await.expect("results");
        let is_fused = |hit: &Hit| hit.why.text_rank.is_some() || hit.why.vector_rank.is_some();
        let before = hits.len();
        hits.extend(page.hits.into_iter().filter(is_fused));
        asked.after = page.next;
        if asked.after.is_none() || hits.len() == before {
            return hits;
        }
    }
}

/// Normalised discounted cumulative gain of the first ten: 1 where all of them are about it.
fn ndcg(media: &[i64], theme: &str, truth: &Truth) -> f64 {
    let discount = |place: usize| 1.0 / f64::from(u32::try_from(place + 2).expect("a few")).log2();
    let is_about = |media: &i64| truth.get(media).is_some_and(|own| own == theme);
    let gain: f64 = media
        .iter()
        .take(BEST)
        .enumerate()
        .filter(|(_, media)| is_about(media))
        .map(|(place, _)| discount(place))
        .sum();
    gain / (0..BEST).map(discount).sum::<f64>()
}

/// The first ten of one arm
fn arm(hits: &[Hit], rank: impl Fn(&Hit) -> Option<u32>) -> Vec<i64> {
    let mut ranked: Vec<(u32, i64)> = hits.iter().filter_map(|hit| Some((rank(hit)?, hit.media_id.0))).collect();
    ranked.sort_unstable();
    ranked.into_iter().map(|(_, media)| media).take(BEST).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn words_and_vectors_together_are_at_least_as_relevant_as_either_alone() {
    let database = Database::create("kaleidoscope_search_relevance").await;
    let file = tempfile::NamedTempFile::new().expect("a file");
    load_with_truth(&database, 4_000, file.path());
    let truth = truth_of(&fs::read_to_string(file.path()).expect("the truth"));
    let db = database.pool().await;
    MIGRATOR.run(&db).await.expect("migrated");
    let node = Node::new();
    work_off(&db, Some(&node.elastic)).await;
    node.ids("media_search").await;
    let (admin, pool) = operator(&db, "admin", Role::Admin).await;
    let queries = queries(&db, &truth).await;
    assert_eq!(queries.len(), QUERIES);

    for elastic in [Some(&node.elastic), None] {
        let mut sums = [0.0; 3];
        for (text, theme) in &queries {
            let hits = fused(&pool, elastic, &admin, text).await;
            let together: Vec<i64> = hits.iter().take(BEST).map(|hit| hit.media_id.0).collect();
            let arms = [arm(&hits, |hit| hit.why.text_rank), arm(&hits, |hit| hit.why.vector_rank), together];
            let gains = arms.map(|media| ndcg(&media, theme, &truth));
            println!("{theme}: {text}: {gains:?}");
            for (sum, gain) in sums.iter_mut().zip(gains) {
                *sum += gain;
            }
        }
        let [text, vector, together] = sums.map(|sum| sum / f64::from(u32::try_from(QUERIES).expect("a few")));
        println!("nDCG@10 by words {text:.4}, by vectors {vector:.4}, together {together:.4}");
        assert!(together >= text && together >= vector, "{together:.4} beside {text:.4} and {vector:.4}");
    }
    node.clear().await;
    pool.close().await;
    db.close().await;
}
