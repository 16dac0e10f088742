//! The invitations of a team, and who comes in with one.
//!
//! An invitation is void once its maker may not invite any more, and void for a person who was removed after it was made.
//! A person who left by themselves may come back with it.

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
    /// How many had been made before it.
    number: usize,
    /// The contact that made it; unknown for invitations of earlier versions.
    by: Option<ContactId>,
    /// After this it opens nothing; unknown of those of earlier versions.
    expires: Option<DateTime<Utc>>,
    max_uses: Option<u32>,
    /// It was revoked, or its maker may not invite any more.
    void: bool,
    /// The accounts that joined with it, one entry each time.
    used_by: Vec<AccountId>,
}

impl Invitation {
    /// Whether it lets somebody in at a time, given when it was made.
    fn is_open(&self, made: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        let expires = self.expires.unwrap_or_else(|| made + TimeDelta::days(limits::INVITATION_DAYS.into()));
        let uses = u32::try_from(self.used_by.len()).unwrap_or(u32::MAX);
        !self.void && now < expires && self.max_uses.is_none_or(|max| uses < max)
    }
}

impl Contact {
    /// Whether it is in the team and may invite others.
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
        // When those of earlier versions were made is not known here: they count as open until they are revoked.
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
            // A member joined before, perhaps by the last use of this invitation.
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

    /// A contact may not invite any more: its invitations are void. The makers of invitations of earlier versions are
    /// unknown, so those are void as soon as any contact loses the right.
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
