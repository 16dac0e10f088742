//! Changes of a group or a task as its history tells them: messages of the type `change`.

use super::ChatType;
use crate::lang::Lang;
use events::ContactId;
use serde::{Deserialize, Serialize};

/// What has changed, by whom; names are those of that time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// What.
    pub what: ChangeKind,
    /// Who did it.
    pub actor: ContactId,
    /// Whom it concerns, where that is somebody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whom: Option<ContactId>,
    /// Whom it concerned before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<ContactId>,
    /// The old value, or the name of whom it concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// The new value, or the name of whom it concerns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
}

/// Kinds of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It came to be; `new` is its title.
    Created,
    /// Somebody joined by themselves.
    Joined,
    /// Somebody was added.
    Added,
    /// Somebody left.
    Left,
    /// Somebody was removed.
    Removed,
    /// Somebody became an admin.
    MadeAdmin,
    /// Somebody is an admin no more.
    MadeMember,
    /// It has another title.
    Renamed,
    /// It has another description.
    Described,
    /// It has other settings.
    Settings,
    /// A group: a program hears it, or writes into it, from now on.
    IntegrationAdded,
    /// A group: what a program may do there, or where it sends what it hears.
    IntegrationChanged,
    /// A group: a program hears it and writes into it again.
    IntegrationStarted,
    /// A group: a program neither hears it nor writes into it for the time being.
    IntegrationStopped,
    /// A group: a program has nothing to do with it any more.
    IntegrationRemoved,
    /// A task: somebody else is to do it.
    Assignee,
    /// A task: it is due at another time.
    Deadline,
    /// A task: it is due at no time any more.
    NoDeadline,
    /// A task: the team sees it.
    MadePublic,
    /// A task: only those see it whom it concerns.
    MadePrivate,
    /// A task: it is sorted into another section, or none.
    Section,
    /// A task: it has other tags.
    Tags,
    /// A task: how important it is.
    Importance,
    /// A task: how urgent.
    Urgency,
    /// A task: how complex.
    Complexity,
    /// A task: how much time went into it.
    SpentTime,
    /// A task: other files belong to it.
    Files,
    /// A task: many others follow it.
    Observers,
    /// A task: it stands elsewhere.
    Status,
    /// A task: it is done; `new` is why.
    Done,
    /// A task: it is open again.
    Reopened,
    /// A task: its checklist is another one.
    Checklist,
    /// A task: a line of its checklist was ticked.
    Ticked,
    /// A task: a line of its checklist is open again.
    Unticked,
}

impl Change {
    /// What has changed.
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
        match lang {
            Lang::Ru => russian,
            Lang::En => english,
        }
    }

    /// The whole of it in words.
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
    fn it_is_said_in_both_languages() {
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
