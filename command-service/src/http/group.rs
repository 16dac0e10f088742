//! `/api/v4/teams/{team_uid}/groups`: creates and deletes groups, adds and removes members.

use crate::{
    aggregates::{TransactError, Transacted},
    answers::Answer,
    context::Context,
    input::{Fields, checked},
    service::CommandService,
};
use access::{TeamScope, not_found};
use axum::extract::State;
use domain::{
    chat::{self, Actor, Chat},
    limits,
};
use events::{
    ContactId, GroupId, Personal, SectionId, StreamName,
    chat::{ChatRef, Member, Settings},
    value::{GroupStatus, SectionKind},
};
use platform::http::{ApiError, Body, FieldErrors, Params};
use protocol::{
    Jid,
    chat::{Chat as ChatView, CreateGroup, GroupMembership, SetMember},
    envelope::{Nothing, Success},
    lang::Text,
};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct GroupPath {
    group_jid: Jid,
}

#[derive(Debug, Deserialize)]
pub(super) struct MemberPath {
    group_jid: Jid,
    contact_jid: Jid,
}

/// Create a group
///
/// The caller becomes an admin of the group.
#[utoipa::path(post, path = "/api/v4/teams/{team_uid}/groups", tag = "groups", params(("team_uid" = String, Path, description = "Uid of the team")),
    request_body = CreateGroup, responses((status = 200, body = Success<ChatView>)))]
pub(crate) async fn create_group(
    State(service): State<CommandService>,
    scope: TeamScope,
    context: Context,
    Body(input): Body<CreateGroup>,
) -> Result<Answer, ApiError> {
    let mut context = context.named("group.create").by_member(scope.contact);
    let (settings, members) = read_new_group(&service, &scope, input).await?;
    let group: GroupId = context.id();
    let (team, actor) = (scope.team, actor(&scope));
    let command = |_: &Chat| chat::Command::Create {
        group,
        team,
        actor,
        members: members.clone(),
        settings: settings.clone(),
    };
    let done = service.aggregates.create(&context, StreamName::chat(group), command).await?;
    let view = || service.access.read.chats().complete_view(&scope, ChatRef::Group(group));
    service.answers.show(&context, done.position, view).await
}

async fn read_new_group(
    service: &CommandService,
    scope: &TeamScope,
    input: CreateGroup,
) -> Result<(Settings, Vec<Member>), ApiError> {
    let mut errors = FieldErrors::default();
    let own = |text: String| Personal::of_team(scope.team, text);
    let display_name = own(errors.required("display_name", &input.display_name, limits::GROUP_NAME));
    let description = input.description.unwrap_or_default();
    let description = errors.text("description", &description, limits::DESCRIPTION);
    let autocleanup_age = errors.autocleanup_age(input.autocleanup_age);
    let section = group_section(service, &mut errors, scope, input.section).await?;
    let members = read_members(service, &mut errors, scope, &input.members.unwrap_or_default()).await?;
    errors.finish()?;
    let settings = Settings {
        display_name,
        description: own(description),
        public: input.public.unwrap_or(false),
        readonly_for_members: input.readonly_for_members.unwrap_or(false),
        default_for_all: input.default_for_all.unwrap_or(false),
        autocleanup_age,
        pinned_message: None,
        section,
    };
    Ok((settings, members))
}

/// Delete a group
///
/// Archives the group.
#[utoipa::path(delete, path = "/api/v4/teams/{team_uid}/groups/{group_jid}", tag = "groups",
    params(("team_uid" = String, Path, description = "Uid of the team"), ("group_jid" = Jid, Path, description = "Address of the group")), responses((status = 200, body = Success<Nothing>)))]
pub(crate) async fn archive_group(
    State(service): State<CommandService>,
    scope: TeamScope,
    Params(path): Params<GroupPath>,
    context: Context,
) -> Result<Answer, ApiError> {
    let context = context.named("group.archive").by_member(scope.contact);
    let group = group_of(&service, &scope, path.group_jid).await?;
    let actor = actor(&scope);
    let done = transact(&service, &context, group, || chat::Command::Archive { actor }).await?;
    service.answers.nothing(&context, done.position).await
}

/// Add a member to a group, or change their rights
///
/// Callers may join a public group themselves.
#[utoipa::path(post, path = "/api/v4/teams/{team_uid}/groups/{group_jid}/members", tag = "groups",
    params(("team_uid" = String, Path, description = "Uid of the team"), ("group_jid" = Jid, Path, description = "Address of the group")), request_body = SetMember,
    responses((status = 200, body = Success<GroupMembership>)))]
pub(crate) async fn set_group_member(
    State(service): State<CommandService>,
    scope: TeamScope,
    Params(path): Params<GroupPath>,
    context: Context,
    Body(input): Body<SetMember>,
) -> Result<Answer, ApiError> {
    let context = context.named("group.set_member").by_member(scope.contact);
    let group = group_of(&service, &scope, path.group_jid).await?;
    let mut errors = FieldErrors::default();
    let members = read_members(&service, &mut errors, &scope, std::slice::from_ref(&input)).await?;
    errors.finish()?;
    let member = checked(members.into_iter().next())?;
    let actor = actor(&scope);
    let command = || chat::Command::SetMember { actor, member: member.clone() };
    let done = transact(&service, &context, group, command).await?;
    service.answers.settle(&context, done.position).await?;
    let view =
        GroupMembership { can_remove: Some(true), jid: Jid::Direct(member.contact), status: member.status };
    service.answers.answer(&context, done.position, &view)
}

/// Remove a member from a group
///
/// Callers may always leave a group themselves.
#[utoipa::path(delete, path = "/api/v4/teams/{team_uid}/groups/{group_jid}/members/{contact_jid}", tag = "groups",
    params(("team_uid" = String, Path, description = "Uid of the team"), ("group_jid" = Jid, Path, description = "Address of the group"), ("contact_jid" = Jid, Path, description = "Address of the contact")),
    responses((status = 200, body = Success<Nothing>)))]
pub(crate) async fn remove_group_member(
    State(service): State<CommandService>,
    scope: TeamScope,
    Params(path): Params<MemberPath>,
    context: Context,
) -> Result<Answer, ApiError> {
    let context = context.named("group.remove_member").by_member(scope.contact);
    let group = group_of(&service, &scope, path.group_jid).await?;
    let Jid::Direct(contact) = path.contact_jid else { return Err(not_found()) };
    let actor = actor(&scope);
    let command = || chat::Command::RemoveMember { actor, contact };
    let done = transact(&service, &context, group, command).await?;
    service.answers.nothing(&context, done.position).await
}

fn actor(scope: &TeamScope) -> Actor {
    Actor { contact: scope.contact, status: scope.status }
}

/// The group of an address, if it belongs to the team.
async fn group_of(service: &CommandService, scope: &TeamScope, jid: Jid) -> Result<GroupId, ApiError> {
    let Jid::Group(group) = jid else { return Err(not_found()) };
    match service.access.read.groups().exists(scope, group).await? {
        true => Ok(group),
        false => Err(not_found()),
    }
}

/// Reads the section of groups that a request names, if it names one.
pub(super) async fn group_section(
    service: &CommandService,
    errors: &mut FieldErrors,
    scope: &TeamScope,
    named: Option<String>,
) -> Result<Option<SectionId>, ApiError> {
    let Some(named) = named.filter(|named| !named.is_empty()) else { return Ok(None) };
    let Some(section) = errors.uuid::<SectionId>("section", &named) else { return Ok(None) };
    let read = &service.access.read;
    if !read.sections().exists(scope, SectionKind::Groups, section).await? {
        errors.add("section", Text::DoesNotExist);
    }
    Ok(Some(section))
}

/// Removes a contact from a group, for contacts that leave the team or are removed from it.
pub(super) async fn leave_group(
    service: &CommandService,
    context: &Context,
    scope: &TeamScope,
    group: GroupId,
    contact: ContactId,
) -> Result<(), ApiError> {
    let actor = actor(scope);
    let command = |_: &Chat| chat::Command::RemoveMember { actor, contact };
    match service.aggregates.transact(context, StreamName::chat(group), command).await {
        Ok(_) | Err(TransactError::Rejected(chat::Rejection::NoGroup | chat::Rejection::NoMember)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn transact(
    service: &CommandService,
    context: &Context,
    group: GroupId,
    mut command: impl FnMut() -> chat::Command,
) -> Result<Transacted<Chat>, ApiError> {
    Ok(service.aggregates.transact(context, StreamName::chat(group), |_: &Chat| command()).await?)
}

/// Reads the members that a request names, who have to be contacts of the team.
async fn read_members(
    service: &CommandService,
    errors: &mut FieldErrors,
    scope: &TeamScope,
    named: &[SetMember],
) -> Result<Vec<Member>, ApiError> {
    if named.len() > limits::GROUP_MEMBERS {
        errors.add("members", Text::TooMany { max: limits::GROUP_MEMBERS });
        return Ok(vec![]);
    }
    let mut members = vec![];
    for member in named {
        let contact = errors.contact("jid", &member.jid);
        let status = match member.status.as_deref() {
            None | Some("") => Some(GroupStatus::Member),
            Some(word) => errors.word("status", word, GroupStatus::ALL, GroupStatus::word),
        };
        members.extend(contact.zip(status).map(|(contact, status)| Member { contact, status }));
    }
    let ids: Vec<ContactId> = members.iter().map(|member| member.contact).collect();
    let known = service.access.read.contacts().people_among(scope, &ids).await?;
    if ids.iter().any(|id| !known.contains(id)) {
        errors.add("jid", Text::DoesNotExist);
    }
    Ok(members)
}
