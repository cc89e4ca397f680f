//! The database: identities of rows, versions as they were seen, connecting, transactions, and what must be true of a server.

mod cancel;
mod check;
mod connect;
mod migrate;
mod transaction;

use serde::{Deserialize, Serialize};
use specta::Type;

pub(crate) use self::transaction::transaction;
pub use self::{
    cancel::Cancellable,
    check::{check_migrations, schema_version},
    connect::{Address, connect, connect_url, connect_within},
    migrate::{MIGRATOR, migrate},
};

/// Row identities are 64-bit in PostgreSQL and plain numbers in the window: to the bindings they are said to be `i32`, the
/// type that becomes `number` there.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Type, sqlx::Type)]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(#[specta(type = i32)] pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// `users.user_id`
    UserId
);
id!(
    /// `posts.post_id`
    PostId
);
id!(
    /// `post_media.media_id`
    MediaId
);
id!(
    /// `media_detected_faces.id`
    FaceId
);
id!(
    /// `console.face_cluster.id`
    ClusterId
);
id!(
    /// `console.face_decision.id`
    DecisionId
);
id!(
    /// `console.audit_entry.id`
    AuditId
);
id!(
    /// `console.policy.id`: a version of a policy
    PolicyId
);
id!(
    /// `console.safety_decision.id`
    RulingId
);
id!(
    /// `console.enrolment.id`
    EnrolmentId
);
id!(
    /// `console.reveal.id`
    LookId
);

/// A row's version (`xmin`) as text: equal only while nobody has changed the row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type, sqlx::Type)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct RowVersion(pub String);

/// A row and the version in which the operator saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Seen<Id> {
    pub id: Id,
    pub version: RowVersion,
}
