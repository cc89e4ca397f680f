//! Who is on the photo, as far as enrolments tell: the nearest ones to each face, decided for all faces of a photo together,
//! under what humans have said.

mod assign;
mod queries;

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{PgConnection, PgPool};

use self::{
    assign::{Candidate, assign},
    queries::{FaceRow, Match},
};
use super::FaceStatus;
use crate::error::Result;

/// Photos matched in one go, half of them on a connection of their own.
const BATCH: i64 = 128;
/// Attempts at photos that somebody else is writing to.
const ATTEMPTS: usize = 5;
/// With so many enrolments at once, looking at all photos takes less time than looking for each one's faces.
const MANY_USERS: usize = 400;
/// Faces looked at in one statement.
const CHUNK: i64 = 4_000;

/// What matching came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Matched {
    pub photos: u64,
    pub faces: u64,
    /// Faces that are said to be somebody else now, or nobody.
    pub changed: u64,
    pub confirmed: u64,
    pub suggested: u64,
    pub unidentified: u64,
    /// Photos that were being written to all the time.
    pub busy: u64,
}

impl Matched {
    fn count(&mut self, status: FaceStatus) {
        self.faces += 1;
        match status {
            FaceStatus::Confirmed => self.confirmed += 1,
            FaceStatus::Suggested => self.suggested += 1,
            FaceStatus::Unidentified => self.unidentified += 1,
        }
    }

    fn add(&mut self, other: Self) {
        self.photos += other.photos;
        self.faces += other.faces;
        self.changed += other.changed;
        self.confirmed += other.confirmed;
        self.suggested += other.suggested;
        self.unidentified += other.unidentified;
    }
}

/// Matches the faces of all photos. `progress` is told after each batch how many photos of how many are done.
///
/// # Errors
/// When PostgreSQL refuses; what was matched until then stays.
pub async fn match_faces(db: &PgPool, mut progress: impl FnMut(u64, u64)) -> Result<Matched> {
    let total = queries::photos_with_faces(db).await?;
    let (mut sum, mut busy, mut after, mut seen) = (Matched::default(), Vec::new(), 0, 0);
    loop {
        let photos = queries::photos_after(db, after, BATCH).await?;
        let Some(&last) = photos.last() else { break };
        after = last;
        seen += photos.len() as u64;
        let (some, others) = photos.split_at(photos.len() / 2);
        for (matched, again) in <[_; 2]>::from(tokio::try_join!(match_photos(db, some), match_photos(db, others))?) {
            sum.add(matched);
            busy.extend(again);
        }
        progress(seen.min(total), total);
    }
    for _ in 0..ATTEMPTS {
        if busy.is_empty() {
            break;
        }
        let (matched, again) = match_photos(db, &busy).await?;
        sum.add(matched);
        busy = again;
    }
    sum.busy = busy.len() as u64;
    Ok(sum)
}

/// What is known of the faces of some photos.
struct Known {
    by_photo: BTreeMap<i64, Vec<FaceRow>>,
    /// Who a human said that a face is, if anybody.
    decided: BTreeMap<i64, Option<i64>>,
    /// Without those who were turned down.
    candidates: BTreeMap<i64, Vec<Candidate>>,
}

impl Known {
    async fn read(db: &mut PgConnection, photos: &[i64]) -> Result<Self> {
        let mut faces = queries::faces(db, photos).await?;
        let verdicts = queries::verdicts(db, photos).await?;
        let near = queries::nearest(db, photos).await?;
        let mut rejected: BTreeSet<(i64, i64)> = BTreeSet::new();
        let mut decided: BTreeMap<i64, Option<i64>> = BTreeMap::new();
        // Of several words by humans on who it is the newest comes last.
        for verdict in verdicts {
            match verdict.person_id {
                Some(person) if verdict.is_rejection => {
                    rejected.insert((verdict.face_id, person));
                }
                person => {
                    decided.insert(verdict.face_id, person);
                }
            }
        }
        // A human knows better than who named somebody that was never enrolled.
        for face in &mut faces {
            let named = face.identified_user_id;
            face.is_named_by_others &= named.is_none_or(|person| !rejected.contains(&(face.id, person)));
        }
        let mut candidates: BTreeMap<i64, Vec<Candidate>> = BTreeMap::new();
        for near in near.into_iter().filter(|near| !rejected.contains(&(near.face_id, near.person_id))) {
            candidates
                .entry(near.face_id)
                .or_default()
                .push(Candidate { person: near.person_id, similarity: near.similarity });
        }
        let mut by_photo: BTreeMap<i64, Vec<FaceRow>> = BTreeMap::new();
        for face in faces {
            by_photo.entry(face.media_id).or_default().push(face);
        }
        Ok(Self { by_photo, decided, candidates })
    }
}

/// Matches the faces of these photos; and which of them somebody else was writing to, to be tried again.
pub(crate) async fn match_photos(db: &PgPool, photos: &[i64]) -> Result<(Matched, Vec<i64>)> {
    let mut connection = db.acquire().await?;
    queries::keep_boxes(&mut connection, photos).await?;
    let known = Known::read(&mut connection, photos).await?;
    let planned: BTreeMap<i64, Vec<Match>> =
        known.by_photo.iter().map(|(&photo, faces)| (photo, plan(faces, &known.decided, &known.candidates))).collect();
    let changes: BTreeMap<i64, Vec<&Match>> = planned
        .iter()
        .map(|(&photo, matches)| (photo, matches.iter().filter(|plan| plan.is_change).collect::<Vec<_>>()))
        .filter(|(_, changes)| !changes.is_empty())
        .collect();
    let busy = write(&mut connection, &known.by_photo, &changes).await?;

    let done: Vec<i64> = photos.iter().copied().filter(|photo| !busy.contains(photo)).collect();
    let matches = || planned.iter().filter(|(photo, _)| !busy.contains(*photo)).flat_map(|(_, matches)| matches);
    let near: Vec<(i64, Candidate)> = matches().filter_map(|plan| Some((plan.face, plan.near?))).collect();
    list(&mut connection, &done, &near).await?;

    let whole = planned.keys().filter(|photo| !busy.contains(*photo)).count() as u64;
    let mut sum = Matched { photos: whole, ..Matched::default() };
    for plan in matches() {
        sum.changed += u64::from(plan.is_change);
        sum.count(plan.status);
    }
    Ok((sum, busy.into_iter().collect()))
}

/// Looks over the faces of photos as they are: whom the unidentified ones come near to, and what does not go together.
pub(crate) async fn survey(db: &PgPool, photos: &[i64]) -> Result<()> {
    let mut connection = db.acquire().await?;
    queries::keep_boxes(&mut connection, photos).await?;
    let known = Known::read(&mut connection, photos).await?;
    let mut near = Vec::new();
    for faces in known.by_photo.values() {
        let named: BTreeSet<i64> =
            faces.iter().flat_map(|face| [face.identified_user_id, face.suggested_user_id]).flatten().collect();
        for face in faces.iter().filter(|face| face.is_unidentified() && !known.decided.contains_key(&face.id)) {
            let candidates = known.candidates.get(&face.id).map(Vec::as_slice).unwrap_or_default();
            near.extend(nearest(candidates, &named).map(|candidate| (face.id, candidate)));
        }
    }
    list(&mut connection, photos, &near).await
}

/// Lists who of all enrolled looks too much like one of these users.
pub(crate) async fn compare_enrolments(db: &PgPool, users: &[i64]) -> Result<()> {
    Ok(queries::list_alike(db, users).await?)
}

/// Lists what the queues of these photos' faces are made of.
async fn list(db: &mut PgConnection, photos: &[i64], near: &[(i64, Candidate)]) -> Result<()> {
    queries::write_near(db, photos, near).await?;
    queries::list_conflicts(db, photos).await?;
    Ok(queries::mark_unclustered(db, photos).await?)
}

/// What each face of one photo is to be.
fn plan(
    faces: &[FaceRow],
    decided: &BTreeMap<i64, Option<i64>>,
    candidates: &BTreeMap<i64, Vec<Candidate>>,
) -> Vec<Match> {
    let (fixed, open): (Vec<&FaceRow>, Vec<&FaceRow>) =
        faces.iter().partition(|face| decided.contains_key(&face.id) || face.is_named_by_others);
    let taken: BTreeSet<i64> =
        fixed.iter().filter_map(|face| decided.get(&face.id).copied().unwrap_or(face.identified_user_id)).collect();
    let free: Vec<Vec<Candidate>> = open
        .iter()
        .map(|face| {
            let near = candidates.get(&face.id).map(Vec::as_slice).unwrap_or_default();
            near.iter().filter(|candidate| !taken.contains(&candidate.person)).copied().collect()
        })
        .collect();
    let found = assign(&free);
    let assigned: BTreeSet<i64> = found.iter().flatten().map(|candidate| candidate.person).collect();
    let fixed = fixed.into_iter().map(|face| match decided.get(&face.id) {
        Some(&person) => Match::by_a_human(face, person),
        None => Match::as_it_is(face),
    });
    let open = open.into_iter().zip(found).zip(&free).map(|((face, found), free)| match found {
        Some(found) => Match::by_enrolment(face, found),
        None => Match::unidentified(face, nearest(free, &assigned)),
    });
    fixed.chain(open).collect()
}

/// The nearest of the candidates who are not on the photo already.
fn nearest(candidates: &[Candidate], taken: &BTreeSet<i64>) -> Option<Candidate> {
    let free = candidates.iter().filter(|candidate| !taken.contains(&candidate.person));
    free.max_by(|one, other| one.similarity.total_cmp(&other.similarity)).copied()
}

/// Writes the changes of all photos of which no face has changed since it was read; which photos were left out.
async fn write(
    connection: &mut PgConnection,
    seen: &BTreeMap<i64, Vec<FaceRow>>,
    changes: &BTreeMap<i64, Vec<&Match>>,
) -> Result<BTreeSet<i64>> {
    if changes.is_empty() {
        return Ok(BTreeSet::new());
    }
    let photos: Vec<i64> = changes.keys().copied().collect();
    let mut tx = sqlx::Connection::begin(connection).await?;
    let locked = queries::lock(&mut tx, &photos).await?;
    let unchanged = |photo: &i64| {
        let now: BTreeMap<i64, &str> =
            locked.iter().filter(|face| face.media_id == *photo).map(|face| (face.id, face.version.as_str())).collect();
        seen[photo].len() == now.len()
            && seen[photo].iter().all(|face| now.get(&face.id) == Some(&face.version.as_str()))
    };
    let (still, busy): (Vec<i64>, Vec<i64>) = photos.iter().partition(|photo| unchanged(photo));
    let matches: Vec<&Match> = still.iter().flat_map(|photo| changes[photo].iter().copied()).collect();
    queries::write(&mut tx, &matches).await?;
    tx.commit().await?;
    Ok(busy.into_iter().collect())
}

/// Looks through all faces for those that depend on some users' enrolments, and marks their photos. What takes long for many
/// faces is done in parts.
#[derive(Debug)]
pub(crate) struct Sweep {
    users: Vec<i64>,
    after: i64,
    last: i64,
}

impl Sweep {
    pub(crate) async fn begin(db: &PgPool, users: Vec<i64>) -> Result<Self> {
        Ok(Self { users, after: 0, last: queries::last_face(db).await? })
    }

    /// One more part; whether there is another.
    pub(crate) async fn step(&mut self, db: &PgPool) -> Result<bool> {
        let upto = self.after.saturating_add(CHUNK);
        if self.users.len() < MANY_USERS {
            queries::mark_concerned(db, &self.users, self.after, upto).await?;
        } else {
            queries::mark_all(db, self.after, upto).await?;
        }
        self.after = upto;
        Ok(upto < self.last)
    }
}
