//! Internal: what gateways and command services tell each other and nobody stores: typing and presence, on the bus
//! subject `live.{team}` ([`crate::notice::LIVE_SUBJECT`]). Losing one is harmless: presence is repeated, typing ends.

use events::{ContactId, TeamId, chat::ChatRef};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One thing that is so right now, in the team that the subject names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Live {
    /// Somebody is typing, or stopped. Whoever publishes it has checked that the actor may write there.
    Composing {
        /// Where.
        chat: ChatRef,
        /// Who.
        actor: ContactId,
        /// Typing, or stopped.
        composing: bool,
        /// Recording a voice message.
        is_audio: bool,
    },
    /// Everybody of the team who has a socket at a gateway; repeated, and forgotten when it is not.
    Presence {
        /// Which gateway.
        node: Uuid,
        /// Who, all of them; none means that the last one left.
        contacts: Vec<LiveContact>,
    },
    /// Somebody went away from the keyboard, or came back.
    Activity {
        /// Who.
        contact: ContactId,
        /// Away.
        afk: bool,
    },
}

/// Somebody who has a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveContact {
    /// Who.
    pub contact: ContactId,
    /// Away from the keyboard, at every device.
    pub afk: bool,
    /// On a phone.
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
    fn it_goes_over_the_bus_and_back() {
        let contact = LiveContact { contact: ContactId(Uuid::from_u128(2)), afk: true, mobile: false };
        let sent = Live::Presence { node: Uuid::from_u128(1), contacts: vec![contact] };
        let bytes = serde_json::to_vec(&sent).unwrap();
        assert_eq!(serde_json::from_slice::<Live>(&bytes).unwrap(), sent);
    }

    #[test]
    fn the_subject_names_the_team() {
        let team = TeamId(Uuid::from_u128(5));
        assert_eq!(Live::subject(team), "live.00000000-0000-0000-0000-000000000005");
    }
}
