//! `POST` and `DELETE /api/v3/teams/{team_uid}/icons`, and the same of a contact under v4

use super::{contact, team};
use crate::{
    Commands,
    context::{Command, Context, NoInput, StreamedCommand},
    files::UploadPurpose,
    idempotency::Answer,
    pictures::PictureTarget,
};
use access::TeamScope;
use axum::extract::State;
use domain::{policy, team::Team};
use events::{ContactId, Position, StreamName};
use platform::http::{ApiError, Params};
use protocol::{Jid, envelope::Success, error::ErrorCode, icon::IconData, lang::Text};

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
    StreamedCommand { form, sender }: StreamedCommand,
) -> Result<Answer, ApiError> {
    // Before the costly part: bytes are taken in and decoded for those who may.
    if !policy::may(scope.status, policy::Action::ManageTeam) {
        return Err(ApiError::new(ErrorCode::AccessDenied).because(Text::RoleForbids));
    }
    let (arrived, context) = commands.take_in(&scope, UploadPurpose::Picture, form, sender).await?;
    let mut context = context.named("team.set_icon");
    if let Some(answer) = commands.repeated(&context).await? {
        return Ok(answer);
    }
    context.as_contact(scope.contact);
    let position = commands.set_picture(&mut context, &scope, PictureTarget::Team, arrived).await?;
    of_team(&commands, &context, &scope, position).await
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
    let position = commands.remove_picture(&context, &scope, PictureTarget::Team).await?;
    of_team(&commands, &context, &scope, position).await
}

/// Sets or replaces the picture of a contact, as that of a team: one's own, or that of others for whom their
/// `changeable_fields` name `icons`.
#[utoipa::path(post, path = "/api/v4/teams/{team_uid}/contacts/{contact_jid}/icons", tag = "contacts",
    params(("team_uid" = String, Path), ("contact_jid" = Jid, Path)),
    request_body(content = IconForm, content_type = "multipart/form-data"),
    responses((status = 200, body = Success<IconData>)))]
pub(super) async fn set_of_contact(
    State(commands): State<Commands>,
    scope: TeamScope,
    Params(path): Params<contact::Path>,
    StreamedCommand { form, sender }: StreamedCommand,
) -> Result<Answer, ApiError> {
    let contact = path.contact()?;
    // Before the costly part: bytes are taken in and decoded for those who may.
    let team: Team = commands.current(&StreamName::team(scope.team)).await?;
    team.may_picture(scope.contact, contact).map_err(team::refused)?;
    let (arrived, context) = commands.take_in(&scope, UploadPurpose::Picture, form, sender).await?;
    let mut context = context.named("contact.set_icon");
    if let Some(answer) = commands.repeated(&context).await? {
        return Ok(answer);
    }
    context.as_contact(scope.contact);
    let position =
        commands.set_picture(&mut context, &scope, PictureTarget::Contact(contact), arrived).await?;
    of_contact(&commands, &context, &scope, (contact, position)).await
}

/// Removes the picture of a contact, if there is one: the drawn one takes its place.
#[utoipa::path(delete, path = "/api/v4/teams/{team_uid}/contacts/{contact_jid}/icons", tag = "contacts",
    params(("team_uid" = String, Path), ("contact_jid" = Jid, Path)),
    responses((status = 200, body = Success<IconData>)))]
pub(super) async fn remove_of_contact(
    State(commands): State<Commands>,
    scope: TeamScope,
    Params(path): Params<contact::Path>,
    command: Command<NoInput>,
) -> Result<Answer, ApiError> {
    let mut context = command.context.named("contact.remove_icon");
    if let Some(answer) = commands.repeated(&context).await? {
        return Ok(answer);
    }
    context.as_contact(scope.contact);
    let contact = path.contact()?;
    let position = commands.remove_picture(&context, &scope, PictureTarget::Contact(contact)).await?;
    of_contact(&commands, &context, &scope, (contact, position)).await
}

async fn of_team(
    commands: &Commands,
    context: &Context,
    scope: &TeamScope,
    position: Position,
) -> Result<Answer, ApiError> {
    commands.show(context, position, || commands.access.read.teams().icon(scope)).await
}

async fn of_contact(
    commands: &Commands,
    context: &Context,
    scope: &TeamScope,
    (contact, position): (ContactId, Position),
) -> Result<Answer, ApiError> {
    let read = &commands.access.read;
    let view = || async {
        let found = read.contacts().find(scope, contact).await?;
        Ok(found.map(|contact| contact.icons))
    };
    commands.show(context, position, view).await
}
