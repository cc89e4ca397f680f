//! What the AI got wrong: corrections, what becomes of them when the AI looks again, and taking them back.

use kaleidoscope_console::{
    access::{Operator, Role},
    audit,
    db::{AuditId, MIGRATOR, MediaId, RowVersion, Seen},
    error::{Error, Result},
    safety,
    search::correct::{self, Corrected, Correction},
};
use sqlx::{AssertSqlSafe, PgPool, query, query_as, query_scalar};

use crate::rows::{Worker, operator, photo, post, run, settled, user, work_off};

type Words = (Option<String>, Option<Vec<String>>, Option<Vec<String>>);

/// A post, and moderators who correct its media.
struct World {
    db: PgPool,
    post: i64,
    bo: (Operator, PgPool),
    dana: (Operator, PgPool),
}

impl World {
    async fn new(db: PgPool) -> Self {
        let post = post(&db, user(&db, "ada").await, "open").await;
        let (bo, dana) = (operator(&db, "bo", Role::Moderator).await, operator(&db, "dana", Role::Moderator).await);
        Self { db, post, bo, dana }
    }

    /// With the caption `A cat`, the tags `cat` and `indoor`, and the scene `outdoor`.
    async fn medium(&self) -> MediaId {
        MediaId(photo(&self.db, self.post, "A cat", &["cat", "indoor"]).await)
    }

    async fn seen(&self, media: MediaId) -> Seen<MediaId> {
        let version = query_scalar("select xmin::text from media_ai_insights where media_id = $1").bind(media);
        Seen { id: media, version: RowVersion(version.fetch_one(&self.db).await.expect("an insight")) }
    }

    async fn says(&self, media: MediaId) -> Words {
        query_as("select caption, tags, scenes from media_ai_insights where media_id = $1")
            .bind(media)
            .fetch_one(&self.db)
            .await
            .expect("an insight")
    }

    async fn tags(&self, media: MediaId) -> Vec<String> {
        self.says(media).await.1.expect("tags")
    }

    /// As the AI writes.
    async fn ai_says(&self, media: MediaId, caption: &str, tags: &[&str]) {
        query("update media_ai_insights set caption = $2, tags = $3, status = 'COMPLETED' where media_id = $1")
            .bind(media)
            .bind(caption)
            .bind(tags)
            .execute(&self.db)
            .await
            .expect("the AI writes");
    }

    /// Action, operator, medium and the facts after.
    async fn log(&self) -> Vec<(String, String, i64, serde_json::Value)> {
        query_as("select action, operator, subject_id, after from console.audit_entry order by id")
            .fetch_all(&self.db)
            .await
            .expect("the log")
    }
}

async fn correct(
    (by, pool): &(Operator, PgPool),
    media: &[Seen<MediaId>],
    correction: &Correction,
) -> Result<Corrected> {
    correct::correct(&mut pool.acquire().await.expect("connected"), by, media, correction).await
}

/// Of one medium, as it is now.
async fn corrected(world: &World, by: &(Operator, PgPool), media: MediaId, correction: &Correction) -> AuditId {
    let done = correct(by, &[world.seen(media).await], correction).await.expect("corrected");
    assert_eq!(done.skipped, []);
    done.done[0].audit_id
}

async fn undo((by, pool): &(Operator, PgPool), corrections: &[AuditId]) -> Result<Corrected> {
    correct::undo(&mut pool.acquire().await.expect("connected"), by, corrections).await
}

fn caption(text: &str) -> Correction {
    Correction { caption: Some(text.into()), ..Correction::default() }
}

fn tags(add: &[&str], remove: &[&str]) -> Correction {
    let texts = |words: &[&str]| words.iter().map(ToString::to_string).collect();
    Correction { add_tags: texts(add), remove_tags: texts(remove), ..Correction::default() }
}

fn skipped(corrected: &Corrected) -> &str {
    assert_eq!(corrected.done, []);
    &corrected.skipped[0].reason
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_correction_is_what_everybody_reads_and_in_the_log(db: PgPool) {
    let world = World::new(db).await;
    let media = world.medium().await;
    let correction = Correction {
        caption: Some(" A dog ".into()),
        add_tags: vec!["dog".into(), "dog".into(), "indoor".into()],
        remove_tags: vec!["cat".into(), "nowhere".into()],
        add_scenes: vec!["kitchen".into()],
        remove_scenes: vec!["outdoor".into()],
    };

    let audit_id = corrected(&world, &world.bo, media, &correction).await;

    let texts = |words: &[&str]| Some(words.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(world.says(media).await, (Some("A dog".into()), texts(&["indoor", "dog"]), texts(&["kitchen"])));
    let facts = serde_json::json!({"caption": "A dog", "tags": ["indoor", "dog"], "scenes": ["kitchen"]});
    assert_eq!(world.log().await, [("media.correct".into(), world.bo.0.username.clone(), media.0, facts)]);
    assert_eq!(audit_id.0, 1);
    assert_eq!(audit::verify_as_owner(&world.db).await.expect("verified").broken_at, None);

    work_off(&world.db, None).await;
    let found: (Option<String>, Vec<String>) =
        query_as("select ai_caption, ai_tags from console.media_search where media_id = $1")
            .bind(media)
            .fetch_one(&world.bo.1)
            .await
            .expect("a row");
    assert_eq!(found, (Some("A dog".into()), vec!["dog".into(), "indoor".into()]));

    let history = correct::history(&world.dana.1, &world.dana.0, media).await.expect("a history");
    let fields: Vec<&str> = history.iter().map(|past| past.field.as_str()).collect();
    assert_eq!(fields, ["scenes", "tags", "caption"]);
    assert!(
        history.iter().all(|past| past.stands && past.decided_by == world.bo.0.username && past.audit_id == audit_id)
    );
    let words = correct::words(&world.dana.1, &world.dana.0, &[media]).await.expect("words");
    assert_eq!((words[0].caption.as_deref(), &words[0].version), (Some("A dog"), &world.seen(media).await.version));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_is_right_already_is_no_correction(db: PgPool) {
    let world = World::new(db).await;
    let media = world.medium().await;
    let before = world.seen(media).await;
    for nothing in [Correction::default(), caption("A cat"), tags(&["cat"], &["dog"])] {
        assert_eq!(
            correct(&world.bo, std::slice::from_ref(&before), &nothing).await.expect("fine"),
            Corrected::default()
        );
    }
    assert_eq!(world.seen(media).await, before, "nothing was written");
    assert!(world.log().await.is_empty());
    // Out with it: an empty caption is none.
    corrected(&world, &world.bo, media, &caption("")).await;
    assert_eq!(world.says(media).await.0, None);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_correction_survives_whatever_the_ai_says_next(db: PgPool) {
    let world = World::new(db).await;
    let (media, other) = (world.medium().await, world.medium().await);
    corrected(&world, &world.bo, media, &caption("A dog")).await;
    corrected(&world, &world.bo, media, &tags(&["dog"], &["cat"])).await;

    // One statement for both, and a new word.
    run(
        &world.db,
        "update media_ai_insights set caption = 'A lion', tags = '{cat,savanna}' where media_id >= $1",
        media.0,
    )
    .await;
    assert_eq!(world.says(media).await.0.as_deref(), Some("A dog"));
    assert_eq!(world.tags(media).await, ["savanna", "dog"]);
    assert_eq!(world.says(other).await.0.as_deref(), Some("A lion"));
    assert_eq!(world.tags(other).await, ["cat", "savanna"]);

    // While it works the AI may have nothing to say.
    run(
        &world.db,
        "update media_ai_insights set status = 'PROCESSING', caption = null, tags = null where media_id = $1",
        media.0,
    )
    .await;
    assert_eq!((world.says(media).await.0.as_deref(), world.tags(media).await), (Some("A dog"), vec!["dog".into()]));

    // An upsert, as the AI service writes.
    query(
        "insert into media_ai_insights (media_id, post_id, status, caption, tags) values ($1, $2, 'COMPLETED', 'A wolf', '{wolf,cat}')
             on conflict (media_id) do update
            set caption = excluded.caption, tags = excluded.tags, status = excluded.status",
    )
    .bind(media)
    .bind(world.post)
    .execute(&world.db)
    .await
    .expect("an upsert");
    assert_eq!(world.says(media).await.0.as_deref(), Some("A dog"));
    assert_eq!(world.tags(media).await, ["wolf", "dog"]);

    // Deleted and found again.
    run(&world.db, "delete from media_ai_insights where media_id = $1", media.0).await;
    query("insert into media_ai_insights (media_id, post_id, status, caption, tags) values ($1, $2, 'COMPLETED', 'A fox', '{fox,cat}')")
        .bind(media)
        .bind(world.post)
        .execute(&world.db)
        .await
        .expect("inserted");
    assert_eq!(world.says(media).await.0.as_deref(), Some("A dog"));
    assert_eq!(world.tags(media).await, ["fox", "dog"]);
    assert_eq!(world.log().await.len(), 2, "the AI is not in the log");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn taking_a_correction_back_gives_what_the_ai_says_now(db: PgPool) {
    let world = World::new(db).await;
    let media = world.medium().await;
    let both = Correction { caption: Some("A dog".into()), ..tags(&["dog"], &["cat"]) };
    let first = corrected(&world, &world.bo, media, &both).await;
    world.ai_says(media, "A lion", &["lion", "savanna"]).await;

    // Anybody who may correct may take back.
    let undone = undo(&world.dana, &[first]).await.expect("undone");

    assert_eq!(undone.skipped, []);
    assert_eq!(world.says(media).await.0.as_deref(), Some("A lion"));
    assert_eq!(world.tags(media).await, ["lion", "savanna"], "the AI does not say cat any more");
    let (action, operator, ..) = world.log().await.pop().expect("an entry");
    assert_eq!((action.as_str(), operator), ("media.undo", world.dana.0.username.clone()));
    let again = undo(&world.bo, &[first]).await.expect("looked at");
    assert_eq!(skipped(&again), format!("{} has taken this back already.", world.dana.0.username));
    world.ai_says(media, "A tiger", &["tiger"]).await;
    assert_eq!(world.says(media).await.0.as_deref(), Some("A tiger"), "it does not stand any more");
    let no_correction = undo(&world.bo, &[undone.done[0].audit_id]).await;
    assert!(matches!(no_correction, Err(Error::NotFound(_))), "{no_correction:?}");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn nobody_takes_back_over_what_was_corrected_later(db: PgPool) {
    let world = World::new(db).await;
    let media = world.medium().await;
    let dog = corrected(&world, &world.bo, media, &caption("A dog")).await;
    let wolf = corrected(&world, &world.dana, media, &caption("A wolf")).await;
    let refused = undo(&world.bo, &[dog]).await.expect("looked at");
    let said = format!(
        "{} has corrected it later: the caption is \u{201c}A wolf\u{201d}. Take that back first.",
        world.dana.0.username
    );
    assert_eq!(skipped(&refused), said);
    assert_eq!(world.says(media).await.0.as_deref(), Some("A wolf"));

    // Other words of the same field are not in its way.
    let added = corrected(&world, &world.bo, media, &tags(&["dog"], &[])).await;
    let other = corrected(&world, &world.dana, media, &tags(&["wolf"], &["cat"])).await;
    undo(&world.bo, &[added]).await.expect("undone");
    assert_eq!(world.tags(media).await, ["indoor", "wolf"]);
    let back = corrected(&world, &world.bo, media, &tags(&["cat"], &[])).await;
    let refused = undo(&world.bo, &[other]).await.expect("looked at");
    assert!(skipped(&refused).contains("has corrected it later: tags added cat"), "{refused:?}");

    // All of them at once, in whatever order.
    let undone = undo(&world.bo, &[dog, other, wolf, back]).await.expect("undone");
    assert_eq!((undone.done.len(), undone.skipped.len()), (4, 0));
    assert_eq!(world.says(media).await.0.as_deref(), Some("A cat"));
    assert_eq!(world.tags(media).await, ["cat", "indoor"]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn who_comes_too_late_reads_who_said_what_and_nothing_is_lost(db: PgPool) {
    let world = World::new(db).await;
    let (bo, media) = (&world.bo.0.username, world.medium().await);
    let by_both = world.seen(media).await;
    correct(&world.bo, std::slice::from_ref(&by_both), &tags(&["dog"], &["cat"])).await.expect("the first holds");

    let late = correct(&world.dana, &[by_both], &caption("A wolf")).await.expect("looked at");

    assert_eq!(
        skipped(&late),
        format!("{bo} has changed it meanwhile: tags added dog and removed cat. Look at it again.")
    );
    assert_eq!(world.says(media).await.0.as_deref(), Some("A cat"));
    assert_eq!(world.log().await.len(), 1);

    let seen = world.seen(media).await;
    world.ai_says(media, "A lion", &["lion"]).await;
    let late = correct(&world.dana, &[seen], &caption("A wolf")).await.expect("looked at");
    assert!(skipped(&late).starts_with("The AI changed its result"), "{late:?}");

    // Who decided about its safety changed the row, too.
    let (seen, admin) = (world.seen(media).await, operator(&world.db, "admin", Role::Admin).await);
    safety::decide(
        &mut admin.1.acquire().await.expect("connected"),
        &admin.0,
        &seen,
        None,
        &safety::SafetyWord::safe(),
    )
    .await
    .expect("decided");
    let late = correct(&world.dana, &[seen], &caption("A wolf")).await.expect("looked at");
    assert!(skipped(&late).contains("whether it is safe"), "{late:?}");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_selection_is_corrected_and_taken_back_as_one(db: PgPool) {
    let world = World::new(db).await;
    let (first, second, third, fourth) =
        (world.medium().await, world.medium().await, world.medium().await, world.medium().await);
    let mut selection = Vec::new();
    for media in [fourth, second, first, third] {
        selection.push(world.seen(media).await);
    }
    corrected(&world, &world.dana, second, &caption("A wolf")).await;
    run(&world.db, "delete from post_media where media_id = $1", fourth.0).await;

    let done = correct(&world.bo, &selection, &tags(&["dog"], &["cat"])).await.expect("corrected");

    let media: Vec<MediaId> = done.done.iter().map(|done| done.media_id).collect();
    assert_eq!(media, [first, third]);
    let left: Vec<MediaId> = done.skipped.iter().map(|skipped| skipped.media_id).collect();
    assert_eq!(left, [second, fourth]);
    assert_eq!(world.tags(second).await, ["cat", "indoor"]);
    let corrections: Vec<AuditId> = done.done.iter().map(|done| done.audit_id).collect();
    let undone = undo(&world.bo, &corrections).await.expect("undone");
    assert_eq!(undone.done.len(), 2);
    for media in [first, third] {
        assert_eq!(world.tags(media).await, ["cat", "indoor"]);
    }
    let too_many = vec![selection[0].clone(); 1_001];
    let refused = correct(&world.bo, &too_many, &caption("x")).await;
    assert!(matches!(&refused, Err(Error::Invalid(said)) if said.contains("1001")), "{refused:?}");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_the_ai_is_writing_is_not_waited_for(db: PgPool) {
    let world = World::new(db).await;
    let (media, free) = (world.medium().await, world.medium().await);
    let both = [world.seen(media).await, world.seen(free).await];
    let mut writing = world.db.begin().await.expect("a transaction");
    query("update media_ai_insights set caption = 'A lion' where media_id = $1")
        .bind(media)
        .execute(&mut *writing)
        .await
        .expect("written");

    let done = correct(&world.bo, &both, &caption("A dog")).await.expect("looked at");

    assert_eq!((done.done.len(), done.skipped.len()), (1, 1));
    assert!(done.skipped[0].reason.contains("right now"), "{done:?}");
    writing.commit().await.expect("committed");
    assert_eq!(world.says(media).await.0.as_deref(), Some("A lion"));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_those_who_may_correct_do_whatever_their_program(db: PgPool) {
    let world = World::new(db).await;
    let media = world.medium().await;
    let seen = [world.seen(media).await];
    let staff = operator(&world.db, "staff", Role::Staff).await;
    let liar = (Operator { role: Role::Admin, ..staff.0.clone() }, staff.1.clone());
    for by in [&staff, &liar] {
        let refused = correct(by, &seen, &caption("A dog")).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
        let refused = undo(by, &[AuditId(1)]).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
    }
    for sql in [
        "select * from console.correction",
        "select * from console.ai_words",
        "insert into console.correction (media_id) values (1)",
        "select console.restore_words('{1}')",
        "update console.photo set caption = 'x'",
        "update console.insight set caption = 'x'",
    ] {
        sqlx::query(AssertSqlSafe(sql)).execute(&world.bo.1).await.expect_err(sql);
    }

    // Unsafe media are not for moderators' eyes.
    run(&world.db, "update media_ai_insights set is_safe = false where media_id = $1", media.0).await;
    let hidden = correct(&world.bo, &[world.seen(media).await], &caption("A dog")).await.expect("looked at");
    assert_eq!(skipped(&hidden), "It is not there any more.");
    let admin = operator(&world.db, "admin", Role::Admin).await;
    let audit_id = corrected(&world, &admin, media, &caption("A dog")).await;
    assert_eq!(skipped(&undo(&world.bo, &[audit_id]).await.expect("looked at")), "It is not there any more.");
    assert_eq!(correct::history(&world.bo.1, &world.bo.0, media).await.expect("none"), []);
    assert_eq!(correct::history(&admin.1, &admin.0, media).await.expect("one").len(), 1);
    let decisions: i64 =
        query_scalar("select count(*) from console.safety_decision").fetch_one(&world.db).await.expect("counted");
    assert_eq!(decisions, 0, "an admin's correction says nothing about safety");

    run(&world.db, "update users set role = 'USER' where user_id = $1", admin.0.user_id.0).await;
    let demoted = undo(&admin, &[audit_id]).await;
    assert!(matches!(demoted, Err(Error::Forbidden(_))), "{demoted:?}");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn hostile_arrays_are_corrected_like_any_other(db: PgPool) {
    let world = World::new(db).await;
    for (stored, expected) in [
        ("'{{cat,a},{b,cat}}'", vec![Some("a"), Some("b"), Some("dog")]),
        ("'{null,cat,\"\"}'", vec![None, Some(""), Some("dog")]),
        ("null", vec![Some("dog")]),
        ("'{}'", vec![Some("dog")]),
    ] {
        let media = world.medium().await;
        let sql = format!("update media_ai_insights set tags = {stored} where media_id = {media}");
        sqlx::query(AssertSqlSafe(sql)).execute(&world.db).await.expect("stored");
        corrected(&world, &world.bo, media, &tags(&["dog"], &["cat"])).await;
        let tags: Vec<Option<String>> =
            query_scalar("select array(select unnest(tags)) from media_ai_insights where media_id = $1")
                .bind(media)
                .fetch_one(&world.db)
                .await
                .expect("tags");
        assert_eq!(tags.iter().map(Option::as_deref).collect::<Vec<_>>(), expected, "{stored}");
    }
    let worker = Worker::start(&world.db, None);
    settled(&world.db, false).await;
    worker.stop().await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn one_s_own_corrections_of_the_day_are_taken_back_in_order_whichever_window_made_them(db: PgPool) {
    let world = World::new(db).await;
    let (one, other) = (world.medium().await, world.medium().await);
    let undo_own = async |(by, pool): &(Operator, PgPool)| {
        correct::undo_own(&mut pool.acquire().await.expect("connected"), by).await
    };
    let undoable = async |(by, pool): &(Operator, PgPool)| {
        correct::undoable(pool, by).await.expect("an answer").map(|next| next.media)
    };
    assert_eq!(undoable(&world.bo).await, None);
    corrected(&world, &world.bo, one, &caption("A dog")).await;
    // On both at once, and so back on both at once.
    let seen = [world.seen(one).await, world.seen(other).await];
    correct(&world.bo, &seen, &tags(&["sea"], &[])).await.expect("corrected");
    corrected(&world, &world.dana, other, &caption("A bird")).await;

    assert_eq!((undoable(&world.bo).await, undoable(&world.dana).await), (Some(2), Some(1)));
    let done = undo_own(&world.bo).await.expect("taken back");
    assert_eq!(
        (done.done.len(), done.skipped.len()),
        (2, 0),
        "what somebody else said of another field is no obstacle"
    );
    assert_eq!(world.tags(one).await, ["cat", "indoor"]);
    assert_eq!(undoable(&world.bo).await, Some(1));

    // Somebody else's later word stays, and who was told so goes on with the one before.
    corrected(&world, &world.bo, other, &caption("A fish")).await;
    corrected(&world, &world.dana, other, &caption("A whale")).await;
    let kept = undo_own(&world.bo).await.expect("an answer");
    let why = format!("{} has corrected it later: the caption is \u{201c}A whale\u{201d}", world.dana.0.username);
    assert!(skipped(&kept).starts_with(&why), "{kept:?}");
    assert_eq!(world.says(other).await.0.as_deref(), Some("A whale"));
    assert_eq!(undo_own(&world.bo).await.expect("taken back").done.len(), 1);
    assert_eq!(world.says(one).await.0.as_deref(), Some("A cat"));
    assert_eq!(undoable(&world.bo).await, None);
    let nothing = undo_own(&world.bo).await;
    assert!(matches!(nothing, Err(Error::NotFound(_))), "{nothing:?}");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn corrections_of_another_day_are_not_offered(db: PgPool) {
    let world = World::new(db).await;
    let media = world.medium().await;
    corrected(&world, &world.bo, media, &caption("A dog")).await;
    query("alter table console.correction disable trigger append_only").execute(&world.db).await.expect("disabled");
    query("update console.correction set decided_at = now() - interval '25 hours'")
        .execute(&world.db)
        .await
        .expect("aged");
    let (by, pool) = &world.bo;
    assert_eq!(correct::undoable(pool, by).await.expect("an answer"), None);
}
