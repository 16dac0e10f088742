//! Tabs under which tasks are listed, as in the reference of 2019: their order, filters, sort orders and titles.

use super::{TaskFilterField, TaskSort, TaskTab, TaskTabKey};
use crate::{Jid, lang::Lang};

impl TaskTab {
    /// A tab with the number of tasks that it shows to a viewer.
    pub fn new(key: TaskTabKey, num_tasks: u32, unread_tasks: Vec<Jid>, lang: Lang) -> Self {
        let fields = ["assignee", "owner", "section", "tag"].into_iter();
        let fields = fields.filter(|field| match key {
            TaskTabKey::In => *field != "assignee",
            TaskTabKey::Out => *field != "owner",
            _ => true,
        });
        let sort: &[&str] = match key {
            TaskTabKey::Expired => &["deadline", "new", "old"],
            TaskTabKey::Done => &["done", "new", "old"],
            _ => &["activity", "deadline", "new", "old"],
        };
        Self {
            filters: fields
                .map(|field| TaskFilterField {
                    field: field.to_owned(),
                    title: title(field, lang).to_owned(),
                })
                .collect(),
            hide_empty: matches!(key, TaskTabKey::Expired | TaskTabKey::Copy | TaskTabKey::Done),
            key,
            num_tasks,
            pagination: key == TaskTabKey::Done,
            show_counter: key != TaskTabKey::Done,
            sort: sort
                .iter()
                .map(|key| TaskSort { key: (*key).to_owned(), title: title(key, lang).to_owned() })
                .collect(),
            title: tab_title(key, lang).to_owned(),
            unread_tasks,
        }
    }
}

fn tab_title(key: TaskTabKey, lang: Lang) -> &'static str {
    let (russian, english) = match key {
        TaskTabKey::Active => ("Активные", "Active"),
        TaskTabKey::Expired => ("Просроченные", "Expired"),
        TaskTabKey::In => ("Входящие", "Incoming"),
        TaskTabKey::Out => ("Исходящие", "Outgoing"),
        TaskTabKey::Copy => ("В копии", "Copy"),
        TaskTabKey::Done => ("Завершённые", "Done"),
    };
    lang.pick(russian, english)
}

fn title(word: &str, lang: Lang) -> &'static str {
    let (russian, english) = match word {
        "assignee" => ("Исполнитель", "Assignee"),
        "owner" => ("Постановщик", "Owner"),
        "section" => ("Проект", "Section"),
        "tag" => ("Тег", "Tag"),
        "activity" => ("По активности", "By activity"),
        "deadline" => ("По сроку", "By deadline"),
        "done" => ("По завершению", "By completion"),
        "new" => ("Сначала новые", "New first"),
        _ => ("Сначала старые", "Old first"),
    };
    lang.pick(russian, english)
}

#[cfg(test)]
mod tests {
    use super::{Lang, TaskTab, TaskTabKey};

    #[test]
    fn tabs_have_the_flags_of_the_reference() {
        let of = |key| TaskTab::new(key, 0, vec![], Lang::Ru);
        let fields = |key| of(key).filters.into_iter().map(|one| one.field).collect::<Vec<_>>();
        let sorts = |key| of(key).sort.into_iter().map(|one| one.key).collect::<Vec<_>>();
        assert_eq!(fields(TaskTabKey::Active), ["assignee", "owner", "section", "tag"]);
        assert_eq!(fields(TaskTabKey::In), ["owner", "section", "tag"]);
        assert_eq!(fields(TaskTabKey::Out), ["assignee", "section", "tag"]);
        assert_eq!(sorts(TaskTabKey::Active), ["activity", "deadline", "new", "old"]);
        assert_eq!(sorts(TaskTabKey::Expired), ["deadline", "new", "old"]);
        assert_eq!(sorts(TaskTabKey::Done), ["done", "new", "old"]);
        for key in TaskTabKey::ALL {
            let hidden = [TaskTabKey::Expired, TaskTabKey::Copy, TaskTabKey::Done].contains(&key);
            let done = key == TaskTabKey::Done;
            let tab = of(key);
            assert_eq!((tab.hide_empty, tab.pagination, tab.show_counter), (hidden, done, !done), "{key:?}");
        }
    }
}
