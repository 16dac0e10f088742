//! `POST /api/v4/teams/{team_uid}/uploads`, `DELETE …/{upload_uid}`

use crate::{
    Commands,
    context::{Command, NoInput, StreamedCommand},
    files::UploadPurpose,
    idempotency::Answer,
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
    /// Any file.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// What the path names.
#[derive(Debug, Deserialize)]
pub(super) struct Path {
    upload_uid: Uuid,
}

/// Uploads a file: the multipart field `file`. Messages bring it by its `uid` in their `uploads`; until then only its owner
/// sees it.
#[utoipa::path(post, path = "/api/v4/teams/{team_uid}/uploads", tag = "uploads", params(("team_uid" = String, Path)),
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses((status = 200, body = Success<Upload>)))]
pub(super) async fn store(
    State(commands): State<Commands>,
    scope: TeamScope,
    StreamedCommand { form, sender }: StreamedCommand,
) -> Result<Answer, ApiError> {
    let (arrived, context) = commands.take_in(&scope, UploadPurpose::File, form, sender).await?;
    let mut context = context.named("upload.store");
    if let Some(answer) = commands.repeated(&context).await? {
        return Ok(answer);
    }
    context.as_contact(scope.contact);
    let (upload, position) = commands.store_file(&mut context, &scope, arrived).await?;
    let read = &commands.access.read;
    let view = || async {
        let found = read.uploads().find(&scope, upload).await?;
        Ok(found.map(|(upload, _)| upload.shown(scope.team, read.base_url())))
    };
    commands.show(&context, position, view).await
}

/// Removes a file that no message brings, or none that is left; its bytes are the team's again. One's own, or anybody's for
/// those who may delete anybody's messages.
#[utoipa::path(delete, path = "/api/v4/teams/{team_uid}/uploads/{upload_uid}", tag = "uploads",
    params(("team_uid" = String, Path), ("upload_uid" = String, Path)),
    responses((status = 200, body = Success<Nothing>)))]
pub(super) async fn remove(
    State(commands): State<Commands>,
    scope: TeamScope,
    Params(path): Params<Path>,
    command: Command<NoInput>,
) -> Result<Answer, ApiError> {
    let mut context = command.context.named("upload.remove");
    if let Some(answer) = commands.removed_before(&context).await? {
        return Ok(answer);
    }
    context.as_contact(scope.contact);
    let position = commands.remove_file(&context, &scope, UploadId(path.upload_uid)).await?;
    commands.answer_nothing(&context, position).await
}
