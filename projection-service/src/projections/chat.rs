//! Groups and their members.

use crate::batch::{At, Batch};
use events::{ContactId, GroupId, TeamId, chat};
use protocol::notice::{Audience, Notice, Scope};
use sqlx::Row;
use uuid::Uuid;

pub(super) async fn created(
    batch: &mut Batch<'_>,
    at: At<'_>,
    created: &chat::Created,
) -> Result<(), sqlx::Error> {
    let settings = &created.settings;
    let colour = i16::from(created.group.0.as_bytes()[0] % 7);
    sqlx::query(
        "INSERT INTO read.chat (key, team, kind, display_name, description, public, readonly, default_for_all, colour, \
             created, gentime) VALUES ($1, $2, 'group', $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(created.group.0)
    .bind(created.team.0)
    .bind(settings.display_name.or_default())
    .bind(settings.description.or_default())
    .bind(settings.public)
    .bind(settings.readonly_for_members)
    .bind(settings.default_for_all)
    .bind(colour)
    .bind(at.meta.at)
    .bind(at.gentime())
    .execute(&mut *batch.db)
    .await?;
    sqlx::query(
        "INSERT INTO read.member (chat, contact, status, joined_num) \
         SELECT $1, c, s, 0 FROM unnest($2::uuid[], $3::text[]) AS m(c, s)",
    )
    .bind(created.group.0)
    .bind(created.members.iter().map(|member| member.contact.0).collect::<Vec<_>>())
    .bind(created.members.iter().map(|member| member.status.word()).collect::<Vec<_>>())
    .execute(&mut *batch.db)
    .await?;
    if settings.default_for_all {
        everybody_joins(batch, created.team, created.group).await?;
    }
    let joined = members(batch, created.group).await?;
    updated(batch, at, created.team, created.group, joined);
    Ok(())
}

/// A group for all takes in those who are in the team already.
async fn everybody_joins(batch: &mut Batch<'_>, team: TeamId, group: GroupId) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO read.member (chat, contact, status, joined_num) \
         SELECT $1, uid, 'member', 0 FROM read.contact \
         WHERE team = $2 AND botname IS NULL AND NOT archived ON CONFLICT DO NOTHING",
    )
    .bind(group.0)
    .bind(team.0)
    .execute(&mut *batch.db)
    .await?;
    Ok(())
}

pub(super) async fn member_set(
    batch: &mut Batch<'_>,
    at: At<'_>,
    group: GroupId,
    set: &chat::MemberSet,
) -> Result<(), sqlx::Error> {
    let team = touch(batch, at, group).await?;
    sqlx::query(
        "INSERT INTO read.member (chat, contact, status, joined_num) \
         SELECT key, $2, $3, last_num FROM read.chat WHERE key = $1 \
         ON CONFLICT (chat, contact) DO UPDATE SET status = excluded.status",
    )
    .bind(group.0)
    .bind(set.member.contact.0)
    .bind(set.member.status.word())
    .execute(&mut *batch.db)
    .await?;
    updated(batch, at, team, group, vec![set.member.contact]);
    Ok(())
}

pub(super) async fn member_removed(
    batch: &mut Batch<'_>,
    at: At<'_>,
    group: GroupId,
    removed: &chat::MemberRemoved,
) -> Result<(), sqlx::Error> {
    let team = touch(batch, at, group).await?;
    sqlx::query("DELETE FROM read.member WHERE chat = $1 AND contact = $2")
        .bind(group.0)
        .bind(removed.contact.0)
        .execute(&mut *batch.db)
        .await?;
    let gone = Notice::GroupDeleted { group, left: vec![removed.contact], gentime: at.gentime() };
    batch.tell(at, Scope::Team(team), Audience::Contacts(vec![removed.contact]), gone);
    updated(batch, at, team, group, vec![]);
    Ok(())
}

pub(super) async fn archived(batch: &mut Batch<'_>, at: At<'_>, group: GroupId) -> Result<(), sqlx::Error> {
    let row = sqlx::query(
        "UPDATE read.chat SET archived = true, gentime = greatest(gentime + 1, $2) WHERE key = $1 RETURNING team, gentime",
    )
    .bind(group.0)
    .bind(at.gentime())
    .fetch_one(&mut *batch.db)
    .await?;
    let gone = Notice::GroupDeleted { group, left: vec![], gentime: row.get("gentime") };
    batch.tell(at, Scope::Team(row.get::<Uuid, _>("team").into()), Audience::Group(group), gone);
    Ok(())
}

/// Gives the group a new version and returns its team.
async fn touch(batch: &mut Batch<'_>, at: At<'_>, group: GroupId) -> Result<TeamId, sqlx::Error> {
    let team: Uuid = sqlx::query_scalar(
        "UPDATE read.chat SET gentime = greatest(gentime + 1, $2) WHERE key = $1 RETURNING team",
    )
    .bind(group.0)
    .bind(at.gentime())
    .fetch_one(&mut *batch.db)
    .await?;
    Ok(TeamId(team))
}

async fn members(batch: &mut Batch<'_>, group: GroupId) -> Result<Vec<ContactId>, sqlx::Error> {
    let found: Vec<Uuid> =
        sqlx::query_scalar("SELECT contact FROM read.member WHERE chat = $1 ORDER BY contact")
            .bind(group.0)
            .fetch_all(&mut *batch.db)
            .await?;
    Ok(found.into_iter().map(ContactId).collect())
}

fn updated(batch: &mut Batch<'_>, at: At<'_>, team: TeamId, group: GroupId, joined: Vec<ContactId>) {
    batch.tell(at, Scope::Team(team), Audience::Group(group), Notice::GroupUpdated { group, joined });
}
