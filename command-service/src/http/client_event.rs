//! `POST /api/v3/teams/{team_uid}/ws/{client_event_name}`: client events, over HTTP or passed on by a gateway. The body is the
//! event's `params`.

use crate::{
    answers::Answer,
    context::Context,
    http::{
        command::Command,
        message::{
            CLIENT_EVENT,
            posting::{delete_message, post_message},
        },
        read_mark::mark_read,
    },
    idempotency::{CommandReply, OnReceipt},
    input::{Fields, checked},
    service::CommandService,
};
use access::{TeamScope, not_found};
use axum::extract::State;
use events::TeamId;
use platform::http::{ApiError, FieldErrors, Params, RawBody, parse_json};
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

#[derive(Debug, Deserialize)]
pub(super) struct Path {
    client_event_name: String,
}

/// Send a client event over HTTP
///
/// The effects arrive over websockets too. The result is the message for `client.message.updated` and
/// `client.message.deleted`, else `null`.
#[utoipa::path(post, path = "/api/v3/teams/{team_uid}/ws/{client_event_name}", tag = "realtime",
    params(("team_uid" = String, Path, description = "Uid of the team"), ("client_event_name" = String, Path, description = "Name of the client event, like `client.message.updated`")),
    request_body(content = Object, description = "The `params` of the event, as the AsyncAPI document describes them"),
    responses((status = 200, body = Success<Option<Message>>)))]
pub(crate) async fn send_client_event(
    State(service): State<CommandService>,
    scope: TeamScope,
    Params(Path { client_event_name: name }): Params<Path>,
    command: Command<RawBody>,
) -> Result<CommandReply, ApiError> {
    let Command { context, input: RawBody(body) } = command;
    let context = context.by_member(scope.contact);
    let Some(event) = ClientEvent::from_name(&name) else {
        let text = if name.starts_with(CALLS) { Text::NoCalls } else { Text::UnknownEvent { name } };
        return Err(ApiError::field("client_event_name", text));
    };
    let (service, scope) = (&service, &scope);
    match event {
        ClientEvent::MessageUpdated => {
            let post = |context| async move {
                post_message(service, context, scope, parse_json(&body)?, CLIENT_EVENT).await
            };
            service.idempotency.once(context.named("message.say"), OnReceipt::Run, post).await
        }
        ClientEvent::MessageDeleted => {
            let delete =
                |context| async move { delete_message(service, context, scope, parse_json(&body)?).await };
            service.idempotency.once(context.named("message.delete"), OnReceipt::Run, delete).await
        }
        _ => {
            // These may be repeated freely: they are carried out each time.
            let answer = repeatable(service, scope, context, event, &body).await?;
            Ok(service.idempotency.keep(answer).await)
        }
    }
}

async fn repeatable(
    service: &CommandService,
    scope: &TeamScope,
    context: Context,
    event: ClientEvent,
    body: &[u8],
) -> Result<Answer, ApiError> {
    match event {
        ClientEvent::LastRead => {
            return mark_read(service, context.named("reading.mark"), scope, parse_json(body)?).await;
        }
        ClientEvent::Composing => {
            let live = composing(service, scope, parse_json(body)?).await?;
            publish(service, scope.team, &live);
        }
        ClientEvent::Activity => {
            let activity: Activity = parse_json(body)?;
            let live = Live::Activity { contact: scope.contact, afk: activity.afk.unwrap_or(false) };
            publish(service, scope.team, &live);
        }
        ClientEvent::MessageUpdated
        | ClientEvent::MessageDeleted
        | ClientEvent::Ping
        | ClientEvent::Confirm => {}
    }
    service.answers.answer(&context, service.access.read.known(), &())
}

/// The notice that a member is typing, for those who see the chat now; it is never stored.
async fn composing(service: &CommandService, scope: &TeamScope, input: Composing) -> Result<Live, ApiError> {
    let mut errors = FieldErrors::default();
    let jid = errors.jid("jid", &input.jid);
    errors.finish()?;
    let chat = chat_of(scope.contact, checked(jid)?);
    if service.access.read.chats().access(scope, chat).await? == ChatAccess::None {
        return Err(not_found());
    }
    let composing = input.composing.unwrap_or(false);
    let is_audio = input.is_audio.unwrap_or(false);
    Ok(Live::Composing { chat, actor: scope.contact, composing, is_audio })
}

fn publish(service: &CommandService, team: TeamId, live: &Live) {
    let published = serde_json::to_vec(live)
        .map(|json| service.bus.publish(&format!("{LIVE_SUBJECT}.{team}"), json.into()));
    if !matches!(published, Ok(Ok(()))) {
        tracing::debug!("live notice not published");
    }
}
