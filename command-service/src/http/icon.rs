//! `POST` and `DELETE /api/v3/teams/{team_uid}/icons`

use crate::{
    Commands,
    context::{Command, Context, NoInput},
    repeat::Answer,
};
use access::TeamScope;
use axum::extract::State;
use domain::team;
use events::{BlobId, Position, icon};
use platform::{
    http::{ApiError, Form},
    limits::{Key, Limit},
    picture::resize::PictureRefused,
};
use protocol::{envelope::Success, error::ErrorCode, icon::IconData, lang::Text};
use read_model::icon::{LARGE_FILE, SMALL_FILE};

/// A picture in the form field `file`.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes the form")]
pub(super) struct IconForm {
    /// JPEG, PNG, WebP or GIF, at most 10 MiB.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Sets or replaces the team's picture: the multipart field `file`, made smaller to the sizes needed.
#[utoipa::path(post, path = "/api/v3/teams/{team_uid}/icons", tag = "teams", params(("team_uid" = String, Path)),
    request_body(content = IconForm, content_type = "multipart/form-data"),
    responses((status = 200, body = Success<IconData>)))]
pub(super) async fn set(
    State(commands): State<Commands>,
    scope: TeamScope,
    command: Command<Form>,
) -> Result<Answer, ApiError> {
    let mut context = command.context.named("team.set_icon");
    if let Some(answer) = commands.repeated(&context).await? {
        return Ok(answer);
    }
    context.as_contact(scope.contact);
    // Before the costly part: decoding is for those who may.
    if !domain::policy::may(scope.status, domain::policy::Action::ManageTeam) {
        return Err(ApiError::new(ErrorCode::AccessDenied).because(Text::RoleForbids));
    }
    commands.access.limits.check(Limit::PicturesPerAccount, &Key::Account(scope.caller.account.0))?;
    let file = command.input.file("file").ok_or_else(|| ApiError::field("file", Text::Required))?;
    let sizes = commands.resizer.resize(file.bytes.clone()).await.map_err(refused)?;
    let blob: BlobId = context.id();
    let stored = icon::Changed {
        blob,
        lg_width: sizes.lg.width,
        lg_height: sizes.lg.height,
        size: (sizes.lg.bytes.len() + sizes.sm.bytes.len()) as u64,
    };
    for (name, bytes) in [(LARGE_FILE, sizes.lg.bytes), (SMALL_FILE, sizes.sm.bytes)] {
        commands.blobs.put(blob, name, bytes).await.map_err(ApiError::unavailable)?;
    }
    let actor = scope.contact;
    let done =
        commands.on_team(&context, &scope, || team::Command::SetIcon { actor, icon: stored.clone() }).await?;
    answer(&commands, &context, &scope, done.position).await
}

/// Removes the team's picture, if there is one.
#[utoipa::path(delete, path = "/api/v3/teams/{team_uid}/icons", tag = "teams", params(("team_uid" = String, Path)),
    responses((status = 200, body = Success<IconData>)))]
pub(super) async fn remove(
    State(commands): State<Commands>,
    scope: TeamScope,
    command: Command<NoInput>,
) -> Result<Answer, ApiError> {
    let mut context = command.context.named("team.remove_icon");
    if let Some(answer) = commands.repeated(&context).await? {
        return Ok(answer);
    }
    context.as_contact(scope.contact);
    let actor = scope.contact;
    let done = commands.on_team(&context, &scope, || team::Command::RemoveIcon { actor }).await?;
    answer(&commands, &context, &scope, done.position).await
}

async fn answer(
    commands: &Commands,
    context: &Context,
    scope: &TeamScope,
    position: Position,
) -> Result<Answer, ApiError> {
    commands.show(context, position, || commands.access.read.team_icon(scope.team)).await
}

fn refused(refused: PictureRefused) -> ApiError {
    match refused {
        PictureRefused::TooManyPixels => ApiError::field("file", Text::PictureTooLarge),
        PictureRefused::Busy => ApiError::new(ErrorCode::Unavailable).because(Text::TryLater),
        _ => ApiError::field("file", Text::NotAPicture),
    }
}
