//! A message that comes as a form: a file, and beside it what a message without one has.

use super::{
    BY_CALL,
    input::{MessageInput, in_chat},
    refused,
};
use crate::{Commands, context::StreamedCommand, files::UploadPurpose, idempotency::Answer, input::Checks};
use access::TeamScope;
use axum::extract::{FromRequest, Request};
use domain::message::{self, Message};
use events::{MessageId, StreamName, chat::ChatRef, message::Author};
use platform::http::ApiError;
use protocol::{
    ApiVersion, Jid,
    lang::{JsonType, Text},
    message::PostToChat,
};
use serde::Deserialize;

/// A file and what is said with it. Another form has this name too, and the document has one schema for each name.
#[derive(utoipa::ToSchema)]
#[schema(as = ChatMessageForm)]
#[expect(dead_code, reason = "describes the form")]
pub(crate) struct MessageForm {
    /// Any file.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// What the message says, if anything.
    text: Option<String>,
    /// Chosen by the client: the same message sent again is not posted again. The query may say it too.
    message_id: Option<String>,
    /// The message it answers, of the same chat.
    reply_to: Option<String>,
    /// Messages it forwards: the field again and again, or one with commas.
    linked_messages: Option<Vec<String>>,
    /// Files of its author that it brings beside this one: the field again and again, or one with commas.
    uploads: Option<Vec<String>>,
    /// Marked as important: `true` or `false`.
    important: Option<bool>,
    /// No link previews wanted: `true` or `false`.
    nopreview: Option<bool>,
    /// It does not count as unread: `true` or `false`.
    silently: Option<bool>,
}

/// What the query of a posted file says.
#[derive(Debug, Deserialize)]
pub(in super::super) struct FileQuery {
    #[serde(default)]
    message_id: Option<String>,
}

impl Commands {
    /// Posts a file and what is said with it: the file is stored first, then brought by the message. What can be refused is
    /// refused before anything is stored.
    pub(super) async fn post_form(
        &self,
        scope: &TeamScope,
        to: Jid,
        query: FileQuery,
        request: Request,
    ) -> Result<Answer, ApiError> {
        let mut checks = Checks::default();
        let named = query.message_id.filter(|id| !id.is_empty());
        let early = named.as_deref().and_then(|id| checks.uuid::<MessageId>("message_id", id));
        checks.done()?;
        let chat = self.writable(scope, to).await?;
        let StreamedCommand { form, sender } = StreamedCommand::from_request(request, self).await?;
        if let Some(id) = early
            && self.is_posted(scope, chat, id).await?
        {
            let (context, position) = (sender.sent(self, &[]), self.access.read.known());
            return self.message_answer(&context, scope, id, position, ApiVersion::V4).await;
        }
        let (arrived, context) = self.take_in(scope, UploadPurpose::File, form, sender).await?;
        let mut context = context.named("message.say");
        if let Some(answer) = self.repeated(&context).await? {
            return Ok(answer);
        }
        context.as_contact(scope.contact);
        let mut input = posted(&arrived.texts)?;
        input.message_id = named.or(input.message_id);
        let mut said = MessageInput::of(in_chat(to, input), BY_CALL, 1)?;
        if let Some(id) = said.chosen
            && self.is_posted(scope, chat, id).await?
        {
            return self.message_answer(&context, scope, id, self.access.read.known(), ApiVersion::V4).await;
        }
        self.may_bear(scope, chat, &said).await?;
        // The first id, so that a repetition under the same key makes the same ones.
        let message: MessageId = said.chosen.unwrap_or_else(|| context.id());
        let mut without_idempotency_key = context.without_idempotency_key().named("upload.store");
        let (upload, _) = self.store_file(&mut without_idempotency_key, scope, arrived).await?;
        said.uploads.insert(0, upload);
        self.post_said(&context, scope, (message, chat), said, BY_CALL).await
    }

    /// Whether the member has posted this message there: the same file, sent again, is there.
    pub(super) async fn is_posted(
        &self,
        scope: &TeamScope,
        chat: ChatRef,
        id: MessageId,
    ) -> Result<bool, ApiError> {
        let known: Message = self.current(&StreamName::message(id)).await?;
        match known.is_by(scope.team, chat, Author::Contact(scope.contact)) {
            true => Ok(true),
            false if known.brings().is_some() => Err(refused(message::Rejection::IdTaken)),
            false => Ok(false),
        }
    }
}

/// The texts of a form as the fields that they are.
fn posted(texts: &[(String, String)]) -> Result<PostToChat, ApiError> {
    let mut checks = Checks::default();
    let mut input = PostToChat::default();
    for (name, text) in texts {
        let mut switch = || switch(&mut checks, name, text);
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
            _ => {} // as of a message without a file
        }
    }
    checks.done()?;
    Ok(input)
}

fn list(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned)
}

/// As browsers and programs write it in forms.
fn switch(checks: &mut Checks, name: &str, text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "" => None,
        "true" | "1" | "on" => Some(true),
        "false" | "0" | "off" => Some(false),
        _ => {
            checks.refuse(name, Text::WrongType { expected: JsonType::Boolean });
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::posted;

    fn texts(fields: &[(&str, &str)]) -> Vec<(String, String)> {
        fields.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn a_form_says_what_a_message_without_a_file_says() {
        let fields =
            [("text", "вот"), ("uploads", "a, b"), ("uploads", "c"), ("important", "on"), ("x", "y")];
        let input = posted(&texts(&fields)).unwrap();
        assert_eq!((input.text.as_deref(), input.important, input.silently), (Some("вот"), Some(true), None));
        assert_eq!(input.uploads.unwrap_or_default(), ["a", "b", "c"]);
        let wrong =
            posted(&texts(&[("important", "perhaps"), ("silently", "2"), ("nopreview", "0")])).unwrap_err();
        let named: Vec<&str> = wrong.failure().details.keys().map(String::as_str).collect();
        assert_eq!(named, ["important", "silently"]);
    }
}
