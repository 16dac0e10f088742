//! The places of values sealed under the master key: a sealed text opens only for its place.

use super::cipher::{Version, bound};
use events::{CommandId, IntegrationId, InvitationId, MessageKey, TeamId};

/// The place that a sealed text belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'a> {
    /// The stored answer to a command.
    Answer(CommandId),
    /// The API key of a team's integration.
    Integration(TeamId, IntegrationId),
    /// The token of a team's invitation.
    Invitation(TeamId, InvitationId),
    /// The last text of a deleted message.
    Withdrawn(MessageKey),
    /// A planned effect.
    Effect {
        /// The kind of effect.
        kind: &'a str,
        /// The key that identifies it among effects of this kind.
        key: &'a str,
    },
}

impl Place<'_> {
    /// The associated data of a version.
    pub(super) fn context(self, version: Version) -> Vec<u8> {
        match version {
            Version::V1 => self.before(),
            Version::V2 => self.now(),
        }
    }

    fn now(self) -> Vec<u8> {
        match self {
            Self::Answer(command) => bound(&[b"answer", command.0.as_bytes()]),
            Self::Integration(team, id) => bound(&[b"integration", team.0.as_bytes(), id.0.as_bytes()]),
            Self::Invitation(team, id) => bound(&[b"invitation", team.0.as_bytes(), id.0.as_bytes()]),
            Self::Withdrawn(MessageKey { team, message }) => {
                bound(&[b"withdrawn", team.0.as_bytes(), message.0.as_bytes()])
            }
            Self::Effect { kind, key } => bound(&[b"effect", kind.as_bytes(), key.as_bytes()]),
        }
    }

    /// The associated data of version 1.
    fn before(self) -> Vec<u8> {
        match self {
            Self::Answer(command) => command.0.as_bytes().to_vec(),
            Self::Integration(_, id) => id.0.as_bytes().to_vec(),
            Self::Invitation(_, id) => id.0.as_bytes().to_vec(),
            Self::Withdrawn(key) => key.message.0.as_bytes().to_vec(),
            Self::Effect { key, .. } => key.as_bytes().to_vec(),
        }
    }
}
