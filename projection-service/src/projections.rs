//! The dispatcher: applies events to rows, one file per noun. The matches are exhaustive, so a new event needs a decision
//! here. An event that changes rows of several nouns goes through `cascades.rs`; nouns do not call each other.

mod account;
mod cascades;
mod change_message;
mod chat;
mod chat_version;
mod contact;
mod device;
mod erasure;
mod icon;
mod insert_message;
mod integration;
mod invitation;
mod message;
mod message_key;
mod notices;
mod phone;
mod reading;
mod receipts;
mod remind;
mod section;
mod session;
mod tag;
mod task;
mod team;
mod totals;
mod upload;
mod waves;

use crate::{
    batch::{Batch, EventContext, stream_id},
    error::ProjectionError,
};
use events::{
    AccountEvent, AccountId, ChatEvent, Event, GroupId, MessageEvent, ReadingEvent, Recorded, TagEvent,
    TaskEvent, TeamEvent, TeamId, UploadsEvent,
};
use std::str::FromStr;

/// Applies events, with the same rows and notices as if they were applied one by one in log order.
pub(crate) async fn apply(batch: &mut Batch<'_>, events: &[Recorded<Event>]) -> Result<(), ProjectionError> {
    if let [single] = events {
        return apply_one(batch, single).await;
    }
    let wants_notices = events.iter().any(|recorded| batch.wants_notices(EventContext::of(recorded)));
    for wave in waves::plan(batch.db, events, wants_notices).await? {
        if !wave.posts.is_empty() {
            message::posted(batch, &wave.posts).await?;
        }
        if !wave.changes.is_empty() {
            message::changed(batch, &wave.changes).await?;
        }
        if !wave.marks.is_empty() {
            marked(batch, &wave.marks).await?;
        }
        for other in wave.others {
            apply_one(batch, other).await?;
        }
    }
    Ok(())
}

async fn marked(batch: &mut Batch<'_>, events: &[&Recorded<Event>]) -> Result<(), ProjectionError> {
    let marks = events.iter().filter_map(|recorded| match &recorded.event {
        Event::ReadingEvent(ReadingEvent::Marked(marked)) => Some((EventContext::of(recorded), marked)),
        _ => None,
    });
    reading::marked(batch, &marks.collect::<Vec<_>>()).await
}

async fn apply_one(batch: &mut Batch<'_>, recorded: &Recorded<Event>) -> Result<(), ProjectionError> {
    let ctx = EventContext::of(recorded);
    match &recorded.event {
        Event::PhoneEvent(event) => phone::apply(batch, recorded, event),
        Event::AccountEvent(event) => apply_account(batch, ctx, id_of(recorded)?, event).await?,
        Event::TeamEvent(event) => apply_team(batch, ctx, id_of(recorded)?, event).await?,
        Event::ChatEvent(event) => apply_chat(batch, ctx, id_of(recorded)?, event).await?,
        Event::MessageEvent(MessageEvent::Posted(_)) => message::posted(batch, &[recorded]).await?,
        Event::MessageEvent(_) => message::changed(batch, &[recorded]).await?,
        Event::UploadsEvent(event) => match event {
            UploadsEvent::Stored(stored) => upload::stored(batch, ctx, stored).await?,
            UploadsEvent::Attached(_) | UploadsEvent::AttachedToTask(_) => {} // the message or the task has an event too
            UploadsEvent::Removed(removed) => {
                cascades::file_removed(batch, ctx, id_of(recorded)?, removed).await?
            }
        },
        Event::ReadingEvent(event) => match event {
            ReadingEvent::Marked(marked) => reading::marked(batch, &[(ctx, marked)]).await?,
            ReadingEvent::SettingsChanged(changed) => reading::settings_changed(batch, ctx, changed).await?,
            ReadingEvent::DraftSaved(saved) => reading::draft_saved(batch, ctx, saved).await?,
        },
        Event::TaskEvent(event) => apply_task(batch, ctx, id_of(recorded)?, event).await?,
        Event::TagEvent(TagEvent::Created(created)) => tag::created(batch, ctx, created).await?,
        Event::TagEvent(TagEvent::Removed(removed)) => tag::removed(batch, ctx, removed).await?,
        Event::RemindEvent(event) => remind::apply(batch, ctx, id_of(recorded)?, event).await?,
        Event::ProjectionEvent(_) => {} // a ruling, see parking.rs
        Event::HistoryEvent(_) => {}    // about the log itself, see platform/src/guard.rs
        Event::CodesEvent(_) => {}      // counts login codes; only decisions need it
        Event::AuditEvent(_) => {}      // auditors read it from the log
    }
    Ok(())
}

/// The id in the name of the event's stream.
fn id_of<T: FromStr>(recorded: &Recorded<Event>) -> Result<T, ProjectionError> {
    stream_id(recorded).ok_or(ProjectionError::DanglingReference(recorded.position))
}

async fn apply_account(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    account: AccountId,
    event: &AccountEvent,
) -> Result<(), ProjectionError> {
    match event {
        AccountEvent::Registered(registered) => account::registered(batch, ctx, registered).await?,
        AccountEvent::Named(named) => account::named(batch, account, named).await?,
        AccountEvent::UiSettingsReplaced(replaced) => {
            account::ui_settings(batch, ctx, account, replaced).await?
        }
        AccountEvent::DeviceRegistered(device) => device::registered(batch, ctx, account, device).await?,
        AccountEvent::DeviceChanged(device) => device::changed(batch, account, device).await?,
        AccountEvent::DeviceRemoved(device) => device::removed(batch, account, device).await?,
        AccountEvent::AddressBookReplaced(book) => device::address_book(batch, account, book).await?,
        AccountEvent::SessionOpened(session) => session::opened(batch, ctx, account, session).await?,
        AccountEvent::SessionClosed(session) => session::closed(batch, ctx, account, session).await?,
        AccountEvent::QrOffered(offer) => session::qr_offered(batch, account, offer).await?,
        AccountEvent::QrUsed(used) => session::qr_used(batch, used).await?,
        AccountEvent::Erased(erased) => erasure::account_erased(batch, ctx, account, erased).await?,
        AccountEvent::Purged(_) => erasure::account_purged(batch, ctx, account).await?,
    }
    Ok(())
}

async fn apply_team(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    event: &TeamEvent,
) -> Result<(), ProjectionError> {
    match event {
        TeamEvent::Created(created) => cascades::team_created(batch, ctx, created).await?,
        TeamEvent::Changed(changed) => team::changed(batch, ctx, team, changed).await?,
        TeamEvent::Archived(_) => cascades::team_archived(batch, ctx, team).await?,
        TeamEvent::Erased(erased) => erasure::team_erased(batch, ctx, team, erased).await?,
        TeamEvent::Purged(_) => erasure::team_purged(batch, ctx, team).await?,
        TeamEvent::ContactAdded(added) => cascades::contact_added(batch, ctx, team, added).await?,
        TeamEvent::ContactStatusChanged(changed) => {
            cascades::contact_status_changed(batch, ctx, team, changed).await?
        }
        TeamEvent::ContactArchived(archived) => {
            cascades::contact_archived(batch, ctx, team, archived).await?
        }
        TeamEvent::ContactRestored(restored) => {
            cascades::contact_restored(batch, ctx, team, restored).await?
        }
        TeamEvent::ContactProfileChanged(changed) => {
            contact::profile_changed(batch, ctx, team, changed).await?
        }
        TeamEvent::ContactPreferencesChanged(changed) => {
            contact::preferences_changed(batch, ctx, team, changed).await?
        }
        TeamEvent::ContactSectionsSet(set) => contact::sections_set(batch, ctx, team, set).await?,
        TeamEvent::ContactInvitingAllowed(allowed) => {
            cascades::contact_inviting_allowed(batch, ctx, team, allowed).await?
        }
        TeamEvent::ContactConfirmed(confirmed) => contact::confirmed(batch, ctx, team, confirmed).await?,
        TeamEvent::ContactIconChanged(changed) => {
            icon::of_contact(batch, ctx, team, (changed.contact, Some(&changed.icon))).await?
        }
        TeamEvent::ContactIconRemoved(removed) => {
            icon::of_contact(batch, ctx, team, (removed.contact, None)).await?
        }
        TeamEvent::SectionChanged(changed) => section::changed(batch, ctx, team, changed).await?,
        TeamEvent::SectionRemoved(removed) => cascades::section_removed(batch, ctx, team, removed).await?,
        TeamEvent::SectionCreated(created) => section::created(batch, ctx, team, created).await?,
        TeamEvent::InvitationCreated(created) => invitation::created(batch, ctx, team, created).await?,
        TeamEvent::InvitationUsed(used) => invitation::used(batch, used).await?,
        TeamEvent::InvitationRevoked(revoked) => invitation::revoked(batch, revoked).await?,
        TeamEvent::IntegrationCreated(created) => integration::created(batch, ctx, team, created).await?,
        TeamEvent::IntegrationChanged(changed) => integration::changed(batch, ctx, team, changed).await?,
        TeamEvent::IntegrationRemoved(removed) => integration::removed(batch, ctx, team, removed).await?,
        TeamEvent::IconChanged(icon) => icon::changed(batch, ctx, team, icon).await?,
        TeamEvent::IconRemoved(_) => icon::removed(batch, ctx, team).await?,
    }
    Ok(())
}

async fn apply_chat(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    group: GroupId,
    event: &ChatEvent,
) -> Result<(), ProjectionError> {
    match event {
        ChatEvent::Created(created) => chat::created(batch, ctx, created).await?,
        ChatEvent::Changed(changed) => chat::changed(batch, ctx, group, changed).await?,
        ChatEvent::MemberSet(set) => chat::member_set(batch, ctx, group, set).await?,
        ChatEvent::MemberRemoved(removed) => {
            cascades::group_member_removed(batch, ctx, group, removed).await?
        }
        ChatEvent::Archived(_) => chat::archived(batch, ctx, group).await?,
    }
    Ok(())
}

async fn apply_task(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    task: GroupId,
    event: &TaskEvent,
) -> Result<(), ProjectionError> {
    match event {
        TaskEvent::Created(created) => task::created(batch, ctx, created).await?,
        TaskEvent::Changed(changed) => cascades::task_changed(batch, ctx, task, changed).await?,
        TaskEvent::StatusChanged(changed) => task::status_changed(batch, ctx, task, changed).await?,
        TaskEvent::ItemsReplaced(replaced) => task::items_replaced(batch, ctx, task, replaced).await?,
        TaskEvent::ItemChecked(checked) => task::item_checked(batch, ctx, task, checked).await?,
        TaskEvent::DeadlinePassed(passed) => task::deadline_passed(batch, ctx, task, passed).await?,
        TaskEvent::Archived(_) => task::archived(batch, ctx, task).await?,
    }
    Ok(())
}
