//! Event → rows: one file a noun. Exhaustive: a new event forces a decision here.

mod account;
mod change_message;
mod chat;
mod contact;
mod device;
mod erasure;
mod icon;
mod integration;
mod invitation;
mod message;
mod phone;
mod reading;
mod receipts;
mod remind;
mod section;
mod session;
mod tag;
mod task;
mod team;
mod upload;
mod waves;

use crate::{
    batch::{Batch, EventContext},
    error::ProjectionError,
};
use events::{
    AccountEvent, AccountId, ChatEvent, Event, GroupId, MessageEvent, ReadingEvent, Recorded, StreamName,
    TagEvent, TeamEvent, TeamId, UploadsEvent,
};
use std::str::FromStr;

/// Applies events so that rows and notices come out as if each had been applied by itself, in the order of the log.
pub(crate) async fn apply(batch: &mut Batch<'_>, events: &[Recorded<Event>]) -> Result<(), ProjectionError> {
    if let [single] = events {
        return one(batch, single).await;
    }
    let told = events.iter().any(|recorded| batch.wants_notices(EventContext::of(recorded)));
    for wave in waves::plan(batch.db, events, told).await? {
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
            one(batch, other).await?;
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

async fn one(batch: &mut Batch<'_>, recorded: &Recorded<Event>) -> Result<(), ProjectionError> {
    let ctx = EventContext::of(recorded);
    match &recorded.event {
        Event::PhoneEvent(event) => phone::apply(batch, recorded, event),
        Event::AccountEvent(event) => of_account(batch, ctx, owner(recorded)?, event).await?,
        Event::TeamEvent(event) => of_team(batch, ctx, owner(recorded)?, event).await?,
        Event::ChatEvent(event) => of_chat(batch, ctx, owner(recorded)?, event).await?,
        Event::MessageEvent(MessageEvent::Posted(_)) => message::posted(batch, &[recorded]).await?,
        Event::MessageEvent(_) => message::changed(batch, &[recorded]).await?,
        Event::UploadsEvent(event) => match event {
            UploadsEvent::Stored(stored) => upload::stored(batch, ctx, stored).await?,
            UploadsEvent::Attached(_) | UploadsEvent::AttachedToTask(_) => {} // the message or the task says so too
            UploadsEvent::Removed(removed) => upload::removed(batch, ctx, owner(recorded)?, removed).await?,
        },
        Event::ReadingEvent(event) => match event {
            ReadingEvent::Marked(marked) => reading::marked(batch, &[(ctx, marked)]).await?,
            ReadingEvent::SettingsChanged(changed) => reading::settings_changed(batch, ctx, changed).await?,
            ReadingEvent::DraftSaved(saved) => reading::draft_saved(batch, ctx, saved).await?,
        },
        Event::TaskEvent(event) => task::apply(batch, ctx, owner(recorded)?, event).await?,
        Event::TagEvent(TagEvent::Created(created)) => tag::created(batch, ctx, created).await?,
        Event::TagEvent(TagEvent::Removed(removed)) => tag::removed(batch, ctx, removed).await?,
        Event::RemindEvent(event) => remind::apply(batch, ctx, owner(recorded)?, event).await?,
        Event::ProjectionEvent(_) => {} // it rules about the projection, see parking.rs
        Event::HistoryEvent(_) => {}    // it tells of the log itself, see platform's guard
        Event::CodesEvent(_) => {} // how many were sent is decided on in the stream, and concerns nobody's rows
        Event::AuditEvent(_) => {} // clients are shown nothing of it; auditors find it in the log
    }
    Ok(())
}

/// The id that a stream's name carries.
fn owner<T: FromStr>(recorded: &Recorded<Event>) -> Result<T, ProjectionError> {
    let stream: &StreamName = &recorded.stream;
    stream.id().parse().map_err(|_| ProjectionError::DanglingReference(recorded.position))
}

async fn of_account(
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

async fn of_team(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    event: &TeamEvent,
) -> Result<(), ProjectionError> {
    match event {
        TeamEvent::Created(created) => team::created(batch, ctx, created).await?,
        TeamEvent::Changed(changed) => team::changed(batch, ctx, team, changed).await?,
        TeamEvent::Archived(_) => team::archived(batch, ctx, team).await?,
        TeamEvent::Erased(erased) => erasure::team_erased(batch, ctx, team, erased).await?,
        TeamEvent::Purged(_) => erasure::team_purged(batch, ctx, team).await?,
        TeamEvent::ContactAdded(added) => contact::added(batch, ctx, team, added).await?,
        TeamEvent::ContactStatusChanged(changed) => {
            contact::status_changed(batch, ctx, team, changed).await?
        }
        TeamEvent::ContactArchived(archived) => contact::archived(batch, ctx, team, archived).await?,
        TeamEvent::ContactRestored(restored) => contact::restored(batch, ctx, team, restored).await?,
        TeamEvent::ContactProfileChanged(changed) => {
            contact::profile_changed(batch, ctx, team, changed).await?
        }
        TeamEvent::ContactPreferencesChanged(changed) => {
            contact::preferences_changed(batch, ctx, team, changed).await?
        }
        TeamEvent::ContactSectionsSet(set) => contact::sections_set(batch, ctx, team, set).await?,
        TeamEvent::ContactInvitingAllowed(allowed) => {
            contact::inviting_allowed(batch, ctx, team, allowed).await?
        }
        TeamEvent::ContactConfirmed(confirmed) => contact::confirmed(batch, ctx, team, confirmed).await?,
        TeamEvent::ContactIconChanged(changed) => {
            icon::of_contact(batch, ctx, team, (changed.contact, Some(&changed.icon))).await?
        }
        TeamEvent::ContactIconRemoved(removed) => {
            icon::of_contact(batch, ctx, team, (removed.contact, None)).await?
        }
        TeamEvent::SectionChanged(changed) => section::changed(batch, ctx, team, changed).await?,
        TeamEvent::SectionRemoved(removed) => section::removed(batch, ctx, team, removed).await?,
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

async fn of_chat(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    group: GroupId,
    event: &ChatEvent,
) -> Result<(), ProjectionError> {
    match event {
        ChatEvent::Created(created) => chat::created(batch, ctx, created).await?,
        ChatEvent::Changed(changed) => chat::changed(batch, ctx, group, changed).await?,
        ChatEvent::MemberSet(set) => chat::member_set(batch, ctx, group, set).await?,
        ChatEvent::MemberRemoved(removed) => chat::member_removed(batch, ctx, group, removed).await?,
        ChatEvent::Archived(_) => chat::archived(batch, ctx, group).await?,
    }
    Ok(())
}
