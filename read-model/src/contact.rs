//! Contacts as one viewer sees them (`docs/acceptance.md`, items 51 to 61).

use crate::{
    ReadModel, Result,
    icon::StoredIcon,
    rights::{TeamMember, Viewer},
};
use chrono::{DateTime, Utc};
use domain::policy::{self, Action};
use events::{ContactId, TeamId, contact::Preferences, value::ContactStatus};
use protocol::{
    ApiVersion, Jid,
    contact::{Contact, LaterContact, OwnContact, OwnLaterContact},
    lang::{Lang, ReadOnlyReason},
};
use sqlx::{Row, postgres::PgRow};
use std::collections::HashMap;
use uuid::Uuid;

/// The columns that the view of a contact needs.
pub(crate) const COLUMNS: &str = "c.uid, c.team, c.account, c.botname, c.given_name, c.patronymic, c.family_name, \
    c.display_name, c.role, c.mood, c.contact_email, c.contact_phone, c.preferences, c.sections, c.status, c.inviting, \
    c.need_confirmation, c.archived, c.colour, c.icon_blob AS face_blob, c.icon_width AS face_width, \
    c.icon_height AS face_height, c.gentime, s.at AS last_activity";

/// The picture's columns of [`COLUMNS`], named differently from those of a team, which may stand next to them.
const FACE: [&str; 3] = ["face_blob", "face_width", "face_height"];

/// The tables of [`COLUMNS`].
pub(crate) const SOURCE: &str = "contact c LEFT JOIN ops.last_seen s ON s.contact = c.uid";

/// A filter of contacts; an absent field matches all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactFilter {
    pub status: Option<ContactStatus>,
    pub ids: Option<Vec<ContactId>>,
    /// Part of the display name, in either case.
    pub display_name: Option<String>,
    /// Former contacts instead of present ones.
    pub archived: bool,
    /// `true`: only bots; `false`: only people.
    pub bots: Option<bool>,
    /// Leaves this contact out.
    pub without: Option<ContactId>,
    /// Maximum number of contacts.
    pub limit: Option<u32>,
    /// Number of contacts to skip.
    pub offset: u32,
}

/// Contacts of a team as its members see them.
#[derive(Clone, Copy, Debug)]
pub struct Contacts<'r>(pub(crate) &'r ReadModel);

impl ReadModel {
    /// Contacts of a team as its members see them.
    pub fn contacts(&self) -> Contacts<'_> {
        Contacts(self)
    }
}

impl Contacts<'_> {
    /// The people of a new team, newest first, the founder last.
    pub(crate) async fn people(self, team: TeamId, viewer: Viewer) -> Result<Vec<Contact>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM {SOURCE} WHERE c.team = $1 AND c.botname IS NULL AND NOT c.archived \
             ORDER BY c.since DESC"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(team.0).fetch_all(&self.0.pool).await?;
        Ok(rows.iter().map(|row| self.contact_view(row, viewer, ApiVersion::V3)).collect())
    }

    /// The present contacts of the member's team, bots too, by display name.
    pub async fn present(self, member: &TeamMember) -> Result<Vec<Contact>> {
        self.filtered(member, &ContactFilter::default()).await
    }

    /// The contacts of the member's team that meet a filter, by display name.
    pub async fn filtered(self, member: &TeamMember, filter: &ContactFilter) -> Result<Vec<Contact>> {
        let (team, viewer) = (member.team, member.viewer());
        let sql = format!(
            "SELECT {COLUMNS} FROM {SOURCE} WHERE c.team = $1 AND c.archived = $2 \
                 AND ($3::text IS NULL OR c.status = $3) AND ($4::uuid[] IS NULL OR c.uid = ANY($4)) \
                 AND ($5::text IS NULL OR strpos(folded(c.display_name), folded($5)) > 0) \
                 AND ($6::bool IS NULL OR (c.botname IS NOT NULL) = $6) AND ($7::uuid IS NULL OR c.uid <> $7) \
             ORDER BY lower(c.display_name), c.uid LIMIT $8 OFFSET $9"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(team.0)
            .bind(filter.archived)
            .bind(filter.status.map(ContactStatus::word))
            .bind(filter.ids.as_ref().map(|ids| ids.iter().map(|id| id.0).collect::<Vec<_>>()))
            .bind(&filter.display_name)
            .bind(filter.bots)
            .bind(filter.without.map(|contact| contact.0))
            .bind(filter.limit.map(i64::from))
            .bind(i64::from(filter.offset))
            .fetch_all(&self.0.pool)
            .await?;
        Ok(rows.iter().map(|row| self.contact_view(row, viewer, ApiVersion::V4)).collect())
    }

    /// Contacts of the member's team, former ones too, in no order.
    pub async fn by_ids(self, member: &TeamMember, ids: &[ContactId]) -> Result<Vec<Contact>> {
        self.views_by_ids(member.team, ids, member.viewer()).await
    }

    pub(crate) async fn views_by_ids(
        self,
        team: TeamId,
        ids: &[ContactId],
        viewer: Viewer,
    ) -> Result<Vec<Contact>> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        let sql = format!("SELECT {COLUMNS} FROM {SOURCE} WHERE c.team = $1 AND c.uid = ANY($2)");
        let rows =
            sqlx::query(sqlx::AssertSqlSafe(sql)).bind(team.0).bind(ids).fetch_all(&self.0.pool).await?;
        Ok(rows.iter().map(|row| self.contact_view(row, viewer, ApiVersion::V4)).collect())
    }

    /// A contact of the member's team, a former one too.
    pub async fn find(self, member: &TeamMember, id: ContactId) -> Result<Option<Contact>> {
        Ok(self.by_ids(member, &[id]).await?.pop())
    }

    /// Those of the ids that are present contacts of the member's team, bots too.
    pub async fn present_among(self, member: &TeamMember, ids: &[ContactId]) -> Result<Vec<ContactId>> {
        self.query_present(member.team, ids, true).await
    }

    /// Those of the ids that are present people of the member's team.
    pub async fn people_among(self, member: &TeamMember, ids: &[ContactId]) -> Result<Vec<ContactId>> {
        self.query_present(member.team, ids, false).await
    }

    /// Those of the ids that are contacts of the member's team, and whether each is a former one.
    pub async fn archived_among(
        self,
        member: &TeamMember,
        ids: &[ContactId],
    ) -> Result<HashMap<ContactId, bool>> {
        let rows = sqlx::query("SELECT uid, archived FROM contact WHERE team = $1 AND uid = ANY($2)")
            .bind(member.team.0)
            .bind(ids.iter().map(|id| id.0).collect::<Vec<Uuid>>())
            .fetch_all(&self.0.pool)
            .await?;
        Ok(rows.iter().map(|row| (ContactId(row.get("uid")), row.get("archived"))).collect())
    }

    async fn query_present(self, team: TeamId, ids: &[ContactId], bots: bool) -> Result<Vec<ContactId>> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        let found: Vec<Uuid> = sqlx::query_scalar(
            "SELECT uid FROM contact \
             WHERE team = $1 AND uid = ANY($2) AND NOT archived AND ($3 OR botname IS NULL)",
        )
        .bind(team.0)
        .bind(ids)
        .bind(bots)
        .fetch_all(&self.0.pool)
        .await?;
        Ok(found.into_iter().map(ContactId).collect())
    }

    /// The view of a row with [`COLUMNS`].
    pub(crate) fn contact_view(self, row: &PgRow, viewer: Viewer, version: ApiVersion) -> Contact {
        let id = ContactId(row.get("uid"));
        let own = id == viewer.contact;
        let botname: Option<String> = row.get("botname");
        let status = ContactStatus::from_word(row.get("status")).unwrap_or(ContactStatus::Guest);
        let display_name: String = row.get("display_name");
        let archived: bool = row.get("archived");
        let later = version == ApiVersion::V4;
        let person = botname.is_none();
        let flag = |is: bool| is.then_some(true);
        let fields = match (person, version) {
            (false, _) => vec![],
            (true, ApiVersion::V3) => policy::changeable_fields(viewer.status, own),
            (true, ApiVersion::V4) if archived => vec![],
            (true, ApiVersion::V4) => policy::changeable_now(viewer.status, status, own),
        };
        Contact {
            can_add_to_group: flag(person && !archived),
            // The reference allows calls in v3; there are none in v4.
            can_call: flag(person && !own && !archived && !later),
            can_create_task: flag(person && !archived),
            can_delete: flag(
                person && !(archived && later) && policy::may_remove(viewer.status, status, own),
            ),
            can_send_message: flag(!own && !archived),
            changeable_fields: fields.into_iter().map(str::to_owned).collect(),
            contact_email: row.get("contact_email"),
            contact_phone: row.get("contact_phone"),
            icons: self.0.icons().icon(StoredIcon::of(row, FACE), row.get("colour"), &display_name),
            is_archive: flag(archived),
            jid: Jid::Direct(id),
            last_activity: row.get::<Option<DateTime<Utc>>, _>("last_activity").map(Into::into),
            role: row.get("role"),
            sections: row.get("sections"),
            status,
            later: later.then(|| later_view(row, viewer, botname, &display_name)),
            own: own.then(|| own_view(row)),
            own_later: (own && later).then(|| own_later_view(row, status)),
            display_name,
        }
    }
}

fn preferences(row: &PgRow) -> Preferences {
    serde_json::from_value(row.get("preferences")).unwrap_or_default()
}

fn chosen(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

fn later_view(row: &PgRow, viewer: Viewer, botname: Option<String>, display_name: &str) -> LaterContact {
    let inviting = viewer.status >= ContactStatus::Admin && row.get("inviting");
    let given_name: String = row.get("given_name");
    LaterContact {
        add_to_team_rights: inviting.then_some(true),
        botname,
        cant_send_message_reason: row
            .get::<bool, _>("archived")
            .then(|| ReadOnlyReason::FormerContact.render(Lang::default()).to_owned()),
        gentime: row.get("gentime"),
        mood: chosen(row.get("mood")),
        short_name: chosen(given_name).unwrap_or_else(|| display_name.to_owned()),
    }
}

fn own_view(row: &PgRow) -> OwnContact {
    let preferences = preferences(row);
    OwnContact {
        alt_send: preferences.alt_send,
        contact_mshort_view: preferences.contact_mshort_view,
        contact_short_view: preferences.contact_short_view,
        contact_show_archived: preferences.contact_show_archived,
        debug_show_activity: preferences.debug_show_activity,
        default_lang: chosen(preferences.default_lang),
        family_name: row.get("family_name"),
        given_name: row.get("given_name"),
        group_mshort_view: preferences.group_mshort_view,
        group_notifications_enabled: preferences.group_notifications_enabled,
        group_short_view: preferences.group_short_view,
        task_mshort_view: preferences.task_mshort_view,
        task_notifications_enabled: preferences.task_notifications_enabled,
        task_short_view: preferences.task_short_view,
        unread_first: preferences.unread_first,
    }
}

fn own_later_view(row: &PgRow, status: ContactStatus) -> OwnLaterContact {
    let preferences = preferences(row);
    let may = |action| policy::may(status, action).then_some(true);
    OwnLaterContact {
        always_send_pushes: preferences.always_send_pushes,
        asterisk_mention: preferences.asterisk_mention,
        can_add_to_team: may_invite(row, status).then_some(true),
        can_create_group: may(Action::CreateGroup),
        can_create_team: Some(true),
        can_delete_any_message: may(Action::DeleteAnyMessage),
        can_join_public_groups: Some(true),
        can_join_public_tasks: (status > ContactStatus::Guest).then_some(true),
        can_manage_integrations: may(Action::ManageIntegrations),
        can_manage_sections: may(Action::ManageSections),
        can_manage_tags: may(Action::ManageTags),
        focus_until: chosen(preferences.focus_until),
        hide_pushes_content: preferences.hide_pushes_content,
        meeting_mshort_view: preferences.meeting_mshort_view,
        meeting_notifications_enabled: preferences.meeting_notifications_enabled,
        meeting_short_view: preferences.meeting_short_view,
        munread_first: preferences.munread_first,
        patronymic: row.get("patronymic"),
        quiet_time_finish: chosen(preferences.quiet_time_finish),
        quiet_time_start: chosen(preferences.quiet_time_start),
        reaction_notifications_enabled: preferences.reaction_notifications_enabled,
        systembot_notifications_enabled: preferences.systembot_notifications_enabled,
        timezone: chosen(preferences.timezone),
    }
}

/// Whether the contact of a row may add people.
pub(crate) fn may_invite(row: &PgRow, status: ContactStatus) -> bool {
    row.get("inviting") || policy::may(status, Action::AddToTeam)
}
