//! Rights of a caller: sessions, memberships of teams, access to chats; and the proofs without which no team is read.

use chrono::{DateTime, Utc};
use events::{
    AccountId, ContactId, SessionId, TeamId,
    value::{ContactStatus, SessionKind},
};
use std::ops::Deref;

/// A live session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub account: AccountId,
    /// How it was opened.
    pub kind: SessionKind,
    /// The device it belongs to.
    pub device_id: Option<String>,
    /// When it ends at the latest.
    pub expires: DateTime<Utc>,
    /// The last use that was recorded, which happens once an hour at most.
    pub seen: DateTime<Utc>,
}

/// An account's membership of a team.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    pub team: TeamId,
    /// The account's contact in the team.
    pub contact: ContactId,
    pub status: ContactStatus,
    /// Whether the member may add people.
    pub may_invite: bool,
    /// Seconds in which messages may be edited.
    pub message_update_age: u32,
}

/// Proof that an account is a member of a team. Every query of a team's data takes one, and only the query of memberships
/// makes one: no handler can reach a team by its id alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TeamMember(Membership);

impl TeamMember {
    pub(crate) fn proven(membership: Membership) -> Self {
        Self(membership)
    }

    /// The viewer of a view.
    pub(crate) fn viewer(&self) -> Viewer {
        Viewer { contact: self.contact, status: self.status }
    }
}

impl Deref for TeamMember {
    type Target = Membership;
    fn deref(&self) -> &Membership {
        &self.0
    }
}

/// The contact for whom a view is made, with its rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Viewer {
    pub(crate) contact: ContactId,
    pub(crate) status: ContactStatus,
}

/// A team that a background job reaches without a member: the one other doorway to a team's data.
#[derive(Clone, Copy, Debug)]
pub struct ServiceTeam(pub(crate) TeamId);

/// Why a job reaches a team without a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceReason {
    /// The team is being erased, or its erasure is being confirmed to an operator.
    Erasure,
    /// A schema with the team's past is being prepared for a member.
    Past,
}

impl ServiceTeam {
    /// Names the reason where the doorway is opened.
    pub fn for_service(team: TeamId, _reason: ServiceReason) -> Self {
        Self(team)
    }
}

/// Rights of a contact in a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChatAccess {
    /// Nothing: for this contact the chat does not exist.
    None,
    Read,
    /// Read and write.
    Write,
}
