//! How quick the queues of faces are, candidates, and a decision on thousands: `scripts/bench faces` loads the data and runs it.
//!
//! `DATABASE_URL` names a loaded database, as its superuser. Enrolments are added to it until there are `ENROLLED`.

mod figure;
mod operator;

use std::time::{Duration, Instant};

use kaleidoscope_console::{
    access::Operator,
    db::{FaceId, RowVersion, Seen, UserId},
    faces::{self, FaceCursor, FaceQuery, Holder, Order, Queue, Said},
};
use sqlx::{AssertSqlSafe, PgPool, query, query_as, query_scalar};

use self::{
    figure::{Bar, figure, median, p95},
    operator::admin,
};

const REPEATS: usize = 5;
/// What the stream asks for at once
const PAGE: i64 = 40;
/// Windows of each order
const WINDOWS: usize = 20;
const ENROLLED: i64 = 100_000;
const EXAMPLES: i64 = 60;
const NEAREST: i64 = 10;
const BULK: i64 = 5_000;

#[tokio::main]
async fn main() {
    let address = std::env::var("DATABASE_URL").expect("DATABASE_URL is not set: run scripts/bench faces");
    let owner = PgPool::connect_with(address.parse().expect("an address")).await.expect("PostgreSQL");
    let (by, db) = admin(&owner).await;
    let faces: i64 =
        query_scalar("select count(*) from media_detected_faces").fetch_one(&owner).await.expect("a number");
    println!("  {faces} faces");
    enrol(&owner).await;
    query("analyze").execute(&owner).await.expect("statistics");

    let mut short = queues(&owner, &db, &by).await;
    short |= candidates(&owner, &db, &by).await;
    short |= bulk(&owner, &db, &by).await;
    std::process::exit(i32::from(short));
}

/// People and enrolments that nobody looks like.
async fn enrol(owner: &PgPool) {
    let enrolled: i64 = query_scalar("select count(*) from user_face_embeddings where is_active")
        .fetch_one(owner)
        .await
        .expect("a number");
    query(
        "with people as (
             insert into users (username, email, password, full_name, role, account_status)
             select 'enrolled_' || n, 'enrolled_' || n || '@example.org', '', '', 'USER', 'ACTIVE'
               from generate_series(1, $1) as n
             returning user_id
         )
         insert into user_face_embeddings (user_id, embedding)
         select user_id, l2_normalize(drawn.numbers::vector)
           from people
          cross join lateral (
                select array_agg(random() - 0.5) as numbers from generate_series(1, 1024 + 0 * people.user_id)
                ) as drawn",
    )
    .bind(ENROLLED - enrolled)
    .execute(owner)
    .await
    .expect("enrolled");
}

/// A window of each queue and order, from places all over it, beside the bare statement that finds the same faces.
async fn queues(owner: &PgPool, db: &PgPool, by: &Operator) -> bool {
    let bare = "select id from media_detected_faces
                 where status = 'SUGGESTED'
                   and console.certainty(confidence_score) <= $1
                   and (console.certainty(confidence_score) < $1 or id > $2)
                 order by console.certainty(confidence_score) desc, id
                 limit $3";
    let places: Vec<(f64, i64, i64)> = query_as(
        "select console.certainty(confidence_score), id, suggested_user_id from media_detected_faces
          where status = 'SUGGESTED' and suggested_user_id is not null order by hashtextextended(id::text, 3) limit $1",
    )
    .bind(i64::try_from(WINDOWS).expect("few"))
    .fetch_all(owner)
    .await
    .expect("places");
    let (mut ours, mut bares) = (Vec::new(), Vec::new());
    for order in [Order::Certain, Order::Uncertain, Order::Newest, Order::Impact] {
        let asked = FaceQuery { queue: Queue::Suggested, order, ..FaceQuery::default() };
        // What the order by impact needs is counted once a minute, by whoever comes first.
        faces::waiting(db, by, &Holder::new(), &asked, None, 1).await.expect("a window");
        for &(certainty, id, person) in &places {
            let impact: i32 = query_scalar("select suggested from console.person_waiting where person_id = $1")
                .bind(person)
                .fetch_optional(owner)
                .await
                .expect("a number")
                .unwrap_or_default();
            let after = FaceCursor { impact, person: Some(UserId(person)), certainty, id: FaceId(id) };
            let (mut own, mut alone) = (Vec::new(), Vec::new());
            for _ in 0..REPEATS {
                let began = Instant::now();
                let window = faces::waiting(db, by, &Holder::new(), &asked, Some(after), PAGE).await.expect("a window");
                own.push(began.elapsed());
                assert!(window.faces.len() <= usize::try_from(PAGE).expect("few"));
                query("delete from console.face_lease").execute(owner).await.expect("free again");
                let began = Instant::now();
                query(bare).bind(certainty).bind(id).bind(PAGE).fetch_all(owner).await.expect("faces");
                alone.push(began.elapsed());
            }
            ours.push(median(&mut own));
            bares.push(median(&mut alone));
        }
    }
    let note = format!(
        "{} windows of {PAGE}, leased, with people; {:.1} ms for the bare ids; medians of {REPEATS}",
        ours.len(),
        p95(&mut bares)
    );
    figure("faces_queue_page_p95", p95(&mut ours), "ms", Bar::AtMost(20.0), &note)
}

/// The ten nearest people to faces, beside the exact ones.
async fn candidates(owner: &PgPool, db: &PgPool, by: &Operator) -> bool {
    let examples: Vec<i64> =
        query_scalar("select id from media_detected_faces order by hashtextextended(id::text, 5) limit $1")
            .bind(EXAMPLES)
            .fetch_all(owner)
            .await
            .expect("faces");
    let exact = "select e.user_id from user_face_embeddings as e join users as u using (user_id)
                  where e.is_active and u.account_status = 'ACTIVE'
                  order by e.embedding <=> (select embedding from media_detected_faces where id = $1) limit $2";
    let (mut times, mut bares, mut found, mut all) = (Vec::new(), Vec::new(), 0_usize, 0_usize);
    for id in examples {
        let began = Instant::now();
        let nearest: Vec<i64> = {
            let mut tx = owner.begin().await.expect("begun");
            query("set local enable_indexscan = off").execute(&mut *tx).await.expect("exact");
            query_scalar(exact).bind(id).bind(NEAREST).fetch_all(&mut *tx).await.expect("people")
        };
        bares.push(began.elapsed());
        let mut took = Vec::new();
        let mut proposed = Vec::new();
        for _ in 0..REPEATS {
            let began = Instant::now();
            proposed = faces::candidates(db, by, FaceId(id)).await.expect("candidates");
            took.push(began.elapsed());
        }
        times.push(median(&mut took));
        // One for each of the keys 1 to 9 is shown.
        let nearest = &nearest[..proposed.len().min(nearest.len())];
        all += nearest.len();
        found += nearest.iter().filter(|user| proposed.iter().any(|one| one.person.id.0 == **user)).count();
    }
    let note =
        format!("{EXAMPLES} faces among {ENROLLED} enrolments, medians of {REPEATS}; exact: {:.0} ms", p95(&mut bares));
    let short = figure("faces_candidates_p95", p95(&mut times), "ms", Bar::AtMost(15.0), &note);
    #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
    let recall = found as f64 / all as f64;
    short | figure("faces_candidates_recall", recall, "share", Bar::AtLeast(0.99), &format!("of {all} exact ones"))
}

/// Thousands of faces of one person, each on a photo of its own, confirmed at once.
async fn bulk(owner: &PgPool, db: &PgPool, by: &Operator) -> bool {
    let person: i64 = query_scalar("select min(user_id) from user_face_embeddings where is_active")
        .fetch_one(owner)
        .await
        .expect("somebody");
    let mut times = Vec::new();
    for round in 0..3_i64 {
        let faces: Vec<(i64, String)> = query_as(AssertSqlSafe(format!(
            "with chosen as (
                 select distinct on (media_id) id
                   from media_detected_faces as f
                  where status = 'SUGGESTED'
                    and media_id % 3 = {round}
                    and not exists (select from media_detected_faces as other
                                     where other.media_id = f.media_id and other.identified_user_id = $1)
                  order by media_id, id
                  limit $2
             )
             update media_detected_faces as f set suggested_user_id = $1 from chosen where f.id = chosen.id
             returning f.id, f.xmin::text"
        )))
        .bind(person)
        .bind(BULK)
        .fetch_all(owner)
        .await
        .expect("suggested");
        let seen: Vec<Seen<FaceId>> =
            faces.into_iter().map(|(id, version)| Seen { id: FaceId(id), version: RowVersion(version) }).collect();
        let entries = count_entries(owner).await;
        let mut connection = db.acquire().await.expect("connected");
        let began = Instant::now();
        let decided =
            faces::decide_many(&mut connection, by, &seen, Said::Is(UserId(person))).await.expect("confirmed");
        times.push(began.elapsed());
        assert_eq!(i64::try_from(decided.done.len()).expect("few"), BULK, "{:?}", decided.skipped.first());
        assert_eq!(count_entries(owner).await - entries, BULK, "one entry of the log for each");
    }
    let longest = times.iter().max().map_or(0.0, Duration::as_secs_f64);
    figure(
        "faces_bulk",
        longest,
        "s",
        Bar::AtMost(2.0),
        &format!("{BULK} faces, the longest of {} decisions", times.len()),
    )
}

async fn count_entries(owner: &PgPool) -> i64 {
    query_scalar("select count(*) from console.audit_entry").fetch_one(owner).await.expect("a number")
}
