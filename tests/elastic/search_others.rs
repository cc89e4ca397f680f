//! Posts, people and faces by the query of media, in both engines.

use kaleidoscope_console::{
    access::{Operator, Role},
    db::{FaceId, MIGRATOR},
    elastic::Elastic,
    error::{Code, Error},
    search::{
        Engine, Example, Like, SearchQuery, Sort, Tab, Wish,
        export::{ExportFormat, ExportState, Exports, Order},
        others::{FaceResults, PeopleResults, PostResults, counts, faces, people, posts},
        who_is,
    },
};
use sqlx::{PgPool, query};

use crate::{
    node::Node,
    rows::{face, operator, photo, post, run, until, user, work_off},
};

fn typed(text: &str) -> SearchQuery {
    SearchQuery { text: text.into(), limit: 50, ..SearchQuery::default() }
}

/// A platform with two posts, their photos and faces.
struct World {
    db: PgPool,
    node: Node,
    staff: (Operator, PgPool),
    admin: (Operator, PgPool),
}

/// What was made, by name.
struct Made {
    ada: i64,
    amara: i64,
    summer: i64,
    hike: i64,
    flagged_post: i64,
    on_beach: i64,
    unnamed: i64,
    on_flagged: i64,
}

impl World {
    async fn new(db: PgPool) -> (Self, Made) {
        let (staff, admin) = (operator(&db, "staff", Role::Staff).await, operator(&db, "admin", Role::Admin).await);
        let (ada, amara) = (user(&db, "ada_lovelace").await, user(&db, "amara.okafor").await);
        run(&db, "update users set department = 'Sales', bio = 'collects stamps' where user_id = $1", amara).await;
        let summer = post(&db, ada, "Sommer in Málaga").await;
        run(&db, "update posts set body = 'with sunburn' where post_id = $1", summer).await;
        let beach = photo(&db, summer, "Two people at the beach", &["sand_castle"]).await;
        let on_beach = face(&db, beach, Some(amara)).await;
        let unnamed = face(&db, photo(&db, summer, "A dog", &["dog"]).await, None).await;
        let hike = post(&db, amara, "Up").await;
        photo(&db, hike, "A hill", &["hiking"]).await;
        let flagged_post = post(&db, ada, "Cutlery").await;
        let flagged = photo(&db, flagged_post, "A knife", &["knife"]).await;
        let on_flagged = face(&db, flagged, Some(amara)).await;
        run(&db, "update media_ai_insights set status = 'UNSAFE', is_safe = false where media_id = $1", flagged).await;
        let node = Node::new();
        work_off(&db, Some(&node.elastic)).await;
        for index in ["media_search", "post_search", "user_search", "face_search"] {
            node.ids(index).await;
        }
        let made = Made { ada, amara, summer, hike, flagged_post, on_beach, unnamed, on_flagged };
        (Self { db, node, staff, admin }, made)
    }

    fn engines(&self) -> [Option<&Elastic>; 2] {
        [Some(&self.node.elastic), None]
    }
}

async fn posts_of((by, pool): &(Operator, PgPool), elastic: Option<&Elastic>, text: &str) -> PostResults {
    posts(pool, elastic, by, &typed(text)).await.unwrap_or_else(|error| panic!("{text}: {error}"))
}

async fn people_of((by, pool): &(Operator, PgPool), elastic: Option<&Elastic>, text: &str) -> PeopleResults {
    people(pool, elastic, by, &typed(text)).await.unwrap_or_else(|error| panic!("{text}: {error}"))
}

async fn faces_of((by, pool): &(Operator, PgPool), elastic: Option<&Elastic>, text: &str) -> FaceResults {
    faces(pool, elastic, by, &typed(text)).await.unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn sorted(ids: impl Iterator<Item = i64>) -> Vec<i64> {
    let mut ids: Vec<i64> = ids.collect();
    ids.sort_unstable();
    ids
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn posts_have_what_their_photos_have_in_both_engines(db: PgPool) {
    let (world, made) = World::new(db).await;
    for elastic in world.engines() {
        for (text, expected) in [
            ("", vec![made.summer, made.hike]),
            ("malaga", vec![made.summer]),
            ("tag:dog tag:\"sand castle\"", vec![made.summer]),
            ("beach dog", vec![made.summer]),
            ("caption:hill", vec![made.hike]),
            ("person:amara", vec![made.summer]),
            ("uploader:amara", vec![made.hike]),
            ("-person:amara", vec![made.hike]),
            ("has:faces", vec![made.summer]),
            ("reactions:>0", vec![]),
            ("dept:sales OR tag:dog", vec![made.summer, made.hike]),
            ("knife", vec![]),
            ("after:-1d", vec![made.summer, made.hike]),
        ] {
            let results = posts_of(&world.staff, elastic, text).await;
            let found = sorted(results.hits.iter().map(|hit| hit.post_id.0));
            let total = i64::try_from(expected.len()).expect("a few");
            assert_eq!((found, results.total), (expected, total), "{text:?} {:?} {:?}", results.engine, results.notice);
        }
        let all = posts_of(&world.admin, elastic, "tag:knife").await;
        assert_eq!(sorted(all.hits.iter().map(|hit| hit.post_id.0)), [made.flagged_post]);
    }
    let hits = posts_of(&world.staff, Some(&world.node.elastic), "malaga").await.hits;
    assert_eq!((hits[0].author.as_str(), hits[0].media.len(), hits[0].media_count), ("ada_lovelace", 2, 2));
    assert_eq!(hits[0].tags, ["dog", "sand_castle"]);
    // Only the index knows what a post says itself, and the other engine says so.
    assert_eq!(posts_of(&world.staff, Some(&world.node.elastic), "sunburn").await.total, 1);
    let weaker = posts_of(&world.staff, None, "sunburn").await;
    assert!(weaker.total == 0 && weaker.notice.expect("a notice").contains("not in the posts' own text"));
    world.node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn people_are_found_by_names_and_departments_and_have_no_tags(db: PgPool) {
    let (world, made) = World::new(db).await;
    for elastic in world.engines() {
        for (text, expected) in [
            ("amara", vec![made.amara]),
            ("lovelace", vec![made.ada]),
            ("dept:sales", vec![made.amara]),
            ("person:amara", vec![made.amara]),
            ("ada OR sales", vec![made.ada, made.amara]),
            ("tag:dog", vec![]),
            ("amara tag:dog", vec![]),
            ("amara -tag:dog", vec![made.amara]),
        ] {
            let results = people_of(&world.staff, elastic, text).await;
            let found = sorted(results.hits.iter().map(|hit| hit.user_id.0));
            assert_eq!(found, expected, "{text:?} {:?} {:?}", results.engine, results.notice);
            let says = results.notice.is_some_and(|notice| notice.contains("People have no tag"));
            assert_eq!(says, text.contains("tag:"), "{text:?}");
        }
    }
    assert_eq!(people_of(&world.staff, Some(&world.node.elastic), "stamps").await.hits[0].username, "amara.okafor");
    let everybody = people_of(&world.staff, Some(&world.node.elastic), "").await;
    assert_eq!(everybody.total, 4);
    world.node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn faces_are_found_by_who_they_are_and_what_else_is_on_the_photo(db: PgPool) {
    let (world, made) = World::new(db).await;
    for elastic in world.engines() {
        for (text, expected) in [
            ("", vec![made.on_beach, made.unnamed]),
            ("amara", vec![made.on_beach]),
            ("person:amara", vec![made.on_beach]),
            // By the tags of all photos of the post, as photos are.
            ("dog", vec![made.on_beach, made.unnamed]),
            ("caption:dog", vec![made.unnamed]),
            ("tag:dog", vec![made.unnamed]),
            ("is:unidentified", vec![made.unnamed]),
            ("malaga -person:amara", vec![made.unnamed]),
            ("uploader:ada", vec![made.on_beach, made.unnamed]),
            ("knife", vec![]),
        ] {
            let results = faces_of(&world.staff, elastic, text).await;
            let found = sorted(results.hits.iter().map(|hit| hit.face_id.parse().expect("a number")));
            let total = i64::try_from(expected.len()).expect("a few");
            assert_eq!((found, results.total), (expected, total), "{text:?} {:?} {:?}", results.engine, results.notice);
        }
        let all = faces_of(&world.admin, elastic, "person:amara").await;
        assert_eq!(
            sorted(all.hits.iter().map(|hit| hit.face_id.parse().expect("a number"))),
            [made.on_beach, made.on_flagged]
        );
    }
    let hit = faces_of(&world.staff, None, "amara").await.hits.remove(0);
    assert_eq!((hit.person.as_deref(), hit.uploader.as_str()), (Some("amara.okafor"), "ada_lovelace"));
    assert_eq!(hit.bounds.map(|bounds| (bounds.x, bounds.height)), Some((10, 40)));
    world.node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn faces_like_another_come_nearest_first(db: PgPool) {
    let (world, made) = World::new(db).await;
    let turn = "update media_detected_faces
                   set embedding = (array_fill($2::real, array[512]) || array_fill(0.03::real, array[512]))::vector
                 where id = $1";
    for (id, half) in [(made.unnamed, 0.02_f32), (made.on_flagged, 0.03)] {
        query(turn).bind(id).bind(half).execute(&world.db).await.expect("turned");
    }
    let far = face(&world.db, photo(&world.db, made.hike, "", &[]).await, None).await;
    query(turn).bind(far).bind(-0.03_f32).execute(&world.db).await.expect("turned");
    work_off(&world.db, Some(&world.node.elastic)).await;
    world.node.ids("face_search").await;
    let like = |text: &str| SearchQuery {
        like: Like { more: vec![Example::Face(made.on_beach.to_string())], less: vec![] },
        ..typed(text)
    };
    for elastic in world.engines() {
        let found = async |(by, pool): &(Operator, PgPool), text: &str| -> Vec<i64> {
            let results = faces(pool, elastic, by, &like(text)).await.expect("results");
            assert!(results.hits.is_sorted_by(|a, b| a.similarity >= b.similarity), "{results:?}");
            results.hits.iter().map(|hit| hit.face_id.parse().expect("a number")).collect()
        };
        assert_eq!(found(&world.staff, "").await, [made.unnamed, far]);
        assert_eq!(found(&world.admin, "").await, [made.on_flagged, made.unnamed, far]);
        assert_eq!(found(&world.staff, "tag:dog").await, [made.unnamed]);
        assert_eq!(found(&world.staff, "similarity:0.9").await, [made.unnamed]);
        // Of what one may not see nothing is compared.
        let hidden = Like { more: vec![Example::Face(made.on_flagged.to_string())], less: vec![] };
        let query = SearchQuery { like: hidden, ..typed("") };
        let results = faces(&world.staff.1, elastic, &world.staff.0, &query).await.expect("results");
        assert_eq!(results.total, 0, "{results:?}");
    }
    world.node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn both_engines_say_who_somebody_is_by_the_active_enrolments(db: PgPool) {
    let (world, made) = World::new(db).await;
    let (by, pool) = operator(&world.db, "moderator", Role::Moderator).await;
    let enrol = async |user: i64, half: f32, is_active: bool| {
        query(
            "insert into user_face_embeddings (user_id, embedding, is_active)
             values ($1, (array_fill($2::real, array[512]) || array_fill(0.03::real, array[512]))::vector, $3)",
        )
        .bind(user)
        .bind(half)
        .bind(is_active)
        .execute(&world.db)
        .await
        .expect("enrolled");
    };
    enrol(made.ada, -0.01, true).await;
    enrol(made.amara, 0.03, true).await;
    enrol(user(&world.db, "gone").await, 0.03, false).await;
    work_off(&world.db, Some(&world.node.elastic)).await;
    world.node.ids("known_faces_index").await;

    let face = FaceId(made.unnamed);
    for elastic in world.engines() {
        let known = who_is(&pool, elastic, &by, face).await.expect("people");
        let engine = if elastic.is_some() { Engine::Elasticsearch } else { Engine::PostgreSql };
        assert_eq!((known.engine, known.notice.is_some()), (engine, elastic.is_none()), "{known:?}");
        let found: Vec<i64> = known.people.iter().map(|person| person.user_id.0).collect();
        assert_eq!(found, [made.amara, made.ada], "{engine:?}");
        assert!(known.people[0].similarity > 0.99 && known.people[1].similarity < 0.9, "{known:?}");
        assert_eq!(known.people[0].department.as_deref(), Some("Sales"));
    }
    // What the index may tell is no more than what the operator sees: of an unsafe photo it is asked nothing.
    let hidden = who_is(&pool, Some(&world.node.elastic), &by, FaceId(made.on_flagged)).await;
    assert!(hidden.is_err() || hidden.is_ok_and(|known| known.engine == Engine::PostgreSql));
    let refused = who_is(&world.staff.1, Some(&world.node.elastic), &world.staff.0, face).await;
    assert_eq!(refused.expect_err("not theirs").code(), Code::Forbidden);
    world.node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn all_kinds_are_counted_by_one_request_and_pages_follow_each_other(db: PgPool) {
    let (world, _) = World::new(db).await;
    for elastic in world.engines() {
        let (by, pool) = &world.staff;
        let all = counts(pool, elastic, by, "").await.expect("counted");
        assert_eq!((all.media, all.posts, all.people, all.faces), (3, 2, 4, 2), "{:?}", all.engine);
        let found = counts(pool, elastic, by, "amara").await.expect("counted");
        assert_eq!((found.media, found.posts, found.people, found.faces), (2, 2, 1, 1), "{:?}", found.engine);
        let engine = if elastic.is_some() { Engine::Elasticsearch } else { Engine::PostgreSql };
        assert_eq!((all.engine, found.engine), (engine, engine));
        let nothing = counts(pool, elastic, by, "\"!\"").await.expect("counted");
        assert_eq!(nothing.media + nothing.posts + nothing.people + nothing.faces, 0);
        assert_eq!(counts(pool, elastic, by, "(").await.expect_err("no query").code(), Code::Invalid);

        for sort in [Sort::Newest, Sort::Oldest, Sort::Relevance] {
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let query = SearchQuery { limit: 1, sort, after, ..typed("") };
                let page = faces(pool, elastic, by, &query).await.expect("a page");
                seen.extend(page.hits.iter().map(|hit| hit.face_id.parse::<i64>().expect("a number")));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(seen.len(), 2);
            assert_eq!(seen.is_sorted(), sort == Sort::Oldest, "{sort:?}");
        }
        for after in ["x", r#"{"elasticsearch":[{"match_all":{}}]}"#, r#"{"postgreSql":-1}"#] {
            let query = SearchQuery { after: Some(after.into()), ..typed("") };
            let refused = posts(pool, elastic, by, &query).await;
            assert!(matches!(refused, Err(Error::Invalid(_))), "{after}: {refused:?}");
        }
        let unreadable = posts_of(&world.staff, elastic, "tag:").await;
        assert!(unreadable.hits.is_empty() && unreadable.problem.is_some());
    }
    world.node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn everybody_is_written_once_from_either_engine(db: PgPool) {
    let (world, _) = World::new(db).await;
    query(
        "insert into users (username, email, password, full_name, role, account_status)
         select 'kim_' || n, n || '@example.org', '', 'Kim ' || n, 'USER', 'ACTIVE' from generate_series(1, 403) as n",
    )
    .execute(&world.db)
    .await
    .expect("people");
    work_off(&world.db, Some(&world.node.elastic)).await;
    world.node.ids("user_search").await;
    for elastic in world.engines() {
        let (folder, exports) = (tempfile::tempdir().expect("a folder"), Exports::default());
        let path = folder.path().join("people.csv");
        let order = Order {
            wish: Wish { text: "kim".into(), tab: Tab::People, ..Wish::default() },
            columns: vec!["username".into()],
            format: ExportFormat::Csv,
            path: path.clone(),
        };
        let (by, pool) = &world.staff;
        let id = exports.start(pool.clone(), elastic.cloned(), by.clone(), order).await.expect("begun");
        until("the end", async || exports.progress(id).expect("known").state != ExportState::Running).await;
        let progress = exports.progress(id).expect("known");
        assert_eq!((progress.state, progress.done, progress.total), (ExportState::Done, 403, 403), "{progress:?}");
        let text = std::fs::read_to_string(path).expect("a file");
        let names: std::collections::HashSet<&str> = text.lines().skip(1).collect();
        assert_eq!(names.len(), 403);
    }
    world.node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn postgresql_answers_when_elasticsearch_does_not(db: PgPool) {
    let (world, made) = World::new(db).await;
    let away = Node::at("http://127.0.0.1:1");
    let (by, pool) = &world.staff;
    let results = posts_of(&world.staff, Some(&away.elastic), "dog").await;
    assert_eq!((results.engine, results.hits[0].post_id.0), (Engine::PostgreSql, made.summer));
    assert!(results.notice.expect("a notice").contains("PostgreSQL answered instead"));
    let counted = counts(pool, Some(&away.elastic), by, "dog").await.expect("counted");
    assert_eq!((counted.engine, counted.media, counted.posts), (Engine::PostgreSql, 2, 1));
    world.node.clear().await;
}
