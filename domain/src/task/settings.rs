//! The settings of a task: applying a change, and comparing.

use super::Change;
use events::{ContactId, Personal, TeamId, task::Settings};
use std::collections::BTreeSet;

/// Applies a change.
pub(super) fn changed(team: TeamId, now: &Settings, change: Change) -> Settings {
    let now = now.clone();
    let description = change.description.map(|text| Personal::of_team(team, text));
    Settings {
        description: description.unwrap_or(now.description),
        assignee: change.assignee.unwrap_or(now.assignee),
        observers: change.observers.unwrap_or(now.observers),
        public: change.public.unwrap_or(now.public),
        deadline: change.deadline.unwrap_or(now.deadline),
        tags: change.tags.unwrap_or(now.tags),
        section: change.section.unwrap_or(now.section),
        color_index: change.color_index.unwrap_or(now.color_index),
        importance: change.importance.unwrap_or(now.importance),
        urgency: change.urgency.unwrap_or(now.urgency),
        complexity: change.complexity.unwrap_or(now.complexity),
        spent_time: change.spent_time.unwrap_or(now.spent_time),
        linked_messages: change.linked_messages.unwrap_or(now.linked_messages),
        uploads: change.uploads.unwrap_or(now.uploads),
    }
}

/// Removes duplicate observers, tags, messages and files, and the owner and the assignee from the observers.
pub(super) fn tidy(mut settings: Settings, owner: ContactId) -> Settings {
    let mut seen = BTreeSet::from([owner, settings.assignee]);
    settings.observers.retain(|observer| seen.insert(*observer));
    let mut seen = BTreeSet::new();
    settings.tags.retain(|tag| seen.insert(*tag));
    let mut seen = BTreeSet::new();
    settings.linked_messages.retain(|message| seen.insert(*message));
    let mut seen = BTreeSet::new();
    settings.uploads.retain(|upload| seen.insert(*upload));
    settings
}

/// The names of the fields that differ.
pub(super) fn differences(before: &Settings, after: &Settings) -> Vec<&'static str> {
    let compared = [
        ("description", before.description == after.description),
        ("assignee", before.assignee == after.assignee),
        ("observers", before.observers == after.observers),
        ("public", before.public == after.public),
        ("deadline", before.deadline == after.deadline),
        ("tags", before.tags == after.tags),
        ("section", before.section == after.section),
        ("custom_color_index", before.color_index == after.color_index),
        ("importance", before.importance == after.importance),
        ("urgency", before.urgency == after.urgency),
        ("complexity", before.complexity == after.complexity),
        ("spent_time", before.spent_time == after.spent_time),
        ("linked_messages", before.linked_messages == after.linked_messages),
        ("uploads", before.uploads == after.uploads),
    ];
    compared.into_iter().filter(|(_, same)| !same).map(|(field, _)| field).collect()
}

/// Whether the observers differ in one contact at most.
pub(super) fn only(contact: ContactId, before: &Settings, after: &Settings) -> bool {
    let set = |settings: &Settings| settings.observers.iter().copied().collect::<BTreeSet<_>>();
    set(before).symmetric_difference(&set(after)).all(|changed| *changed == contact)
}
