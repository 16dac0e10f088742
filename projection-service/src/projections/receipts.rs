//! Read receipts: a contact that moves its read mark, or posts, has seen the messages before. One feed row tells all their
//! authors.

use crate::batch::{Batch, EventContext};
use events::{ContactId, MessageId, TeamId, chat::ChatRef, reading::Marked};
use protocol::{
    message::MessageRecord,
    notice::{Audience, Notice, ReadReceipt, Scope},
};
use sqlx::{Row, postgres::PgRow};
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// Maximum messages per read mark or post whose authors get a receipt: the newest ones.
const MAX_RECEIPTS: i64 = 100;

/// The messages after `w.after` and before `w.until`, each with the number of others that have seen it, counted up to `$4`.
/// Change messages, messages of integrations, and authors that have left the chat get no receipts.
const SEEN: &str = "SELECT m.uid, m.chat, m.num, m.author, (SELECT count(*) FROM (SELECT 1 FROM reading r \
        WHERE r.chat = m.chat AND r.num >= m.num AND r.contact <> m.author LIMIT $4) seen) AS readers \
    FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS w (chat, after, until) \
        JOIN message m ON m.chat = w.chat AND m.num > w.after AND m.num < w.until JOIN chat c ON c.key = m.chat \
    WHERE NOT m.by_integration AND m.kind <> 'change' AND (c.kind = 'direct' \
        OR EXISTS (SELECT FROM member b WHERE b.chat = m.chat AND b.contact = m.author)) ORDER BY m.chat, m.num";

/// Emits the receipts of a read mark that has moved, forward or back, from one message number to another.
pub(super) async fn by_mark(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    marked: &Marked,
    (before, now): (i64, i64),
) -> Result<(), sqlx::Error> {
    let (low, high) = (before.min(now), before.max(now));
    let rows = sqlx::query(SEEN)
        .bind(vec![marked.chat.key().0])
        .bind(vec![low.max(high - MAX_RECEIPTS)])
        .bind(vec![high + 1])
        .bind(i64::from(MessageRecord::READERS))
        .fetch_all(&mut *batch.db)
        .await?;
    let seen = rows.iter().map(Seen::of).filter(|seen| seen.author != marked.contact);
    let messages = seen.map(|seen| seen.receipt()).collect();
    emit(batch, ctx, (marked.team, marked.chat), messages);
    Ok(())
}

/// A post as a read mark of its author; an integration has none.
#[derive(Clone, Copy)]
pub(super) struct Post {
    pub(super) chat: ChatRef,
    pub(super) reader: Option<ContactId>,
    pub(super) num: i64,
    /// The number of the last message that the author had read before.
    pub(super) before: i64,
}

impl Post {
    /// Whether there are messages between that the author sees by posting.
    fn sees(&self) -> bool {
        self.reader.is_some() && self.before < self.num - 1
    }

    /// Receipts are for the messages after this number.
    fn receipts_after(&self) -> i64 {
        self.before.max(self.num - 1 - MAX_RECEIPTS)
    }
}

/// The receipts of each post of a batch, as if the posts were applied one by one.
pub(super) async fn by_posts(
    batch: &mut Batch<'_>,
    posts: &[Post],
) -> Result<Vec<Vec<ReadReceipt>>, sqlx::Error> {
    let mut windows: HashMap<Uuid, (i64, i64)> = HashMap::new();
    for post in posts.iter().filter(|post| post.sees()) {
        let window = windows.entry(post.chat.key().0).or_insert((i64::MAX, 0));
        *window = (window.0.min(post.receipts_after()), window.1.max(post.num));
    }
    if windows.is_empty() {
        return Ok(vec![vec![]; posts.len()]);
    }
    let authors = posts.iter().filter_map(|post| post.reader).collect::<BTreeSet<_>>().len();
    let rows = sqlx::query(SEEN)
        .bind(windows.keys().copied().collect::<Vec<_>>())
        .bind(windows.values().map(|(after, _)| *after).collect::<Vec<_>>())
        .bind(windows.values().map(|(_, until)| *until).collect::<Vec<_>>())
        // The read marks of the posts' authors are counted below.
        .bind(i64::from(MessageRecord::READERS) + i64::try_from(authors).unwrap_or(0))
        .fetch_all(&mut *batch.db)
        .await?;
    let mut chats: HashMap<Uuid, Vec<Seen>> = HashMap::new();
    for row in &rows {
        chats.entry(row.get("chat")).or_default().push(Seen::of(row));
    }
    for (chat, seen) in &mut chats {
        rewind(seen, posts.iter().filter(|post| post.chat.key().0 == *chat));
    }
    Ok(posts.iter().map(|post| receipts_of(chats.get_mut(&post.chat.key().0), post)).collect())
}

/// The counts include the read marks after all posts. Replaces the last marks of the posts' authors by their first ones.
fn rewind<'p>(seen: &mut [Seen], posts: impl Iterator<Item = &'p Post>) {
    let mut marks: HashMap<ContactId, (i64, i64)> = HashMap::new();
    for (post, reader) in posts.filter_map(|post| Some((post, post.reader?))) {
        marks.entry(reader).or_insert((post.before, post.num)).1 = post.num;
    }
    for message in seen {
        for (_, (first, last)) in marks.iter().filter(|(reader, _)| **reader != message.author) {
            message.readers += i64::from(*first >= message.num) - i64::from(*last >= message.num);
        }
    }
}

fn receipts_of(seen: Option<&mut Vec<Seen>>, post: &Post) -> Vec<ReadReceipt> {
    let mut receipts = vec![];
    let Some(reader) = post.reader else { return receipts };
    let others = seen.into_iter().flatten().filter(|seen| seen.author != reader);
    for message in others.filter(|seen| seen.num > post.before && seen.num < post.num) {
        message.readers += 1;
        if message.num > post.receipts_after() {
            receipts.push(message.receipt());
        }
    }
    receipts
}

/// Emits receipts to the authors, if there are any.
pub(super) fn emit(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    (team, chat): (TeamId, ChatRef),
    messages: Vec<ReadReceipt>,
) {
    if messages.is_empty() {
        return;
    }
    let authors: BTreeSet<ContactId> = messages.iter().map(|receipt| receipt.author).collect();
    let audience = Audience::Contacts(authors.into_iter().collect());
    batch.emit(ctx, Scope::Team(team), audience, Notice::MessagesReceived { chat, messages });
}

/// A message, and the number of others that have seen it.
struct Seen {
    message: MessageId,
    author: ContactId,
    num: i64,
    readers: i64,
}

impl Seen {
    fn of(row: &PgRow) -> Self {
        let (message, author) = (MessageId(row.get("uid")), ContactId(row.get("author")));
        Self { message, author, num: row.get("num"), readers: row.get("readers") }
    }

    fn receipt(&self) -> ReadReceipt {
        let readers = u32::try_from(self.readers).unwrap_or(0).min(MessageRecord::READERS);
        ReadReceipt { author: self.author, message: self.message, readers }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::GroupId;

    fn contact(n: u128) -> ContactId {
        ContactId(Uuid::from_u128(n))
    }

    fn post(reader: u128, num: i64, before: i64) -> Post {
        let chat = ChatRef::Group(GroupId(Uuid::from_u128(9)));
        Post { chat, reader: Some(contact(reader)), num, before }
    }

    fn seen(author: u128, num: i64, readers: i64) -> Seen {
        Seen { message: MessageId(Uuid::nil()), author: contact(author), num, readers }
    }

    #[test]
    fn posts_of_a_batch_produce_receipts_as_if_applied_one_by_one() {
        // Contact 1 wrote message 1, then 2, 3 and 2 wrote, then an integration. The rows are as after all of these posts.
        let by_integration = Post { reader: None, ..post(2, 5, 0) };
        let posts = [post(2, 2, 0), post(3, 3, 0), post(2, 4, 2), by_integration];
        let mut rows = vec![seen(1, 1, 2), seen(2, 2, 1), seen(3, 3, 1)];
        rewind(&mut rows, posts.iter());
        assert_eq!(rows.iter().map(|row| row.readers).collect::<Vec<_>>(), [0, 0, 0]);
        let mut counts =
            |post| receipts_of(Some(&mut rows), post).iter().map(|one| one.readers).collect::<Vec<_>>();
        assert_eq!(posts.each_ref().map(&mut counts), [vec![1], vec![2, 1], vec![1], vec![]]);
    }

    #[test]
    fn receipts_cover_the_newest_messages_and_counts_stop_at_the_maximum() {
        let late = post(2, 300, 0);
        let mut rows: Vec<Seen> = (1..300).map(|num| seen(1, num, 0)).collect();
        assert_eq!(receipts_of(Some(&mut rows), &late).len(), 100);
        assert!(rows.iter().all(|row| row.readers == 1));
        let many = &mut vec![seen(1, 1, 140)];
        assert_eq!(receipts_of(Some(many), &post(2, 2, 0))[0].readers, MessageRecord::READERS);
    }
}
