//! Events of a team and a group, complete in every field.

use events::{
    ChatEvent, ContactId, Event, GroupId, Personal, TeamEvent, TeamId, chat, team, value::GroupStatus,
};

pub(crate) fn team_created(team: TeamId, owner: ContactId, name: &str) -> Event {
    let settings = team::Settings {
        default_task_deadline: "18:00:00".into(),
        max_message_update_age: 86_400,
        uploads_size_limit: 1 << 30,
    };
    let name = Personal::of_team(team, name.to_owned());
    TeamEvent::from(team::Created { team, name, owner, settings }).into()
}

pub(crate) fn group_settings(team: TeamId, name: &str, public: bool) -> chat::Settings {
    let of_team = |text: &str| Personal::of_team(team, text.to_owned());
    chat::Settings {
        display_name: of_team(name),
        description: of_team(""),
        public,
        readonly_for_members: false,
        default_for_all: false,
        autocleanup_age: None,
        pinned_message: None,
        section: None,
    }
}

/// A group with its owner as the only member.
pub(crate) fn group_created(
    (team, group): (TeamId, GroupId),
    owner: ContactId,
    settings: chat::Settings,
) -> Event {
    let members = vec![chat::Member { contact: owner, status: GroupStatus::Admin }];
    ChatEvent::from(chat::Created { group, team, owner, members, settings }).into()
}
