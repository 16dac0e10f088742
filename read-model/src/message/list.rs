//! Lists of messages, newest first: of one chat, or of all that a contact may read. Nothing is loaded that is not shown.
//!
//! Pages follow each other by cursors, which are places in the history: what is posted meanwhile moves none of them.

use super::{COLUMNS, Messages, VISIBLE, neutral};
use crate::{Result, rights::TeamMember};
use chrono::{DateTime, Utc};
use domain::limits;
use events::{ChatKey, ContactId, MessageId};
use protocol::message::{ChatType, ContentType, MessageRecord};
use sqlx::{Arguments, Postgres, QueryBuilder, Row, postgres::PgArguments};
use uuid::Uuid;

/// Filter of a list of messages.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Messages of this chat only.
    pub chat: Option<ChatKey>,
    /// Messages of chats of this kind.
    pub chat_type: Option<ChatType>,
    /// By this author.
    pub sender: Option<ContactId>,
    /// Messages of this type.
    pub kind: Option<ContentType>,
    /// Marked as important, or not.
    pub important: Option<bool>,
    /// With a file, or without.
    pub has_upload: Option<bool>,
    /// Messages that the caller has not read.
    pub unread: bool,
    /// Deleted ones too.
    pub include_deleted: bool,
    /// Changed since this version, itself included.
    pub gentime_from: Option<i64>,
    /// Posted at this time or later.
    pub date_from: Option<DateTime<Utc>>,
    /// Posted before this time.
    pub date_to: Option<DateTime<Utc>>,
    /// In whose text these words are, in any form.
    pub text: Option<String>,
}

/// A place in the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    num: i64,
    since: i64,
    message: Uuid,
    inclusive: bool,
}

impl Cursor {
    /// This cursor, with or without the message that it points to.
    pub fn with_itself(self, inclusive: bool) -> Self {
        Self { inclusive, ..self }
    }
}

/// Window of a list: cursors and limit.
#[derive(Clone, Copy, Debug, Default)]
pub struct Window {
    /// Older than this.
    pub older: Option<Cursor>,
    /// Newer than this. Alone it means those that come next, not the newest.
    pub newer: Option<Cursor>,
    /// This one with as many on both sides; nothing else counts then.
    pub around: Option<Cursor>,
    /// This one.
    pub exact: Option<MessageId>,
    /// So many at most.
    pub limit: i64,
    /// So many are left out before them.
    pub offset: i64,
}

impl Messages<'_> {
    /// The place of a message that a contact may see.
    ///
    /// # Errors
    /// The database failed; or it is missing, and may yet come.
    pub async fn cursor(
        self,
        member: &TeamMember,
        chat: Option<ChatKey>,
        message: MessageId,
    ) -> Result<Option<Cursor>> {
        let sql = format!(
            "SELECT m.num, m.since, m.uid FROM message m JOIN chat c ON c.key = m.chat \
             WHERE m.uid = $3 AND m.team = $1 AND ($4::uuid IS NULL OR m.chat = $4) AND {VISIBLE}"
        );
        let row = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(member.team.0)
            .bind(member.contact.0)
            .bind(message.0)
            .bind(chat.map(|chat| chat.0))
            .fetch_optional(&self.0.pool)
            .await?;
        let Some(row) = row else {
            self.0.ensure_complete().await?;
            return Ok(None);
        };
        let (num, since, message) = (row.get("num"), row.get("since"), row.get("uid"));
        Ok(Some(Cursor { num, since, message, inclusive: false }))
    }

    /// Messages that a contact may see, newest first, with what they answer and forward.
    pub async fn page(
        self,
        member: &TeamMember,
        filter: &Filter,
        window: Window,
    ) -> Result<Vec<MessageRecord>> {
        let mut found = match window.around {
            None => self.query_page(member, filter, window).await?,
            Some(middle) => {
                let half = window.limit / 2;
                let newer = Window { newer: Some(middle), limit: half, ..Window::default() };
                let older = Some(Cursor { inclusive: true, ..middle });
                let older = Window { older, limit: window.limit - half, ..Window::default() };
                let mut found = self.query_page(member, filter, newer).await?;
                found.extend(self.query_page(member, filter, older).await?);
                found
            }
        };
        self.resolve_references(&mut found).await?;
        Ok(found)
    }

    /// How many messages there are, counted up to a limit.
    pub async fn count(self, member: &TeamMember, filter: &Filter) -> Result<u64> {
        let mut query = begin(
            member,
            "SELECT count(*) FROM (SELECT 1 FROM chat c JOIN message n ON n.chat = c.key WHERE ",
        )?;
        visible(&mut query, filter);
        query.push(" AND ");
        conditions(&mut query, filter);
        query.push(" LIMIT ").push_bind(limits::SEARCH_COUNTED as i64).push(") found");
        let count: i64 = query.build_query_scalar().fetch_one(&self.0.pool).await?;
        Ok(count.unsigned_abs())
    }

    async fn query_page(
        self,
        member: &TeamMember,
        filter: &Filter,
        window: Window,
    ) -> Result<Vec<MessageRecord>> {
        if window.limit <= 0 {
            return Ok(vec![]);
        }
        let upwards = window.newer.is_some() && window.older.is_none();
        let order = if upwards { "ASC" } else { "DESC" };
        let mut query = begin(
            member,
            "WITH page AS (SELECT f.uid FROM chat c CROSS JOIN LATERAL (\
            SELECT n.uid, n.since, n.num FROM message n WHERE n.chat = c.key AND ",
        )?;
        conditions(&mut query, filter);
        boundaries(&mut query, filter, window);
        query.push(" ORDER BY n.num ").push(order).push(" LIMIT ").push_bind(window.limit + window.offset);
        query.push(") f WHERE ");
        visible(&mut query, filter);
        // One event of a task may be several messages of its history.
        query
            .push(" ORDER BY f.since ")
            .push(order)
            .push(", f.num ")
            .push(order)
            .push(", f.uid ")
            .push(order);
        query.push(" LIMIT ").push_bind(window.limit).push(" OFFSET ").push_bind(window.offset);
        query.push(") SELECT ").push(COLUMNS);
        query.push(
            " FROM page JOIN message m ON m.uid = page.uid AND m.team = $1 JOIN chat c ON c.key = m.chat \
            ORDER BY m.since DESC, m.num DESC, m.uid DESC",
        );
        let rows = query.build().fetch_all(&self.0.pool).await?;
        rows.iter().map(neutral).collect()
    }
}

/// `$1` and `$2` are who asks, as [`VISIBLE`] wants it.
fn begin(member: &TeamMember, sql: &'static str) -> Result<QueryBuilder<Postgres>> {
    let mut arguments = PgArguments::default();
    for id in [member.team.0, member.contact.0] {
        arguments.add(id).map_err(sqlx::Error::Encode)?;
    }
    Ok(QueryBuilder::with_arguments(sql, arguments))
}

fn visible(query: &mut QueryBuilder<Postgres>, filter: &Filter) {
    query.push(VISIBLE);
    if let Some(chat) = filter.chat {
        query.push(" AND c.key = ").push_bind(chat.0);
    }
    if let Some(kind) = filter.chat_type {
        query.push(" AND c.kind = ").push_bind(kind.word());
    }
}

/// Adds the conditions of the filter on a message `n` of the chat `c`.
fn conditions(query: &mut QueryBuilder<Postgres>, filter: &Filter) {
    match filter.kind {
        Some(ContentType::Deleted) => drop(query.push("n.deleted")),
        Some(kind) => drop(query.push("NOT n.deleted AND n.kind = ").push_bind(kind.word())),
        None if filter.include_deleted => drop(query.push("true")),
        None => drop(query.push("NOT n.deleted")),
    }
    if let Some(sender) = filter.sender {
        query.push(" AND n.author = ").push_bind(sender.0);
    }
    if let Some(important) = filter.important {
        query.push(" AND n.important = ").push_bind(important);
    }
    if let Some(has_upload) = filter.has_upload {
        query.push(" AND (n.uploads <> '[]') = ").push_bind(has_upload);
    }
    if filter.unread {
        query.push(
            " AND n.counts AND n.num > greatest(\
             (SELECT r.num FROM reading r WHERE r.contact = $2 AND r.chat = c.key), \
             (SELECT b.joined_num FROM member b WHERE b.contact = $2 AND b.chat = c.key), 0)",
        );
    }
    if let Some(gentime) = filter.gentime_from {
        query.push(" AND n.gentime >= ").push_bind(gentime);
    }
    if let Some(from) = filter.date_from {
        query.push(" AND n.created >= ").push_bind(from);
    }
    if let Some(to) = filter.date_to {
        query.push(" AND n.created < ").push_bind(to);
    }
    if let Some(text) = &filter.text {
        // Signs alone leave nothing to look for.
        query.push(" AND numnode(");
        words(query, text);
        query.push(") > 0 AND n.search @@ ((");
        words(query, text);
        query.push(") && ('''#' || c.key || '''')::tsquery)");
    }
}

/// All words that are not common ones, or all there are: who looks for a common one alone finds it.
fn words(query: &mut QueryBuilder<Postgres>, text: &str) {
    query.push("plainto_tsquery('pg_catalog.russian', normalize(").push_bind(text.to_owned());
    query.push(", NFKC)) || plainto_tsquery('words', normalize(").push_bind(text.to_owned()).push(", NFKC))");
}

/// Between which places a message `n` must be. Within one chat its number says so, which an index knows.
fn boundaries(query: &mut QueryBuilder<Postgres>, filter: &Filter, window: Window) {
    if let Some(exact) = window.exact {
        query.push(" AND n.uid = ").push_bind(exact.0);
    }
    let sides = [(window.older, '<'), (window.newer, '>')];
    for (cursor, side) in sides.into_iter().filter_map(|(cursor, side)| Some((cursor?, side))) {
        let equal = if cursor.inclusive { "= " } else { " " };
        match filter.chat {
            Some(_) => query.push(" AND n.num ").push(side).push(equal).push_bind(cursor.num),
            None => query
                .push(" AND (n.since, n.num, n.uid) ")
                .push(side)
                .push(equal)
                .push("(")
                .push_bind(cursor.since)
                .push(", ")
                .push_bind(cursor.num)
                .push(", ")
                .push_bind(cursor.message)
                .push(")"),
        };
    }
}
