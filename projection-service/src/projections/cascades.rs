//! Cascades: the events of one noun that also change rows of other nouns. Nouns do not call each other; each function here
//! lists what an event changes, in the order of the notices.

use super::{chat, contact, erasure, invitation, notices, reading, section, task, team, upload};
use crate::{
    batch::{Batch, EventContext},
    error::ProjectionError,
};
use events::{
    AccountId, ContactId, GroupId, TeamId,
    chat::MemberRemoved,
    contact::{Added, Archived, InvitingAllowed, Restored, StatusChanged},
    section as section_events, task as task_events, team as team_events, upload as upload_events,
    value::SectionKind,
};

/// A new team has its bots, which no event creates.
pub(super) async fn team_created(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    created: &team_events::Created,
) -> Result<(), sqlx::Error> {
    team::created(batch, ctx, created).await?;
    contact::bots(batch, ctx, created.team).await
}

pub(super) async fn team_archived(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
) -> Result<(), sqlx::Error> {
    team::archived(batch, ctx, team).await?;
    task::team_archived(batch, team).await
}

pub(super) async fn contact_added(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    added: &Added,
) -> Result<(), ProjectionError> {
    contact::added(batch, ctx, team, added).await?;
    joined_team(batch, ctx, team, (added.contact, added.account)).await
}

pub(super) async fn contact_restored(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    restored: &Restored,
) -> Result<(), ProjectionError> {
    let account = contact::restored(batch, ctx, restored).await?;
    chat::expect_rejoin(batch, team, restored.contact).await?;
    joined_team(batch, ctx, team, (restored.contact, account)).await?;
    Ok(task::contact_restored(batch, ctx, team, restored.contact).await?)
}

async fn joined_team(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    (contact, account): (ContactId, AccountId),
) -> Result<(), ProjectionError> {
    contact::announce(batch, ctx, team, (contact, account));
    notices::all_sections(batch, ctx, team, account).await?;
    chat::join_default_groups(batch, ctx, team, contact).await
}

/// An archived contact leaves all groups and tasks at once. The groups' own events about it follow, see
/// `command-service/src/upkeep.rs`.
pub(super) async fn contact_archived(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    archived: &Archived,
) -> Result<(), ProjectionError> {
    let contact = archived.contact;
    let could_invite = invitation::may_invite(batch, contact).await?;
    contact::archived(batch, ctx, contact).await?;
    revoke_invitations(batch, team, contact, could_invite).await?;
    let left = chat::leave_all(batch, ctx, contact).await?;
    reading::left_team(batch, contact).await?;
    contact::announce_removal(batch, ctx, team, contact);
    chat::announce_departures(batch, ctx, team, left);
    Ok(())
}

pub(super) async fn contact_status_changed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    changed: &StatusChanged,
) -> Result<(), sqlx::Error> {
    let could_invite = invitation::may_invite(batch, changed.contact).await?;
    contact::status_changed(batch, ctx, team, changed).await?;
    revoke_invitations(batch, team, changed.contact, could_invite).await
}

pub(super) async fn contact_inviting_allowed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    allowed: &InvitingAllowed,
) -> Result<(), sqlx::Error> {
    let could_invite = invitation::may_invite(batch, allowed.contact).await?;
    contact::inviting_allowed(batch, ctx, team, allowed).await?;
    revoke_invitations(batch, team, allowed.contact, could_invite).await
}

/// The invitations of a contact end with its right to invite.
async fn revoke_invitations(
    batch: &mut Batch<'_>,
    team: TeamId,
    contact: ContactId,
    could_invite: bool,
) -> Result<(), sqlx::Error> {
    if could_invite && !invitation::may_invite(batch, contact).await? {
        invitation::revoke_all_of(batch, team, contact).await?;
    }
    Ok(())
}

/// Removing a section takes its contacts, groups or tasks out of it.
pub(super) async fn section_removed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    removed: &section_events::Removed,
) -> Result<(), sqlx::Error> {
    let section = removed.section;
    match section::removed(batch, ctx, team, removed).await? {
        SectionKind::Contacts => contact::section_removed(batch, ctx, team, section).await,
        SectionKind::Groups => chat::section_removed(batch, ctx, team, section).await,
        SectionKind::Tasks => task::section_removed(batch, ctx, team, section).await,
    }
}

pub(super) async fn group_member_removed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    group: GroupId,
    removed: &MemberRemoved,
) -> Result<(), ProjectionError> {
    chat::member_removed(batch, ctx, group, removed).await?;
    Ok(reading::left_chat(batch, group, &[removed.contact]).await?)
}

pub(super) async fn task_changed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    task: GroupId,
    changed: &task_events::Changed,
) -> Result<(), ProjectionError> {
    let left = task::changed(batch, ctx, task, changed).await?;
    Ok(reading::left_chat(batch, task, &left).await?)
}

/// A removed file leaves its tasks, and counts for the erasure of its owner or its team.
pub(super) async fn file_removed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    removed: &upload_events::Removed,
) -> Result<(), ProjectionError> {
    let owner = upload::removed(batch, ctx, team, removed).await?;
    erasure::count_file(batch, team, owner).await?;
    Ok(task::file_removed(batch, ctx, removed.upload).await?)
}
