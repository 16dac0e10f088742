//! Examples of an account's rules.

use super::*;
use crate::spec::given;
use events::value::{DeviceKind, ErasureAsker, ErasureReason, SessionKind};

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
}

fn register() -> Command {
    Command::Register {
        account: AccountId(id(1)),
        phone: "+79166660002".into(),
        phone_hash: "aa".into(),
        added_by: None,
    }
}

fn name(given: Option<&str>, family: Option<&str>) -> Command {
    Command::TakeName { given_name: given.map(Into::into), family_name: family.map(Into::into) }
}

fn login(session: u128, device: Option<&str>) -> Login {
    Login {
        session: SessionId(id(session)),
        kind: SessionKind::Token,
        token_hash: format!("{session:x}"),
        expires: at(1_000),
        device: device.map(|device_id| NamedDevice {
            device_id: device_id.into(),
            kind: DeviceKind::Ios,
            name: "ойпад".into(),
        }),
    }
}

fn offer(n: u128, session: u128) -> Command {
    let session = SessionId(id(session));
    Command::OfferQr { offer: id(n), session, token_hash: format!("qr{n}"), valid_until: at(60) }
}

fn scan(n: u128, session: u128, second: i64) -> Command {
    Command::UseQr { token_hash: format!("qr{n}"), login: login(session, Some("second")), now: at(second) }
}

fn story(commands: impl IntoIterator<Item = Command>) -> Vec<AccountEvent> {
    let mut history = vec![];
    for command in commands {
        history.extend(given::<Account>(&history).when(command).unwrap());
    }
    history
}

#[test]
fn commands_on_a_missing_account_are_rejected() {
    assert_eq!(given::<Account>(&[]).when(Command::LogIn(login(5, None))), Err(Rejection::NoAccount));
    assert_eq!(given::<Account>(&story([register()])).when(register()), Ok(vec![]));
}

#[test]
fn login_registers_its_device_with_defaults() {
    let history = story([register(), Command::LogIn(login(5, Some("one")))]);
    let state = Account::initial().fold(&history);
    let device = state.device("one").unwrap();
    assert!(device.allowed_notifications && !device.data_pushes);
    assert_eq!(device.notification_token.or_default(), "");
}

#[test]
fn later_login_keeps_the_push_token_of_a_known_device() {
    let change = DeviceChange { notification_token: Some("push".into()), ..DeviceChange::default() };
    let history = story([
        register(),
        Command::LogIn(login(5, Some("one"))),
        Command::ChangeDevice { device_id: "one".into(), change },
        Command::LogIn(login(6, Some("one"))),
    ]);
    let state = Account::initial().fold(&history);
    assert_eq!(state.device("one").unwrap().notification_token.or_default(), "push");
}

#[test]
fn removing_a_device_closes_only_its_sessions() {
    let history = story([
        register(),
        Command::LogIn(login(5, Some("one"))),
        Command::LogIn(login(6, Some("two"))),
        Command::RemoveDevice { device_id: "one".into() },
    ]);
    let closed: Vec<_> =
        history.iter().filter(|event| matches!(event, AccountEvent::SessionClosed(_))).collect();
    assert!(matches!(closed[..], [AccountEvent::SessionClosed(c)] if c.session == SessionId(id(5))));
    let again = given::<Account>(&history).when(Command::RemoveDevice { device_id: "one".into() });
    assert_eq!(again, Err(Rejection::NoDevice));
}

#[test]
fn qr_code_works_once_before_expiry_while_its_session_is_open() {
    let shown = story([register(), Command::LogIn(login(5, Some("one"))), offer(1, 5)]);
    assert_eq!(given::<Account>(&shown).when(scan(1, 6, 10)).map(|events| events.len()), Ok(3));
    assert_eq!(given::<Account>(&shown).when(scan(1, 6, 60)), Err(Rejection::NoOffer), "expired");
    assert_eq!(given::<Account>(&shown).when(scan(2, 6, 10)), Err(Rejection::NoOffer), "unknown");

    let mut used = shown.clone();
    used.extend(given::<Account>(&shown).when(scan(1, 6, 10)).unwrap());
    assert_eq!(given::<Account>(&used).when(scan(1, 7, 11)), Err(Rejection::NoOffer), "used");

    let mut over = shown.clone();
    over.extend(given::<Account>(&shown).when(Command::LogOut(SessionId(id(5)))).unwrap());
    assert_eq!(given::<Account>(&over).when(scan(1, 6, 10)), Err(Rejection::NoOffer), "its session is over");

    let mut newer = shown;
    newer.extend(given::<Account>(&newer).when(offer(2, 5)).unwrap());
    assert_eq!(
        given::<Account>(&newer).when(scan(1, 6, 10)),
        Err(Rejection::NoOffer),
        "a newer one voids it"
    );
}

#[test]
fn address_book_belongs_to_a_device() {
    let put = book("[]", 0, 0);
    assert_eq!(given::<Account>(&story([register()])).when(put), Err(Rejection::NoDevice));
}

fn book(contacts: &str, new_numbers: u32, second: i64) -> Command {
    Command::ReplaceAddressBook {
        device_id: "one".into(),
        contacts: contacts.into(),
        new_numbers,
        now: at(second),
    }
}

#[test]
fn new_numbers_per_day_are_limited() {
    let most = limits::ADDRESS_BOOK_NEW_PER_DAY;
    let history = story([register(), Command::LogIn(login(5, Some("one"))), book("[1]", most, 0)]);
    assert_eq!(given::<Account>(&history).when(book("[2]", 1, 1)), Err(Rejection::TooManyNumbers));
    assert_eq!(given::<Account>(&history).when(book("[1]", 0, 1)), Ok(vec![]));
    assert!(given::<Account>(&history).when(book("[2]", 1, 86_400)).is_ok());
}

#[test]
fn erased_account_is_terminal() {
    let erase = |n| {
        let (asked_by, reason) = (ErasureAsker::Person, ErasureReason::Wish);
        Command::Erase(account::Erased { receipt: ReceiptId(id(n)), asked_by, reason })
    };
    let purge =
        |n| Command::Purge(account::Purged { receipt: ReceiptId(id(n)), teams: 1, messages: 2, files: 3 });
    assert_eq!(given::<Account>(&[]).when(erase(1)), Err(Rejection::NoAccount));
    let history = story([register(), Command::LogIn(login(5, Some("one"))), erase(1)]);
    let [.., AccountEvent::SessionClosed(closed), AccountEvent::Erased(_)] = &history[..] else {
        panic!("sessions end first: {history:?}")
    };
    assert_eq!(closed.reason, SessionEnd::Erased);
    assert_eq!(given::<Account>(&history).when(erase(2)), Ok(vec![]));
    assert_eq!(given::<Account>(&history).when(Command::LogIn(login(6, None))), Err(Rejection::NoAccount));
    assert_eq!(given::<Account>(&history).when(register()), Ok(vec![]));
    assert_eq!(given::<Account>(&history).when(purge(2)), Ok(vec![]), "another receipt");
    let purged = [history.clone(), given::<Account>(&history).when(purge(1)).unwrap()].concat();
    assert_eq!(purged.len(), history.len() + 1);
    assert_eq!(given::<Account>(&purged).when(purge(1)), Ok(vec![]));
}

#[test]
fn registered_account_has_no_name_until_the_person_sets_one() {
    let Command::Register { account, phone, phone_hash, .. } = register() else { panic!("it registers") };
    let team = Some(events::TeamId(id(9)));
    let history = story([Command::Register { account, phone, phone_hash, added_by: team }]);
    let [AccountEvent::Registered(registered)] = &history[..] else { panic!("{history:?}") };
    let names = [&registered.given_name, &registered.family_name].map(|name| name.or_default());
    assert_eq!(names, ["", ""]);
    assert_eq!(given::<Account>(&[]).when(name(Some("Вася"), None)), Err(Rejection::NoAccount));
    assert_eq!(given::<Account>(&history).when(name(None, Some(""))), Ok(vec![]), "nothing is taken");
    let taken = given::<Account>(&history).when(name(Some("Вася"), None)).unwrap();
    let history = [history, taken].concat();
    let taken = given::<Account>(&history).when(name(None, Some("Пупкин"))).unwrap();
    let [AccountEvent::Named(named)] = &taken[..] else { panic!("{taken:?}") };
    assert_eq!(
        (named.given_name.or_default(), named.family_name.or_default()),
        ("Вася".into(), "Пупкин".into())
    );
}

#[test]
fn name_given_by_a_team_in_an_earlier_version_is_not_the_persons_own() {
    let own = |text: &str| Personal::of_account(AccountId(id(1)), text.to_owned());
    let registered = account::Registered {
        account: AccountId(id(1)),
        phone: own("+79166660002"),
        phone_hash: "aa".into(),
        given_name: own("Лентяй"),
        family_name: own("Иванов"),
        added_by: Some(events::TeamId(id(9))),
    };
    let taken = given::<Account>(&[registered.into()]).when(name(None, Some("Петров"))).unwrap();
    let [AccountEvent::Named(named)] = &taken[..] else { panic!("{taken:?}") };
    assert_eq!(named.given_name.or_default(), "");
}

fn ended(events: &[AccountEvent]) -> Vec<(u128, SessionEnd)> {
    let ended = events.iter().filter_map(|event| match event {
        AccountEvent::SessionClosed(closed) => Some((closed.session.0.as_u128(), closed.reason)),
        _ => None,
    });
    ended.collect()
}

#[test]
fn one_session_or_all_other_sessions_can_be_closed() {
    let logins = [login(1, Some("a")), login(2, None), login(3, Some("b"))].map(Command::LogIn);
    let history = story([register()].into_iter().chain(logins));
    let one = |n| Command::EndSession { session: SessionId(id(n)), reason: SessionEnd::Ended };
    let events = given::<Account>(&history).when(one(2)).unwrap();
    assert_eq!(ended(&events), [(2, SessionEnd::Ended)]);
    assert_eq!(given::<Account>(&history).when(one(9)), Err(Rejection::NoSession));
    let events = given::<Account>(&history).when(Command::EndOtherSessions(SessionId(id(1)))).unwrap();
    assert_eq!(ended(&events), [(2, SessionEnd::Ended), (3, SessionEnd::Ended)]);
}

#[test]
fn removing_the_last_device_closes_all_sessions() {
    let logins = [login(1, Some("a")), login(2, None), login(3, Some("b"))].map(Command::LogIn);
    let mut history = story([register()].into_iter().chain(logins));
    let remove = |device: &str| Command::RemoveDevice { device_id: device.into() };
    let events = given::<Account>(&history).when(remove("a")).unwrap();
    assert_eq!(ended(&events), [(1, SessionEnd::DeviceRemoved)], "there is another device");
    history.extend(events);
    let events = given::<Account>(&history).when(remove("b")).unwrap();
    assert_eq!(ended(&events), [(2, SessionEnd::DevicesRemoved), (3, SessionEnd::DeviceRemoved)]);
}
