//! Messages: posted, changed, deleted, read. The route is [`super::ws`]; programs come through [`super::api_message`].

use crate::{
    Commands,
    context::Context,
    input::{Checks, checked},
    repeat::Answer,
    transact::{Done, Start},
};
use access::{TeamScope, refusal::not_found, refuse};
use domain::{
    limits,
    message::{self, Draft, Message},
    policy::{self, Action},
    reading::{self, Reading},
};
use events::{MessageId, Position, StreamName, chat::ChatRef, message::Author};
use platform::http::ApiError;
use protocol::{
    Jid,
    error::ErrorCode,
    lang::Text,
    message::Face,
    realtime::{DeleteMessage, LastRead, PostMessage},
};
use read_model::chat::{Access, chat_of};

/// The one type that clients may send (`protocol.md` 6, item 100).
const PLAIN: &str = "plain";

impl Commands {
    /// `client.message.updated`: posts, or changes the author's own message with that id.
    pub(super) async fn post_message(
        &self,
        mut context: Context,
        scope: &TeamScope,
        input: PostMessage,
    ) -> Result<Answer, ApiError> {
        let mut checks = Checks::default();
        let to = checks.jid("to", &input.to);
        let text = checks.body("content.text", &input.content.text, limits::MESSAGE);
        if input.content.kind.as_deref().is_some_and(|kind| kind != PLAIN) {
            checks.refuse("content.type", Text::NotOneOf { allowed: vec![PLAIN.into()] });
        }
        let id = input.message_id.as_deref().filter(|id| !id.is_empty());
        let chosen = id.and_then(|id| checks.uuid("message_id", id));
        let reply_to = input.reply_to.as_deref().filter(|id| !id.is_empty());
        let reply_to = reply_to.and_then(|id| checks.uuid("reply_to", id));
        let linked = input.linked_messages.unwrap_or_default();
        if linked.len() > limits::LINKED_MESSAGES {
            checks.refuse("linked_messages", Text::TooMany { max: limits::LINKED_MESSAGES });
        }
        let linked_messages = linked.iter().filter_map(|id| checks.uuid("linked_messages", id)).collect();
        checks.done()?;
        let chat = self.writable(scope, checked(to)?).await?;
        let draft = Draft {
            message: chosen.unwrap_or_else(|| context.id()),
            team: scope.team,
            chat,
            author: Author::Contact(scope.contact),
            account: Some(scope.caller.account),
            text,
            important: input.important.unwrap_or(false),
            nopreview: input.nopreview.unwrap_or(false),
            reply_to,
            linked_messages,
            uploads: vec![],
            update_age: scope.message_update_age,
        };
        let message = draft.message;
        let position = self.say(&context, draft).await?;
        self.message_answer(&context, scope, message, position).await
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
        let known = read.message(scope.team, message).await.map_err(refuse)?.ok_or_else(not_found)?;
        if read.access(scope.team, scope.contact, known.chat).await.map_err(refuse)? == Access::None {
            return Err(not_found());
        }
        let any = known.chat.shared().is_some() && policy::may(scope.status, Action::DeleteAnyMessage);
        let (author, now) = (Author::Contact(scope.contact), context.now);
        let done: Done<Message> = self
            .transact(&context, StreamName::message(message), Start::Known, |_: &Message| {
                message::Command::Delete { author, any, now }
            })
            .await
            .map_err(|stop| stop.or(refused))?;
        self.message_answer(&context, scope, message, done.position).await
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
        if read.access(scope.team, scope.contact, chat).await.map_err(refuse)? == Access::None {
            return Err(not_found());
        }
        let message = match named {
            Some(message) if !read.message_is_of(message, chat.key()).await.map_err(refuse)? => {
                return Err(ApiError::field("last_read_message_id", Text::DoesNotExist));
            }
            Some(message) => Some(message),
            None => read.newest_message(chat.key()).await.map_err(refuse)?,
        };
        // An empty chat has nothing to be read.
        let Some(message) = message else { return self.answer(&context, read.known(), &()).await };
        let (team, contact) = (scope.team, scope.contact);
        let done: Done<Reading> = self
            .transact(&context, StreamName::reading(contact, chat.key()), Start::Known, |_: &Reading| {
                reading::Command::Mark { team, chat, contact, message }
            })
            .await
            .map_err(|stop| stop.or(|rejection| match rejection {}))?;
        self.settle(&context, done.position).await?;
        self.answer(&context, done.position, &()).await
    }

    /// The conversation that an address names, if the member may write there.
    pub(super) async fn writable(&self, scope: &TeamScope, to: Jid) -> Result<ChatRef, ApiError> {
        let chat = chat_of(scope.contact, to);
        match self.access.read.access(scope.team, scope.contact, chat).await.map_err(refuse)? {
            Access::Write => Ok(chat),
            Access::Read => Err(ApiError::new(ErrorCode::AccessDenied).because(Text::RoleForbids)),
            Access::None => Err(not_found()),
        }
    }

    /// Posts or changes a message whose author's rights are known.
    pub(super) async fn say(&self, context: &Context, draft: Draft) -> Result<Position, ApiError> {
        let now = context.now;
        let done: Done<Message> = self
            .transact(context, StreamName::message(draft.message), Start::New, |_: &Message| {
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
    ) -> Result<Answer, ApiError> {
        let view = || async {
            let message = self.access.read.message(scope.team, message).await?;
            Ok(message.map(|message| message.seen_by(scope.contact, Face::V3, self.access.read.base_url())))
        };
        self.show(context, position, view).await
    }
}

/// What a message's rejection means to clients.
pub(super) fn refused(rejection: message::Rejection) -> ApiError {
    match rejection {
        message::Rejection::NoMessage => not_found(),
        message::Rejection::IdTaken => ApiError::field("message_id", Text::Duplicate),
        message::Rejection::NotAllowed => ApiError::new(ErrorCode::AccessDenied).because(Text::RoleForbids),
        message::Rejection::TooOld => ApiError::new(ErrorCode::AccessDenied).because(Text::TooLate),
    }
}
