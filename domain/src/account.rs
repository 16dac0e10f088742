//! Rules of an account: registration, sessions, QR logins, devices, settings (`docs/acceptance.md`, items 16 to 44).

mod command;

pub use command::{Command, DeviceChange, Login, NamedDevice, Rejection};

use crate::{Aggregate, limits};
use chrono::{DateTime, NaiveDate, Utc};
use events::{
    AccountEvent, AccountId, Personal, ReceiptId, SessionId, account, address_book, device, session,
    value::SessionEnd,
};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The state of an account.
#[derive(Clone, Debug, Default)]
pub struct Account {
    id: Option<AccountId>,
    phone_hash: String,
    erased: Option<ReceiptId>,
    purged: bool,
    devices: BTreeMap<String, device::Settings>,
    sessions: BTreeMap<SessionId, OpenSession>,
    offers: BTreeMap<Uuid, Offer>,
    /// The person's own name, if set.
    name: Option<account::Named>,
    ui_settings: Option<Personal<String>>,
    address_books: BTreeMap<String, Personal<String>>,
    /// Day of the last look-up of new numbers, and their count on that day.
    numbers_looked_up: Option<(NaiveDate, u32)>,
}

#[derive(Clone, Debug)]
struct OpenSession {
    device_id: Option<String>,
}

#[derive(Clone, Debug)]
struct Offer {
    session: SessionId,
    token_hash: String,
    valid_until: DateTime<Utc>,
    used_by: Option<SessionId>,
}

impl Account {
    pub fn exists(&self) -> bool {
        self.id.is_some()
    }

    /// Keyed hash of the phone, hex; the id of the phone's stream.
    pub fn phone_hash(&self) -> &str {
        &self.phone_hash
    }

    /// The receipt of the erasure, if the account is erased.
    pub fn erased(&self) -> Option<ReceiptId> {
        self.erased
    }

    /// Closes all sessions and begins the erasure.
    fn erase(&self, erased: account::Erased) -> Vec<AccountEvent> {
        let ended = self
            .sessions
            .keys()
            .map(|session| session::Closed { session: *session, reason: SessionEnd::Erased }.into());
        ended.chain([erased.into()]).collect()
    }

    pub fn device(&self, device_id: &str) -> Option<&device::Settings> {
        self.devices.get(device_id)
    }

    fn owned<T>(&self, value: T) -> Result<Personal<T>, Rejection> {
        self.id.map(|id| Personal::of_account(id, value)).ok_or(Rejection::NoAccount)
    }

    /// Registers or updates the device of the login, then opens the session.
    fn log_in(&self, login: Login) -> Result<Vec<AccountEvent>, Rejection> {
        if self.sessions.contains_key(&login.session) {
            return Ok(vec![]);
        }
        let mut events = vec![];
        let device_id = login.device.as_ref().map(|device| device.device_id.clone());
        if let Some(named) = login.device {
            let settings = match self.devices.get(&named.device_id) {
                Some(known) => {
                    device::Settings { kind: named.kind, name: self.owned(named.name)?, ..known.clone() }
                }
                None => device::Settings {
                    kind: named.kind,
                    name: self.owned(named.name)?,
                    notification_token: self.owned(String::new())?,
                    voip_notification_token: self.owned(String::new())?,
                    allowed_notifications: true,
                    data_pushes: false,
                },
            };
            events.extend(self.put_device(named.device_id, settings)?);
        }
        events.push(
            session::Opened {
                session: login.session,
                kind: login.kind,
                token_hash: login.token_hash,
                device_id: device_id.map(|id| self.owned(id)).transpose()?,
                expires: login.expires,
            }
            .into(),
        );
        Ok(events)
    }

    fn put_device(
        &self,
        device_id: String,
        settings: device::Settings,
    ) -> Result<Vec<AccountEvent>, Rejection> {
        match self.devices.get(&device_id) {
            Some(known) if *known == settings => Ok(vec![]),
            None if self.devices.len() >= limits::DEVICES => Err(Rejection::TooManyDevices),
            _ => Ok(vec![device::Registered { device_id: self.owned(device_id)?, settings }.into()]),
        }
    }

    /// `None` leaves a part of the name unchanged.
    fn take_name(
        &self,
        given_name: Option<String>,
        family_name: Option<String>,
    ) -> Result<Vec<AccountEvent>, Rejection> {
        let known = match &self.name {
            Some(known) => known.clone(),
            None => account::Named {
                given_name: self.owned(String::new())?,
                family_name: self.owned(String::new())?,
            },
        };
        let taken = |new: Option<String>, known: &Personal<String>| match new {
            Some(new) => self.owned(new),
            None => Ok(known.clone()),
        };
        let named = account::Named {
            given_name: taken(given_name, &known.given_name)?,
            family_name: taken(family_name, &known.family_name)?,
        };
        Ok(if named == known { vec![] } else { vec![named.into()] })
    }

    fn change_device(&self, device_id: String, change: DeviceChange) -> Result<Vec<AccountEvent>, Rejection> {
        let known = self.devices.get(&device_id).ok_or(Rejection::NoDevice)?;
        let mut settings = known.clone();
        settings.kind = change.kind.unwrap_or(settings.kind);
        settings.allowed_notifications =
            change.allowed_notifications.unwrap_or(settings.allowed_notifications);
        settings.data_pushes = change.data_pushes.unwrap_or(settings.data_pushes);
        for (field, new) in [
            (&mut settings.name, change.name),
            (&mut settings.notification_token, change.notification_token),
            (&mut settings.voip_notification_token, change.voip_notification_token),
        ] {
            if let Some(new) = new {
                *field = self.owned(new)?;
            }
        }
        if settings == *known {
            return Ok(vec![]);
        }
        Ok(vec![device::Changed { device_id: self.owned(device_id)?, settings }.into()])
    }

    fn remove_device(&self, device_id: String) -> Result<Vec<AccountEvent>, Rejection> {
        if !self.devices.contains_key(&device_id) {
            return Err(Rejection::NoDevice);
        }
        // Removing the last device also closes the sessions of browsers and programs.
        let all = self.devices.len() == 1;
        let closed = self.sessions.iter().filter_map(|(id, open)| {
            let reason = match open.device_id.as_ref() == Some(&device_id) {
                true => SessionEnd::DeviceRemoved,
                false if all => SessionEnd::DevicesRemoved,
                false => return None,
            };
            Some(session::Closed { session: *id, reason }.into())
        });
        let removed = device::Removed { device_id: self.owned(device_id.clone())? };
        Ok(closed.chain([removed.into()]).collect())
    }

    fn use_qr(
        &self,
        token_hash: &str,
        login: Login,
        now: DateTime<Utc>,
    ) -> Result<Vec<AccountEvent>, Rejection> {
        let (id, offer) =
            self.offers.iter().find(|(_, offer)| offer.token_hash == token_hash).ok_or(Rejection::NoOffer)?;
        match offer.used_by {
            Some(by) if by == login.session => return Ok(vec![]),
            Some(_) => return Err(Rejection::NoOffer),
            None => {}
        }
        if now >= offer.valid_until || !self.sessions.contains_key(&offer.session) {
            return Err(Rejection::NoOffer);
        }
        let used = session::QrUsed { offer: *id, session: login.session }.into();
        Ok([used].into_iter().chain(self.log_in(login)?).collect())
    }
}

impl Aggregate for Account {
    type Command = Command;
    type Event = AccountEvent;
    type Rejection = Rejection;

    fn initial() -> Self {
        Self::default()
    }

    fn decide(&self, command: Command) -> Result<Vec<AccountEvent>, Rejection> {
        if let Command::Register { account, phone, phone_hash, added_by } = command {
            let own = |value| Personal::of_account(account, value);
            let (phone, given_name, family_name) = (own(phone), own(String::new()), own(String::new()));
            let registered =
                account::Registered { account, phone, phone_hash, given_name, family_name, added_by };
            return Ok(if self.exists() { vec![] } else { vec![registered.into()] });
        }
        match command {
            // Erased accounts are terminal: repeats are no-ops, everything else is rejected.
            Command::Erase(_) if self.erased.is_some() => return Ok(vec![]),
            Command::Purge(purged) => {
                let due = self.erased == Some(purged.receipt) && !self.purged;
                return Ok(if due { vec![purged.into()] } else { vec![] });
            }
            _ if !self.exists() || self.erased.is_some() => return Err(Rejection::NoAccount),
            Command::Erase(erased) => return Ok(self.erase(erased)),
            _ => {}
        }
        match command {
            Command::Register { .. } | Command::Erase(_) | Command::Purge(_) => Ok(vec![]), // answered above
            Command::LogIn(login) => self.log_in(login),
            Command::LogOut(session) => Ok(match self.sessions.contains_key(&session) {
                true => vec![session::Closed { session, reason: SessionEnd::Logout }.into()],
                false => vec![],
            }),
            Command::EndSession { session, reason } => match self.sessions.contains_key(&session) {
                true => Ok(vec![session::Closed { session, reason }.into()]),
                false => Err(Rejection::NoSession),
            },
            Command::EndOtherSessions(but) => {
                let others = self.sessions.keys().filter(|session| **session != but);
                let closed = |session: &SessionId| {
                    session::Closed { session: *session, reason: SessionEnd::Ended }.into()
                };
                Ok(others.map(closed).collect())
            }
            Command::OfferQr { offer, session, token_hash, valid_until } => {
                if !self.sessions.contains_key(&session) {
                    return Err(Rejection::NoSession);
                }
                let known = self.offers.contains_key(&offer);
                let offered = session::QrOffered { offer, session, token_hash, valid_until };
                Ok(if known { vec![] } else { vec![offered.into()] })
            }
            Command::UseQr { token_hash, login, now } => self.use_qr(&token_hash, login, now),
            Command::PutDevice { device_id, settings } => self.put_device(device_id, settings),
            Command::ChangeDevice { device_id, change } => self.change_device(device_id, change),
            Command::RemoveDevice { device_id } => self.remove_device(device_id),
            Command::TakeName { given_name, family_name } => self.take_name(given_name, family_name),
            Command::ReplaceUiSettings(settings) => {
                let settings = self.owned(settings)?;
                let same = self.ui_settings.as_ref() == Some(&settings);
                Ok(if same { vec![] } else { vec![account::UiSettingsReplaced { settings }.into()] })
            }
            Command::ReplaceAddressBook { device_id, contacts, new_numbers, now } => {
                if !self.devices.contains_key(&device_id) {
                    return Err(Rejection::NoDevice);
                }
                let contacts = self.owned(contacts)?;
                if self.address_books.get(&device_id) == Some(&contacts) {
                    return Ok(vec![]);
                }
                let today = now.date_naive();
                let (day, looked_up) = self.numbers_looked_up.unwrap_or((today, 0));
                let before = if day == today { looked_up } else { 0 };
                if before.saturating_add(new_numbers) > limits::ADDRESS_BOOK_NEW_PER_DAY {
                    return Err(Rejection::TooManyNumbers);
                }
                let device_id = self.owned(device_id)?;
                Ok(vec![address_book::Replaced { device_id, contacts, new_numbers, day: today }.into()])
            }
        }
    }

    fn evolve(&mut self, event: &AccountEvent) {
        match event {
            AccountEvent::Registered(registered) => {
                self.id = Some(registered.account);
                self.phone_hash.clone_from(&registered.phone_hash);
            }
            AccountEvent::Named(named) => self.name = Some(named.clone()),
            AccountEvent::Erased(erased) => {
                let (id, phone_hash) = (self.id, std::mem::take(&mut self.phone_hash));
                *self = Self { id, phone_hash, erased: Some(erased.receipt), ..Self::default() };
            }
            AccountEvent::Purged(_) => self.purged = true,
            AccountEvent::UiSettingsReplaced(replaced) => self.ui_settings = Some(replaced.settings.clone()),
            AccountEvent::DeviceRegistered(device::Registered { device_id, settings })
            | AccountEvent::DeviceChanged(device::Changed { device_id, settings }) => {
                self.devices.insert(device_id.or_default(), settings.clone());
            }
            AccountEvent::DeviceRemoved(removed) => {
                let device_id = removed.device_id.or_default();
                self.devices.remove(&device_id);
                self.address_books.remove(&device_id);
            }
            AccountEvent::AddressBookReplaced(book) => {
                let earlier =
                    self.numbers_looked_up.filter(|(day, _)| *day == book.day).map_or(0, |(_, count)| count);
                self.numbers_looked_up = Some((book.day, earlier.saturating_add(book.new_numbers)));
                self.address_books.insert(book.device_id.or_default(), book.contacts.clone());
            }
            AccountEvent::SessionOpened(opened) => {
                let device_id = opened.device_id.as_ref().map(Personal::or_default);
                self.sessions.insert(opened.session, OpenSession { device_id });
            }
            AccountEvent::SessionClosed(closed) => {
                self.sessions.remove(&closed.session);
                self.offers.retain(|_, offer| offer.session != closed.session);
            }
            AccountEvent::QrOffered(offered) => {
                // A session has one live offer: a new one replaces the old.
                self.offers.retain(|_, offer| offer.session != offered.session);
                let session::QrOffered { offer, session, token_hash, valid_until } = offered.clone();
                self.offers.insert(offer, Offer { session, token_hash, valid_until, used_by: None });
            }
            AccountEvent::QrUsed(used) => {
                if let Some(offer) = self.offers.get_mut(&used.offer) {
                    offer.used_by = Some(used.session);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
