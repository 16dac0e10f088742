//! Integrations. A row exists until the integration is removed. An integration receives the messages of its group, so the
//! group's history shows each change of one.

use super::change_message;
use crate::{
    batch::{Batch, EventContext},
    error::ProjectionError,
};
use events::{
    GroupId, IntegrationId, TeamId,
    chat::ChatRef,
    integration::{Changed, Created, Removed},
    value::IntegrationKind,
};
use protocol::message::{Change, ChangeKind};
use read_model::integration;
use sqlx::{Row, postgres::PgRow};
use uuid::Uuid;

pub(super) async fn created(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    created: &Created,
) -> Result<(), ProjectionError> {
    let (comment, webhook_url) =
        (created.settings.comment.or_default(), created.settings.webhook_url.or_default());
    sqlx::query(
        "INSERT INTO integration (uid, team, kind, key_hash, key_sealed, comment, enabled, chat, webhook_url, \
             created, since, maker) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(created.integration.0)
    .bind(team.0)
    .bind(created.kind.word())
    .bind(&created.key_hash)
    .bind(&created.key_sealed)
    .bind(&comment)
    .bind(created.settings.enabled)
    .bind(created.settings.group.0)
    .bind(&webhook_url)
    .bind(ctx.meta.at)
    .bind(ctx.db_position())
    .bind(ctx.meta.contact.map(|maker| maker.0))
    .execute(&mut *batch.db)
    .await?;
    let label = label(created.kind.word(), &comment, &webhook_url);
    insert_changes(
        batch,
        ctx,
        team,
        vec![(created.settings.group, ChangeKind::IntegrationAdded, None, label)],
    )
    .await
}

pub(super) async fn changed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    changed: &Changed,
) -> Result<(), ProjectionError> {
    let Some(before) = load(batch, changed.integration).await? else { return Ok(()) };
    let (comment, webhook_url) =
        (changed.settings.comment.or_default(), changed.settings.webhook_url.or_default());
    sqlx::query(
        "UPDATE integration SET comment = $2, enabled = $3, chat = $4, webhook_url = $5 WHERE uid = $1",
    )
    .bind(changed.integration.0)
    .bind(&comment)
    .bind(changed.settings.enabled)
    .bind(changed.settings.group.0)
    .bind(&webhook_url)
    .execute(&mut *batch.db)
    .await?;
    let (old, new) = (label_of(&before), label(before.get("kind"), &comment, &webhook_url));
    let (left, group) = (GroupId(before.get("chat")), changed.settings.group);
    let changes = match (left == group, before.get("enabled"), changed.settings.enabled) {
        (false, ..) => vec![
            (left, ChangeKind::IntegrationRemoved, None, old),
            (group, ChangeKind::IntegrationAdded, None, new),
        ],
        (true, false, true) => vec![(group, ChangeKind::IntegrationStarted, None, new)],
        (true, true, false) => vec![(group, ChangeKind::IntegrationStopped, None, new)],
        (true, ..) => vec![(group, ChangeKind::IntegrationChanged, Some(old).filter(|old| *old != new), new)],
    };
    insert_changes(batch, ctx, team, changes).await
}

pub(super) async fn removed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    removed: &Removed,
) -> Result<(), ProjectionError> {
    let Some(before) = load(batch, removed.integration).await? else { return Ok(()) };
    sqlx::query("DELETE FROM integration WHERE uid = $1")
        .bind(removed.integration.0)
        .execute(&mut *batch.db)
        .await?;
    let group = GroupId(before.get("chat"));
    insert_changes(batch, ctx, team, vec![(group, ChangeKind::IntegrationRemoved, None, label_of(&before))])
        .await
}

async fn load(batch: &mut Batch<'_>, integration: IntegrationId) -> Result<Option<PgRow>, sqlx::Error> {
    sqlx::query("SELECT kind, comment, enabled, chat, webhook_url FROM integration WHERE uid = $1")
        .bind(integration.0)
        .fetch_optional(&mut *batch.db)
        .await
}

/// Inserts change messages about an integration, each with its old and new label. A group that is not in the read model,
/// because its stream is parked, gets none.
async fn insert_changes(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    changes: Vec<(GroupId, ChangeKind, Option<String>, String)>,
) -> Result<(), ProjectionError> {
    let Some(actor) = ctx.meta.contact else { return Ok(()) };
    let known: Vec<Uuid> = sqlx::query_scalar("SELECT key FROM chat WHERE key = ANY($1)")
        .bind(changes.iter().map(|(group, ..)| group.0).collect::<Vec<_>>())
        .fetch_all(&mut *batch.db)
        .await?;
    let change = |(group, what, old, new): (GroupId, ChangeKind, Option<String>, String)| {
        (ChatRef::Group(group), Change { what, actor, whom: None, was: None, old, new: Some(new) })
    };
    let changes = changes.into_iter().filter(|(group, ..)| known.contains(&group.0)).map(change);
    change_message::insert(batch, ctx, team, changes.collect()).await
}

fn label_of(row: &PgRow) -> String {
    label(row.get("kind"), row.get("comment"), row.get("webhook_url"))
}

/// The label of an integration in the group's history: kind, comment, and the host of its webhook. The rest of the URL may be
/// secret.
fn label(kind: &str, comment: &str, webhook_url: &str) -> String {
    let title = integration::title(IntegrationKind::from_word(kind).unwrap_or(IntegrationKind::Raw));
    let host = integration::host(webhook_url).map(|host| format!("→ {host}"));
    let parts = [Some(title), Some(comment), host.as_deref()].into_iter().flatten();
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use super::label;

    #[test]
    fn label_shows_the_host_and_hides_the_rest_of_the_url() {
        let address = "https://user:pass@hooks.example.org:8443/T0/secret?x=1";
        assert_eq!(label("raw", "Сборка", address), "API/Webhook · Сборка · → hooks.example.org:8443");
        assert_eq!(label("sentry", "", ""), "Sentry");
    }
}
