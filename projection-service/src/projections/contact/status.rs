//! A contact's rank in the team changes, and with it what it may do everywhere.

use super::{super::invitation, row_code, team, updated};
use crate::batch::{Batch, EventContext};
use events::{AccountId, ContactId, GroupId, TeamId, contact};
use protocol::notice::{Audience, Notice, Scope};
use uuid::Uuid;

pub(in super::super) async fn status_changed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    changed: &contact::StatusChanged,
) -> Result<(), sqlx::Error> {
    let could_invite = invitation::may_invite(batch, changed.contact).await?;
    let was_ours = row_code::is_ours(batch, changed.contact).await?;
    let account: Uuid = sqlx::query_scalar(
        "UPDATE contact SET status = $2, gentime = greatest(gentime + 1, $3) WHERE uid = $1 RETURNING account",
    )
    .bind(changed.contact.0)
    .bind(changed.status.word())
    .bind(ctx.gentime())
    .fetch_one(&mut *batch.db)
    .await?;
    if could_invite {
        invitation::maker_changed(batch, team, changed.contact).await?;
    }
    row_code::renew(batch, changed.contact, was_ours).await?;
    team::updated_for(batch, ctx, team, AccountId(account));
    updated(batch, ctx, team, vec![changed.contact]);
    rights_changed(batch, ctx, team, changed.contact).await
}

/// Who has another rank may do other things with everybody, and in the chats that they are in.
async fn rights_changed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    contact: ContactId,
) -> Result<(), sqlx::Error> {
    let chats: Vec<(Uuid, bool)> = sqlx::query_as(
        "SELECT c.key, c.kind = 'task' FROM member m JOIN chat c ON c.key = m.chat \
         WHERE m.contact = $1 AND NOT c.archived ORDER BY c.key",
    )
    .bind(contact.0)
    .fetch_all(&mut *batch.db)
    .await?;
    let chats = chats.into_iter().map(|(key, is_task)| match is_task {
        true => Notice::TaskUpdated { task: GroupId(key), joined: vec![] },
        false => Notice::GroupUpdated { group: GroupId(key), joined: vec![] },
    });
    for notice in [Notice::ContactsUpdated { team, contacts: vec![] }].into_iter().chain(chats) {
        batch.emit(ctx, Scope::Team(team), Audience::Contacts(vec![contact]), notice);
    }
    Ok(())
}
