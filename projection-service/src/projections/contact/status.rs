//! Changes of a contact's status in the team, and with it of its rights.

use super::row_code;
use crate::{
    batch::{Batch, EventContext},
    projections::notices,
};
use events::{AccountId, ContactId, GroupId, TeamId, contact};
use protocol::notice::{Audience, Notice, Scope};
use uuid::Uuid;

pub(in super::super) async fn status_changed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    changed: &contact::StatusChanged,
) -> Result<(), sqlx::Error> {
    let was_genuine = row_code::is_genuine(batch, changed.contact).await?;
    let account: Uuid = sqlx::query_scalar(
        "UPDATE contact SET status = $2, gentime = greatest(gentime + 1, $3) WHERE uid = $1 RETURNING account",
    )
    .bind(changed.contact.0)
    .bind(changed.status.word())
    .bind(ctx.gentime())
    .fetch_one(&mut *batch.db)
    .await?;
    row_code::renew(batch, changed.contact, was_genuine).await?;
    notices::team_updated_for(batch, ctx, team, AccountId(account));
    notices::contacts_updated(batch, ctx, team, vec![changed.contact]);
    rights_changed(batch, ctx, team, changed.contact).await
}

/// Tells the contact that its rights have changed towards all contacts, and in its groups and tasks.
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
