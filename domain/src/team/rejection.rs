//! Why a command may not be carried out on a team.

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// There is no such team, any more or at all.
    NoTeam,
    /// The actor is no contact of the team.
    NotAMember,
    /// The actor's status does not allow it.
    NotAllowed,
    /// The invitation is unknown or void, or not for this person.
    NoInvitation,
    /// The integration does not exist.
    NoIntegration,
    /// The integration hears a group that the actor is not in.
    NotInGroup,
    /// The contact does not exist, or is in the team no longer.
    NoContact,
    /// The section does not exist.
    NoSection,
    /// Sections that a contact shall be put into do not exist.
    UnknownSections,
    /// Fields that the actor may not change, by the API's names.
    Fields(Vec<&'static str>),
    /// A team must keep an owner.
    LastOwner,
    /// A limit is reached.
    TooMany {
        /// The API's name of the field.
        what: &'static str,
        /// The limit.
        max: usize,
    },
    /// The picture does not fit into the quota.
    QuotaExceeded,
}
