//! In which order hits come in either engine, and what says why.

use kaleidoscope_console::{
    access::{Operator, Role},
    db::{MIGRATOR, MediaId},
    search::{Engine, Example, Hit, Like, SearchQuery, Sort, facets, search},
};
use serde_json::Value;
use sqlx::{PgPool, query};

use crate::{
    node::Node,
    rows::{face, operator, photo, post, run, user, work_off},
};

fn typed(text: &str) -> SearchQuery {
    SearchQuery { text: text.into(), limit: 50, ..SearchQuery::default() }
}

/// A vector between two directions; 0 is the one, 90 the other.
async fn turn(db: &PgPool, media: i64, degrees: f64) {
    query(
        "update media_ai_insights
            set image_embedding = (array[cosd($2), sind($2)] || array_fill(0::float8, array[510]))::real[]::vector
          where media_id = $1",
    )
    .bind(media)
    .bind(degrees)
    .execute(db)
    .await
    .expect("a vector");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn words_and_vectors_are_fused_and_each_hit_says_why(db: PgPool) {
    let node = Node::new();
    let (staff, pool) = operator(&db, "staff", Role::Staff).await;
    let open = post(&db, user(&db, "ada").await, "open").await;
    let mut media = Vec::new();
    for (caption, degrees) in [("hill", 0.0), ("the sea", 10.0), ("sea", 80.0), ("hill", 20.0), ("unseen sea", 5.0)] {
        let one = photo(&db, open, caption, &[]).await;
        turn(&db, one, degrees).await;
        media.push(one);
    }
    let [example, near, far, hill, hidden] = media[..] else { panic!("five") };
    run(&db, "update media_ai_insights set is_safe = false where media_id = $1", hidden).await;
    work_off(&db, Some(&node.elastic)).await;
    node.ids("media_search").await;

    let like = Like { more: vec![Example::Media(MediaId(example))], less: vec![] };
    for elastic in [Some(&node.elastic), None] {
        let ask = async |text: &str, like: &Like| {
            let query = SearchQuery { like: like.clone(), ..typed(text) };
            search(&pool, elastic, &staff, &query).await.expect("results")
        };
        let ids = |results: &kaleidoscope_console::search::SearchResults| {
            results.hits.iter().map(|hit| hit.media_id.0).collect::<Vec<_>>()
        };
        let results = ask("", &like).await;
        assert_eq!((ids(&results), results.total), (vec![near, hill, far], 3), "{:?}", results.engine);
        let first = &results.hits[0].why;
        assert!((first.similarity.expect("a similarity") - 10_f64.to_radians().cos()).abs() < 0.01, "{first:?}");
        assert_eq!((first.vector_rank, first.text_rank), (Some(1), None));

        let results = ask("sea", &like).await;
        assert_eq!(ids(&results), [near, far]);
        let why = &results.hits[0].why;
        assert_eq!((why.vector_rank, why.text_rank.is_some(), why.matched.len()), (Some(1), true, 1));
        let marked: Vec<_> = why.matched[0].parts.iter().map(|part| (part.text.as_str(), part.is_match)).collect();
        assert_eq!((why.matched[0].field.as_str(), marked), ("caption", vec![("the ", false), ("sea", true)]));

        assert_eq!(ids(&ask("similarity:0.9", &like).await), [near, hill]);
        let unlike = Like { less: vec![Example::Media(MediaId(far))], ..like.clone() };
        assert_eq!(ids(&ask("caption:hill", &unlike).await), [hill]);
        let of_nobody = Like { more: vec![Example::Media(MediaId(hidden))], less: vec![] };
        assert_eq!(ids(&ask("", &of_nobody).await), [0; 0], "nobody compares with what they may not see");
    }
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_is_similar_is_looked_for_among_recommendations_too_and_without_them(db: PgPool) {
    let node = Node::new();
    let (staff, pool) = operator(&db, "staff", Role::Staff).await;
    let ada = user(&db, "ada").await;
    let (open, for_some) = (post(&db, ada, "open").await, post(&db, ada, "for some").await);
    let mut media = Vec::new();
    for (of, degrees) in [(open, 0.0), (open, 10.0), (open, 20.0), (for_some, 30.0), (open, 40.0)] {
        let one = photo(&db, of, "sea", &[]).await;
        turn(&db, one, degrees).await;
        media.push(one);
    }
    let [example, lost, near, not_public, hidden] = media[..] else { panic!("five") };
    run(&db, "update posts set visibility = 'FOLLOWERS' where post_id = $1", for_some).await;
    work_off(&db, Some(&node.elastic)).await;
    node.ids("media_search").await;
    assert_eq!(node.ids("recommendations_knn").await.len(), 4, "what is for some is not recommended");

    let ask = async |text: &str| -> Vec<i64> {
        let like = Like { more: vec![Example::Media(MediaId(example))], less: vec![] };
        let query = SearchQuery { like, ..typed(text) };
        let results = search(&pool, Some(&node.elastic), &staff, &query).await.expect("results");
        assert_eq!(results.engine, Engine::Elasticsearch, "{:?}", results.notice);
        results.hits.iter().map(|hit| hit.media_id.0).collect()
    };
    // The index of media lost one, and neither index knows yet that another one is unsafe.
    let gone = format!("{}/_doc/{lost}?refresh=true", node.elastic.alias("media_search"));
    node.elastic.delete(&gone).await.expect("deleted");
    run(&db, "update media_ai_insights set is_safe = false where media_id = $1", hidden).await;
    run(&db, "update read_model_media_search set is_safe = false where media_id = $1", hidden).await;
    assert_eq!(ask("").await, [lost, near, not_public], "each once, nearest first, within the rights");
    assert_eq!(ask("similarity:0.9").await, [lost, near]);
    assert_eq!(ask("caption:sea").await, [near, not_public], "the recommendations know no filter");

    let of_alias: Value =
        node.elastic.find(&node.elastic.alias("recommendations_knn")).await.expect("asked").expect("it is there");
    for index in of_alias.as_object().expect("indices").keys() {
        node.elastic.delete(index).await.expect("deleted");
    }
    assert_eq!(ask("").await, [near, not_public], "the index of media answers alone");
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_list_goes_on_at_its_point_in_time_and_without_it(db: PgPool) {
    let node = Node::new();
    let (staff, pool) = operator(&db, "staff", Role::Staff).await;
    let open = post(&db, user(&db, "ada").await, "open").await;
    for number in 0..13 {
        photo(&db, open, if number % 3 == 0 { "sea sea" } else { "sea" }, &[]).await;
    }
    work_off(&db, Some(&node.elastic)).await;
    let all = node.ids("media_search").await.len();

    for sort in [Sort::Relevance, Sort::Newest, Sort::Oldest, Sort::Reactions] {
        for expires in [false, true] {
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let query = SearchQuery { sort, after, limit: 4, ..typed("sea") };
                let page = search(&pool, Some(&node.elastic), &staff, &query).await.expect("a page");
                assert_eq!((page.engine, page.total), (Engine::Elasticsearch, 13));
                seen.extend(page.hits.iter().map(|hit| hit.media_id.0));
                after = page.next;
                let Some(cursor) = &mut after else { break };
                if expires {
                    let mut told: Value = serde_json::from_str(cursor).expect("a cursor");
                    if let Some(pit) = told.pointer_mut("/elasticsearch/pit").map(Value::take)
                        && let Some(pit) = pit.as_str()
                    {
                        node.elastic.close_pit(pit).await.expect("closed");
                    }
                    *cursor = told.to_string();
                }
            }
            assert_eq!(seen.len(), all, "{sort:?} {expires}");
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen.len(), all, "{sort:?} {expires}");
        }
    }
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_looks_like_the_best_comes_early_and_only_once(db: PgPool) {
    /// More than either arm gives
    const PHOTOS: u32 = 620;
    let node = Node::new();
    let (staff, pool) = operator(&db, "staff", Role::Staff).await;
    let open = post(&db, user(&db, "ada").await, "open").await;
    let mut all = Vec::new();
    for number in 0..PHOTOS {
        let one = photo(&db, open, "sea", &[]).await;
        // The newest are the best by words, and the oldest look like them.
        let degrees = f64::from(number) / 10.0;
        turn(&db, one, if (30..PHOTOS - 10).contains(&number) { 20.0 + degrees } else { degrees % 3.0 }).await;
        all.push(one);
    }
    work_off(&db, Some(&node.elastic)).await;
    node.ids("media_search").await;

    for elastic in [Some(&node.elastic), None] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let query = SearchQuery { after, limit: 100, ..typed("sea") };
            let page = search(&pool, elastic, &staff, &query).await.expect("a page");
            assert_eq!(page.total, 620);
            seen.extend(page.hits.iter().map(|hit| hit.media_id.0));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert!(all[..30].iter().all(|media| seen[..100].contains(media)), "{:?}", &seen[..100]);
        seen.sort_unstable();
        assert_eq!(seen, all);
    }
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn slips_are_forgiven_in_words_but_not_in_fields_or_exclusions(db: PgPool) {
    let node = Node::new();
    let (staff, pool) = operator(&db, "staff", Role::Staff).await;
    // Of one post, they would be found by each other's tags.
    let ada = user(&db, "ada").await;
    let mountain = photo(&db, post(&db, ada, "up").await, "Mountains", &["mountain"]).await;
    let other = photo(&db, post(&db, ada, "down").await, "a lake", &[]).await;
    work_off(&db, Some(&node.elastic)).await;
    node.ids("media_search").await;

    for (text, expected) in [
        ("montains", vec![mountain]),
        ("moutnain", vec![mountain]),
        ("\"montains\"", vec![]),
        ("caption:montains", vec![]),
        ("-montains", vec![other, mountain]),
        ("nountains", vec![]),
    ] {
        let results = search(&pool, Some(&node.elastic), &staff, &typed(text)).await.expect("results");
        let found: Vec<i64> = results.hits.iter().map(|hit| hit.media_id.0).collect();
        assert_eq!((found, results.engine), (expected, Engine::Elasticsearch), "{text}");
    }
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn both_engines_count_the_same_facets(db: PgPool) {
    let node = Node::new();
    let (admin, pool) = operator(&db, "admin", Role::Admin).await;
    let (staff, pool_of_staff) = operator(&db, "staff", Role::Staff).await;
    let (ada, bo) = (user(&db, "ada").await, user(&db, "bo").await);
    for (number, tags) in [["sea", "sun"], ["sea", "hill"], ["New York", "sun"]].iter().enumerate() {
        let of = post(&db, if number == 0 { ada } else { bo }, "open").await;
        let one = photo(&db, of, "photo", tags).await;
        face(&db, one, Some(ada)).await;
        face(&db, one, (number == 1).then_some(bo)).await;
    }
    run(&db, "update media_ai_insights set is_safe = false where media_id = $1", 3).await;
    run(&db, "update post_media set created_at = '2020-02-03' where media_id = $1", 1).await;
    run(&db, "update post_media set media_type = 'VIDEO' where media_id = $1", 2).await;
    work_off(&db, Some(&node.elastic)).await;
    run(&db, "update read_model_post_search set inferred_event_type = 'beach_party' where post_id = $1", 1).await;
    run(&db, "update read_model_post_search set inferred_event_type = 'hike' where post_id <> $1", 1).await;
    work_off(&db, Some(&node.elastic)).await;
    node.ids("media_search").await;

    for text in [
        "",
        "photo",
        "tag:sea",
        "tag:(sea OR sun) uploader:bo",
        "is:safe person:ada",
        "faces:2 is:image",
        "after:2021",
        "event:party",
        "-event:hike is:video",
        "has:event",
    ] {
        for (by, pool) in [(&admin, &pool), (&staff, &pool_of_staff)] {
            let elastic = facets(pool, Some(&node.elastic), by, text).await.expect("facets");
            let postgresql = facets(pool, None, by, text).await.expect("facets");
            assert_eq!((elastic.engine, postgresql.engine), (Engine::Elasticsearch, Engine::PostgreSql), "{text}");
            assert_eq!(elastic.facets, postgresql.facets, "{text}");
            assert_eq!(elastic.histogram, postgresql.histogram, "{text}");
        }
    }
    node.clear().await;
}

/// What a post was about comes from all its media: where one of them is unsafe, others than admins are not told.
#[sqlx::test(migrator = "MIGRATOR")]
async fn events_and_types_are_found_in_the_index_and_follow_the_post(db: PgPool) {
    let node = Node::new();
    let (admin, admins) = operator(&db, "admin", Role::Admin).await;
    let (staff, pool) = operator(&db, "staff", Role::Staff).await;
    let of = post(&db, user(&db, "ada").await, "open").await;
    let (one, other) = (photo(&db, of, "one", &["sea"]).await, photo(&db, of, "other", &["sea"]).await);
    work_off(&db, Some(&node.elastic)).await;
    let found = async |by: &Operator, pool: &PgPool, text: &str| {
        work_off(&db, Some(&node.elastic)).await;
        node.ids("media_search").await;
        let results = search(pool, Some(&node.elastic), by, &typed(text)).await.expect("results");
        let in_postgresql = search(pool, None, by, &typed(text)).await.expect("results");
        assert_eq!((results.engine, in_postgresql.engine), (Engine::Elasticsearch, Engine::PostgreSql));
        let ids = |hits: &[Hit]| hits.iter().map(|hit| hit.media_id.0).collect::<Vec<_>>();
        assert_eq!(ids(&results.hits), ids(&in_postgresql.hits), "{text}");
        ids(&results.hits)
    };
    assert_eq!(found(&staff, &pool, "event:party").await, [0; 0]);

    query("insert into console.event_rule (event_type, priority, required_tags, inferred_tags) values ($1, 999, '{sea}', '{sea}')")
        .bind("sea_party")
        .execute(&db)
        .await
        .expect("a rule");
    assert_eq!(found(&staff, &pool, "event:party").await, [other, one]);
    assert_eq!(found(&staff, &pool, "has:event is:image").await, [other, one]);

    run(&db, "update media_ai_insights set is_safe = false where media_id = $1", one).await;
    assert_eq!(found(&staff, &pool, "event:party").await, [0; 0]);
    assert_eq!(found(&staff, &pool, "-has:event").await, [other]);
    assert_eq!(found(&admin, &admins, "event:party").await, [other, one]);

    // As another writer of the read models may leave it, whatever the AI says.
    run(&db, "update read_model_media_search set is_safe = true where media_id = $1", one).await;
    assert_eq!(found(&staff, &pool, "event:party").await, [other]);
    run(&db, "update read_model_media_search set is_safe = null where media_id = $1", one).await;
    assert_eq!(found(&staff, &pool, "event:party").await, [0; 0]);

    run(&db, "update post_media set media_type = 'VIDEO' where media_id = $1", other).await;
    assert_eq!(found(&staff, &pool, "is:video").await, [other]);
    assert_eq!(found(&admin, &admins, "is:image").await, [one]);

    run(&db, "delete from post_media where media_id = $1", one).await;
    assert_eq!(found(&staff, &pool, "-event:hike").await, [other]);
    node.clear().await;
}
