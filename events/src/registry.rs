//! The registry of events: stored name → type, grouped by the category of stream that holds them.

use crate::{
    account, address_book, audit, chat, codes, contact, device, history, icon, integration, invitation,
    message, phone, projection, reading, remind, section, session, tag, task, team, upload,
};
use schemars::{Schema, schema_for};
use serde_json::Value;

macro_rules! stored_events {
    ($($(#[$doc:meta])* $group:ident in $category:literal {
        $($(#[$vdoc:meta])* $variant:ident($payload:ty) = $name:literal),+ $(,)?
    })+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq)]
            #[allow(clippy::large_enum_variant, reason = "few events exist at a time, and most are of the larger kinds")]
            pub enum $group {
                $(#[doc = concat!("`", $name, "`")] $(#[$vdoc])* $variant($payload),)+
            }

            impl $group {
                /// Stored name with its version.
                pub const fn kind(&self) -> &'static str {
                    match self { $(Self::$variant(_) => $name),+ }
                }
            }

            $(impl From<$payload> for $group {
                fn from(payload: $payload) -> Self { Self::$variant(payload) }
            })+
        )+

        /// Any event.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Event {
            $($(#[$doc])* $group($group),)+
        }

        $(impl From<$group> for Event {
            fn from(event: $group) -> Self { Self::$group(event) }
        }

        impl TryFrom<Event> for $group {
            /// The event itself, if it belongs to another group.
            type Error = Event;
            fn try_from(event: Event) -> Result<Self, Event> {
                match event { Event::$group(event) => Ok(event), other => Err(other) }
            }
        })+

        impl Event {
            /// All stored names, in the order of the registry.
            pub const KINDS: &'static [&'static str] = &[$($($name,)+)+];

            /// Stored name with its version.
            pub const fn kind(&self) -> &'static str {
                match self { $(Self::$group(event) => event.kind()),+ }
            }

            /// Category of the streams that hold it.
            pub const fn category(&self) -> &'static str {
                match self { $(Self::$group(_) => $category),+ }
            }

            /// Payload as JSON with clear personal values.
            pub fn payload(&self) -> serde_json::Result<Value> {
                match self { $($(Self::$group($group::$variant(payload)) => serde_json::to_value(payload),)+)+ }
            }

            /// Decodes an event from its stored name and payload; `None` if the name is unknown.
            pub fn parse(kind: &str, payload: Value) -> Option<serde_json::Result<Self>> {
                Some(match kind {
                    $($($name => serde_json::from_value::<$payload>(payload).map(|p| Self::$group($group::$variant(p))),)+)+
                    _ => return None,
                })
            }

            /// JSON Schema of a payload; `None` if the name is unknown.
            pub fn schema(kind: &str) -> Option<Schema> {
                Some(match kind {
                    $($($name => schema_for!($payload),)+)+
                    _ => return None,
                })
            }
        }
    };
}

stored_events! {
    /// Events of a `phone` stream.
    PhoneEvent in "phone" {
        Claimed(phone::Claimed) = "phone.claimed.v1",
        Released(phone::Released) = "phone.released.v1",
        CodeRequested(phone::CodeRequested) = "login_code.requested.v1",
        CodeRejected(phone::CodeRejected) = "login_code.rejected.v1",
        CodeUsed(phone::CodeUsed) = "login_code.used.v1",
    }
    /// Events of a `codes` stream.
    CodesEvent in "codes" {
        Allowed(codes::Allowed) = "login_codes.allowed.v1",
        Entered(codes::Entered) = "login_codes.entered.v1",
        Withheld(codes::Withheld) = "login_codes.withheld.v1",
    }
    /// Events of an `account` stream.
    AccountEvent in "account" {
        Registered(account::Registered) = "account.registered.v1",
        Named(account::Named) = "account.named.v1",
        UiSettingsReplaced(account::UiSettingsReplaced) = "ui_settings.replaced.v1",
        DeviceRegistered(device::Registered) = "device.registered.v1",
        DeviceChanged(device::Changed) = "device.changed.v1",
        DeviceRemoved(device::Removed) = "device.removed.v1",
        AddressBookReplaced(address_book::Replaced) = "address_book.replaced.v1",
        SessionOpened(session::Opened) = "session.opened.v1",
        SessionClosed(session::Closed) = "session.closed.v1",
        QrOffered(session::QrOffered) = "qr_login.offered.v1",
        QrUsed(session::QrUsed) = "qr_login.used.v1",
        Erased(account::Erased) = "account.erased.v1",
        Purged(account::Purged) = "account.purged.v1",
    }
    /// Events of a `team` stream.
    TeamEvent in "team" {
        Created(team::Created) = "team.created.v1",
        Changed(team::Changed) = "team.changed.v1",
        Archived(team::Archived) = "team.archived.v1",
        Erased(team::Erased) = "team.erased.v1",
        Purged(team::Purged) = "team.purged.v1",
        ContactAdded(contact::Added) = "contact.added.v1",
        ContactStatusChanged(contact::StatusChanged) = "contact.status_changed.v1",
        ContactArchived(contact::Archived) = "contact.archived.v1",
        ContactRestored(contact::Restored) = "contact.restored.v1",
        ContactProfileChanged(contact::ProfileChanged) = "contact.profile_changed.v1",
        ContactPreferencesChanged(contact::PreferencesChanged) = "contact.preferences_changed.v1",
        ContactSectionsSet(contact::SectionsSet) = "contact.sections_set.v1",
        ContactInvitingAllowed(contact::InvitingAllowed) = "contact.inviting_allowed.v1",
        ContactConfirmed(contact::Confirmed) = "contact.confirmed.v1",
        ContactIconChanged(contact::IconChanged) = "contact.icon_changed.v1",
        ContactIconRemoved(contact::IconRemoved) = "contact.icon_removed.v1",
        SectionCreated(section::Created) = "section.created.v1",
        SectionChanged(section::Changed) = "section.changed.v1",
        SectionRemoved(section::Removed) = "section.removed.v1",
        InvitationCreated(invitation::Created) = "invitation.created.v1",
        InvitationUsed(invitation::Used) = "invitation.used.v1",
        InvitationRevoked(invitation::Revoked) = "invitation.revoked.v1",
        IntegrationCreated(integration::Created) = "integration.created.v1",
        IntegrationChanged(integration::Changed) = "integration.changed.v1",
        IntegrationRemoved(integration::Removed) = "integration.removed.v1",
        IconChanged(icon::Changed) = "icon.changed.v1",
        IconRemoved(icon::Removed) = "icon.removed.v1",
    }
    /// Events of a `chat` stream.
    ChatEvent in "chat" {
        Created(chat::Created) = "group.created.v1",
        Changed(chat::Changed) = "group.changed.v1",
        MemberSet(chat::MemberSet) = "group.member_set.v1",
        MemberRemoved(chat::MemberRemoved) = "group.member_removed.v1",
        Archived(chat::Archived) = "group.archived.v1",
    }
    /// Events of a `message` stream.
    MessageEvent in "message" {
        Posted(message::Posted) = "message.posted.v1",
        Edited(message::Edited) = "message.edited.v1",
        Deleted(message::Deleted) = "message.deleted.v1",
        ReactionSet(message::ReactionSet) = "message.reaction_set.v1",
        ReactionRemoved(message::ReactionRemoved) = "message.reaction_removed.v1",
    }
    /// Events of an `uploads` stream.
    UploadsEvent in "uploads" {
        Stored(upload::Stored) = "upload.stored.v1",
        Attached(upload::Attached) = "upload.attached.v1",
        AttachedToTask(upload::AttachedToTask) = "upload.attached_to_task.v1",
        Removed(upload::Removed) = "upload.removed.v1",
    }
    /// Events of a `read` stream.
    ReadingEvent in "read" {
        Marked(reading::Marked) = "reading.marked.v1",
        SettingsChanged(reading::SettingsChanged) = "chat.settings_changed.v1",
        DraftSaved(reading::DraftSaved) = "chat.draft_saved.v1",
    }
    /// Events of a `task` stream.
    TaskEvent in "task" {
        Created(task::Created) = "task.created.v1",
        Changed(task::Changed) = "task.changed.v1",
        StatusChanged(task::StatusChanged) = "task.status_changed.v1",
        ItemsReplaced(task::ItemsReplaced) = "task.items_replaced.v1",
        ItemChecked(task::ItemChecked) = "task.item_checked.v1",
        DeadlinePassed(task::DeadlinePassed) = "task.deadline_passed.v1",
        Archived(task::Archived) = "task.archived.v1",
    }
    /// Events of a `tags` stream.
    TagEvent in "tags" {
        Created(tag::Created) = "tag.created.v1",
        Removed(tag::Removed) = "tag.removed.v1",
    }
    /// Events of a `remind` stream.
    RemindEvent in "remind" {
        Set(remind::Set) = "remind.set.v1",
        Fired(remind::Fired) = "remind.fired.v1",
        Removed(remind::Removed) = "remind.removed.v1",
    }
    /// Events of the `projection` stream.
    ProjectionEvent in "projection" {
        Retried(projection::Retried) = "projection.retried.v1",
        Skipped(projection::Skipped) = "projection.skipped.v1",
    }
    /// Events of the `history` stream.
    HistoryEvent in "history" {
        Guarded(history::Guarded) = "history.guarded.v1",
        LineageAccepted(history::LineageAccepted) = "history.lineage_accepted.v1",
    }
    /// Events of an `audit` stream.
    AuditEvent in "audit" {
        Read(audit::Read) = "audit.read.v1",
    }
}
