//! People as PostgreSQL alone finds them, and all photos of one of them.

use kaleidoscope_console::{
    access::Role,
    db::{MIGRATOR, UserId},
    error::Error,
    people::{self, PhotosOf},
    search::{Engine, SearchQuery, others},
};
use sqlx::{PgPool, query};

use crate::rows::{face, operator, photo, post, run, user, work_off};

#[sqlx::test(migrator = "MIGRATOR")]
async fn who_is_called_just_so_comes_first_then_who_begins_so_then_who_posts_most(db: PgPool) {
    let (staff, pool) = operator(&db, "staff", Role::Staff).await;
    let mut made = Vec::new();
    for (username, full_name) in [
        ("zoe.kim", "Zoe Lee"),
        ("someone", "Ada Kim"),
        ("busy", "Bea Kim"),
        ("kimberly", "Kimberly Jones"),
        ("other", "Kim"),
        ("kim", "Kim Kimura"),
        ("nobody", "No Body"),
    ] {
        let id = user(&db, username).await;
        query("update users set full_name = $2 where user_id = $1")
            .bind(id)
            .bind(full_name)
            .execute(&db)
            .await
            .expect("a name");
        made.push(id);
    }
    let [zoe, ada, bea, _, called, kim, _] = made[..] else { panic!("seven") };
    post(&db, bea, "one").await;
    work_off(&db, None).await;

    for limit in [1, 2, 50] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let query = SearchQuery { text: "kim".into(), after, limit, ..SearchQuery::default() };
            let page = others::people(&pool, None, &staff, &query).await.expect("a page");
            assert_eq!((page.engine, page.total), (Engine::PostgreSql, 5));
            seen.extend(page.hits.iter().map(|hit| hit.user_id.0));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, [kim, called, bea, zoe, ada], "pages of {limit}");
    }
    let begun = SearchQuery { text: "kim*".into(), limit: 50, ..SearchQuery::default() };
    let begun = others::people(&pool, None, &staff, &begun).await.expect("a page");
    assert_eq!((begun.total, begun.hits[0].user_id.0, begun.hits[1].user_id.0), (6, kim, called));
    assert_eq!(begun.hits[2].username, "kimberly");
    for after in
        ["x", r#"{"postgreSql":{"after":["a","b","c"],"total":1}}"#, r#"{"postgreSql":{"after":[],"total":1}}"#]
    {
        let query = SearchQuery { text: "kim".into(), after: Some(after.into()), limit: 5, ..SearchQuery::default() };
        let refused = others::people(&pool, None, &staff, &query).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{after}: {refused:?}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_person_s_photos_go_on_to_the_last_each_once(db: PgPool) {
    let (staff, pool) = operator(&db, "staff", Role::Staff).await;
    let ada = user(&db, "ada").await;
    let open = post(&db, ada, "open").await;
    let mut media = Vec::new();
    for _ in 0..403 {
        let one = photo(&db, open, "", &[]).await;
        face(&db, one, Some(ada)).await;
        media.push(one);
    }
    run(&db, "update media_detected_faces set status = 'CONFIRMED' where identified_user_id = $1", ada).await;
    // Many of one moment, and one that the operator may not see.
    run(&db, "update post_media set created_at = '2026-01-02' where media_id % 2 = $1", 0).await;
    let hidden = media.swap_remove(7);
    run(&db, "update media_ai_insights set status = 'UNSAFE', is_safe = false where media_id = $1", hidden).await;
    media.sort_unstable();

    let profile = people::profile(&pool, &staff, UserId(ada)).await.expect("a profile");
    for (of, first) in [(PhotosOf::OnPhotos, profile.on_photos), (PhotosOf::Uploaded, profile.uploaded)] {
        assert_eq!(first.media.len(), 200);
        let mut page = first;
        let mut seen: Vec<i64> = page.media.iter().map(|id| id.0).collect();
        while let Some(next) = page.next {
            page = people::photos(&pool, &staff, UserId(ada), of, Some(&next)).await.expect("a page");
            seen.extend(page.media.iter().map(|id| id.0));
        }
        seen.sort_unstable();
        assert_eq!(seen, media, "{of:?}");
        let refused = people::photos(&pool, &staff, UserId(ada), of, Some("x")).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    }
}
