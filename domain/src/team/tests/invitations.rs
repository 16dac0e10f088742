//! Examples of invitations that open nothing any more, for one person or for anybody.

use super::*;
use events::invitation;

const JOINER: ContactId = ContactId(Uuid::from_u128(8));

fn archive(actor: ContactId, contact: ContactId) -> Command {
    Command::ArchiveContact { actor, contact }
}

fn rights(contact: ContactId, change: ContactChange) -> Command {
    Command::ChangeContact { actor: OWNER, contact, change: Box::new(change) }
}

fn status(contact: ContactId, status: ContactStatus) -> Command {
    rights(contact, ContactChange { status: Some(status), ..ContactChange::default() })
}

fn inviting(contact: ContactId, allowed: bool) -> Command {
    rights(contact, ContactChange { add_to_team_rights: Some(allowed), ..ContactChange::default() })
}

fn limited(n: u128, uses: u32) -> Command {
    let Command::Invite { actor, invitation, token_sealed, token_hash, expires, now, .. } = invite(OWNER, n)
    else {
        panic!("it invites")
    };
    Command::Invite { actor, invitation, token_sealed, token_hash, expires, max_uses: Some(uses), now }
}

fn old(n: u128) -> TeamEvent {
    invitation::Created {
        invitation: invitation(n),
        token_sealed: "…".into(),
        token_hash: "ab".into(),
        by: None,
        expires: None,
        max_uses: None,
    }
    .into()
}

fn refused(history: &[TeamEvent], command: Command) {
    assert_eq!(given::<Team>(history).when(command), Err(Rejection::NoInvitation));
}

fn comes_back(history: &[TeamEvent], command: Command) {
    let back = given::<Team>(history).when(command).unwrap();
    assert!(matches!(&back[0], TeamEvent::ContactRestored(one) if one.contact == JOINER), "{back:?}");
}

#[test]
fn removed_contact_rejoins_only_with_a_later_invitation() {
    let removed = story([
        create(),
        invite(OWNER, 5),
        join(5, 8),
        invite(OWNER, 6),
        archive(OWNER, JOINER),
        invite(OWNER, 7),
    ]);
    refused(&removed, join(5, 8));
    refused(&removed, join(6, 8));
    comes_back(&removed, join(7, 8));
    // For others they are still valid.
    assert!(given::<Team>(&removed).when(join(6, 9)).is_ok());
    // An invitation that is void for a person stays void after the person has returned and left.
    let back = [removed.clone(), given::<Team>(&removed).when(join(7, 8)).unwrap()].concat();
    let left = [back.clone(), given::<Team>(&back).when(archive(JOINER, JOINER)).unwrap()].concat();
    refused(&left, join(6, 8));
    comes_back(&left, join(7, 8));
}

#[test]
fn contact_that_left_rejoins_with_the_same_invitation() {
    let left = story([create(), invite(OWNER, 5), join(5, 8), invite(OWNER, 6), archive(JOINER, JOINER)]);
    comes_back(&left, join(5, 8));
    comes_back(&left, join(6, 8));
}

#[test]
fn archival_without_an_actor_counts_as_removal() {
    let mut history = story([create(), invite(OWNER, 5), join(5, 8)]);
    history.push(contact::Archived { contact: JOINER, by: None }.into());
    refused(&history, join(5, 8));
}

#[test]
fn invitations_of_a_demoted_admin_are_void() {
    let made = story([create(), invite(ADMIN, 5), invite(OWNER, 6)]);
    for dismissal in [status(ADMIN, ContactStatus::Member), archive(OWNER, ADMIN), archive(ADMIN, ADMIN)] {
        let after = [made.clone(), given::<Team>(&made).when(dismissal).unwrap()].concat();
        refused(&after, join(5, 9));
        refused(&after, join(5, 3));
        assert!(given::<Team>(&after).when(join(6, 9)).is_ok());
    }
    let promoted = [made.clone(), given::<Team>(&made).when(status(ADMIN, ContactStatus::Owner)).unwrap()];
    assert!(given::<Team>(&promoted.concat()).when(join(5, 9)).is_ok());
}

#[test]
fn admin_promoted_again_does_not_regain_earlier_invitations() {
    let again = story([
        create(),
        invite(ADMIN, 5),
        status(ADMIN, ContactStatus::Member),
        status(ADMIN, ContactStatus::Admin),
    ]);
    refused(&again, join(5, 9));
}

#[test]
fn invitations_end_with_the_inviting_right() {
    let made = story([create(), inviting(MEMBER, true), invite(MEMBER, 5)]);
    assert!(given::<Team>(&made).when(join(5, 9)).is_ok());
    let taken = [made.clone(), given::<Team>(&made).when(inviting(MEMBER, false)).unwrap()].concat();
    refused(&taken, join(5, 9));
    // An admin with the inviting right keeps it after a demotion.
    let both =
        story([create(), inviting(ADMIN, true), invite(ADMIN, 5), status(ADMIN, ContactStatus::Member)]);
    assert!(given::<Team>(&both).when(join(5, 9)).is_ok());
}

#[test]
fn expired_invitation_is_rejected() {
    let history = story([create(), invite(OWNER, 5)]);
    assert!(given::<Team>(&history).when(join_at(5, 8, 29)).is_ok());
    refused(&history, join_at(5, 8, 30));
    let joined = [history.clone(), given::<Team>(&history).when(join(5, 8)).unwrap()].concat();
    assert_eq!(given::<Team>(&joined).when(join_at(5, 8, 31)), Ok(vec![]), "joining again is harmless");
}

#[test]
fn invitation_is_limited_to_its_uses() {
    let history = story([create(), limited(5, 2), join(5, 8), join(5, 9)]);
    refused(&history, join(5, 10));
    assert_eq!(given::<Team>(&history).when(join(5, 9)), Ok(vec![]), "joining again is harmless");
    let left = [history.clone(), given::<Team>(&history).when(archive(JOINER, JOINER)).unwrap()].concat();
    refused(&left, join(5, 8));
}

#[test]
fn invitation_without_expiry_lasts_thirty_days_and_ends_with_any_demotion() {
    let history = [story([create()]), vec![old(5)]].concat();
    assert!(given::<Team>(&history).when(join_at(5, 8, 29)).is_ok());
    refused(&history, join_at(5, 8, 30));
    let member_gone =
        [history.clone(), given::<Team>(&history).when(archive(OWNER, MEMBER)).unwrap()].concat();
    assert!(given::<Team>(&member_gone).when(join(5, 8)).is_ok(), "a member could not have made it");
    let dismissed =
        [history.clone(), given::<Team>(&history).when(status(ADMIN, ContactStatus::Member)).unwrap()]
            .concat();
    refused(&dismissed, join(5, 8));
}

#[test]
fn void_invitation_does_not_count_and_cannot_be_revoked() {
    let history = story([create(), invite(ADMIN, 5), status(ADMIN, ContactStatus::Member)]);
    refused(&history, Command::RevokeInvitation { actor: OWNER, invitation: invitation(5) });
}
