//! Forgets a person: who they were, what they kept for themselves, and where others' rows tell of them. What they said
//! goes by deletions, message by message, and their files by removals, each a fact of its own.

use crate::{
    batch::{Batch, EventContext},
    placeholders::mention_url,
    error::ProjectionError,
};
use domain::{mention, name::ERASED};
use events::{AccountId, ContactId, TeamId};
use sqlx::Row;
use uuid::Uuid;

/// Returns the teams in which they were somebody, and as whom.
pub(super) async fn forget(
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
    let places = nameless(batch, ctx, account).await?;
    let contacts: Vec<Uuid> = places.iter().map(|(_, contact)| contact.0).collect();
    for sql in [
        "UPDATE own_chat SET draft = '' WHERE contact = ANY($1)",
        "UPDATE remind SET comment = '' WHERE contact = ANY($1)",
    ] {
        sqlx::query(sql).bind(&contacts).execute(&mut *batch.db).await?;
    }
    untold(batch, &places).await?;
    unmentioned(batch, &places).await?;
    batch.outbox.redact_account(batch.db, account, &places).await?;
    Ok(places)
}

/// Their places in teams, without anything that tells whose they were.
async fn nameless(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    account: AccountId,
) -> Result<Vec<(TeamId, ContactId)>, sqlx::Error> {
    let rows = sqlx::query(
        "WITH forgotten AS (UPDATE contact SET phone = '', given_name = '', patronymic = '', family_name = '', \
             display_name = $2, mention = $4, role = '', mood = '', contact_email = '', contact_phone = '', preferences = '{}', \
             icon_blob = NULL, icon_width = NULL, icon_height = NULL, \
             gentime = greatest(gentime + 1, $3) WHERE account = $1 RETURNING team, uid) \
         SELECT team, uid FROM forgotten ORDER BY uid",
    )
    .bind(account.0)
    .bind(ERASED)
    .bind(ctx.gentime())
    .bind(mention::key(ERASED))
    .fetch_all(&mut *batch.db)
    .await?;
    Ok(rows.iter().map(|row| (TeamId(row.get("team")), ContactId(row.get("uid")))).collect())
}

/// Histories of groups and tasks tell that they came and went, but not by name.
async fn untold(batch: &mut Batch<'_>, places: &[(TeamId, ContactId)]) -> Result<(), sqlx::Error> {
    for (who, name) in [("whom", "new"), ("was", "old")] {
        sqlx::query(
            "UPDATE message m SET change = jsonb_set(m.change, ARRAY[$5::text], to_jsonb($3::text)) \
             FROM unnest($1::uuid[], $2::uuid[]) AS p (team, contact) \
             WHERE m.team = p.team AND m.kind = 'change' AND m.change ->> $4::text = p.contact::text",
        )
        .bind(places.iter().map(|(team, _)| team.0).collect::<Vec<_>>())
        .bind(places.iter().map(|(_, contact)| contact.0).collect::<Vec<_>>())
        .bind(ERASED)
        .bind(who)
        .bind(name)
        .execute(&mut *batch.db)
        .await?;
    }
    Ok(())
}

/// What others wrote is theirs, but a name in it leads to nobody.
async fn unmentioned(batch: &mut Batch<'_>, places: &[(TeamId, ContactId)]) -> Result<(), sqlx::Error> {
    for (team, contact) in places {
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
