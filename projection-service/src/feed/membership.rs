//! `feed_member`: from which to which notice a contact follows a group. It is derived from the notices that make connected
//! sockets join and leave groups, so a socket that catches up from the feed gets exactly what a connected one got.

use events::{ContactId, GroupId};
use protocol::{
    FeedPosition,
    notice::{FeedRow, Notice},
};
use sqlx::PgConnection;
use uuid::Uuid;

/// Whether a notice changes who follows a group.
pub(super) fn changes_membership(notice: &Notice) -> bool {
    notice.joined().is_some() || notice.left().is_some() || matches!(notice, Notice::ContactRemoved { .. })
}

/// Records the changes of a batch; `rows` are in feed order.
pub(super) async fn record(db: &mut PgConnection, rows: &[FeedRow]) -> Result<(), sqlx::Error> {
    for row in rows {
        if let Some((group, joined)) = row.notice.joined()
            && !joined.is_empty()
        {
            join(db, row.feed_position(), group, joined).await?;
        }
        if let Some((group, left)) = row.notice.left() {
            leave(db, row.feed_position(), group, left).await?;
        }
        if let Notice::ContactRemoved { contact, .. } = &row.notice {
            remove(db, row.feed_position(), *contact).await?;
        }
    }
    Ok(())
}

/// A contact that follows the group already keeps its earlier start.
async fn join(
    db: &mut PgConnection,
    point: FeedPosition,
    group: GroupId,
    joined: &[ContactId],
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO feed_member (chat, contact, since_position, since_ordinal) \
         SELECT $1, contact, $3, $4 FROM unnest($2::uuid[]) AS j (contact) \
         ON CONFLICT (chat, contact) WHERE until_position IS NULL DO NOTHING",
    )
    .bind(group.0)
    .bind(joined.iter().map(|contact| contact.0).collect::<Vec<Uuid>>())
    .bind(point.position.cast_signed())
    .bind(point.ordinal.cast_signed())
    .execute(db)
    .await?;
    Ok(())
}

/// An empty list means every follower.
async fn leave(
    db: &mut PgConnection,
    point: FeedPosition,
    group: GroupId,
    left: &[ContactId],
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE feed_member SET until_position = $3, until_ordinal = $4 \
         WHERE chat = $1 AND until_position IS NULL AND (cardinality($2::uuid[]) = 0 OR contact = ANY($2))",
    )
    .bind(group.0)
    .bind(left.iter().map(|contact| contact.0).collect::<Vec<Uuid>>())
    .bind(point.position.cast_signed())
    .bind(point.ordinal.cast_signed())
    .execute(db)
    .await?;
    Ok(())
}

/// A contact removed from the team leaves all its groups.
async fn remove(db: &mut PgConnection, point: FeedPosition, contact: ContactId) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE feed_member SET until_position = $2, until_ordinal = $3 \
         WHERE contact = $1 AND until_position IS NULL",
    )
    .bind(contact.0)
    .bind(point.position.cast_signed())
    .bind(point.ordinal.cast_signed())
    .execute(db)
    .await?;
    Ok(())
}
