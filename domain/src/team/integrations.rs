//! The integrations of a team.

use super::{IntegrationChange, Rejection, Team};
use crate::limits;
use events::{GroupId, IntegrationId, TeamEvent, integration};

#[derive(Clone, Debug)]
pub(super) struct Integration {
    settings: integration::Settings,
    removed: bool,
}

impl Team {
    /// The group of an integration; `None` if it is removed.
    pub fn group_of(&self, integration: IntegrationId) -> Option<GroupId> {
        self.integrations.get(&integration).filter(|known| !known.removed).map(|known| known.settings.group)
    }

    /// The actor must be in the group, because the integration receives the group's messages.
    pub(super) fn create_integration(
        &self,
        created: integration::Created,
        inside: &[GroupId],
    ) -> Result<Vec<TeamEvent>, Rejection> {
        let live = self.integrations.values().filter(|known| !known.removed).count();
        match self.integrations.contains_key(&created.integration) {
            true => Ok(vec![]),
            false if !inside.contains(&created.settings.group) => Err(Rejection::NotInGroup),
            false if live >= limits::INTEGRATIONS => {
                Err(Rejection::TooMany { what: "integrations", max: limits::INTEGRATIONS })
            }
            false => Ok(vec![created.into()]),
        }
    }

    pub(super) fn change_integration(
        &self,
        id: IntegrationId,
        change: IntegrationChange,
        inside: &[GroupId],
    ) -> Result<Vec<TeamEvent>, Rejection> {
        let known =
            self.integrations.get(&id).filter(|known| !known.removed).ok_or(Rejection::NoIntegration)?;
        let mut settings = known.settings.clone();
        let mut groups = [settings.group].into_iter().chain(change.group);
        // An admin outside the group may disable the integration, because that reveals nothing.
        if !change.only_stops() && !groups.all(|group| inside.contains(&group)) {
            return Err(Rejection::NotInGroup);
        }
        settings.enabled = change.enabled.unwrap_or(settings.enabled);
        settings.group = change.group.unwrap_or(settings.group);
        for (field, new) in
            [(&mut settings.comment, change.comment), (&mut settings.webhook_url, change.webhook_url)]
        {
            if let Some(new) = new {
                *field = self.own(new)?;
            }
        }
        let same = settings == known.settings;
        Ok(if same { vec![] } else { vec![integration::Changed { integration: id, settings }.into()] })
    }

    pub(super) fn remove_integration(&self, integration: IntegrationId) -> Result<Vec<TeamEvent>, Rejection> {
        match self.integrations.get(&integration) {
            Some(known) if !known.removed => Ok(vec![integration::Removed { integration }.into()]),
            _ => Err(Rejection::NoIntegration),
        }
    }

    pub(super) fn evolve_integrations(&mut self, event: &TeamEvent) {
        match event {
            TeamEvent::IntegrationCreated(created) => {
                let integration = Integration { settings: created.settings.clone(), removed: false };
                self.integrations.insert(created.integration, integration);
            }
            TeamEvent::IntegrationChanged(changed) => {
                if let Some(integration) = self.integrations.get_mut(&changed.integration) {
                    integration.settings = changed.settings.clone();
                }
            }
            TeamEvent::IntegrationRemoved(removed) => {
                if let Some(integration) = self.integrations.get_mut(&removed.integration) {
                    integration.removed = true;
                }
            }
            _ => {}
        }
    }
}
