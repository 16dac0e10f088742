//! `/api/v4/teams/{team_uid}/contact-sections`

use crate::{
    Commands,
    context::{Command, NoInput},
    idempotency::Answer,
};
use access::TeamScope;
use axum::extract::State;
use events::{SectionId, value::SectionKind};
use platform::http::{ApiError, Body, Params};
use protocol::{
    envelope::{Nothing, Success},
    section::{ChangeSection, CreateSection, Section},
};
use serde::Deserialize;

/// What the path of one section names.
#[derive(Debug, Deserialize)]
pub(in crate::http) struct Path {
    section_uid: SectionId,
}

/// Makes a section of contacts.
#[utoipa::path(post, path = "/api/v4/teams/{team_uid}/contact-sections", tag = "contacts",
    params(("team_uid" = String, Path)), request_body = CreateSection,
    responses((status = 200, body = Success<Section>)))]
pub(in crate::http) async fn create(
    State(commands): State<Commands>,
    scope: TeamScope,
    command: Command<Body<CreateSection>>,
) -> Result<Answer, ApiError> {
    commands.create_section(SectionKind::Contacts, scope, command).await
}

/// Changes only what is sent; sections stand in the order of `sort_ordering`.
#[utoipa::path(put, path = "/api/v4/teams/{team_uid}/contact-sections/{section_uid}", tag = "contacts",
    params(("team_uid" = String, Path), ("section_uid" = String, Path)), request_body = ChangeSection,
    responses((status = 200, body = Success<Section>)))]
pub(in crate::http) async fn change(
    State(commands): State<Commands>,
    scope: TeamScope,
    Params(path): Params<Path>,
    command: Command<Body<ChangeSection>>,
) -> Result<Answer, ApiError> {
    commands.change_section((SectionKind::Contacts, path.section_uid), scope, command).await
}

/// Removes a section; the contacts in it stay in the team.
#[utoipa::path(delete, path = "/api/v4/teams/{team_uid}/contact-sections/{section_uid}", tag = "contacts",
    params(("team_uid" = String, Path), ("section_uid" = String, Path)),
    responses((status = 200, body = Success<Nothing>)))]
pub(in crate::http) async fn remove(
    State(commands): State<Commands>,
    scope: TeamScope,
    Params(path): Params<Path>,
    command: Command<NoInput>,
) -> Result<Answer, ApiError> {
    commands.remove_section((SectionKind::Contacts, path.section_uid), scope, command).await
}
