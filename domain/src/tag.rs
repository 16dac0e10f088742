//! Rules of a team's tags: tags are unique, ignoring case.

use crate::{
    Aggregate, limits,
    policy::{self, Action},
};
use events::{Personal, TagEvent, TagId, TeamId, tag, value::ContactStatus};
use std::collections::BTreeMap;

/// The tags of one team.
#[derive(Clone, Debug, Default)]
pub struct Tags {
    /// By the word in lower case.
    by_word: BTreeMap<String, TagId>,
}

/// The commands.
#[derive(Clone, Debug)]
pub enum Command {
    /// Creates tags for the words that have none.
    Have {
        status: ContactStatus,
        team: TeamId,
        /// The words, each with the id of the tag if a new one is created.
        words: Vec<(TagId, String)>,
    },
    Remove {
        status: ContactStatus,
        team: TeamId,
        tag: TagId,
    },
}

/// Why a command is rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The actor's status does not allow it.
    NotAllowed,
    /// The tag does not exist.
    NoTag,
    /// The team would exceed the maximum number of tags.
    TooMany,
}

impl Tags {
    pub fn of_word(&self, word: &str) -> Option<TagId> {
        self.by_word.get(&folded(word)).copied()
    }
}

impl Aggregate for Tags {
    type Command = Command;
    type Event = TagEvent;
    type Rejection = Rejection;

    fn initial() -> Self {
        Self::default()
    }

    fn decide(&self, command: Command) -> Result<Vec<TagEvent>, Rejection> {
        match command {
            Command::Have { status, team, words } => {
                let mut new = BTreeMap::new();
                for (tag, word) in words {
                    if self.of_word(&word).is_none() {
                        new.entry(folded(&word)).or_insert((tag, word));
                    }
                }
                if new.is_empty() {
                    return Ok(vec![]);
                }
                if !policy::may(status, Action::CreateTag) {
                    return Err(Rejection::NotAllowed);
                }
                if self.by_word.len() + new.len() > limits::TAGS {
                    return Err(Rejection::TooMany);
                }
                let created =
                    |(tag, word)| tag::Created { tag, team, name: Personal::of_team(team, word) }.into();
                Ok(new.into_values().map(created).collect())
            }
            Command::Remove { status, .. } if !policy::may(status, Action::ManageTags) => {
                Err(Rejection::NotAllowed)
            }
            Command::Remove { team, tag, .. } => match self.by_word.values().any(|known| *known == tag) {
                true => Ok(vec![tag::Removed { tag, team }.into()]),
                false => Err(Rejection::NoTag),
            },
        }
    }

    fn evolve(&mut self, event: &TagEvent) {
        match event {
            TagEvent::Created(created) => {
                self.by_word.insert(folded(&created.name.or_default()), created.tag);
            }
            TagEvent::Removed(removed) => self.by_word.retain(|_, tag| *tag != removed.tag),
        }
    }
}

fn folded(word: &str) -> String {
    word.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::given;
    use uuid::Uuid;

    const TEAM: TeamId = TeamId(Uuid::from_u128(9));
    const TAG: TagId = TagId(Uuid::from_u128(1));

    fn have(status: ContactStatus, words: &[(u128, &str)]) -> Command {
        let words = words.iter().map(|(id, word)| (TagId(Uuid::from_u128(*id)), (*word).to_owned()));
        Command::Have { status, team: TEAM, words: words.collect() }
    }

    #[test]
    fn words_that_differ_in_case_are_one_tag() {
        let made =
            given::<Tags>(&[]).when(have(ContactStatus::Member, &[(1, "Дом"), (2, "дом"), (3, "сад")]));
        let made = made.unwrap();
        assert_eq!(made.len(), 2);
        assert_eq!(given::<Tags>(&made).when(have(ContactStatus::Guest, &[(4, "ДОМ")])), Ok(vec![]));
        assert_eq!(Tags::initial().fold(&made).of_word("дОм"), Some(TAG));
    }

    #[test]
    fn guest_cannot_create_a_tag_and_only_an_admin_removes_one() {
        let guest = have(ContactStatus::Guest, &[(1, "дом")]);
        assert_eq!(given::<Tags>(&[]).when(guest), Err(Rejection::NotAllowed));
        let made = given::<Tags>(&[]).when(have(ContactStatus::Member, &[(1, "дом")])).unwrap();
        let remove = |status| Command::Remove { status, team: TEAM, tag: TAG };
        assert_eq!(given::<Tags>(&made).when(remove(ContactStatus::Member)), Err(Rejection::NotAllowed));
        let gone = given::<Tags>(&made).when(remove(ContactStatus::Admin)).unwrap();
        let after = [made, gone].concat();
        assert_eq!(given::<Tags>(&after).when(remove(ContactStatus::Admin)), Err(Rejection::NoTag));
        assert_eq!(Tags::initial().fold(&after).of_word("дом"), None);
    }
}
