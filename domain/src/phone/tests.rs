//! Examples of a number's rules, and what must hold whatever strangers do.

use super::*;
use crate::spec::given;

const POLICY: CodePolicy = CodePolicy {
    length: 6,
    lifetime: Duration::seconds(60),
    resend_after: Duration::seconds(30),
    slow_resend_after: Duration::minutes(15),
    tries: 3,
    per_hour: 5,
    per_day: 10,
};
const HOME: &str = "203.0.113.5";
const AWAY: &str = "198.51.100.9";

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
}

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn asker(request: Option<u128>, address: &str) -> Asker {
    Asker { request: request.map(|request| format!("r{request}")), address: address.into() }
}

/// Request `n`; a new code has the nonce `n` too.
fn ask(n: u128, from: &str, second: i64) -> Command {
    ask_as(n, asker(None, from), second)
}

fn ask_as(n: u128, asker: Asker, second: i64) -> Command {
    let (account, phone, lang) = (AccountId(id(1)), "+79166660002".into(), "ru".into());
    let (nonce, request, now) = (id(n), format!("r{n}"), at(second));
    let clearance = Clearance::Allowed;
    Command::RequestCode { nonce, account, phone, lang, request, asker, policy: POLICY, clearance, now }
}

/// A try that equals these codes.
fn enter(equal: &[u128], asker: Asker, session: u128, second: i64) -> Command {
    let equal = equal.iter().map(|nonce| id(*nonce)).collect();
    let session = SessionId(id(session));
    Command::TryCode { equal, asker, strained: false, session, policy: POLICY, now: at(second) }
}

/// The history that a sequence of commands leads to.
fn story(commands: impl IntoIterator<Item = Command>) -> Vec<PhoneEvent> {
    let mut history = vec![];
    for command in commands {
        let state = Phone::initial().fold(&history);
        history.extend(state.decide(command).unwrap());
    }
    history
}

fn then(mut history: Vec<PhoneEvent>, commands: impl IntoIterator<Item = Command>) -> Vec<PhoneEvent> {
    for command in commands {
        let state = Phone::initial().fold(&history);
        history.extend(state.decide(command).unwrap());
    }
    history
}

fn last_request(history: &[PhoneEvent]) -> &phone::CodeRequested {
    let requested = history.iter().rev().find_map(|event| match event {
        PhoneEvent::CodeRequested(requested) => Some(requested),
        _ => None,
    });
    requested.expect("a code was asked for")
}

fn opens(history: &[PhoneEvent], try_it: Command) -> bool {
    let decided = Phone::initial().fold(history).decide(try_it);
    matches!(decided.as_deref(), Ok([PhoneEvent::CodeUsed(_)]))
}

fn messages(history: &[PhoneEvent]) -> usize {
    history.iter().filter(|event| matches!(event, PhoneEvent::CodeRequested(one) if one.send)).count()
}

#[test]
fn first_request_claims_the_number_and_sends_a_code() {
    let events = given::<Phone>(&[]).when(ask(7, HOME, 0)).unwrap();
    assert!(matches!(&events[..], [PhoneEvent::Claimed(_), PhoneEvent::CodeRequested(r)] if r.send));
}

#[test]
fn number_is_released_only_by_erasure_of_its_owner() {
    let owner = AccountId(id(1));
    let history = story([ask(7, HOME, 0), Command::Release(AccountId(id(2))), Command::Release(owner)]);
    assert!(matches!(history.last(), Some(PhoneEvent::Released(_))));
    assert_eq!(given::<Phone>(&history).when(Command::Release(owner)), Ok(vec![]));
    let right = enter(&[7], asker(Some(7), HOME), 9, 10);
    assert_eq!(given::<Phone>(&history).when(right), Err(Rejection::NoCode));
    let claimed = given::<Phone>(&history).when(Command::Claim(AccountId(id(3)))).unwrap();
    assert!(matches!(&claimed[..], [PhoneEvent::Claimed(claimed)] if claimed.account == AccountId(id(3))));
}

#[test]
fn request_within_the_pause_keeps_the_code_and_sends_nothing() {
    let events = story([ask(7, HOME, 0), ask(8, HOME, 10)]);
    let last = last_request(&events);
    assert_eq!((last.nonce, last.send, last.valid_until), (id(7), false, at(70)));
}

#[test]
fn request_after_the_pause_sends_the_valid_code_again() {
    let events = story([ask(7, HOME, 0), ask(8, HOME, 30)]);
    let last = last_request(&events);
    assert_eq!((last.nonce, last.send), (id(7), true));
}

#[test]
fn code_expires_after_ten_minutes_at_most() {
    let history = story((0..11).map(|n| ask(n, &format!("10.0.0.{n}"), n as i64 * 54)));
    let last = last_request(&history);
    assert_eq!((last.nonce, last.valid_until), (id(0), at(600)));
    let early = given::<Phone>(&history).when(ask(20, HOME, 541));
    assert!(matches!(early, Err(Rejection::TooManyCodes { .. })), "{early:?}");
    let history = then(history, [ask(20, HOME, 1_200)]);
    assert_eq!((last_request(&history).nonce, last_request(&history).send), (id(20), true));
}

#[test]
fn used_code_is_replaced_at_once() {
    let events = story([ask(7, HOME, 0), enter(&[7], asker(Some(7), HOME), 100, 1), ask(8, HOME, 2)]);
    let last = last_request(&events);
    assert_eq!((last.nonce, last.send), (id(8), true));
}

#[test]
fn shared_code_is_used_once() {
    let history = story([ask(7, HOME, 0), ask(8, AWAY, 1), enter(&[7], asker(Some(7), HOME), 100, 2)]);
    let again = enter(&[7], asker(Some(8), AWAY), 101, 3);
    assert_eq!(given::<Phone>(&history).when(again), Err(Rejection::NoCode));
}

#[test]
fn third_wrong_try_exhausts_a_request_and_the_next_request_gets_a_new_code() {
    let mine = || asker(Some(7), HOME);
    let history = story([ask(7, HOME, 0)]);
    let history = then(history, (1..4).map(|second| enter(&[], mine(), 100, second)));
    let right = enter(&[7], mine(), 100, 5);
    assert_eq!(given::<Phone>(&history).when(right), Err(Rejection::TooManyTries));
    assert_eq!(
        given::<Phone>(&history).when(ask_as(8, mine(), 10)),
        Err(Rejection::TooManyCodes { retry_after: 20 })
    );
    let history = then(history, [ask_as(8, mine(), 31)]);
    assert_eq!((last_request(&history).nonce, last_request(&history).send), (id(8), true));
    assert!(opens(&history, enter(&[8], asker(Some(8), HOME), 100, 32)));
}

#[test]
fn tries_of_others_never_exhaust_a_request() {
    let mut history = story([ask(7, HOME, 0)]);
    // Three tries without proof, three by another client of the same address, and three by a request that shares the code.
    history = then(history, (1..4).map(|second| enter(&[], asker(None, AWAY), 66, second)));
    history = then(history, (4..7).map(|second| enter(&[], asker(None, HOME), 66, second)));
    history = then(history, [ask(8, AWAY, 7)]);
    history = then(history, (8..11).map(|second| enter(&[], asker(Some(8), AWAY), 66, second)));
    for (request, address) in [(None, "192.0.2.1"), (None, HOME), (Some(8), AWAY)] {
        let more = enter(&[], asker(request, address), 66, 11);
        assert_eq!(
            given::<Phone>(&history).when(more),
            Err(Rejection::TooManyTries),
            "{request:?} {address}"
        );
    }
    assert!(opens(&history, enter(&[7], asker(Some(7), HOME), 100, 12)));
    assert!(!opens(&history, enter(&[7], asker(Some(8), AWAY), 100, 12)));
}

#[test]
fn right_code_is_accepted_with_partial_proof() {
    let history = story([ask(7, HOME, 0)]);
    assert!(opens(&history, enter(&[7], asker(Some(7), AWAY), 100, 1)), "the address has changed");
    assert!(opens(&history, enter(&[7], asker(None, HOME), 100, 1)), "a client that sends no id back");
    assert!(opens(&history, enter(&[7], asker(None, AWAY), 100, 1)), "neither");
    assert!(opens(&history, enter(&[7], asker(Some(99), AWAY), 100, 1)), "an id of long ago");
}

#[test]
fn tries_with_the_id_from_another_address_have_their_own_limit() {
    let history = story([ask(7, HOME, 0)]);
    let history = then(history, (1..4).map(|second| enter(&[], asker(Some(7), AWAY), 66, second)));
    let moved = enter(&[7], asker(Some(7), AWAY), 66, 5);
    assert_eq!(given::<Phone>(&history).when(moved), Err(Rejection::TooManyTries));
    assert!(opens(&history, enter(&[7], asker(Some(7), HOME), 100, 5)));
}

#[test]
fn new_request_of_a_guesser_keeps_the_code_of_others_valid() {
    let mut history = story([ask(7, HOME, 0), ask(8, AWAY, 1)]);
    history = then(history, (2..5).map(|second| enter(&[], asker(Some(8), AWAY), 66, second)));
    history = then(history, [ask_as(9, asker(Some(8), AWAY), 31)]);
    assert_eq!(last_request(&history).nonce, id(9));
    assert!(opens(&history, enter(&[7], asker(Some(7), HOME), 100, 32)));
    assert!(opens(&history, enter(&[9], asker(Some(7), HOME), 100, 32)), "the newest message counts too");
}

#[test]
fn clients_without_proof_are_rejected_under_attack_and_requesters_are_not() {
    let strained = |command| match command {
        Command::TryCode { equal, asker, session, policy, now, .. } => {
            Command::TryCode { equal, asker, strained: true, session, policy, now }
        }
        other => other,
    };
    let history = story([ask(7, HOME, 0)]);
    let stranger = strained(enter(&[7], asker(None, AWAY), 100, 1));
    assert_eq!(given::<Phone>(&history).when(stranger), Err(Rejection::Strained));
    assert!(opens(&history, strained(enter(&[7], asker(None, HOME), 100, 1))));
    assert!(opens(&history, strained(enter(&[7], asker(Some(7), AWAY), 100, 1))));
}

#[test]
fn expired_code_is_rejected() {
    let history = story([ask(7, HOME, 0)]);
    let right = |second| enter(&[7], asker(Some(7), HOME), 100, second);
    assert_eq!(given::<Phone>(&history).when(right(60)), Err(Rejection::NoCode));
    assert_eq!(given::<Phone>(&[]).when(right(0)), Err(Rejection::NoCode));
}

#[test]
fn above_the_quota_messages_are_slow_and_requests_share_the_last_code() {
    let mut history = story((0..5).map(|n| ask(10 + n, &format!("10.0.0.{n}"), n as i64 * 70)));
    assert_eq!(messages(&history), 5);
    // The fifth message was sent at 280 s. Its code is ten minutes old at 600 s; the next one comes 15 minutes after the message.
    history = then(history, [ask(20, HOME, 500)]);
    assert_eq!((messages(&history), last_request(&history).nonce), (5, id(10)));
    assert!(opens(&history, enter(&[10], asker(Some(20), HOME), 100, 510)));
    let early = given::<Phone>(&history).when(ask(21, HOME, 700));
    assert_eq!(early, Err(Rejection::TooManyCodes { retry_after: 480 }));
    history = then(history, [ask(22, HOME, 1_180)]);
    assert_eq!((messages(&history), last_request(&history).nonce), (6, id(22)));
}

#[test]
fn codes_get_longer_when_no_guesses_are_left() {
    // Each request reserves six of the thirty tries of a day.
    let mut history = story((0..5).map(|n| ask(10 + n, &format!("10.0.0.{n}"), n as i64)));
    let sixth = given::<Phone>(&history).when(ask(20, HOME, 6));
    assert_eq!(sixth, Err(Rejection::TooManyCodes { retry_after: 24 }));
    history = then(history, [ask(20, HOME, 30)]);
    assert_eq!((last_request(&history).nonce, last_request(&history).code_length), (id(20), 8));
    assert!(opens(&history, enter(&[20], asker(Some(20), HOME), 100, 31)));
    // The shorter codes are rejected without proof of a request, and accepted with it.
    assert!(!opens(&history, enter(&[10], asker(None, "192.0.2.1"), 100, 31)));
    assert!(opens(&history, enter(&[10], asker(Some(12), "10.0.0.2"), 100, 31)));
}

/// An attacker requests and guesses all day from any number of addresses; the owner can still log in at any time.
#[test]
fn owner_logs_in_during_a_day_of_attack_and_guesses_stay_bounded() {
    let mut state = Phone::initial();
    let (mut wrong, mut sent) = ([0_u64; 11], 0);
    let (mut n, mut longest_wait) = (1_000_u128, 0);
    let mut wanted_since = None;
    let mut logins = 0;
    for second in (0..86_400_i64).step_by(9) {
        let mut happen = |state: &mut Phone, command: Command| {
            let events = state.decide(command)?;
            for event in &events {
                match event {
                    PhoneEvent::CodeRequested(requested) => sent += u32::from(requested.send),
                    PhoneEvent::CodeRejected(rejected) => {
                        let code = state.codes.iter().find(|code| code.nonce == rejected.nonce).unwrap();
                        wrong[usize::from(code.length)] += 1;
                    }
                    _ => {}
                }
            }
            *state = std::mem::take(state).fold(&events);
            Ok::<_, Rejection>(())
        };
        // Each of a thousand addresses requests and tries in turn, with an id and without.
        for _ in 0..4 {
            n += 1;
            let address = format!("10.1.{}.{}", n % 1_000 / 250, n % 250);
            if happen(&mut state, ask(n, &address, second)).is_ok() {
                for request in [Some(n), None] {
                    let _ = happen(&mut state, enter(&[], asker(request, &address), 66, second));
                }
            }
        }
        let _ = happen(&mut state, enter(&[], asker(None, "192.0.2.1"), 66, second));
        // Every half hour the owner requests codes until one is sent, and enters it.
        if second % 1_800 == 9 {
            wanted_since = Some(second);
        }
        let Some(since) = wanted_since else { continue };
        n += 1;
        if happen(&mut state, ask(n, HOME, second)).is_ok() {
            let shown = state.code().unwrap().nonce.as_u128();
            happen(&mut state, enter(&[shown], asker(Some(n), HOME), n, second)).unwrap();
            (longest_wait, wanted_since) = (longest_wait.max(second - since), None);
            logins += 1;
        }
    }
    assert_eq!(logins, 48);
    assert!(longest_wait <= 900, "the owner waited for {longest_wait} s");
    assert!(sent <= 10 + 96 + 48, "{sent} messages");
    let [six, eight, ten] = [6, 8, 10].map(|length| wrong[length]);
    assert!(six <= 30 && eight <= 3_000 && ten <= 300_000, "{six} {eight} {ten}");
}

/// An event of a program version that counted wrong tries for all clients together.
#[test]
fn events_without_request_ids_fold_as_before() {
    let requested = phone::CodeRequested {
        nonce: id(7),
        at: at(0),
        code_length: 6,
        valid_until: at(60),
        send: true,
        phone: None,
        lang: "ru".into(),
        request_hash: None,
        replaces: None,
        address: None,
        withheld: None,
    };
    let rejected = phone::CodeRejected { nonce: id(7), at: None, proof: None, request_hash: None };
    let mut history: Vec<PhoneEvent> = vec![requested.into(), rejected.clone().into()];
    assert!(opens(&history, enter(&[7], asker(None, HOME), 100, 4)));
    history.extend([rejected.clone().into(), rejected.into()]);
    let right = enter(&[7], asker(None, HOME), 100, 4);
    assert_eq!(given::<Phone>(&history).when(right), Err(Rejection::TooManyTries));
    let early = given::<Phone>(&history).when(ask(8, HOME, 10));
    assert_eq!(early, Err(Rejection::TooManyCodes { retry_after: 20 }));
    assert_eq!(last_request(&then(history, [ask(8, HOME, 31)])).nonce, id(8));
}
