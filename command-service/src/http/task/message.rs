//! `POST /tasks/{team_uid}/{num}/message`: a message into a task by the task's number, as a form like
//! that of [`crate::http::api_message`] and answered like it.
//!
//! The reference asks for no key. Here a member's session is needed, which writes wherever the member may, or the key of an
//! integration of the team, which writes into the team's public tasks.

use super::super::api_message::{is_yes, refused, said};
use crate::{Commands, context::Command, input::Checks};
use access::{TeamScope, not_found};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use domain::message::Draft;
use events::{MessageId, TeamId, chat::ChatRef, message::Author};
use platform::http::{ApiError, Bare, Form, Params, RequestInfo};
use protocol::{Jid, error::ErrorCode, integration::MessageAccepted, lang::Text};
use serde::Deserialize;

/// What the path names.
#[derive(Debug, Deserialize)]
pub(in crate::http) struct Path {
    team_uid: TeamId,
    num: u32,
}

/// What is sent.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes the form")]
pub(in crate::http) struct TaskMessageForm {
    /// The text.
    message: String,
    /// The key of an integration of the team; without it the caller's session says who writes.
    key: Option<String>,
    /// Chosen by the sender: the same message sent again is not posted again.
    message_id: Option<String>,
    /// Marks the message as important.
    important: Option<String>,
    /// No link previews wanted.
    nopreview: Option<String>,
    /// StreamLocks `\n` written as two characters into line breaks.
    convert_linebreaks: Option<String>,
}

/// Posts a message into the team's task of that number, with the caller's session or an integration's key.
#[utoipa::path(post, path = "/tasks/{team_uid}/{num}/message", tag = "tasks",
    params(("team_uid" = String, Path), ("num" = u32, Path)),
    request_body(content((TaskMessageForm = "multipart/form-data"),
        (TaskMessageForm = "application/x-www-form-urlencoded"))),
    responses((status = 200, body = MessageAccepted),
        (status = "default", body = MessageAccepted, description = "Not posted: `error` is a sentence for people")))]
pub(in crate::http) async fn post(
    State(commands): State<Commands>,
    request: RequestInfo,
    scope: Result<TeamScope, ApiError>,
    path: Result<Params<Path>, ApiError>,
    command: Result<Command<Form>, ApiError>,
) -> Response {
    let posted = async { commands.post_by_num(scope, path?.0, command?).await };
    match posted.await {
        Ok(()) => Bare(Json(MessageAccepted { ok: true, error: None })).into_response(),
        Err(error) => refused(&error, &request),
    }
}

/// Who writes, by what right.
struct Writer {
    author: Author,
    account: Option<events::AccountId>,
    update_age: u32,
    chat: ChatRef,
}

impl Commands {
    async fn post_by_num(
        &self,
        scope: Result<TeamScope, ApiError>,
        path: Path,
        command: Command<Form>,
    ) -> Result<(), ApiError> {
        let mut context = command.context.named("message.post_by_num");
        let form = command.input;
        let mut checks = Checks::default();
        let text = said(&form, &mut checks);
        let chosen = form.text("message_id").filter(|id| !id.is_empty());
        let chosen = chosen.and_then(|id| checks.uuid::<MessageId>("message_id", id));
        let writer = match form.text("key").map(str::trim).filter(|key| !key.is_empty()) {
            Some(key) => self.by_key(key, &path, context.request.client).await?,
            None => {
                let scope = scope?;
                context.as_contact(scope.contact);
                self.by_session(&scope, path.num).await?
            }
        };
        checks.done()?;
        let draft = Draft {
            message: chosen.unwrap_or_else(|| context.id()),
            team: path.team_uid,
            chat: writer.chat,
            author: writer.author,
            account: writer.account,
            text,
            important: form.text("important").is_some_and(is_yes),
            silently: form.text("silently").is_some_and(is_yes),
            nopreview: form.text("nopreview").is_some_and(is_yes),
            reply_to: None,
            linked_messages: vec![],
            uploads: vec![],
            update_age: writer.update_age,
        };
        let position = self.say(&context, draft).await?;
        self.settle(&context, position).await.map(drop)
    }

    async fn by_key(&self, key: &str, path: &Path, client: std::net::IpAddr) -> Result<Writer, ApiError> {
        let holder = self.holder(key, client).await?;
        if holder.team() != path.team_uid {
            return Err(ApiError::new(ErrorCode::AccessDenied).because(Text::BadKey));
        }
        let task = self.access.read.tasks().by_number_for_key(&holder, path.num).await?;
        // A key is given out for one group: of private tasks its holder does not even learn the numbers.
        let (task, _) = task.filter(|(_, public)| *public).ok_or_else(not_found)?;
        Ok(Writer {
            author: Author::Integration(holder.integration()),
            account: None,
            update_age: holder.message_update_age(),
            chat: ChatRef::Task(task),
        })
    }

    async fn by_session(&self, scope: &TeamScope, num: u32) -> Result<Writer, ApiError> {
        let task = self.access.read.tasks().by_number(scope, num).await?;
        let (task, _) = task.ok_or_else(not_found)?;
        Ok(Writer {
            author: Author::Contact(scope.contact),
            account: Some(scope.caller.account),
            update_age: scope.message_update_age,
            chat: self.writable(scope, Jid::Task(task)).await?,
        })
    }
}
