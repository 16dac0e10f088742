//! Messages: posted, changed, deleted, read. The routes are [`super::ws`] and [`chat`]; programs come through
//! [`super::api_message`].

pub(super) mod chat;
mod form;
mod input;
pub(super) mod reaction;

use crate::{
    Commands,
    context::Context,
    idempotency::Answer,
    input::{Checks, checked},
    transact::{InitialState, Transacted},
};
use access::{TeamScope, not_found};
use domain::{
    limits,
    message::{self, Draft, Message},
    policy::{self, Action},
    reading::{self, Reading},
};
use events::{MessageId, Position, StreamName, chat::ChatRef, message::Author};
use input::MessageInput;
use platform::http::ApiError;
use protocol::{
    ApiVersion, Jid,
    error::ErrorCode,
    lang::{ReadOnlyReason, Text},
    message::Message as MessageView,
    realtime::{DeleteMessage, LastRead, PostMessage},
};
use read_model::{chat_address::chat_of, rights::ChatAccess};

/// Where a client names what it says, and how it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ResponseStyle {
    /// What stands before the names of the content's fields.
    pub(super) content: &'static str,
    /// How much of the message the answer shows.
    pub(super) version: ApiVersion,
}

/// Of client events: the seed's.
pub(super) const BY_EVENT: ResponseStyle = ResponseStyle { content: "content.", version: ApiVersion::V3 };
/// Of v4 calls.
pub(super) const BY_CALL: ResponseStyle = ResponseStyle { content: "", version: ApiVersion::V4 };

impl Commands {
    /// `client.message.updated`: posts, or changes the author's own message with that id.
    pub(super) async fn post_message(
        &self,
        mut context: Context,
        scope: &TeamScope,
        input: PostMessage,
        style: ResponseStyle,
    ) -> Result<Answer, ApiError> {
        let said = MessageInput::of(input, style, 0)?;
        let chat = self.writable(scope, said.to).await?;
        self.may_bear(scope, chat, &said).await?;
        let message = said.chosen.unwrap_or_else(|| context.id());
        self.post_said(&context, scope, (message, chat), said, style).await
    }

    /// Posts what may be posted.
    async fn post_said(
        &self,
        context: &Context,
        scope: &TeamScope,
        (message, chat): (MessageId, ChatRef),
        said: MessageInput,
        style: ResponseStyle,
    ) -> Result<Answer, ApiError> {
        self.attach(context, scope, message, &said.uploads).await?;
        let draft = Draft {
            message,
            team: scope.team,
            chat,
            author: Author::Contact(scope.contact),
            account: Some(scope.caller.account),
            text: said.text,
            important: said.important,
            nopreview: said.nopreview,
            silently: said.silently,
            reply_to: said.reply_to,
            linked_messages: said.linked_messages,
            uploads: said.uploads,
            update_age: scope.message_update_age,
        };
        let position = self.say(context, draft).await?;
        self.message_answer(context, scope, message, position, style.version).await
    }

    /// A message answers one of its own chat, and forwards what its author may see.
    async fn may_bear(
        &self,
        scope: &TeamScope,
        chat: ChatRef,
        MessageInput { reply_to, linked_messages: linked, chosen, .. }: &MessageInput,
    ) -> Result<(), ApiError> {
        let named: Vec<MessageId> = linked.iter().copied().chain(*reply_to).collect();
        let read = &self.access.read;
        let visible = read.messages().visible_among(scope, &named).await?;
        let mut checks = Checks::default();
        if reply_to.is_some_and(|reply| !visible.contains(&(reply, chat.key()))) {
            checks.refuse("reply_to", Text::DoesNotExist);
        }
        let seen = |id: &MessageId| visible.iter().any(|(visible, _)| visible == id);
        if linked.iter().any(|id| !seen(id) || message::is_reserved(*id)) {
            checks.refuse("linked_messages", Text::DoesNotExist);
        }
        checks.done()?;
        // A forward of something deleted shows nothing; but one that was posted before the deletion may be sent again.
        let deleted = read.messages().deleted_among(scope, linked).await?;
        if deleted.is_empty() {
            return Ok(());
        }
        match chosen {
            Some(id) if self.is_posted(scope, chat, *id).await? => Ok(()),
            _ => Err(ApiError::field("linked_messages", Text::DoesNotExist)),
        }
    }

    /// `client.message.deleted`
    pub(super) async fn delete_message(
        &self,
        context: Context,
        scope: &TeamScope,
        input: DeleteMessage,
    ) -> Result<Answer, ApiError> {
        let mut checks = Checks::default();
        let message = checks.uuid::<MessageId>("message_id", &input.message_id);
        checks.done()?;
        let message = checked(message)?;
        let read = &self.access.read;
        let known = read.messages().find(scope, message).await?.ok_or_else(not_found)?;
        if read.chats().access(scope, known.chat).await? == ChatAccess::None {
            return Err(not_found());
        }
        let position = self.delete(&context, scope, known.chat, message).await?;
        self.message_answer(&context, scope, message, position, ApiVersion::V3).await
    }

    /// Deletes a message of a chat that the member sees. Who runs the team or the group may delete anybody's there.
    async fn delete(
        &self,
        context: &Context,
        scope: &TeamScope,
        chat: ChatRef,
        message: MessageId,
    ) -> Result<Position, ApiError> {
        let any = chat.group().is_some()
            && (policy::may(scope.status, Action::DeleteAnyMessage)
                || self.access.read.groups().is_admin(scope, chat.key()).await?);
        let (author, now) = (Author::Contact(scope.contact), context.now);
        let done: Transacted<Message> = self
            .transact(context, StreamName::message(message), InitialState::Cached, |_: &Message| {
                message::Command::Delete { author, any, now }
            })
            .await
            .map_err(|stop| stop.or(refused))?;
        Ok(done.position)
    }

    /// `client.chat.lastread`: everything up to a message, or the newest one, has been read.
    pub(super) async fn mark_read(
        &self,
        context: Context,
        scope: &TeamScope,
        input: LastRead,
    ) -> Result<Answer, ApiError> {
        let mut checks = Checks::default();
        let jid = checks.jid("jid", &input.jid);
        let named = input.last_read_message_id.as_deref().filter(|id| !id.is_empty());
        let named = named.and_then(|id| checks.uuid::<MessageId>("last_read_message_id", id));
        checks.done()?;
        let chat = chat_of(scope.contact, checked(jid)?);
        let read = &self.access.read;
        if read.chats().access(scope, chat).await? == ChatAccess::None {
            return Err(not_found());
        }
        let message = match named {
            Some(message) if !read.messages().belongs_to(scope, message, chat.key()).await? => {
                return Err(ApiError::field("last_read_message_id", Text::DoesNotExist));
            }
            Some(message) => Some(message),
            None => read.messages().newest_in(scope, chat.key()).await?,
        };
        // An empty chat has nothing to be read.
        let Some(message) = message else { return self.answer(&context, read.known(), &()).await };
        let (team, contact) = (scope.team, scope.contact);
        let done: Transacted<Reading> = self
            .transact(
                &context,
                StreamName::reading(contact, chat.key()),
                InitialState::Cached,
                |_: &Reading| reading::Command::Mark { team, chat, contact, message },
            )
            .await
            .map_err(|stop| stop.or(|rejection| match rejection {}))?;
        self.settle(&context, done.position).await?;
        self.answer(&context, done.position, &()).await
    }

    /// The conversation that an address names, if the member may write there.
    pub(super) async fn writable(&self, scope: &TeamScope, to: Jid) -> Result<ChatRef, ApiError> {
        let chat = chat_of(scope.contact, to);
        match self.access.read.chats().access(scope, chat).await? {
            ChatAccess::Write => Ok(chat),
            // Who is in a group and may not write is no admin of it; nobody else may read it by this rule.
            ChatAccess::Read => {
                let silence = ReadOnlyReason::of(chat, true);
                Err(ApiError::new(ErrorCode::AccessDenied).because(Text::ReadOnlyChat(silence)))
            }
            ChatAccess::None => Err(not_found()),
        }
    }

    /// Posts or changes a message whose author's rights are known.
    pub(super) async fn say(&self, context: &Context, draft: Draft) -> Result<Position, ApiError> {
        let now = context.now;
        let done: Transacted<Message> = self
            .transact(context, StreamName::message(draft.message), InitialState::Empty, |_: &Message| {
                message::Command::Say { draft: draft.clone(), now }
            })
            .await
            .map_err(|stop| stop.or(refused))?;
        Ok(done.position)
    }

    async fn message_answer(
        &self,
        context: &Context,
        scope: &TeamScope,
        message: MessageId,
        position: Position,
        version: ApiVersion,
    ) -> Result<Answer, ApiError> {
        self.show(context, position, || self.message_view(context, scope, message, version)).await
    }

    async fn message_view(
        &self,
        context: &Context,
        scope: &TeamScope,
        message: MessageId,
        version: ApiVersion,
    ) -> read_model::Result<Option<MessageView>> {
        let found = match version {
            ApiVersion::V3 => self.access.read.messages().find(scope, message).await?,
            ApiVersion::V4 => self.access.read.messages().find_complete(scope, message).await?,
        };
        Ok(found.map(|message| {
            message.render_for(scope.contact, version, self.access.read.base_url(), context.request.lang)
        }))
    }
}

/// What a message's rejection means to clients.
pub(super) fn refused(rejection: message::Rejection) -> ApiError {
    match rejection {
        message::Rejection::NoMessage => not_found(),
        message::Rejection::IdTaken => ApiError::field("message_id", Text::Duplicate),
        message::Rejection::NotAllowed => ApiError::new(ErrorCode::AccessDenied).because(Text::RoleForbids),
        message::Rejection::TooManyReactions => {
            ApiError::field("name", Text::TooMany { max: limits::REACTIONS })
        }
        message::Rejection::TooOld => ApiError::new(ErrorCode::AccessDenied).because(Text::TooLate),
    }
}
