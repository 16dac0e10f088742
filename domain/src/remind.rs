//! Rules of a reminder: it belongs to one contact, and fires once each time it is set.

use crate::Aggregate;
use chrono::{DateTime, Utc};
use events::{
    ContactId, RemindEvent,
    remind::{self, Set},
};

/// The state of a reminder.
#[derive(Clone, Debug, Default)]
pub struct Remind {
    set: Option<Set>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Absent,
    Waiting,
    Fired,
    Removed,
}

/// The commands.
#[derive(Clone, Debug)]
pub enum Command {
    /// Sets the reminder.
    Set {
        /// The caller has checked that the contact may read the chat.
        set: Set,
        now: DateTime<Utc>,
    },
    Remove {
        contact: ContactId,
    },
    /// Fires the reminder if its time has come.
    Fire {
        now: DateTime<Utc>,
    },
}

/// Why a command is rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The contact has no such waiting reminder.
    NoRemind,
    /// The time is in the past.
    Past,
}

impl Remind {
    fn is_of(&self, contact: ContactId) -> bool {
        self.set.as_ref().is_some_and(|set| set.contact == contact)
    }
}

impl Aggregate for Remind {
    type Command = Command;
    type Event = RemindEvent;
    type Rejection = Rejection;

    fn initial() -> Self {
        Self::default()
    }

    fn decide(&self, command: Command) -> Result<Vec<RemindEvent>, Rejection> {
        match command {
            Command::Set { set, .. } if self.stage != Stage::Absent && !self.is_of(set.contact) => {
                Err(Rejection::NoRemind)
            }
            // A repeated request: the reminder is waiting, or has fired.
            Command::Set { set, .. } if self.stage != Stage::Removed && self.set.as_ref() == Some(&set) => {
                Ok(vec![])
            }
            Command::Set { set, now } if set.fire_at <= now => Err(Rejection::Past),
            Command::Set { set, .. } => Ok(vec![set.into()]),
            Command::Remove { contact } if self.stage == Stage::Waiting && self.is_of(contact) => {
                Ok(vec![remind::Removed {}.into()])
            }
            Command::Remove { .. } => Err(Rejection::NoRemind),
            Command::Fire { now } => match &self.set {
                Some(set) if self.stage == Stage::Waiting && set.fire_at <= now => {
                    Ok(vec![remind::Fired { fire_at: set.fire_at }.into()])
                }
                _ => Ok(vec![]),
            },
        }
    }

    fn evolve(&mut self, event: &RemindEvent) {
        match event {
            RemindEvent::Set(set) => {
                self.set = Some(set.clone());
                self.stage = Stage::Waiting;
            }
            RemindEvent::Fired(_) => self.stage = Stage::Fired,
            RemindEvent::Removed(_) => self.stage = Stage::Removed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::given;
    use events::{AccountId, GroupId, Personal, RemindId, TeamId, chat::ChatRef};
    use uuid::Uuid;

    const ME: ContactId = ContactId(Uuid::from_u128(1));
    const YOU: ContactId = ContactId(Uuid::from_u128(2));

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
    }

    fn set(contact: ContactId, fire_at: i64, now: i64) -> Command {
        let set = Set {
            remind: RemindId(Uuid::from_u128(3)),
            team: TeamId(Uuid::from_u128(9)),
            contact,
            chat: ChatRef::Task(GroupId(Uuid::from_u128(7))),
            fire_at: at(fire_at),
            comment: Personal::of_account(AccountId(Uuid::from_u128(5)), "цветы".into()),
        };
        Command::Set { set, now: at(now) }
    }

    fn fire(now: i64) -> Command {
        Command::Fire { now: at(now) }
    }

    #[test]
    fn reminder_fires_once_at_its_time() {
        let waiting = given::<Remind>(&[]).when(set(ME, 60, 0)).unwrap();
        assert_eq!(given::<Remind>(&waiting).when(fire(59)), Ok(vec![]));
        let fired = given::<Remind>(&waiting).when(fire(60)).unwrap();
        assert_eq!(fired.len(), 1);
        let after = [waiting, fired].concat();
        assert_eq!(given::<Remind>(&after).when(fire(1_000)), Ok(vec![]));
        assert_eq!(given::<Remind>(&after).when(set(ME, 60, 100)), Ok(vec![]), "the same request again");
        assert_eq!(given::<Remind>(&[]).when(fire(60)), Ok(vec![]));
    }

    #[test]
    fn reminder_set_again_fires_again() {
        let waiting = given::<Remind>(&[]).when(set(ME, 60, 0)).unwrap();
        let fired = given::<Remind>(&waiting).when(fire(60)).unwrap();
        let history = [waiting, fired].concat();
        let again = given::<Remind>(&history).when(set(ME, 120, 70)).unwrap();
        let history = [history, again].concat();
        assert_eq!(given::<Remind>(&history).when(fire(119)), Ok(vec![]));
        assert_eq!(given::<Remind>(&history).when(fire(120)).map(|events| events.len()), Ok(1));
    }

    #[test]
    fn reminder_of_another_contact_or_in_the_past_is_rejected() {
        assert_eq!(given::<Remind>(&[]).when(set(ME, 60, 60)), Err(Rejection::Past));
        let waiting = given::<Remind>(&[]).when(set(ME, 60, 0)).unwrap();
        assert_eq!(given::<Remind>(&waiting).when(set(YOU, 90, 0)), Err(Rejection::NoRemind));
        let remove = |contact| Command::Remove { contact };
        assert_eq!(given::<Remind>(&waiting).when(remove(YOU)), Err(Rejection::NoRemind));
        let gone = [waiting.clone(), given::<Remind>(&waiting).when(remove(ME)).unwrap()].concat();
        assert_eq!(given::<Remind>(&gone).when(fire(60)), Ok(vec![]));
        assert_eq!(given::<Remind>(&gone).when(remove(ME)), Err(Rejection::NoRemind));
        assert!(given::<Remind>(&gone).when(set(ME, 60, 0)).is_ok_and(|events| events.len() == 1));
    }
}
