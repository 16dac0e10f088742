//! `POST /api/v3/teams/{team_uid}/ws/{client_event_name}`: websocket events over HTTP. The body is the event's `params`.

use super::message::BY_EVENT;
use crate::{
    Commands,
    context::{Command, Context},
    idempotency::Answer,
    input::{Checks, checked},
};
use access::{TeamScope, not_found};
use axum::extract::State;
use events::TeamId;
use platform::http::{ApiError, Params, RawBody, parse_json};
use protocol::{
    envelope::Success,
    lang::Text,
    live::Live,
    message::Message,
    notice::LIVE_SUBJECT,
    realtime::{Activity, CALLS, ClientEvent, Composing},
};
use read_model::{chat_address::chat_of, rights::ChatAccess};
use serde::Deserialize;

/// What the path names.
#[derive(Debug, Deserialize)]
pub(super) struct Path {
    client_event_name: String,
}

/// Carries out a client event; what it leads to also arrives over the websockets. For `client.message.updated` and
/// `client.message.deleted` the result is the message, for others `null`.
#[utoipa::path(post, path = "/api/v3/teams/{team_uid}/ws/{client_event_name}", tag = "realtime",
    params(("team_uid" = String, Path), ("client_event_name" = String, Path)),
    request_body(content = Object, description = "The `params` of the event, with the fields that the description of events \
        (AsyncAPI) gives it"),
    responses((status = 200, body = Success<Option<Message>>)))]
pub(super) async fn event(
    State(commands): State<Commands>,
    scope: TeamScope,
    Params(Path { client_event_name: name }): Params<Path>,
    command: Command<RawBody>,
) -> Result<Answer, ApiError> {
    let mut context = command.context;
    context.as_contact(scope.contact);
    let RawBody(body) = command.input;
    let Some(event) = ClientEvent::from_name(&name) else {
        let text = if name.starts_with(CALLS) { Text::NoCalls } else { Text::UnknownEvent { name } };
        return Err(ApiError::field("client_event_name", text));
    };
    match event {
        ClientEvent::MessageUpdated => {
            let context = context.named("message.say");
            match commands.repeated(&context).await? {
                Some(answer) => Ok(answer),
                None => commands.post_message(context, &scope, parse_json(&body)?, BY_EVENT).await,
            }
        }
        ClientEvent::MessageDeleted => {
            let context = context.named("message.delete");
            match commands.repeated(&context).await? {
                Some(answer) => Ok(answer),
                None => commands.delete_message(context, &scope, parse_json(&body)?).await,
            }
        }
        ClientEvent::LastRead => {
            commands.mark_read(context.named("reading.mark"), &scope, parse_json(&body)?).await
        }
        ClientEvent::Composing => commands.compose(context, &scope, parse_json(&body)?).await,
        ClientEvent::Activity => {
            let activity: Activity = parse_json(&body)?;
            let live = Live::Activity { contact: scope.contact, afk: activity.afk.unwrap_or(false) };
            commands.tell_live(scope.team, &live);
            commands.nothing(&context).await
        }
        ClientEvent::Ping | ClientEvent::Confirm => commands.nothing(&context).await,
    }
}

impl Commands {
    /// Somebody types: told to whoever sees the chat now, and never stored.
    async fn compose(
        &self,
        context: Context,
        scope: &TeamScope,
        input: Composing,
    ) -> Result<Answer, ApiError> {
        let mut checks = Checks::default();
        let jid = checks.jid("jid", &input.jid);
        checks.done()?;
        let chat = chat_of(scope.contact, checked(jid)?);
        if self.access.read.chats().access(scope, chat).await? == ChatAccess::None {
            return Err(not_found());
        }
        let composing = input.composing.unwrap_or(false);
        let is_audio = input.is_audio.unwrap_or(false);
        self.tell_live(scope.team, &Live::Composing { chat, actor: scope.contact, composing, is_audio });
        self.nothing(&context).await
    }

    fn tell_live(&self, team: TeamId, live: &Live) {
        let told = serde_json::to_vec(live)
            .map(|json| self.bus.publish(&format!("{LIVE_SUBJECT}.{team}"), json.into()));
        if !matches!(told, Ok(Ok(()))) {
            tracing::debug!("what is live was not told");
        }
    }

    async fn nothing(&self, context: &Context) -> Result<Answer, ApiError> {
        self.answer(context, self.access.read.known(), &()).await
    }
}
