//! Finding media by words, in both engines.

use kaleidoscope_console::{
    access::{Operator, Role},
    db::{MIGRATOR, MediaId},
    elastic::Elastic,
    search::{Engine, SearchQuery, SearchResults, search},
};
use sqlx::PgPool;

use crate::{
    node::Node,
    rows::{face, operator, photo, post, run, user, work_off},
};

async fn ask(pool: &PgPool, elastic: Option<&Elastic>, by: &Operator, text: &str) -> SearchResults {
    let query = SearchQuery { text: text.into(), limit: 50, ..SearchQuery::default() };
    search(pool, elastic, by, &query).await.unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn media(results: &SearchResults) -> Vec<i64> {
    results.hits.iter().map(|hit| hit.media_id.0).collect()
}

fn sorted(results: &SearchResults) -> Vec<i64> {
    let mut media = media(results);
    media.sort_unstable();
    media
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn all_words_must_be_there_in_any_field_and_both_engines_agree(db: PgPool) {
    let node = Node::new();
    let (staff, pool) = operator(&db, "staff", Role::Staff).await;
    let (ada, amara) = (user(&db, "ada_lovelace").await, user(&db, "amara.okafor").await);
    let summer = post(&db, ada, "Sommer in Málaga").await;
    let beach = photo(&db, summer, "Two people at the BEACH", &["sand_castle"]).await;
    face(&db, beach, Some(amara)).await;
    let dog = photo(&db, summer, "A dog", &["dog"]).await;
    let hike = photo(&db, post(&db, amara, "Up").await, "A hill", &["hiking", "شاطئ", "🏖️"]).await;
    work_off(&db, Some(&node.elastic)).await;
    node.ids("media_search").await;

    // A photo is found by the tags of all media of its post, too.
    for (text, expected) in [
        ("beach", vec![beach]),
        ("malaga", vec![beach, dog]),
        ("MÁLAGA dog", vec![beach, dog]),
        ("castle", vec![beach, dog]),
        ("Amara Okafor", vec![beach, hike]),
        ("okafor málaga", vec![beach]),
        ("research outdoor", vec![beach, dog, hike]),
        ("شاطئ", vec![hike]),
        ("🏖", vec![hike]),
        ("beach nowhere", vec![]),
        ("bea", vec![]),
        ("bea*", vec![beach]),
        ("beach OR hiking", vec![beach, hike]),
        ("malaga -beach", vec![dog]),
        ("\"at the beach\"", vec![beach]),
        ("\"the at beach\"", vec![]),
        ("tag:sand", vec![beach]),
        ("tag:\"sand\"", vec![]),
        ("tag:\"sand castle\" person:amara", vec![beach]),
        ("person:me", vec![]),
        ("uploader:amara.okafor", vec![hike]),
        ("title:Málaga is:unidentified", vec![]),
        ("faces:>0", vec![beach]),
        ("people:0 has:tags", vec![dog, hike]),
        ("'; drop table users; --", vec![]),
        ("", vec![beach, dog, hike]),
    ] {
        let elastic = ask(&pool, Some(&node.elastic), &staff, text).await;
        let postgresql = ask(&pool, None, &staff, text).await;
        assert_eq!(sorted(&elastic), expected, "{text:?} in Elasticsearch");
        assert_eq!(sorted(&postgresql), expected, "{text:?} in PostgreSQL");
        let total = i64::try_from(expected.len()).expect("a few");
        assert_eq!((elastic.total, postgresql.total), (total, total), "{text:?}");
        assert_eq!((elastic.engine, elastic.notice), (Engine::Elasticsearch, None), "{text:?}");
        assert_eq!(postgresql.engine, Engine::PostgreSql);
        assert!(postgresql.notice.expect("a notice").contains("not configured"));
    }
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn people_are_found_by_their_full_names_as_these_are_now(db: PgPool) {
    let node = Node::new();
    let (staff, pool) = operator(&db, "staff", Role::Staff).await;
    let (ada, kenji) = (user(&db, "ada").await, user(&db, "kt7").await);
    run(&db, "update users set full_name = '田中 Kenji Müller' where user_id = $1", kenji).await;
    let open = post(&db, ada, "open").await;
    let on_it = photo(&db, open, "sea", &[]).await;
    face(&db, on_it, Some(kenji)).await;
    photo(&db, open, "sea", &[]).await;
    let uploaded = photo(&db, post(&db, kenji, "his").await, "hill", &[]).await;
    work_off(&db, Some(&node.elastic)).await;
    node.ids("media_search").await;

    for elastic in [Some(&node.elastic), None] {
        for (text, expected) in [
            ("kenji", vec![on_it, uploaded]),
            ("Kenji MULLER sea", vec![on_it]),
            ("田中", vec![on_it, uploaded]),
            ("@2", vec![]),
        ] {
            assert_eq!(sorted(&ask(&pool, elastic, &staff, text).await), expected, "{text}");
        }
    }
    run(&db, "update users set full_name = 'Ken Mori' where user_id = $1", kenji).await;
    work_off(&db, Some(&node.elastic)).await;
    for elastic in [Some(&node.elastic), None] {
        assert_eq!(sorted(&ask(&pool, elastic, &staff, "kenji").await), [0; 0]);
        assert_eq!(sorted(&ask(&pool, elastic, &staff, "mori").await), [on_it, uploaded]);
    }
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn unsafe_media_are_found_by_admins_only(db: PgPool) {
    let node = Node::new();
    let (staff, staff_pool) = operator(&db, "staff", Role::Staff).await;
    let (admin, admin_pool) = operator(&db, "admin", Role::Admin).await;
    let open = post(&db, user(&db, "ada").await, "open").await;
    let (safe, flagged) = (photo(&db, open, "knife", &[]).await, photo(&db, open, "knife", &[]).await);
    run(&db, "update media_ai_insights set status = 'UNSAFE', is_safe = false where media_id = $1", flagged).await;
    work_off(&db, Some(&node.elastic)).await;
    node.ids("media_search").await;

    for elastic in [Some(&node.elastic), None] {
        let seen = ask(&staff_pool, elastic, &staff, "knife").await;
        assert_eq!((sorted(&seen), seen.total), (vec![safe], 1));
        assert_eq!(sorted(&ask(&admin_pool, elastic, &admin, "knife").await), [safe, flagged]);
    }
    // An operator who says that they are an admin still sees what PostgreSQL lets them see.
    let liar = Operator { role: Role::Admin, ..staff.clone() };
    assert_eq!(sorted(&ask(&staff_pool, Some(&node.elastic), &liar, "knife").await), [safe]);
    assert_eq!(sorted(&ask(&staff_pool, None, &liar, "knife").await), [safe]);
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn pages_follow_each_other_without_gap_or_double(db: PgPool) {
    let node = Node::new();
    let (staff, pool) = operator(&db, "staff", Role::Staff).await;
    let open = post(&db, user(&db, "ada").await, "open").await;
    let mut expected = Vec::new();
    for number in 0..13 {
        expected.push(photo(&db, open, if number % 3 == 0 { "sea sea" } else { "sea" }, &[]).await);
    }
    work_off(&db, Some(&node.elastic)).await;
    node.ids("media_search").await;

    for (elastic, text) in [(Some(&node.elastic), "sea"), (Some(&node.elastic), ""), (None, "sea"), (None, "")] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let query = SearchQuery { text: text.into(), after, limit: 5, ..SearchQuery::default() };
            let page = search(&pool, elastic, &staff, &query).await.expect("a page");
            assert_eq!(page.total, 13);
            seen.extend(media(&page));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        if text.is_empty() || elastic.is_none() {
            assert!(seen.is_sorted_by(|newer, older| newer > older), "newest first: {seen:?}");
        }
        seen.sort_unstable();
        assert_eq!(seen, expected, "{text:?}");
    }
    node.clear().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn postgresql_answers_when_elasticsearch_does_not(db: PgPool) {
    let (staff, pool) = operator(&db, "staff", Role::Staff).await;
    let beach = photo(&db, post(&db, user(&db, "ada").await, "open").await, "beach", &[]).await;
    work_off(&db, None).await;

    let away = Node::at("http://127.0.0.1:1");
    let results = ask(&pool, Some(&away.elastic), &staff, "beach").await;
    assert_eq!((results.engine, media(&results)), (Engine::PostgreSql, vec![beach]));
    let notice = results.notice.expect("a notice");
    assert!(notice.contains("127.0.0.1:1") && notice.contains("PostgreSQL answered instead"), "{notice}");

    // No index yet: said, and answered all the same.
    let empty = Node::new();
    let results = ask(&pool, Some(&empty.elastic), &staff, "beach").await;
    assert_eq!((results.engine, media(&results)), (Engine::PostgreSql, vec![beach]));
    assert!(results.notice.expect("a notice").contains("no such index"));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_is_shown_is_what_the_row_says_now(db: PgPool) {
    let node = Node::new();
    let (staff, pool) = operator(&db, "staff", Role::Staff).await;
    let (ada, amara) = (user(&db, "ada").await, user(&db, "amara").await);
    let open = post(&db, ada, "open").await;
    let (kept, hidden) =
        (photo(&db, open, "sea", &["b", "a"]).await, photo(&db, post(&db, ada, "x").await, "sea", &[]).await);
    face(&db, kept, Some(amara)).await;
    work_off(&db, Some(&node.elastic)).await;
    node.ids("media_search").await;
    // No worker: the index lags behind.
    run(&db, "update posts set visibility = 'PRIVATE' where title = 'x' and $1 > 0", 1).await;

    let results = ask(&pool, Some(&node.elastic), &staff, "sea").await;

    assert_eq!(media(&results), [kept], "{hidden} is private by now");
    let hit = &results.hits[0];
    assert_eq!((hit.media_id, hit.title.as_deref()), (MediaId(kept), Some("open")));
    assert_eq!((hit.tags.as_slice(), hit.people.as_slice()), (&["a".into(), "b".into()][..], &["amara".into()][..]));
    assert_eq!((hit.uploader.as_str(), hit.caption.as_deref()), ("ada", Some("sea")));
    node.clear().await;
}
