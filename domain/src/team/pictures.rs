//! Pictures of a team and of its people.

use super::{Rejection, Team};
use crate::policy;
use events::{AccountId, BlobId, ContactId, TeamEvent, contact, icon};

impl Team {
    /// Bytes that its files may have together, beside its picture.
    pub fn room(&self) -> u64 {
        let limit = self.settings.as_ref().map_or(0, |settings| settings.uploads_size_limit);
        limit.saturating_sub(self.icon.as_ref().map_or(0, |icon| icon.size))
    }

    /// Where its picture is stored.
    pub fn picture(&self) -> Option<BlobId> {
        self.icon.as_ref().map(|icon| icon.blob)
    }

    /// Where a contact's picture is stored.
    pub fn picture_of(&self, contact: ContactId) -> Option<BlobId> {
        self.contacts.get(&contact)?.icon.as_ref().map(|icon| icon.blob)
    }

    /// Where its picture and those of all who are or were in it are stored.
    pub fn pictures(&self) -> impl Iterator<Item = BlobId> + '_ {
        let people = self.contacts.values().filter_map(|contact| contact.icon.as_deref());
        self.icon.iter().chain(people).map(|icon| icon.blob)
    }

    /// Whether somebody may change the picture of a contact: their own, or that of those whom they rule.
    ///
    /// # Errors
    /// Why not.
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

    /// The picture of an account's contact goes, in a team that has ended or that they have left, too.
    pub(super) fn without_picture(&self, account: AccountId) -> Vec<TeamEvent> {
        self.contact_of(account).and_then(|contact| self.removed_picture(contact)).into_iter().collect()
    }

    fn removed_picture(&self, contact: ContactId) -> Option<TeamEvent> {
        self.picture_of(contact).map(|_| contact::IconRemoved { contact }.into())
    }
}
