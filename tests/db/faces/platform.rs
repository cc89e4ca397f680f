//! On the platform's own faces, whose truth is known: every hostile one is listed, and who answers rightly leaves nothing wrong.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    time::Duration,
};

use kaleidoscope_console::{
    access::{Operator, Role},
    db::{FaceId, MIGRATOR, Seen, UserId},
    faces::{self, ConflictKind, FaceQuery, FaceStatus, Holder, Queue, Said, WaitingFace},
};
use sqlx::{PgPool, query_as, query_scalar};

use crate::{
    database::Database,
    loaded::{load, load_with_truth, program},
    rows::{operator, work_off, work_off_within},
};

/// Of the worker on all that was loaded
const PATIENCE: Duration = Duration::from_mins(15);
/// More than people are near to any face
const ROUNDS: u32 = 12;

#[tokio::test]
async fn every_hostile_face_is_a_conflict_with_what_is_wrong() {
    let database = Database::create("kaleidoscope_face_conflicts").await;
    load(&database, 200, "http://127.0.0.1:8900");
    let db = database.pool().await;
    MIGRATOR.run(&db).await.expect("migrated");
    work_off(&db, None).await;

    let faces: Vec<(String, Vec<String>)> = query_as(
        "select m.extra_metadata ->> 'hostile', array_agg(distinct c.kind) filter (where c.kind is not null)
           from post_media as m
           join media_detected_faces as f using (media_id)
           left join console.face_conflict as c on c.face_id = f.id
          where m.extra_metadata ? 'hostile'
          group by 1",
    )
    .fetch_all(&db)
    .await
    .map(|rows: Vec<(String, Option<Vec<String>>)>| {
        rows.into_iter().map(|(case, kinds)| (case, kinds.unwrap_or_default())).collect()
    })
    .expect("cases");
    let listed: BTreeMap<String, Vec<String>> = faces.into_iter().collect();
    for (case, kind) in [
        ("bbox partly outside", "outside"),
        ("bbox negative origin", "outside"),
        ("bbox wholly outside", "outside"),
        ("bbox far outside", "outside"),
        ("bbox larger than picture", "outside"),
        ("bbox of three", "box"),
        ("bbox of five", "box"),
        ("bbox negative width", "box"),
        ("bbox zero width", "box"),
        ("bbox empty", "box"),
        ("bbox null element", "box"),
        ("bbox two-dimensional", "box"),
        ("face embedding zero", "vector"),
        ("face embedding tiny", "vector"),
        ("SUGGESTED nobody", "nobody"),
        ("CONFIRMED nobody", "nobody"),
        ("CONFIRMED, confidence null", "score"),
        ("CONFIRMED, confidence NaN", "score"),
        ("CONFIRMED, confidence 1.7", "score"),
        ("CONFIRMED and suggested", "status"),
        ("UNIDENTIFIED but identified", "status"),
        ("same user confirmed twice", "twice"),
    ] {
        let kinds = listed.get(case).unwrap_or_else(|| panic!("{case} is not among {:?}", listed.keys()));
        assert!(kinds.iter().any(|listed| listed == kind), "{case} is listed as {kinds:?}");
    }
    db.close().await;
}

/// Who each face is; `None` for a stranger.
pub(super) fn read_truth(file: &Path) -> BTreeMap<i64, Option<i64>> {
    let lines = fs::read_to_string(file).expect("the truth");
    lines
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("a line"))
        .filter_map(|line| Some((line["face_id"].as_i64()?, line["user_id"].as_i64())))
        .collect()
}

/// Somebody who knows everybody, sees unsafe media, too, and answers by the keys of the stream.
struct Moderator {
    by: Operator,
    db: PgPool,
    holder: Holder,
    truth: BTreeMap<i64, Option<i64>>,
    /// Every key: for a verdict, for one that was refused, for a dismissal, and to skip.
    presses: u32,
    /// What was written in this round
    written: u32,
    /// Every face that a queue has shown
    shown: BTreeSet<i64>,
    decided: BTreeSet<i64>,
    /// What was not written in the last round, and why: face, what was to be said, sentence.
    refused: Vec<(i64, String, String)>,
}

impl Moderator {
    /// Goes through a queue once.
    async fn work_on(&mut self, queue: Queue) {
        let asked = FaceQuery { queue, ..FaceQuery::default() };
        let mut after = None;
        loop {
            let window = faces::waiting(&self.db, &self.by, &self.holder, &asked, after, 100).await.expect("a window");
            for waiting in window.faces {
                self.answer(waiting).await;
            }
            after = window.next;
            if after.is_none() {
                return;
            }
        }
    }

    async fn answer(&mut self, waiting: WaitingFace) {
        let face = waiting.face.id.0;
        self.shown.insert(face);
        self.presses += 1;
        let said = self.said(&waiting).await;
        let seen = Seen { id: waiting.face.id, version: waiting.face.version };
        let mut connection = self.db.acquire().await.expect("connected");
        let outcome = match said {
            Some(said) => faces::decide(&mut connection, &self.by, &seen, said).await.map(drop),
            None => faces::dismiss(&mut connection, &self.by, &seen).await.map(drop),
        };
        match outcome {
            Ok(()) => {
                self.written += 1;
                if said.is_some() && self.truth.contains_key(&face) {
                    self.decided.insert(face);
                }
            }
            Err(error) => {
                // It stays on the screen, and is skipped.
                self.presses += 1;
                self.refused.push((face, format!("{said:?}"), error.to_string()));
            }
        }
    }

    /// What there is to say, with one key; nothing where what is listed may stand.
    async fn said(&self, waiting: &WaitingFace) -> Option<Said> {
        let proposed = waiting.proposed.as_ref().map(|proposed| proposed.person.id.0);
        let Some(&truth) = self.truth.get(&waiting.face.id.0) else {
            return waiting.conflicts.is_empty().then_some(Said::Nobody);
        };
        let Some(person) = truth else { return Some(Said::Nobody) };
        if waiting.conflicts.iter().any(|found| found.kind == ConflictKind::Account) && proposed == Some(person) {
            return None;
        }
        if proposed == Some(person) || self.is_candidate(waiting.face.id, person).await {
            return Some(Said::Is(UserId(person)));
        }
        let is_named = proposed.is_some() || waiting.face.status == FaceStatus::Confirmed;
        (is_named || waiting.conflicts.is_empty()).then_some(Said::IsNot(proposed.map(UserId)))
    }

    /// Whether one of the keys 1 to 9 says so.
    async fn is_candidate(&self, face: FaceId, person: i64) -> bool {
        let candidates = faces::candidates(&self.db, &self.by, face).await.expect("candidates");
        candidates.iter().take(9).any(|candidate| candidate.person.id.0 == person)
    }

    /// Whoever confirmed it: what a queue has shown is right by now, or nobody's.
    async fn has_overlooked_nothing(&self, db: &PgPool) {
        let now = decided_now(db).await;
        let overlooked: Vec<(&i64, &i64)> = self
            .shown
            .iter()
            .filter_map(|face| Some((face, now.get(face)?.as_ref()?)))
            .filter(|(face, person)| self.truth.get(face).is_some_and(|truth| *truth != Some(**person)))
            .collect();
        assert!(overlooked.is_empty(), "shown, confirmed and wrong: {overlooked:?}");
    }

    /// Of those that are decided rightly. Who is not enrolled, or can't be named, is no candidate: of them it is right that the face is
    /// nobody's.
    async fn keys_for_each_face(&self, db: &PgPool) -> f64 {
        let now = decided_now(db).await;
        let nameable: BTreeSet<i64> = query_scalar(
            "select e.user_id from user_face_embeddings as e join users as u using (user_id)
              where e.is_active and u.account_status = 'ACTIVE'",
        )
        .fetch_all(db)
        .await
        .expect("people")
        .into_iter()
        .collect();
        let right = self.decided.iter().filter(|face| match (self.truth[*face], now.get(*face)) {
            (truth, Some(Some(person))) => truth == Some(*person),
            (Some(person), Some(None)) => !nameable.contains(&person),
            (None, Some(None)) => true,
            (_, None) => false,
        });
        let right = u32::try_from(right.count()).expect("few");
        let presses = f64::from(self.presses) / f64::from(right);
        println!(
            "{presses:.3} key presses for each of {right} faces decided rightly, of {} decided; {} keys, {} faces shown",
            self.decided.len(),
            self.presses,
            self.shown.len()
        );
        presses
    }
}

/// Who each face is confirmed to be, of those that wait for nobody.
async fn decided_now(db: &PgPool) -> BTreeMap<i64, Option<i64>> {
    let faces: Vec<(i64, Option<i64>)> = query_as(
        "select id, case when status = 'CONFIRMED' then identified_user_id end
           from media_detected_faces
          where status <> 'SUGGESTED'",
    )
    .fetch_all(db)
    .await
    .expect("faces");
    faces.into_iter().collect()
}

#[tokio::test]
async fn who_answers_from_the_truth_leaves_nothing_wrong_and_needs_about_a_key_for_each_face() {
    answers_from_the_truth("kaleidoscope_face_truth", 1_500).await;
}

#[tokio::test]
#[ignore = "takes minutes: run it by its name with --ignored"]
async fn who_answers_from_the_truth_of_twenty_thousand_media_leaves_nothing_wrong() {
    answers_from_the_truth("kaleidoscope_face_truth_of_all", 20_000).await;
}

async fn answers_from_the_truth(name: &'static str, media: u32) {
    let database = Database::create(name).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("truth.jsonl");
    load_with_truth(&database, media, &file);
    let db = database.pool().await;
    MIGRATOR.run(&db).await.expect("migrated");
    work_off_within(PATIENCE, &db, None).await;
    let (by, as_by) = operator(&db, "knows", Role::Admin).await;
    let mut moderator = Moderator {
        by,
        db: as_by,
        holder: Holder::new(),
        truth: read_truth(&file),
        presses: 0,
        written: 0,
        shown: BTreeSet::new(),
        decided: BTreeSet::new(),
        refused: Vec::new(),
    };

    // What is turned down may come again with the next person who is near: until nothing does.
    for round in 1..=ROUNDS {
        moderator.refused.clear();
        moderator.written = 0;
        for queue in [Queue::Suggested, Queue::Near, Queue::Conflicts] {
            moderator.work_on(queue).await;
        }
        work_off_within(PATIENCE, &db, None).await;
        println!("round {round}: {} keys by now, {} written in it", moderator.presses, moderator.written);
        if moderator.written == 0 {
            break;
        }
    }

    let confirmed: Vec<(i64, i64)> = query_as(
        "select f.id, f.identified_user_id
           from media_detected_faces as f
          where f.status = 'CONFIRMED'
            and exists (select from console.face_verdict as v where v.face_id = f.id and v.judgement = 'is')",
    )
    .fetch_all(&db)
    .await
    .expect("faces");
    assert!(confirmed.len() > 200, "{} faces were confirmed", confirmed.len());
    let wrong: Vec<&(i64, i64)> = confirmed
        .iter()
        .filter(|(face, person)| moderator.truth.get(face).is_some_and(|truth| *truth != Some(*person)))
        .collect();
    assert!(wrong.is_empty(), "confirmed and wrong: {wrong:?}");
    moderator.has_overlooked_nothing(&db).await;
    // Whose account is suspended can't be named: those wait under conflicts for the account.
    let left: Vec<i64> = query_scalar(
        "select id from media_detected_faces where status = 'SUGGESTED'
         union
         select face_id from console.face_near
         except
         select face_id from console.face_conflict where kind = 'account'",
    )
    .fetch_all(&db)
    .await
    .expect("faces");
    let left: Vec<&i64> = left.iter().filter(|face| moderator.truth.contains_key(face)).collect();
    assert!(left.is_empty(), "still waiting: {left:?}; refused: {:?}", moderator.refused);
    let presses = moderator.keys_for_each_face(&db).await;
    assert!(presses < 1.2, "{presses}");

    let graded = program()
        .args(["grade", "--dsn", &database.url(), "--truth"])
        .arg(&file)
        .output()
        .expect("the platform's program starts");
    let graded: serde_json::Value = serde_json::from_slice(&graded.stdout).expect("a grade");
    println!("{graded}");
    let precision = graded["confirmed"]["precision"].as_f64().expect("a number");
    assert!(precision > 0.99, "what the AI confirmed by itself stays: {graded}");
    moderator.db.close().await;
    db.close().await;
}
