//! Reasons why somebody may read a chat but not write to it: texts of refusals and of `cant_send_message_reason`.

use super::Lang;
use events::chat::ChatRef;

/// The reason why a reader of a chat may not write to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadOnlyReason {
    /// The other contact of the direct chat has left the team.
    FormerContact,
    /// Only admins may write to the group.
    AdminsOnly,
    /// The reader is not a member of the group.
    NotAMember,
    /// The reader is not a participant of the task.
    NotAParticipant,
}

impl ReadOnlyReason {
    /// The reason for a chat; `member`: the reader is in it.
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
                lang.pick("Контакт больше не в команде", "The contact is not in the team any more")
            }
            Self::AdminsOnly => lang
                .pick("В эту группу пишут только её администраторы", "Only its admins write into this group"),
            Self::NotAMember => {
                lang.pick("Чтобы писать в группу, вступите в неё", "Join the group to write into it")
            }
            Self::NotAParticipant => lang.pick(
                "В задачу пишут постановщик, исполнитель и наблюдатели",
                "Its owner, assignee and observers write into a task",
            ),
        }
    }
}
