//! A subscriber's cursor: its subscriptions, and its position in their feeds.

use events::{ContactId, GroupId};
use protocol::{
    FeedPosition,
    notice::{Audience, FeedRow, Notice, Scope},
};
use std::collections::{HashMap, HashSet};

/// How a socket subscribes to a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SubscriptionKind {
    /// The feed of its account.
    Account,
    /// The feed of its team, as this contact.
    Team(ContactId),
    /// The feed of another team of the account, where it is this contact: only news of the team as a whole.
    OtherTeam(ContactId),
}

/// A subscriber's progress. The hub owns it while the socket is live; otherwise the socket owns it and reads the
/// feed itself.
#[derive(Debug, Default)]
pub(crate) struct Cursor {
    /// The scopes and how the socket subscribes to them.
    pub(crate) subscriptions: HashMap<Scope, SubscriptionKind>,
    /// Position up to which all of them are delivered.
    pub(crate) at: FeedPosition,
    /// The groups of the contact at that position.
    pub(crate) groups: HashSet<GroupId>,
}

impl Cursor {
    /// Advances past a row; returns whether the row must be delivered.
    pub(crate) fn pass(&mut self, feed: &FeedRow) -> bool {
        if feed.feed_position() <= self.at {
            return false;
        }
        self.at = feed.feed_position();
        let Some(kind) = self.subscriptions.get(&feed.scope).copied() else { return false };
        if let SubscriptionKind::Team(contact) = kind {
            join(&mut self.groups, &feed.notice, contact);
        }
        let wanted = wants(kind, feed, &self.groups);
        if let SubscriptionKind::Team(contact) = kind {
            leave(&mut self.groups, &feed.notice, contact);
        }
        wanted
    }
}

/// Whether a row must be delivered to a subscription of this kind.
pub(crate) fn wants(kind: SubscriptionKind, feed: &FeedRow, groups: &HashSet<GroupId>) -> bool {
    let contact = match kind {
        SubscriptionKind::Account => return true,
        SubscriptionKind::OtherTeam(contact) if !concerns_other_team(&feed.notice, contact) => return false,
        SubscriptionKind::Team(contact) | SubscriptionKind::OtherTeam(contact) => contact,
    };
    match &feed.audience {
        Audience::All => true,
        Audience::Contacts(contacts) => contacts.contains(&contact),
        Audience::Group(group) => groups.contains(group),
    }
}

/// Whether a notice is about a team as a whole.
pub(crate) fn is_news_of_team(notice: &Notice) -> bool {
    matches!(notice, Notice::TeamUpdated { .. } | Notice::TeamDeleted { .. } | Notice::ContactRemoved { .. })
}

/// Whether a notice is delivered to sockets of the account's other teams.
fn concerns_other_team(notice: &Notice, contact: ContactId) -> bool {
    match notice {
        Notice::ContactRemoved { contact: removed, .. } => *removed == contact,
        other => is_news_of_team(other),
    }
}

/// A contact joins a group before it gets the notice about it.
fn join(groups: &mut HashSet<GroupId>, notice: &Notice, contact: ContactId) {
    if let Some((group, joined)) = notice.joined()
        && joined.contains(&contact)
    {
        groups.insert(group);
    }
}

/// A contact gets the notice that it left a group, or the team with all its groups, and leaves afterwards.
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
