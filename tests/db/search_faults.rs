//! Searching while Elasticsearch answers in part, late or not at all: what is said, and that the search goes on.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{Response, StatusCode},
};
use kaleidoscope_console::{
    access::{Operator, Role},
    config,
    db::{FaceId, MIGRATOR, MediaId},
    elastic::Elastic,
    error::Code,
    search::{
        Engine, Example, Like, SearchQuery, SearchResults, Sort, facet_values, facets, index_state, others, search,
        who_is,
    },
};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::rows::{face, operator, photo, post, user, work_off};

/// What is answered to a path and a body; `None`: nothing, ever.
type Answering = dyn Fn(&str, &str) -> Option<(u16, Value)> + Send;

/// A server that says what a test wants of Elasticsearch.
struct Fake {
    elastic: Elastic,
    answering: Arc<Mutex<Box<Answering>>>,
}

impl Fake {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let answering: Arc<Mutex<Box<Answering>>> = Arc::new(Mutex::new(Box::new(|_, _| None)));
        let routes = Router::new().fallback(answer).with_state(answering.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let config = config::Elasticsearch { url: Some(url.parse().expect("an address")), ..Default::default() };
        Self { elastic: Elastic::new(&config).expect("a client").expect("there is a url"), answering }
    }

    fn says(&self, answering: impl Fn(&str, &str) -> Option<(u16, Value)> + Send + 'static) {
        *self.answering.lock().expect("nobody panics holding it") = Box::new(answering);
    }
}

async fn answer(State(answering): State<Arc<Mutex<Box<Answering>>>>, request: Request) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let body = to_bytes(request.into_body(), usize::MAX).await.unwrap_or_default();
    let answered = (answering.lock().expect("nobody panics holding it"))(&path, &String::from_utf8_lossy(&body));
    match answered {
        Some((status, body)) => Response::builder()
            .status(StatusCode::from_u16(status).expect("a status"))
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()))
            .expect("an answer"),
        None => std::future::pending().await,
    }
}

/// Of a search by words: these media, of so many; `failed` shards did not answer.
fn found(media: &[i64], total: i64, failed: u32) -> Value {
    let hits: Vec<Value> = media
        .iter()
        .map(|id| json!({"_id": id.to_string(), "_score": 0.9, "fields": {"media_id": [id]}, "sort": [1.5, 1_700_000_000_000_i64, id]}))
        .collect();
    json!({"took": 1, "timed_out": false, "_shards": {"failed": failed}, "hits": {"total": {"value": total}, "hits": hits}})
}

struct World {
    by: Operator,
    pool: PgPool,
    fake: Fake,
    /// Five of the sea, the oldest first
    media: Vec<i64>,
    face: i64,
}

impl World {
    async fn new(db: &PgPool) -> Self {
        let (by, pool) = operator(db, "moderator", Role::Moderator).await;
        let open = post(db, user(db, "ada").await, "open").await;
        let mut media = Vec::new();
        for _ in 0..5 {
            media.push(photo(db, open, "sea", &["sea"]).await);
        }
        let face = face(db, media[0], None).await;
        work_off(db, None).await;
        Self { by, pool, fake: Fake::start().await, media, face }
    }

    async fn ask(&self, query: SearchQuery) -> SearchResults {
        search(&self.pool, Some(&self.fake.elastic), &self.by, &query).await.expect("results")
    }
}

/// By words in a field: what is found is a list as Elasticsearch orders it.
fn tagged(sort: Sort, after: Option<String>) -> SearchQuery {
    SearchQuery { text: "tag:sea".into(), sort, after, limit: 3, like: Like::default() }
}

fn ids(results: &SearchResults) -> Vec<i64> {
    results.hits.iter().map(|hit| hit.media_id.0).collect()
}

fn says(results: &SearchResults, part: &str) -> bool {
    results.notice.as_ref().is_some_and(|notice| notice.contains(part))
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_part_of_a_page_says_so_and_does_not_end_the_list(db: PgPool) {
    let world = World::new(&db).await;
    let [a, b, c, d, e] = world.media[..] else { panic!("five") };

    world.fake.says(move |_, _| Some((200, found(&[e, d], 2, 1))));
    let first = world.ask(tagged(Sort::Newest, None)).await;
    assert_eq!((first.engine, ids(&first), first.is_estimate), (Engine::Elasticsearch, vec![e, d], true));
    assert!(says(&first, "from a part of the index only"), "{first:?}");
    let after = first.next.clone().expect("there may be more");

    world.fake.says(move |path, _| {
        Some((200, if path.ends_with("_pit") { json!({"id": "x"}) } else { found(&[c, b, a], 5, 0) }))
    });
    let second = world.ask(tagged(Sort::Newest, Some(after.clone()))).await;
    assert_eq!((ids(&second), second.notice.clone()), (vec![c, b, a], None));
    assert!(second.next.is_some());

    // Of which nothing is there: that is no end, and can be tried again.
    world.fake.says(|path, _| Some((200, if path.ends_with("_pit") { json!({"id": "x"}) } else { found(&[], 5, 1) })));
    let query = tagged(Sort::Newest, Some(after));
    let error = search(&world.pool, Some(&world.fake.elastic), &world.by, &query).await.expect_err("no end");
    assert_eq!(error.code(), Code::Unavailable);

    let first = world.ask(tagged(Sort::Newest, None)).await;
    assert_eq!((first.engine, ids(&first), first.is_stand_in), (Engine::PostgreSql, vec![e, d, c], true));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_point_in_time_that_expired_is_said_where_the_order_may_have_changed(db: PgPool) {
    let world = World::new(&db).await;
    let [a, b, c, d, e] = world.media[..] else { panic!("five") };
    for (sort, is_said) in [(Sort::Reactions, true), (Sort::Newest, false)] {
        world.fake.says(move |_, _| Some((200, found(&[e, d, c], 5, 0))));
        let after = world.ask(tagged(sort, None)).await.next.expect("more");
        let mut cursor: Value = serde_json::from_str(&after).expect("a cursor");
        cursor["elasticsearch"]["pit"] = json!("gone");
        world.fake.says(move |path, body| {
            Some(if path.ends_with("_pit") {
                (200, json!({"id": "new"}))
            } else if body.contains("gone") {
                (404, json!({"error": {"type": "search_context_missing_exception", "reason": "No search context"}}))
            } else {
                (200, found(&[b, a], 5, 0))
            })
        });
        let page = world.ask(tagged(sort, Some(cursor.to_string()))).await;
        assert_eq!((ids(&page), page.next.clone()), (vec![b, a], None));
        assert_eq!(says(&page, "photos may come twice"), is_said, "{sort:?}: {page:?}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn numbers_of_a_part_of_the_index_are_estimates(db: PgPool) {
    let world = World::new(&db).await;
    for failed in [0, 1] {
        world.fake.says(move |_, body| {
            let mut answer = found(&[], 3, failed);
            answer["aggregations"] = json!({"tag": {"buckets": [{"key": "sea", "doc_count": 3}]}});
            Some((200, json!({"responses": vec![answer; body.lines().count() / 2]})))
        });
        let elastic = Some(&world.fake.elastic);
        let found = facets(&world.pool, elastic, &world.by, "").await.expect("facets");
        let tags = found.facets.iter().find(|facet| facet.field == "tag").expect("tags");
        assert_eq!((found.engine, tags.values[0].count), (Engine::Elasticsearch, 3));
        assert_eq!((found.is_estimate, tags.is_estimate), (failed > 0, failed > 0));
        let values = facet_values(&world.pool, elastic, &world.by, "", "tag", "s").await.expect("values");
        assert_eq!(values.is_estimate, failed > 0);
        let counted = others::counts(&world.pool, elastic, &world.by, "").await.expect("counts");
        assert_eq!((counted.engine, counted.posts, counted.is_estimate), (Engine::Elasticsearch, 3, failed > 0));
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn who_refuses_or_is_silent_is_stood_in_for_until_they_answer(db: PgPool) {
    let world = World::new(&db).await;
    let elastic = Some(&world.fake.elastic);
    let state = async || index_state(&world.pool, elastic, &world.by).await.expect("a state");
    for (status, says_why) in [(Some(503), "refused (503)"), (None, "nothing within")] {
        world.fake.says(move |_, _| status.map(|status| (status, json!({"error": "red"}))));
        let (results, posts, state) = tokio::join!(
            world.ask(tagged(Sort::Newest, None)),
            async { others::posts(&world.pool, elastic, &world.by, &tagged(Sort::Newest, None)).await.expect("posts") },
            state(),
        );
        assert_eq!((results.engine, results.is_stand_in, results.hits.len()), (Engine::PostgreSql, true, 3));
        assert!(says(&results, says_why), "{results:?}");
        assert_eq!((posts.engine, posts.is_stand_in, posts.hits.len()), (Engine::PostgreSql, true, 1));
        assert!(!state.answers);
        // It goes on by PostgreSQL, and nobody says the same of every page.
        let next = world.ask(tagged(Sort::Newest, results.next)).await;
        assert_eq!((next.engine, next.hits.len(), next.notice), (Engine::PostgreSql, 2, None));
    }
    world.fake.says(|_, _| Some((200, found(&[], 0, 1))));
    assert!(!state().await.answers, "of a part of the index it is not all");
    world.fake.says(|_, _| Some((200, found(&[], 0, 0))));
    let now = state().await;
    assert!(now.answers && now.behind >= 5, "no worker sends documents here: {now:?}");
    let none = search(&world.pool, None, &world.by, &tagged(Sort::Newest, None)).await.expect("results");
    assert!(!none.is_stand_in, "nobody waits for what is not configured");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn examples_without_vectors_are_no_request_but_a_sentence(db: PgPool) {
    let world = World::new(&db).await;
    world.fake.says(|path, _| {
        Some(if path.ends_with("_mget") {
            (200, json!({"docs": [{"found": false}]}))
        } else {
            (400, json!({"error": "no requests added"}))
        })
    });
    let of = |example: Example, text: &str| SearchQuery {
        text: text.into(),
        like: Like { more: vec![example], less: vec![] },
        limit: 3,
        ..SearchQuery::default()
    };
    for (example, text, said) in [
        (Example::Media(MediaId(world.media[0])), "", "has a vector to compare with"),
        (Example::Media(MediaId(world.media[0])), "tag:sea", "has a vector to compare with"),
        (Example::Face(world.face.to_string()), "", "faces are compared among the faces"),
    ] {
        let results = world.ask(of(example, text)).await;
        assert_eq!((results.engine, results.total), (Engine::Elasticsearch, 0), "{results:?}");
        assert!(says(&results, said), "{results:?}");
    }
    // PostgreSQL tells the same from nothing that is near.
    sqlx::query("update media_ai_insights set image_embedding = null where media_id = $1")
        .bind(world.media[0])
        .execute(&db)
        .await
        .expect("taken away");
    work_off(&db, None).await;
    for (example, is_said) in [(world.media[0], true), (world.media[1], false)] {
        let query = of(Example::Media(MediaId(example)), "tag:nowhere");
        let results = search(&world.pool, None, &world.by, &query).await.expect("results");
        assert_eq!((results.total, says(&results, "has a vector to compare with")), (0, is_said), "{results:?}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn who_somebody_is_postgresql_says_where_elasticsearch_does_not(db: PgPool) {
    let world = World::new(&db).await;
    let amara = user(&db, "amara").await;
    sqlx::query(
        "insert into user_face_embeddings (user_id, embedding) values ($1, array_fill(0.03, array[1024])::vector)",
    )
    .bind(amara)
    .execute(&db)
    .await
    .expect("enrolled");
    work_off(&db, None).await;
    world.fake.says(|_, _| Some((503, json!({"error": "red"}))));
    let face = FaceId(world.face);
    let known = who_is(&world.pool, Some(&world.fake.elastic), &world.by, face).await.expect("people");
    assert_eq!((known.engine, known.people.len()), (Engine::PostgreSql, 1));
    assert_eq!((known.people[0].user_id.0, known.people[0].username.as_str()), (amara, "amara"));
    assert!(known.notice.expect("why").contains("PostgreSQL answered instead"));
    let (staff, pool) = operator(&db, "staff", Role::Staff).await;
    assert_eq!(who_is(&pool, None, &staff, face).await.expect_err("not theirs").code(), Code::Forbidden);
}
