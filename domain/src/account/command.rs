//! What may be asked of an account, and why not.

use chrono::{DateTime, Utc};
use events::{
    AccountId, SessionId, TeamId, account, device,
    value::{DeviceKind, SessionEnd, SessionKind},
};
use uuid::Uuid;

/// A login to be recorded.
#[derive(Clone, Debug)]
pub struct Login {
    /// The new session.
    pub session: SessionId,
    /// How it came about.
    pub kind: SessionKind,
    /// Keyed hash of its token, hex.
    pub token_hash: String,
    /// When it ends at the latest.
    pub expires: DateTime<Utc>,
    /// The device that it names; a cookie login names none.
    pub device: Option<NamedDevice>,
}

/// A device as a login names it.
#[derive(Clone, Debug)]
pub struct NamedDevice {
    /// Chosen by the client.
    pub device_id: String,
    /// Its kind.
    pub kind: DeviceKind,
    /// Its title.
    pub name: String,
}

/// A change of some settings of a device.
#[derive(Clone, Debug, Default)]
pub struct DeviceChange {
    /// New kind.
    pub kind: Option<DeviceKind>,
    /// New title.
    pub name: Option<String>,
    /// New token for pushes.
    pub notification_token: Option<String>,
    /// New token for VoIP pushes.
    pub voip_notification_token: Option<String>,
    /// Pushes on or off.
    pub allowed_notifications: Option<bool>,
    /// Silent pushes on or off.
    pub data_pushes: Option<bool>,
}

/// What may be asked.
#[derive(Clone, Debug)]
pub enum Command {
    /// The account shall exist.
    Register {
        /// Its id.
        account: AccountId,
        /// `+` and digits.
        phone: String,
        /// Keyed hash of the phone, hex.
        phone_hash: String,
        /// The team that it is registered for. The names that the team gives stay in the team.
        added_by: Option<TeamId>,
    },
    /// The person calls themselves so; what is not said stays.
    TakeName {
        /// First name.
        given_name: Option<String>,
        /// Last name.
        family_name: Option<String>,
    },
    /// Somebody proved to be the owner.
    LogIn(Login),
    /// A session shall end, by its own wish.
    LogOut(SessionId),
    /// A session shall end.
    EndSession {
        /// The session.
        session: SessionId,
        /// Why.
        reason: SessionEnd,
    },
    /// All sessions but this one shall end.
    EndOtherSessions(SessionId),
    /// A session shows a QR code to log in another device.
    OfferQr {
        /// The offer.
        offer: Uuid,
        /// Who shows it.
        session: SessionId,
        /// Keyed hash of the temporary token, hex.
        token_hash: String,
        /// Until when.
        valid_until: DateTime<Utc>,
    },
    /// Another device scanned the code.
    UseQr {
        /// Keyed hash of the token it found, hex.
        token_hash: String,
        /// The login it leads to.
        login: Login,
        /// When.
        now: DateTime<Utc>,
    },
    /// A device shall have these settings, whether it existed or not.
    PutDevice {
        /// Which device.
        device_id: String,
        /// Its settings, whole.
        settings: device::Settings,
    },
    /// Some settings of an existing device shall change.
    ChangeDevice {
        /// Which device.
        device_id: String,
        /// What changes.
        change: DeviceChange,
    },
    /// A device shall be gone, and its sessions with it; with the last one, all sessions.
    RemoveDevice {
        /// Which device.
        device_id: String,
    },
    /// The client settings shall be these.
    ReplaceUiSettings(String),
    /// The person shall be forgotten.
    Erase(account::Erased),
    /// They are forgotten.
    Purge(account::Purged),
    /// The address book of a device shall be this.
    ReplaceAddressBook {
        /// Which device.
        device_id: String,
        /// A JSON array of objects.
        contacts: String,
        /// Numbers in it that were not in the account's books before.
        new_numbers: u32,
        /// When.
        now: DateTime<Utc>,
    },
}

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The account does not exist.
    NoAccount,
    /// The device does not exist.
    NoDevice,
    /// Too many devices.
    TooManyDevices,
    /// The session is over.
    NoSession,
    /// The QR code is unknown, used or expired, or its session is over.
    NoOffer,
    /// Too many new numbers in one day.
    TooManyNumbers,
}
