//! Contacts of teams. Who is added hears of the team on all sockets; the team's own sockets hear of the contact.

use super::team;
use crate::batch::{At, Batch};
use events::{AccountId, ContactId, GroupId, SectionId, TeamId, contact};
use protocol::notice::{Audience, Notice, Scope};
use uuid::Uuid;

pub(super) async fn added(
    batch: &mut Batch<'_>,
    at: At<'_>,
    team: TeamId,
    added: &contact::Added,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO read.contact (uid, team, account, phone, given_name, family_name, role, status, \
             need_confirmation, since, gentime) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(added.contact.0)
    .bind(team.0)
    .bind(added.account.0)
    .bind(added.phone.or_default())
    .bind(added.given_name.or_default())
    .bind(added.family_name.or_default())
    .bind(added.role.or_default())
    .bind(added.status.word())
    .bind(added.need_confirmation)
    .bind(at.row())
    .bind(at.gentime())
    .execute(&mut *batch.db)
    .await?;
    came(batch, at, team, added.contact, added.account).await
}

pub(super) async fn status_changed(
    batch: &mut Batch<'_>,
    at: At<'_>,
    team: TeamId,
    changed: &contact::StatusChanged,
) -> Result<(), sqlx::Error> {
    let account: Uuid = sqlx::query_scalar(
        "UPDATE read.contact SET status = $2, gentime = greatest(gentime + 1, $3) WHERE uid = $1 RETURNING account",
    )
    .bind(changed.contact.0)
    .bind(changed.status.word())
    .bind(at.gentime())
    .fetch_one(&mut *batch.db)
    .await?;
    team::updated_for(batch, at, team, AccountId(account));
    updated(batch, at, team, changed.contact);
    Ok(())
}

pub(super) async fn archived(
    batch: &mut Batch<'_>,
    at: At<'_>,
    team: TeamId,
    archived: &contact::Archived,
) -> Result<(), sqlx::Error> {
    let contact = archived.contact;
    sqlx::query(
        "UPDATE read.contact SET archived = true, gentime = greatest(gentime + 1, $2) WHERE uid = $1",
    )
    .bind(contact.0)
    .bind(at.gentime())
    .execute(&mut *batch.db)
    .await?;
    sqlx::query("DELETE FROM read.member WHERE contact = $1").bind(contact.0).execute(&mut *batch.db).await?;
    updated(batch, at, team, contact);
    batch.tell(at, Scope::Team(team), Audience::All, Notice::ContactRemoved { team, contact });
    Ok(())
}

pub(super) async fn restored(
    batch: &mut Batch<'_>,
    at: At<'_>,
    team: TeamId,
    restored: &contact::Restored,
) -> Result<(), sqlx::Error> {
    let account: Uuid = sqlx::query_scalar(
        "UPDATE read.contact SET archived = false, status = $2, need_confirmation = $3, \
             gentime = greatest(gentime + 1, $4) WHERE uid = $1 RETURNING account",
    )
    .bind(restored.contact.0)
    .bind(restored.status.word())
    .bind(restored.need_confirmation)
    .bind(at.gentime())
    .fetch_one(&mut *batch.db)
    .await?;
    came(batch, at, team, restored.contact, AccountId(account)).await
}

/// Somebody is in the team now: it joins the groups that are for all; everybody is told of it, and it of everybody.
async fn came(
    batch: &mut Batch<'_>,
    at: At<'_>,
    team: TeamId,
    contact: ContactId,
    account: AccountId,
) -> Result<(), sqlx::Error> {
    let groups: Vec<Uuid> = sqlx::query_scalar(
        "INSERT INTO read.member (chat, contact, status, joined_num) \
         SELECT key, $2, 'member', last_num FROM read.chat \
         WHERE team = $1 AND kind = 'group' AND default_for_all AND NOT archived \
         ON CONFLICT DO NOTHING RETURNING chat",
    )
    .bind(team.0)
    .bind(contact.0)
    .fetch_all(&mut *batch.db)
    .await?;
    let sections: Vec<Uuid> =
        sqlx::query_scalar("SELECT uid FROM read.section WHERE team = $1 ORDER BY sort_ordering, uid")
            .bind(team.0)
            .fetch_all(&mut *batch.db)
            .await?;
    updated(batch, at, team, contact);
    team::updated_for(batch, at, team, account);
    let own = Scope::Account(account);
    batch.tell(at, own, Audience::All, Notice::ContactsUpdated { team, contacts: vec![] });
    if !sections.is_empty() {
        let sections = sections.into_iter().map(SectionId).collect();
        batch.tell(at, own, Audience::All, Notice::SectionsUpdated { team, sections });
    }
    for group in groups.into_iter().map(GroupId) {
        let notice = Notice::GroupUpdated { group, joined: vec![contact] };
        batch.tell(at, Scope::Team(team), Audience::Group(group), notice);
    }
    Ok(())
}

fn updated(batch: &mut Batch<'_>, at: At<'_>, team: TeamId, contact: ContactId) {
    let notice = Notice::ContactsUpdated { team, contacts: vec![contact] };
    batch.tell(at, Scope::Team(team), Audience::All, notice);
}
