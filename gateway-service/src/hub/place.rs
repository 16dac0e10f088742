//! Where in the feeds a socket stands.

use crate::hub::row::Row;
use events::{ContactId, GroupId, TeamId, chat::ChatRef};
use protocol::{
    FeedPosition,
    notice::{Audience, FeedRow, Notice, Scope},
    team::TeamUnread,
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// How a socket hears a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ear {
    /// The feed of its account.
    Account,
    /// The feed of its team, as this contact.
    Home(ContactId),
    /// The feed of another team of the account, where it is this contact: only news of the team as a whole.
    Elsewhere(ContactId),
}

/// What a socket has heard so far. It belongs to the hub while the socket is live, else to the socket, which then
/// reads the feed by itself.
#[derive(Debug, Default)]
pub(crate) struct Place {
    /// How each scope is heard.
    pub(crate) ears: HashMap<Scope, Ear>,
    /// Up to where all of them were heard.
    pub(crate) at: FeedPosition,
    /// The groups that the contact is in, as of there.
    pub(crate) groups: HashSet<GroupId>,
}

impl Place {
    /// Moves past a row; true when the socket must hear it.
    pub(crate) fn pass(&mut self, feed: &FeedRow) -> bool {
        if feed.feed_position() <= self.at {
            return false;
        }
        self.at = feed.feed_position();
        let Some(ear) = self.ears.get(&feed.scope).copied() else { return false };
        if let Ear::Home(contact) = ear {
            join(&mut self.groups, &feed.notice, contact);
        }
        let hears = hears(ear, feed, &self.groups);
        if let Ear::Home(contact) = ear {
            leave(&mut self.groups, &feed.notice, contact);
        }
        hears
    }
}

/// Whether a row concerns somebody who listens in this way.
pub(crate) fn hears(ear: Ear, feed: &FeedRow, groups: &HashSet<GroupId>) -> bool {
    let contact = match ear {
        Ear::Account => return true,
        Ear::Elsewhere(contact) if !concerns_elsewhere(&feed.notice, contact) => return false,
        Ear::Home(contact) | Ear::Elsewhere(contact) => contact,
    };
    match &feed.audience {
        Audience::All => true,
        Audience::Contacts(contacts) => contacts.contains(&contact),
        Audience::Group(group) => groups.contains(group),
    }
}

/// News of a team as a whole.
pub(crate) fn is_news_of_team(notice: &Notice) -> bool {
    matches!(notice, Notice::TeamUpdated { .. } | Notice::TeamDeleted { .. } | Notice::ContactRemoved { .. })
}

/// What an account hears of the teams that a socket is not in.
fn concerns_elsewhere(notice: &Notice, contact: ContactId) -> bool {
    match notice {
        Notice::ContactRemoved { contact: removed, .. } => *removed == contact,
        other => is_news_of_team(other),
    }
}

/// A contact enters the groups that it joined before it hears of them.
fn join(groups: &mut HashSet<GroupId>, notice: &Notice, contact: ContactId) {
    if let Some((group, joined)) = notice.joined()
        && joined.contains(&contact)
    {
        groups.insert(group);
    }
}

/// A contact hears that it is out of a group, or of the team with all its groups, and then is.
fn leave(groups: &mut HashSet<GroupId>, notice: &Notice, contact: ContactId) {
    if let Some((group, left)) = notice.left()
        && (left.is_empty() || left.contains(&contact))
    {
        groups.remove(&group);
    }
    if matches!(notice, Notice::ContactRemoved { contact: removed, .. } if *removed == contact) {
        groups.clear();
    }
}

/// What the hub gives to sockets.
#[derive(Clone)]
pub(crate) enum Delivery {
    /// A row of the feed: never dropped, see [`Place`].
    Row(Arc<Row>),
    /// Somebody types: dropped when the socket is busy.
    Typing(Arc<Typing>),
    /// So much is unread in another team of the account, where it is this contact.
    Elsewhere {
        /// Who.
        contact: ContactId,
        /// What is not read there.
        unread: TeamUnread,
    },
}

/// Somebody types in a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Typing {
    /// The team.
    pub(crate) team: TeamId,
    /// Where.
    pub(crate) chat: ChatRef,
    /// Who.
    pub(crate) actor: ContactId,
    /// Typing, or stopped.
    pub(crate) composing: bool,
    /// Recording a voice message.
    pub(crate) is_audio: bool,
}
