//! `/api/v4/teams/{team_uid}/groups`: made, left, deleted.

use crate::{
    Commands,
    context::{Command, Context, NoInput},
    idempotency::Answer,
    input::{Checks, checked},
    transact::{InitialState, TransactError, Transacted},
};
use access::{TeamScope, not_found};
use axum::extract::State;
use domain::{
    chat::{self, Actor, Chat},
    limits,
};
use events::{
    ContactId, GroupId, Personal, SectionId, StreamName,
    chat::{ChatRef, Member},
    value::{GroupStatus, SectionKind},
};
use platform::http::{ApiError, Body, Params};
use protocol::{
    Jid,
    chat::{Chat as ChatView, CreateGroup, GroupMembership, SetMember},
    envelope::{Nothing, Success},
    error::ErrorCode,
    lang::Text,
};
use serde::Deserialize;

/// What the path of a group names.
#[derive(Debug, Deserialize)]
pub(super) struct GroupPath {
    group_jid: Jid,
}

/// What the path of a member names.
#[derive(Debug, Deserialize)]
pub(super) struct MemberPath {
    group_jid: Jid,
    contact_jid: Jid,
}

/// Makes a group; the caller is its admin.
#[utoipa::path(post, path = "/api/v4/teams/{team_uid}/groups", tag = "groups", params(("team_uid" = String, Path)),
    request_body = CreateGroup, responses((status = 200, body = Success<ChatView>)))]
pub(super) async fn create(
    State(commands): State<Commands>,
    scope: TeamScope,
    command: Command<Body<CreateGroup>>,
) -> Result<Answer, ApiError> {
    let mut context = command.context.named("group.create");
    if let Some(answer) = commands.repeated(&context).await? {
        return Ok(answer);
    }
    context.as_contact(scope.contact);
    let Body(input) = command.input;
    let mut checks = Checks::default();
    let own = |text: String| Personal::of_team(scope.team, text);
    let display_name = own(checks.required("display_name", &input.display_name, limits::GROUP_NAME));
    let description = input.description.unwrap_or_default();
    let description = checks.text("description", &description, limits::DESCRIPTION);
    let autocleanup_age = checks.autocleanup_age(input.autocleanup_age);
    let section = commands.group_section(&mut checks, &scope, input.section).await?;
    let members = commands.members(&mut checks, &scope, &input.members.unwrap_or_default()).await?;
    checks.done()?;
    let settings = events::chat::Settings {
        display_name,
        description: own(description),
        public: input.public.unwrap_or(false),
        readonly_for_members: input.readonly_for_members.unwrap_or(false),
        default_for_all: input.default_for_all.unwrap_or(false),
        autocleanup_age,
        pinned_message: None,
        section,
    };
    let group: GroupId = context.id();
    let (team, actor) = (scope.team, actor(&scope));
    let command =
        || chat::Command::Create { group, team, actor, members: members.clone(), settings: settings.clone() };
    let done = commands.on_group(&context, group, InitialState::Empty, command).await?;
    let view = || commands.access.read.chats().complete_view(&scope, ChatRef::Group(group));
    commands.show(&context, done.position, view).await
}

/// Deletes a group, which is archived.
#[utoipa::path(delete, path = "/api/v4/teams/{team_uid}/groups/{group_jid}", tag = "groups",
    params(("team_uid" = String, Path), ("group_jid" = Jid, Path)), responses((status = 200, body = Success<Nothing>)))]
pub(super) async fn archive(
    State(commands): State<Commands>,
    scope: TeamScope,
    Params(path): Params<GroupPath>,
    command: Command<NoInput>,
) -> Result<Answer, ApiError> {
    let mut context = command.context.named("group.archive");
    if let Some(answer) = commands.removed_before(&context).await? {
        return Ok(answer);
    }
    context.as_contact(scope.contact);
    let group = commands.group_of(&scope, path.group_jid).await?;
    let actor = actor(&scope);
    let done =
        commands.on_group(&context, group, InitialState::Cached, || chat::Command::Archive { actor }).await?;
    commands.answer_nothing(&context, done.position).await
}

/// Adds a member, or gives one other rights. A public group may be joined by oneself.
#[utoipa::path(post, path = "/api/v4/teams/{team_uid}/groups/{group_jid}/members", tag = "groups",
    params(("team_uid" = String, Path), ("group_jid" = Jid, Path)), request_body = SetMember,
    responses((status = 200, body = Success<GroupMembership>)))]
pub(super) async fn set_member(
    State(commands): State<Commands>,
    scope: TeamScope,
    Params(path): Params<GroupPath>,
    command: Command<Body<SetMember>>,
) -> Result<Answer, ApiError> {
    let mut context = command.context.named("group.set_member");
    if let Some(answer) = commands.repeated(&context).await? {
        return Ok(answer);
    }
    context.as_contact(scope.contact);
    let group = commands.group_of(&scope, path.group_jid).await?;
    let mut checks = Checks::default();
    let members = commands.members(&mut checks, &scope, std::slice::from_ref(&command.input.0)).await?;
    checks.done()?;
    let member = checked(members.into_iter().next())?;
    let actor = actor(&scope);
    let command = || chat::Command::SetMember { actor, member: member.clone() };
    let done = commands.on_group(&context, group, InitialState::Cached, command).await?;
    commands.settle(&context, done.position).await?;
    let view =
        GroupMembership { can_remove: Some(true), jid: Jid::Direct(member.contact), status: member.status };
    commands.answer(&context, done.position, &view).await
}

/// Removes a member; oneself may always leave.
#[utoipa::path(delete, path = "/api/v4/teams/{team_uid}/groups/{group_jid}/members/{contact_jid}", tag = "groups",
    params(("team_uid" = String, Path), ("group_jid" = Jid, Path), ("contact_jid" = Jid, Path)),
    responses((status = 200, body = Success<Nothing>)))]
pub(super) async fn remove_member(
    State(commands): State<Commands>,
    scope: TeamScope,
    Params(path): Params<MemberPath>,
    command: Command<NoInput>,
) -> Result<Answer, ApiError> {
    let mut context = command.context.named("group.remove_member");
    if let Some(answer) = commands.removed_before(&context).await? {
        return Ok(answer);
    }
    context.as_contact(scope.contact);
    let group = commands.group_of(&scope, path.group_jid).await?;
    let Jid::Direct(contact) = path.contact_jid else { return Err(not_found()) };
    let actor = actor(&scope);
    let command = || chat::Command::RemoveMember { actor, contact };
    let done = commands.on_group(&context, group, InitialState::Cached, command).await?;
    commands.answer_nothing(&context, done.position).await
}

fn actor(scope: &TeamScope) -> Actor {
    Actor { contact: scope.contact, status: scope.status }
}

impl Commands {
    /// The group that an address names, if it lives in the scope's team.
    async fn group_of(&self, scope: &TeamScope, jid: Jid) -> Result<GroupId, ApiError> {
        let Jid::Group(group) = jid else { return Err(not_found()) };
        match self.access.read.groups().exists(scope, group).await? {
            true => Ok(group),
            false => Err(not_found()),
        }
    }

    /// The section of groups that a request names, if it names one.
    pub(super) async fn group_section(
        &self,
        checks: &mut Checks,
        scope: &TeamScope,
        named: Option<String>,
    ) -> Result<Option<SectionId>, ApiError> {
        let Some(named) = named.filter(|named| !named.is_empty()) else { return Ok(None) };
        let Some(section) = checks.uuid::<SectionId>("section", &named) else { return Ok(None) };
        let read = &self.access.read;
        if !read.sections().exists(scope, SectionKind::Groups, section).await? {
            checks.refuse("section", Text::DoesNotExist);
        }
        Ok(Some(section))
    }

    /// Takes somebody out of a group who leaves the team, or is removed from it.
    pub(super) async fn leave_group(
        &self,
        context: &Context,
        scope: &TeamScope,
        group: GroupId,
        contact: ContactId,
    ) -> Result<(), ApiError> {
        let actor = actor(scope);
        let left: Result<Transacted<Chat>, _> = self
            .transact(context, StreamName::chat(group), InitialState::Cached, |_: &Chat| {
                chat::Command::RemoveMember { actor, contact }
            })
            .await;
        match left {
            Ok(_) | Err(TransactError::Rejected(chat::Rejection::NoGroup | chat::Rejection::NoMember)) => {
                Ok(())
            }
            Err(stop) => Err(stop.or(refused)),
        }
    }

    pub(crate) async fn on_group(
        &self,
        context: &Context,
        group: GroupId,
        start: InitialState,
        mut command: impl FnMut() -> chat::Command,
    ) -> Result<Transacted<Chat>, ApiError> {
        let done = self.transact(context, StreamName::chat(group), start, |_: &Chat| command()).await;
        done.map_err(|stop| stop.or(refused))
    }

    /// Members that a request names: contacts of the scope's team.
    async fn members(
        &self,
        checks: &mut Checks,
        scope: &TeamScope,
        named: &[SetMember],
    ) -> Result<Vec<Member>, ApiError> {
        if named.len() > limits::GROUP_MEMBERS {
            checks.refuse("members", Text::TooMany { max: limits::GROUP_MEMBERS });
            return Ok(vec![]);
        }
        let mut members = vec![];
        for member in named {
            let contact = checks.contact("jid", &member.jid);
            let status = match member.status.as_deref() {
                None | Some("") => Some(GroupStatus::Member),
                Some(word) => checks.word("status", word, GroupStatus::ALL, GroupStatus::word),
            };
            members.extend(contact.zip(status).map(|(contact, status)| Member { contact, status }));
        }
        let ids: Vec<ContactId> = members.iter().map(|member| member.contact).collect();
        let known = self.access.read.contacts().people_among(scope, &ids).await?;
        if ids.iter().any(|id| !known.contains(id)) {
            checks.refuse("jid", Text::DoesNotExist);
        }
        Ok(members)
    }
}

fn refused(rejection: chat::Rejection) -> ApiError {
    match rejection {
        chat::Rejection::NoGroup | chat::Rejection::NoMember => not_found(),
        chat::Rejection::NotAllowed => ApiError::new(ErrorCode::AccessDenied).because(Text::RoleForbids),
        chat::Rejection::TooManyMembers => {
            ApiError::field("members", Text::TooMany { max: limits::GROUP_MEMBERS })
        }
    }
}
