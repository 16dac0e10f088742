//! Rules of a group.

mod command;
pub mod fields;

pub use command::{Actor, Change, Command, Rejection};

use crate::{Aggregate, limits};
use events::{
    ChatEvent, ContactId, GroupId, TeamId, chat,
    value::{ContactStatus, GroupStatus},
};
use std::collections::{BTreeMap, BTreeSet};

/// The state of a group.
#[derive(Clone, Debug, Default)]
pub struct Chat {
    stage: Stage,
    team: Option<TeamId>,
    settings: Option<chat::Settings>,
    /// Members that events name. In a group for all, every other contact of the team that has not left is a member too.
    members: BTreeMap<ContactId, NamedMember>,
    left: BTreeSet<ContactId>,
    /// The group was for all at some time, so contacts that no event names may be members.
    was_for_all: bool,
    named: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Absent,
    Live,
    Archived,
}

/// A member that an event names.
#[derive(Clone, Copy, Debug)]
struct NamedMember {
    status: GroupStatus,
    /// The order in which members were named.
    since: u32,
}

impl Chat {
    /// The team, unless the group is archived.
    pub fn team(&self) -> Option<TeamId> {
        self.team.filter(|_| self.stage == Stage::Live)
    }

    /// The status of a contact of the team; `None` if it is no member.
    pub fn status_of(&self, contact: ContactId) -> Option<GroupStatus> {
        let implied = self.is(|settings| settings.default_for_all) && !self.left.contains(&contact);
        self.members.get(&contact).map(|place| place.status).or(implied.then_some(GroupStatus::Member))
    }

    /// Checks that a contact may post.
    ///
    /// # Errors
    /// The contact is no member, or only admins may post.
    pub fn may_write(&self, contact: ContactId) -> Result<(), Rejection> {
        match self.status_of(contact) {
            _ if self.stage != Stage::Live => Err(Rejection::NoGroup),
            None => Err(Rejection::NoGroup),
            Some(GroupStatus::Member) if self.is(|settings| settings.readonly_for_members) => {
                Err(Rejection::NotAllowed)
            }
            Some(_) => Ok(()),
        }
    }

    fn is(&self, flag: impl Fn(&chat::Settings) -> bool) -> bool {
        self.settings.as_ref().is_some_and(flag)
    }

    fn may_be_in(&self, contact: ContactId) -> bool {
        self.status_of(contact).is_some() || (self.was_for_all && !self.left.contains(&contact))
    }

    /// Checks that the actor may manage the group: group admins and team admins may. A contact that may not see the group gets
    /// `NoGroup`: private groups are visible to members only, and guests see no group that they are not in.
    fn require_manager(&self, actor: Actor) -> Result<(), Rejection> {
        if self.stage != Stage::Live {
            return Err(Rejection::NoGroup);
        }
        let public = self.is(|settings| settings.public) && actor.status > ContactStatus::Guest;
        match self.status_of(actor.contact) {
            Some(GroupStatus::Admin) => Ok(()),
            _ if actor.status >= ContactStatus::Admin => Ok(()),
            None if !public && !self.may_be_in(actor.contact) => Err(Rejection::NoGroup),
            _ => Err(Rejection::NotAllowed),
        }
    }

    /// Removes a member. The last admin is succeeded by the remaining member that was named first; if there is none, team admins
    /// still manage the group.
    fn without(&self, contact: ContactId) -> Vec<ChatEvent> {
        let is_admin = |place: &NamedMember| place.status == GroupStatus::Admin;
        let was_admin = self.members.get(&contact).is_some_and(is_admin);
        let rest = || self.members.iter().filter(|(other, _)| **other != contact);
        let heir = if was_admin && !rest().any(|(_, place)| is_admin(place)) {
            rest().min_by_key(|(_, place)| place.since)
        } else {
            None
        };
        let member = |contact: ContactId| chat::Member { contact, status: GroupStatus::Admin };
        let promoted = heir.map(|(heir, _)| chat::MemberSet { member: member(*heir) }.into());
        promoted.into_iter().chain([chat::MemberRemoved { contact }.into()]).collect()
    }

    fn set(&mut self, member: &chat::Member) {
        let since = self.members.get(&member.contact).map_or(self.named, |place| place.since);
        self.named += 1;
        self.members.insert(member.contact, NamedMember { status: member.status, since });
        self.left.remove(&member.contact);
    }

    fn settle(&mut self, settings: &chat::Settings) {
        if settings.default_for_all && !self.is(|before| before.default_for_all) {
            self.was_for_all = true;
            self.left.clear(); // everybody joins, including contacts that had left
        }
        self.settings = Some(settings.clone());
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
                create(group, team, actor, members, settings)
            }
            Command::Change { actor, change } => {
                self.require_manager(actor)?;
                let before = self.settings.as_ref().ok_or(Rejection::NoGroup)?;
                let settings = change.of(before.clone());
                Ok(if settings == *before { vec![] } else { vec![chat::Changed { settings }.into()] })
            }
            Command::SetMember { actor, member } => {
                let joins = member.contact == actor.contact
                    && actor.status > ContactStatus::Guest
                    && self.is(|settings| settings.public)
                    && member.status == GroupStatus::Member;
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
                let member = self.may_be_in(contact);
                if actor.contact != contact || !member || self.stage != Stage::Live {
                    self.require_manager(actor)?;
                }
                if member { Ok(self.without(contact)) } else { Err(Rejection::NoMember) }
            }
            Command::Forget { contact } => {
                let is_in = self.stage == Stage::Live && self.may_be_in(contact);
                Ok(if is_in { self.without(contact) } else { vec![] })
            }
            Command::Welcome { contact } => {
                let member = chat::Member { contact, status: GroupStatus::Member };
                let joins = self.stage == Stage::Live
                    && self.is(|settings| settings.default_for_all)
                    && self.status_of(contact).is_none();
                Ok(if joins { vec![chat::MemberSet { member }.into()] } else { vec![] })
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
                created.members.iter().for_each(|member| self.set(member));
                self.settle(&created.settings);
            }
            ChatEvent::Changed(changed) => self.settle(&changed.settings),
            ChatEvent::MemberSet(set) => self.set(&set.member),
            ChatEvent::MemberRemoved(removed) => {
                self.members.remove(&removed.contact);
                self.left.insert(removed.contact);
            }
            ChatEvent::Archived(_) => self.stage = Stage::Archived,
        }
    }
}

fn create(
    group: GroupId,
    team: TeamId,
    actor: Actor,
    members: Vec<chat::Member>,
    settings: chat::Settings,
) -> Result<Vec<ChatEvent>, Rejection> {
    if actor.status < ContactStatus::Member {
        return Err(Rejection::NotAllowed);
    }
    let mut all = BTreeMap::new();
    all.extend(members.into_iter().map(|member| (member.contact, member.status)));
    all.insert(actor.contact, GroupStatus::Admin);
    if all.len() > limits::GROUP_MEMBERS {
        return Err(Rejection::TooManyMembers);
    }
    let members = all.into_iter().map(|(contact, status)| chat::Member { contact, status }).collect();
    Ok(vec![chat::Created { group, team, owner: actor.contact, members, settings }.into()])
}

#[cfg(test)]
mod tests;
