//! The team of the tests, and the helpers that their events share.

use crate::sample_events::{group_settings, team_created};
use chrono::{DateTime, TimeDelta, Utc};
use events::{
    AccountEvent, AccountId, ChatEvent, ContactId, Event, GroupId, IntegrationId, MessageId, MessageKey,
    Personal, SectionId, StreamName, TeamEvent, TeamId, UploadId, account, chat, contact, integration,
    section,
    value::{ContactOrigin, ContactStatus, GroupStatus, IntegrationKind, SectionKind},
};
use uuid::Uuid;

pub(crate) const TEAM: TeamId = TeamId(Uuid::from_u128(0x100));
pub(crate) const GROUP: GroupId = GroupId(Uuid::from_u128(0x200));
pub(crate) const INTEGRATION: IntegrationId = IntegrationId(Uuid::from_u128(0x300));

pub(crate) fn account_id(n: u128) -> AccountId {
    AccountId(Uuid::from_u128(0x1000 + n))
}

pub(crate) fn contact_id(n: u128) -> ContactId {
    ContactId(Uuid::from_u128(0x2000 + n))
}

pub(crate) fn account_of(contact: ContactId) -> AccountId {
    account_id(contact.0.as_u128() - 0x2000)
}

/// A personal value of a contact in the team.
pub(crate) fn own_words(who: ContactId, text: String) -> Personal<String> {
    Personal::in_team(TEAM, account_of(who), text)
}

/// The time of a step. It is not monotonic, because the clocks of nodes differ.
pub(crate) fn at(step: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap()
        + TimeDelta::microseconds(step * 700 - (step % 7) * 5_000)
}

pub(crate) fn upload_id(step: i64) -> UploadId {
    UploadId(Uuid::from_u128(0x5_0000 + step.unsigned_abs() as u128))
}

/// The owner of a file, who alone may attach it.
pub(crate) fn owner_of(step: i64) -> ContactId {
    contact_id(step.unsigned_abs() as u128 % 3)
}

/// The stream of a message of the team; every third has the earlier form. Change messages have ids of version 8.
pub(crate) fn stream_of(message: MessageId) -> StreamName {
    let earlier = message.0.get_version_num() != 8 && message.0.as_u128().is_multiple_of(3);
    if earlier {
        return StreamName::message_by_id(message);
    }
    StreamName::message(MessageKey { team: TEAM, message })
}

/// Creates accounts, the team with its contacts and sections, a group, and an integration.
pub(crate) fn opening() -> Vec<(StreamName, Vec<Event>)> {
    let mut story = vec![];
    for n in 0..4 {
        let own = |text: &str| Personal::of_account(account_id(n), text.to_owned());
        let registered = account::Registered {
            account: account_id(n),
            phone: own(&format!("+7916666000{n}")),
            phone_hash: format!("{n:064x}"),
            given_name: own("Имя"),
            family_name: own(&format!("№{n}")),
            added_by: None,
        };
        story.push((StreamName::account(account_id(n)), vec![AccountEvent::from(registered).into()]));
    }
    let own = |text: &str| Personal::of_team(TEAM, text.to_owned());
    let mut founding: Vec<Event> = vec![
        team_created(TEAM, contact_id(0), "Полк"),
        TeamEvent::from(section::Created {
            section: SectionId(Uuid::from_u128(9)),
            name: own("Общая"),
            sort_ordering: 0,
            description: None,
            kind: SectionKind::Contacts,
        })
        .into(),
    ];
    for n in 0..4 {
        let own = |text: &str| Personal::of_account(account_id(n), text.to_owned());
        let added = contact::Added {
            contact: contact_id(n),
            account: account_id(n),
            origin: ContactOrigin::Added,
            phone: own(&format!("+7916666000{n}")),
            given_name: own("Имя"),
            family_name: own(&format!("№{n}")),
            role: own(""),
            status: if n == 0 { ContactStatus::Owner } else { ContactStatus::Member },
            need_confirmation: n > 0,
        };
        founding.push(TeamEvent::from(added).into());
    }
    for (n, kind) in
        (0_u128..).zip([SectionKind::Groups, SectionKind::Groups, SectionKind::Tasks, SectionKind::Tasks])
    {
        let section = SectionId(Uuid::from_u128(0x50 + n));
        let (name, sort_ordering) = (own("Раздел дел"), 0);
        let made = section::Created { section, name, sort_ordering, description: None, kind };
        founding.push(TeamEvent::from(made).into());
    }
    story.push((StreamName::team(TEAM), founding));
    let members =
        (0..3).map(|n| chat::Member { contact: contact_id(n), status: GroupStatus::Member }).collect();
    let group = chat::Created {
        group: GROUP,
        team: TEAM,
        owner: contact_id(0),
        members,
        settings: group_settings(TEAM, "Общий чат", true),
    };
    story.push((StreamName::chat(GROUP), vec![ChatEvent::from(group).into()]));
    let made = integration::Created {
        integration: INTEGRATION,
        kind: IntegrationKind::Raw,
        key_sealed: "…".into(),
        key_hash: "k".into(),
        settings: integration::Settings {
            comment: own("сборка"),
            enabled: true,
            group: GROUP,
            webhook_url: own("https://example.org/hook"),
        },
    };
    story.push((StreamName::team(TEAM), vec![TeamEvent::from(made).into()]));
    story
}
