//! Erases an account: its personal values, its drafts and devices, and its name in rows of others. Its messages are deleted
//! and its files removed by events of their own.

use crate::{
    batch::{Batch, EventContext},
    error::ProjectionError,
    placeholders::mention_url,
};
use domain::{mention, name::ERASED};
use events::{AccountId, ContactId, TeamId};
use sqlx::Row;
use uuid::Uuid;

/// Returns the contacts of the account, each with its team.
pub(super) async fn erase(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    account: AccountId,
) -> Result<Vec<(TeamId, ContactId)>, ProjectionError> {
    for sql in [
        "UPDATE account SET phone = '', given_name = '', family_name = '', ui_settings = '{}' WHERE uid = $1",
        "DELETE FROM device WHERE account = $1",
        "DELETE FROM session WHERE account = $1",
        "DELETE FROM qr_offer WHERE account = $1",
    ] {
        sqlx::query(sql).bind(account.0).execute(&mut *batch.db).await?;
    }
    let contacts = anonymize_contacts(batch, ctx, account).await?;
    let ids: Vec<Uuid> = contacts.iter().map(|(_, contact)| contact.0).collect();
    for sql in [
        "UPDATE own_chat SET draft = '' WHERE contact = ANY($1)",
        "UPDATE remind SET comment = '' WHERE contact = ANY($1)",
    ] {
        sqlx::query(sql).bind(&ids).execute(&mut *batch.db).await?;
    }
    anonymize_changes(batch, &contacts).await?;
    remove_mentions(batch, &contacts).await?;
    batch.outbox.redact_account(batch.db, account, &contacts).await?;
    Ok(contacts)
}

/// Blanks the account's contacts in all teams.
async fn anonymize_contacts(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    account: AccountId,
) -> Result<Vec<(TeamId, ContactId)>, sqlx::Error> {
    let rows = sqlx::query(
        "WITH erased AS (UPDATE contact SET phone = '', given_name = '', patronymic = '', family_name = '', \
             display_name = $2, mention = $4, role = '', mood = '', contact_email = '', contact_phone = '', preferences = '{}', \
             icon_blob = NULL, icon_width = NULL, icon_height = NULL, \
             gentime = greatest(gentime + 1, $3) WHERE account = $1 RETURNING team, uid) \
         SELECT team, uid FROM erased ORDER BY uid",
    )
    .bind(account.0)
    .bind(ERASED)
    .bind(ctx.gentime())
    .bind(mention::key(ERASED))
    .fetch_all(&mut *batch.db)
    .await?;
    Ok(rows.iter().map(|row| (TeamId(row.get("team")), ContactId(row.get("uid")))).collect())
}

/// Replaces the account's names in change messages of groups and tasks.
async fn anonymize_changes(
    batch: &mut Batch<'_>,
    contacts: &[(TeamId, ContactId)],
) -> Result<(), sqlx::Error> {
    for (who, name) in [("whom", "new"), ("was", "old")] {
        sqlx::query(
            "UPDATE message m SET change = jsonb_set(m.change, ARRAY[$5::text], to_jsonb($3::text)) \
             FROM unnest($1::uuid[], $2::uuid[]) AS p (team, contact) \
             WHERE m.team = p.team AND m.kind = 'change' AND m.change ->> $4::text = p.contact::text",
        )
        .bind(contacts.iter().map(|(team, _)| team.0).collect::<Vec<_>>())
        .bind(contacts.iter().map(|(_, contact)| contact.0).collect::<Vec<_>>())
        .bind(ERASED)
        .bind(who)
        .bind(name)
        .execute(&mut *batch.db)
        .await?;
    }
    Ok(())
}

/// Removes mentions of the account from messages of others; their texts stay.
async fn remove_mentions(batch: &mut Batch<'_>, contacts: &[(TeamId, ContactId)]) -> Result<(), sqlx::Error> {
    for (team, contact) in contacts {
        let url = mention_url(*contact);
        sqlx::query(
            "UPDATE message m SET mentioned = m.mentioned - $2::text, links = (\
                 SELECT coalesce(jsonb_agg(l ORDER BY i), '[]') FROM jsonb_array_elements(m.links) \
                 WITH ORDINALITY AS e (l, i) WHERE l ->> 'url' <> $3) \
             FROM chat c WHERE c.team = $1 AND m.chat = c.key AND m.mentioned <> '[]' AND m.mentioned ? $2::text",
        )
        .bind(team.0)
        .bind(contact.to_string())
        .bind(&url)
        .execute(&mut *batch.db)
        .await?;
        sqlx::query(
            "UPDATE forward SET links = (SELECT coalesce(jsonb_agg(l ORDER BY i), '[]') \
                 FROM jsonb_array_elements(links) WITH ORDINALITY AS e (l, i) WHERE l ->> 'url' <> $1) \
             WHERE links @> jsonb_build_array(jsonb_build_object('url', $1::text))",
        )
        .bind(&url)
        .execute(&mut *batch.db)
        .await?;
    }
    Ok(())
}
