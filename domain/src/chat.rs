//! Rules of a group (`protocol.md` 3.3, 4.7, 4.26).

use crate::{Aggregate, limits};
use events::{
    ChatEvent, ContactId, GroupId, TeamId, chat,
    value::{ContactStatus, GroupStatus},
};
use std::collections::{BTreeMap, BTreeSet};

/// What is known of a group.
#[derive(Clone, Debug, Default)]
pub struct Chat {
    stage: Stage,
    team: Option<TeamId>,
    /// Those who were named. In a group for all, everybody else of the team is a member too, unless it has left.
    members: BTreeMap<ContactId, GroupStatus>,
    left: BTreeSet<ContactId>,
    for_all: bool,
    public: bool,
    readonly: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Absent,
    Live,
    Archived,
}

/// Who acts: a contact of the group's team, and what it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Who.
    pub contact: ContactId,
    /// Status in the team.
    pub status: ContactStatus,
}

/// What may be asked. Contacts that are named are known to belong to the team.
#[derive(Clone, Debug)]
pub enum Command {
    /// The group shall exist.
    Create {
        /// Its id.
        group: GroupId,
        /// Where.
        team: TeamId,
        /// Who makes it, and becomes its admin.
        actor: Actor,
        /// Its first members.
        members: Vec<chat::Member>,
        /// Its settings.
        settings: chat::Settings,
    },
    /// Somebody shall be a member with these rights.
    SetMember {
        /// Who acts.
        actor: Actor,
        /// Who shall be what.
        member: chat::Member,
    },
    /// Somebody shall be a member no more; oneself may always leave.
    RemoveMember {
        /// Who acts.
        actor: Actor,
        /// Who goes.
        contact: ContactId,
    },
    /// The group shall be gone.
    Archive {
        /// Who acts.
        actor: Actor,
    },
}

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// There is no such group, any more or at all, or none that the actor may know of.
    NoGroup,
    /// The actor may not.
    NotAllowed,
    /// There is no such member.
    NoMember,
    /// Too many members.
    TooManyMembers,
}

impl Chat {
    /// The team it belongs to, while it lives.
    pub fn team(&self) -> Option<TeamId> {
        self.team.filter(|_| self.stage == Stage::Live)
    }

    /// What a contact of the team is in it; `None` for those outside.
    pub fn status_of(&self, contact: ContactId) -> Option<GroupStatus> {
        let implied = self.for_all && !self.left.contains(&contact);
        self.members.get(&contact).copied().or(implied.then_some(GroupStatus::Member))
    }

    /// Whether a contact may write into it.
    ///
    /// # Errors
    /// The rejection: not a member, or only admins may write.
    pub fn may_write(&self, contact: ContactId) -> Result<(), Rejection> {
        match self.status_of(contact) {
            _ if self.stage != Stage::Live => Err(Rejection::NoGroup),
            None => Err(Rejection::NoGroup),
            Some(GroupStatus::Member) if self.readonly => Err(Rejection::NotAllowed),
            Some(_) => Ok(()),
        }
    }

    /// Group admins and those who run the team manage the group; others do not learn of a private one.
    fn require_manager(&self, actor: Actor) -> Result<(), Rejection> {
        let own = self.status_of(actor.contact);
        if self.stage != Stage::Live {
            return Err(Rejection::NoGroup);
        }
        match own {
            Some(GroupStatus::Admin) => Ok(()),
            _ if actor.status >= ContactStatus::Admin => Ok(()),
            None if !self.public => Err(Rejection::NoGroup),
            _ => Err(Rejection::NotAllowed),
        }
    }
}

impl Aggregate for Chat {
    type Command = Command;
    type Event = ChatEvent;
    type Rejection = Rejection;

    fn initial() -> Self {
        Self::default()
    }

    fn decide(&self, command: Command) -> Result<Vec<ChatEvent>, Rejection> {
        match command {
            Command::Create { .. } if self.stage != Stage::Absent => Ok(vec![]),
            Command::Create { group, team, actor, members, settings } => {
                if actor.status < ContactStatus::Member {
                    return Err(Rejection::NotAllowed);
                }
                let mut all = BTreeMap::new();
                all.extend(members.into_iter().map(|member| (member.contact, member.status)));
                all.insert(actor.contact, GroupStatus::Admin);
                if all.len() > limits::GROUP_MEMBERS {
                    return Err(Rejection::TooManyMembers);
                }
                let members =
                    all.into_iter().map(|(contact, status)| chat::Member { contact, status }).collect();
                Ok(vec![chat::Created { group, team, owner: actor.contact, members, settings }.into()])
            }
            Command::SetMember { actor, member } => {
                let joins =
                    member.contact == actor.contact && self.public && member.status == GroupStatus::Member;
                if !(joins && self.stage == Stage::Live) {
                    self.require_manager(actor)?;
                }
                match self.status_of(member.contact) {
                    Some(status) if status == member.status => Ok(vec![]),
                    None if self.members.len() >= limits::GROUP_MEMBERS => Err(Rejection::TooManyMembers),
                    _ => Ok(vec![chat::MemberSet { member }.into()]),
                }
            }
            Command::RemoveMember { actor, contact } => {
                let member = self.status_of(contact).is_some();
                if actor.contact != contact || !member || self.stage != Stage::Live {
                    self.require_manager(actor)?;
                }
                match member {
                    true => Ok(vec![chat::MemberRemoved { contact }.into()]),
                    false => Err(Rejection::NoMember),
                }
            }
            Command::Archive { actor } => {
                self.require_manager(actor)?;
                Ok(vec![chat::Archived {}.into()])
            }
        }
    }

    fn evolve(&mut self, event: &ChatEvent) {
        match event {
            ChatEvent::Created(created) => {
                self.stage = Stage::Live;
                self.team = Some(created.team);
                self.public = created.settings.public;
                self.for_all = created.settings.default_for_all;
                self.readonly = created.settings.readonly_for_members;
                self.members.extend(created.members.iter().map(|member| (member.contact, member.status)));
            }
            ChatEvent::MemberSet(set) => {
                self.members.insert(set.member.contact, set.member.status);
                self.left.remove(&set.member.contact);
            }
            ChatEvent::MemberRemoved(removed) => {
                self.members.remove(&removed.contact);
                self.left.insert(removed.contact);
            }
            ChatEvent::Archived(_) => self.stage = Stage::Archived,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::given;
    use events::Personal;
    use uuid::Uuid;

    const MAKER: Actor = Actor { contact: ContactId(Uuid::from_u128(1)), status: ContactStatus::Member };
    const OTHER: Actor = Actor { contact: ContactId(Uuid::from_u128(2)), status: ContactStatus::Member };
    const TEAM_OWNER: Actor = Actor { contact: ContactId(Uuid::from_u128(3)), status: ContactStatus::Owner };

    fn create(public: bool, readonly_for_members: bool) -> Command {
        let team = TeamId(Uuid::from_u128(9));
        let text = |text: &str| Personal::of_team(team, text.to_owned());
        let settings = chat::Settings {
            display_name: text("Общий чат"),
            description: text(""),
            public,
            readonly_for_members,
            default_for_all: false,
        };
        let members = vec![chat::Member { contact: OTHER.contact, status: GroupStatus::Member }];
        Command::Create { group: GroupId(Uuid::from_u128(7)), team, actor: MAKER, members, settings }
    }

    fn made(public: bool, readonly: bool) -> Vec<ChatEvent> {
        given::<Chat>(&[]).when(create(public, readonly)).unwrap()
    }

    #[test]
    fn the_maker_is_admin_and_guests_make_none() {
        let ChatEvent::Created(created) = &made(false, false)[0] else { panic!() };
        assert!(
            created.members.contains(&chat::Member { contact: MAKER.contact, status: GroupStatus::Admin })
        );
        let mut by_guest = create(false, false);
        if let Command::Create { actor, .. } = &mut by_guest {
            actor.status = ContactStatus::Guest;
        }
        assert_eq!(given::<Chat>(&[]).when(by_guest), Err(Rejection::NotAllowed));
    }

    #[test]
    fn members_write_unless_only_admins_may() {
        let open = Chat::initial().fold(&made(false, false));
        assert_eq!(open.may_write(OTHER.contact), Ok(()));
        assert_eq!(open.may_write(TEAM_OWNER.contact), Err(Rejection::NoGroup));
        let channel = Chat::initial().fold(&made(false, true));
        assert_eq!(channel.may_write(OTHER.contact), Err(Rejection::NotAllowed));
        assert_eq!(channel.may_write(MAKER.contact), Ok(()));
    }

    #[test]
    fn admins_and_those_who_run_the_team_manage_others_leave_or_join_public_ones() {
        let stranger = Actor { contact: ContactId(Uuid::from_u128(5)), status: ContactStatus::Member };
        let add = |actor, contact| Command::SetMember {
            actor,
            member: chat::Member { contact, status: GroupStatus::Member },
        };
        let private = made(false, false);
        assert_eq!(given::<Chat>(&private).when(add(OTHER, stranger.contact)), Err(Rejection::NotAllowed));
        assert_eq!(given::<Chat>(&private).when(add(stranger, stranger.contact)), Err(Rejection::NoGroup));
        assert!(given::<Chat>(&private).when(add(TEAM_OWNER, stranger.contact)).is_ok());
        assert!(given::<Chat>(&made(true, false)).when(add(stranger, stranger.contact)).is_ok());
        let leave = Command::RemoveMember { actor: OTHER, contact: OTHER.contact };
        assert_eq!(given::<Chat>(&private).when(leave).map(|events| events.len()), Ok(1));
    }

    #[test]
    fn of_a_group_for_all_everybody_is_a_member_until_leaving() {
        let mut make = create(false, false);
        if let Command::Create { settings, .. } = &mut make {
            settings.default_for_all = true;
        }
        let history = given::<Chat>(&[]).when(make).unwrap();
        let other = Actor { contact: ContactId(Uuid::from_u128(5)), status: ContactStatus::Member };
        assert_eq!(Chat::initial().fold(&history).may_write(other.contact), Ok(()));
        let leave = Command::RemoveMember { actor: other, contact: other.contact };
        let gone = [history.clone(), given::<Chat>(&history).when(leave).unwrap()].concat();
        assert_eq!(Chat::initial().fold(&gone).may_write(other.contact), Err(Rejection::NoGroup));
    }

    #[test]
    fn an_archived_group_is_none() {
        let mut history = made(false, false);
        history.extend(given::<Chat>(&history).when(Command::Archive { actor: MAKER }).unwrap());
        assert_eq!(given::<Chat>(&history).when(Command::Archive { actor: MAKER }), Err(Rejection::NoGroup));
        assert_eq!(Chat::initial().fold(&history).may_write(MAKER.contact), Err(Rejection::NoGroup));
    }
}
