//! Teams as a member sees them (`docs/acceptance.md`, items 45 to 66, 75 to 77).

use crate::{
    QueryError, ReadModel, Result,
    contact::{COLUMNS, SOURCE, may_invite},
    icon::StoredIcon,
    invitation::Invited,
    rights::{TeamMember, Viewer},
};
use chrono::{DateTime, Datelike, Months, Utc};
use domain::policy::{self, Action};
use events::{AccountId, ContactId, TeamId, value::ContactStatus};
use protocol::{
    ApiVersion,
    icon::IconData,
    invitation::TeamShort,
    team::{MonthUsage, Team, TeamUnread, Usage},
};
use sqlx::{Row, postgres::PgRow};
use std::collections::HashMap;
use uuid::Uuid;

/// Number of months in the storage usage.
const USAGE_MONTHS: u32 = 24;

/// Teams as their members see them.
#[derive(Clone, Copy, Debug)]
pub struct Teams<'r>(pub(crate) &'r ReadModel);

impl ReadModel {
    /// Teams as their members see them.
    pub fn teams(&self) -> Teams<'_> {
        Teams(self)
    }
}

impl Teams<'_> {
    /// The teams of an account, the oldest first, without archived ones.
    pub async fn list(self, account: AccountId, version: ApiVersion) -> Result<Vec<Team>> {
        let which = "c.account = $1 AND NOT c.archived AND NOT t.archived";
        self.team_views(account, which, None, version).await
    }

    /// Number of teams of an account, without archived ones.
    pub async fn count(self, account: AccountId) -> Result<usize> {
        let count: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM contact c JOIN team t ON t.uid = c.team \
             WHERE c.account = $1 AND NOT c.archived AND NOT t.archived",
        )
        .bind(account.0)
        .fetch_one(&self.0.pool)
        .await?;
        Ok(usize::try_from(count).unwrap_or(0))
    }

    /// A team of an account, archived or not; `None` unless the account is in it.
    pub async fn find(self, account: AccountId, team: TeamId, version: ApiVersion) -> Result<Option<Team>> {
        let which = "c.account = $1 AND NOT c.archived AND t.uid = $2";
        let found = self.team_views(account, which, Some(team), version).await?;
        Ok(found.into_iter().next())
    }

    /// A new team with its people.
    pub async fn find_with_people(self, account: AccountId, team: TeamId) -> Result<Option<Team>> {
        let Some(mut view) = self.find(account, team, ApiVersion::V3).await? else { return Ok(None) };
        let protocol::Jid::Direct(contact) = view.me.jid else {
            return Err(QueryError::Damaged("contact.uid"));
        };
        view.contacts =
            Some(self.0.contacts().people(team, Viewer { contact, status: view.me.status }).await?);
        Ok(Some(view))
    }

    /// The picture of the member's team.
    pub async fn icon(self, member: &TeamMember) -> Result<Option<IconData>> {
        let row =
            sqlx::query("SELECT name, colour, icon_blob, icon_width, icon_height FROM team WHERE uid = $1")
                .bind(member.team.0)
                .fetch_optional(&self.0.pool)
                .await?;
        Ok(row.map(|row| self.icon_view(&row)))
    }

    /// The team of an invitation: its name and picture. `None` if it is archived.
    pub async fn brief(self, invited: &Invited) -> Result<Option<TeamShort>> {
        let row = sqlx::query(
            "SELECT name, colour, icon_blob, icon_width, icon_height FROM team WHERE uid = $1 AND NOT archived",
        )
        .bind(invited.team().0)
        .fetch_optional(&self.0.pool)
        .await?;
        Ok(row.map(|row| TeamShort {
            icons: self.icon_view(&row),
            name: row.get("name"),
            uid: invited.team().0,
        }))
    }

    /// When the tasks of the member's team are due on their day: `HH:MM:SS`.
    pub async fn default_task_deadline(self, member: &TeamMember) -> Result<Option<String>> {
        Ok(sqlx::query_scalar("SELECT default_task_deadline FROM team WHERE uid = $1")
            .bind(member.team.0)
            .fetch_optional(&self.0.pool)
            .await?)
    }

    /// The storage of the member's team: bytes by month.
    pub async fn usage(self, member: &TeamMember, now: DateTime<Utc>) -> Result<Option<Usage>> {
        let row = sqlx::query("SELECT uploads_size, uploads_size_limit FROM team WHERE uid = $1")
            .bind(member.team.0)
            .fetch_optional(&self.0.pool)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let sizes: HashMap<(i32, i32), i64> =
            sqlx::query("SELECT year, month, size FROM usage WHERE team = $1")
                .bind(member.team.0)
                .fetch_all(&self.0.pool)
                .await?
                .iter()
                .map(|row| ((row.get("year"), row.get("month")), row.get("size")))
                .collect();
        let by_months = (0..USAGE_MONTHS)
            .rev()
            .filter_map(|back| now.date_naive().with_day(1)?.checked_sub_months(Months::new(back)))
            .map(|day| MonthUsage {
                month: day.month(),
                uploads_size: bytes(
                    sizes.get(&(day.year(), day.month().cast_signed())).copied().unwrap_or(0),
                ),
                year: day.year(),
            })
            .collect();
        Ok(Some(Usage {
            by_months,
            uploads_size: bytes(row.get("uploads_size")),
            uploads_size_limit: bytes(row.get("uploads_size_limit")),
        }))
    }

    async fn team_views(
        self,
        account: AccountId,
        which: &str,
        team: Option<TeamId>,
        version: ApiVersion,
    ) -> Result<Vec<Team>> {
        let sql = format!(
            "SELECT {COLUMNS}, t.uid AS team_uid, t.name, t.colour AS team_colour, t.default_task_deadline, \
             t.max_message_update_age, t.uploads_size, t.uploads_size_limit, t.icon_blob, t.icon_width, t.icon_height, \
             t.archived AS team_archived, \
             (SELECT l.team FROM ops.last_seen l WHERE l.account = c.account ORDER BY l.at DESC LIMIT 1) \
                 IS NOT DISTINCT FROM t.uid AS last_active \
             FROM {SOURCE} JOIN team t ON t.uid = c.team WHERE {which} ORDER BY c.since, c.uid"
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(account.0);
        let query = match team {
            Some(team) => query.bind(team.0),
            None => query,
        };
        let rows = query.fetch_all(&self.0.pool).await?;
        let contacts: Vec<ContactId> = rows.iter().map(|row| ContactId(row.get("uid"))).collect();
        let mut unread = self.0.unread().counts(&contacts).await?;
        let view = |row: &PgRow| {
            let contact = ContactId(row.get("uid"));
            self.team_view(row, contact, unread.remove(&contact).unwrap_or_default(), version)
        };
        Ok(rows.iter().map(view).collect())
    }

    fn team_view(self, row: &PgRow, contact: ContactId, unread: TeamUnread, version: ApiVersion) -> Team {
        let status = ContactStatus::from_word(row.get("status")).unwrap_or(ContactStatus::Guest);
        let me = self.0.contacts().contact_view(row, Viewer { contact, status }, version);
        let may = |action| policy::may(status, action).then_some(true);
        let manages = may(Action::ManageTeam).is_some();
        let assignable = policy::assignable(status);
        let nameless =
            me.own.as_ref().is_some_and(|own| own.given_name.is_empty() && own.family_name.is_empty());
        Team {
            bad_profile: nameless.then_some(true),
            can_add_to_team: may_invite(row, status).then_some(true),
            can_manage_integrations: may(Action::ManageIntegrations),
            can_manage_sections: may(Action::ManageSections),
            changeable_statuses: (!assignable.is_empty()).then(|| assignable.to_vec()),
            contacts: None,
            default_task_deadline: row.get("default_task_deadline"),
            icons: self.icon_of(row, row.get("team_colour")),
            is_archive: row.get::<bool, _>("team_archived").then_some(true),
            last_active: row.get("last_active"),
            max_message_update_age: row.get::<i32, _>("max_message_update_age").unsigned_abs(),
            me,
            name: row.get("name"),
            need_confirmation: row.get("need_confirmation"),
            uid: row.get::<Uuid, _>("team_uid"),
            unread,
            uploads_size: manages.then(|| bytes(row.get("uploads_size"))),
            uploads_size_limit: manages.then(|| bytes(row.get("uploads_size_limit"))),
        }
    }

    fn icon_view(self, row: &PgRow) -> IconData {
        self.icon_of(row, row.get("colour"))
    }

    fn icon_of(self, row: &PgRow, colour: i16) -> IconData {
        let stored = StoredIcon::of(row, ["icon_blob", "icon_width", "icon_height"]);
        self.0.icons().icon(stored, colour, row.get("name"))
    }
}

fn bytes(size: i64) -> u64 {
    size.max(0).unsigned_abs()
}
