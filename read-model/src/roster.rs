//! All that a team's screen shows, for clients that want it at once.

use crate::{
    ReadModel, Result,
    chat::list::{ChatFilter, ChatSort},
    contact::Viewer,
    reading::PLACES,
};
use events::{AccountId, TeamId, value::SectionKind};
use protocol::{chat::Chat, lang::Lang, message::ChatType, realtime::Roster, task::TaskTab};
use sqlx::AssertSqlSafe;

/// Whose roster.
#[derive(Clone, Copy, Debug)]
pub struct RosterOf {
    /// The account.
    pub account: AccountId,
    /// The team.
    pub team: TeamId,
    /// The account's contact there.
    pub viewer: Viewer,
    /// The language of titles.
    pub lang: Lang,
    /// What it has not read in all teams.
    pub badge: u64,
}

impl ReadModel {
    /// A team as a member sees it; `None` when there are more than `most` contacts and chats.
    ///
    /// # Errors
    /// The database failed.
    pub async fn roster(&self, of: RosterOf, most: u32) -> Result<Option<Roster>> {
        let RosterOf { account, team, viewer, lang, badge } = of;
        if self.roster_size(team, viewer).await? > i64::from(most) {
            return Ok(None);
        }
        let tabs = self.task_tabs(team, viewer).await?.into_iter();
        Ok(Some(Roster {
            badge,
            contact_sections: self.sections(team, SectionKind::Contacts).await?,
            contacts: self.contacts(team, viewer).await?,
            devices: self.devices(account).await?,
            direct_chats: self.all_chats(team, viewer, ChatType::Direct, most).await?,
            group_sections: self.sections(team, SectionKind::Groups).await?,
            groups: self.all_chats(team, viewer, ChatType::Group, most).await?,
            task_chats: self.all_chats(team, viewer, ChatType::Task, most).await?,
            task_sections: self.sections(team, SectionKind::Tasks).await?,
            task_tabs: tabs.map(|(key, tasks, unread)| TaskTab::new(key, tasks, unread, lang)).collect(),
        }))
    }

    async fn roster_size(&self, team: TeamId, viewer: Viewer) -> Result<i64> {
        let sql = format!(
            "SELECT (SELECT count(*) FROM contact WHERE team = $2 AND NOT archived) \
                 + (SELECT count(*) FROM ({PLACES}) x JOIN chat c ON c.key = x.chat WHERE NOT c.archived)"
        );
        let query = sqlx::query_scalar(AssertSqlSafe(sql)).bind(vec![viewer.contact.0]).bind(team.0);
        Ok(query.fetch_one(&self.pool).await?)
    }

    /// The conversations of a kind that a contact is in, hidden ones too.
    async fn all_chats(&self, team: TeamId, viewer: Viewer, kind: ChatType, limit: u32) -> Result<Vec<Chat>> {
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
        Ok(self.chat_page(team, viewer, &filter).await?.objects)
    }
}
