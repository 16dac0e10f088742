//! Where in the feeds a socket stands.

use events::{ContactId, GroupId};
use protocol::{
    FeedPosition,
    notice::{Audience, FeedRow, Notice, Scope},
};
use std::collections::{HashMap, HashSet};

/// How a socket hears a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SubscriptionKind {
    /// The feed of its account.
    Account,
    /// The feed of its team, as this contact.
    Team(ContactId),
    /// The feed of another team of the account, where it is this contact: only news of the team as a whole.
    OtherTeam(ContactId),
}

/// What a socket has heard so far. It belongs to the hub while the socket is live, else to the socket, which then
/// reads the feed by itself.
#[derive(Debug, Default)]
pub(crate) struct Cursor {
    /// How each scope is heard.
    pub(crate) subscriptions: HashMap<Scope, SubscriptionKind>,
    /// Up to where all of them were heard.
    pub(crate) at: FeedPosition,
    /// The groups that the contact is in, as of there.
    pub(crate) groups: HashSet<GroupId>,
}

impl Cursor {
    /// Moves past a row; true when the socket must hear it.
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

/// Whether a row concerns somebody who listens in this way.
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

/// News of a team as a whole.
pub(crate) fn is_news_of_team(notice: &Notice) -> bool {
    matches!(notice, Notice::TeamUpdated { .. } | Notice::TeamDeleted { .. } | Notice::ContactRemoved { .. })
}

/// What an account hears of the teams that a socket is not in.
fn concerns_other_team(notice: &Notice, contact: ContactId) -> bool {
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
