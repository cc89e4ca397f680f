//! What was done: the log that only grows.

use kaleidoscope_console::{
    access::{Operator, Role},
    audit::{self, Verification},
    db::{AuditId, FaceId, MIGRATOR, RowVersion, Seen},
    error::Error,
    faces::{self, Said},
};
use sqlx::{AssertSqlSafe, PgPool, query_scalar};

use crate::rows::{face, operator, photo, post, user};

/// Operators with entries in the log.
struct World {
    db: PgPool,
    media: i64,
}

impl World {
    async fn new(db: PgPool) -> Self {
        let ada = user(&db, "ada").await;
        let media = photo(&db, post(&db, ada, "open").await, "", &[]).await;
        Self { db, media }
    }

    /// Turns one face down: an entry.
    async fn acts(&self, (by, pool): &(Operator, PgPool)) -> AuditId {
        let face = face(&self.db, self.media, None).await;
        let version = query_scalar("select xmin::text from media_detected_faces where id = $1").bind(face);
        let seen = Seen { id: FaceId(face), version: RowVersion(version.fetch_one(&self.db).await.expect("a face")) };
        let mut connection = pool.acquire().await.expect("connected");
        faces::decide(&mut connection, by, &seen, Said::IsNot(None)).await.expect("an entry").audit_id
    }

    /// As an owner who means ill.
    async fn tampers(&self, sql: &str) {
        let sql = format!(
            "alter table console.audit_entry disable trigger append_only;
             {sql};
             alter table console.audit_entry enable trigger append_only;"
        );
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&self.db).await.expect("an owner can");
    }

    async fn verified(&self) -> (i64, Option<i64>) {
        let Verification { entries, broken_at } = audit::verify_as_owner(&self.db).await.expect("verified");
        (entries, broken_at.map(|id| id.0))
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_log_only_grows_whoever_tries(db: PgPool) {
    let world = World::new(db).await;
    let bo = operator(&world.db, "bo", Role::Moderator).await;
    world.acts(&bo).await;
    for table in ["audit_entry", "face_verdict", "safety_decision"] {
        for sql in [
            format!("update console.{table} set reason = 'another'")
                .replace("face_verdict set reason", "face_verdict set judgement"),
            format!("delete from console.{table}"),
            format!("truncate console.{table} cascade"),
        ] {
            let refused = sqlx::query(AssertSqlSafe(sql.clone())).execute(&world.db).await.expect_err(&sql);
            assert!(refused.to_string().contains("is append-only"), "{sql}: {refused}");
        }
    }
    assert_eq!(world.verified().await, (1, None));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_untouched_log_holds_from_the_first_entry_on(db: PgPool) {
    let world = World::new(db).await;
    assert_eq!(world.verified().await, (0, None));
    let bo = operator(&world.db, "bo", Role::Moderator).await;
    let chidi = operator(&world.db, "chidi", Role::Admin).await;
    for expected in 1..=4 {
        let id = world.acts(if expected % 2 == 0 { &bo } else { &chidi }).await;
        assert_eq!(id.0, expected, "without gaps");
    }
    assert_eq!(world.verified().await, (4, None));
    assert_eq!(
        audit::verify(&chidi.1, &chidi.0).await.expect("an admin may"),
        Verification { entries: 4, broken_at: None }
    );
    let refused = audit::verify(&bo.1, &Operator { role: Role::Admin, ..bo.0.clone() }).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn every_way_to_tamper_is_found_where_it_was_done(db: PgPool) {
    for (tampering, found) in [
        ("update console.audit_entry set operator = 'somebody else' where id = 2", (4, Some(2))),
        ("update console.audit_entry set reason = 'invented' where id = 4", (4, Some(4))),
        ("update console.audit_entry set before = null where id = 1", (4, Some(1))),
        ("update console.audit_entry set at = at - interval '1 microsecond' where id = 3", (4, Some(3))),
        // With a hash that fits the changed entry, the next one does not follow any more.
        (
            "update console.audit_entry set operator = 'somebody else' where id = 2;
             update console.audit_entry e set hash = console.audit_hash(e) where id = 2",
            (4, Some(3)),
        ),
        ("delete from console.audit_entry where id = 2", (3, Some(3))),
        ("delete from console.audit_entry where id = 1", (3, Some(2))),
        ("delete from console.audit_entry where id = 4", (3, Some(4))),
        ("delete from console.audit_entry", (0, Some(1))),
        (
            "insert into console.audit_entry
             select 5, at, operator, user_id, role, action, subject, subject_id, before, after, reason, hash, hash
               from console.audit_entry where id = 4",
            (5, Some(5)),
        ),
    ] {
        // Nothing of it stays for the next one: the log is made anew.
        sqlx::raw_sql(
            "alter table console.face_verdict drop constraint if exists face_verdict_audit_id_fkey;
             alter table console.face_decided drop constraint if exists face_decided_audit_id_fkey;
             alter table console.face_decided disable trigger append_only;
             delete from console.face_decided;
             alter table console.audit_entry disable trigger append_only;
             delete from console.audit_entry;
             alter table console.audit_entry enable trigger append_only;
             update console.audit_head set id = 0, hash = sha256('kaleidoscope');",
        )
        .execute(&db)
        .await
        .expect("an empty log");
        let world = World { db: db.clone(), media: medium(&db).await };
        let bo = operator(&db, "bo", Role::Moderator).await;
        for _ in 0..4 {
            world.acts(&bo).await;
        }
        assert_eq!(world.verified().await, (4, None));

        world.tampers(tampering).await;

        assert_eq!(world.verified().await, found, "{tampering}");
    }
}

async fn medium(db: &PgPool) -> i64 {
    let uploader = user(db, &format!("uploader_{:016x}", rand::random::<u64>())).await;
    photo(db, post(db, uploader, "open").await, "", &[]).await
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn moderators_see_what_they_did_and_admins_what_everybody_did(db: PgPool) {
    let world = World::new(db).await;
    let bo = operator(&world.db, "bo", Role::Moderator).await;
    let dana = operator(&world.db, "dana", Role::Moderator).await;
    let chidi = operator(&world.db, "chidi", Role::Admin).await;
    for by in [&bo, &dana, &bo, &chidi] {
        world.acts(by).await;
    }
    let ids = async |(by, pool): &(Operator, PgPool), before: Option<i64>, limit: i64| -> Vec<i64> {
        let entries = audit::activity(pool, by, before.map(AuditId), limit).await.expect("entries");
        entries.iter().map(|entry| entry.id.0).collect()
    };

    assert_eq!(ids(&bo, None, 10).await, [3, 1]);
    assert_eq!(ids(&dana, None, 10).await, [2]);
    assert_eq!(ids(&chidi, None, 10).await, [4, 3, 2, 1]);
    assert_eq!(ids(&chidi, None, 2).await, [4, 3]);
    assert_eq!(ids(&chidi, Some(3), 2).await, [2, 1]);
    assert_eq!(ids(&chidi, Some(1), 2).await, [0; 0]);

    let mine = audit::activity(&dana.1, &dana.0, None, 10).await.expect("entries").remove(0);
    assert_eq!(
        (mine.operator, mine.role.as_str(), mine.action.as_str()),
        (dana.0.username, "moderator", "faces.reject")
    );
    assert!(mine.subject.starts_with("face "), "{}", mine.subject);
    assert_eq!(mine.after.expect("facts")["status"], "UNIDENTIFIED");
}
