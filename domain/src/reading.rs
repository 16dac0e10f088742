//! Rules of a contact's own state of a chat: read mark, settings, draft. The last write wins.

use crate::Aggregate;
use events::{
    ContactId, MessageId, Personal, ReadingEvent, TeamId, chat::ChatRef, reading, reading::OwnSettings,
};

/// A contact's own state of a chat.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    last: Option<MessageId>,
    settings: OwnSettings,
    draft: Option<Personal<String>>,
}

/// The commands. The caller has checked that the contact may see the chat, and that the message is in it.
#[derive(Clone, Debug)]
pub enum Command {
    /// Marks everything up to a message as read.
    Mark { team: TeamId, chat: ChatRef, contact: ContactId, message: MessageId },
    /// Changes settings and draft.
    Keep { team: TeamId, chat: ChatRef, contact: ContactId, change: Change, draft: Option<Personal<String>> },
}

/// A change of settings; `None` leaves a setting unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// The chat is at the top of the list.
    pub pinned: Option<bool>,
    /// The order among pinned chats.
    pub pinned_sort_ordering: Option<i32>,
    /// The chat is not in the list.
    pub hidden: Option<bool>,
    /// Push notifications are sent.
    pub notifications_enabled: Option<bool>,
    /// Unread messages are counted.
    pub counters_enabled: Option<bool>,
    /// The description is collapsed.
    pub collapsed: Option<bool>,
    /// The chat is on the main screen.
    pub feed: Option<bool>,
}

impl Change {
    fn of(self, settings: &OwnSettings) -> OwnSettings {
        OwnSettings {
            pinned: self.pinned.unwrap_or(settings.pinned),
            pinned_sort_ordering: self.pinned_sort_ordering.unwrap_or(settings.pinned_sort_ordering),
            hidden: self.hidden.unwrap_or(settings.hidden),
            notifications_enabled: self.notifications_enabled.unwrap_or(settings.notifications_enabled),
            counters_enabled: self.counters_enabled.unwrap_or(settings.counters_enabled),
            collapsed: self.collapsed.unwrap_or(settings.collapsed),
            feed: self.feed.or(settings.feed),
        }
    }
}

/// No command is rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {}

impl Aggregate for Reading {
    type Command = Command;
    type Event = ReadingEvent;
    type Rejection = Rejection;

    fn initial() -> Self {
        Self::default()
    }

    fn decide(&self, command: Command) -> Result<Vec<ReadingEvent>, Rejection> {
        match command {
            Command::Mark { message, .. } if self.last == Some(message) => Ok(vec![]),
            Command::Mark { team, chat, contact, message } => {
                Ok(vec![reading::Marked { team, chat, contact, message }.into()])
            }
            Command::Keep { team, chat, contact, change, draft } => {
                let mut events = vec![];
                let settings = change.of(&self.settings);
                if settings != self.settings {
                    events.push(reading::SettingsChanged { team, chat, contact, settings }.into());
                }
                let is_new = |text: &Personal<String>| match &self.draft {
                    Some(before) => before.value != text.value,
                    None => text.value.as_deref().is_some_and(|text| !text.is_empty()),
                };
                if let Some(text) = draft.filter(is_new) {
                    events.push(reading::DraftSaved { team, chat, contact, text }.into());
                }
                Ok(events)
            }
        }
    }

    fn evolve(&mut self, event: &ReadingEvent) {
        match event {
            ReadingEvent::Marked(marked) => self.last = Some(marked.message),
            ReadingEvent::SettingsChanged(changed) => self.settings = changed.settings.clone(),
            ReadingEvent::DraftSaved(saved) => self.draft = Some(saved.text.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::given;
    use events::AccountId;
    use uuid::Uuid;

    const TEAM: TeamId = TeamId(Uuid::nil());
    const ME: ContactId = ContactId(Uuid::from_u128(1));
    const CHAT: ChatRef = ChatRef::Direct(ME, ContactId(Uuid::from_u128(2)));

    fn keep(change: Change, draft: Option<&str>) -> Command {
        let own = |text: &str| Personal::of_account(AccountId(Uuid::from_u128(3)), text.to_owned());
        Command::Keep { team: TEAM, chat: CHAT, contact: ME, change, draft: draft.map(own) }
    }

    #[test]
    fn marking_the_same_message_again_yields_no_events() {
        let mark =
            |n| Command::Mark { team: TEAM, chat: CHAT, contact: ME, message: MessageId(Uuid::from_u128(n)) };
        let history = given::<Reading>(&[]).when(mark(5)).unwrap();
        assert_eq!(given::<Reading>(&history).when(mark(5)), Ok(vec![]));
        assert_eq!(given::<Reading>(&history).when(mark(6)).map(|events| events.len()), Ok(1));
    }

    #[test]
    fn omitted_settings_are_unchanged() {
        let quiet = Change { notifications_enabled: Some(false), ..Change::default() };
        let pinned = Change { pinned: Some(true), pinned_sort_ordering: Some(7), ..Change::default() };
        let history = given::<Reading>(&[]).when(keep(quiet, None)).unwrap();
        let events = given::<Reading>(&history).when(keep(pinned, None)).unwrap();
        let [ReadingEvent::SettingsChanged(changed)] = &events[..] else { panic!("{events:?}") };
        let expected = OwnSettings {
            pinned: true,
            pinned_sort_ordering: 7,
            notifications_enabled: false,
            ..OwnSettings::default()
        };
        assert_eq!(changed.settings, expected);
        let default = Change { counters_enabled: Some(true), hidden: Some(false), ..Change::default() };
        assert_eq!(given::<Reading>(&[]).when(keep(default, None)), Ok(vec![]), "as it is already");
    }

    #[test]
    fn draft_is_saved_only_when_it_differs() {
        assert_eq!(given::<Reading>(&[]).when(keep(Change::default(), Some(""))), Ok(vec![]));
        let history = given::<Reading>(&[]).when(keep(Change::default(), Some("пи"))).unwrap();
        assert_eq!(given::<Reading>(&history).when(keep(Change::default(), Some("пи"))), Ok(vec![]));
        let hide = Change { hidden: Some(true), ..Change::default() };
        let both = given::<Reading>(&history).when(keep(hide, Some(""))).unwrap();
        assert_eq!(both.len(), 2);
    }
}
