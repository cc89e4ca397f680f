//! The page of a post, and what a person is shown and why.

use kaleidoscope_console::{
    access::{Operator, Role},
    db::{MIGRATOR, MediaId, PostId, UserId},
    error::{Error, Result},
    people,
    search::post::{PostPage, post as page},
};
use sqlx::{PgPool, query};

use crate::rows::{face, operator, photo, post, run, user, work_off};

async fn ask((by, pool): &(Operator, PgPool), id: i64) -> Result<PostPage> {
    page(pool, by, PostId(id)).await
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_post_shows_all_its_media_and_what_they_come_to(db: PgPool) {
    let staff = operator(&db, "staff", Role::Staff).await;
    let (ada, bo) = (user(&db, "ada").await, user(&db, "bo").await);
    let open = post(&db, ada, "Off we go").await;
    let (second, first) = (photo(&db, open, "", &["sea", "beach"]).await, photo(&db, open, "", &["sea"]).await);
    run(&db, "update post_media set position = 1 where media_id = $1", second).await;
    face(&db, second, Some(bo)).await;
    face(&db, first, None).await;
    photo(&db, post(&db, ada, "another").await, "", &["hill"]).await;
    work_off(&db, None).await;
    run(&db, "update read_model_media_search set reaction_count = 3, comment_count = 1 where post_id = $1", open).await;

    let page = ask(&staff, open).await.expect("a page");

    assert_eq!(page.media, [MediaId(first), MediaId(second)]);
    assert_eq!((page.title.as_deref(), page.author.as_str(), page.author_id), (Some("Off we go"), "ada", UserId(ada)));
    assert_eq!(page.tags, ["beach", "sea"]);
    assert_eq!((page.scenes, page.people), (vec!["outdoor".to_owned()], vec!["bo".to_owned()]));
    assert_eq!((page.reactions, page.comments, page.status.as_str()), (6, 2, "PUBLISHED"));
    let gone = ask(&staff, open + 1_000).await;
    assert!(matches!(gone, Err(Error::NotFound(_))), "{gone:?}");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_one_may_not_see_of_a_post_adds_nothing_to_it(db: PgPool) {
    let (staff, moderator, admin) = (
        operator(&db, "staff", Role::Staff).await,
        operator(&db, "moderator", Role::Moderator).await,
        operator(&db, "admin", Role::Admin).await,
    );
    let (ada, bo) = (user(&db, "ada").await, user(&db, "bo").await);
    let open = post(&db, ada, "open").await;
    let (safe, flagged) = (photo(&db, open, "", &["sea"]).await, photo(&db, open, "", &["knife"]).await);
    face(&db, flagged, Some(bo)).await;
    run(&db, "update media_ai_insights set is_safe = false where media_id = $1", flagged).await;
    work_off(&db, None).await;
    run(&db, "update read_model_media_search set reaction_count = 2 where post_id = $1", open).await;

    for by in [&staff, &moderator] {
        let page = ask(by, open).await.expect("a page");
        assert_eq!((page.media, page.tags, page.people), (vec![MediaId(safe)], vec!["sea".to_owned()], vec![]));
        assert_eq!((page.event, page.inferred_tags, page.reactions), (None, vec![], 2));
    }
    let page = ask(&admin, open).await.expect("a page");
    assert_eq!((page.media.len(), page.tags.len(), page.people.len(), page.reactions), (2, 2, 1, 4));

    for hidden in [
        "update posts set status = 'DRAFT' where post_id = $1",
        "update posts set status = 'PUBLISHED', visibility = 'PRIVATE' where post_id = $1",
    ] {
        run(&db, hidden, open).await;
        let refused = ask(&staff, open).await;
        assert!(matches!(refused, Err(Error::NotFound(_))), "{refused:?}");
        assert_eq!(ask(&moderator, open).await.expect("drafts are to be moderated").media, [MediaId(safe)]);
    }
    run(&db, "update users set account_status = 'SUSPENDED' where user_id = $1", admin.0.user_id.0).await;
    assert!(matches!(ask(&admin, open).await, Err(Error::NotFound(_))));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_feed_says_what_each_part_contributed(db: PgPool) {
    let staff = operator(&db, "staff", Role::Staff).await;
    let (ada, bo) = (user(&db, "ada").await, user(&db, "bo").await);
    let open = post(&db, ada, "open").await;
    let (shown, flagged) = (photo(&db, open, "", &[]).await, photo(&db, open, "", &[]).await);
    work_off(&db, None).await;
    run(&db, "update media_ai_insights set is_safe = false where media_id = $1", flagged).await;

    let feed = people::feed(&staff.1, &staff.0, UserId(bo)).await.expect("a feed");

    let [item] = feed.as_slice() else { panic!("one item that may be seen: {feed:?}") };
    assert_eq!(item.media_id, MediaId(shown));
    let names: Vec<&str> = item.parts.iter().map(|part| part.name).collect();
    assert_eq!(names, ["recency", "closeness", "interest", "engagement"]);
    let sum: f64 = item.parts.iter().map(|part| part.weight * part.value).sum();
    assert!((sum - item.score).abs() < 1e-6, "{item:?}");
    assert!(item.parts.iter().all(|part| (0.0..=1.0).contains(&part.value)), "{item:?}");
    assert!((item.parts[0].weight - 0.35).abs() < 1e-9, "the weight that the worker has: {item:?}");

    // What the platform's backend chose has no parts.
    query(
        "insert into read_model_feed_personalized (feed_item_id, target_user_id, media_id, uploader_id, combined_score, created_at)
         values ('1-1', $1, $2, $3, 'NaN', now())",
    )
    .bind(ada)
    .bind(shown)
    .bind(bo)
    .execute(&db)
    .await
    .expect("an item");
    let feed = people::feed(&staff.1, &staff.0, UserId(ada)).await.expect("a feed");
    assert_eq!((feed[0].parts.len(), feed[0].score, feed[0].expires_at), (0, 0.0, None));
}
