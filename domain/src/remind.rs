//! Rules of a reminder: its contact's own, fires once for each time that it is set.

use crate::Aggregate;
use chrono::{DateTime, Utc};
use events::{
    ContactId, RemindEvent,
    remind::{self, Set},
};

/// What is known of a reminder.
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

/// What may be asked.
#[derive(Clone, Debug)]
pub enum Command {
    /// It shall fire at a time.
    Set {
        /// All about it. Its conversation is known to be one that the contact may read.
        set: Set,
        /// When this is asked.
        now: DateTime<Utc>,
    },
    /// It shall fire no more.
    Remove {
        /// Who asks.
        contact: ContactId,
    },
    /// It shall fire if its time has come.
    Fire {
        /// The present.
        now: DateTime<Utc>,
    },
}

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// There is no such reminder of this contact's that has yet to fire.
    NoRemind,
    /// Its time is over already.
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
            // Asked for once more: it waits, or it has fired as it was asked to.
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
    fn it_fires_once_when_its_time_has_come() {
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
    fn set_anew_it_fires_anew() {
        let waiting = given::<Remind>(&[]).when(set(ME, 60, 0)).unwrap();
        let fired = given::<Remind>(&waiting).when(fire(60)).unwrap();
        let history = [waiting, fired].concat();
        let again = given::<Remind>(&history).when(set(ME, 120, 70)).unwrap();
        let history = [history, again].concat();
        assert_eq!(given::<Remind>(&history).when(fire(119)), Ok(vec![]));
        assert_eq!(given::<Remind>(&history).when(fire(120)).map(|events| events.len()), Ok(1));
    }

    #[test]
    fn it_is_its_contacts_own_and_in_the_future() {
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
