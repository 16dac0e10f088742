//! Contacts of teams. The team's sockets receive their changes; all sockets of a contact's own account receive the changes of
//! its membership.

mod row_code;
mod status;

pub(super) use status::status_changed;

use super::notices;
use crate::{
    batch::{Batch, EventContext},
    error::ProjectionError,
};
use domain::{bot::Bot, mention, name::display_name};
use events::{AccountId, ContactId, SectionId, TeamId, contact, value::ContactStatus};
use protocol::notice::{Audience, Notice, Scope};
use uuid::Uuid;

pub(super) async fn added(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    added: &contact::Added,
) -> Result<(), sqlx::Error> {
    let (phone, given_name, family_name) =
        (added.phone.or_default(), added.given_name.or_default(), added.family_name.or_default());
    let shown = display_name(&given_name, &family_name, &phone);
    sqlx::query(
        "INSERT INTO contact (uid, team, account, phone, contact_phone, given_name, family_name, display_name, \
             role, status, need_confirmation, since, gentime, mention, colour) \
         VALUES ($1, $2, $3, $4, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, \
             coalesce((SELECT colour FROM account WHERE uid = $3), 0))",
    )
    .bind(added.contact.0)
    .bind(team.0)
    .bind(added.account.0)
    .bind(&phone)
    .bind(&given_name)
    .bind(&family_name)
    .bind(&shown)
    .bind(added.role.or_default())
    .bind(added.status.word())
    .bind(added.need_confirmation)
    .bind(ctx.db_position())
    .bind(ctx.gentime())
    .bind(mention::key(&shown))
    .execute(&mut *batch.db)
    .await?;
    row_code::renew(batch, added.contact, true).await
}

pub(super) async fn profile_changed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    changed: &contact::ProfileChanged,
) -> Result<(), sqlx::Error> {
    let profile = &changed.profile;
    let (phone, account): (String, Uuid) =
        sqlx::query_as("SELECT phone, account FROM contact WHERE uid = $1")
            .bind(changed.contact.0)
            .fetch_one(&mut *batch.db)
            .await?;
    let (given_name, family_name) = (profile.given_name.or_default(), profile.family_name.or_default());
    let shown = display_name(&given_name, &family_name, &phone);
    sqlx::query(
        "UPDATE contact SET given_name = $2, patronymic = $3, family_name = $4, display_name = $5, role = $6, \
             mood = $7, contact_email = $8, contact_phone = $9, gentime = greatest(gentime + 1, $10), mention = $11 \
         WHERE uid = $1",
    )
    .bind(changed.contact.0)
    .bind(&given_name)
    .bind(profile.patronymic.or_default())
    .bind(&family_name)
    .bind(&shown)
    .bind(profile.role.or_default())
    .bind(profile.mood.or_default())
    .bind(profile.contact_email.or_default())
    .bind(profile.contact_phone.or_default())
    .bind(ctx.gentime())
    .bind(mention::key(&shown))
    .execute(&mut *batch.db)
    .await?;
    // The member's view of the team has a flag for a missing name (`bad_profile`). The notice does not depend on the name,
    // because a rebuild may be unable to decrypt it.
    notices::team_updated_for(batch, ctx, team, AccountId(account));
    notices::contacts_updated(batch, ctx, team, vec![changed.contact]);
    Ok(())
}

/// Preferences are visible to the contact alone, and so is the notice.
pub(super) async fn preferences_changed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    changed: &contact::PreferencesChanged,
) -> Result<(), ProjectionError> {
    sqlx::query("UPDATE contact SET preferences = $2, gentime = greatest(gentime + 1, $3) WHERE uid = $1")
        .bind(changed.contact.0)
        .bind(serde_json::to_value(changed.preferences.or_default())?)
        .bind(ctx.gentime())
        .execute(&mut *batch.db)
        .await?;
    let notice = Notice::ContactsUpdated { team, contacts: vec![changed.contact] };
    batch.emit(ctx, Scope::Team(team), Audience::Contacts(vec![changed.contact]), notice);
    Ok(())
}

pub(super) async fn sections_set(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    set: &contact::SectionsSet,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE contact SET sections = $2, gentime = greatest(gentime + 1, $3) WHERE uid = $1")
        .bind(set.contact.0)
        .bind(set.sections.iter().map(|section| section.0).collect::<Vec<_>>())
        .bind(ctx.gentime())
        .execute(&mut *batch.db)
        .await?;
    notices::contacts_updated(batch, ctx, team, vec![set.contact]);
    Ok(())
}

pub(super) async fn inviting_allowed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    allowed: &contact::InvitingAllowed,
) -> Result<(), sqlx::Error> {
    let was_genuine = row_code::is_genuine(batch, allowed.contact).await?;
    let account: Uuid = sqlx::query_scalar(
        "UPDATE contact SET inviting = $2, gentime = greatest(gentime + 1, $3) WHERE uid = $1 RETURNING account",
    )
    .bind(allowed.contact.0)
    .bind(allowed.allowed)
    .bind(ctx.gentime())
    .fetch_one(&mut *batch.db)
    .await?;
    row_code::renew(batch, allowed.contact, was_genuine).await?;
    notices::team_updated_for(batch, ctx, team, AccountId(account));
    notices::contacts_updated(batch, ctx, team, vec![allowed.contact]);
    Ok(())
}

pub(super) async fn confirmed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    confirmed: &contact::Confirmed,
) -> Result<(), sqlx::Error> {
    let account: Uuid = sqlx::query_scalar(
        "UPDATE contact SET need_confirmation = false, gentime = greatest(gentime + 1, $2) \
         WHERE uid = $1 RETURNING account",
    )
    .bind(confirmed.contact.0)
    .bind(ctx.gentime())
    .fetch_one(&mut *batch.db)
    .await?;
    notices::team_updated_for(batch, ctx, team, AccountId(account));
    Ok(())
}

/// Creates the bots of a new team. No event creates them: their ids follow from the team's.
pub(super) async fn bots(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
) -> Result<(), sqlx::Error> {
    for bot in Bot::ALL {
        let contact = bot.contact(team);
        sqlx::query(
            "INSERT INTO contact (uid, team, botname, phone, given_name, family_name, display_name, role, status, \
                 need_confirmation, since, gentime, colour, mention) \
             VALUES ($1, $2, $3, '', $4, '', $4, '', $5, false, $6, $7, $8, $9)",
        )
        .bind(contact.0)
        .bind(team.0)
        .bind(bot.botname())
        .bind(bot.display_name())
        .bind(ContactStatus::Member.word())
        .bind(ctx.db_position())
        .bind(ctx.gentime())
        .bind(bots_colour(contact))
        .bind(mention::key(bot.display_name()))
        .execute(&mut *batch.db)
        .await?;
    }
    Ok(())
}

pub(super) async fn archived(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    contact: ContactId,
) -> Result<(), sqlx::Error> {
    let was_genuine = row_code::is_genuine(batch, contact).await?;
    sqlx::query("UPDATE contact SET archived = true, gentime = greatest(gentime + 1, $2) WHERE uid = $1")
        .bind(contact.0)
        .bind(ctx.gentime())
        .execute(&mut *batch.db)
        .await?;
    row_code::renew(batch, contact, was_genuine).await
}

/// Emits the notices of a contact that has left the team.
pub(super) fn announce_removal(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    contact: ContactId,
) {
    notices::contacts_updated(batch, ctx, team, vec![contact]);
    batch.emit(ctx, Scope::Team(team), Audience::All, Notice::ContactRemoved { team, contact });
}

/// Returns the account of the contact.
pub(super) async fn restored(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    restored: &contact::Restored,
) -> Result<AccountId, sqlx::Error> {
    let was_genuine = row_code::is_genuine(batch, restored.contact).await?;
    let account: Uuid = sqlx::query_scalar(
        "UPDATE contact SET archived = false, inviting = false, status = $2, need_confirmation = $3, \
             gentime = greatest(gentime + 1, $4) WHERE uid = $1 RETURNING account",
    )
    .bind(restored.contact.0)
    .bind(restored.status.word())
    .bind(restored.need_confirmation)
    .bind(ctx.gentime())
    .fetch_one(&mut *batch.db)
    .await?;
    row_code::renew(batch, restored.contact, was_genuine).await?;
    Ok(AccountId(account))
}

/// Emits the notices of a contact that has joined the team: the contact to the team, the team and all contacts to the contact.
pub(super) fn announce(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    (contact, account): (ContactId, AccountId),
) {
    notices::contacts_updated(batch, ctx, team, vec![contact]);
    notices::team_updated_for(batch, ctx, team, account);
    let all_contacts = Notice::ContactsUpdated { team, contacts: vec![] };
    batch.emit(ctx, Scope::Account(account), Audience::All, all_contacts);
}

/// Takes a removed section from the contacts that were in it.
pub(super) async fn section_removed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    section: SectionId,
) -> Result<(), sqlx::Error> {
    let changed: Vec<Uuid> = sqlx::query_scalar(
        "WITH changed AS ( \
             UPDATE contact SET sections = array_remove(sections, $2), gentime = greatest(gentime + 1, $3) \
             WHERE team = $1 AND $2 = ANY(sections) RETURNING uid) SELECT uid FROM changed ORDER BY uid",
    )
    .bind(team.0)
    .bind(section.0)
    .bind(ctx.gentime())
    .fetch_all(&mut *batch.db)
    .await?;
    if !changed.is_empty() {
        notices::contacts_updated(batch, ctx, team, changed.into_iter().map(ContactId).collect());
    }
    Ok(())
}

/// The colour of a bot follows from its id, because no event gives it the next colour.
fn bots_colour(bot: ContactId) -> i16 {
    let colour = usize::from(bot.0.as_bytes()[0]) % domain::icon::COLOURS.len();
    i16::try_from(colour).unwrap_or(0)
}
