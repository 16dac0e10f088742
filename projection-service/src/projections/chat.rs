//! Groups and their members.

use super::{change_message, reading};
use crate::{
    batch::{Batch, EventContext},
    error::ProjectionError,
};
use events::{
    ContactId, GroupId, SectionId, TeamId,
    chat::{self, ChatRef},
    value::GroupStatus,
};
use protocol::{
    message::{Change, ChangeKind},
    notice::{Audience, Notice, Scope},
};
use sqlx::Row;
use uuid::Uuid;

pub(super) async fn created(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    created: &chat::Created,
) -> Result<(), ProjectionError> {
    let settings = &created.settings;
    let colour = i16::from(created.group.0.as_bytes()[0] % 7);
    sqlx::query(
        "INSERT INTO chat (key, team, kind, display_name, description, public, readonly, default_for_all, \
             autocleanup_age, pinned_message, colour, created, gentime, section) \
         VALUES ($1, $2, 'group', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, \
             (SELECT uid FROM section WHERE uid = $13 AND kind = 'group'))",
    )
    .bind(created.group.0)
    .bind(created.team.0)
    .bind(settings.display_name.or_default())
    .bind(settings.description.or_default())
    .bind(settings.public)
    .bind(settings.readonly_for_members)
    .bind(settings.default_for_all)
    .bind(settings.autocleanup_age.map(u32::cast_signed))
    .bind(settings.pinned_message.map(|message| message.0))
    .bind(colour)
    .bind(ctx.meta.at)
    .bind(ctx.gentime())
    .bind(settings.section.map(|section| section.0))
    .execute(&mut *batch.db)
    .await?;
    sqlx::query(
        "INSERT INTO member (chat, contact, status, joined_num) \
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
    updated(batch, ctx, created.team, created.group, joined);
    let title = settings.display_name.or_default();
    let change = Change {
        what: ChangeKind::Created,
        actor: created.owner,
        whom: None,
        was: None,
        old: None,
        new: Some(title),
    };
    change_message::place(batch, ctx, created.team, vec![(ChatRef::Group(created.group), change)]).await
}

/// Settings changed, given whole.
pub(super) async fn changed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    group: GroupId,
    changed: &chat::Changed,
) -> Result<(), ProjectionError> {
    let settings = &changed.settings;
    let row = sqlx::query(
        "UPDATE chat c SET display_name = $2, description = $3, public = $4, readonly = $5, default_for_all = $6, \
             autocleanup_age = $7, pinned_message = $8, gentime = greatest(c.gentime + 1, $9), \
             section = (SELECT uid FROM section WHERE uid = $10 AND kind = 'group') \
         FROM chat before WHERE c.key = $1 AND before.key = $1 RETURNING c.team, before.default_for_all AS for_all, \
             before.display_name AS title, before.description AS about",
    )
    .bind(group.0)
    .bind(settings.display_name.or_default())
    .bind(settings.description.or_default())
    .bind(settings.public)
    .bind(settings.readonly_for_members)
    .bind(settings.default_for_all)
    .bind(settings.autocleanup_age.map(u32::cast_signed))
    .bind(settings.pinned_message.map(|message| message.0))
    .bind(ctx.gentime())
    .bind(settings.section.map(|section| section.0))
    .fetch_one(&mut *batch.db)
    .await?;
    let team = TeamId(row.get("team"));
    let joined = match settings.default_for_all && !row.get::<bool, _>("for_all") {
        true => everybody_joins(batch, team, group).await?,
        false => vec![],
    };
    updated(batch, ctx, team, group, joined);
    // Who did it is known since the event was there; nobody else changes a group.
    let Some(actor) = ctx.meta.contact else { return Ok(()) };
    let (title, about): (String, String) = (row.get("title"), row.get("about"));
    let new = settings.display_name.or_default();
    let change = match (title == new, about == settings.description.or_default()) {
        (false, _) => Change {
            what: ChangeKind::Renamed,
            actor,
            whom: None,
            was: None,
            old: Some(title),
            new: Some(new),
        },
        (true, false) => {
            Change { what: ChangeKind::Described, actor, whom: None, was: None, old: None, new: None }
        }
        (true, true) => {
            Change { what: ChangeKind::Settings, actor, whom: None, was: None, old: None, new: None }
        }
    };
    change_message::place(batch, ctx, team, vec![(ChatRef::Group(group), change)]).await
}

/// A group for all takes in those who are in the team already; answers whom. What was there before is no news to them.
async fn everybody_joins(
    batch: &mut Batch<'_>,
    team: TeamId,
    group: GroupId,
) -> Result<Vec<ContactId>, sqlx::Error> {
    let mut joined: Vec<Uuid> = sqlx::query_scalar(
        "INSERT INTO member (chat, contact, status, joined_num) \
         SELECT c.key, n.uid, 'member', c.last_num FROM chat c JOIN contact n ON n.team = c.team \
         WHERE c.key = $1 AND c.team = $2 AND n.botname IS NULL AND NOT n.archived ON CONFLICT DO NOTHING RETURNING contact",
    )
    .bind(group.0)
    .bind(team.0)
    .fetch_all(&mut *batch.db)
    .await?;
    joined.sort_unstable(); // told the same after every rebuild
    Ok(joined.into_iter().map(ContactId).collect())
}

pub(super) async fn member_set(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    group: GroupId,
    set: &chat::MemberSet,
) -> Result<(), ProjectionError> {
    let team = touch(batch, ctx, group).await?;
    settled(batch, group, set.member.contact).await?;
    let before: Option<String> =
        sqlx::query_scalar("SELECT status FROM member WHERE chat = $1 AND contact = $2")
            .bind(group.0)
            .bind(set.member.contact.0)
            .fetch_optional(&mut *batch.db)
            .await?;
    sqlx::query(
        "INSERT INTO member (chat, contact, status, joined_num) \
         SELECT key, $2, $3, last_num FROM chat WHERE key = $1 \
         ON CONFLICT (chat, contact) DO UPDATE SET status = excluded.status",
    )
    .bind(group.0)
    .bind(set.member.contact.0)
    .bind(set.member.status.word())
    .execute(&mut *batch.db)
    .await?;
    updated(batch, ctx, team, group, vec![set.member.contact]);
    let what = match (before.as_deref(), set.member.status) {
        (None, _) => ChangeKind::Added,
        (Some(before), status) if before == status.word() => return Ok(()),
        (Some(_), GroupStatus::Admin) => ChangeKind::MadeAdmin,
        (Some(_), GroupStatus::Member) => ChangeKind::MadeMember,
    };
    change_message::membership(batch, ctx, team, &[ChatRef::Group(group)], (set.member.contact, what)).await
}

pub(super) async fn member_removed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    group: GroupId,
    removed: &chat::MemberRemoved,
) -> Result<(), ProjectionError> {
    let team = touch(batch, ctx, group).await?;
    let contact = removed.contact;
    settled(batch, group, contact).await?;
    let was_in: Option<Uuid> =
        sqlx::query_scalar("DELETE FROM member WHERE chat = $1 AND contact = $2 RETURNING contact")
            .bind(group.0)
            .bind(contact.0)
            .fetch_optional(&mut *batch.db)
            .await?;
    reading::left(batch, group, &[contact]).await?;
    // Who went out of the team is out of its groups already.
    if was_in.is_some() {
        let gone = Notice::GroupDeleted { group, left: vec![contact], gentime: ctx.gentime() };
        batch.emit(ctx, Scope::Team(team), Audience::Contacts(vec![contact]), gone);
        updated(batch, ctx, team, group, vec![]);
    }
    change_message::membership(batch, ctx, team, &[ChatRef::Group(group)], (contact, ChangeKind::Removed))
        .await
}

pub(super) async fn archived(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    group: GroupId,
) -> Result<(), sqlx::Error> {
    let row = sqlx::query(
        "UPDATE chat SET archived = true, gentime = greatest(gentime + 1, $2) WHERE key = $1 RETURNING team, gentime",
    )
    .bind(group.0)
    .bind(ctx.gentime())
    .fetch_one(&mut *batch.db)
    .await?;
    sqlx::query("DELETE FROM membership_due WHERE chat = $1").bind(group.0).execute(&mut *batch.db).await?;
    let gone = Notice::GroupDeleted { group, left: vec![], gentime: row.get("gentime") };
    batch.emit(ctx, Scope::Team(row.get::<Uuid, _>("team").into()), Audience::Group(group), gone);
    Ok(())
}

/// Groups that were in a section are in it no longer.
pub(super) async fn section_gone(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    section: SectionId,
) -> Result<(), sqlx::Error> {
    let mut freed: Vec<Uuid> = sqlx::query_scalar(
        "UPDATE chat SET section = NULL, gentime = greatest(gentime + 1, $2) \
         WHERE team = $3 AND kind = 'group' AND section = $1 RETURNING key",
    )
    .bind(section.0)
    .bind(ctx.gentime())
    .bind(team.0)
    .fetch_all(&mut *batch.db)
    .await?;
    freed.sort_unstable();
    for group in freed.into_iter().map(GroupId) {
        updated(batch, ctx, team, group, vec![]);
    }
    Ok(())
}

/// The group knows of what became of a contact.
async fn settled(batch: &mut Batch<'_>, group: GroupId, contact: ContactId) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM membership_due WHERE chat = $1 AND contact = $2")
        .bind(group.0)
        .bind(contact.0)
        .execute(&mut *batch.db)
        .await?;
    Ok(())
}

/// Gives the group a new version and returns its team.
async fn touch(batch: &mut Batch<'_>, ctx: EventContext<'_>, group: GroupId) -> Result<TeamId, sqlx::Error> {
    let team: Uuid = sqlx::query_scalar(
        "UPDATE chat SET gentime = greatest(gentime + 1, $2) WHERE key = $1 RETURNING team",
    )
    .bind(group.0)
    .bind(ctx.gentime())
    .fetch_one(&mut *batch.db)
    .await?;
    Ok(TeamId(team))
}

async fn members(batch: &mut Batch<'_>, group: GroupId) -> Result<Vec<ContactId>, sqlx::Error> {
    let found: Vec<Uuid> = sqlx::query_scalar("SELECT contact FROM member WHERE chat = $1 ORDER BY contact")
        .bind(group.0)
        .fetch_all(&mut *batch.db)
        .await?;
    Ok(found.into_iter().map(ContactId).collect())
}

fn updated(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    group: GroupId,
    joined: Vec<ContactId>,
) {
    batch.emit(ctx, Scope::Team(team), Audience::Group(group), Notice::GroupUpdated { group, joined });
}
