//! Contacts of teams. Who is added hears of the team on all sockets; the team's own sockets hear of the contact.

mod row_code;
mod status;

pub(super) use status::status_changed;

use super::{change_message, invitation, section, task, team};
use crate::{
    batch::{Batch, EventContext},
    error::ProjectionError,
};
use domain::{bot::Bot, mention, name::display_name};
use events::{AccountId, ContactId, GroupId, TeamId, chat::ChatRef, contact, value::ContactStatus};
use protocol::{
    message::ChangeKind,
    notice::{Audience, Notice, Scope},
};
use sqlx::Row;
use uuid::Uuid;

pub(super) async fn added(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    added: &contact::Added,
) -> Result<(), ProjectionError> {
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
    row_code::renew(batch, added.contact, true).await?;
    came(batch, ctx, team, added.contact, added.account).await
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
    // The team says whether its member has a name (`bad_profile`). Told in any case: names may be unreadable later.
    team::updated_for(batch, ctx, team, AccountId(account));
    updated(batch, ctx, team, vec![changed.contact]);
    Ok(())
}

/// What only oneself sees is told to oneself alone.
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
    updated(batch, ctx, team, vec![set.contact]);
    Ok(())
}

pub(super) async fn inviting_allowed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    allowed: &contact::InvitingAllowed,
) -> Result<(), sqlx::Error> {
    let could_invite = invitation::may_invite(batch, allowed.contact).await?;
    let was_ours = row_code::is_ours(batch, allowed.contact).await?;
    let account: Uuid = sqlx::query_scalar(
        "UPDATE contact SET inviting = $2, gentime = greatest(gentime + 1, $3) WHERE uid = $1 RETURNING account",
    )
    .bind(allowed.contact.0)
    .bind(allowed.allowed)
    .bind(ctx.gentime())
    .fetch_one(&mut *batch.db)
    .await?;
    if could_invite {
        invitation::maker_changed(batch, team, allowed.contact).await?;
    }
    row_code::renew(batch, allowed.contact, was_ours).await?;
    team::updated_for(batch, ctx, team, AccountId(account));
    updated(batch, ctx, team, vec![allowed.contact]);
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
    team::updated_for(batch, ctx, team, AccountId(account));
    Ok(())
}

/// The bots that come with a team; no fact speaks of them.
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
    team: TeamId,
    archived: &contact::Archived,
) -> Result<(), sqlx::Error> {
    let contact = archived.contact;
    let could_invite = invitation::may_invite(batch, contact).await?;
    let was_ours = row_code::is_ours(batch, contact).await?;
    sqlx::query("UPDATE contact SET archived = true, gentime = greatest(gentime + 1, $2) WHERE uid = $1")
        .bind(contact.0)
        .bind(ctx.gentime())
        .execute(&mut *batch.db)
        .await?;
    if could_invite {
        invitation::maker_changed(batch, team, contact).await?;
    }
    row_code::renew(batch, contact, was_ours).await?;
    let lonelier = leave_chats(batch, ctx, contact).await?;
    sqlx::query(
        "UPDATE reading r SET away = true FROM chat c WHERE r.contact = $1 AND c.key = r.chat AND c.kind <> 'direct'",
    )
    .bind(contact.0)
    .execute(&mut *batch.db)
    .await?;
    updated(batch, ctx, team, vec![contact]);
    batch.emit(ctx, Scope::Team(team), Audience::All, Notice::ContactRemoved { team, contact });
    for (chat, is_task) in lonelier {
        let notice = match is_task {
            true => Notice::TaskUpdated { task: chat, joined: vec![] },
            false => Notice::GroupUpdated { group: chat, joined: vec![] },
        };
        batch.emit(ctx, Scope::Team(team), Audience::Group(chat), notice);
    }
    Ok(())
}

/// Who is out of the team is out of its chats at once; groups say so by events of their own too, which whoever looks at
/// what is due appends. Answers the chats, and whether each is a task.
async fn leave_chats(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    contact: ContactId,
) -> Result<Vec<(GroupId, bool)>, sqlx::Error> {
    let left = sqlx::query(
        "WITH gone AS (DELETE FROM member WHERE contact = $1 RETURNING chat), \
         due AS (INSERT INTO membership_due (chat, contact, stays) SELECT c.key, $1, false FROM gone \
             JOIN chat c ON c.key = gone.chat WHERE c.kind = 'group' AND NOT c.archived \
             ON CONFLICT (chat, contact) DO UPDATE SET stays = false), \
         lonelier AS (UPDATE chat c SET gentime = greatest(c.gentime + 1, $2) FROM gone \
             WHERE c.key = gone.chat AND NOT c.archived RETURNING c.key, c.kind = 'task' AS is_task) \
         SELECT key, is_task FROM lonelier ORDER BY key",
    )
    .bind(contact.0)
    .bind(ctx.gentime())
    .fetch_all(&mut *batch.db)
    .await?;
    Ok(left.iter().map(|row| (GroupId(row.get("key")), row.get("is_task"))).collect())
}

pub(super) async fn restored(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    restored: &contact::Restored,
) -> Result<(), ProjectionError> {
    let was_ours = row_code::is_ours(batch, restored.contact).await?;
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
    row_code::renew(batch, restored.contact, was_ours).await?;
    welcome(batch, team, restored.contact).await?;
    came(batch, ctx, team, restored.contact, AccountId(account)).await?;
    Ok(task::contact_restored(batch, ctx, team, restored.contact).await?)
}

/// Who was in the team before is back in groups for all: those that know of its leaving must hear of its coming.
async fn welcome(batch: &mut Batch<'_>, team: TeamId, contact: ContactId) -> Result<(), sqlx::Error> {
    sqlx::query(
        "WITH fleeting AS (DELETE FROM membership_due d USING chat c \
             WHERE d.contact = $2 AND c.key = d.chat AND c.default_for_all RETURNING d.chat) \
         INSERT INTO membership_due (chat, contact, stays) SELECT key, $2, true FROM chat \
         WHERE team = $1 AND kind = 'group' AND default_for_all AND NOT archived \
             AND key NOT IN (SELECT chat FROM fleeting)",
    )
    .bind(team.0)
    .bind(contact.0)
    .execute(&mut *batch.db)
    .await?;
    Ok(())
}

/// Somebody is in the team now: it joins the groups that are for all; everybody is told of it, and it of everybody.
async fn came(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    contact: ContactId,
    account: AccountId,
) -> Result<(), ProjectionError> {
    let mut groups: Vec<Uuid> = sqlx::query_scalar(
        "INSERT INTO member (chat, contact, status, joined_num) \
         SELECT key, $2, 'member', last_num FROM chat \
         WHERE team = $1 AND kind = 'group' AND default_for_all AND NOT archived \
         ON CONFLICT DO NOTHING RETURNING chat",
    )
    .bind(team.0)
    .bind(contact.0)
    .fetch_all(&mut *batch.db)
    .await?;
    updated(batch, ctx, team, vec![contact]);
    team::updated_for(batch, ctx, team, account);
    let own = Scope::Account(account);
    batch.emit(ctx, own, Audience::All, Notice::ContactsUpdated { team, contacts: vec![] });
    section::told_to(batch, ctx, team, own).await?;
    groups.sort_unstable();
    for group in groups.iter().copied().map(GroupId) {
        let notice = Notice::GroupUpdated { group, joined: vec![contact] };
        batch.emit(ctx, Scope::Team(team), Audience::Group(group), notice);
    }
    let groups: Vec<ChatRef> = groups.into_iter().map(|group| ChatRef::Group(GroupId(group))).collect();
    change_message::membership(batch, ctx, team, &groups, (contact, ChangeKind::Added)).await
}

/// Tells the team of contacts that are different now.
pub(super) fn updated(batch: &mut Batch<'_>, ctx: EventContext<'_>, team: TeamId, contacts: Vec<ContactId>) {
    let notice = Notice::ContactsUpdated { team, contacts };
    batch.emit(ctx, Scope::Team(team), Audience::All, notice);
}

/// A bot has no event that would give it the next colour: it follows from its address.
fn bots_colour(bot: ContactId) -> i16 {
    let colour = usize::from(bot.0.as_bytes()[0]) % domain::icon::COLOURS.len();
    i16::try_from(colour).unwrap_or(0)
}
