//! `/api/v4/teams/{team_uid}/uploads`: stores and removes files.

use crate::{
    answers::Answer,
    context::Context,
    files::{ReceivedFile, UploadPurpose},
    http::command::StreamedCommand,
    idempotency::{CommandReply, OnReceipt},
    service::CommandService,
};
use access::TeamScope;
use axum::extract::State;
use events::UploadId;
use platform::http::{ApiError, Params};
use protocol::{
    envelope::{Nothing, Success},
    upload::Upload,
};
use serde::Deserialize;
use uuid::Uuid;

/// A file in the form field `file`.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes the form")]
pub(crate) struct UploadForm {
    /// The file.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Path {
    upload_uid: Uuid,
}

/// Upload a file
///
/// The multipart field `file` holds the file. Messages and tasks attach it by its `uid` in their `uploads`; until then only its
/// owner sees it.
#[utoipa::path(post, path = "/api/v4/teams/{team_uid}/uploads", tag = "uploads", params(("team_uid" = String, Path, description = "Uid of the team")),
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses((status = 200, body = Success<Upload>)))]
pub(crate) async fn store_upload(
    State(service): State<CommandService>,
    scope: TeamScope,
    StreamedCommand { form, pending }: StreamedCommand,
) -> Result<CommandReply, ApiError> {
    let (received, context) = service.uploads.receive(&scope, UploadPurpose::File, form, pending).await?;
    let context = context.named("upload.store").by_member(scope.contact);
    let store = |context| store(&service, &scope, context, received);
    service.idempotency.once(context, OnReceipt::Run, store).await
}

async fn store(
    service: &CommandService,
    scope: &TeamScope,
    mut context: Context,
    received: ReceivedFile,
) -> Result<Answer, ApiError> {
    let (upload, position) = service.files.store(&mut context, scope, received).await?;
    let read = &service.access.read;
    let view = || async {
        let found = read.uploads().find(scope, upload).await?;
        Ok(found.map(|(upload, _)| upload.shown(scope.team, read.base_url())))
    };
    service.answers.show(&context, position, view).await
}

/// Remove an uploaded file
///
/// For files that no message and no task shows; the team's quota gets the bytes back. Callers may remove their own files, and
/// anybody's if they may delete anybody's messages.
#[utoipa::path(delete, path = "/api/v4/teams/{team_uid}/uploads/{upload_uid}", tag = "uploads",
    params(("team_uid" = String, Path, description = "Uid of the team"), ("upload_uid" = String, Path, description = "Uid of the file")),
    responses((status = 200, body = Success<Nothing>)))]
pub(crate) async fn remove_upload(
    State(service): State<CommandService>,
    scope: TeamScope,
    Params(path): Params<Path>,
    context: Context,
) -> Result<Answer, ApiError> {
    let context = context.named("upload.remove").by_member(scope.contact);
    let position = service.attachments.remove(&context, &scope, UploadId(path.upload_uid)).await?;
    service.answers.nothing(&context, position).await
}
