//! Who acts: sign-in, operators, their roles and rights.

#[cfg(feature = "desktop")]
pub mod commands;
mod holder;
mod logins;
#[cfg(feature = "desktop")]
mod passwords;
mod queries;
mod sign_in;

use serde::{Deserialize, Serialize};
use specta::Type;

pub use self::{
    holder::Holder,
    logins::{add_login, list_logins},
    queries::Login,
    sign_in::{current, sign_in},
};
use crate::{
    db::UserId,
    error::{Error, Result},
};

/// What an operator may do: the weaker of their database group and their role on the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    Staff,
    Moderator,
    Admin,
}

impl Role {
    /// `console.operator_rank()`; `None` for 0, who may do nothing.
    pub fn from_rank(rank: i32) -> Option<Self> {
        match rank {
            1 => Some(Self::Staff),
            2 => Some(Self::Moderator),
            3 => Some(Self::Admin),
            _ => None,
        }
    }

    /// The PostgreSQL group role.
    pub fn group(self) -> &'static str {
        match self {
            Self::Staff => "kaleidoscope_staff",
            Self::Moderator => "kaleidoscope_moderator",
            Self::Admin => "kaleidoscope_admin",
        }
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Staff => "staff",
            Self::Moderator => "moderator",
            Self::Admin => "admin",
        })
    }
}

impl std::str::FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "staff" => Ok(Self::Staff),
            "moderator" => Ok(Self::Moderator),
            "admin" => Ok(Self::Admin),
            _ => Err(format!("{text} is not a role; the roles are staff, moderator and admin")),
        }
    }
}

/// What a function may require. The database holds the same rules; these give the better sentence, earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    Search,
    Report,
    NameFaces,
    CorrectMedia,
    Enrol,
    JudgeSafety,
    VerifyAudit,
    KeepIndices,
}

impl Right {
    fn least_role(self) -> Role {
        match self {
            Self::Search | Self::Report => Role::Staff,
            Self::NameFaces | Self::CorrectMedia => Role::Moderator,
            Self::Enrol | Self::JudgeSafety | Self::VerifyAudit | Self::KeepIndices => Role::Admin,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::Report => "report photos",
            Self::NameFaces => "decide who is on a photo",
            Self::CorrectMedia => "correct what the AI said of a photo",
            Self::Enrol => "change with which face somebody is enrolled",
            Self::JudgeSafety => "decide what may be shown",
            Self::VerifyAudit => "verify the audit log",
            Self::KeepIndices => "rebuild, check or repair indices",
        }
    }
}

/// A signed-in person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Operator {
    pub user_id: UserId,
    /// Also the name of their PostgreSQL login.
    pub username: String,
    pub full_name: Option<String>,
    pub role: Role,
}

impl Operator {
    /// # Errors
    /// `Forbidden` without the right.
    pub fn may(&self, right: Right) -> Result<()> {
        if self.role >= right.least_role() { Ok(()) } else { Err(Error::Forbidden(right.words())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operator(role: Role) -> Operator {
        Operator { user_id: UserId(1), username: "bo".into(), full_name: None, role }
    }

    #[test]
    fn each_role_may_what_the_weaker_one_may_and_more() {
        assert!(operator(Role::Staff).may(Right::Search).is_ok());
        assert!(operator(Role::Staff).may(Right::NameFaces).is_err());
        assert!(operator(Role::Staff).may(Right::CorrectMedia).is_err());
        assert!(operator(Role::Moderator).may(Right::NameFaces).is_ok());
        assert!(operator(Role::Moderator).may(Right::CorrectMedia).is_ok());
        assert!(operator(Role::Moderator).may(Right::Enrol).is_err());
        assert!(operator(Role::Moderator).may(Right::JudgeSafety).is_err());
        for right in
            [Right::Search, Right::NameFaces, Right::Enrol, Right::JudgeSafety, Right::VerifyAudit, Right::KeepIndices]
        {
            assert!(operator(Role::Admin).may(right).is_ok(), "{right:?}");
        }
    }
}
