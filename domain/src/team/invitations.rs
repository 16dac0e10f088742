//! The invitations of a team, and who comes in with one.

use super::{NewContact, Rejection, Team, contacts::added};
use crate::limits;
use events::{
    AccountId, InvitationId, TeamEvent, contact, invitation,
    value::{ContactOrigin, ContactStatus},
};

#[derive(Clone, Debug)]
pub(super) struct Invitation {
    revoked: bool,
    /// Who joined with it: a removed member must not come back with the same link.
    used_by: Vec<AccountId>,
}

impl Team {
    pub(super) fn invite(&self, created: invitation::Created) -> Result<Vec<TeamEvent>, Rejection> {
        let open = self.invitations.values().filter(|known| !known.revoked).count();
        match self.invitations.contains_key(&created.invitation) {
            true => Ok(vec![]),
            false if open >= limits::INVITATIONS => {
                Err(Rejection::TooMany { what: "invitations", max: limits::INVITATIONS })
            }
            false => Ok(vec![created.into()]),
        }
    }

    pub(super) fn revoke(&self, invitation: InvitationId) -> Result<Vec<TeamEvent>, Rejection> {
        match self.invitations.get(&invitation) {
            Some(known) if !known.revoked => Ok(vec![invitation::Revoked { invitation }.into()]),
            _ => Err(Rejection::NoInvitation),
        }
    }

    pub(super) fn join(&self, id: InvitationId, joiner: NewContact) -> Result<Vec<TeamEvent>, Rejection> {
        let invitation =
            self.invitations.get(&id).filter(|known| !known.revoked).ok_or(Rejection::NoInvitation)?;
        let used = |contact| invitation::Used { invitation: id, account: joiner.account, contact }.into();
        match self.by_account.get(&joiner.account).and_then(|known| Some((*known, self.contacts.get(known)?)))
        {
            Some((_, contact)) if !contact.archived => Ok(vec![]),
            Some(_) if invitation.used_by.contains(&joiner.account) => Err(Rejection::NoInvitation),
            Some((known, _)) => {
                let restored = contact::Restored {
                    contact: known,
                    status: ContactStatus::Member,
                    need_confirmation: true,
                };
                Ok(vec![restored.into(), used(known)])
            }
            None if self.contacts.len() >= limits::CONTACTS => {
                Err(Rejection::TooMany { what: "contacts", max: limits::CONTACTS })
            }
            None => {
                let used = used(joiner.contact);
                let joiner = NewContact { status: ContactStatus::Member, ..joiner };
                Ok(vec![added(self.known_id()?, joiner, ContactOrigin::Invited).into(), used])
            }
        }
    }

    pub(super) fn evolve_invitations(&mut self, event: &TeamEvent) {
        match event {
            TeamEvent::InvitationCreated(created) => {
                self.invitations.insert(created.invitation, Invitation { revoked: false, used_by: vec![] });
            }
            TeamEvent::InvitationUsed(used) => {
                if let Some(invitation) = self.invitations.get_mut(&used.invitation) {
                    invitation.used_by.push(used.account);
                }
            }
            TeamEvent::InvitationRevoked(revoked) => {
                if let Some(invitation) = self.invitations.get_mut(&revoked.invitation) {
                    invitation.revoked = true;
                }
            }
            _ => {}
        }
    }
}
