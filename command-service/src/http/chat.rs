//! `/api/v4/teams/{team_uid}/chats/{chat_jid}`: what one keeps of a conversation for oneself, and what is set for
//! everybody in a group.

use crate::{
    Commands,
    context::{Command, Context},
    idempotency::Answer,
    input::Checks,
    transact::{InitialState, Transacted},
};
use access::{TeamScope, not_found};
use axum::extract::State;
use domain::{
    chat::{self, fields},
    limits,
    reading::{self, Reading},
};
use events::{GroupId, MessageId, Personal, Position, StreamName, chat::ChatRef};
use platform::http::{ApiError, Body, Params};
use protocol::{
    Jid,
    chat::{ChangeChat, Chat as ChatView},
    envelope::Success,
    error::ErrorCode,
    lang::Text,
};
use read_model::chat_address::chat_of;
use serde::Deserialize;

/// What the path of a conversation names.
#[derive(Debug, Deserialize)]
pub(super) struct Path {
    chat_jid: Jid,
}

/// What the path of a group names.
#[derive(Debug, Deserialize)]
pub(super) struct GroupPath {
    group_jid: Jid,
}

/// Changes only what is sent: `changeable_fields` of the conversation names what the caller may send.
#[utoipa::path(put, path = "/api/v4/teams/{team_uid}/chats/{chat_jid}", tag = "chats", request_body = ChangeChat,
    params(("team_uid" = String, Path), ("chat_jid" = Jid, Path)),
    responses((status = 200, body = Success<ChatView>)))]
pub(super) async fn change(
    State(commands): State<Commands>,
    scope: TeamScope,
    Params(path): Params<Path>,
    command: Command<Body<ChangeChat>>,
) -> Result<Answer, ApiError> {
    let chat = chat_of(scope.contact, path.chat_jid);
    commands.change_chat(command, &scope, chat).await
}

/// The same, of a group.
#[utoipa::path(put, path = "/api/v4/teams/{team_uid}/groups/{group_jid}", tag = "groups", request_body = ChangeChat,
    params(("team_uid" = String, Path), ("group_jid" = Jid, Path)),
    responses((status = 200, body = Success<ChatView>)))]
pub(super) async fn change_group(
    State(commands): State<Commands>,
    scope: TeamScope,
    Params(path): Params<GroupPath>,
    command: Command<Body<ChangeChat>>,
) -> Result<Answer, ApiError> {
    let Jid::Group(group) = path.group_jid else { return Err(not_found()) };
    commands.change_chat(command, &scope, ChatRef::Group(group)).await
}

/// What is asked for, checked.
struct Wanted {
    own: reading::Change,
    draft: Option<Personal<String>>,
    shared: chat::Change,
}

impl Wanted {
    fn keeps(&self) -> bool {
        self.own != reading::Change::default() || self.draft.is_some()
    }

    fn changes(&self) -> bool {
        self.shared != chat::Change::default()
    }
}

impl Commands {
    async fn change_chat(
        &self,
        command: Command<Body<ChangeChat>>,
        scope: &TeamScope,
        chat: ChatRef,
    ) -> Result<Answer, ApiError> {
        let mut context = command.context.named("chat.change");
        if let Some(answer) = self.repeated(&context).await? {
            return Ok(answer);
        }
        context.as_contact(scope.contact);
        let Body(input) = command.input;
        let read = &self.access.read;
        let view = read.chats().view(scope, chat).await?.ok_or_else(not_found)?;
        permit(&view, &named(&input))?;
        let wanted = self.wanted(scope, chat, input).await?;
        let mut position = read.known();
        if let (ChatRef::Group(group), true) = (chat, wanted.changes()) {
            // What may be refused comes first; where both are asked for, the other one bears the key.
            let context = if wanted.keeps() { context.without_idempotency_key() } else { context.clone() };
            position = self.change_shared(&context, scope, group, &wanted.shared).await?;
        }
        if wanted.keeps() {
            position = position.max(self.keep(&context, scope, chat, &wanted).await?);
        }
        self.show(&context, position, || read.chats().complete_view(scope, chat)).await
    }

    async fn change_shared(
        &self,
        context: &Context,
        scope: &TeamScope,
        group: GroupId,
        change: &chat::Change,
    ) -> Result<Position, ApiError> {
        let actor = chat::Actor { contact: scope.contact, status: scope.status };
        let command = || chat::Command::Change { actor, change: change.clone() };
        Ok(self.on_group(context, group, InitialState::Cached, command).await?.position)
    }

    async fn keep(
        &self,
        context: &Context,
        scope: &TeamScope,
        chat: ChatRef,
        wanted: &Wanted,
    ) -> Result<Position, ApiError> {
        let (team, contact) = (scope.team, scope.contact);
        let stream = StreamName::reading(contact, chat.key());
        let command = |_: &Reading| {
            let (change, draft) = (wanted.own.clone(), wanted.draft.clone());
            reading::Command::Keep { team, chat, contact, change, draft }
        };
        let done: Transacted<Reading> = self
            .transact(context, stream, InitialState::Cached, command)
            .await
            .map_err(|stop| stop.or(|rejection| match rejection {}))?;
        Ok(done.position)
    }

    async fn wanted(&self, scope: &TeamScope, chat: ChatRef, input: ChangeChat) -> Result<Wanted, ApiError> {
        let mut checks = Checks::default();
        let of_team = |text: String| Personal::of_team(scope.team, text);
        let draft = input.draft.map(|text| checks.text("draft", &text, limits::MESSAGE));
        let pinned = input.pinned_message.map(|id| id.filter(|id| !id.is_empty()));
        let pinned = pinned.map(|id| id.and_then(|id| checks.uuid::<MessageId>("pinned_message", &id)));
        let shared = chat::Change {
            display_name: input
                .display_name
                .map(|text| of_team(checks.required("display_name", &text, limits::GROUP_NAME))),
            description: input
                .description
                .map(|text| of_team(checks.text("description", &text, limits::DESCRIPTION))),
            public: input.public,
            readonly_for_members: input.readonly_for_members,
            default_for_all: input.default_for_all,
            autocleanup_age: input.autocleanup_age.map(|age| checks.autocleanup_age(age)),
            pinned_message: pinned,
            section: match input.section {
                Some(section) => Some(self.group_section(&mut checks, scope, section).await?),
                None => None,
            },
        };
        if let Some(Some(message)) = pinned {
            let known = self.access.read.messages().find(scope, message).await?;
            if !known.is_some_and(|known| known.chat == chat && !known.is_deleted()) {
                checks.refuse("pinned_message", Text::DoesNotExist);
            }
        }
        checks.done()?;
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
        Ok(Wanted { own, draft, shared })
    }
}

impl Checks {
    /// After how many seconds messages of a group are deleted by themselves; 0 is never.
    pub(super) fn autocleanup_age(&mut self, age: Option<u32>) -> Option<u32> {
        let age = age.filter(|age| *age > 0)?;
        if age > limits::AUTOCLEANUP_AGE {
            let max = i64::from(limits::AUTOCLEANUP_AGE);
            self.refuse("autocleanup_age", Text::OutOfRange { min: 0, max });
        }
        Some(age)
    }
}

/// The names of the fields that were sent.
fn named(input: &ChangeChat) -> Vec<&'static str> {
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

/// Refuses fields that the conversation does not have, and those that are not the caller's to change.
fn permit(view: &ChatView, named: &[&str]) -> Result<(), ApiError> {
    let is_group = matches!(view.jid, Jid::Group(_));
    let mut checks = Checks::default();
    named
        .iter()
        .filter(|name| !is_group && fields::SHARED.contains(name))
        .for_each(|name| checks.refuse(*name, Text::ReadOnly));
    checks.done()?;
    let forbidden: Vec<&str> = named
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
