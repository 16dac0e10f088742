//! Event → rows: one file a noun. Exhaustive: a new event forces a decision here.

mod account;
mod change;
mod chat;
mod contact;
mod device;
mod erasure;
mod icon;
mod integration;
mod invitation;
mod layers;
mod message;
mod phone;
mod reading;
mod remind;
mod section;
mod seen;
mod session;
mod tag;
mod task;
mod team;
mod upload;

pub(crate) use message::leads_to;
pub(crate) use session::UNKNOWN_DEVICE;

use crate::{
    batch::{At, Batch},
    projector::ProjectionError,
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
    let told = events.iter().any(|recorded| batch.is_told(At::of(recorded)));
    for layer in layers::layers(batch.db, events, told).await? {
        if !layer.posts.is_empty() {
            message::posted(batch, &layer.posts).await?;
        }
        if !layer.changes.is_empty() {
            message::changed(batch, &layer.changes).await?;
        }
        if !layer.marks.is_empty() {
            marked(batch, &layer.marks).await?;
        }
        for other in layer.others {
            one(batch, other).await?;
        }
    }
    Ok(())
}

async fn marked(batch: &mut Batch<'_>, events: &[&Recorded<Event>]) -> Result<(), ProjectionError> {
    let marks = events.iter().filter_map(|recorded| match &recorded.event {
        Event::ReadingEvent(ReadingEvent::Marked(marked)) => Some((At::of(recorded), marked)),
        _ => None,
    });
    reading::marked(batch, &marks.collect::<Vec<_>>()).await
}

async fn one(batch: &mut Batch<'_>, recorded: &Recorded<Event>) -> Result<(), ProjectionError> {
    let at = At::of(recorded);
    match &recorded.event {
        Event::PhoneEvent(event) => phone::apply(batch, recorded, event),
        Event::AccountEvent(event) => of_account(batch, at, owner(recorded)?, event).await?,
        Event::TeamEvent(event) => of_team(batch, at, owner(recorded)?, event).await?,
        Event::ChatEvent(event) => of_chat(batch, at, owner(recorded)?, event).await?,
        Event::MessageEvent(MessageEvent::Posted(_)) => message::posted(batch, &[recorded]).await?,
        Event::MessageEvent(_) => message::changed(batch, &[recorded]).await?,
        Event::UploadsEvent(event) => match event {
            UploadsEvent::Stored(stored) => upload::stored(batch, at, stored).await?,
            UploadsEvent::Attached(_) | UploadsEvent::AttachedToTask(_) => {} // the message or the task says so too
            UploadsEvent::Removed(removed) => upload::removed(batch, at, owner(recorded)?, removed).await?,
        },
        Event::ReadingEvent(event) => match event {
            ReadingEvent::Marked(marked) => reading::marked(batch, &[(at, marked)]).await?,
            ReadingEvent::SettingsChanged(changed) => reading::settings_changed(batch, at, changed).await?,
            ReadingEvent::DraftSaved(saved) => reading::draft_saved(batch, at, saved).await?,
        },
        Event::TaskEvent(event) => task::apply(batch, at, owner(recorded)?, event).await?,
        Event::TagEvent(TagEvent::Created(created)) => tag::created(batch, at, created).await?,
        Event::TagEvent(TagEvent::Removed(removed)) => tag::removed(batch, at, removed).await?,
        Event::RemindEvent(event) => remind::apply(batch, at, owner(recorded)?, event).await?,
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
    stream.id().parse().map_err(|_| ProjectionError::Dangling(recorded.position))
}

async fn of_account(
    batch: &mut Batch<'_>,
    at: At<'_>,
    account: AccountId,
    event: &AccountEvent,
) -> Result<(), ProjectionError> {
    match event {
        AccountEvent::Registered(registered) => account::registered(batch, at, registered).await?,
        AccountEvent::Named(named) => account::named(batch, account, named).await?,
        AccountEvent::UiSettingsReplaced(replaced) => {
            account::ui_settings(batch, at, account, replaced).await?
        }
        AccountEvent::DeviceRegistered(device) => device::registered(batch, at, account, device).await?,
        AccountEvent::DeviceChanged(device) => device::changed(batch, account, device).await?,
        AccountEvent::DeviceRemoved(device) => device::removed(batch, account, device).await?,
        AccountEvent::AddressBookReplaced(book) => device::address_book(batch, account, book).await?,
        AccountEvent::SessionOpened(session) => session::opened(batch, at, account, session).await?,
        AccountEvent::SessionClosed(session) => session::closed(batch, at, account, session).await?,
        AccountEvent::QrOffered(offer) => session::qr_offered(batch, account, offer).await?,
        AccountEvent::QrUsed(used) => session::qr_used(batch, used).await?,
        AccountEvent::Erased(erased) => erasure::account_erased(batch, at, account, erased).await?,
        AccountEvent::Purged(_) => erasure::account_purged(batch, at, account).await?,
    }
    Ok(())
}

async fn of_team(
    batch: &mut Batch<'_>,
    at: At<'_>,
    team: TeamId,
    event: &TeamEvent,
) -> Result<(), ProjectionError> {
    match event {
        TeamEvent::Created(created) => team::created(batch, at, created).await?,
        TeamEvent::Changed(changed) => team::changed(batch, at, team, changed).await?,
        TeamEvent::Archived(_) => team::archived(batch, at, team).await?,
        TeamEvent::Erased(erased) => erasure::team_erased(batch, at, team, erased).await?,
        TeamEvent::Purged(_) => erasure::team_purged(batch, at, team).await?,
        TeamEvent::ContactAdded(added) => contact::added(batch, at, team, added).await?,
        TeamEvent::ContactStatusChanged(changed) => contact::status_changed(batch, at, team, changed).await?,
        TeamEvent::ContactArchived(archived) => contact::archived(batch, at, team, archived).await?,
        TeamEvent::ContactRestored(restored) => contact::restored(batch, at, team, restored).await?,
        TeamEvent::ContactProfileChanged(changed) => {
            contact::profile_changed(batch, at, team, changed).await?
        }
        TeamEvent::ContactPreferencesChanged(changed) => {
            contact::preferences_changed(batch, at, team, changed).await?
        }
        TeamEvent::ContactSectionsSet(set) => contact::sections_set(batch, at, team, set).await?,
        TeamEvent::ContactInvitingAllowed(allowed) => {
            contact::inviting_allowed(batch, at, team, allowed).await?
        }
        TeamEvent::ContactConfirmed(confirmed) => contact::confirmed(batch, at, team, confirmed).await?,
        TeamEvent::ContactIconChanged(changed) => {
            icon::of_contact(batch, at, team, (changed.contact, Some(&changed.icon))).await?
        }
        TeamEvent::ContactIconRemoved(removed) => {
            icon::of_contact(batch, at, team, (removed.contact, None)).await?
        }
        TeamEvent::SectionChanged(changed) => section::changed(batch, at, team, changed).await?,
        TeamEvent::SectionRemoved(removed) => section::removed(batch, at, team, removed).await?,
        TeamEvent::SectionCreated(created) => section::created(batch, at, team, created).await?,
        TeamEvent::InvitationCreated(created) => invitation::created(batch, at, team, created).await?,
        TeamEvent::InvitationUsed(used) => invitation::used(batch, used).await?,
        TeamEvent::InvitationRevoked(revoked) => invitation::revoked(batch, revoked).await?,
        TeamEvent::IntegrationCreated(created) => integration::created(batch, at, team, created).await?,
        TeamEvent::IntegrationChanged(changed) => integration::changed(batch, at, team, changed).await?,
        TeamEvent::IntegrationRemoved(removed) => integration::removed(batch, at, team, removed).await?,
        TeamEvent::IconChanged(icon) => icon::changed(batch, at, team, icon).await?,
        TeamEvent::IconRemoved(_) => icon::removed(batch, at, team).await?,
    }
    Ok(())
}

async fn of_chat(
    batch: &mut Batch<'_>,
    at: At<'_>,
    group: GroupId,
    event: &ChatEvent,
) -> Result<(), ProjectionError> {
    match event {
        ChatEvent::Created(created) => chat::created(batch, at, created).await?,
        ChatEvent::Changed(changed) => chat::changed(batch, at, group, changed).await?,
        ChatEvent::MemberSet(set) => chat::member_set(batch, at, group, set).await?,
        ChatEvent::MemberRemoved(removed) => chat::member_removed(batch, at, group, removed).await?,
        ChatEvent::Archived(_) => chat::archived(batch, at, group).await?,
    }
    Ok(())
}
