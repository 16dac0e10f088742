//! Takes persons and teams that are forgotten out of all that was told, in the batch and in the table: a socket that comes
//! back and reads on must not hear of them. Which rows there are, and for whom, stays.

use super::Outbox;
use crate::{
    ProjectionError,
    projections::{UNKNOWN_DEVICE, leads_to},
};
use domain::name::ERASED;
use events::{AccountId, ContactId, TeamId};
use protocol::{
    message::{Change, ChangeKind, MessageRecord},
    notice::{Audience, FeedRow, Notice, Scope},
};
use sqlx::{PgConnection, Row};
use uuid::Uuid;

/// Rows of an account, and those of teams that name one of these contacts, or what readers were mentioned in.
const OF_PERSON: &str = "
    SELECT scope, position, ordinal, notice FROM feed WHERE scope = $1
    UNION ALL
    SELECT scope, position, ordinal, notice FROM feed f WHERE scope = ANY($2)
        AND (EXISTS (SELECT FROM unnest($3::text[]) n (name) WHERE position(convert_to(n.name, 'UTF8') in f.notice) > 0)
            OR (position('\"read_marked\"'::bytea in notice) > 0 AND position('\"mentions\":[]'::bytea in notice) = 0))";

const OF_TEAM: &str = "SELECT scope, position, ordinal, notice FROM feed WHERE scope = $1";

impl Outbox {
    /// See the file's head.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn forget_person(
        &mut self,
        db: &mut PgConnection,
        account: AccountId,
        places: &[(TeamId, ContactId)],
    ) -> Result<(), ProjectionError> {
        let person = Person { account, contacts: places.iter().map(|(_, contact)| *contact).collect() };
        for row in &mut self.rows {
            person.blank(db, row).await?;
        }
        let told = sqlx::query(OF_PERSON)
            .bind(account.0)
            .bind(places.iter().map(|(team, _)| team.0).collect::<Vec<Uuid>>())
            .bind(person.contacts.iter().map(ContactId::to_string).collect::<Vec<_>>())
            .fetch_all(&mut *db)
            .await?;
        for stored in &told {
            let mut row: FeedRow = serde_json::from_slice(stored.get("notice"))?;
            let before = row.clone();
            person.blank(db, &mut row).await?;
            if row != before {
                replace(db, &row).await?;
            }
        }
        Ok(())
    }

    /// See the file's head.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn forget_team(
        &mut self,
        db: &mut PgConnection,
        team: TeamId,
    ) -> Result<(), ProjectionError> {
        for row in self.rows.iter_mut().filter(|row| row.scope == Scope::Team(team)) {
            blank_whole(&mut row.notice);
        }
        let told = sqlx::query(OF_TEAM).bind(team.0).fetch_all(&mut *db).await?;
        for stored in &told {
            let mut row: FeedRow = serde_json::from_slice(stored.get("notice"))?;
            let before = row.clone();
            blank_whole(&mut row.notice);
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
    async fn blank(&self, db: &mut PgConnection, row: &mut FeedRow) -> Result<(), sqlx::Error> {
        let own = row.scope == Scope::Account(self.account);
        let alone = matches!(&row.audience, Audience::Contacts(who) if who.iter().all(|one| self.is(one)));
        match &mut row.notice {
            Notice::UiSettings { settings } if own => *settings = "{}".into(),
            Notice::LoggedIn { device_name, .. } if own => *device_name = UNKNOWN_DEVICE.into(),
            Notice::DraftSaved { contact, draft, .. } if self.is(contact) => draft.clear(),
            Notice::RemindUpdated { remind } | Notice::RemindFired { remind } if alone => {
                remind.comment.clear()
            }
            Notice::ReadMarked { contact, mentions, .. } if self.is(contact) => mentions.clear(),
            Notice::ReadMarked { chat, mentions, .. } if !mentions.is_empty() => {
                let gone = self.said(db, chat.key().0, mentions).await?;
                mentions.retain(|num| !gone.contains(num));
            }
            Notice::MessageUpdated { message, .. } => self.unname(message),
            _ => {}
        }
        Ok(())
    }

    fn is(&self, contact: &ContactId) -> bool {
        self.contacts.contains(contact)
    }

    fn unname(&self, message: &mut MessageRecord) {
        let addresses: Vec<String> = self.contacts.iter().map(|contact| leads_to(*contact)).collect();
        message.mentioned.retain(|contact| !self.is(contact));
        message.links.retain(|link| !addresses.contains(&link.url));
        let Some(change) = &mut message.change else { return };
        if change.whom.is_some_and(|whom| self.is(&whom)) {
            change.new = Some(ERASED.into());
        }
        if change.was.is_some_and(|was| self.is(&was)) {
            change.old = Some(ERASED.into());
        }
    }

    /// Which of these messages of a chat are theirs: they mention nobody any more.
    async fn said(&self, db: &mut PgConnection, chat: Uuid, nums: &[i64]) -> Result<Vec<i64>, sqlx::Error> {
        sqlx::query_scalar("SELECT num FROM message WHERE chat = $1 AND num = ANY($2) AND author = ANY($3)")
            .bind(chat)
            .bind(nums)
            .bind(self.contacts.iter().map(|contact| contact.0).collect::<Vec<_>>())
            .fetch_all(db)
            .await
    }
}

/// Leaves nothing of what a notice of a forgotten team says.
fn blank_whole(notice: &mut Notice) {
    match notice {
        Notice::MessageUpdated { message, .. } => {
            message.withdraw();
            let nothing = |change: &Change| Change {
                what: ChangeKind::Settings,
                actor: change.actor,
                whom: None,
                was: None,
                old: None,
                new: None,
            };
            message.change = message.change.as_ref().map(nothing);
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
