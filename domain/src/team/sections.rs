//! The sections of a team, which sort its contacts, groups and tasks; each section has one kind.

use super::{Rejection, SectionChange, Team};
use crate::limits;
use events::{Personal, SectionId, TeamEvent, section, value::SectionKind};

#[derive(Clone, Debug)]
pub(super) struct Section {
    kind: SectionKind,
    name: Personal<String>,
    description: Option<Personal<String>>,
    sort_ordering: u32,
    removed: bool,
}

impl Team {
    pub(super) fn live_section(&self, kind: SectionKind, section: SectionId) -> Result<&Section, Rejection> {
        let known = self.sections.get(&section).filter(|known| !known.removed && known.kind == kind);
        known.ok_or(Rejection::NoSection)
    }

    pub(super) fn create_section(
        &self,
        (kind, section): (SectionKind, SectionId),
        name: String,
        description: String,
        sort_ordering: Option<u32>,
    ) -> Result<Vec<TeamEvent>, Rejection> {
        if self.sections.contains_key(&section) {
            return Ok(vec![]);
        }
        let live = || self.sections.values().filter(|known| !known.removed && known.kind == kind);
        if live().count() >= limits::SECTIONS {
            return Err(Rejection::TooMany { what: "sections", max: limits::SECTIONS });
        }
        let last_place = || live().map(|known| known.sort_ordering.saturating_add(1)).max().unwrap_or(0);
        let sort_ordering = sort_ordering.unwrap_or_else(last_place).min(limits::SORT_ORDERING);
        let name = self.own(name)?;
        let description = if description.is_empty() { None } else { Some(self.own(description)?) };
        Ok(vec![section::Created { section, name, sort_ordering, description, kind }.into()])
    }

    pub(super) fn change_section(
        &self,
        (kind, section): (SectionKind, SectionId),
        change: SectionChange,
    ) -> Result<Vec<TeamEvent>, Rejection> {
        let known = self.live_section(kind, section)?;
        let before = section::Changed {
            section,
            name: known.name.clone(),
            description: known.description.clone().map_or_else(|| self.own(String::new()), Ok)?,
            sort_ordering: known.sort_ordering,
        };
        let changed = section::Changed {
            section,
            name: change.name.map_or_else(|| Ok(before.name.clone()), |name| self.own(name))?,
            description: change
                .description
                .map_or_else(|| Ok(before.description.clone()), |description| self.own(description))?,
            sort_ordering: change.sort_ordering.unwrap_or(before.sort_ordering),
        };
        Ok(if changed == before { vec![] } else { vec![changed.into()] })
    }

    pub(super) fn evolve_sections(&mut self, event: &TeamEvent) {
        match event {
            TeamEvent::SectionCreated(created) => {
                let section::Created { section, name, sort_ordering, description, kind } = created.clone();
                let known = Section { kind, name, description, sort_ordering, removed: false };
                self.sections.insert(section, known);
            }
            TeamEvent::SectionChanged(changed) => {
                if let Some(section) = self.sections.get_mut(&changed.section) {
                    section.name = changed.name.clone();
                    section.description = Some(changed.description.clone());
                    section.sort_ordering = changed.sort_ordering;
                }
            }
            TeamEvent::SectionRemoved(removed) => {
                if let Some(section) = self.sections.get_mut(&removed.section) {
                    section.removed = true;
                }
                for contact in self.contacts.values_mut() {
                    contact.sections.retain(|section| *section != removed.section);
                }
            }
            _ => {}
        }
    }
}
