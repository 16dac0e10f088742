//! `/api/v4/teams/{team_uid}/{contact,group,task}-sections`: the folders that contacts, groups and tasks are sorted into.

pub(super) mod contacts;
pub(super) mod groups;
pub(super) mod tasks;

use crate::{
    Commands,
    context::{Command, NoInput},
    idempotency::Answer,
    input::Checks,
};
use access::TeamScope;
use domain::{
    limits,
    team::{self, SectionChange},
};
use events::{SectionId, value::SectionKind};
use platform::http::{ApiError, Body};
use protocol::{
    lang::Text,
    section::{ChangeSection, CreateSection},
};

impl Commands {
    async fn create_section(
        &self,
        kind: SectionKind,
        scope: TeamScope,
        command: Command<Body<CreateSection>>,
    ) -> Result<Answer, ApiError> {
        let mut context = command.context.named("section.create");
        if let Some(answer) = self.repeated(&context).await? {
            return Ok(answer);
        }
        context.as_contact(scope.contact);
        let CreateSection { name, description, sort_ordering } = command.input.0;
        let mut checks = Checks::default();
        let name = checks.required("name", &name, limits::SECTION_NAME);
        let description = description_of(&mut checks, description).unwrap_or_default();
        place(&mut checks, sort_ordering);
        checks.done()?;
        let (actor, section): (_, SectionId) = (scope.contact, context.id());
        let done = self
            .on_team(&context, &scope, || team::Command::CreateSection {
                actor,
                kind,
                section,
                name: name.clone(),
                description: description.clone(),
                sort_ordering,
            })
            .await?;
        self.show(&context, done.position, || self.access.read.sections().find(&scope, kind, section)).await
    }

    async fn change_section(
        &self,
        (kind, section): (SectionKind, SectionId),
        scope: TeamScope,
        command: Command<Body<ChangeSection>>,
    ) -> Result<Answer, ApiError> {
        let mut context = command.context.named("section.change");
        if let Some(answer) = self.repeated(&context).await? {
            return Ok(answer);
        }
        context.as_contact(scope.contact);
        let ChangeSection { name, description, sort_ordering } = command.input.0;
        let mut checks = Checks::default();
        let change = SectionChange {
            name: name.map(|name| checks.required("name", &name, limits::SECTION_NAME)),
            description: description_of(&mut checks, description),
            sort_ordering,
        };
        place(&mut checks, sort_ordering);
        checks.done()?;
        let actor = scope.contact;
        let command = || team::Command::ChangeSection { actor, kind, section, change: change.clone() };
        let done = self.on_team(&context, &scope, command).await?;
        self.show(&context, done.position, || self.access.read.sections().find(&scope, kind, section)).await
    }

    async fn remove_section(
        &self,
        (kind, section): (SectionKind, SectionId),
        scope: TeamScope,
        command: Command<NoInput>,
    ) -> Result<Answer, ApiError> {
        let mut context = command.context.named("section.remove");
        if let Some(answer) = self.removed_before(&context).await? {
            return Ok(answer);
        }
        context.as_contact(scope.contact);
        let actor = scope.contact;
        let command = || team::Command::RemoveSection { actor, kind, section };
        let done = self.on_team(&context, &scope, command).await?;
        self.answer_nothing(&context, done.position).await
    }
}

fn description_of(checks: &mut Checks, text: Option<String>) -> Option<String> {
    text.map(|text| checks.text("description", &text, limits::DESCRIPTION))
}

fn place(checks: &mut Checks, sort_ordering: Option<u32>) {
    if sort_ordering.is_some_and(|place| place > limits::SORT_ORDERING) {
        checks.refuse("sort_ordering", Text::OutOfRange { min: 0, max: limits::SORT_ORDERING.into() });
    }
}
