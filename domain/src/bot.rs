//! The two bots that every team has: contacts without an account, who never write by themselves.
//!
//! Their addresses follow from the team's, so that no fact has to say that they came to be.

use events::{ContactId, TeamId};
use uuid::Uuid;

/// A bot of a team.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bot {
    /// Speaks for the server; what is written to it is kept.
    System,
    /// One's own notes: everybody's chat with it is their own.
    Notes,
}

impl Bot {
    /// Both.
    pub const ALL: [Self; 2] = [Self::System, Self::Notes];

    /// The word that the API knows it by.
    pub const fn botname(self) -> &'static str {
        match self {
            Self::System => "systembot",
            Self::Notes => "notebot",
        }
    }

    /// Its title.
    pub const fn display_name(self) -> &'static str {
        match self {
            Self::System => "VecheBot",
            Self::Notes => "Заметки",
        }
    }

    /// Its address in a team.
    pub fn contact(self, team: TeamId) -> ContactId {
        ContactId(Uuid::new_v5(&team.0, self.botname().as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_a_contract() {
        let team = TeamId(Uuid::from_u128(9));
        let [system, notes] = Bot::ALL.map(|bot| bot.contact(team));
        assert_eq!(system, Bot::System.contact(team));
        assert_ne!(system, notes);
        assert_ne!(system, Bot::System.contact(TeamId(Uuid::from_u128(10))));
    }
}
