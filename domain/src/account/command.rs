//! The commands of an account, and why they are rejected.

use chrono::{DateTime, Utc};
use events::{
    AccountId, SessionId, TeamId, account, device,
    value::{DeviceKind, SessionEnd, SessionKind},
};
use uuid::Uuid;

/// A login.
#[derive(Clone, Debug)]
pub struct Login {
    pub session: SessionId,
    /// How the login was made.
    pub kind: SessionKind,
    /// Keyed hash of the session's token, hex.
    pub token_hash: String,
    /// The session ends at this time at the latest.
    pub expires: DateTime<Utc>,
    /// The client's device; a cookie login has none.
    pub device: Option<NamedDevice>,
}

/// The device of a login.
#[derive(Clone, Debug)]
pub struct NamedDevice {
    /// Chosen by the client.
    pub device_id: String,
    pub kind: DeviceKind,
    pub name: String,
}

/// A change of device settings; `None` leaves a setting unchanged.
#[derive(Clone, Debug, Default)]
pub struct DeviceChange {
    pub kind: Option<DeviceKind>,
    pub name: Option<String>,
    pub notification_token: Option<String>,
    pub voip_notification_token: Option<String>,
    pub allowed_notifications: Option<bool>,
    pub data_pushes: Option<bool>,
}

/// The commands.
#[derive(Clone, Debug)]
pub enum Command {
    /// Registers the account.
    Register {
        account: AccountId,
        /// `+` and digits.
        phone: String,
        /// Keyed hash of the phone, hex.
        phone_hash: String,
        /// The team that adds the person. The name that the team gives is the contact's, not the account's.
        added_by: Option<TeamId>,
    },
    /// Sets the person's own name; `None` leaves a part unchanged.
    TakeName { given_name: Option<String>, family_name: Option<String> },
    /// Opens a session after proof of ownership.
    LogIn(Login),
    /// Closes a session at the request of its own client.
    LogOut(SessionId),
    /// Closes a session.
    EndSession {
        session: SessionId,
        /// Why.
        reason: SessionEnd,
    },
    /// Closes all sessions but this one.
    EndOtherSessions(SessionId),
    /// Offers a QR code that logs in another device.
    OfferQr {
        offer: Uuid,
        /// The session that shows the code.
        session: SessionId,
        /// Keyed hash of the temporary token, hex.
        token_hash: String,
        valid_until: DateTime<Utc>,
    },
    /// Logs in the device that has scanned the code.
    UseQr {
        /// Keyed hash of the scanned token, hex.
        token_hash: String,
        login: Login,
        now: DateTime<Utc>,
    },
    /// Creates or replaces a device.
    PutDevice { device_id: String, settings: device::Settings },
    /// Changes an existing device.
    ChangeDevice { device_id: String, change: DeviceChange },
    /// Removes a device and closes its sessions; with the last device, all sessions.
    RemoveDevice { device_id: String },
    /// Replaces the client settings.
    ReplaceUiSettings(String),
    /// Begins the erasure.
    Erase(account::Erased),
    /// Completes the erasure.
    Purge(account::Purged),
    /// Replaces the address book of a device.
    ReplaceAddressBook {
        device_id: String,
        /// A JSON array of objects.
        contacts: String,
        /// Numbers that were in none of the account's address books before.
        new_numbers: u32,
        now: DateTime<Utc>,
    },
}

/// Why a command is rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The account does not exist.
    NoAccount,
    /// The device does not exist.
    NoDevice,
    /// Too many devices.
    TooManyDevices,
    /// The session does not exist, or is closed.
    NoSession,
    /// The QR code is unknown, used or expired, or its session is closed.
    NoOffer,
    /// Too many new numbers in one day.
    TooManyNumbers,
}
