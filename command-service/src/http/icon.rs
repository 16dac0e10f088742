//! `…/icons`: sets and removes the pictures of teams and contacts.

use crate::{
    answers::Answer,
    context::Context,
    files::{ReceivedFile, UploadPurpose},
    http::{command::StreamedCommand, contact},
    idempotency::{CommandReply, OnReceipt},
    pictures::PictureTarget,
    rejections::Rejection,
    service::CommandService,
};
use access::TeamScope;
use axum::extract::State;
use domain::{policy, team::Team};
use events::{Position, StreamName};
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

/// Set the picture of a team
///
/// The multipart field `file` holds the picture, which is resized. Replaces the earlier picture.
#[utoipa::path(post, path = "/api/v3/teams/{team_uid}/icons", tag = "teams", params(("team_uid" = String, Path, description = "Uid of the team")),
    request_body(content = IconForm, content_type = "multipart/form-data"),
    responses((status = 200, body = Success<IconData>)))]
pub(crate) async fn set_team_icon(
    State(service): State<CommandService>,
    scope: TeamScope,
    StreamedCommand { form, pending }: StreamedCommand,
) -> Result<CommandReply, ApiError> {
    // Before the costly part: only permitted callers get their pictures received and decoded.
    if !policy::may(scope.status, policy::Action::ManageTeam) {
        return Err(ApiError::new(ErrorCode::AccessDenied).because(Text::RoleForbids));
    }
    let (received, context) = service.uploads.receive(&scope, UploadPurpose::Picture, form, pending).await?;
    let context = context.named("team.set_icon").by_member(scope.contact);
    let set = |context| set_picture(&service, &scope, PictureTarget::Team, context, received);
    service.idempotency.once(context, OnReceipt::Run, set).await
}

/// Remove the picture of a team
///
/// Does nothing if the team has no picture.
#[utoipa::path(delete, path = "/api/v3/teams/{team_uid}/icons", tag = "teams", params(("team_uid" = String, Path, description = "Uid of the team")),
    responses((status = 200, body = Success<IconData>)))]
pub(crate) async fn remove_team_icon(
    State(service): State<CommandService>,
    scope: TeamScope,
    context: Context,
) -> Result<Answer, ApiError> {
    let context = context.named("team.remove_icon").by_member(scope.contact);
    let position = service.pictures.remove(&context, &scope, PictureTarget::Team).await?;
    show(&service, &context, &scope, PictureTarget::Team, position).await
}

/// Set the picture of a contact
///
/// The multipart field `file` holds the picture, which is resized. Callers may set their own picture, and those of contacts whose
/// `changeable_fields` has `icons`.
#[utoipa::path(post, path = "/api/v4/teams/{team_uid}/contacts/{contact_jid}/icons", tag = "contacts",
    params(("team_uid" = String, Path, description = "Uid of the team"), ("contact_jid" = Jid, Path, description = "Address of the contact")),
    request_body(content = IconForm, content_type = "multipart/form-data"),
    responses((status = 200, body = Success<IconData>)))]
pub(crate) async fn set_contact_icon(
    State(service): State<CommandService>,
    scope: TeamScope,
    Params(path): Params<contact::Path>,
    StreamedCommand { form, pending }: StreamedCommand,
) -> Result<CommandReply, ApiError> {
    let contact = path.contact()?;
    // Before the costly part: only permitted callers get their pictures received and decoded.
    let team: Team = service.aggregates.current(&StreamName::team(scope.team)).await?;
    team.may_picture(scope.contact, contact).map_err(Rejection::answer)?;
    let (received, context) = service.uploads.receive(&scope, UploadPurpose::Picture, form, pending).await?;
    let context = context.named("contact.set_icon").by_member(scope.contact);
    let set = |context| set_picture(&service, &scope, PictureTarget::Contact(contact), context, received);
    service.idempotency.once(context, OnReceipt::Run, set).await
}

/// Remove the picture of a contact
///
/// The generated picture takes its place.
#[utoipa::path(delete, path = "/api/v4/teams/{team_uid}/contacts/{contact_jid}/icons", tag = "contacts",
    params(("team_uid" = String, Path, description = "Uid of the team"), ("contact_jid" = Jid, Path, description = "Address of the contact")),
    responses((status = 200, body = Success<IconData>)))]
pub(crate) async fn remove_contact_icon(
    State(service): State<CommandService>,
    scope: TeamScope,
    Params(path): Params<contact::Path>,
    context: Context,
) -> Result<Answer, ApiError> {
    let context = context.named("contact.remove_icon").by_member(scope.contact);
    let target = PictureTarget::Contact(path.contact()?);
    let position = service.pictures.remove(&context, &scope, target).await?;
    show(&service, &context, &scope, target, position).await
}

async fn set_picture(
    service: &CommandService,
    scope: &TeamScope,
    target: PictureTarget,
    mut context: Context,
    received: ReceivedFile,
) -> Result<Answer, ApiError> {
    let position = service.pictures.set(&mut context, scope, target, received).await?;
    show(service, &context, scope, target, position).await
}

async fn show(
    service: &CommandService,
    context: &Context,
    scope: &TeamScope,
    target: PictureTarget,
    position: Position,
) -> Result<Answer, ApiError> {
    let read = &service.access.read;
    let view = || async {
        match target {
            PictureTarget::Team => read.teams().icon(scope).await,
            PictureTarget::Contact(contact) => {
                let found = read.contacts().find(scope, contact).await?;
                Ok(found.map(|contact| contact.icons))
            }
        }
    };
    service.answers.show(context, position, view).await
}
