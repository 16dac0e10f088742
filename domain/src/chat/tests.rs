//! Examples of a group's rules.

use super::*;
use crate::spec::given;
use events::{MessageId, Personal};
use uuid::Uuid;

const MAKER: Actor = Actor { contact: ContactId(Uuid::from_u128(1)), status: ContactStatus::Member };
const OTHER: Actor = Actor { contact: ContactId(Uuid::from_u128(2)), status: ContactStatus::Member };
const TEAM_OWNER: Actor = Actor { contact: ContactId(Uuid::from_u128(3)), status: ContactStatus::Owner };

fn create(public: bool, readonly_for_members: bool) -> Command {
    let team = TeamId(Uuid::from_u128(9));
    let text = |text: &str| Personal::of_team(team, text.to_owned());
    let settings = chat::Settings {
        display_name: text("Общий чат"),
        description: text(""),
        public,
        readonly_for_members,
        default_for_all: false,
        autocleanup_age: None,
        pinned_message: None,
        section: None,
    };
    let members = vec![chat::Member { contact: OTHER.contact, status: GroupStatus::Member }];
    Command::Create { group: GroupId(Uuid::from_u128(7)), team, actor: MAKER, members, settings }
}

fn made(public: bool, readonly: bool) -> Vec<ChatEvent> {
    given::<Chat>(&[]).when(create(public, readonly)).unwrap()
}

#[test]
fn creator_becomes_admin_and_guest_cannot_create() {
    let ChatEvent::Created(created) = &made(false, false)[0] else { panic!() };
    assert!(created.members.contains(&chat::Member { contact: MAKER.contact, status: GroupStatus::Admin }));
    let mut by_guest = create(false, false);
    if let Command::Create { actor, .. } = &mut by_guest {
        actor.status = ContactStatus::Guest;
    }
    assert_eq!(given::<Chat>(&[]).when(by_guest), Err(Rejection::NotAllowed));
}

#[test]
fn member_posts_unless_only_admins_may() {
    let open = Chat::initial().fold(&made(false, false));
    assert_eq!(open.may_write(OTHER.contact), Ok(()));
    assert_eq!(open.may_write(TEAM_OWNER.contact), Err(Rejection::NoGroup));
    let channel = Chat::initial().fold(&made(false, true));
    assert_eq!(channel.may_write(OTHER.contact), Err(Rejection::NotAllowed));
    assert_eq!(channel.may_write(MAKER.contact), Ok(()));
}

#[test]
fn admins_manage_members_and_others_join_public_groups_or_leave() {
    let stranger = Actor { contact: ContactId(Uuid::from_u128(5)), status: ContactStatus::Member };
    let add = |actor, contact| Command::SetMember {
        actor,
        member: chat::Member { contact, status: GroupStatus::Member },
    };
    let private = made(false, false);
    assert_eq!(given::<Chat>(&private).when(add(OTHER, stranger.contact)), Err(Rejection::NotAllowed));
    assert_eq!(given::<Chat>(&private).when(add(stranger, stranger.contact)), Err(Rejection::NoGroup));
    assert!(given::<Chat>(&private).when(add(TEAM_OWNER, stranger.contact)).is_ok());
    assert!(given::<Chat>(&made(true, false)).when(add(stranger, stranger.contact)).is_ok());
    let leave = Command::RemoveMember { actor: OTHER, contact: OTHER.contact };
    assert_eq!(given::<Chat>(&private).when(leave).map(|events| events.len()), Ok(1));
}

#[test]
fn everybody_is_member_of_a_group_for_all_until_leaving() {
    let mut make = create(false, false);
    if let Command::Create { settings, .. } = &mut make {
        settings.default_for_all = true;
    }
    let history = given::<Chat>(&[]).when(make).unwrap();
    let other = Actor { contact: ContactId(Uuid::from_u128(5)), status: ContactStatus::Member };
    assert_eq!(Chat::initial().fold(&history).may_write(other.contact), Ok(()));
    let leave = Command::RemoveMember { actor: other, contact: other.contact };
    let gone = [history.clone(), given::<Chat>(&history).when(leave).unwrap()].concat();
    assert_eq!(Chat::initial().fold(&gone).may_write(other.contact), Err(Rejection::NoGroup));
}

#[test]
fn archived_group_rejects_commands() {
    let mut history = made(false, false);
    history.extend(given::<Chat>(&history).when(Command::Archive { actor: MAKER }).unwrap());
    assert_eq!(given::<Chat>(&history).when(Command::Archive { actor: MAKER }), Err(Rejection::NoGroup));
    assert_eq!(Chat::initial().fold(&history).may_write(MAKER.contact), Err(Rejection::NoGroup));
}

fn stranger() -> Actor {
    Actor { contact: ContactId(Uuid::from_u128(5)), status: ContactStatus::Member }
}

fn change(actor: Actor, change: Change) -> Command {
    Command::Change { actor, change }
}

#[test]
fn omitted_settings_are_unchanged_and_equal_ones_yield_no_event() {
    let history = made(false, true);
    let text = Personal::of_team(TeamId(Uuid::from_u128(9)), "Новый".to_owned());
    let rename = Change { display_name: Some(text.clone()), ..Change::default() };
    let events = given::<Chat>(&history).when(change(MAKER, rename.clone())).unwrap();
    let [ChatEvent::Changed(changed)] = &events[..] else { panic!("{events:?}") };
    assert_eq!((&changed.settings.display_name, changed.settings.readonly_for_members), (&text, true));
    let renamed = [history, events].concat();
    assert_eq!(given::<Chat>(&renamed).when(change(TEAM_OWNER, rename)), Ok(vec![]));
    let open = Change { readonly_for_members: Some(false), ..Change::default() };
    let opened = [renamed.clone(), given::<Chat>(&renamed).when(change(MAKER, open)).unwrap()].concat();
    assert_eq!(Chat::initial().fold(&opened).may_write(OTHER.contact), Ok(()));
}

#[test]
fn only_managers_change_a_group() {
    let pin = Change { pinned_message: Some(Some(MessageId(Uuid::from_u128(8)))), ..Change::default() };
    for (public, actor, refused) in [
        (false, OTHER, Rejection::NotAllowed),
        (false, stranger(), Rejection::NoGroup),
        (true, stranger(), Rejection::NotAllowed),
    ] {
        let history = made(public, false);
        assert_eq!(given::<Chat>(&history).when(change(actor, pin.clone())), Err(refused));
    }
}

#[test]
fn implied_member_may_leave_after_the_group_is_no_longer_for_all() {
    let history = made(true, false);
    let for_all = |on| Change { default_for_all: Some(on), ..Change::default() };
    let gone = Command::RemoveMember { actor: OTHER, contact: OTHER.contact };
    let left = [history.clone(), given::<Chat>(&history).when(gone).unwrap()].concat();
    let on = [left.clone(), given::<Chat>(&left).when(change(MAKER, for_all(true))).unwrap()].concat();
    let all = Chat::initial().fold(&on);
    assert_eq!(
        all.status_of(OTHER.contact),
        Some(GroupStatus::Member),
        "a contact who had left is a member again"
    );
    assert_eq!(all.status_of(stranger().contact), Some(GroupStatus::Member));
    let off = [on.clone(), given::<Chat>(&on).when(change(MAKER, for_all(false))).unwrap()].concat();
    // The group does not know whether they were members then, so both joining and leaving are recorded.
    let join = Command::SetMember {
        actor: stranger(),
        member: chat::Member { contact: stranger().contact, status: GroupStatus::Member },
    };
    assert_eq!(given::<Chat>(&off).when(join).map(|events| events.len()), Ok(1));
    let leave = Command::RemoveMember { actor: stranger(), contact: stranger().contact };
    assert_eq!(given::<Chat>(&off).when(leave).map(|events| events.len()), Ok(1));
}

#[test]
fn last_admin_is_succeeded_by_the_longest_member() {
    let history = made(false, false);
    let add = |n| Command::SetMember {
        actor: MAKER,
        member: chat::Member { contact: ContactId(Uuid::from_u128(n)), status: GroupStatus::Member },
    };
    // This id is smaller than that of the earlier member.
    let more = [history.clone(), given::<Chat>(&history).when(add(0)).unwrap()].concat();
    let leave = Command::RemoveMember { actor: MAKER, contact: MAKER.contact };
    let heir = chat::Member { contact: OTHER.contact, status: GroupStatus::Admin };
    let expected: Vec<ChatEvent> =
        vec![chat::MemberSet { member: heir }.into(), chat::MemberRemoved { contact: MAKER.contact }.into()];
    assert_eq!(given::<Chat>(&more).when(leave), Ok(expected.clone()));
    let gone = Command::Forget { contact: MAKER.contact };
    assert_eq!(given::<Chat>(&more).when(gone), Ok(expected));
}

#[test]
fn contact_that_left_the_team_is_removed_from_a_group_once() {
    let history = made(false, false);
    let forget = |contact| Command::Forget { contact };
    let events = given::<Chat>(&history).when(forget(OTHER.contact)).unwrap();
    assert_eq!(events, vec![chat::MemberRemoved { contact: OTHER.contact }.into()]);
    assert_eq!(given::<Chat>(&history).when(forget(stranger().contact)), Ok(vec![]));
}

#[test]
fn guest_cannot_join_a_public_group() {
    let guest = Actor { contact: ContactId(Uuid::from_u128(6)), status: ContactStatus::Guest };
    let member = chat::Member { contact: guest.contact, status: GroupStatus::Member };
    let join = Command::SetMember { actor: guest, member };
    assert_eq!(given::<Chat>(&made(true, false)).when(join), Err(Rejection::NoGroup));
}

#[test]
fn contact_that_returned_to_the_team_rejoins_groups_for_all() {
    let mut make = create(false, false);
    if let Command::Create { settings, .. } = &mut make {
        settings.default_for_all = true;
    }
    let history = given::<Chat>(&[]).when(make).unwrap();
    let welcome = || Command::Welcome { contact: stranger().contact };
    assert_eq!(given::<Chat>(&history).when(welcome()), Ok(vec![]), "is in it already");
    let forget = Command::Forget { contact: stranger().contact };
    let gone = [history.clone(), given::<Chat>(&history).when(forget).unwrap()].concat();
    assert_eq!(given::<Chat>(&gone).when(welcome()).map(|events| events.len()), Ok(1));
    assert_eq!(given::<Chat>(&made(true, false)).when(welcome()), Ok(vec![]));
}
