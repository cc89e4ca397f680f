//! Searches that are kept, and what is new in them.

use kaleidoscope_console::{
    access::{Operator, Role},
    db::{MIGRATOR, MediaId},
    error::{Error, Result},
    search::{
        Example, Like, Sort, Tab, Wish,
        saved::{self, SavedChange, SavedSearch},
    },
};
use sqlx::{AssertSqlSafe, PgPool};

use crate::rows::{face, operator, photo, post, run, user, work_off};

async fn save((by, pool): &(Operator, PgPool), name: &str, text: &str, is_shared: bool) -> Result<SavedSearch> {
    let wish = Wish { text: text.into(), ..Wish::default() };
    saved::save(&mut pool.acquire().await.expect("connected"), by, name, &wish, is_shared).await
}

async fn change((by, pool): &(Operator, PgPool), id: i64, change: SavedChange) -> Result<()> {
    saved::change(&mut pool.acquire().await.expect("connected"), by, id, &change).await
}

async fn delete((by, pool): &(Operator, PgPool), id: i64) -> Result<()> {
    saved::delete(&mut pool.acquire().await.expect("connected"), by, id).await
}

/// What an operator has in their list.
async fn list((by, pool): &(Operator, PgPool)) -> Vec<SavedSearch> {
    saved::saved(pool, by).await.expect("a list")
}

fn names(searches: &[SavedSearch]) -> Vec<&str> {
    searches.iter().map(|saved| saved.name.as_str()).collect()
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn everybody_has_their_own_and_sees_what_is_shared(db: PgPool) {
    let (ada, bo) = (operator(&db, "ada", Role::Staff).await, operator(&db, "bo", Role::Admin).await);
    let own = save(&ada, "  beach ", "tag:beach", false).await.expect("saved");
    save(&ada, "Winter", "tag:snow after:-7d", true).await.expect("saved");
    save(&bo, "beach", "a", false).await.expect("another operator's of the same name");

    assert_eq!(names(&list(&ada).await), ["beach", "Winter"]);
    let seen = list(&bo).await;
    assert_eq!(names(&seen), ["beach", "Winter"]);
    assert_eq!((seen[1].owner.as_str(), seen[1].is_mine, seen[1].is_shared), (ada.0.username.as_str(), false, true));
    assert_eq!((own.name.as_str(), own.is_mine, own.text.as_str()), ("beach", true, "tag:beach"));

    let twice = save(&ada, "beach", "b", false).await;
    assert!(matches!(&twice, Err(Error::Conflict(said)) if said.contains("beach")), "{twice:?}");
    for (name, text) in [("  ", ""), (&*"x".repeat(81), ""), ("a", &*"x".repeat(2_001)), ("a\0", ""), ("a", "\0")] {
        let refused = save(&ada, name, text, false).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_the_owner_changes_what_is_shared(db: PgPool) {
    let (ada, bo) = (operator(&db, "ada", Role::Staff).await, operator(&db, "bo", Role::Admin).await);
    let shared = save(&ada, "shared", "a", true).await.expect("saved").saved_search_id;
    let private = save(&ada, "private", "b", false).await.expect("saved").saved_search_id;
    let rename = || SavedChange { name: Some("other".into()), ..SavedChange::default() };

    assert!(matches!(change(&bo, shared, rename()).await, Err(Error::Forbidden(_))));
    assert!(matches!(delete(&bo, shared).await, Err(Error::Forbidden(_))));
    assert!(matches!(change(&bo, private, rename()).await, Err(Error::NotFound(_))), "nobody learns that it is there");
    assert!(matches!(delete(&bo, private).await, Err(Error::NotFound(_))));
    for sql in [
        "delete from console.saved_searches",
        "update console.saved_searches set name = 'mine'",
        "select * from console.saved_search",
        "insert into console.saved_search_seen values (1)",
    ] {
        sqlx::query(AssertSqlSafe(sql)).execute(&bo.1).await.expect_err(sql);
    }

    change(&ada, shared, rename()).await.expect("her own");
    change(&ada, shared, SavedChange { is_shared: Some(false), ..SavedChange::default() }).await.expect("her own");
    assert_eq!(names(&list(&ada).await), ["other", "private"]);
    assert_eq!(names(&list(&bo).await), [""; 0]);
    let taken = change(&ada, private, rename()).await;
    assert!(matches!(taken, Err(Error::Conflict(_))), "{taken:?}");
    delete(&ada, shared).await.expect("her own");
    assert_eq!(names(&list(&ada).await), ["private"]);

    run(&db, "update users set account_status = 'SUSPENDED' where user_id = $1", ada.0.user_id.0).await;
    assert_eq!(names(&list(&ada).await), [""; 0]);
    assert!(matches!(save(&ada, "late", "", false).await, Err(Error::Forbidden(_))));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_can_be_found_since_one_looked_is_new_to_oneself(db: PgPool) {
    let (ada, bo) = (operator(&db, "ada", Role::Staff).await, operator(&db, "bo", Role::Staff).await);
    let open = post(&db, user(&db, "uploader").await, "open").await;
    photo(&db, open, "sea", &[]).await;
    work_off(&db, None).await;
    let shared = save(&ada, "sea", "sea", true).await.expect("saved").saved_search_id;
    let (fresh, _) = (photo(&db, open, "sea", &[]).await, photo(&db, open, "a hill", &[]).await);
    work_off(&db, None).await;
    let new_hits =
        async |(by, pool): &(Operator, PgPool)| -> i64 { saved::saved(pool, by).await.expect("a list")[0].new_hits };

    assert_eq!((new_hits(&ada).await, new_hits(&bo).await), (1, 1));
    run(&db, "update post_media set created_at = '2020-01-01' where media_id = $1", fresh).await;
    work_off(&db, None).await;
    assert_eq!(new_hits(&ada).await, 1, "it was not found before, whenever it was uploaded");
    saved::seen(&mut bo.1.acquire().await.expect("connected"), &bo.0, shared).await.expect("seen");
    assert_eq!((new_hits(&ada).await, new_hits(&bo).await), (1, 0));
    run(&db, "update media_ai_insights set is_safe = false where media_id = $1", fresh).await;
    work_off(&db, None).await;
    assert_eq!(new_hits(&ada).await, 0, "what one may not see is not new");
    run(&db, "update media_ai_insights set is_safe = true where media_id = $1", fresh).await;
    work_off(&db, None).await;
    assert_eq!(
        (new_hits(&ada).await, new_hits(&bo).await),
        (1, 1),
        "what turned out to be safe is new to who saw it last"
    );

    let gone = saved::seen(&mut bo.1.acquire().await.expect("connected"), &bo.0, shared + 1).await;
    assert!(matches!(gone, Err(Error::NotFound(_))), "{gone:?}");
    save(&bo, "a search that can't be read", "(", false).await.expect("saved");
    let texts: Vec<(String, i64)> = list(&bo).await.into_iter().map(|saved| (saved.text, saved.new_hits)).collect();
    assert!(texts.contains(&("(".into(), 0)), "the list all the same: {texts:?}");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_search_whose_hits_cannot_be_counted_leaves_the_list(db: PgPool) {
    let ada = operator(&db, "ada", Role::Staff).await;
    save(&ada, "beach", "tag:beach", false).await.expect("saved");
    sqlx::query("alter function console.media_new(jsonb, timestamptz, integer) rename to media_new_elsewhere")
        .execute(&db)
        .await
        .expect("renamed");
    let kept = list(&ada).await;
    assert_eq!((names(&kept), kept[0].new_hits), (vec!["beach"], 0));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_saved_search_keeps_all_that_defines_its_result(db: PgPool) {
    let ada = operator(&db, "ada", Role::Staff).await;
    let keep = async |name: &str, wish: &Wish| {
        saved::save(&mut ada.1.acquire().await.expect("connected"), &ada.0, name, wish, false).await
    };
    let like = Like { more: vec![Example::Face("7".into())], less: vec![Example::Media(MediaId(9))] };
    let wish = Wish { text: "similarity:0.8".into(), tab: Tab::Faces, sort: Sort::Oldest, like };
    keep("whole", &wish).await.expect("saved");
    let kept = list(&ada).await.remove(0);
    assert_eq!((&kept.text, kept.tab, kept.sort, &kept.like), (&wish.text, wish.tab, wish.sort, &wish.like));

    let many = Like { more: vec![Example::Media(MediaId(9)); 11], less: vec![] };
    let refused = keep("many", &Wish { like: many, ..wish }).await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");

    // One of an earlier console has its text only.
    sqlx::query(
        "insert into console.saved_search (owner, name, text, is_shared) values ($1, 'an old one', 'sea', false)",
    )
    .bind(&ada.0.username)
    .execute(&db)
    .await
    .expect("inserted");
    let old = list(&ada).await.remove(0);
    assert_eq!((old.tab, old.sort, old.like), (Tab::Media, Sort::Relevance, Like::default()));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_is_new_is_new_of_the_kind_and_likeness_that_were_saved(db: PgPool) {
    let ada = operator(&db, "ada", Role::Staff).await;
    let uploader = user(&db, "uploader").await;
    let open = post(&db, uploader, "open").await;
    let example = photo(&db, open, "sea", &[]).await;
    let turned = async |media: i64, degrees: f64| {
        sqlx::query(
            "update media_ai_insights
                set image_embedding = (array[cosd($2), sind($2)] || array_fill(0::float8, array[510]))::real[]::vector
              where media_id = $1",
        )
        .bind(media)
        .bind(degrees)
        .execute(&db)
        .await
        .expect("a vector");
    };
    turned(example, 0.0).await;
    work_off(&db, None).await;
    let like = Like { more: vec![Example::Media(MediaId(example))], less: vec![] };
    for (name, text, tab, like) in [
        ("a posts", "", Tab::Posts, Like::default()),
        ("b people", "", Tab::People, Like::default()),
        ("c faces", "", Tab::Faces, Like::default()),
        ("d alike", "similarity:0.9", Tab::Media, like),
        ("e media", "", Tab::Media, Like::default()),
    ] {
        let wish = Wish { text: text.into(), tab, like, ..Wish::default() };
        let mut connection = ada.1.acquire().await.expect("connected");
        saved::save(&mut connection, &ada.0, name, &wish, false).await.expect("saved");
    }
    let new_hits = async || -> Vec<i64> { list(&ada).await.iter().map(|saved| saved.new_hits).collect() };
    assert_eq!(new_hits().await, [0; 5]);

    // A post of long ago counts by the photo that was found since.
    run(&db, "update posts set created_at = '2020-01-01' where post_id = $1", open).await;
    let (near, far) = (photo(&db, open, "", &[]).await, photo(&db, open, "", &[]).await);
    turned(near, 10.0).await;
    turned(far, 60.0).await;
    for _ in 0..3 {
        face(&db, near, None).await;
    }
    user(&db, "somebody new").await;
    work_off(&db, None).await;
    assert_eq!(new_hits().await, [1, 1, 3, 1, 2]);

    let hide = "update media_ai_insights set status = 'UNSAFE', is_safe = false where media_id = $1";
    run(&db, hide, near).await;
    work_off(&db, None).await;
    assert_eq!(new_hits().await, [0, 1, 0, 0, 1], "what one may not see is not new");
}
