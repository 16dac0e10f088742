//! Why a command on a team is rejected.

/// Why a command is rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The team does not exist, or is archived.
    NoTeam,
    /// The actor is not in the team.
    NotAMember,
    /// The actor lacks the right.
    NotAllowed,
    /// The invitation is unknown or void, or the person was removed after it was created.
    NoInvitation,
    /// The integration does not exist.
    NoIntegration,
    /// The integration is in a group that the actor is not in.
    NotInGroup,
    /// The contact does not exist, or has left the team.
    NoContact,
    /// The section does not exist.
    NoSection,
    /// A section for a contact does not exist.
    UnknownSections,
    /// The actor may not change these fields, by their names in the API.
    Fields(Vec<&'static str>),
    /// A team must have an owner.
    LastOwner,
    /// A limit is reached.
    TooMany {
        /// The field's name in the API.
        what: &'static str,
        /// The limit.
        max: usize,
    },
    /// The picture exceeds the team's quota.
    QuotaExceeded,
}
