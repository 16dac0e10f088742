//! The purposes and places of values that are sealed under the master key: a sealed text opens in that place alone.

use super::cipher::{Version, bound};
use events::{CommandId, IntegrationId, InvitationId, MessageId, TeamId};

/// Where a sealed text belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'a> {
    /// The answer to a command, kept for its repetitions.
    Answer(CommandId),
    /// The API key of a team's integration.
    Integration(TeamId, IntegrationId),
    /// The token of a team's invitation.
    Invitation(TeamId, InvitationId),
    /// The last text of a message that its author has deleted.
    Withdrawn(MessageId),
    /// A planned effect.
    Effect {
        /// The kind of effect.
        kind: &'a str,
        /// The key that tells it from others of its kind.
        key: &'a str,
    },
}

impl Place<'_> {
    /// The associated data that a version puts beside the text.
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
            Self::Withdrawn(message) => bound(&[b"withdrawn", message.0.as_bytes()]),
            Self::Effect { kind, key } => bound(&[b"effect", kind.as_bytes(), key.as_bytes()]),
        }
    }

    /// As programs did before there were purposes: what they have stored is read by it.
    fn before(self) -> Vec<u8> {
        match self {
            Self::Answer(command) => command.0.as_bytes().to_vec(),
            Self::Integration(_, id) => id.0.as_bytes().to_vec(),
            Self::Invitation(_, id) => id.0.as_bytes().to_vec(),
            Self::Withdrawn(message) => message.0.as_bytes().to_vec(),
            Self::Effect { key, .. } => key.as_bytes().to_vec(),
        }
    }
}
