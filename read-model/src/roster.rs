//! The roster: everything that a team's screen shows, in one answer.

use crate::{
    ReadModel, Result,
    chat::list::{ChatFilter, ChatSort},
    reading::PLACES,
    rights::TeamMember,
};
use events::{AccountId, value::SectionKind};
use protocol::{chat::Chat, lang::Lang, message::ChatType, realtime::Roster, task::TaskTab};
use sqlx::AssertSqlSafe;

/// Inputs of a roster in addition to the member.
#[derive(Clone, Copy, Debug)]
pub struct RosterOptions {
    /// The member's account.
    pub account: AccountId,
    /// The language of titles.
    pub lang: Lang,
    /// Unread messages of the account in all teams.
    pub badge: u64,
    /// The most contacts and chats that a roster may have.
    pub max_objects: u32,
}

/// Everything that a team's screen shows.
#[derive(Clone, Copy, Debug)]
pub struct Rosters<'r>(pub(crate) &'r ReadModel);

impl ReadModel {
    /// Everything that a team's screen shows.
    pub fn rosters(&self) -> Rosters<'_> {
        Rosters(self)
    }
}

impl Rosters<'_> {
    /// The team as the member sees it; `None` when it has too many contacts and chats.
    pub async fn of(self, member: &TeamMember, options: RosterOptions) -> Result<Option<Roster>> {
        let RosterOptions { account, lang, badge, max_objects } = options;
        if self.count_objects(member).await? > i64::from(max_objects) {
            return Ok(None);
        }
        let (sections, tabs) = (self.0.sections(), self.0.tasks().tabs(member).await?.into_iter());
        Ok(Some(Roster {
            badge,
            contact_sections: sections.list(member, SectionKind::Contacts).await?,
            contacts: self.0.contacts().present(member).await?,
            devices: self.0.devices().list(account).await?,
            direct_chats: self.all_chats(member, ChatType::Direct, max_objects).await?,
            group_sections: sections.list(member, SectionKind::Groups).await?,
            groups: self.all_chats(member, ChatType::Group, max_objects).await?,
            task_chats: self.all_chats(member, ChatType::Task, max_objects).await?,
            task_sections: sections.list(member, SectionKind::Tasks).await?,
            task_tabs: tabs.map(|(key, tasks, unread)| TaskTab::new(key, tasks, unread, lang)).collect(),
        }))
    }

    async fn count_objects(self, member: &TeamMember) -> Result<i64> {
        let sql = format!(
            "SELECT (SELECT count(*) FROM contact WHERE team = $2 AND NOT archived) \
                 + (SELECT count(*) FROM ({PLACES}) x JOIN chat c ON c.key = x.chat WHERE NOT c.archived)"
        );
        let query = sqlx::query_scalar(AssertSqlSafe(sql)).bind(vec![member.contact.0]).bind(member.team.0);
        Ok(query.fetch_one(&self.0.pool).await?)
    }

    /// All chats of a kind that the member is in, hidden ones too, by last activity.
    async fn all_chats(self, member: &TeamMember, kind: ChatType, limit: u32) -> Result<Vec<Chat>> {
        let filter = ChatFilter {
            kinds: vec![kind],
            gentime_gt: Some(0),
            unread_only: false,
            unread_first: false,
            hidden: None,
            feed: None,
            has_activity: None,
            q: None,
            sort: Some(ChatSort::Activity { descending: true }),
            mix_contacts: false,
            limit,
            offset: 0,
        };
        Ok(self.0.chats().page(member, &filter).await?.objects)
    }
}
