//! Changes of a group as its history tells them: messages of the type `change` (`protocol.md` 4.9).

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
    /// The old value.
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
}

impl Change {
    /// What has changed.
    pub fn title(&self, chat: ChatType, lang: Lang) -> &'static str {
        let (russian, english) = match (self.what, chat) {
            (ChangeKind::Created, ChatType::Task) => ("Задача создана", "The task was created"),
            (ChangeKind::Created, _) => ("Группа создана", "The group was created"),
            (ChangeKind::Joined, _) => ("Присоединился участник", "A member has joined"),
            (ChangeKind::Added, _) => ("Добавлен участник", "A member was added"),
            (ChangeKind::Left, _) => ("Участник вышел", "A member has left"),
            (ChangeKind::Removed, _) => ("Участник удалён", "A member was removed"),
            (ChangeKind::MadeAdmin, _) => ("Назначен администратор", "An admin was appointed"),
            (ChangeKind::MadeMember, _) => ("Снят администратор", "An admin was dismissed"),
            (ChangeKind::Renamed, _) => ("Название изменено", "The title has changed"),
            (ChangeKind::Described, _) => ("Описание изменено", "The description has changed"),
            (ChangeKind::Settings, _) => ("Настройки изменены", "The settings have changed"),
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
            (None, Some(new)) => format!("{title}: {new}"),
            (_, None) => title.to_owned(),
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
        let added =
            Change {
                what: ChangeKind::Added, actor, whom: None, old: None, new: Some("Вася Пупкин".into())
            };
        assert_eq!(added.text(ChatType::Group, Lang::Ru), "Добавлен участник: Вася Пупкин");
        let (old, new) = (Some("Раз".to_owned()), Some("Два".to_owned()));
        let renamed = Change { what: ChangeKind::Renamed, actor, whom: None, old, new };
        assert_eq!(renamed.text(ChatType::Group, Lang::En), "The title has changed: Раз → Два");
        let settings = Change { what: ChangeKind::Settings, actor, whom: None, old: None, new: None };
        assert_eq!(settings.text(ChatType::Task, Lang::En), "The settings have changed");
    }
}
