//! Groups and their members.

mod team_members;

pub(super) use team_members::{announce_departures, expect_rejoin, join_default_groups, leave_all};

use super::{change_message, chat_version::touch, notices::group_updated};
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
        join_everybody(batch, created.team, created.group).await?;
    }
    let joined = members(batch, created.group).await?;
    group_updated(batch, ctx, created.team, created.group, joined);
    let title = settings.display_name.or_default();
    let change = Change {
        what: ChangeKind::Created,
        actor: created.owner,
        whom: None,
        was: None,
        old: None,
        new: Some(title),
    };
    change_message::insert(batch, ctx, created.team, vec![(ChatRef::Group(created.group), change)]).await
}

/// The event has all settings, changed or not.
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
        true => join_everybody(batch, team, group).await?,
        false => vec![],
    };
    group_updated(batch, ctx, team, group, joined);
    // A change without an actor is the system's own and does not appear in the history.
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
    change_message::insert(batch, ctx, team, vec![(ChatRef::Group(group), change)]).await
}

/// Makes all contacts of the team members of a group for all, and returns the new ones. Earlier messages are not unread for
/// them.
async fn join_everybody(
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
    joined.sort_unstable(); // a rebuild must produce the same notice
    Ok(joined.into_iter().map(ContactId).collect())
}

pub(super) async fn member_set(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    group: GroupId,
    set: &chat::MemberSet,
) -> Result<(), ProjectionError> {
    let team = touch(batch, ctx, group).await?;
    membership_recorded(batch, group, set.member.contact).await?;
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
    group_updated(batch, ctx, team, group, vec![set.member.contact]);
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
    membership_recorded(batch, group, contact).await?;
    let was_member: Option<Uuid> =
        sqlx::query_scalar("DELETE FROM member WHERE chat = $1 AND contact = $2 RETURNING contact")
            .bind(group.0)
            .bind(contact.0)
            .fetch_optional(&mut *batch.db)
            .await?;
    // A contact that left the team has left its groups already.
    if was_member.is_some() {
        let gone = Notice::GroupDeleted { group, left: vec![contact], gentime: ctx.gentime() };
        batch.emit(ctx, Scope::Team(team), Audience::Contacts(vec![contact]), gone);
        group_updated(batch, ctx, team, group, vec![]);
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

/// Takes a removed section from the groups that were in it.
pub(super) async fn section_removed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    section: SectionId,
) -> Result<(), sqlx::Error> {
    let mut groups: Vec<Uuid> = sqlx::query_scalar(
        "UPDATE chat SET section = NULL, gentime = greatest(gentime + 1, $2) \
         WHERE team = $3 AND kind = 'group' AND section = $1 RETURNING key",
    )
    .bind(section.0)
    .bind(ctx.gentime())
    .bind(team.0)
    .fetch_all(&mut *batch.db)
    .await?;
    groups.sort_unstable();
    for group in groups.into_iter().map(GroupId) {
        group_updated(batch, ctx, team, group, vec![]);
    }
    Ok(())
}

/// The group's stream has recorded what `membership_due` asked for.
async fn membership_recorded(
    batch: &mut Batch<'_>,
    group: GroupId,
    contact: ContactId,
) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM membership_due WHERE chat = $1 AND contact = $2")
        .bind(group.0)
        .bind(contact.0)
        .execute(&mut *batch.db)
        .await?;
    Ok(())
}

async fn members(batch: &mut Batch<'_>, group: GroupId) -> Result<Vec<ContactId>, sqlx::Error> {
    let found: Vec<Uuid> = sqlx::query_scalar("SELECT contact FROM member WHERE chat = $1 ORDER BY contact")
        .bind(group.0)
        .fetch_all(&mut *batch.db)
        .await?;
    Ok(found.into_iter().map(ContactId).collect())
}
