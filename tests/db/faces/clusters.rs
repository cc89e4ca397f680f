//! Unknown people: which faces are put together, and what operators make of that.

use std::collections::BTreeMap;

use kaleidoscope_console::{
    access::Role,
    db::{ClusterId, FaceId, MIGRATOR, UserId},
    error::{Code, Result},
    faces::{self, Decided, Holder, Judgement, Said, Undone, UnknownFace, UnknownPerson},
};
use sqlx::{PgPool, query, query_as, query_scalar};

use super::{World, platform::read_truth};
use crate::{
    database::Database,
    loaded::load_with_truth,
    rows::{operator, run, work_off},
};

impl World {
    /// A face that looks like `person` (a direction), as far as the angle `off` allows; the same for the same `off`.
    async fn unknown_on(&self, photo: i64, person: i32, off: f64) -> FaceId {
        let id = query_scalar(
            "insert into media_detected_faces (media_id, bbox, embedding, confidence_score, status)
             select $1, '{10,20,30,40}',
                    array_agg(case place when $2 then cos($3) when 500 + $2 then sin($3) else 0 end order by place)::vector,
                    0, 'UNIDENTIFIED'
               from generate_series(1, 1024) as place
          returning id",
        )
        .bind(photo)
        .bind(person)
        .bind(off)
        .fetch_one(&self.db)
        .await
        .expect("a face");
        FaceId(id)
    }

    /// So many faces of a person, each on a photo of its own.
    async fn unknown(&self, person: i32, count: u32) -> Vec<FaceId> {
        let mut faces = Vec::new();
        for number in 0..count {
            let photo = self.another_photo().await;
            faces.push(self.unknown_on(photo, person, 0.1 * f64::from(number)).await);
        }
        faces
    }

    async fn groups(&self) -> Vec<UnknownPerson> {
        faces::unknown_people(&self.as_bo, &self.bo, None, 50).await.expect("groups").people
    }

    async fn faces_of(&self, group: ClusterId) -> Vec<UnknownFace> {
        faces::unknown_faces(&self.as_bo, &self.bo, &self.holder, group, None, 50).await.expect("faces").faces
    }

    async fn ids_of(&self, group: ClusterId) -> Vec<FaceId> {
        let mut ids: Vec<FaceId> = self.faces_of(group).await.into_iter().map(|one| one.face.id).collect();
        ids.sort_unstable();
        ids
    }

    async fn regroup(&self, faces: &[FaceId], into: Option<ClusterId>) -> Result<ClusterId> {
        faces::regroup(&self.as_bo, &self.bo, faces, into).await
    }

    async fn name(&self, group: ClusterId, person: i64) -> Result<Decided> {
        let mut connection = self.as_bo.acquire().await.expect("connected");
        faces::name_cluster(&mut connection, &self.bo, &self.holder, group, UserId(person)).await
    }

    /// The group that a face is in.
    async fn group_of(&self, face: FaceId) -> Option<i64> {
        query_scalar("select cluster_id from console.clustered_face where face_id = $1")
            .bind(face)
            .fetch_optional(&self.db)
            .await
            .expect("a group")
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn faces_that_look_alike_are_one_group_the_largest_first(db: PgPool) {
    let world = World::new(db).await;
    let (few, many) = (world.unknown(1, 3).await, world.unknown(2, 5).await);
    world.unknown(3, 1).await;
    work_off(&world.db, None).await;

    let groups = world.groups().await;
    assert_eq!(groups.iter().map(|group| group.faces).collect::<Vec<_>>(), [5, 3]);
    assert_eq!(world.ids_of(groups[0].id).await, many);
    assert_eq!(world.ids_of(groups[1].id).await, few);
    assert!(groups.iter().all(|group| group.sample.len() == 3));
    let similar: Vec<f64> = world.faces_of(groups[0].id).await.iter().map(|one| one.similarity).collect();
    assert!(similar.is_sorted_by(|one, next| one >= next), "{similar:?}");

    let first = faces::unknown_people(&world.as_bo, &world.bo, None, 1).await.expect("groups");
    let second = faces::unknown_people(&world.as_bo, &world.bo, first.next, 1).await.expect("groups");
    assert_eq!([first.people[0].id, second.people[0].id], [groups[0].id, groups[1].id]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_is_found_later_joins_whom_it_looks_like(db: PgPool) {
    let world = World::new(db).await;
    let mut faces = world.unknown(1, 3).await;
    work_off(&world.db, None).await;
    let group = world.groups().await[0].id;
    faces.extend(world.unknown(1, 2).await);
    work_off(&world.db, None).await;
    assert_eq!(world.ids_of(group).await, faces);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn two_faces_of_one_photo_are_two_people(db: PgPool) {
    let world = World::new(db).await;
    let photo = world.another_photo().await;
    let (one, other) = (world.unknown_on(photo, 1, 0.0).await, world.unknown_on(photo, 1, 0.05).await);
    work_off(&world.db, None).await;
    assert_ne!(world.group_of(one).await, world.group_of(other).await);
    let into = ClusterId(world.group_of(one).await.expect("a group"));
    let refused = world.regroup(&[other], Some(into)).await.expect_err("refused");
    assert_eq!(refused.code(), Code::Conflict, "{refused}");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_group_is_named_in_one_go_and_taken_back_in_one(db: PgPool) {
    let world = World::new(db).await;
    let faces = world.unknown(1, 4).await;
    work_off(&world.db, None).await;
    let group = world.groups().await[0].id;
    let decided = world.name(group, world.amara).await.expect("decided");
    assert_eq!((decided.done.len(), decided.skipped.len()), (4, 0));
    for face in &faces {
        assert_eq!(world.row(*face).await.1, Some(world.amara));
    }
    assert!(world.groups().await.is_empty(), "before the worker has seen it, too");
    work_off(&world.db, None).await;
    assert_eq!(world.group_of(faces[0]).await, None);
    assert_eq!(world.name(group, world.amara).await.expect_err("gone").code(), Code::NotFound);

    world.undo_last().await;
    work_off(&world.db, None).await;
    assert_eq!(world.ids_of(world.groups().await[0].id).await, faces);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_was_split_and_merged_stays_so_when_the_ai_runs_again(db: PgPool) {
    let world = World::new(db).await;
    let (ones, twos) = (world.unknown(1, 4).await, world.unknown(2, 2).await);
    work_off(&world.db, None).await;
    let group = world.groups().await[0].id;
    let apart = world.regroup(&ones[..2], None).await.expect("split");
    let other = ClusterId(world.group_of(twos[0]).await.expect("a group"));
    let moved = faces::merge(&world.as_bo, &world.bo, &world.holder, other, group).await.expect("merged");
    assert_eq!(moved, twos);
    assert_ne!(other, group);

    query("update media_detected_faces set embedding = (embedding + (select array_agg(0.002 * random())::vector from generate_series(1, 1024)))")
        .execute(&world.db)
        .await
        .expect("the AI runs");
    work_off(&world.db, None).await;
    assert_eq!(world.ids_of(apart).await, &ones[..2]);
    assert_eq!(world.ids_of(group).await, [&ones[2..], &twos[..]].concat());
    let logged: Vec<(String, String, bool)> = query_as(
        "select action, subject, (select array_agg(key) from jsonb_object_keys(before) as key)
                              <@ (select array_agg(key) from jsonb_object_keys(after) as key)
           from console.audit_entry order by id",
    )
    .fetch_all(&world.db)
    .await
    .expect("the log");
    assert_eq!(logged, vec![("clusters.regroup".to_owned(), "cluster".to_owned(), true); 2]);
}

impl World {
    /// The AI deletes all faces and finds them again, a little differently; those in which they are now, in the same order.
    async fn found_again(&self, faces: &[FaceId]) -> Vec<FaceId> {
        let ids: Vec<i64> = faces.iter().map(|face| face.0).collect();
        let again: Vec<i64> = query_scalar(
            "with gone as (
                 delete from media_detected_faces returning id, media_id, bbox, embedding, confidence_score, status
             ),
             again as (
                 insert into media_detected_faces (media_id, bbox, embedding, confidence_score, status)
                 select media_id, array[bbox[1] + 1, bbox[2] - 1, bbox[3], bbox[4]],
                        embedding + (select array_agg(0.002 * random())::vector from generate_series(1, 1024) where id > 0),
                        confidence_score, status
                   from gone
              returning id, media_id
             )
             select again.id
               from unnest($1) with ordinality as face (id, place)
               join gone using (id)
               join again on again.media_id = gone.media_id
              order by face.place",
        )
        .bind(&ids)
        .fetch_all(&self.db)
        .await
        .expect("the AI runs");
        again.into_iter().map(FaceId).collect()
    }

    async fn groups_of(&self, faces: &[FaceId]) -> Vec<i64> {
        let mut groups = Vec::new();
        for face in faces {
            groups.push(self.group_of(*face).await.expect("a group"));
        }
        groups
    }

    async fn undone(&self) -> Undone {
        let mut connection = self.as_bo.acquire().await.expect("connected");
        faces::undo(&mut connection, &self.bo).await.expect("undone")
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_operators_said_of_groups_holds_for_faces_that_the_ai_finds_again(db: PgPool) {
    let world = World::new(db).await;
    let (mut ones, mut twos) = (world.unknown(1, 4).await, world.unknown(2, 2).await);
    work_off(&world.db, None).await;
    let group = ClusterId(world.group_of(ones[0]).await.expect("a group"));
    world.regroup(&ones[..2], None).await.expect("split");
    let other = ClusterId(world.group_of(twos[0]).await.expect("a group"));
    faces::merge(&world.as_bo, &world.bo, &world.holder, other, group).await.expect("merged");

    for _ in 0..5 {
        let again = world.found_again(&[&ones[..], &twos[..]].concat()).await;
        work_off(&world.db, None).await;
        (ones, twos) = (again[..4].to_vec(), again[4..].to_vec());
        let apart = world.groups_of(&ones[..2]).await;
        let together = world.groups_of(&[&ones[2..], &twos[..]].concat()).await;
        assert!(together.iter().all(|group| *group == together[0]), "one person: {together:?}");
        assert!(apart.iter().all(|group| *group == apart[0] && *group != together[0]), "{apart:?} and {together:?}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn those_who_were_split_are_never_put_together_again_one_by_one(db: PgPool) {
    let world = World::new(db).await;
    let faces = world.unknown(1, 3).await;
    work_off(&world.db, None).await;
    world.regroup(&faces[..1], None).await.expect("split");
    // One after the other is named and unknown again.
    for face in &faces {
        world.decide(&world.seen(*face).await, Said::Is(UserId(world.amara))).await.expect("decided");
        work_off(&world.db, None).await;
        world.undo_last().await;
        work_off(&world.db, None).await;
        let groups = world.groups_of(&faces).await;
        assert!(groups[0] != groups[1] && groups[0] != groups[2], "{groups:?}");
    }
    // More that look like both.
    world.unknown(1, 4).await;
    work_off(&world.db, None).await;
    let groups = world.groups_of(&faces).await;
    assert!(groups[0] != groups[1] && groups[0] != groups[2], "{groups:?}");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn splits_and_merges_are_taken_back_in_the_order_in_which_they_were_done(db: PgPool) {
    let world = World::new(db).await;
    let (ones, twos) = (world.unknown(1, 4).await, world.unknown(2, 3).await);
    work_off(&world.db, None).await;
    let before = world.groups_of(&[&ones[..], &twos[..]].concat()).await;
    let other = ClusterId(world.group_of(twos[0]).await.expect("a group"));
    world.regroup(&ones[..2], None).await.expect("split");
    let split = world.groups_of(&[&ones[..], &twos[..]].concat()).await;
    let group = ClusterId(world.group_of(ones[3]).await.expect("a group"));
    faces::merge(&world.as_bo, &world.bo, &world.holder, other, group).await.expect("merged");
    world.decide(&world.seen(ones[0]).await, Said::Nobody).await.expect("decided");

    let last = faces::undoable(&world.as_bo, &world.bo).await.expect("asked").expect("a decision");
    assert_eq!(last.judgement, Judgement::Nobody);
    world.undone().await;
    work_off(&world.db, None).await;
    let last = faces::undoable(&world.as_bo, &world.bo).await.expect("asked").expect("a decision");
    assert_eq!((last.judgement, last.faces), (Judgement::Merged, 3));
    let undone = world.undone().await;
    assert_eq!((undone.judgement, undone.faces.clone(), undone.kept.len()), (Judgement::Merged, twos.clone(), 0));
    assert_eq!(world.groups_of(&[&ones[..], &twos[..]].concat()).await, split);
    assert_eq!(world.undone().await.judgement, Judgement::Split);
    assert_eq!(world.groups_of(&[&ones[..], &twos[..]].concat()).await, before);
    assert!(faces::undoable(&world.as_bo, &world.bo).await.expect("asked").is_none());

    // Nothing holds them any more: they come together by what they look like.
    let again = world.found_again(&ones).await;
    work_off(&world.db, None).await;
    let groups = world.groups_of(&again).await;
    assert!(groups.iter().all(|group| *group == groups[0]), "{groups:?}");
    let logged: Vec<String> =
        query_scalar("select action from console.audit_entry where subject = 'cluster' order by id")
            .fetch_all(&world.db)
            .await
            .expect("the log");
    assert_eq!(logged, ["clusters.regroup", "clusters.regroup", "clusters.undo", "clusters.undo"]);
    let refused = query("delete from console.regrouped_face").execute(&world.db).await;
    refused.expect_err("append-only");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_merge_is_not_taken_back_over_what_somebody_else_did_since(db: PgPool) {
    let world = World::new(db).await;
    let (chidi, as_chidi) = operator(&world.db, "chidi", Role::Moderator).await;
    let (ones, twos) = (world.unknown(1, 3).await, world.unknown(2, 3).await);
    work_off(&world.db, None).await;
    let into = ClusterId(world.group_of(ones[0]).await.expect("a group"));
    let of = ClusterId(world.group_of(twos[0]).await.expect("a group"));
    faces::merge(&world.as_bo, &world.bo, &world.holder, of, into).await.expect("merged");
    let seen = faces::unknown_faces(&as_chidi, &chidi, &Holder::new(), into, None, 50).await.expect("faces");
    assert_eq!(seen.faces.len(), 6, "others see the group as it is");
    faces::regroup(&as_chidi, &chidi, &twos[..1], None).await.expect("split");
    let now = world.groups_of(&twos).await;

    let undone = world.undone().await;

    assert_eq!(undone.faces, &twos[1..]);
    assert_eq!(undone.kept.len(), 1);
    assert!(undone.kept[0].reason.starts_with(&format!("{} has decided", chidi.username)), "{:?}", undone.kept);
    assert_eq!(world.groups_of(&twos).await, [now[0], of.0, of.0]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn splitting_is_no_face_decided(db: PgPool) {
    let world = World::new(db).await;
    let faces = world.unknown(1, 3).await;
    work_off(&world.db, None).await;
    world.regroup(&faces[..1], None).await.expect("split");
    let decided: i64 = query_scalar(
        "select coalesce(sum(faces), 0) from console.own_work(now() - interval '1 hour', now() + interval '1 hour')",
    )
    .fetch_one(&world.as_bo)
    .await
    .expect("asked");
    assert_eq!(decided, 0);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn who_looks_like_a_group_is_offered_for_merging(db: PgPool) {
    let world = World::new(db).await;
    let near = world.unknown(1, 3).await;
    let photo = world.another_photo().await;
    // Half as near as the same person would be.
    let off = world.unknown_on(photo, 1, 1.2).await;
    work_off(&world.db, None).await;
    let group = ClusterId(world.group_of(near[0]).await.expect("a group"));
    let alike = faces::unknown_alike(&world.as_bo, &world.bo, group).await.expect("others");
    assert_eq!(alike.len(), 1, "{alike:?}");
    assert_eq!(alike[0].person.sample, [off]);
    assert!(alike[0].similarity > 0.4 && alike[0].similarity < 0.8, "{alike:?}");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn faces_that_were_decided_deleted_or_hidden_are_in_no_group(db: PgPool) {
    let world = World::new(db).await;
    let faces = world.unknown(1, 6).await;
    work_off(&world.db, None).await;
    let group = world.groups().await[0].id;
    world.decide(&world.seen(faces[0]).await, Said::Nobody).await.expect("decided");
    run(&world.db, "delete from media_detected_faces where id = $1", faces[1].0).await;
    let hidden = "update media_ai_insights set is_safe = false
                   where media_id = (select media_id from media_detected_faces where id = $1)";
    run(&world.db, hidden, faces[2].0).await;
    assert_eq!(world.ids_of(group).await, [&faces[..1], &faces[3..]].concat(), "before the worker has seen it, too");
    work_off(&world.db, None).await;
    assert_eq!(world.ids_of(group).await, &faces[3..]);
    assert_eq!(world.groups().await[0].faces, 3);
    assert_eq!(world.group_of(faces[0]).await, None);
    assert_eq!(world.group_of(faces[1]).await, None);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_nearest_group_is_found_by_the_index(db: PgPool) {
    query(
        "insert into console.face_cluster (faces, mean, mean_of)
         select 2, array_agg(sin(number * place) order by place)::vector::halfvec(1024), 2
           from generate_series(1, 3000) as number
          cross join generate_series(1, 1024) as place
          group by number",
    )
    .execute(&db)
    .await
    .expect("groups");
    query("analyze console.face_cluster").execute(&db).await.expect("analysed");
    let plan: Vec<String> = query_scalar(
        "explain select id from console.face_cluster
          order by mean <=> array_fill(0.03, array[1024])::halfvec(1024) limit 8",
    )
    .fetch_all(&db)
    .await
    .expect("a plan");
    assert!(plan.join("\n").contains("Index Scan using face_cluster_mean"), "{plan:#?}");
    let plan: Vec<String> = query_scalar(
        "explain select id, faces from console.face_cluster where faces > 1 order by faces desc, id limit 50",
    )
    .fetch_all(&db)
    .await
    .expect("a plan");
    assert!(plan.join("\n").contains("face_cluster_faces"), "{plan:#?}");
}

#[tokio::test]
async fn groups_of_the_platform_s_faces_are_of_one_person_each() {
    let database = Database::create("kaleidoscope_face_clusters").await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("truth.jsonl");
    load_with_truth(&database, 1_500, &file);
    let db = database.pool().await;
    MIGRATOR.run(&db).await.expect("migrated");
    work_off(&db, None).await;

    let truth = read_truth(&file);
    let grouped: Vec<(i64, i64)> =
        query_as("select cluster_id, face_id from console.clustered_face").fetch_all(&db).await.expect("faces");
    let mut groups: BTreeMap<i64, BTreeMap<Option<i64>, u32>> = BTreeMap::new();
    for (group, face) in &grouped {
        // Strangers have no name in the truth: whether two are one person is not known.
        if let Some(Some(person)) = truth.get(face) {
            *groups.entry(*group).or_default().entry(Some(*person)).or_default() += 1;
        }
    }
    let of_several: Vec<_> = groups.values().filter(|people| people.values().sum::<u32>() > 1).collect();
    let faces: u32 = of_several.iter().flat_map(|people| people.values()).sum();
    let typical: u32 = of_several.iter().filter_map(|people| people.values().max()).sum();
    assert!(f64::from(typical) >= 0.98 * f64::from(faces), "{typical} of {faces} are of the person whom most are");

    let mut largest: BTreeMap<i64, (u32, u32)> = BTreeMap::new();
    for (person, count) in groups.values().flatten() {
        let (most, all) = largest.entry(person.expect("known")).or_default();
        *most = (*most).max(*count);
        *all += count;
    }
    let (most, all) = largest.values().fold((0, 0), |(most, all), person| (most + person.0, all + person.1));
    println!("{} people with {all} unknown faces: {most} are in the largest group of each", largest.len());
    assert!(f64::from(most) >= 0.85 * f64::from(all), "{most} of {all} are together");
    db.close().await;
}
