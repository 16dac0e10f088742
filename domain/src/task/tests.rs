use super::*;
use crate::spec::given;
use uuid::Uuid;

const TEAM: TeamId = TeamId(Uuid::from_u128(9));
const OWNER: Actor = Actor { contact: ContactId(Uuid::from_u128(1)), status: ContactStatus::Member };
const ASSIGNEE: Actor = Actor { contact: ContactId(Uuid::from_u128(2)), status: ContactStatus::Guest };
const OBSERVER: Actor = Actor { contact: ContactId(Uuid::from_u128(3)), status: ContactStatus::Member };
const STRANGER: Actor = Actor { contact: ContactId(Uuid::from_u128(4)), status: ContactStatus::Member };
const GUEST: Actor = Actor { contact: ContactId(Uuid::from_u128(5)), status: ContactStatus::Guest };
const ADMIN: Actor = Actor { contact: ContactId(Uuid::from_u128(6)), status: ContactStatus::Admin };

fn item(id: u128) -> TaskItemId {
    TaskItemId(Uuid::from_u128(id))
}

fn line(id: u128, text: &str) -> NewItem {
    NewItem { item: item(id), known: false, text: text.into(), checked: None }
}

fn create(public: bool) -> Command {
    let settings = Settings {
        description: Personal::of_team(TEAM, "Полить цветы\nи закрыть окно".into()),
        assignee: ASSIGNEE.contact,
        observers: vec![OBSERVER.contact, OWNER.contact, OBSERVER.contact],
        public,
        deadline: None,
        tags: vec![],
        section: None,
        color_index: None,
        importance: None,
        urgency: None,
        complexity: None,
        spent_time: None,
        linked_messages: vec![],
        uploads: vec![],
    };
    Command::Create {
        task: GroupId(Uuid::from_u128(7)),
        team: TEAM,
        actor: OWNER,
        settings: Box::new(settings),
        items: vec![line(10, "вода"), line(11, "#3")],
        status: NewStatus { word: NEW.into(), reason: None },
    }
}

fn made(public: bool) -> Vec<TaskEvent> {
    given::<Task>(&[]).when(create(public)).unwrap()
}

fn change(actor: Actor, change: Change) -> Command {
    Command::Change { actor, change: Box::new(change) }
}

fn to_status(actor: Actor, word: &str) -> Command {
    let status = Some(NewStatus { word: word.into(), reason: Some("готово".into()) });
    change(actor, Change { status, ..Change::default() })
}

fn check(actor: Actor, id: u128, checked: bool) -> Command {
    Command::CheckItem { actor, item: item(id), checked }
}

#[test]
fn guest_cannot_create_a_task_and_duplicate_observers_are_removed() {
    let TaskEvent::Created(created) = &made(false)[0] else { panic!() };
    assert_eq!((created.owner, &created.settings.observers[..]), (OWNER.contact, &[OBSERVER.contact][..]));
    let mut by_guest = create(false);
    if let Command::Create { actor, .. } = &mut by_guest {
        *actor = GUEST;
    }
    assert_eq!(given::<Task>(&[]).when(by_guest), Err(Rejection::NotAllowed));
}

#[test]
fn task_is_hidden_from_outsiders_and_read_only_for_onlookers() {
    for (public, actor, refused) in [
        (false, STRANGER, Rejection::NoTask),
        (true, GUEST, Rejection::NoTask),
        (true, STRANGER, Rejection::NotAllowed),
        (false, OBSERVER, Rejection::NotAllowed),
    ] {
        let task = made(public);
        assert_eq!(given::<Task>(&task).when(to_status(actor, DONE)), Err(refused.clone()), "{actor:?}");
        assert_eq!(given::<Task>(&task).when(check(actor, 10, true)), Err(refused.clone()), "{actor:?}");
        assert_eq!(given::<Task>(&task).when(Command::Archive { actor }), Err(refused), "{actor:?}");
    }
}

#[test]
fn assignee_changes_the_status_but_not_the_description() {
    let task = made(false);
    let done = given::<Task>(&task).when(to_status(ASSIGNEE, DONE)).unwrap();
    let [TaskEvent::StatusChanged(changed)] = &done[..] else { panic!("{done:?}") };
    assert!(changed.status.done && changed.status.reason.is_some());
    let opened = given::<Task>(&[task.clone(), done].concat()).when(to_status(OWNER, "в работе")).unwrap();
    let [TaskEvent::StatusChanged(changed)] = &opened[..] else { panic!("{opened:?}") };
    assert!(!changed.status.done && changed.status.reason.is_none(), "only what is done has a reason");
    let rewrite = |actor| change(actor, Change { description: Some("другое".into()), ..Change::default() });
    assert_eq!(given::<Task>(&task).when(rewrite(ASSIGNEE)), Err(Rejection::NotAllowed));
    for actor in [OWNER, ADMIN] {
        assert_eq!(given::<Task>(&task).when(rewrite(actor)).map(|events| events.len()), Ok(1));
        assert_eq!(given::<Task>(&task).when(Command::Archive { actor }).map(|events| events.len()), Ok(1));
    }
    assert_eq!(given::<Task>(&task).when(Command::Archive { actor: ASSIGNEE }), Err(Rejection::NotAllowed));
}

#[test]
fn unchanged_fields_need_no_right() {
    let task = made(false);
    let description = Some("Полить цветы\nи закрыть окно".into());
    let same = Change { description, assignee: Some(ASSIGNEE.contact), ..Change::default() };
    assert_eq!(given::<Task>(&task).when(change(OBSERVER, same)), Ok(vec![]));
}

#[test]
fn onlooker_may_start_and_stop_observing_only_for_itself() {
    let observers = |actor: Actor, list: &[Actor]| {
        let observers = Some(list.iter().map(|actor| actor.contact).collect());
        change(actor, Change { observers, ..Change::default() })
    };
    let task = made(true);
    assert!(given::<Task>(&task).when(observers(STRANGER, &[OBSERVER, STRANGER])).is_ok());
    assert!(given::<Task>(&task).when(observers(OBSERVER, &[])).is_ok());
    assert_eq!(
        given::<Task>(&task).when(observers(STRANGER, &[STRANGER])),
        Err(Rejection::NotAllowed),
        "not at another's expense"
    );
    assert_eq!(
        given::<Task>(&made(false)).when(observers(STRANGER, &[OBSERVER, STRANGER])),
        Err(Rejection::NoTask)
    );
}

#[test]
fn items_are_checked_unless_they_refer_to_a_task() {
    let task = made(false);
    let ticked = given::<Task>(&task).when(check(ASSIGNEE, 10, true)).unwrap();
    assert_eq!(ticked.len(), 1);
    assert_eq!(given::<Task>(&[task.clone(), ticked].concat()).when(check(OWNER, 10, true)), Ok(vec![]));
    assert_eq!(given::<Task>(&task).when(check(OWNER, 11, true)), Err(Rejection::Reference));
    assert_eq!(given::<Task>(&task).when(check(OWNER, 99, true)), Err(Rejection::NoSuchLine));
}

#[test]
fn remaining_item_keeps_its_id_and_check_mark() {
    let task = made(false);
    let ticked = given::<Task>(&task).when(check(OWNER, 10, true)).unwrap();
    let history = [task, ticked].concat();
    let again = NewItem { item: item(11), known: true, text: "окно".into(), checked: Some(true) };
    let items = Some(vec![line(20, "ещё"), line(21, "вода"), again]);
    let replaced =
        given::<Task>(&history).when(change(OWNER, Change { items, ..Change::default() })).unwrap();
    let [TaskEvent::ItemsReplaced(replaced)] = &replaced[..] else { panic!("{replaced:?}") };
    let list: Vec<_> = replaced.items.iter().map(|known| (known.item, known.checked)).collect();
    assert_eq!(list, [(item(20), false), (item(10), true), (item(11), true)]);
    for unknown in [&[11, 11][..], &[99]] {
        let named = |id: &u128| NewItem { item: item(*id), known: true, text: "x".into(), checked: None };
        let items = Some(unknown.iter().map(named).collect());
        let twice = change(OWNER, Change { items, ..Change::default() });
        assert_eq!(given::<Task>(&history).when(twice), Err(Rejection::NoItem));
    }
}

#[test]
fn title_and_item_reference_are_parsed() {
    assert_eq!(title("\n  Полить цветы \nи закрыть окно"), "Полить цветы");
    assert_eq!(title(&"щ".repeat(300)).chars().count(), limits::TASK_TITLE);
    assert_eq!((reference("#7"), reference(" #12 ")), (Some(7), Some(12)));
    for text in ["7", "#", "#7a", "# 7", "#-7", "#99999999999"] {
        assert_eq!(reference(text), None, "{text}");
    }
}

#[test]
fn archived_task_rejects_commands() {
    let task = made(true);
    let gone = given::<Task>(&task).when(Command::Archive { actor: OWNER }).unwrap();
    let history = [task, gone].concat();
    assert_eq!(given::<Task>(&history).when(Command::Archive { actor: OWNER }), Err(Rejection::NoTask));
    assert_eq!(given::<Task>(&history).when(to_status(OWNER, DONE)), Err(Rejection::NoTask));
}

#[test]
fn changeable_fields_are_sorted_and_owner_has_all() {
    assert!(OWNERS_FIELDS.is_sorted() && ASSIGNEES_FIELDS.is_sorted());
    assert!(ASSIGNEES_FIELDS.iter().all(|field| OWNERS_FIELDS.contains(field)));
}

#[test]
fn each_deadline_passes_once() {
    let at = |second: i64| DateTime::<Utc>::from_timestamp(1_700_000_000 + second, 0).unwrap();
    let due =
        |second: Option<i64>| change(OWNER, Change { deadline: Some(second.map(at)), ..Change::default() });
    let passes = |history: &[TaskEvent], now: i64| {
        given::<Task>(history).when(Command::PassDeadline { now: at(now) }).unwrap()
    };
    let mut history = made(false);
    assert_eq!(passes(&history, 1_000), [], "it has none");
    let mut goes_on = |command: Command| {
        let events = given::<Task>(&history).when(command).unwrap();
        history.extend(events);
        history.clone()
    };
    let waiting = goes_on(due(Some(60)));
    assert_eq!(passes(&waiting, 59), []);
    let passed = TaskEvent::from(task::DeadlinePassed { deadline: at(60) });
    assert_eq!(passes(&waiting, 60), [passed]);
    let late = goes_on(Command::PassDeadline { now: at(61) });
    assert_eq!(passes(&late, 1_000), [], "once");
    let later = goes_on(due(Some(120)));
    assert_eq!(passes(&later, 119), []);
    assert_eq!(passes(&later, 120).len(), 1);
    let done = goes_on(to_status(OWNER, DONE));
    assert_eq!(passes(&done, 1_000), [], "nothing is late that is done");
    let again = goes_on(to_status(OWNER, NEW));
    assert_eq!(passes(&again, 1_000).len(), 1);
    let gone = goes_on(Command::Archive { actor: OWNER });
    assert_eq!(passes(&gone, 1_000), []);
}

#[test]
fn files_are_changed_by_managers_and_attached_until_archived() {
    let file = UploadId(Uuid::from_u128(70));
    let with = |actor| change(actor, Change { uploads: Some(vec![file, file]), ..Change::default() });
    let made = made(false);
    assert_eq!(given::<Task>(&made).when(with(ASSIGNEE)), Err(Rejection::NotAllowed));
    let history = [made.clone(), given::<Task>(&made).when(with(OWNER)).unwrap()].concat();
    let Some(TaskEvent::Changed(changed)) = history.last() else { panic!() };
    assert_eq!((&changed.settings.uploads[..], changed.described), (&[file][..], false));
    assert!(
        Task::initial().fold(&history).has_attachment(file)
            && !Task::initial().fold(&made).has_attachment(file)
    );
    let gone = given::<Task>(&history).when(Command::Archive { actor: OWNER }).unwrap();
    assert!(!Task::initial().fold(&[history, gone].concat()).has_attachment(file));
}
