//! Removes personal values of erased accounts and teams from notices, in the batch and in the feed: a socket that reconnects
//! must not receive them. No row is deleted, and no row changes its audience.

use super::Outbox;
use crate::{
    error::ProjectionError,
    placeholders::{UNKNOWN_DEVICE, mention_url},
};
use domain::name::ERASED;
use events::{AccountId, ContactId, TeamId};
use protocol::{
    message::{Change, ChangeKind, MessageRecord},
    notice::{Audience, FeedRow, Notice, Scope},
};
use sqlx::{PgConnection, Row};
use uuid::Uuid;

/// Rows of the account; rows of its teams that name one of its contacts; read marks with mentions, since a mention may be
/// in a message of the account.
const ROWS_OF_ACCOUNT: &str = "
    SELECT scope, position, ordinal, notice FROM feed WHERE scope = $1
    UNION ALL
    SELECT scope, position, ordinal, notice FROM feed f WHERE scope = ANY($2)
        AND (EXISTS (SELECT FROM unnest($3::text[]) n (name) WHERE position(convert_to(n.name, 'UTF8') in f.notice) > 0)
            OR (position('\"read_marked\"'::bytea in notice) > 0 AND position('\"mentions\":[]'::bytea in notice) = 0))";

const ROWS_OF_TEAM: &str = "SELECT scope, position, ordinal, notice FROM feed WHERE scope = $1";

impl Outbox {
    /// Removes the personal values of an account; `contacts` are its contacts in all teams.
    pub(crate) async fn redact_account(
        &mut self,
        db: &mut PgConnection,
        account: AccountId,
        contacts: &[(TeamId, ContactId)],
    ) -> Result<(), ProjectionError> {
        let person = Person { account, contacts: contacts.iter().map(|(_, contact)| *contact).collect() };
        for row in &mut self.rows {
            person.redact(db, row).await?;
        }
        let told = sqlx::query(ROWS_OF_ACCOUNT)
            .bind(account.0)
            .bind(contacts.iter().map(|(team, _)| team.0).collect::<Vec<Uuid>>())
            .bind(person.contacts.iter().map(ContactId::to_string).collect::<Vec<_>>())
            .fetch_all(&mut *db)
            .await?;
        for stored in &told {
            let mut row: FeedRow = serde_json::from_slice(stored.get("notice"))?;
            let before = row.clone();
            person.redact(db, &mut row).await?;
            if row != before {
                replace(db, &row).await?;
            }
        }
        Ok(())
    }

    /// Removes all personal values of a team.
    pub(crate) async fn redact_team(
        &mut self,
        db: &mut PgConnection,
        team: TeamId,
    ) -> Result<(), ProjectionError> {
        for row in self.rows.iter_mut().filter(|row| row.scope == Scope::Team(team)) {
            redact_completely(&mut row.notice);
        }
        let told = sqlx::query(ROWS_OF_TEAM).bind(team.0).fetch_all(&mut *db).await?;
        for stored in &told {
            let mut row: FeedRow = serde_json::from_slice(stored.get("notice"))?;
            let before = row.clone();
            redact_completely(&mut row.notice);
            if row != before {
                replace(db, &row).await?;
            }
        }
        Ok(())
    }
}

struct Person {
    account: AccountId,
    contacts: Vec<ContactId>,
}

impl Person {
    async fn redact(&self, db: &mut PgConnection, row: &mut FeedRow) -> Result<(), sqlx::Error> {
        let own = row.scope == Scope::Account(self.account);
        let only_audience =
            matches!(&row.audience, Audience::Contacts(contacts) if contacts.iter().all(|one| self.is(one)));
        match &mut row.notice {
            Notice::UiSettings { settings } if own => *settings = "{}".into(),
            Notice::LoggedIn { device_name, .. } if own => *device_name = UNKNOWN_DEVICE.into(),
            Notice::DraftSaved { contact, draft, .. } if self.is(contact) => draft.clear(),
            Notice::RemindUpdated { remind } | Notice::RemindFired { remind } if only_audience => {
                remind.comment.clear()
            }
            Notice::ReadMarked { contact, mentions, .. } if self.is(contact) => mentions.clear(),
            Notice::ReadMarked { chat, mentions, .. } if !mentions.is_empty() => {
                let erased = self.authored(db, chat.key().0, mentions).await?;
                mentions.retain(|num| !erased.contains(num));
            }
            Notice::MessageUpdated { message, .. } => self.redact_message(message),
            _ => {}
        }
        Ok(())
    }

    fn is(&self, contact: &ContactId) -> bool {
        self.contacts.contains(contact)
    }

    fn redact_message(&self, message: &mut MessageRecord) {
        let urls: Vec<String> = self.contacts.iter().map(|contact| mention_url(*contact)).collect();
        message.mentioned.retain(|contact| !self.is(contact));
        message.links.retain(|link| !urls.contains(&link.url));
        let Some(change) = &mut message.change else { return };
        if change.whom.is_some_and(|whom| self.is(&whom)) {
            change.new = Some(ERASED.into());
        }
        if change.was.is_some_and(|was| self.is(&was)) {
            change.old = Some(ERASED.into());
        }
    }

    /// The numbers among `nums` whose messages they wrote: an erased message mentions nobody.
    async fn authored(
        &self,
        db: &mut PgConnection,
        chat: Uuid,
        nums: &[i64],
    ) -> Result<Vec<i64>, sqlx::Error> {
        sqlx::query_scalar("SELECT num FROM message WHERE chat = $1 AND num = ANY($2) AND author = ANY($3)")
            .bind(chat)
            .bind(nums)
            .bind(self.contacts.iter().map(|contact| contact.0).collect::<Vec<_>>())
            .fetch_all(db)
            .await
    }
}

/// Removes all personal values of a notice of an erased team.
fn redact_completely(notice: &mut Notice) {
    match notice {
        Notice::MessageUpdated { message, .. } => {
            message.withdraw();
            let redacted = |change: &Change| Change {
                what: ChangeKind::Settings,
                actor: change.actor,
                whom: None,
                was: None,
                old: None,
                new: None,
            };
            message.change = message.change.as_ref().map(redacted);
        }
        Notice::ReadMarked { mentions, .. } => mentions.clear(),
        Notice::DraftSaved { draft: text, .. } | Notice::TagUpdated { name: text, .. } => text.clear(),
        Notice::RemindUpdated { remind } | Notice::RemindFired { remind } => remind.comment.clear(),
        _ => {}
    }
}

async fn replace(db: &mut PgConnection, row: &FeedRow) -> Result<(), ProjectionError> {
    sqlx::query("UPDATE feed SET notice = $4 WHERE scope = $1 AND position = $2 AND ordinal = $3")
        .bind(row.scope.uuid())
        .bind(row.position.cast_signed())
        .bind(row.ordinal.cast_signed())
        .bind(serde_json::to_vec(row)?)
        .execute(db)
        .await?;
    Ok(())
}
