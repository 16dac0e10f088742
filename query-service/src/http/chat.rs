//! `GET /api/v4/teams/{team_uid}/chats`, `…/{chat_jid}`, `GET /api/v4/badge`: chats of all kinds.

use crate::{Queries, paging};
use access::{Caller, Fresh, TeamView, not_found};
use axum::extract::State;
use domain::limits;
use platform::http::{
    ApiError, FieldErrors, Params, Query, Reply,
    fields::{integer, not_one_of, strict_boolean},
};
use protocol::{
    Jid,
    chat::{Chat, ChatPage},
    envelope::Success,
    lang::Text,
    message::ChatType,
};
use read_model::{
    chat::list::{ChatFilter, ChatSort},
    chat_address::chat_of,
};
use serde::Deserialize;
use utoipa::IntoParams;

/// Chats of a page by default.
const PAGE: u32 = 50;
const KINDS: [ChatType; 3] = [ChatType::Direct, ChatType::Group, ChatType::Task];

#[derive(Debug, Deserialize)]
pub(super) struct Path {
    chat_jid: Jid,
}

/// The query string of a list of chats.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListParams {
    /// `direct`, `group` or `task`, several of them separated by commas, or `any`.
    chat_type: Option<String>,
    /// Maximum number of chats, at most 200; 50 by default.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
    /// Number of chats to skip.
    #[param(value_type = Option<u32>)]
    offset: Option<String>,
    /// Only chats that changed after this version; hidden chats are included.
    gentime_gt: Option<String>,
    /// Chats with unread messages first.
    unread_first: Option<String>,
    /// Only chats with unread messages.
    unread_only: Option<String>,
    /// `true`: only hidden chats. By default they are left out.
    hidden: Option<String>,
    /// `true`: only chats on the main screen; `false`: only the others.
    feed: Option<String>,
    /// `true`: only chats with messages; `false`: only chats without.
    has_activity: Option<String>,
    /// Lists contacts too, in `contacts`.
    mix_contacts: Option<String>,
    /// `group_chat_display_name` or `last_message`, with a leading minus for the reverse order. By default pinned chats
    /// come first, then the chats with the newest messages.
    sort: Option<String>,
    /// Part of the title.
    q: Option<String>,
}

impl ListParams {
    fn filter(self) -> Result<ChatFilter, ApiError> {
        let mut errors = FieldErrors::default();
        // Words of forms (`yes`, `on`) are errors here.
        let mut boolean = |field, text: &Option<String>| errors.read(field, text.as_deref(), strict_boolean);
        let (unread_only, unread_first) =
            (boolean("unread_only", &self.unread_only), boolean("unread_first", &self.unread_first));
        let (hidden, feed) = (boolean("hidden", &self.hidden), boolean("feed", &self.feed));
        let has_activity = boolean("has_activity", &self.has_activity);
        let mix_contacts = boolean("mix_contacts", &self.mix_contacts);
        let filter = ChatFilter {
            kinds: kinds(&mut errors, self.chat_type.as_deref().unwrap_or_default()),
            gentime_gt: errors.read("gentime_gt", self.gentime_gt.as_deref(), any_integer),
            unread_only: unread_only.unwrap_or(false),
            unread_first: unread_first.unwrap_or(false),
            hidden,
            feed,
            has_activity,
            q: title_part(&mut errors, self.q),
            sort: errors.read("sort", self.sort.as_deref(), sort),
            mix_contacts: mix_contacts.unwrap_or(false),
            limit: paging::limit(&mut errors, self.limit.as_deref(), limits::CHATS_PER_PAGE).unwrap_or(PAGE),
            offset: paging::offset(&mut errors, self.offset.as_deref()),
        };
        errors.finish()?;
        Ok(filter)
    }
}

fn any_integer(text: &str) -> Result<i64, Text> {
    integer(text, i64::MIN..=i64::MAX)
}

fn kinds(errors: &mut FieldErrors, text: &str) -> Vec<ChatType> {
    let mut kinds = vec![];
    for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        match ChatType::from_word(word) {
            Some(kind) => kinds.push(kind),
            None if word == "any" => kinds.extend(KINDS),
            None => errors.add("chat_type", not_one_of(["direct", "group", "task", "any"])),
        }
    }
    if kinds.is_empty() { KINDS.to_vec() } else { kinds }
}

fn sort(word: &str) -> Result<ChatSort, Text> {
    ChatSort::from_word(word).ok_or_else(|| not_one_of(ChatSort::WORDS))
}

/// One line of text, not trimmed.
fn title_part(errors: &mut FieldErrors, text: Option<String>) -> Option<String> {
    let text = text.filter(|text| !text.is_empty())?;
    if text.chars().any(char::is_control) {
        errors.add("q", Text::BadCharacters);
    }
    if text.chars().count() > limits::GROUP_NAME {
        errors.add("q", Text::TooLong { max: limits::GROUP_NAME });
    }
    Some(text)
}

/// List the caller's chats
///
/// Direct chats, groups and tasks that the caller is a member of.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/chats", tag = "chats",
    params(("team_uid" = String, Path, description = "Uid of the team"), ListParams),
    responses((status = 200, body = Success<ChatPage>)))]
pub(super) async fn list_chats(
    State(queries): State<Queries>,
    fresh: Fresh,
    scope: TeamView,
    Query(params): Query<ListParams>,
) -> Result<Reply<ChatPage>, ApiError> {
    let filter = params.filter()?;
    let _permit = queries.search(scope.caller.account, filter.q.is_some())?;
    let page = scope.read.chats().page(&scope, &filter).await?;
    Ok(Reply::new(page).at(scope.position(fresh)))
}

/// Show a chat
///
/// A group is shown with its members. A direct chat exists even before its first message.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/chats/{chat_jid}", tag = "chats",
    params(("team_uid" = String, Path, description = "Uid of the team"),
        ("chat_jid" = Jid, Path, description = "Address of the chat")),
    responses((status = 200, body = Success<Chat>)))]
pub(super) async fn show_chat(
    fresh: Fresh,
    scope: TeamView,
    Params(path): Params<Path>,
) -> Result<Reply<Chat>, ApiError> {
    let chat = chat_of(scope.contact, path.chat_jid);
    let view = scope.read.chats().complete_view(&scope, chat).await?;
    Ok(Reply::new(view.ok_or_else(not_found)?).at(scope.position(fresh)))
}

/// Count the caller's unread messages
///
/// The number of unread messages in all teams of the account.
#[utoipa::path(get, path = "/api/v4/badge", tag = "chats", responses((status = 200, body = Success<u64>)))]
pub(super) async fn count_unread_messages(
    State(queries): State<Queries>,
    fresh: Fresh,
    caller: Caller,
) -> Result<Reply<u64>, ApiError> {
    Ok(Reply::new(queries.access.read.unread().badge(caller.account).await?).at(fresh.0))
}
