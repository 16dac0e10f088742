//! Examples of a team's rules.

mod erasure;
mod integrations;
mod invitations;
mod people;

use super::*;
use crate::spec::given;
use chrono::{DateTime, Utc};
use events::{BlobId, contact};
use uuid::Uuid;

const OWNER: ContactId = ContactId(Uuid::from_u128(1));
const MEMBER: ContactId = ContactId(Uuid::from_u128(2));
const ADMIN: ContactId = ContactId(Uuid::from_u128(3));

fn person(n: u128, status: ContactStatus) -> NewContact {
    NewContact {
        contact: ContactId(Uuid::from_u128(n)),
        account: AccountId(Uuid::from_u128(1_000 + n)),
        phone: format!("+7916666{n:04}"),
        given_name: String::new(),
        family_name: String::new(),
        role: String::new(),
        status,
    }
}

fn create() -> Command {
    Command::Create {
        team: TeamId(Uuid::from_u128(9)),
        name: "полк".into(),
        founder: person(1, ContactStatus::Member),
        contacts: vec![
            person(2, ContactStatus::Member),
            person(3, ContactStatus::Admin),
            person(2, ContactStatus::Admin),
            person(1, ContactStatus::Guest),
        ],
        section: (SectionId(Uuid::from_u128(50)), "Общая".into()),
    }
}

fn invitation(n: u128) -> InvitationId {
    InvitationId(Uuid::from_u128(n))
}

fn invite(actor: ContactId, n: u128) -> Command {
    Command::Invite {
        actor,
        invitation: invitation(n),
        token_sealed: "…".into(),
        token_hash: "ab".into(),
        expires: day(30),
        max_uses: None,
        now: day(0),
    }
}

/// A time in days after the other events.
fn day(n: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + n * 86_400, 0).unwrap()
}

fn join(n: u128, who: u128) -> Command {
    join_at(n, who, 0)
}

fn join_at(n: u128, who: u128, now: i64) -> Command {
    let joiner = person(who, ContactStatus::Owner);
    Command::Join { invitation: invitation(n), joiner, made: day(0), now: day(now) }
}

fn icon(size: u64) -> icon::Changed {
    icon::Changed { blob: BlobId(Uuid::from_u128(70)), lg_width: 1_736, lg_height: 1_024, size }
}

fn story(commands: impl IntoIterator<Item = Command>) -> Vec<TeamEvent> {
    let mut history = vec![];
    for command in commands {
        history.extend(given::<Team>(&history).when(command).unwrap());
    }
    history
}

#[test]
fn team_is_created_by_one_append_without_duplicates() {
    let events = story([create()]);
    let added: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            TeamEvent::ContactAdded(added) => Some((added.contact, added.status, added.need_confirmation)),
            _ => None,
        })
        .collect();
    let expected = [
        (OWNER, ContactStatus::Owner, false),
        (MEMBER, ContactStatus::Member, true),
        (ADMIN, ContactStatus::Admin, true),
    ];
    assert_eq!(added, expected);
}

#[test]
fn rights_are_read_from_the_state() {
    let history = story([create()]);
    let rename = |actor| Command::Change {
        actor,
        change: TeamChange { name: Some("иное".into()), ..TeamChange::default() },
    };
    assert_eq!(given::<Team>(&history).when(rename(MEMBER)), Err(Rejection::NotAllowed));
    assert_eq!(given::<Team>(&history).when(rename(ContactId(Uuid::nil()))), Err(Rejection::NotAMember));
    assert_eq!(given::<Team>(&history).when(rename(ADMIN)).map(|events| events.len()), Ok(1));
    assert_eq!(given::<Team>(&history).when(Command::Archive { actor: ADMIN }), Err(Rejection::NotAllowed));
    assert_eq!(given::<Team>(&history).when(invite(MEMBER, 5)), Err(Rejection::NotAllowed));
    assert_eq!(given::<Team>(&[]).when(rename(OWNER)), Err(Rejection::NoTeam));
}

#[test]
fn archived_team_rejects_all_commands_but_a_repeated_archive() {
    let history = story([create(), Command::Archive { actor: OWNER }]);
    assert_eq!(given::<Team>(&history).when(Command::Archive { actor: OWNER }), Ok(vec![]));
    assert_eq!(given::<Team>(&history).when(invite(OWNER, 5)), Err(Rejection::NoTeam));
}

#[test]
fn joining_by_invitation_adds_an_unconfirmed_member_once() {
    let history = story([create(), invite(OWNER, 5), join(5, 8)]);
    let Some(TeamEvent::ContactAdded(added)) = history.iter().rev().nth(1) else { panic!("{history:?}") };
    assert_eq!((added.status, added.need_confirmation), (ContactStatus::Member, true));
    assert_eq!(given::<Team>(&history).when(join(5, 8)), Ok(vec![]));
    assert_eq!(given::<Team>(&history).when(join(6, 9)), Err(Rejection::NoInvitation));
}

#[test]
fn revoked_invitation_is_rejected() {
    let revoke = Command::RevokeInvitation { actor: OWNER, invitation: invitation(5) };
    let history = story([create(), invite(OWNER, 5), revoke.clone()]);
    assert_eq!(given::<Team>(&history).when(join(5, 8)), Err(Rejection::NoInvitation));
    assert_eq!(given::<Team>(&history).when(revoke), Err(Rejection::NoInvitation));
}

#[test]
fn picture_above_the_quota_is_rejected_and_removing_none_yields_no_event() {
    let history = story([create()]);
    let set = |size| Command::SetIcon { actor: OWNER, icon: icon(size) };
    assert_eq!(given::<Team>(&history).when(set(limits::UPLOADS_SIZE + 1)), Err(Rejection::QuotaExceeded));
    assert_eq!(given::<Team>(&history).when(Command::RemoveIcon { actor: OWNER }), Ok(vec![]));
    let with = story([create(), set(10)]);
    assert_eq!(
        given::<Team>(&with).when(Command::RemoveIcon { actor: OWNER }).map(|events| events.len()),
        Ok(1)
    );
}
