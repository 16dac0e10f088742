//! `/api/v4/teams/{team_uid}/chats` and `/api/v4/badge`: conversations of all kinds.

use crate::{Queries, paging, words::Words};
use access::{Caller, Fresh, TeamView, not_found};
use axum::extract::State;
use domain::limits;
use platform::http::{ApiError, Params, Query, Reply};
use protocol::{
    Jid,
    chat::{Chat, ChatPage},
    envelope::Success,
    message::ChatType,
};
use read_model::{
    chat::list::{ChatFilter, ChatSort},
    chat_address::chat_of,
};
use serde::Deserialize;
use utoipa::IntoParams;

/// How many chats a page shows unless asked otherwise.
const PAGE: u32 = 50;
const KINDS: [ChatType; 3] = [ChatType::Direct, ChatType::Group, ChatType::Task];

/// What the path of a chat names.
#[derive(Debug, Deserialize)]
pub(super) struct Path {
    chat_jid: Jid,
}

/// The query of a list of chats.
#[derive(Debug, Default, Deserialize, IntoParams)]
pub(super) struct List {
    /// `direct`, `group`, `task`, several of them with commas, or `any`.
    chat_type: Option<String>,
    /// Maximum number of chats, at most 200; 50 by default.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
    /// Number of chats to skip.
    #[param(value_type = Option<u32>)]
    offset: Option<String>,
    /// Only what has changed since this version, hidden chats among it.
    gentime_gt: Option<String>,
    /// Chats with something unread first.
    unread_first: Option<String>,
    /// Only chats with something unread.
    unread_only: Option<String>,
    /// `true`: only hidden chats; otherwise they are left out.
    hidden: Option<String>,
    /// Only those on the main screen, or only the others.
    feed: Option<String>,
    /// Only those in which something was said, or only the others.
    has_activity: Option<String>,
    /// People too, in `contacts`.
    mix_contacts: Option<String>,
    /// `group_chat_display_name` or `last_message`, with a minus for the other way round. Unless said, pinned chats come
    /// first, then those in which something was said last.
    sort: Option<String>,
    /// Part of the title.
    q: Option<String>,
}

impl List {
    fn filter(self) -> Result<ChatFilter, ApiError> {
        let mut words = Words::default();
        let filter = ChatFilter {
            kinds: kinds(&mut words, self.chat_type.as_deref().unwrap_or_default()),
            gentime_gt: words.integer("gentime_gt", self.gentime_gt.as_deref(), i64::MIN..=i64::MAX),
            unread_only: words.switch("unread_only", self.unread_only.as_deref()).unwrap_or(false),
            unread_first: words.switch("unread_first", self.unread_first.as_deref()).unwrap_or(false),
            hidden: words.switch("hidden", self.hidden.as_deref()),
            feed: words.switch("feed", self.feed.as_deref()),
            has_activity: words.switch("has_activity", self.has_activity.as_deref()),
            mix_contacts: words.switch("mix_contacts", self.mix_contacts.as_deref()).unwrap_or(false),
            sort: words.word("sort", self.sort.as_deref(), &ChatSort::WORDS, ChatSort::from_word),
            q: words.line("q", self.q, limits::GROUP_NAME),
            limit: words
                .read("limit", paging::limit(self.limit.as_deref(), limits::CHATS_PER_PAGE))
                .flatten()
                .unwrap_or(PAGE),
            offset: words.read("offset", paging::offset(self.offset.as_deref())).unwrap_or(0),
        };
        words.done()?;
        Ok(filter)
    }
}

fn kinds(words: &mut Words, named: &str) -> Vec<ChatType> {
    let mut kinds = vec![];
    for name in named.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        match ChatType::from_word(name) {
            Some(kind) => kinds.push(kind),
            None if name == "any" => kinds.extend(KINDS),
            None => words.not_one_of("chat_type", &["direct", "group", "task", "any"]),
        }
    }
    if kinds.is_empty() { KINDS.to_vec() } else { kinds }
}

/// The conversations that the caller is in.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/chats", tag = "chats", params(("team_uid" = String, Path), List),
    responses((status = 200, body = Success<ChatPage>)))]
pub(super) async fn list(
    State(queries): State<Queries>,
    fresh: Fresh,
    scope: TeamView,
    Query(list): Query<List>,
) -> Result<Reply<ChatPage>, ApiError> {
    let filter = list.filter()?;
    let _permit = queries.search(scope.caller.account, filter.q.is_some())?;
    let page = scope.read.chats().page(&scope, &filter).await?;
    Ok(Reply::new(page).at(scope.position(fresh)))
}

/// One conversation, of a group with everybody in it; with a contact also before the first message.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/chats/{chat_jid}", tag = "chats",
    params(("team_uid" = String, Path), ("chat_jid" = Jid, Path)),
    responses((status = 200, body = Success<Chat>)))]
pub(super) async fn one(
    fresh: Fresh,
    scope: TeamView,
    Params(path): Params<Path>,
) -> Result<Reply<Chat>, ApiError> {
    let chat = chat_of(scope.contact, path.chat_jid);
    let view = scope.read.chats().complete_view(&scope, chat).await?;
    Ok(Reply::new(view.ok_or_else(not_found)?).at(scope.position(fresh)))
}

/// How many messages the caller has not read, in all teams.
#[utoipa::path(get, path = "/api/v4/badge", tag = "chats", responses((status = 200, body = Success<u64>)))]
pub(super) async fn badge(
    State(queries): State<Queries>,
    fresh: Fresh,
    caller: Caller,
) -> Result<Reply<u64>, ApiError> {
    Ok(Reply::new(queries.access.read.unread().badge(caller.account).await?).at(fresh.0))
}
