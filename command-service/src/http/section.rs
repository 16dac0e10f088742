//! `/api/v4/teams/{team_uid}/{contact,group,task}-sections`: creates, changes and removes sections, into which members sort
//! contacts, groups and tasks.

use super::team::transact;
use crate::{answers::Answer, context::Context, input::Fields, service::CommandService};
use access::TeamScope;
use axum::extract::State;
use domain::{
    limits,
    team::{self, SectionChange},
};
use events::{SectionId, value::SectionKind};
use platform::http::{ApiError, Body, FieldErrors, Params};
use protocol::{
    envelope::{Nothing, Success},
    lang::Text,
    section::{ChangeSection, CreateSection, Section},
};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct Path {
    #[serde(alias = "group_section_uid", alias = "task_section_uid")]
    section_uid: SectionId,
}

/// The three routes of one kind of section.
macro_rules! section_routes {
    ($kind:ident, $tag:tt, $all:tt, $one:tt, $uid:tt,
     $create:ident $create_text:tt, $change:ident $change_text:tt, $remove:ident $remove_text:tt $remove_more:tt) => {
        #[doc = $create_text]
        ///
        /// Sections are listed in the order of `sort_ordering`.
        #[utoipa::path(post, path = $all, tag = $tag, params(("team_uid" = String, Path, description = "Uid of the team")),
            request_body = CreateSection, responses((status = 200, body = Success<Section>)))]
        pub(crate) async fn $create(
            State(service): State<CommandService>,
            scope: TeamScope,
            context: Context,
            Body(input): Body<CreateSection>,
        ) -> Result<Answer, ApiError> {
            create(&service, SectionKind::$kind, &scope, context, input).await
        }

        #[doc = $change_text]
        ///
        /// Changes the fields that are sent.
        #[utoipa::path(put, path = $one, tag = $tag, params(("team_uid" = String, Path, description = "Uid of the team"), ($uid = String, Path, description = "Uid of the section")),
            request_body = ChangeSection, responses((status = 200, body = Success<Section>)))]
        pub(crate) async fn $change(
            State(service): State<CommandService>,
            scope: TeamScope,
            Params(path): Params<Path>,
            context: Context,
            Body(input): Body<ChangeSection>,
        ) -> Result<Answer, ApiError> {
            change(&service, (SectionKind::$kind, path.section_uid), &scope, context, input).await
        }

        #[doc = $remove_text]
        ///
        #[doc = $remove_more]
        #[utoipa::path(delete, path = $one, tag = $tag, params(("team_uid" = String, Path, description = "Uid of the team"), ($uid = String, Path, description = "Uid of the section")),
            responses((status = 200, body = Success<Nothing>)))]
        pub(crate) async fn $remove(
            State(service): State<CommandService>,
            scope: TeamScope,
            Params(path): Params<Path>,
            context: Context,
        ) -> Result<Answer, ApiError> {
            remove(&service, (SectionKind::$kind, path.section_uid), &scope, context).await
        }
    };
}

section_routes!(
    Contacts, "contacts", "/api/v4/teams/{team_uid}/contact-sections",
    "/api/v4/teams/{team_uid}/contact-sections/{section_uid}", "section_uid",
    create_contact_section "Create a section of contacts",
    change_contact_section "Change a section of contacts",
    remove_contact_section "Remove a section of contacts" "The contacts of the section stay in the team."
);
section_routes!(
    Groups, "groups", "/api/v4/teams/{team_uid}/group-sections",
    "/api/v4/teams/{team_uid}/group-sections/{group_section_uid}", "group_section_uid",
    create_group_section "Create a section of groups",
    change_group_section "Change a section of groups",
    remove_group_section "Remove a section of groups" "The groups of the section stay in the team."
);
section_routes!(
    Tasks, "tasks", "/api/v4/teams/{team_uid}/task-sections",
    "/api/v4/teams/{team_uid}/task-sections/{task_section_uid}", "task_section_uid",
    create_task_section "Create a section of tasks",
    change_task_section "Change a section of tasks",
    remove_task_section "Remove a section of tasks" "The tasks of the section stay in the team."
);

async fn create(
    service: &CommandService,
    kind: SectionKind,
    scope: &TeamScope,
    context: Context,
    input: CreateSection,
) -> Result<Answer, ApiError> {
    let mut context = context.named("section.create").by_member(scope.contact);
    let CreateSection { name, description, sort_ordering } = input;
    let mut errors = FieldErrors::default();
    let name = errors.required("name", &name, limits::SECTION_NAME);
    let description = read_description(&mut errors, description).unwrap_or_default();
    check_sort_ordering(&mut errors, sort_ordering);
    errors.finish()?;
    let (actor, section): (_, SectionId) = (scope.contact, context.id());
    let done = transact(service, &context, scope, || team::Command::CreateSection {
        actor,
        kind,
        section,
        name: name.clone(),
        description: description.clone(),
        sort_ordering,
    })
    .await?;
    let view = || service.access.read.sections().find(scope, kind, section);
    service.answers.show(&context, done.position, view).await
}

async fn change(
    service: &CommandService,
    (kind, section): (SectionKind, SectionId),
    scope: &TeamScope,
    context: Context,
    input: ChangeSection,
) -> Result<Answer, ApiError> {
    let context = context.named("section.change").by_member(scope.contact);
    let ChangeSection { name, description, sort_ordering } = input;
    let mut errors = FieldErrors::default();
    let change = SectionChange {
        name: name.map(|name| errors.required("name", &name, limits::SECTION_NAME)),
        description: read_description(&mut errors, description),
        sort_ordering,
    };
    check_sort_ordering(&mut errors, sort_ordering);
    errors.finish()?;
    let actor = scope.contact;
    let command = || team::Command::ChangeSection { actor, kind, section, change: change.clone() };
    let done = transact(service, &context, scope, command).await?;
    let view = || service.access.read.sections().find(scope, kind, section);
    service.answers.show(&context, done.position, view).await
}

async fn remove(
    service: &CommandService,
    (kind, section): (SectionKind, SectionId),
    scope: &TeamScope,
    context: Context,
) -> Result<Answer, ApiError> {
    let context = context.named("section.remove").by_member(scope.contact);
    let actor = scope.contact;
    let command = || team::Command::RemoveSection { actor, kind, section };
    let done = transact(service, &context, scope, command).await?;
    service.answers.nothing(&context, done.position).await
}

fn read_description(errors: &mut FieldErrors, text: Option<String>) -> Option<String> {
    text.map(|text| errors.text("description", &text, limits::DESCRIPTION))
}

fn check_sort_ordering(errors: &mut FieldErrors, sort_ordering: Option<u32>) {
    if sort_ordering.is_some_and(|number| number > limits::SORT_ORDERING) {
        errors.add("sort_ordering", Text::OutOfRange { min: 0, max: limits::SORT_ORDERING.into() });
    }
}
