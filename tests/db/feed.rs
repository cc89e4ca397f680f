//! What feeds show, to whom and why, and when it leaves.

use std::collections::BTreeMap;

use kaleidoscope_console::{
    access::Role,
    config::{self, Feed},
    db::MIGRATOR,
};
use sqlx::{PgPool, query, query_as, query_scalar};

use crate::{
    differences::differences,
    rows::{Worker, face, operator, photo, post, run, settled, user},
};

/// Feeds are chosen whenever something is new.
fn eager() -> config::Worker {
    let feed = Feed { at_most_every_minutes: 0.0, ..Feed::default() };
    config::Worker { feed, ..config::Worker::default() }
}

/// Works until nothing waits and no feed is due.
async fn choose(db: &PgPool, settings: &config::Worker) {
    let worker = Worker::start_with(db, None, settings);
    settled(db, false).await;
    crate::rows::until("feeds of what is new", async || {
        query_scalar(
            "select not exists (select from console.feed_refresh where concerned_since is not null)
                and not exists (select from console.read_model_queue)",
        )
        .fetch_one(db)
        .await
        .expect("the state of the feeds")
    })
    .await;
    worker.stop().await;
    assert_eq!(differences(db).await, [""; 0]);
}

/// Media and score, the best first.
async fn feed(db: &PgPool, user: i64) -> Vec<i64> {
    query_scalar(
        "select media_id from read_model_feed_personalized where target_user_id = $1
          order by combined_score desc, media_id",
    )
    .bind(user)
    .fetch_all(db)
    .await
    .expect("items")
}

/// Recency, closeness, interest and engagement of an item, and its score.
async fn parts(db: &PgPool, user: i64, media: i64) -> [f64; 5] {
    let (recency, closeness, interest, engagement, score) = query_as::<_, (f64, f64, f64, f64, f64)>(
        "select recency, closeness, interest, engagement, combined_score
           from console.feed_part where target_user_id = $1 and media_id = $2",
    )
    .bind(user)
    .bind(media)
    .fetch_one(db)
    .await
    .expect("an item");
    [recency, closeness, interest, engagement, score]
}

async fn in_department(db: &PgPool, name: &str, department: &str) -> i64 {
    let id = user(db, name).await;
    query("update users set department = $1 where user_id = $2")
        .bind(department)
        .bind(id)
        .execute(db)
        .await
        .expect("moved");
    id
}

async fn a_photo_by(db: &PgPool, author: i64) -> i64 {
    photo(db, post(db, author, "open").await, "", &[]).await
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_feed_shows_what_others_published_and_says_why(db: PgPool) {
    let reader = in_department(&db, "reader", "Legal").await;
    let near = in_department(&db, "near", "Legal").await;
    let far = in_department(&db, "far", "Sales").await;
    let own = a_photo_by(&db, reader).await;
    let (of_near, of_far, liked) =
        (a_photo_by(&db, near).await, a_photo_by(&db, far).await, a_photo_by(&db, far).await);
    let old = a_photo_by(&db, far).await;
    run(&db, "update post_media set created_at = now() - interval '60 days' where media_id = $1", old).await;
    let hidden = a_photo_by(&db, near).await;
    run(&db, "update media_ai_insights set is_safe = false where media_id = $1", hidden).await;
    choose(&db, &eager()).await;
    run(&db, "update read_model_media_search set reaction_count = 20 where media_id = $1", liked).await;
    run(&db, "update console.feed_refresh set refreshed_at = '-infinity' where user_id = $1", reader).await;
    choose(&db, &eager()).await;

    let items = feed(&db, reader).await;
    assert_eq!(items.len(), 4, "{items:?} without {own} and {hidden}");
    assert_eq!(items.last(), Some(&old));
    let [close, distant, favourite, past] = [
        parts(&db, reader, of_near).await,
        parts(&db, reader, of_far).await,
        parts(&db, reader, liked).await,
        parts(&db, reader, old).await,
    ];
    assert!(close[1] > 0.0 && distant[1] == 0.0, "the department: {close:?} {distant:?}");
    assert!(favourite[3] > 0.0 && distant[3] == 0.0, "the reactions: {favourite:?} {distant:?}");
    assert!(past[0] < distant[0] / 8.0, "the age: {past:?} {distant:?}");
    assert!(distant[2] > 0.24, "it looks like what they posted: {distant:?}");
    for [recency, closeness, interest, engagement, score] in [close, distant, favourite, past] {
        assert!((recency + closeness + interest + engagement - score).abs() < 1e-12);
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn who_is_on_photos_together_is_close(db: PgPool) {
    let reader = in_department(&db, "reader", "Legal").await;
    let (friend, stranger) =
        (in_department(&db, "friend", "Sales").await, in_department(&db, "stranger", "Sales").await);
    let shared = a_photo_by(&db, stranger).await;
    face(&db, shared, Some(reader)).await;
    face(&db, shared, Some(friend)).await;
    let (of_friend, of_other) =
        (a_photo_by(&db, friend).await, a_photo_by(&db, in_department(&db, "other", "Sales").await).await);
    choose(&db, &eager()).await;
    assert!(parts(&db, reader, of_friend).await[1] > 0.0);
    assert_eq!(parts(&db, reader, of_other).await[1].to_bits(), 0.0_f64.to_bits());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn nobody_fills_a_feed_alone_and_a_feed_has_an_end(db: PgPool) {
    let reader = user(&db, "reader").await;
    for (author, photos) in [("ada", 6), ("bo", 2), ("chi", 5)] {
        let post = post(&db, user(&db, author).await, "open").await;
        for _ in 0..photos {
            photo(&db, post, "", &[]).await;
        }
    }
    let few = Feed { items: 7, per_uploader: 3, ..eager().feed };
    choose(&db, &config::Worker { feed: few, ..eager() }).await;
    let uploaders: Vec<(String, i64)> = query_as(
        "select uploader_username, count(*) from read_model_feed_personalized where target_user_id = $1 group by 1 order by 1",
    )
    .bind(reader)
    .fetch_all(&db)
    .await
    .expect("items");
    assert_eq!(uploaders.iter().map(|(_, items)| items).sum::<i64>(), 7, "{uploaders:?}");
    assert!(uploaders.iter().all(|(_, items)| *items <= 3), "{uploaders:?}");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_is_published_comes_to_those_whom_it_concerns_and_what_is_hidden_leaves_all(db: PgPool) {
    let (reader, author) = (user(&db, "reader").await, user(&db, "author").await);
    let stranger = in_department(&db, "stranger", "Sales").await;
    choose(&db, &eager()).await;
    assert_eq!(feed(&db, reader).await, [0; 0]);

    let post = post(&db, author, "open").await;
    let media = photo(&db, post, "", &[]).await;
    choose(&db, &eager()).await;
    assert_eq!(feed(&db, reader).await, [media]);
    assert_eq!(feed(&db, author).await, [0; 0], "their own");
    assert_eq!(feed(&db, stranger).await, [0; 0], "not before their turn");

    run(&db, "update posts set visibility = 'FOLLOWERS' where post_id = $1", post).await;
    choose(&db, &eager()).await;
    assert_eq!(feed(&db, reader).await, [0; 0]);
    run(&db, "update posts set visibility = 'PUBLIC' where post_id = $1", post).await;
    choose(&db, &eager()).await;
    assert_eq!(feed(&db, reader).await, [media]);
    run(&db, "update users set username = 'renamed' where user_id = $1", author).await;
    run(&db, "update users set account_status = 'SUSPENDED' where user_id = $1", reader).await;
    choose(&db, &eager()).await;
    assert_eq!(feed(&db, reader).await, [0; 0]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_item_keeps_its_name_and_leaves_when_its_time_is_over(db: PgPool) {
    let (reader, author) = (user(&db, "reader").await, user(&db, "author").await);
    let media = a_photo_by(&db, author).await;
    choose(&db, &eager()).await;
    let name = "select feed_item_id, created_at::text, extract(day from expires_at - created_at)::integer
                  from read_model_feed_personalized where target_user_id = $1";
    let first: (String, String, i32) = query_as(name).bind(reader).fetch_one(&db).await.expect("an item");
    assert_eq!((first.0.parse::<i64>().expect("a number"), first.2), (reader << 36 | media, 7));

    query("truncate read_model_feed_personalized, console.feed_refresh").execute(&db).await.expect("emptied");
    query("insert into console.read_model_queue (read_model, scope, key) select 'feed_personalized', 'row', key from console.feed_part")
        .execute(&db)
        .await
        .expect("marked");
    choose(&db, &eager()).await;
    let again: (String, String, i32) = query_as(name).bind(reader).fetch_one(&db).await.expect("the item");
    assert_eq!(again, first);

    run(&db, "update media_ai_insights set is_safe = false where media_id = $1", media).await;
    run(&db, "update console.feed_part set expires_at = now() where media_id = $1", media).await;
    choose(&db, &eager()).await;
    let left: i64 = query_scalar("select count(*) from console.feed_part").fetch_one(&db).await.expect("a count");
    assert_eq!((left, feed(&db, reader).await), (0, vec![]));
    let unsent: i64 = query_scalar("select count(*) from console.index_queue where index_name = 'feed_personalized'")
        .fetch_one(&db)
        .await
        .expect("a count");
    assert_eq!(unsent, 1, "the index is told");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn staff_see_why_an_item_is_in_a_feed(db: PgPool) {
    let (reader, author) = (user(&db, "reader").await, user(&db, "author").await);
    let media = a_photo_by(&db, author).await;
    choose(&db, &eager()).await;
    let (_, staff) = operator(&db, "staff", Role::Staff).await;
    let seen: BTreeMap<i64, bool> = query_as::<_, (i64, bool)>(
        "select media_id, abs(recency + closeness + interest + engagement - combined_score) < 0.000001
           from console.feed_personalized where target_user_id = $1",
    )
    .bind(reader)
    .fetch_all(&staff)
    .await
    .expect("the view")
    .into_iter()
    .collect();
    assert_eq!(seen, BTreeMap::from([(media, true)]));
    query("select count(*) from console.feed_part").fetch_all(&staff).await.expect_err("the table is the worker's");
}
