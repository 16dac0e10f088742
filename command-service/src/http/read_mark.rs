//! Marks messages as read.

use crate::{
    answers::Answer,
    context::Context,
    input::{Fields, checked},
    service::CommandService,
};
use access::{TeamScope, not_found};
use domain::reading::{self, Reading};
use events::{MessageId, StreamName};
use platform::http::{ApiError, FieldErrors};
use protocol::{lang::Text, realtime::LastRead};
use read_model::{chat_address::chat_of, rights::ChatAccess};

/// Marks a chat as read up to a message, or up to the newest one.
pub(super) async fn mark_read(
    service: &CommandService,
    context: Context,
    scope: &TeamScope,
    input: LastRead,
) -> Result<Answer, ApiError> {
    let mut errors = FieldErrors::default();
    let jid = errors.jid("jid", &input.jid);
    let named = input.last_read_message_id.as_deref().filter(|id| !id.is_empty());
    let named = named.and_then(|id| errors.uuid::<MessageId>("last_read_message_id", id));
    errors.finish()?;
    let chat = chat_of(scope.contact, checked(jid)?);
    let read = &service.access.read;
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
    // An empty chat has nothing to mark.
    let Some(message) = message else { return service.answers.answer(&context, read.known(), &()) };
    let (team, contact) = (scope.team, scope.contact);
    let stream = StreamName::reading(contact, chat.key());
    let command = |_: &Reading| reading::Command::Mark { team, chat, contact, message };
    let done = service.aggregates.transact(&context, stream, command).await?;
    service.answers.settle(&context, done.position).await?;
    service.answers.answer(&context, done.position, &())
}
