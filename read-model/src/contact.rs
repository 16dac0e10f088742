//! Contacts as one viewer sees them (`protocol.md` 6, items 51 to 61).

use crate::{ReadModel, Result};
use chrono::{DateTime, Utc};
use domain::{
    name::display_name,
    policy::{self, Action},
};
use events::{ContactId, TeamId, value::ContactStatus};
use protocol::{
    Jid,
    contact::{Contact, OwnContact},
};
use sqlx::{Row, postgres::PgRow};
use uuid::Uuid;

/// Columns of a contact with what its view needs beside them.
pub(crate) const COLUMNS: &str = "c.uid, c.team, c.account, c.phone, c.given_name, c.family_name, c.role, c.status, \
    c.need_confirmation, c.archived, a.colour, s.at AS last_activity";

/// Where those columns come from.
pub(crate) const SOURCE: &str =
    "read.contact c JOIN read.account a ON a.uid = c.account LEFT JOIN ops.last_seen s ON s.contact = c.uid";

/// Who looks: a contact of the same team.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// Who.
    pub contact: ContactId,
    /// With which rights.
    pub status: ContactStatus,
}

impl ReadModel {
    /// Everybody in a team, newest first, the founder last; former contacts are left out.
    ///
    /// # Errors
    /// The database failed.
    pub async fn contacts(&self, team: TeamId, viewer: Viewer) -> Result<Vec<Contact>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM {SOURCE} WHERE c.team = $1 AND NOT c.archived ORDER BY c.since DESC"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(team.0).fetch_all(&self.pool).await?;
        Ok(rows.iter().map(|row| self.contact_view(row, viewer)).collect())
    }

    /// Some contacts of a team, former ones too, in no order.
    ///
    /// # Errors
    /// The database failed.
    pub async fn contacts_by_id(
        &self,
        team: TeamId,
        ids: &[ContactId],
        viewer: Viewer,
    ) -> Result<Vec<Contact>> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        let sql = format!("SELECT {COLUMNS} FROM {SOURCE} WHERE c.team = $1 AND c.uid = ANY($2)");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(team.0).bind(ids).fetch_all(&self.pool).await?;
        Ok(rows.iter().map(|row| self.contact_view(row, viewer)).collect())
    }

    /// Which of these are contacts of the team, former ones left out.
    ///
    /// # Errors
    /// The database failed.
    pub async fn contacts_of_team(&self, team: TeamId, ids: &[ContactId]) -> Result<Vec<ContactId>> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        let found: Vec<Uuid> = sqlx::query_scalar(
            "SELECT uid FROM read.contact WHERE team = $1 AND uid = ANY($2) AND NOT archived",
        )
        .bind(team.0)
        .bind(ids)
        .fetch_all(&self.pool)
        .await?;
        Ok(found.into_iter().map(ContactId).collect())
    }

    /// A row with [`COLUMNS`] as a viewer sees it.
    pub(crate) fn contact_view(&self, row: &PgRow, viewer: Viewer) -> Contact {
        let id = ContactId(row.get("uid"));
        let own = id == viewer.contact;
        let (phone, given_name, family_name): (String, String, String) =
            (row.get("phone"), row.get("given_name"), row.get("family_name"));
        let display_name = display_name(&given_name, &family_name, &phone);
        let archived: bool = row.get("archived");
        Contact {
            can_add_to_group: (!archived).then_some(true),
            can_call: (!own && !archived).then_some(true),
            can_create_task: (!archived).then_some(true),
            can_delete: (own || policy::may(viewer.status, Action::DeleteContact)).then_some(true),
            can_send_message: (!own && !archived).then_some(true),
            changeable_fields: policy::changeable_fields(viewer.status, own)
                .into_iter()
                .map(str::to_owned)
                .collect(),
            contact_email: String::new(),
            contact_phone: phone,
            icons: self.stub(row.get("colour"), &display_name),
            display_name,
            is_archive: archived.then_some(true),
            jid: Jid::Direct(id),
            last_activity: row.get::<Option<DateTime<Utc>>, _>("last_activity").map(Into::into),
            role: row.get("role"),
            sections: vec![],
            status: ContactStatus::from_word(row.get("status")).unwrap_or(ContactStatus::Guest),
            own: own.then(|| own_view(given_name, family_name)),
        }
    }
}

/// Preferences have their defaults: nothing in this version changes them.
fn own_view(given_name: String, family_name: String) -> OwnContact {
    OwnContact {
        alt_send: false,
        contact_mshort_view: false,
        contact_short_view: false,
        contact_show_archived: false,
        debug_show_activity: false,
        default_lang: None,
        family_name,
        given_name,
        group_mshort_view: false,
        group_notifications_enabled: true,
        group_short_view: false,
        task_mshort_view: false,
        task_notifications_enabled: true,
        task_short_view: false,
        unread_first: false,
    }
}
