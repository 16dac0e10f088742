//! Why somebody may read a conversation and not write there: the reason of refusals, and `cant_send_message_reason` of views.

use super::{Lang, text::pick};
use events::chat::ChatRef;

/// See the file's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadOnlyReason {
    /// The other side of a direct chat is not in the team any more.
    FormerContact,
    /// Only admins write into the group.
    AdminsOnly,
    /// The group is seen from outside.
    NotAMember,
    /// The task is none of the viewer's.
    NotAParticipant,
}

impl ReadOnlyReason {
    /// Why somebody who may read a conversation may not write there; `member`: is in it.
    pub fn of(chat: ChatRef, member: bool) -> Self {
        match chat {
            ChatRef::Direct(..) => Self::FormerContact,
            ChatRef::Group(_) if member => Self::AdminsOnly,
            ChatRef::Group(_) => Self::NotAMember,
            ChatRef::Task(_) => Self::NotAParticipant,
        }
    }

    /// The sentence in a language.
    pub fn render(self, lang: Lang) -> &'static str {
        match self {
            Self::FormerContact => {
                pick(lang, "Контакт больше не в команде", "The contact is not in the team any more")
            }
            Self::AdminsOnly => pick(
                lang,
                "В эту группу пишут только её администраторы",
                "Only its admins write into this group",
            ),
            Self::NotAMember => {
                pick(lang, "Чтобы писать в группу, вступите в неё", "Join the group to write into it")
            }
            Self::NotAParticipant => pick(
                lang,
                "В задачу пишут постановщик, исполнитель и наблюдатели",
                "Its owner, assignee and observers write into a task",
            ),
        }
    }
}
