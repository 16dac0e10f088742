//! Why somebody may read a conversation and not write there: the reason of refusals, and `cant_send_message_reason` of views.

use super::{Lang, text::pick};
use events::chat::ChatRef;

/// See the file's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// The other side of a direct chat is not in the team any more.
    Former,
    /// Only admins write into the group.
    Channel,
    /// The group is seen from outside.
    Outside,
    /// The task is none of the viewer's.
    Unconcerned,
}

impl Silence {
    /// Why somebody who may read a conversation may not write there; `member`: is in it.
    pub fn of(chat: ChatRef, member: bool) -> Self {
        match chat {
            ChatRef::Direct(..) => Self::Former,
            ChatRef::Group(_) if member => Self::Channel,
            ChatRef::Group(_) => Self::Outside,
            ChatRef::Task(_) => Self::Unconcerned,
        }
    }

    /// The sentence in a language.
    pub fn render(self, lang: Lang) -> &'static str {
        match self {
            Self::Former => {
                pick(lang, "Контакт больше не в команде", "The contact is not in the team any more")
            }
            Self::Channel => pick(
                lang,
                "В эту группу пишут только её администраторы",
                "Only its admins write into this group",
            ),
            Self::Outside => {
                pick(lang, "Чтобы писать в группу, вступите в неё", "Join the group to write into it")
            }
            Self::Unconcerned => pick(
                lang,
                "В задачу пишут постановщик, исполнитель и наблюдатели",
                "Its owner, assignee and observers write into a task",
            ),
        }
    }
}
