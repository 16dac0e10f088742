//! Pages of a contact's conversations: a fixed number of statements, however many there are.

use super::{
    Chats,
    view::{GENTIME, select},
};
use crate::{
    Result, contact,
    reading::{PLACES, UNREAD},
    rights::{TeamMember, Viewer},
};
use events::TeamId;
use protocol::{
    ApiVersion, Jid,
    chat::{Chat, ChatPage},
    contact::Contact,
    message::ChatType,
};
use sqlx::{AssertSqlSafe, Postgres, Row, postgres::PgArguments, query::Query};
use uuid::Uuid;

/// Filter and order of a list of conversations.
#[derive(Clone, Debug)]
pub struct ChatFilter {
    /// Kinds.
    pub kinds: Vec<ChatType>,
    /// Only what has changed since.
    pub gentime_gt: Option<i64>,
    /// Only those with something unread.
    pub unread_only: bool,
    /// Those with something unread before the others.
    pub unread_first: bool,
    /// Only hidden ones, or only the others.
    pub hidden: Option<bool>,
    /// Only those on the main screen, or only the others.
    pub feed: Option<bool>,
    /// Only those in which something was said, or only the others.
    pub has_activity: Option<bool>,
    /// Part of the title.
    pub q: Option<String>,
    /// The order; none: pinned ones first, then by what was said last.
    pub sort: Option<ChatSort>,
    /// People too.
    pub mix_contacts: bool,
    /// How many at most.
    pub limit: u32,
    /// How many are passed over.
    pub offset: u32,
}

/// Sort key of conversations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChatSort {
    /// Title.
    Title {
        /// From the end of the alphabet.
        descending: bool,
    },
    /// When something was said last.
    Activity {
        /// The newest first.
        descending: bool,
    },
}

impl ChatSort {
    /// The order that a word of the API names.
    pub fn from_word(word: &str) -> Option<Self> {
        let (descending, name) = match word.strip_prefix('-') {
            Some(name) => (true, name),
            None => (false, word.strip_prefix('+').unwrap_or(word).trim()),
        };
        match name {
            "group_chat_display_name" => Some(Self::Title { descending }),
            "last_message" => Some(Self::Activity { descending }),
            _ => None,
        }
    }

    /// The words of the API.
    pub const WORDS: [&str; 4] =
        ["group_chat_display_name", "-group_chat_display_name", "last_message", "-last_message"];

    const fn sql(self) -> &'static str {
        match self {
            Self::Title { descending: false } => "lower(TITLE)",
            Self::Title { descending: true } => "lower(TITLE) DESC",
            Self::Activity { descending: false } => "coalesce(said.created, c.created)",
            Self::Activity { descending: true } => "coalesce(said.created, c.created) DESC",
        }
    }
}

/// A name as people see it, of the contact `p`.
const NAME: &str = "p.display_name";

impl ChatFilter {
    /// The condition, with `$3` to `$9`.
    fn condition(&self) -> String {
        let title = title();
        format!(
            "c.kind = ANY($3) AND ($4::bigint IS NULL OR {GENTIME} > $4) AND (NOT $5 OR {UNREAD} > 0) \
             AND ($6::bool IS NULL OR coalesce(o.hidden, false) = $6) \
             AND ($7::bool IS NULL OR coalesce(o.feed, c.kind <> 'task') = $7) \
             AND ($8::bool IS NULL OR $8 = EXISTS ( \
                 SELECT 1 FROM message a WHERE a.chat = c.key AND a.kind <> 'change')) \
             AND ($9::text IS NULL OR strpos(folded({title}), folded($9)) > 0)"
        )
    }

    fn order(&self) -> String {
        let unread = if self.unread_first { format!("({UNREAD} > 0) DESC, ") } else { String::new() };
        let by = match self.sort {
            Some(sort) => format!("{unread}{}", sort.sql().replace("TITLE", &title())),
            None => format!(
                "coalesce(o.pinned, false) DESC, CASE WHEN o.pinned THEN o.pinned_sort_ordering END, {unread}{}",
                ChatSort::Activity { descending: true }.sql()
            ),
        };
        format!("{by}, c.key")
    }

    fn bind<'q>(
        &self,
        query: Query<'q, Postgres, PgArguments>,
        team: TeamId,
        viewer: Viewer,
    ) -> Query<'q, Postgres, PgArguments> {
        // Whoever asks what has changed must hear of what was hidden, too.
        let hidden = self.hidden.or(self.gentime_gt.is_none().then_some(false));
        query
            .bind(vec![viewer.contact.0])
            .bind(team.0)
            .bind(self.kinds.iter().map(|kind| kind.word()).collect::<Vec<_>>())
            .bind(self.gentime_gt)
            .bind(self.unread_only)
            .bind(hidden)
            .bind(self.feed)
            .bind(self.has_activity)
            .bind(self.wanted_title())
    }

    fn wanted_title(&self) -> Option<String> {
        self.q.as_deref().map(str::trim).filter(|q| !q.is_empty()).map(str::to_owned)
    }
}

fn title() -> String {
    format!("(CASE WHEN c.kind = 'direct' THEN {NAME} ELSE c.display_name END)")
}

impl Chats<'_> {
    /// A page of the chats that the member is in.
    pub async fn page(self, member: &TeamMember, filter: &ChatFilter) -> Result<ChatPage> {
        let (team, viewer) = (member.team, member.viewer());
        let (condition, order) = (filter.condition(), filter.order());
        let tail = format!("{condition} ORDER BY {order} LIMIT $10 OFFSET $11");
        let sql = select(", count(*) OVER () AS total", PLACES, &tail);
        let rows = filter
            .bind(sqlx::query(AssertSqlSafe(sql)), team, viewer)
            .bind(i64::from(filter.limit))
            .bind(i64::from(filter.offset))
            .fetch_all(&self.0.pool)
            .await?;
        let count: i64 = match rows.first() {
            Some(row) => row.get("total"),
            None if filter.offset == 0 && filter.limit > 0 => 0,
            None => {
                // Past the end no row is left to say how many there are.
                let sql = format!("SELECT count(*) FROM ({}) counted", select("", PLACES, &condition));
                filter
                    .bind(sqlx::query(AssertSqlSafe(sql)), team, viewer)
                    .fetch_one(&self.0.pool)
                    .await?
                    .get(0)
            }
        };
        let objects = self.chat_views(team, viewer, &rows).await?;
        let contacts = match filter.mix_contacts && filter.kinds.contains(&ChatType::Direct) {
            true => Some(self.mixed_contacts(team, viewer, filter, &objects).await?),
            false => filter.mix_contacts.then(Vec::new),
        };
        Ok(ChatPage {
            contacts,
            count: count.unsigned_abs(),
            limit: filter.limit,
            objects,
            offset: filter.offset,
        })
    }

    /// The other sides of a page's direct chats; and on the first page, as far as there is room, those whom the viewer has
    /// not talked with.
    async fn mixed_contacts(
        self,
        team: TeamId,
        viewer: Viewer,
        filter: &ChatFilter,
        objects: &[Chat],
    ) -> Result<Vec<Contact>> {
        let peers = objects.iter().filter_map(|chat| match chat.jid {
            Jid::Direct(contact) => Some(contact.0),
            Jid::Group(_) | Jid::Task(_) => None,
        });
        let room = if filter.offset == 0 {
            i64::from(filter.limit) - i64::try_from(objects.len()).unwrap_or(i64::MAX)
        } else {
            0
        };
        let (columns, source) = (contact::COLUMNS, contact::SOURCE);
        let name = NAME.replace("p.", "c.");
        let sql = format!(
            "(SELECT {columns} FROM {source} WHERE c.team = $1 AND c.uid = ANY($2)) UNION ALL \
             (SELECT {columns} FROM {source} WHERE c.team = $1 AND NOT c.archived AND c.uid <> $3 \
                 AND ($4::text IS NULL OR strpos(folded({name}), folded($4)) > 0) AND NOT EXISTS (SELECT 1 FROM chat d \
                     WHERE d.kind = 'direct' AND d.low = least(c.uid, $3) AND d.high = greatest(c.uid, $3)) \
              ORDER BY lower({name}), c.uid LIMIT $5)"
        );
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(team.0)
            .bind(peers.collect::<Vec<Uuid>>())
            .bind(viewer.contact.0)
            .bind(filter.wanted_title())
            .bind(room.max(0))
            .fetch_all(&self.0.pool)
            .await?;
        Ok(rows.iter().map(|row| self.0.contacts().contact_view(row, viewer, ApiVersion::V4)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_named_by_words_with_a_sign() {
        for word in ChatSort::WORDS {
            assert!(ChatSort::from_word(word).is_some(), "{word}");
        }
        let ascending = Some(ChatSort::Activity { descending: false });
        // A plus in a query string is a space.
        for word in ["+last_message", " last_message", "last_message"] {
            assert_eq!(ChatSort::from_word(word), ascending, "{word}");
        }
        assert_eq!(ChatSort::from_word("gentime"), None);
    }
}
