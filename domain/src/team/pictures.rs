//! The pictures of a team and of its contacts.

use super::{Rejection, Team};
use crate::policy;
use events::{AccountId, BlobId, ContactId, TeamEvent, contact, icon};

impl Team {
    /// The storage available to files, without the team's picture, bytes.
    pub fn room(&self) -> u64 {
        let limit = self.settings.as_ref().map_or(0, |settings| settings.uploads_size_limit);
        limit.saturating_sub(self.icon.as_ref().map_or(0, |icon| icon.size))
    }

    /// The blob of the team's picture.
    pub fn picture(&self) -> Option<BlobId> {
        self.icon.as_ref().map(|icon| icon.blob)
    }

    /// The blob of a contact's picture.
    pub fn picture_of(&self, contact: ContactId) -> Option<BlobId> {
        self.contacts.get(&contact)?.icon.as_ref().map(|icon| icon.blob)
    }

    /// The blobs of the team's picture and of the pictures of all present and former contacts.
    pub fn pictures(&self) -> impl Iterator<Item = BlobId> + '_ {
        let people = self.contacts.values().filter_map(|contact| contact.icon.as_deref());
        self.icon.iter().chain(people).map(|icon| icon.blob)
    }

    /// Checks that the actor may change a contact's picture: its own, or that of a contact whose status it may assign.
    pub fn may_picture(&self, actor: ContactId, contact: ContactId) -> Result<(), Rejection> {
        let by = self.acting(actor)?;
        if self.is_bot(contact) {
            return Err(Rejection::NotAllowed);
        }
        let known = self.live_contact(contact).ok_or(Rejection::NoContact)?;
        let fields = policy::changeable_now(by.status, known.status, actor == contact);
        if fields.contains(&policy::ICONS) { Ok(()) } else { Err(Rejection::NotAllowed) }
    }

    pub(super) fn set_icon(&self, icon: icon::Changed) -> Result<Vec<TeamEvent>, Rejection> {
        match &self.settings {
            _ if self.icon.as_ref() == Some(&icon) => Ok(vec![]),
            Some(settings) if icon.size > settings.uploads_size_limit => Err(Rejection::QuotaExceeded),
            _ => Ok(vec![icon.into()]),
        }
    }

    pub(super) fn set_contact_icon(
        &self,
        actor: ContactId,
        contact: ContactId,
        icon: icon::Changed,
    ) -> Result<Vec<TeamEvent>, Rejection> {
        self.may_picture(actor, contact)?;
        let same = self.picture_of(contact) == Some(icon.blob);
        Ok(if same { vec![] } else { vec![contact::IconChanged { contact, icon }.into()] })
    }

    pub(super) fn remove_contact_icon(
        &self,
        actor: ContactId,
        contact: ContactId,
    ) -> Result<Vec<TeamEvent>, Rejection> {
        self.may_picture(actor, contact)?;
        Ok(self.removed_picture(contact).into_iter().collect())
    }

    /// Removes the picture of an account's contact, even if the team is archived or the contact has left.
    pub(super) fn without_picture(&self, account: AccountId) -> Vec<TeamEvent> {
        self.contact_of(account).and_then(|contact| self.removed_picture(contact)).into_iter().collect()
    }

    fn removed_picture(&self, contact: ContactId) -> Option<TeamEvent> {
        self.picture_of(contact).map(|_| contact::IconRemoved { contact }.into())
    }
}
