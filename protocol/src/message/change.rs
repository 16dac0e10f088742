//! Changes of a group or a task in its history: messages of the type `change`.

use super::ChatType;
use crate::lang::Lang;
use events::ContactId;
use serde::{Deserialize, Serialize};

/// A change, its author and its values. Names are the ones at the time of the change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Kind of the change.
    pub what: ChangeKind,
    /// The contact that made the change.
    pub actor: ContactId,
    /// The contact concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whom: Option<ContactId>,
    /// The contact concerned before the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<ContactId>,
    /// The old value, or the name of the contact concerned before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// The new value, or the name of the contact concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
}

/// Kinds of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// The group or task was created; `new` is its title.
    Created,
    /// A contact joined.
    Joined,
    /// A contact was added.
    Added,
    /// A contact left.
    Left,
    /// A contact was removed.
    Removed,
    /// A member became an admin.
    MadeAdmin,
    /// An admin became an ordinary member.
    MadeMember,
    /// The title changed.
    Renamed,
    /// The description changed.
    Described,
    /// Settings changed.
    Settings,
    /// Groups only: an integration was added.
    IntegrationAdded,
    /// Groups only: an integration's settings changed.
    IntegrationChanged,
    /// Groups only: an integration was enabled.
    IntegrationStarted,
    /// Groups only: an integration was disabled.
    IntegrationStopped,
    /// Groups only: an integration was removed.
    IntegrationRemoved,
    /// Tasks only: the assignee changed.
    Assignee,
    /// Tasks only: the deadline changed.
    Deadline,
    /// Tasks only: the deadline was removed.
    NoDeadline,
    /// Tasks only: the task became visible to the team.
    MadePublic,
    /// Tasks only: the task became visible to its participants only.
    MadePrivate,
    /// Tasks only: the section changed.
    Section,
    /// Tasks only: the tags changed.
    Tags,
    /// Tasks only: the importance changed.
    Importance,
    /// Tasks only: the urgency changed.
    Urgency,
    /// Tasks only: the complexity changed.
    Complexity,
    /// Tasks only: the time spent changed.
    SpentTime,
    /// Tasks only: the files changed.
    Files,
    /// Tasks only: many observers changed at once.
    Observers,
    /// Tasks only: the status changed.
    Status,
    /// Tasks only: the task was completed; `new` is the reason.
    Done,
    /// Tasks only: the task was reopened.
    Reopened,
    /// Tasks only: the checklist changed.
    Checklist,
    /// Tasks only: a line of the checklist was checked.
    Ticked,
    /// Tasks only: a line of the checklist was unchecked.
    Unticked,
}

impl Change {
    /// The change in words, without values.
    pub fn title(&self, chat: ChatType, lang: Lang) -> &'static str {
        let (russian, english) = match (self.what, chat) {
            (ChangeKind::Created, ChatType::Task) => ("Задача создана", "The task was created"),
            (ChangeKind::Created, _) => ("Группа создана", "The group was created"),
            (ChangeKind::Joined, ChatType::Task) => ("Присоединился наблюдатель", "An observer has joined"),
            (ChangeKind::Joined, _) => ("Присоединился участник", "A member has joined"),
            (ChangeKind::Added, ChatType::Task) => ("Добавлен наблюдатель", "An observer was added"),
            (ChangeKind::Added, _) => ("Добавлен участник", "A member was added"),
            (ChangeKind::Left, ChatType::Task) => ("Наблюдатель вышел", "An observer has left"),
            (ChangeKind::Left, _) => ("Участник вышел", "A member has left"),
            (ChangeKind::Removed, ChatType::Task) => ("Удалён наблюдатель", "An observer was removed"),
            (ChangeKind::Removed, _) => ("Участник удалён", "A member was removed"),
            (ChangeKind::MadeAdmin, _) => ("Назначен администратор", "An admin was appointed"),
            (ChangeKind::MadeMember, _) => ("Снят администратор", "An admin was dismissed"),
            (ChangeKind::Renamed, _) => ("Название изменено", "The title has changed"),
            (ChangeKind::Described, _) => ("Описание изменено", "The description has changed"),
            (ChangeKind::Settings, _) => ("Настройки изменены", "The settings have changed"),
            (ChangeKind::IntegrationAdded, _) => ("Добавлена интеграция", "An integration was added"),
            (ChangeKind::IntegrationChanged, _) => ("Интеграция изменена", "An integration has changed"),
            (ChangeKind::IntegrationStarted, _) => ("Интеграция включена", "An integration was switched on"),
            (ChangeKind::IntegrationStopped, _) => {
                ("Интеграция выключена", "An integration was switched off")
            }
            (ChangeKind::IntegrationRemoved, _) => ("Интеграция удалена", "An integration was removed"),
            (ChangeKind::Assignee, _) => ("Исполнитель изменён", "The assignee has changed"),
            (ChangeKind::Deadline, _) => ("Срок изменён", "The deadline has changed"),
            (ChangeKind::NoDeadline, _) => ("Срок снят", "The deadline was removed"),
            (ChangeKind::MadePublic, _) => ("Задача открыта для всех", "The task was made public"),
            (ChangeKind::MadePrivate, _) => ("Задача скрыта от остальных", "The task was made private"),
            (ChangeKind::Section, _) => ("Проект изменён", "The section has changed"),
            (ChangeKind::Tags, _) => ("Теги изменены", "The tags have changed"),
            (ChangeKind::Importance, _) => ("Важность изменена", "The importance has changed"),
            (ChangeKind::Urgency, _) => ("Срочность изменена", "The urgency has changed"),
            (ChangeKind::Complexity, _) => ("Сложность изменена", "The complexity has changed"),
            (ChangeKind::SpentTime, _) => ("Затраченное время изменено", "The time spent has changed"),
            (ChangeKind::Files, _) => ("Файлы изменены", "The files have changed"),
            (ChangeKind::Observers, _) => ("Наблюдатели изменены", "The observers have changed"),
            (ChangeKind::Status, _) => ("Статус изменён", "The status has changed"),
            (ChangeKind::Done, _) => ("Задача завершена", "The task is done"),
            (ChangeKind::Reopened, _) => ("Задача открыта снова", "The task was opened again"),
            (ChangeKind::Checklist, _) => ("Чек-лист изменён", "The checklist has changed"),
            (ChangeKind::Ticked, _) => ("Пункт отмечен", "A line was ticked"),
            (ChangeKind::Unticked, _) => ("Отметка снята", "A line is open again"),
        };
        lang.pick(russian, english)
    }

    /// The change in words, with the old and the new value.
    pub fn text(&self, chat: ChatType, lang: Lang) -> String {
        let title = self.title(chat, lang);
        match (&self.old, &self.new) {
            (Some(old), Some(new)) => format!("{title}: {old} → {new}"),
            (Some(old), None) => format!("{title}: {old} → —"),
            (None, Some(new)) => format!("{title}: {new}"),
            (None, None) => title.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn change_text_is_rendered_in_both_languages() {
        let actor = ContactId(Uuid::from_u128(1));
        let nothing =
            Change { what: ChangeKind::Settings, actor, whom: None, was: None, old: None, new: None };
        let added =
            Change { what: ChangeKind::Added, new: Some("Вася Пупкин".into()), ..nothing.clone() };
        assert_eq!(added.text(ChatType::Group, Lang::Ru), "Добавлен участник: Вася Пупкин");
        let (old, new) = (Some("Раз".to_owned()), Some("Два".to_owned()));
        let renamed = Change { what: ChangeKind::Renamed, old, new, ..nothing.clone() };
        assert_eq!(renamed.text(ChatType::Group, Lang::En), "The title has changed: Раз → Два");
        assert_eq!(nothing.text(ChatType::Task, Lang::En), "The settings have changed");
        assert_eq!(added.text(ChatType::Task, Lang::Ru), "Добавлен наблюдатель: Вася Пупкин");
        let untagged = Change { what: ChangeKind::Tags, old: Some("дом".into()), ..nothing };
        assert_eq!(untagged.text(ChatType::Task, Lang::Ru), "Теги изменены: дом → —");
    }
}
