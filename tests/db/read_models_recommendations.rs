//! What the rows of `read_model_recommendations_knn` must be.

use kaleidoscope_console::{access::Role, db::MIGRATOR};
use sqlx::{PgPool, query_scalar};

use crate::{
    differences::differences,
    rows::{operator, photo, post, run, user, work_off},
};

async fn media(db: &PgPool) -> Vec<i64> {
    query_scalar("select media_id from read_model_recommendations_knn order by media_id")
        .fetch_all(db)
        .await
        .expect("rows")
}

async fn settle(db: &PgPool) {
    work_off(db, None).await;
    assert_eq!(differences(db).await, [""; 0]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_public_safe_pictures_of_active_people_are_recommended(db: PgPool) {
    let (ada, bo) = (user(&db, "ada").await, user(&db, "bo").await);
    let open = post(&db, ada, "open").await;
    let shown = photo(&db, open, "shown", &[]).await;
    let turned = photo(&db, open, "turned", &[]).await;
    let bare = photo(&db, open, "bare", &[]).await;
    run(&db, "update media_ai_insights set image_embedding = null where media_id = $1", bare).await;
    let of_bo = photo(&db, post(&db, bo, "of bo").await, "", &[]).await;
    settle(&db).await;
    assert_eq!(media(&db).await, [shown, turned, of_bo]);

    for (hide, show) in [
        (
            "update media_ai_insights set is_safe = false where media_id = $1",
            "update media_ai_insights set is_safe = true where media_id = $1",
        ),
        (
            "update media_ai_insights set status = 'PROCESSING' where media_id = $1",
            "update media_ai_insights set status = 'COMPLETED' where media_id = $1",
        ),
        (
            "update media_ai_insights set status = 'UNSAFE', is_safe = null where media_id = $1",
            "update media_ai_insights set status = 'COMPLETED' where media_id = $1",
        ),
    ] {
        run(&db, hide, turned).await;
        settle(&db).await;
        assert_eq!(media(&db).await, [shown, of_bo], "{hide}");
        run(&db, show, turned).await;
        settle(&db).await;
        assert_eq!(media(&db).await, [shown, turned, of_bo], "{show}");
    }
    for (hide, show) in [
        (
            "update posts set visibility = 'FOLLOWERS' where post_id = $1",
            "update posts set visibility = 'PUBLIC' where post_id = $1",
        ),
        (
            "update posts set status = 'DRAFT' where post_id = $1",
            "update posts set status = 'PUBLISHED' where post_id = $1",
        ),
    ] {
        run(&db, hide, open).await;
        settle(&db).await;
        assert_eq!(media(&db).await, [of_bo], "{hide}");
        run(&db, show, open).await;
        settle(&db).await;
        assert_eq!(media(&db).await, [shown, turned, of_bo], "{show}");
    }
    run(&db, "update users set account_status = 'SUSPENDED' where user_id = $1", bo).await;
    run(&db, "delete from media_ai_insights where media_id = $1", shown).await;
    run(&db, "update media_ai_insights set caption = 'another' where media_id = $1", turned).await;
    settle(&db).await;
    assert_eq!(media(&db).await, [turned]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_new_caption_does_not_rewrite_the_vector(db: PgPool) {
    let media = photo(&db, post(&db, user(&db, "ada").await, "open").await, "", &[]).await;
    work_off(&db, None).await;
    let stored = "select pg_column_toast_chunk_id(image_embedding)::text from read_model_recommendations_knn";
    let before: Option<String> = query_scalar(stored).fetch_one(&db).await.expect("a row");
    run(&db, "update media_ai_insights set caption = 'another' where media_id = $1", media).await;
    work_off(&db, None).await;
    let after: Option<String> = query_scalar(stored).fetch_one(&db).await.expect("a row");
    assert!(before.is_some());
    assert_eq!(before, after);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn staff_see_posts_without_unsafe_media_and_safe_recommendations(db: PgPool) {
    let ada = user(&db, "ada").await;
    let (open, touchy) = (post(&db, ada, "open").await, post(&db, ada, "touchy").await);
    photo(&db, open, "", &[]).await;
    let unsafe_media = photo(&db, touchy, "", &["weapon"]).await;
    run(&db, "update media_ai_insights set is_safe = false where media_id = $1", unsafe_media).await;
    work_off(&db, None).await;
    let posts = async |db: &PgPool| -> Vec<i64> {
        query_scalar("select post_id from console.post_search order by 1").fetch_all(db).await.expect("the view")
    };
    let (_, staff) = operator(&db, "staff", Role::Staff).await;
    let (_, admin) = operator(&db, "admin", Role::Admin).await;
    assert_eq!(posts(&staff).await, [open]);
    assert_eq!(posts(&admin).await, [open, touchy]);
}
