//! The links in a text: mentions of contacts, and web addresses.

use crate::{batch::Batch, placeholders::mention_url, projections::insert_message::Links};
use domain::{link, mention};
use events::{ContactId, TeamId};
use protocol::message::MessageLink;
use sqlx::Row;

/// Finds links and mentions. A text without `@` needs no query.
pub(super) async fn links_in(batch: &mut Batch<'_>, team: TeamId, text: &str) -> Result<Links, sqlx::Error> {
    let mut links = mentions(batch, team, text).await?;
    let address = |address: &str| MessageLink {
        pattern: address.to_owned(),
        text: address.to_owned(),
        url: address.to_owned(),
    };
    links.links.extend(link::addresses(text).into_iter().map(address));
    Ok(links)
}

async fn mentions(batch: &mut Batch<'_>, team: TeamId, text: &str) -> Result<Links, sqlx::Error> {
    let candidates = mention::candidates(text);
    if candidates.is_empty() {
        return Ok(Links::default());
    }
    let rows = sqlx::query(
        "SELECT uid, display_name FROM contact WHERE team = $1 AND mention = ANY($2) AND NOT archived \
         ORDER BY since, uid",
    )
    .bind(team.0)
    .bind(mention::keys(&candidates))
    .fetch_all(&mut *batch.db)
    .await?;
    let people: Vec<(ContactId, String)> =
        rows.iter().map(|row| (ContactId(row.get("uid")), row.get("display_name"))).collect();
    let mut found = Links::default();
    for mention in mention::found(&candidates, &people) {
        let name = people.iter().find(|(contact, _)| *contact == mention.who).map_or("", |(_, name)| name);
        let pattern = format!("@{}", mention.written);
        found.links.push(MessageLink { pattern, text: format!("@{name}"), url: mention_url(mention.who) });
        if !found.mentioned.contains(&mention.who) {
            found.mentioned.push(mention.who);
        }
    }
    Ok(found)
}
