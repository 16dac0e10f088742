//! The invitations of a team, and joining with one.
//!
//! An invitation is void once its maker loses the right to invite. It is void for a contact that was removed after its
//! creation; a contact that left by itself may return with it.

use super::{
    NewContact, Rejection, Team,
    contacts::{Contact, added},
};
use crate::{
    limits,
    policy::{self, Action},
};
use chrono::{DateTime, TimeDelta, Utc};
use events::{
    AccountId, ContactId, InvitationId, TeamEvent, contact, invitation,
    value::{ContactOrigin, ContactStatus},
};

#[derive(Clone, Debug)]
pub(super) struct Invitation {
    /// The number of invitations created before it.
    number: usize,
    /// The contact that created it; unknown for invitations of earlier versions.
    by: Option<ContactId>,
    /// `None` for invitations of earlier versions.
    expires: Option<DateTime<Utc>>,
    max_uses: Option<u32>,
    /// It was revoked, or its maker has lost the right to invite.
    void: bool,
    /// The accounts that joined with it, one entry per use.
    used_by: Vec<AccountId>,
}

impl Invitation {
    /// Whether it can be used at `now`; `made` is its creation time.
    fn is_open(&self, made: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        let expires = self.expires.unwrap_or_else(|| made + TimeDelta::days(limits::INVITATION_DAYS.into()));
        let uses = u32::try_from(self.used_by.len()).unwrap_or(u32::MAX);
        !self.void && now < expires && self.max_uses.is_none_or(|max| uses < max)
    }
}

impl Contact {
    /// Whether the contact is in the team and may invite.
    pub(super) fn may_invite(&self) -> bool {
        !self.archived && (self.inviting || policy::may(self.status, Action::AddToTeam))
    }
}

impl Team {
    pub(super) fn invite(
        &self,
        created: invitation::Created,
        now: DateTime<Utc>,
    ) -> Result<Vec<TeamEvent>, Rejection> {
        // The creation times of invitations of earlier versions are unknown here, so they count as open until revoked.
        let open = self.invitations.values().filter(|known| known.is_open(now, now)).count();
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
            Some(known) if !known.void => Ok(vec![invitation::Revoked { invitation }.into()]),
            _ => Err(Rejection::NoInvitation),
        }
    }

    pub(super) fn join(
        &self,
        id: InvitationId,
        joiner: NewContact,
        made: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Vec<TeamEvent>, Rejection> {
        let invitation =
            self.invitations.get(&id).filter(|known| !known.void).ok_or(Rejection::NoInvitation)?;
        let known =
            self.contact_of(joiner.account).and_then(|known| Some((known, self.contacts.get(&known)?)));
        match known {
            // The account is a member already, perhaps by the last use of this invitation.
            Some((_, contact)) if !contact.archived => return Ok(vec![]),
            Some((_, contact)) if invitation.number < contact.barred => return Err(Rejection::NoInvitation),
            _ if !invitation.is_open(made, now) => return Err(Rejection::NoInvitation),
            _ => {}
        }
        let used = |contact| invitation::Used { invitation: id, account: joiner.account, contact }.into();
        match known {
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

    /// Voids the invitations of a contact that has lost the right to invite. The makers of invitations of earlier versions are
    /// unknown, so these become void as soon as any contact loses the right.
    pub(super) fn void_invitations_of(&mut self, maker: ContactId) {
        for invitation in self.invitations.values_mut() {
            if invitation.by.is_none_or(|by| by == maker) {
                invitation.void = true;
            }
        }
    }

    pub(super) fn evolve_invitations(&mut self, event: &TeamEvent) {
        match event {
            TeamEvent::InvitationCreated(created) => {
                let invitation = Invitation {
                    number: self.invitations.len(),
                    by: created.by,
                    expires: created.expires,
                    max_uses: created.max_uses,
                    void: false,
                    used_by: vec![],
                };
                self.invitations.insert(created.invitation, invitation);
            }
            TeamEvent::InvitationUsed(used) => {
                if let Some(invitation) = self.invitations.get_mut(&used.invitation) {
                    invitation.used_by.push(used.account);
                }
            }
            TeamEvent::InvitationRevoked(revoked) => {
                if let Some(invitation) = self.invitations.get_mut(&revoked.invitation) {
                    invitation.void = true;
                }
            }
            _ => {}
        }
    }
}
