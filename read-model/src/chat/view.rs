//! Views of chats as one contact sees them: the rows, and what is shown of each.

mod look;

use super::Chats;
use crate::{
    QueryError, Result,
    message::{self, neutral},
    reading::{MENTIONS, STANDING, UNREAD},
    rights::{TeamMember, Viewer},
    task_view::TaskViews,
};
use chrono::DateTime;
use events::{
    ContactId, TeamId,
    chat::ChatRef,
    value::{ContactStatus, GroupStatus},
};
use look::{OWN, Own, View, flag};
use protocol::{
    ApiVersion,
    chat::Chat,
    contact::Contact,
    lang::Lang,
    message::{ChatType, MessageRecord},
};
use sqlx::{AssertSqlSafe, Row, postgres::PgRow};
use std::collections::HashMap;
use uuid::Uuid;

/// The newest version of anything that the viewer sees of a chat.
pub(super) const GENTIME: &str = "greatest(c.gentime, r.gentime, o.gentime, p.gentime)";

/// The chats that a viewer may see of those named by `$3`: its own, and groups and tasks that are public (`$4`: whether that
/// concerns it) or that it may see as one of those who run the team (`$5`).
const VISIBLE: &str = "SELECT v.uid AS viewer, n.key AS chat, m.status, \
        CASE WHEN n.kind = 'direct' THEN 0 ELSE coalesce(m.joined_num, n.last_num) END AS since, \
        CASE WHEN n.kind = 'direct' THEN CASE WHEN n.low = v.uid THEN n.high ELSE n.low END END AS peer \
    FROM unnest($1) v(uid) CROSS JOIN chat n LEFT JOIN member m ON m.chat = n.key AND m.contact = v.uid \
    WHERE n.team = $2 AND n.key = $3 AND (m.contact IS NOT NULL OR v.uid IN (n.low, n.high) \
        OR (n.kind <> 'direct' AND ((n.public AND $4) OR $5)))";

/// The groups that a viewer is in, the public ones (`$3`: whether those concern it), and those that nobody is in (`$4`:
/// whether it runs the team: somebody has to find them).
const GROUPS: &str = "SELECT v.uid AS viewer, n.key AS chat, m.status, coalesce(m.joined_num, n.last_num) AS since, \
        NULL::uuid AS peer \
    FROM unnest($1) v(uid) CROSS JOIN chat n LEFT JOIN member m ON m.chat = n.key AND m.contact = v.uid \
    WHERE n.team = $2 AND n.kind = 'group' AND NOT n.archived AND (m.contact IS NOT NULL OR (n.public AND $3) \
        OR ($4 AND NOT EXISTS (SELECT FROM member other WHERE other.chat = n.key)))";

/// The groups and tasks named by `$3`, which are known to be seen by the viewer.
const KNOWN: &str = "SELECT v.uid AS viewer, n.key AS chat, m.status, coalesce(m.joined_num, n.last_num) AS since, \
        NULL::uuid AS peer \
    FROM unnest($1) v(uid) CROSS JOIN chat n LEFT JOIN member m ON m.chat = n.key AND m.contact = v.uid \
    WHERE n.team = $2 AND n.key = ANY($3)";

/// Chats of one viewer (`$1`, a list of one) in a team (`$2`) as rows that `chat_views` takes; `more`
/// columns, and only those `places` (see [`crate::reading::PLACES`]) that meet the condition.
pub(super) fn select(more: &str, places: &str, condition: &str) -> String {
    format!(
        "SELECT x.status AS own_status, x.peer, c.key, c.kind, c.low, c.high, c.display_name, c.description, c.public, \
             c.readonly, c.default_for_all, c.autocleanup_age, c.pinned_message, c.section, c.colour, c.created, c.last_message, \
             c.gentime AS base_gentime, {GENTIME} AS gentime, r.message AS last_read, {OWN}, \
             coalesce(said.created, c.created) AS last_activity, {UNREAD} AS unread, \
             cardinality({MENTIONS}) AS notices, \
             (SELECT count(*) FROM message i WHERE i.chat = c.key AND i.important AND NOT i.deleted) AS importants, \
             (SELECT count(*) FROM member n WHERE n.chat = c.key) AS members{more} \
         FROM ({places}) {STANDING} LEFT JOIN contact p ON p.uid = x.peer \
         LEFT JOIN message said ON said.uid = c.last_message AND said.team = c.team \
         WHERE c.team = $2 AND NOT c.archived AND {condition}"
    )
}

impl Chats<'_> {
    /// A chat that the member may see, even before its first message.
    pub async fn view(self, member: &TeamMember, chat: ChatRef) -> Result<Option<Chat>> {
        let (team, viewer) = (member.team, member.viewer());
        let row = sqlx::query(AssertSqlSafe(select("", VISIBLE, "c.kind = $6")))
            .bind(vec![viewer.contact.0])
            .bind(team.0)
            .bind(chat.key().0)
            .bind(viewer.status > ContactStatus::Guest)
            .bind(viewer.status >= ContactStatus::Admin)
            .bind(ChatType::of(chat).word())
            .fetch_optional(&self.0.pool)
            .await?;
        match (row, chat) {
            (Some(row), _) => Ok(self.chat_views(team, viewer, &[row]).await?.pop()),
            (None, ChatRef::Direct(a, b)) if a == viewer.contact || b == viewer.contact => {
                self.empty_direct_chat(team, viewer, if a == viewer.contact { b } else { a }).await
            }
            (None, _) => Ok(None),
        }
    }

    /// A chat that the member may see: a group with its members, a task with its checklist, parents, links and messages.
    pub async fn complete_view(self, member: &TeamMember, chat: ChatRef) -> Result<Option<Chat>> {
        let Some(mut view) = self.view(member, chat).await? else { return Ok(None) };
        if let ChatRef::Task(task) = chat {
            TaskViews(self.0).complete(member.team, task, member.viewer(), &mut view).await?;
        }
        if let ChatRef::Group(group) = chat {
            view.members = Some(self.0.groups().members(member, group).await?);
        }
        Ok(Some(view))
    }

    /// The groups that the member is in, and the public ones, by title; for admins and owners also groups without members.
    pub async fn groups(self, member: &TeamMember) -> Result<Vec<Chat>> {
        let (team, viewer) = (member.team, member.viewer());
        let sql = select("", GROUPS, "true ORDER BY c.display_name, c.key");
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(vec![viewer.contact.0])
            .bind(team.0)
            .bind(viewer.status > ContactStatus::Guest)
            .bind(viewer.status >= ContactStatus::Admin)
            .fetch_all(&self.0.pool)
            .await?;
        self.chat_views(team, viewer, &rows).await
    }

    /// Groups and tasks in the order of their keys; the caller has checked that the member may see them.
    pub(crate) async fn by_keys(self, member: &TeamMember, keys: &[Uuid]) -> Result<Vec<Chat>> {
        let (team, viewer) = (member.team, member.viewer());
        if keys.is_empty() {
            return Ok(vec![]);
        }
        let rows = sqlx::query(AssertSqlSafe(select("", KNOWN, "true ORDER BY array_position($3, c.key)")))
            .bind(vec![viewer.contact.0])
            .bind(team.0)
            .bind(keys)
            .fetch_all(&self.0.pool)
            .await?;
        self.chat_views(team, viewer, &rows).await
    }

    /// Views of rows of [`select`]: two statements for all of them, and more if tasks are among them.
    pub(super) async fn chat_views(self, team: TeamId, viewer: Viewer, rows: &[PgRow]) -> Result<Vec<Chat>> {
        let peers: Vec<ContactId> =
            rows.iter().filter_map(|row| row.get::<Option<Uuid>, _>("peer")).map(ContactId).collect();
        let peers = match peers.is_empty() {
            true => vec![],
            false => self.0.contacts().views_by_ids(team, &peers, viewer).await?,
        };
        let peers: HashMap<Uuid, Contact> = peers
            .into_iter()
            .filter_map(|contact| match contact.jid {
                protocol::Jid::Direct(id) => Some((id.0, contact)),
                _ => None,
            })
            .collect();
        let messages = rows.iter().flat_map(|row| {
            ["last_message", "pinned_message"]
                .map(|name| row.get::<Option<Uuid>, _>(name))
                .into_iter()
                .flatten()
        });
        let messages = self.messages_by_id(team, messages.collect()).await?;
        let view = |row: &PgRow| {
            let peer = row
                .get::<Option<Uuid>, _>("peer")
                .map(|peer| peers.get(&peer).ok_or(QueryError::Damaged("chat.low")));
            self.chat_view(viewer, row, peer.transpose()?, &messages)
        };
        let mut views = rows.iter().map(view).collect::<Result<Vec<Chat>>>()?;
        TaskViews(self.0).add_to(team, viewer, &mut views).await?;
        Ok(views)
    }

    async fn messages_by_id(self, team: TeamId, mut ids: Vec<Uuid>) -> Result<HashMap<Uuid, MessageRecord>> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        ids.sort_unstable();
        ids.dedup();
        let columns = message::COLUMNS;
        let sql = format!(
            "SELECT {columns} FROM message m JOIN chat c ON c.key = m.chat WHERE m.uid = ANY($1) AND m.team = $2"
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(ids).bind(team.0).fetch_all(&self.0.pool).await?;
        rows.iter().map(|row| neutral(row).map(|message| (message.id.0, message))).collect()
    }

    fn chat_view(
        self,
        viewer: Viewer,
        row: &PgRow,
        peer: Option<&Contact>,
        messages: &HashMap<Uuid, MessageRecord>,
    ) -> Result<Chat> {
        let chat = message::chat_ref(row)?;
        let kind = ChatType::of(chat);
        let own = row.get::<Option<&str>, _>("own_status").and_then(GroupStatus::from_word);
        let member = own.is_some() || peer.is_some();
        let manages = kind == ChatType::Group
            && (own == Some(GroupStatus::Admin) || viewer.status >= ContactStatus::Admin);
        let (public, readonly): (bool, bool) = (row.get("public"), row.get("readonly"));
        let (display_name, icons) = match peer {
            Some(peer) => (peer.display_name.clone(), peer.icons.clone()),
            None => {
                let title: String = row.get("display_name");
                let icons = self.0.icons().stub(row.get("colour"), &title);
                (title, icons)
            }
        };
        let may_write = match peer {
            Some(peer) => peer.is_archive.is_none(),
            None => own == Some(GroupStatus::Admin) || (own.is_some() && !readonly),
        };
        let seen = |id: Option<Uuid>| {
            let message = messages.get(&id.filter(|_| member)?)?;
            Some(Box::new(message.render_for(
                viewer.contact,
                ApiVersion::V4,
                self.0.base_url(),
                Lang::default(),
            )))
        };
        let pinned = row.get::<Option<Uuid>, _>("pinned_message");
        let pinned = pinned.filter(|id| messages.get(id).is_some_and(|message| !message.is_deleted()));
        let description: String = row.get("description");
        let view = View {
            chat,
            viewer,
            member,
            manages,
            may_write,
            can_join: kind == ChatType::Group
                && public
                && own.is_none()
                && viewer.status > ContactStatus::Guest,
            display_name,
            icons,
            created: row.get("created"),
            last_activity: row.get("last_activity"),
            base_gentime: row.get("base_gentime"),
            gentime: row.get("gentime"),
            own: Own::of(row),
            last_message: seen(row.get("last_message")),
        };
        Ok(Chat {
            autocleanup_age: row.get::<Option<i32>, _>("autocleanup_age").map(i32::unsigned_abs),
            default_for_all: flag(row.get("default_for_all")),
            description: Some(description).filter(|text| !text.is_empty()),
            last_read_message_id: row.get("last_read"),
            num_importants: u32::try_from(row.get::<i64, _>("importants"))
                .ok()
                .filter(|num| member && *num > 0),
            num_members: peer
                .is_none()
                .then(|| u32::try_from(row.get::<i64, _>("members")).unwrap_or(u32::MAX)),
            num_unread: row.get::<i64, _>("unread").unsigned_abs(),
            num_unread_notices: u64::from(row.get::<i32, _>("notices").unsigned_abs()),
            pinned_message: seen(pinned),
            public: flag(public),
            readonly_for_members: flag(readonly),
            section: row.get("section"),
            status: own,
            ..view.bare()
        })
    }

    /// A direct chat before its first message.
    async fn empty_direct_chat(self, team: TeamId, viewer: Viewer, other: ContactId) -> Result<Option<Chat>> {
        let chat = ChatRef::direct(viewer.contact, other);
        let sql = format!(
            "SELECT p.gentime, o.gentime AS own_gentime, {OWN} FROM contact p \
             LEFT JOIN own_chat o ON o.contact = $3 AND o.chat = $4 \
             WHERE p.uid = $1 AND p.team = $2 AND NOT p.archived"
        );
        let row = sqlx::query(AssertSqlSafe(sql))
            .bind(other.0)
            .bind(team.0)
            .bind(viewer.contact.0)
            .bind(chat.key().0)
            .fetch_optional(&self.0.pool)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let Some(peer) = self.0.contacts().views_by_ids(team, &[other], viewer).await?.pop() else {
            return Ok(None);
        };
        let base_gentime: i64 = row.get("gentime");
        let created = DateTime::from_timestamp_micros(base_gentime / 1_000).unwrap_or_default();
        let view = View {
            chat,
            viewer,
            member: true,
            manages: false,
            may_write: true,
            can_join: false,
            display_name: peer.display_name,
            icons: peer.icons,
            created,
            last_activity: created,
            base_gentime,
            gentime: base_gentime.max(row.get::<Option<i64>, _>("own_gentime").unwrap_or(0)),
            own: Own::of(&row),
            last_message: None,
        };
        Ok(Some(view.bare()))
    }
}
