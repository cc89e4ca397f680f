//! On the platform's own faces, whose truth is known: every hostile one is listed, and who answers rightly leaves nothing wrong.

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use kaleidoscope_console::{
    access::{Operator, Role},
    db::{FaceId, MIGRATOR, Seen, UserId},
    faces::{self, FaceQuery, Holder, Queue, Said, WaitingFace},
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

/// Somebody who knows everybody, and sees unsafe media, too.
struct Moderator {
    by: Operator,
    db: PgPool,
    holder: Holder,
    truth: BTreeMap<i64, Option<i64>>,
    presses: u32,
    right: u32,
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
                self.decide(queue, waiting).await;
            }
            after = window.next;
            if after.is_none() {
                return;
            }
        }
    }

    async fn decide(&mut self, queue: Queue, waiting: WaitingFace) {
        let Some(&truth) = self.truth.get(&waiting.face.id.0) else { return };
        let proposed = waiting.proposed.as_ref().map(|proposed| proposed.person.id.0);
        let said = match truth {
            Some(person) if proposed == Some(person) => Said::Is(UserId(person)),
            Some(person) if queue != Queue::Conflicts && self.is_candidate(waiting.face.id, person).await => {
                Said::Is(UserId(person))
            }
            Some(_) => Said::IsNot(proposed.map(UserId)),
            None => Said::Nobody,
        };
        let seen = Seen { id: waiting.face.id, version: waiting.face.version };
        let mut connection = self.db.acquire().await.expect("connected");
        self.presses += 1;
        match faces::decide(&mut connection, &self.by, &seen, said).await {
            Ok(_) => self.right += 1,
            Err(error) => self.refused.push((waiting.face.id.0, format!("{said:?}"), error.to_string())),
        }
    }

    /// Whether one of the keys 1 to 9 says so.
    async fn is_candidate(&self, face: FaceId, person: i64) -> bool {
        let candidates = faces::candidates(&self.db, &self.by, face).await.expect("candidates");
        candidates.iter().take(9).any(|candidate| candidate.person.id.0 == person)
    }
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
        right: 0,
        refused: Vec::new(),
    };

    // What is turned down may come again with the next person who is near: until nothing does.
    for _ in 0..ROUNDS {
        let before = moderator.right;
        moderator.refused.clear();
        for queue in [Queue::Suggested, Queue::Near, Queue::Conflicts] {
            moderator.work_on(queue).await;
        }
        work_off_within(PATIENCE, &db, None).await;
        if moderator.right == before {
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
    let presses = f64::from(moderator.presses) / f64::from(moderator.right);
    println!("{presses:.3} key presses for each of {} faces decided rightly", moderator.right);
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
