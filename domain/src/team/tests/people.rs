//! Examples of how people come, change and go, and of sections.

use super::*;
use events::{
    contact::{Preference, ProfileChanged},
    section,
    value::SectionKind,
};

const SECOND: ContactId = ContactId(Uuid::from_u128(4));
const SECTION: SectionId = SectionId(Uuid::from_u128(50));

fn founded() -> Vec<TeamEvent> {
    story([create()])
}

fn add(actor: ContactId, n: u128, status: ContactStatus) -> Command {
    Command::AddContact { actor, contact: person(n, status), sections: vec![], more: Box::default() }
}

fn change(actor: ContactId, contact: ContactId, change: ContactChange) -> Command {
    Command::ChangeContact { actor, contact, change: Box::new(change) }
}

fn status(status: ContactStatus) -> ContactChange {
    ContactChange { status: Some(status), ..ContactChange::default() }
}

fn archive(actor: ContactId, contact: ContactId) -> Command {
    Command::ArchiveContact { actor, contact }
}

fn after(history: &[TeamEvent], command: Command) -> Vec<TeamEvent> {
    [history.to_vec(), given::<Team>(history).when(command).unwrap()].concat()
}

#[test]
fn adding_a_contact_needs_the_right_and_repeating_yields_no_event() {
    let history = founded();
    assert_eq!(
        given::<Team>(&history).when(add(MEMBER, 8, ContactStatus::Member)),
        Err(Rejection::NotAllowed)
    );
    let added = given::<Team>(&history).when(add(ADMIN, 8, ContactStatus::Admin)).unwrap();
    assert!(matches!(&added[..], [TeamEvent::ContactAdded(one)] if one.need_confirmation));
    let history = [history, added].concat();
    assert_eq!(given::<Team>(&history).when(add(OWNER, 8, ContactStatus::Guest)), Ok(vec![]));
    assert_eq!(
        given::<Team>(&history).when(add(ADMIN, 9, ContactStatus::Owner)),
        Err(Rejection::Fields(vec!["status"]))
    );
}

#[test]
fn new_contact_gets_profile_fields_and_restored_contact_keeps_its_own() {
    let add = |n| {
        let more = ContactChange { patronymic: Some("Петрович".into()), ..ContactChange::default() };
        Command::AddContact {
            actor: OWNER,
            contact: person(n, ContactStatus::Member),
            sections: vec![],
            more: Box::new(more),
        }
    };
    let history = founded();
    let added = given::<Team>(&history).when(add(8)).unwrap();
    let [TeamEvent::ContactAdded(_), TeamEvent::ContactProfileChanged(changed)] = &added[..] else {
        panic!("{added:?}")
    };
    assert_eq!(changed.profile.patronymic.or_default(), "Петрович");
    assert_eq!(changed.profile.contact_phone.or_default(), "+79166660008");
    let left = after(&history, archive(OWNER, MEMBER));
    let back = given::<Team>(&left).when(add(2)).unwrap();
    assert!(matches!(&back[..], [TeamEvent::ContactRestored(_)]), "{back:?}");
}

#[test]
fn restored_contact_keeps_its_id() {
    let history = after(&founded(), archive(OWNER, MEMBER));
    let back = given::<Team>(&history).when(add(ADMIN, 2, ContactStatus::Guest)).unwrap();
    let [TeamEvent::ContactRestored(restored)] = &back[..] else { panic!("{back:?}") };
    assert_eq!((restored.contact, restored.status), (MEMBER, ContactStatus::Guest));
}

#[test]
fn contact_with_inviting_right_adds_members_only() {
    let rights = ContactChange { add_to_team_rights: Some(true), ..ContactChange::default() };
    let history = after(&founded(), change(OWNER, MEMBER, rights));
    assert!(given::<Team>(&history).when(add(MEMBER, 8, ContactStatus::Member)).is_ok());
    assert!(given::<Team>(&history).when(invite(MEMBER, 5)).is_ok());
    assert_eq!(
        given::<Team>(&history).when(add(MEMBER, 8, ContactStatus::Admin)),
        Err(Rejection::Fields(vec!["status"]))
    );
}

#[test]
fn contact_changes_its_whole_own_profile() {
    let own = ContactChange {
        mood: Some("бодр".into()),
        contact_email: Some("a@example.org".into()),
        ..ContactChange::default()
    };
    let changed = given::<Team>(&founded()).when(change(MEMBER, MEMBER, own)).unwrap();
    let [TeamEvent::ContactProfileChanged(ProfileChanged { profile, .. })] = &changed[..] else { panic!() };
    assert_eq!(profile.contact_phone.or_default(), "+79166660002", "what was not named stays");
    assert_eq!(profile.mood.or_default(), "бодр");
}

#[test]
fn preferences_are_changed_by_their_contact_only() {
    let quiet = || ContactChange {
        preferences: [("alt_send", Preference::Switch(true)), ("timezone", Preference::Text("UTC".into()))]
            .into(),
        ..ContactChange::default()
    };
    let changed = given::<Team>(&founded()).when(change(MEMBER, MEMBER, quiet())).unwrap();
    let [TeamEvent::ContactPreferencesChanged(changed)] = &changed[..] else { panic!() };
    let preferences = changed.preferences.or_default();
    assert!(preferences.alt_send && preferences.group_notifications_enabled);
    assert_eq!(
        given::<Team>(&founded()).when(change(OWNER, MEMBER, quiet())),
        Err(Rejection::Fields(vec!["alt_send", "timezone"]))
    );
}

#[test]
fn forbidden_fields_are_listed_in_the_rejection() {
    let name = || ContactChange {
        given_name: Some("Иной".into()),
        role: Some("повар".into()),
        ..ContactChange::default()
    };
    let history = founded();
    let refused = given::<Team>(&history).when(change(ADMIN, MEMBER, name()));
    assert_eq!(refused, Err(Rejection::Fields(vec!["given_name"])));
    assert_eq!(given::<Team>(&history).when(change(MEMBER, ADMIN, name())), Err(Rejection::NotAllowed));
    let nobody = ContactId(Uuid::nil());
    assert_eq!(given::<Team>(&history).when(change(OWNER, nobody, name())), Err(Rejection::NoContact));
    assert_eq!(given::<Team>(&history).when(change(nobody, OWNER, name())), Err(Rejection::NotAMember));
    let own_status = given::<Team>(&history).when(change(MEMBER, MEMBER, status(ContactStatus::Owner)));
    assert_eq!(own_status, Err(Rejection::Fields(vec!["status"])));
}

#[test]
fn status_is_assigned_only_up_to_the_actors_own() {
    let history = founded();
    let refused = Err(Rejection::Fields(vec!["status"]));
    assert_eq!(given::<Team>(&history).when(change(ADMIN, MEMBER, status(ContactStatus::Owner))), refused);
    assert_eq!(given::<Team>(&history).when(change(ADMIN, OWNER, status(ContactStatus::Member))), refused);
    assert_eq!(given::<Team>(&history).when(change(ADMIN, ADMIN, status(ContactStatus::Owner))), refused);
    assert!(given::<Team>(&history).when(change(ADMIN, MEMBER, status(ContactStatus::Admin))).is_ok());
    assert!(given::<Team>(&history).when(change(OWNER, ADMIN, status(ContactStatus::Owner))).is_ok());
}

#[test]
fn last_owner_cannot_leave_or_step_down() {
    let history = founded();
    assert_eq!(given::<Team>(&history).when(archive(OWNER, OWNER)), Err(Rejection::LastOwner));
    let down = change(OWNER, OWNER, status(ContactStatus::Member));
    assert_eq!(given::<Team>(&history).when(down.clone()), Err(Rejection::LastOwner));
    let two = after(&history, add(OWNER, 4, ContactStatus::Owner));
    assert!(given::<Team>(&two).when(down).is_ok());
    let alone = after(&two, archive(OWNER, OWNER));
    assert_eq!(given::<Team>(&alone).when(archive(SECOND, SECOND)), Err(Rejection::LastOwner));
    // An owner that has left does not count, and cannot leave again.
    assert_eq!(given::<Team>(&alone).when(archive(SECOND, OWNER)), Err(Rejection::NoContact));
}

#[test]
fn contact_may_leave_and_admin_removes_contacts_up_to_its_status() {
    let history = founded();
    assert!(given::<Team>(&history).when(archive(MEMBER, MEMBER)).is_ok());
    assert!(given::<Team>(&history).when(archive(ADMIN, MEMBER)).is_ok());
    assert_eq!(given::<Team>(&history).when(archive(MEMBER, ADMIN)), Err(Rejection::NotAllowed));
    assert_eq!(given::<Team>(&history).when(archive(ADMIN, OWNER)), Err(Rejection::NotAllowed));
}

#[test]
fn bots_cannot_be_changed() {
    let bot = crate::bot::Bot::Notes.contact(TeamId(Uuid::from_u128(9)));
    assert_eq!(given::<Team>(&founded()).when(archive(OWNER, bot)), Err(Rejection::NotAllowed));
    let renamed = change(OWNER, bot, ContactChange { role: Some("x".into()), ..ContactChange::default() });
    assert_eq!(given::<Team>(&founded()).when(renamed), Err(Rejection::NotAllowed));
}

#[test]
fn added_contact_confirms_once() {
    let history = after(&founded(), Command::Confirm { actor: MEMBER });
    assert!(matches!(history.last(), Some(TeamEvent::ContactConfirmed(one)) if one.contact == MEMBER));
    assert_eq!(given::<Team>(&history).when(Command::Confirm { actor: MEMBER }), Ok(vec![]));
    assert_eq!(given::<Team>(&history).when(Command::Confirm { actor: OWNER }), Ok(vec![]));
}

#[test]
fn section_lifecycle_updates_its_contacts() {
    let new = SectionId(Uuid::from_u128(51));
    let kind = SectionKind::Contacts;
    let make = |actor| Command::CreateSection {
        actor,
        kind,
        section: new,
        name: "Катапульты".into(),
        description: String::new(),
        sort_ordering: None,
    };
    let history = founded();
    let made = given::<Team>(&history).when(make(MEMBER)).unwrap();
    assert!(matches!(&made[..], [TeamEvent::SectionCreated(section)] if section.sort_ordering == 1));
    let history = [history, made].concat();
    let into = |sections: &[SectionId]| ContactChange {
        sections: Some(sections.to_vec()),
        ..ContactChange::default()
    };
    let unknown = into(&[SectionId(Uuid::nil())]);
    assert_eq!(given::<Team>(&history).when(change(OWNER, MEMBER, unknown)), Err(Rejection::UnknownSections));
    let history = after(&history, change(OWNER, MEMBER, into(&[new, SECTION, new])));
    let Some(TeamEvent::ContactSectionsSet(set)) = history.last() else { panic!() };
    assert_eq!(set.sections, [new, SECTION], "each once");
    let remove = Command::RemoveSection { actor: MEMBER, kind, section: new };
    let history = after(&history, remove.clone());
    assert_eq!(given::<Team>(&history).when(remove), Err(Rejection::NoSection));
    assert_eq!(given::<Team>(&history).when(change(OWNER, MEMBER, into(&[SECTION]))), Ok(vec![]));
    assert_eq!(given::<Team>(&history).when(make(MEMBER)), Ok(vec![]), "an id is not used twice");
}

#[test]
fn section_keeps_omitted_fields() {
    let place = SectionChange { sort_ordering: Some(7), ..SectionChange::default() };
    let kind = SectionKind::Contacts;
    let command = Command::ChangeSection { actor: MEMBER, kind, section: SECTION, change: place };
    let changed = given::<Team>(&founded()).when(command).unwrap();
    let [TeamEvent::SectionChanged(section::Changed { name, sort_ordering, .. })] = &changed[..] else {
        panic!()
    };
    assert_eq!((name.or_default().as_str(), *sort_ordering), ("Общая", 7));
}

#[test]
fn sections_of_different_kinds_are_separate() {
    let tasks = SectionId(Uuid::from_u128(52));
    let kind = SectionKind::Tasks;
    let (name, description) = ("Ремонт".to_owned(), String::new());
    let make = Command::CreateSection {
        actor: MEMBER,
        kind,
        section: tasks,
        name,
        description,
        sort_ordering: None,
    };
    let history = after(&founded(), make);
    let Some(TeamEvent::SectionCreated(made)) = history.last() else { panic!() };
    assert_eq!((made.kind, made.sort_ordering), (kind, 0), "the first of its kind");
    let into = ContactChange { sections: Some(vec![tasks]), ..ContactChange::default() };
    assert_eq!(given::<Team>(&history).when(change(OWNER, MEMBER, into)), Err(Rejection::UnknownSections));
    let remove = |kind, section| Command::RemoveSection { actor: MEMBER, kind, section };
    for (kind, section) in [(SectionKind::Contacts, tasks), (SectionKind::Groups, tasks), (kind, SECTION)] {
        let refused = given::<Team>(&history).when(remove(kind, section));
        assert_eq!(refused, Err(Rejection::NoSection), "{kind:?}");
    }
    assert_eq!(given::<Team>(&history).when(remove(kind, tasks)).map(|events| events.len()), Ok(1));
}

fn picture(n: u128) -> icon::Changed {
    icon::Changed { blob: BlobId(Uuid::from_u128(n)), ..icon(10) }
}

fn set_icon(actor: ContactId, contact: ContactId, n: u128) -> Command {
    Command::SetContactIcon { actor, contact, icon: picture(n) }
}

#[test]
fn contact_picture_is_changed_by_its_contact_or_a_manager() {
    let history = founded();
    for (actor, contact) in
        [(MEMBER, MEMBER), (ADMIN, MEMBER), (OWNER, ADMIN), (ADMIN, ADMIN), (OWNER, OWNER)]
    {
        let events = given::<Team>(&history).when(set_icon(actor, contact, 71)).unwrap();
        assert!(matches!(&events[..], [TeamEvent::ContactIconChanged(_)]), "{events:?}");
    }
    let bot = crate::bot::Bot::ALL[0].contact(TeamId(Uuid::from_u128(9)));
    for (actor, contact) in [(MEMBER, ADMIN), (ADMIN, OWNER), (OWNER, bot)] {
        assert_eq!(given::<Team>(&history).when(set_icon(actor, contact, 71)), Err(Rejection::NotAllowed));
        let remove = Command::RemoveContactIcon { actor, contact };
        assert_eq!(given::<Team>(&history).when(remove), Err(Rejection::NotAllowed));
    }
    assert_eq!(given::<Team>(&history).when(set_icon(OWNER, SECOND, 71)), Err(Rejection::NoContact));
    let left = after(&history, archive(MEMBER, MEMBER));
    assert_eq!(given::<Team>(&left).when(set_icon(OWNER, MEMBER, 71)), Err(Rejection::NoContact));
}

#[test]
fn contact_picture_is_replaced_and_removed_once_without_quota() {
    let room = Team::initial().fold(&founded()).room();
    let history = after(&founded(), set_icon(MEMBER, MEMBER, 71));
    assert_eq!(given::<Team>(&history).when(set_icon(MEMBER, MEMBER, 71)), Ok(vec![]));
    let history = after(&history, set_icon(OWNER, MEMBER, 72));
    let team = Team::initial().fold(&history);
    assert_eq!(team.picture_of(MEMBER), Some(picture(72).blob));
    assert_eq!((team.pictures().collect::<Vec<_>>(), team.room()), (vec![picture(72).blob], room));
    let remove = || Command::RemoveContactIcon { actor: MEMBER, contact: MEMBER };
    let history = after(&history, remove());
    assert!(matches!(history.last(), Some(TeamEvent::ContactIconRemoved(_))));
    assert_eq!(given::<Team>(&history).when(remove()), Ok(vec![]));
}
