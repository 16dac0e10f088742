//! Erasure of accounts and teams: what is due, what to delete, and its progress.

use crate::{ReadModel, Result, past, rights::ServiceTeam};
use events::{AccountId, ContactId, MessageId, MessageKey, ReceiptId, RemindId, Subject, TeamId};
use sqlx::Row;
use uuid::Uuid;

/// An erasure, requested or complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Erasure {
    pub subject: Subject,
    pub receipt: ReceiptId,
    /// Files deleted so far.
    pub files: u64,
    /// The erasure is complete.
    pub purged: bool,
}

/// Deletes what is stored of an account outside the log. Cached answers to members of the same teams may show the account
/// too; a deleted answer is computed again.
const DELETE_ACCOUNT: [&str; 5] = [
    "DELETE FROM ops.last_seen WHERE account = $1 OR contact = ANY($2)",
    "DELETE FROM ops.session_seen WHERE account = $1 AND $2::uuid[] IS NOT NULL",
    "DELETE FROM ops.answer WHERE account IN (SELECT account FROM contact WHERE account IS NOT NULL \
         AND team IN (SELECT team FROM contact WHERE uid = ANY($2)) UNION SELECT $1)",
    "DELETE FROM ops.withdrawn w USING message m WHERE m.uid = w.message AND m.team = w.team AND m.author = ANY($2) AND $1 IS NOT NULL",
    "DELETE FROM ops.effect e USING message m WHERE m.since = e.position AND e.kind = 'webhook' \
         AND m.author = ANY($2) AND $1 IS NOT NULL",
];

/// Deletes what is stored of a team outside the log.
const DELETE_TEAM: [&str; 4] = [
    "DELETE FROM ops.last_seen WHERE team = $1",
    "DELETE FROM ops.answer WHERE account IN (SELECT account FROM contact WHERE team = $1 AND account IS NOT NULL)",
    "DELETE FROM ops.withdrawn w WHERE w.team = $1",
    "DELETE FROM ops.effect e USING message m WHERE m.since = e.position AND e.kind = 'webhook' AND m.team = $1",
];

/// Queries and deletions for the erasure of accounts and teams.
#[derive(Clone, Copy, Debug)]
pub struct Erasures<'r>(pub(crate) &'r ReadModel);

impl ReadModel {
    /// Queries and deletions for the erasure of accounts and teams.
    pub fn erasures(&self) -> Erasures<'_> {
        Erasures(self)
    }
}

impl Erasures<'_> {
    /// Erasures that are not complete.
    pub async fn unfinished(self) -> Result<Vec<Erasure>> {
        let rows = sqlx::query("SELECT * FROM erasure WHERE NOT purged ORDER BY subject");
        Ok(rows.fetch_all(&self.0.pool).await?.iter().filter_map(erasure).collect())
    }

    /// The erasure of an account or team; `None` if none was requested.
    pub async fn find(self, subject: Subject) -> Result<Option<Erasure>> {
        let row = sqlx::query("SELECT * FROM erasure WHERE subject = $1").bind(subject.to_string());
        Ok(row.fetch_optional(&self.0.pool).await?.as_ref().and_then(erasure))
    }

    /// The contacts that an account has or had, with their teams.
    pub async fn contacts_of(self, account: AccountId) -> Result<Vec<(TeamId, ContactId)>> {
        let rows = sqlx::query("SELECT team, uid FROM contact WHERE account = $1 ORDER BY uid")
            .bind(account.0)
            .fetch_all(&self.0.pool)
            .await?;
        Ok(rows.iter().map(|row| (TeamId(row.get("team")), ContactId(row.get("uid")))).collect())
    }

    /// Number of people that the team has or had.
    pub async fn count_people(self, team: ServiceTeam) -> Result<u64> {
        let count = "SELECT count(*) FROM contact WHERE team = $1 AND account IS NOT NULL";
        let count: i64 = sqlx::query_scalar(count).bind(team.0.0).fetch_one(&self.0.pool).await?;
        Ok(count.unsigned_abs())
    }

    /// Messages of these contacts that are not deleted.
    pub async fn messages_by(self, contacts: &[ContactId]) -> Result<Vec<MessageKey>> {
        let said: Vec<(Uuid, Uuid)> = sqlx::query_as(
            "SELECT team, uid FROM message WHERE author = ANY($1) AND NOT deleted AND kind <> 'change' ORDER BY since",
        )
        .bind(ids(contacts))
        .fetch_all(&self.0.pool)
        .await?;
        let key = |(team, message)| MessageKey { team: TeamId(team), message: MessageId(message) };
        Ok(said.into_iter().map(key).collect())
    }

    /// Number of messages of these contacts, deleted ones too.
    pub async fn count_messages_by(self, contacts: &[ContactId]) -> Result<u64> {
        let count = "SELECT count(*) FROM message WHERE author = ANY($1) AND kind <> 'change'";
        let count: i64 = sqlx::query_scalar(count).bind(ids(contacts)).fetch_one(&self.0.pool).await?;
        Ok(count.unsigned_abs())
    }

    /// Number of messages of the team, deleted ones too.
    pub async fn count_messages_in(self, team: ServiceTeam) -> Result<u64> {
        let count = "SELECT count(*) FROM message WHERE team = $1 AND kind <> 'change'";
        let count: i64 = sqlx::query_scalar(count).bind(team.0.0).fetch_one(&self.0.pool).await?;
        Ok(count.unsigned_abs())
    }

    /// Reminders of these contacts that have not fired yet, with their owners.
    pub async fn reminders_of(self, contacts: &[ContactId]) -> Result<Vec<(RemindId, ContactId)>> {
        let rows = sqlx::query("SELECT uid, contact FROM remind WHERE contact = ANY($1) ORDER BY uid")
            .bind(ids(contacts))
            .fetch_all(&self.0.pool)
            .await?;
        Ok(rows.iter().map(|row| (RemindId(row.get("uid")), ContactId(row.get("contact")))).collect())
    }

    /// Deletes what is stored of an account outside the log.
    pub async fn forget_account(self, account: AccountId, contacts: &[ContactId]) -> Result<()> {
        for sql in DELETE_ACCOUNT {
            sqlx::query(sql).bind(account.0).bind(ids(contacts)).execute(&self.0.pool).await?;
        }
        // Schemas with the past were made before the erasure.
        Ok(past::forget_all(&self.0.pool).await?)
    }

    /// Deletes what is stored of a team outside the log.
    pub async fn forget_team(self, team: ServiceTeam) -> Result<()> {
        for sql in DELETE_TEAM {
            sqlx::query(sql).bind(team.0.0).execute(&self.0.pool).await?;
        }
        Ok(past::forget_all(&self.0.pool).await?)
    }
}

fn ids(contacts: &[ContactId]) -> Vec<Uuid> {
    contacts.iter().map(|contact| contact.0).collect()
}

/// An erasure from its row; `None` if the row is malformed.
fn erasure(row: &sqlx::postgres::PgRow) -> Option<Erasure> {
    Some(Erasure {
        subject: row.get::<&str, _>("subject").parse().ok()?,
        receipt: ReceiptId(row.get("receipt")),
        files: row.get::<i64, _>("files").unsigned_abs(),
        purged: row.get("purged"),
    })
}
