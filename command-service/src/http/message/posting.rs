//! Posts and deletes messages, with the checks of the member's rights, whatever route asks for it.

use super::input::{MessageInput, ResponseStyle};
use crate::{
    answers::Answer,
    context::Context,
    input::{Fields, checked},
    rejections::Rejection,
    service::CommandService,
};
use access::{TeamScope, not_found};
use domain::{
    message::{self, Draft, Message},
    policy::{self, Action},
};
use events::{MessageId, MessageKey, Position, chat::ChatRef, message::Author};
use platform::http::{ApiError, FieldErrors};
use protocol::{
    ApiVersion, Jid,
    error::ErrorCode,
    lang::{ReadOnlyReason, Text},
    message::Message as MessageView,
    realtime::{DeleteMessage, PostMessage},
};
use read_model::{chat_address::chat_of, rights::ChatAccess};

/// Posts a message, or changes the caller's own message with that id.
pub(crate) async fn post_message(
    service: &CommandService,
    mut context: Context,
    scope: &TeamScope,
    input: PostMessage,
    style: ResponseStyle,
) -> Result<Answer, ApiError> {
    let input = MessageInput::read(input, style, 0)?;
    let chat = writable_chat(service, scope, input.to).await?;
    check_references(service, scope, chat, &input).await?;
    let message = input.chosen.unwrap_or_else(|| context.id());
    post_checked(service, &context, scope, (message, chat), input, style).await
}

/// Posts a message whose input and rights are checked.
pub(super) async fn post_checked(
    service: &CommandService,
    context: &Context,
    scope: &TeamScope,
    (message, chat): (MessageId, ChatRef),
    input: MessageInput,
    style: ResponseStyle,
) -> Result<Answer, ApiError> {
    service.attachments.attach_to_message(context, scope, message, &input.uploads).await?;
    let draft = Draft {
        message,
        team: scope.team,
        chat,
        author: Author::Contact(scope.contact),
        account: Some(scope.caller.account),
        text: input.text,
        important: input.important,
        nopreview: input.nopreview,
        silently: input.silently,
        reply_to: input.reply_to,
        linked_messages: input.linked_messages,
        uploads: input.uploads,
        update_age: scope.message_update_age,
    };
    let position = post(service, context, draft).await?;
    show(service, context, scope, message, position, style.version).await
}

/// Checks that a message replies to one of its own chat and forwards messages that its author may see.
pub(super) async fn check_references(
    service: &CommandService,
    scope: &TeamScope,
    chat: ChatRef,
    MessageInput { reply_to, linked_messages: linked, chosen, .. }: &MessageInput,
) -> Result<(), ApiError> {
    let named: Vec<MessageId> = linked.iter().copied().chain(*reply_to).collect();
    let read = &service.access.read;
    let visible = read.messages().visible_among(scope, &named).await?;
    let mut errors = FieldErrors::default();
    if reply_to.is_some_and(|reply| !visible.contains(&(reply, chat.key()))) {
        errors.add("reply_to", Text::DoesNotExist);
    }
    let is_visible = |id: &MessageId| visible.iter().any(|(visible, _)| visible == id);
    if linked.iter().any(|id| !is_visible(id) || message::is_reserved(*id)) {
        errors.add("linked_messages", Text::DoesNotExist);
    }
    errors.finish()?;
    // A deleted message cannot be forwarded, but a message that was posted before the deletion may be sent again.
    let deleted = read.messages().deleted_among(scope, linked).await?;
    if deleted.is_empty() {
        return Ok(());
    }
    match chosen {
        Some(id) if is_posted(service, scope, chat, *id).await? => Ok(()),
        _ => Err(ApiError::field("linked_messages", Text::DoesNotExist)),
    }
}

/// Deletes the message that a client event names.
pub(crate) async fn delete_message(
    service: &CommandService,
    context: Context,
    scope: &TeamScope,
    input: DeleteMessage,
) -> Result<Answer, ApiError> {
    let mut errors = FieldErrors::default();
    let message = errors.uuid::<MessageId>("message_id", &input.message_id);
    errors.finish()?;
    let message = checked(message)?;
    let read = &service.access.read;
    let known = read.messages().find(scope, message).await?.ok_or_else(not_found)?;
    if read.chats().access(scope, known.chat).await? == ChatAccess::None {
        return Err(not_found());
    }
    let position = delete(service, &context, scope, known.chat, message).await?;
    show(service, &context, scope, message, position, ApiVersion::V3).await
}

/// Deletes a message of a chat that the member sees. Those who run the team or the group may delete anybody's messages there.
pub(super) async fn delete(
    service: &CommandService,
    context: &Context,
    scope: &TeamScope,
    chat: ChatRef,
    message: MessageId,
) -> Result<Position, ApiError> {
    let any = chat.group().is_some()
        && (policy::may(scope.status, Action::DeleteAnyMessage)
            || service.access.read.groups().is_admin(scope, chat.key()).await?);
    let (author, now) = (Author::Contact(scope.contact), context.now);
    let command = |_: &Message| message::Command::Delete { author, any, now };
    let stream = service.aggregates.message_stream(MessageKey { team: scope.team, message }).await?;
    Ok(service.aggregates.transact(context, stream, command).await?.position)
}

/// The chat of an address, if the member may write there.
pub(crate) async fn writable_chat(
    service: &CommandService,
    scope: &TeamScope,
    to: Jid,
) -> Result<ChatRef, ApiError> {
    let chat = chat_of(scope.contact, to);
    match service.access.read.chats().access(scope, chat).await? {
        ChatAccess::Write => Ok(chat),
        // In a group only admins may write if members may not, so a member who may only read is no admin.
        ChatAccess::Read => {
            let reason = ReadOnlyReason::of(chat, true);
            Err(ApiError::new(ErrorCode::AccessDenied).because(Text::ReadOnlyChat(reason)))
        }
        ChatAccess::None => Err(not_found()),
    }
}

/// Posts or changes a message. The author's rights are checked before.
pub(crate) async fn post(
    service: &CommandService,
    context: &Context,
    draft: Draft,
) -> Result<Position, ApiError> {
    let now = context.now;
    let stream = service.aggregates.message_stream(draft.key()).await?;
    let command = |_: &Message| message::Command::Say { draft: draft.clone(), now };
    Ok(service.aggregates.create(context, stream, command).await?.position)
}

pub(super) async fn show(
    service: &CommandService,
    context: &Context,
    scope: &TeamScope,
    message: MessageId,
    position: Position,
    version: ApiVersion,
) -> Result<Answer, ApiError> {
    service.answers.show(context, position, || view(service, context, scope, message, version)).await
}

pub(super) async fn view(
    service: &CommandService,
    context: &Context,
    scope: &TeamScope,
    message: MessageId,
    version: ApiVersion,
) -> read_model::Result<Option<MessageView>> {
    let found = match version {
        ApiVersion::V3 => service.access.read.messages().find(scope, message).await?,
        ApiVersion::V4 => service.access.read.messages().find_complete(scope, message).await?,
    };
    Ok(found.map(|message| {
        message.render_for(scope.contact, version, service.access.read.base_url(), context.request.lang)
    }))
}

/// The chat of a path, if the member sees it and it has the path's message.
pub(super) async fn chat_with(
    service: &CommandService,
    scope: &TeamScope,
    chat_jid: Jid,
    message: MessageId,
) -> Result<ChatRef, ApiError> {
    let (read, chat) = (&service.access.read, chat_of(scope.contact, chat_jid));
    if read.chats().access(scope, chat).await? == ChatAccess::None {
        return Err(not_found());
    }
    let of_chat = [(message, chat.key())];
    match read.messages().visible_among(scope, &[message]).await? {
        found if found == of_chat => Ok(chat),
        _ => Err(not_found()),
    }
}

/// Whether the member has posted this message into the chat: a repetition without a key.
pub(super) async fn is_posted(
    service: &CommandService,
    scope: &TeamScope,
    chat: ChatRef,
    id: MessageId,
) -> Result<bool, ApiError> {
    let stream = service.aggregates.message_stream(MessageKey { team: scope.team, message: id }).await?;
    let known: Message = service.aggregates.current(&stream).await?;
    match known.is_by(scope.team, chat, Author::Contact(scope.contact)) {
        true => Ok(true),
        false if known.attachments().is_some() => Err(message::Rejection::IdTaken.answer()),
        false => Ok(false),
    }
}
