//! Looks at unsafe media in clear: how long they were, and how much of it is enough.

use std::time::{Duration, Instant};

use kaleidoscope_console::{
    db::{MIGRATOR, MediaId},
    error::{Error, Result},
    safety::{self, Budget, Reveal, Reveals},
};
use sqlx::{PgPool, query_as, query_scalar};

use super::{Judge, World};
use crate::rows::run;

/// Two admins in a window each, and what they have revealed.
struct Watched {
    world: World,
    other: Judge,
    reveals: Reveals,
}

impl Watched {
    async fn new(db: PgPool) -> Self {
        let world = World::new(db).await;
        let other = Judge::new(&world.db, "other").await;
        Self { world, other, reveals: Reveals::default() }
    }

    async fn reveal(&self, judge: &Judge, media: MediaId) -> Result<Reveal> {
        safety::reveal(&judge.db, &judge.by, &self.reveals, media, None, Instant::now()).await
    }

    async fn conceal(&self, reveal: &Reveal) {
        let admin = &self.world.admin;
        safety::conceal(&admin.db, &admin.by, &self.reveals, &reveal.token).await.expect("concealed");
    }

    /// A look that the admin began so many seconds ago and that lasted.
    async fn looked(&self, media: MediaId, seconds_ago: i32, lasted: i32) {
        sqlx::query(
            "insert into console.reveal (media_id, category, operator, user_id, began_at, ends_by, ended_at)
             select $1, '', $2, $3, at, at + make_interval(secs => $5), at + make_interval(secs => $5)
               from (values (clock_timestamp() - make_interval(secs => $4))) as began (at)",
        )
        .bind(media.0)
        .bind(&self.world.admin.by.username)
        .bind(self.world.admin.by.user_id.0)
        .bind(f64::from(seconds_ago))
        .bind(f64::from(lasted))
        .execute(&self.world.db)
        .await
        .expect("a look");
    }

    /// What was done to which medium, and for how many seconds it was seen.
    async fn log(&self) -> Vec<(String, i64, Option<f64>)> {
        query_as(
            "select action, subject_id, (after ->> 'seconds')::double precision from console.audit_entry order by id",
        )
        .fetch_all(&self.world.db)
        .await
        .expect("the log")
    }
}

async fn set(by: &Judge, reviewer: Option<&Judge>, numbers: [i32; 3]) -> Result<()> {
    set_for(by, reviewer, "", numbers).await
}

async fn set_for(by: &Judge, reviewer: Option<&Judge>, category: &str, numbers: [i32; 3]) -> Result<()> {
    let [items, seconds, look_seconds] = numbers;
    let reviewer = reviewer.map(|judge| judge.by.username.clone());
    let budget = Budget { reviewer, category: category.into(), items, seconds, look_seconds };
    safety::set_budget(&by.db, &by.by, &budget).await
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn how_long_a_look_was_is_in_the_log_once(db: PgPool) {
    let watched = Watched::new(db).await;
    let world = &watched.world;
    let media = world.flagged().await;
    let reveal = watched.reveal(&world.admin, media).await.expect("revealed");
    for _ in 0..2 {
        watched.conceal(&reveal).await;
    }

    let log = watched.log().await;
    assert_eq!(log.len(), 2, "{log:?}");
    assert_eq!((log[0].0.as_str(), log[0].1), ("safety.reveal", media.0));
    let (action, subject, seconds) = &log[1];
    assert_eq!((action.as_str(), *subject), ("safety.conceal", media.0));
    assert!(seconds.is_some_and(|seconds| (0.0..20.0).contains(&seconds)), "{seconds:?}");
    assert_eq!(watched.reveals.shown(&reveal.token, Instant::now()), None);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_look_whose_end_nobody_said_counts_in_full(db: PgPool) {
    let watched = Watched::new(db).await;
    let world = &watched.world;
    let (first, second) = (world.flagged().await, world.flagged().await);
    watched.reveal(&world.admin, first).await.expect("revealed");
    // As if the window had gone away an hour quarter ago.
    run(
        &world.db,
        "insert into console.reveal (media_id, category, operator, user_id, began_at, ends_by)
         select $1, '', operator, user_id, began_at - interval '15 minutes', began_at - interval '15 minutes' + interval '20 seconds'
           from console.reveal",
        first.0,
    )
    .await;

    watched.reveal(&world.admin, second).await.expect("revealed");

    let left = safety::reveals_left(&world.admin.db, &world.admin.by).await.expect("left");
    assert_eq!((left.items, left.of_items, left.of_seconds), (118, 120, 600));
    assert!((570..=580).contains(&left.seconds), "{left:?}");
    let ended: Vec<f64> = watched.log().await.into_iter().filter_map(|(.., seconds)| seconds).collect();
    assert!(ended.contains(&20.0) && ended.len() == 2, "{ended:?}");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn who_has_seen_enough_in_an_hour_is_told_so_and_others_go_on(db: PgPool) {
    let watched = Watched::new(db).await;
    let Watched { world, other, .. } = &watched;
    let (seen, new) = (world.flagged().await, world.flagged().await);
    set(other, None, [2, 30, 20]).await.expect("set");
    watched.looked(world.flagged().await, 3_590, 5).await;
    watched.looked(seen, 100, 5).await;

    // So many media, and no other; what was seen may be looked at again.
    let refused = watched.reveal(&world.admin, new).await.expect_err("two were seen");
    assert!(
        matches!(&refused, Error::Spent(said) if said.contains("2 unsafe media for 10 s ") && said.contains("of 1 min,")),
        "{refused:?}"
    );
    watched.reveal(&world.admin, seen).await.expect("seen before");
    watched.reveal(other, new).await.expect("somebody else");
    // So many seconds, whatever was seen.
    watched.looked(seen, 60, 25).await;
    let refused = watched.reveal(&world.admin, seen).await.expect_err("35 seconds of 30");
    assert!(matches!(refused, Error::Spent(_)), "{refused:?}");
    // What is an hour ago is over.
    let older =
        "update console.reveal set began_at = began_at - interval '2 hours', ends_by = ends_by - interval '2 hours',
                     ended_at = ended_at - interval '2 hours'
                  where user_id = $1";
    sqlx::query("alter table console.reveal disable trigger ends_once")
        .execute(&world.db)
        .await
        .expect("as nobody else may");
    run(&world.db, older, world.admin.by.user_id.0).await;
    watched.reveal(&world.admin, new).await.expect("an hour later");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_look_lasts_as_long_as_is_set_and_no_longer_than_the_rest_of_the_hour_s_seconds(db: PgPool) {
    let watched = Watched::new(db).await;
    let Watched { world, other, .. } = &watched;
    let media = world.flagged().await;
    let lasts = async || {
        let reveal = watched.reveal(&world.admin, media).await.expect("revealed");
        watched.conceal(&reveal).await;
        Duration::from_millis(reveal.expires_in_ms.into())
    };
    assert_eq!(lasts().await, Duration::from_secs(20));
    set(other, Some(&world.admin), [120, 600, 7]).await.expect("set");
    assert_eq!(lasts().await, Duration::from_secs(7));
    watched.looked(media, 900, 596).await;
    let rest = lasts().await;
    assert!(rest < Duration::from_secs(4) && rest > Duration::from_secs(1), "{rest:?}");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn nobody_lifts_their_own_budget(db: PgPool) {
    let watched = Watched::new(db).await;
    let Watched { world, other, .. } = &watched;
    let of = async |who: &Judge| {
        let left = safety::reveals_left(&who.db, &who.by).await.expect("left");
        (left.of_items, left.of_seconds)
    };
    let own = set(&world.admin, Some(&world.admin), [1_000, 3_600, 60]).await;
    assert!(matches!(&own, Err(Error::Invalid(said)) if said.contains("another admin")), "{own:?}");
    // For everybody, it is so for everybody else; less is so for oneself, too.
    set(&world.admin, None, [500, 1_200, 20]).await.expect("set");
    assert_eq!((of(&world.admin).await, of(other).await), ((120, 600), (500, 1_200)));
    set(&world.admin, None, [50, 300, 20]).await.expect("set");
    assert_eq!((of(&world.admin).await, of(other).await), ((50, 300), (50, 300)));
    // Somebody's own comes before everybody's.
    set(other, Some(&world.admin), [200, 900, 20]).await.expect("set");
    set(other, None, [10, 60, 20]).await.expect("set");
    assert_eq!(of(&world.admin).await, (200, 900));

    let count: i64 = query_scalar("select count(*) from console.audit_entry where action = 'safety.budget'")
        .fetch_one(&world.db)
        .await
        .expect("a number");
    assert_eq!(count, 4);
    for sql in [
        "insert into console.reveal_budget (category, items, seconds, look_seconds) values ('', 9, 9, 9)",
        "delete from console.reveal",
        "update console.reveal set ended_at = began_at",
        "select console.revealed(1, '')",
    ] {
        let refused = sqlx::query(sql).execute(&world.admin.db).await.map_err(Error::from);
        assert!(matches!(refused, Err(Error::Forbidden(_))), "{sql}: {refused:?}");
    }
    for numbers in [[-1, 60, 5], [10_001, 60, 5], [1, 3_601, 5], [1, 60, 0], [1, 60, 61]] {
        let refused = set(other, None, numbers).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{numbers:?}: {refused:?}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_category_has_a_budget_of_its_own_beside_that_of_all(db: PgPool) {
    let watched = Watched::new(db).await;
    let Watched { world, other, .. } = &watched;
    world.name(&world.admin).await;
    let (one, two, else_where) = (world.flagged().await, world.flagged().await, world.flagged().await);
    for media in [one, two] {
        let policy = world.policy("child_safety_danger").await;
        safety::report(&world.admin.db, &world.admin.by, &[media], policy, "alone at the pool")
            .await
            .expect("reported");
    }
    set_for(other, None, "child_safety", [1, 60, 3]).await.expect("set");

    let look = watched.reveal(&world.admin, one).await.expect("revealed");
    assert_eq!(look.expires_in_ms, 3_000);
    let refused = watched.reveal(&world.admin, two).await.map(drop);
    assert!(matches!(refused, Err(Error::Spent(_))), "{refused:?}");
    let look = watched.reveal(&world.admin, else_where).await.expect("of no category");
    assert_eq!(look.expires_in_ms, 20_000);
    // Who is not named for it does not get to it at all.
    let refused = watched.reveal(other, one).await.map(drop);
    assert!(matches!(refused, Err(Error::NotFound(_))), "{refused:?}");
}
