//! Notices that events of several nouns emit, and the audience of a chat's notices.

use crate::batch::{Batch, EventContext};
use events::{AccountId, ContactId, GroupId, SectionId, TeamId, chat::ChatRef, value::SectionKind};
use protocol::notice::{Audience, Notice, Scope};
use uuid::Uuid;

/// The team has changed.
pub(super) fn team_updated(batch: &mut Batch<'_>, ctx: EventContext<'_>, team: TeamId) {
    batch.emit(ctx, Scope::Team(team), Audience::All, Notice::TeamUpdated { team });
}

/// The team has changed as one account sees it. All sockets of the account get this, whichever team they are for.
pub(super) fn team_updated_for(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    account: AccountId,
) {
    batch.emit(ctx, Scope::Account(account), Audience::All, Notice::TeamUpdated { team });
}

pub(super) fn contacts_updated(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    contacts: Vec<ContactId>,
) {
    batch.emit(ctx, Scope::Team(team), Audience::All, Notice::ContactsUpdated { team, contacts });
}

/// The group has changed; `joined` are the contacts that follow it from now on.
pub(super) fn group_updated(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    group: GroupId,
    joined: Vec<ContactId>,
) {
    batch.emit(ctx, Scope::Team(team), Audience::Group(group), Notice::GroupUpdated { group, joined });
}

/// The task has changed; `joined` are the contacts that follow it from now on.
pub(super) fn task_updated(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    task: GroupId,
    joined: Vec<ContactId>,
) {
    batch.emit(ctx, Scope::Team(team), Audience::Group(task), Notice::TaskUpdated { task, joined });
}

/// All sections of a team, for an account that has just joined it.
pub(super) async fn all_sections(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    account: AccountId,
) -> Result<(), sqlx::Error> {
    for of in SectionKind::ALL {
        let sections: Vec<Uuid> = sqlx::query_scalar(
            "SELECT uid FROM section WHERE team = $1 AND kind = $2 ORDER BY sort_ordering, uid",
        )
        .bind(team.0)
        .bind(of.word())
        .fetch_all(&mut *batch.db)
        .await?;
        if !sections.is_empty() {
            let sections = sections.into_iter().map(SectionId).collect();
            let notice = Notice::SectionsUpdated { team, of: *of, sections };
            batch.emit(ctx, Scope::Account(account), Audience::All, notice);
        }
    }
    Ok(())
}

/// The audience of a chat's notices.
pub(super) fn chat_audience(chat: ChatRef) -> Audience {
    match chat {
        ChatRef::Group(group) | ChatRef::Task(group) => Audience::Group(group),
        ChatRef::Direct(a, b) if a == b => Audience::Contacts(vec![a]),
        ChatRef::Direct(a, b) => Audience::Contacts(vec![a, b]),
    }
}
