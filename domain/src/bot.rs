//! The two bots of every team: contacts without an account, which never post.
//!
//! Their ids are derived from the team's, so no event creates them.

use events::{ContactId, TeamId};
use uuid::Uuid;

/// A bot of a team.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bot {
    /// The system's bot; users can post to it.
    System,
    /// A contact's chat with this bot holds its own notes.
    Notes,
}

impl Bot {
    pub const ALL: [Self; 2] = [Self::System, Self::Notes];

    /// Its name in the API.
    pub const fn botname(self) -> &'static str {
        match self {
            Self::System => "systembot",
            Self::Notes => "notebot",
        }
    }

    pub const fn display_name(self) -> &'static str {
        match self {
            Self::System => "VecheBot",
            Self::Notes => "Заметки",
        }
    }

    /// Its contact id in a team.
    pub fn contact(self, team: TeamId) -> ContactId {
        ContactId(Uuid::new_v5(&team.0, self.botname().as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bot_ids_are_stable_and_distinct_per_team() {
        let team = TeamId(Uuid::from_u128(9));
        let [system, notes] = Bot::ALL.map(|bot| bot.contact(team));
        assert_eq!(system, Bot::System.contact(team));
        assert_ne!(system, notes);
        assert_ne!(system, Bot::System.contact(TeamId(Uuid::from_u128(10))));
    }
}
