//! `/api/v4/teams/{team_uid}/chats/{chat_jid}` and `…/groups/{group_jid}`: changes the caller's own settings of a chat, and the
//! shared settings of a group.

use crate::{
    answers::Answer, context::Context, http::group::group_section, input::Fields, service::CommandService,
};
use access::{TeamScope, not_found};
use axum::extract::State;
use domain::{
    chat::{self, Chat, fields},
    limits,
    reading::{self, Reading},
};
use events::{GroupId, MessageId, Personal, Position, StreamName, chat::ChatRef};
use platform::http::{ApiError, Body, FieldErrors, Params};
use protocol::{
    Jid,
    chat::{ChangeChat, Chat as ChatView},
    envelope::Success,
    error::ErrorCode,
    lang::Text,
};
use read_model::chat_address::chat_of;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct Path {
    chat_jid: Jid,
}

#[derive(Debug, Deserialize)]
pub(super) struct GroupPath {
    group_jid: Jid,
}

/// Change the settings of a chat
///
/// Changes the fields that are sent. The chat's `changeable_fields` lists the fields that the caller may send.
#[utoipa::path(put, path = "/api/v4/teams/{team_uid}/chats/{chat_jid}", tag = "chats", request_body = ChangeChat,
    params(("team_uid" = String, Path, description = "Uid of the team"), ("chat_jid" = Jid, Path, description = "Address of the chat")),
    responses((status = 200, body = Success<ChatView>)))]
pub(crate) async fn change_chat(
    State(service): State<CommandService>,
    scope: TeamScope,
    Params(path): Params<Path>,
    context: Context,
    Body(input): Body<ChangeChat>,
) -> Result<Answer, ApiError> {
    let chat = chat_of(scope.contact, path.chat_jid);
    change(&service, context, &scope, chat, input).await
}

/// Change the settings of a group
///
/// Changes the fields that are sent. The group's `changeable_fields` lists the fields that the caller may send.
#[utoipa::path(put, path = "/api/v4/teams/{team_uid}/groups/{group_jid}", tag = "groups", request_body = ChangeChat,
    params(("team_uid" = String, Path, description = "Uid of the team"), ("group_jid" = Jid, Path, description = "Address of the group")),
    responses((status = 200, body = Success<ChatView>)))]
pub(crate) async fn change_group(
    State(service): State<CommandService>,
    scope: TeamScope,
    Params(path): Params<GroupPath>,
    context: Context,
    Body(input): Body<ChangeChat>,
) -> Result<Answer, ApiError> {
    let Jid::Group(group) = path.group_jid else { return Err(not_found()) };
    change(&service, context, &scope, ChatRef::Group(group), input).await
}

/// The requested changes.
struct ChatChanges {
    /// The caller's own settings of the chat.
    own: reading::Change,
    draft: Option<Personal<String>>,
    /// The settings for everybody in the group.
    shared: chat::Change,
}

impl ChatChanges {
    fn has_own(&self) -> bool {
        self.own != reading::Change::default() || self.draft.is_some()
    }

    fn has_shared(&self) -> bool {
        self.shared != chat::Change::default()
    }
}

async fn change(
    service: &CommandService,
    context: Context,
    scope: &TeamScope,
    chat: ChatRef,
    input: ChangeChat,
) -> Result<Answer, ApiError> {
    let context = context.named("chat.change").by_member(scope.contact);
    let read = &service.access.read;
    let view = read.chats().view(scope, chat).await?.ok_or_else(not_found)?;
    permit(&view, &sent_fields(&input))?;
    let changes = read_changes(service, scope, chat, input).await?;
    let mut position = read.known();
    if let (ChatRef::Group(group), true) = (chat, changes.has_shared()) {
        // The append that may be refused comes first; the last append carries the key.
        let context = if changes.has_own() { context.without_idempotency_key() } else { context.clone() };
        position = change_shared(service, &context, scope, group, &changes.shared).await?;
    }
    if changes.has_own() {
        position = position.max(change_own(service, &context, scope, chat, &changes).await?);
    }
    service.answers.show(&context, position, || read.chats().complete_view(scope, chat)).await
}

async fn change_shared(
    service: &CommandService,
    context: &Context,
    scope: &TeamScope,
    group: GroupId,
    change: &chat::Change,
) -> Result<Position, ApiError> {
    let actor = chat::Actor { contact: scope.contact, status: scope.status };
    let command = |_: &Chat| chat::Command::Change { actor, change: change.clone() };
    Ok(service.aggregates.transact(context, StreamName::chat(group), command).await?.position)
}

async fn change_own(
    service: &CommandService,
    context: &Context,
    scope: &TeamScope,
    chat: ChatRef,
    changes: &ChatChanges,
) -> Result<Position, ApiError> {
    let (team, contact) = (scope.team, scope.contact);
    let stream = StreamName::reading(contact, chat.key());
    let command = |_: &Reading| {
        let (change, draft) = (changes.own.clone(), changes.draft.clone());
        reading::Command::Keep { team, chat, contact, change, draft }
    };
    Ok(service.aggregates.transact(context, stream, command).await?.position)
}

async fn read_changes(
    service: &CommandService,
    scope: &TeamScope,
    chat: ChatRef,
    input: ChangeChat,
) -> Result<ChatChanges, ApiError> {
    let mut errors = FieldErrors::default();
    let of_team = |text: String| Personal::of_team(scope.team, text);
    let draft = input.draft.map(|text| errors.text("draft", &text, limits::MESSAGE));
    let pinned = input.pinned_message.map(|id| id.filter(|id| !id.is_empty()));
    let pinned = pinned.map(|id| id.and_then(|id| errors.uuid::<MessageId>("pinned_message", &id)));
    let shared = chat::Change {
        display_name: input
            .display_name
            .map(|text| of_team(errors.required("display_name", &text, limits::GROUP_NAME))),
        description: input
            .description
            .map(|text| of_team(errors.text("description", &text, limits::DESCRIPTION))),
        public: input.public,
        readonly_for_members: input.readonly_for_members,
        default_for_all: input.default_for_all,
        autocleanup_age: input.autocleanup_age.map(|age| errors.autocleanup_age(age)),
        pinned_message: pinned,
        section: match input.section {
            Some(section) => Some(group_section(service, &mut errors, scope, section).await?),
            None => None,
        },
    };
    if let Some(Some(message)) = pinned {
        let known = service.access.read.messages().find(scope, message).await?;
        if !known.is_some_and(|known| known.chat == chat && !known.is_deleted()) {
            errors.add("pinned_message", Text::DoesNotExist);
        }
    }
    errors.finish()?;
    let own = reading::Change {
        pinned: input.pinned,
        pinned_sort_ordering: input.pinned_sort_ordering,
        hidden: input.hidden,
        notifications_enabled: input.notifications_enabled,
        counters_enabled: input.counters_enabled,
        collapsed: input.collapsed,
        feed: input.feed,
    };
    let draft = draft.map(|text| Personal::in_team(scope.team, scope.caller.account, text));
    Ok(ChatChanges { own, draft, shared })
}

/// The names of the fields that were sent.
fn sent_fields(input: &ChangeChat) -> Vec<&'static str> {
    let ChangeChat {
        collapsed,
        counters_enabled,
        draft,
        feed,
        hidden,
        notifications_enabled,
        pinned,
        pinned_sort_ordering,
        autocleanup_age,
        default_for_all,
        description,
        display_name,
        pinned_message,
        public,
        readonly_for_members,
        section,
    } = input;
    let sent = [
        ("autocleanup_age", autocleanup_age.is_some()),
        ("collapsed", collapsed.is_some()),
        ("counters_enabled", counters_enabled.is_some()),
        ("default_for_all", default_for_all.is_some()),
        ("description", description.is_some()),
        ("display_name", display_name.is_some()),
        ("draft", draft.is_some()),
        ("feed", feed.is_some()),
        ("hidden", hidden.is_some()),
        ("notifications_enabled", notifications_enabled.is_some()),
        ("pinned", pinned.is_some()),
        ("pinned_message", pinned_message.is_some()),
        ("pinned_sort_ordering", pinned_sort_ordering.is_some()),
        ("public", public.is_some()),
        ("readonly_for_members", readonly_for_members.is_some()),
        ("section", section.is_some()),
    ];
    sent.into_iter().filter(|(_, sent)| *sent).map(|(name, _)| name).collect()
}

/// Refuses fields that the chat does not have, and fields that the caller may not change.
fn permit(view: &ChatView, sent: &[&str]) -> Result<(), ApiError> {
    let is_group = matches!(view.jid, Jid::Group(_));
    let mut errors = FieldErrors::default();
    sent.iter()
        .filter(|name| !is_group && fields::SHARED.contains(name))
        .for_each(|name| errors.add(*name, Text::ReadOnly));
    errors.finish()?;
    let forbidden: Vec<&str> = sent
        .iter()
        .copied()
        .filter(|name| !view.changeable_fields.iter().any(|field| field == name))
        .collect();
    if forbidden.is_empty() {
        return Ok(());
    }
    Err(ApiError::new(ErrorCode::AccessDenied)
        .because(Text::FieldsForbidden { fields: forbidden.join(", ") }))
}
