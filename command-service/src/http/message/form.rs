//! Posts a message from a multipart form: a file, and the fields of a message without one.

use crate::{
    answers::Answer,
    context::Context,
    files::{ReceivedFile, UploadPurpose},
    http::{
        command::StreamedCommand,
        message::{
            input::{MessageInput, V4_CALL, in_chat},
            posting::{check_references, is_posted, post_checked, show, writable_chat},
        },
    },
    idempotency::{CommandReply, OnReceipt},
    input::Fields,
    service::CommandService,
};
use access::TeamScope;
use axum::extract::{FromRequest, Request};
use events::{MessageId, chat::ChatRef};
use platform::http::{ApiError, FieldErrors, fields::boolean};
use protocol::{ApiVersion, Jid, message::PostToChat};
use serde::Deserialize;

/// The form of a message with a file. The schema has a name of its own, since another form is called `MessageForm` too.
#[derive(utoipa::ToSchema)]
#[schema(as = ChatMessageForm)]
#[expect(dead_code, reason = "describes the form")]
pub(crate) struct MessageForm {
    /// The file.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// Text of the message.
    text: Option<String>,
    /// Id that the client chooses; a message with a known id is not posted again. The query may have it instead.
    message_id: Option<String>,
    /// Id of the message that this one replies to, in the same chat.
    reply_to: Option<String>,
    /// Ids of forwarded messages: the field repeated, or separated by commas.
    linked_messages: Option<Vec<String>>,
    /// Ids of further uploaded files to attach: the field repeated, or separated by commas.
    uploads: Option<Vec<String>>,
    /// Whether the message is important: `true` or `false`.
    important: Option<bool>,
    /// Whether links get no previews: `true` or `false`.
    nopreview: Option<bool>,
    /// Whether the message does not count as unread: `true` or `false`.
    silently: Option<bool>,
}

/// The query of a form.
#[derive(Debug, Deserialize)]
pub(in super::super) struct FileQuery {
    #[serde(default)]
    message_id: Option<String>,
}

/// Posts a message with a file. The file is stored first, then attached to the message. What can be refused is refused before
/// anything is stored.
pub(super) async fn post_form(
    service: &CommandService,
    scope: &TeamScope,
    to: Jid,
    query: FileQuery,
    request: Request,
) -> Result<CommandReply, ApiError> {
    let mut errors = FieldErrors::default();
    let named = query.message_id.filter(|id| !id.is_empty());
    let early = named.as_deref().and_then(|id| errors.uuid::<MessageId>("message_id", id));
    errors.finish()?;
    let chat = writable_chat(service, scope, to).await?;
    let StreamedCommand { form, pending } = StreamedCommand::from_request(request, service).await?;
    if let Some(id) = early
        && is_posted(service, scope, chat, id).await?
    {
        let context = pending.complete(&service.vault, service.access.clock.now(), &[]);
        let answer = show_posted(service, &context, scope, id).await?;
        return Ok(service.idempotency.keep(answer).await);
    }
    let (received, context) = service.uploads.receive(scope, UploadPurpose::File, form, pending).await?;
    let context = context.named("message.say").by_member(scope.contact);
    let post = |context| post_received(service, scope, (to, chat), named, received, context);
    service.idempotency.once(context, OnReceipt::Run, post).await
}

async fn post_received(
    service: &CommandService,
    scope: &TeamScope,
    (to, chat): (Jid, ChatRef),
    message_id: Option<String>,
    received: ReceivedFile,
    mut context: Context,
) -> Result<Answer, ApiError> {
    let mut fields = read_fields(&received.texts)?;
    fields.message_id = message_id.or(fields.message_id);
    let mut input = MessageInput::read(in_chat(to, fields), V4_CALL, 1)?;
    if let Some(id) = input.chosen
        && is_posted(service, scope, chat, id).await?
    {
        return show_posted(service, &context, scope, id).await;
    }
    check_references(service, scope, chat, &input).await?;
    // The first id, so that a repetition under the same key makes the same ids.
    let message: MessageId = input.chosen.unwrap_or_else(|| context.id());
    let mut auxiliary = context.without_idempotency_key().named("upload.store");
    let (upload, _) = service.files.store(&mut auxiliary, scope, received).await?;
    input.uploads.insert(0, upload);
    post_checked(service, &context, scope, (message, chat), input, V4_CALL).await
}

async fn show_posted(
    service: &CommandService,
    context: &Context,
    scope: &TeamScope,
    message: MessageId,
) -> Result<Answer, ApiError> {
    show(service, context, scope, message, service.access.read.known(), ApiVersion::V4).await
}

/// Reads the fields of a form.
fn read_fields(texts: &[(String, String)]) -> Result<PostToChat, ApiError> {
    let mut errors = FieldErrors::default();
    let mut input = PostToChat::default();
    for (name, text) in texts {
        let mut switch = || errors.read(name, Some(text), boolean);
        match name.as_str() {
            "type" => input.kind = Some(text.clone()).filter(|kind| !kind.is_empty()),
            "text" => input.text = Some(text.clone()),
            "message_id" => input.message_id = Some(text.clone()),
            "reply_to" => input.reply_to = Some(text.clone()),
            "linked_messages" => input.linked_messages.get_or_insert_default().extend(list(text)),
            "uploads" => input.uploads.get_or_insert_default().extend(list(text)),
            "important" => input.important = switch(),
            "nopreview" => input.nopreview = switch(),
            "silently" => input.silently = switch(),
            _ => {} // unknown fields are ignored, as in JSON
        }
    }
    errors.finish()?;
    Ok(input)
}

fn list(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::read_fields;

    fn texts(fields: &[(&str, &str)]) -> Vec<(String, String)> {
        fields.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn form_fields_are_read_as_those_of_a_message_without_a_file() {
        let fields =
            [("text", "вот"), ("uploads", "a, b"), ("uploads", "c"), ("important", "on"), ("x", "y")];
        let input = read_fields(&texts(&fields)).unwrap();
        assert_eq!((input.text.as_deref(), input.important, input.silently), (Some("вот"), Some(true), None));
        assert_eq!(input.uploads.unwrap_or_default(), ["a", "b", "c"]);
        let wrong = read_fields(&texts(&[("important", "perhaps"), ("silently", "2"), ("nopreview", "0")]))
            .unwrap_err();
        let named: Vec<&str> = wrong.failure().details.keys().map(String::as_str).collect();
        assert_eq!(named, ["important", "silently"]);
    }
}
