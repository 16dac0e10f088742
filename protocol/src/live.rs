//! Internal: ephemeral messages between gateways and command services, never stored: typing and presence, on the
//! bus subject `live.{team}` ([`crate::notice::LIVE_SUBJECT`]). Losing one is harmless: presence is repeated,
//! typing ends by itself.

use events::{ContactId, TeamId, chat::ChatRef};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An ephemeral message about the team in its bus subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Live {
    /// A contact started or stopped typing. The publisher has checked that the contact may write to the chat.
    Composing {
        /// The chat.
        chat: ChatRef,
        /// The contact that types.
        actor: ContactId,
        /// `true` when typing started, `false` when it stopped.
        composing: bool,
        /// The contact is recording a voice message.
        is_audio: bool,
    },
    /// All contacts of the team with a socket at one gateway; repeated, and forgotten when it stops coming.
    Presence {
        /// Id of the gateway.
        node: Uuid,
        /// All contacts that are online there; empty when the last one has left.
        contacts: Vec<LiveContact>,
    },
    /// A contact went away from the keyboard or came back.
    Activity {
        /// The contact.
        contact: ContactId,
        /// The contact is away from the keyboard.
        afk: bool,
    },
}

/// A contact with a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveContact {
    /// The contact.
    pub contact: ContactId,
    /// The contact is away from the keyboard at every device.
    pub afk: bool,
    /// The contact uses a phone.
    pub mobile: bool,
}

impl Live {
    /// The bus subject of a team.
    pub fn subject(team: TeamId) -> String {
        format!("{}.{team}", crate::notice::LIVE_SUBJECT)
    }
}

#[cfg(test)]
mod tests {
    use super::{Live, LiveContact};
    use events::{ContactId, TeamId};
    use uuid::Uuid;

    #[test]
    fn presence_round_trips_through_json() {
        let contact = LiveContact { contact: ContactId(Uuid::from_u128(2)), afk: true, mobile: false };
        let sent = Live::Presence { node: Uuid::from_u128(1), contacts: vec![contact] };
        let bytes = serde_json::to_vec(&sent).unwrap();
        assert_eq!(serde_json::from_slice::<Live>(&bytes).unwrap(), sent);
    }

    #[test]
    fn subject_contains_the_team() {
        let team = TeamId(Uuid::from_u128(5));
        assert_eq!(Live::subject(team), "live.00000000-0000-0000-0000-000000000005");
    }
}
