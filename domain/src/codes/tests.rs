use super::*;
use crate::spec::given;

const OPEN: CodesPolicy = CodesPolicy {
    prefix: Budget { per_hour: 0, per_day: 0 },
    country: Budget { per_hour: 0, per_day: 0 },
    all: Budget { per_hour: 0, per_day: 0 },
    guard: Guard {
        slow_after: 0,
        stop_after: 0,
        percent: 10,
        grace: Duration::seconds(120),
        pause: Duration::seconds(300),
    },
};

const GUARDED: CodesPolicy =
    CodesPolicy { guard: Guard { slow_after: 10, stop_after: 20, ..OPEN.guard }, ..OPEN };

/// A time in seconds after midnight.
fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_699_920_000 + second, 0).unwrap()
}

fn id(n: u32) -> Uuid {
    Uuid::from_u128(n.into())
}

fn place(country: &str, prefix: &str) -> Destination {
    Destination { country: country.into(), prefix: prefix.into() }
}

fn ask(nonce: u32, place: Destination, policy: CodesPolicy, second: i64) -> Command {
    Command::Allow { nonce: id(nonce), place, known: false, policy, now: at(second) }
}

/// Requests codes one after the other; returns the history and whether each was sent.
fn story(commands: impl IntoIterator<Item = Command>) -> (Vec<CodesEvent>, Vec<bool>) {
    let (mut history, mut sent) = (vec![], vec![]);
    for command in commands {
        let events = given::<Codes>(&history).when(command).unwrap();
        sent.push(events.iter().any(|event| matches!(event, CodesEvent::Allowed(_))));
        history.extend(events);
    }
    (history, sent)
}

fn barriers(history: &[CodesEvent]) -> Vec<Barrier> {
    let barrier = |event: &CodesEvent| match event {
        CodesEvent::Withheld(withheld) => Some(withheld.barrier),
        _ => None,
    };
    history.iter().filter_map(barrier).collect()
}

fn count(sent: &[bool]) -> usize {
    sent.iter().filter(|sent| **sent).count()
}

#[test]
fn prefix_budget_limits_hour_and_day() {
    let policy = CodesPolicy { prefix: Budget { per_hour: 3, per_day: 5 }, ..OPEN };
    let (history, sent) = story((0..5).map(|n| ask(n, place("RU", "a"), policy, n.into())));
    assert_eq!(count(&sent), 3);
    assert_eq!(barriers(&history), [Barrier::Prefix], "it is said once");
    let later = (5..10).map(|n| ask(n, place("RU", "a"), policy, 3_600 + i64::from(n)));
    let (_, sent) = story((0..5).map(|n| ask(n, place("RU", "a"), policy, n.into())).chain(later));
    assert_eq!(count(&sent[5..]), 2, "the day's budget is used up");
    let other = given::<Codes>(&history).when(ask(99, place("RU", "b"), policy, 10)).unwrap();
    assert!(matches!(&other[..], [CodesEvent::Allowed(_)]), "another prefix goes on");
}

#[test]
fn country_and_overall_budgets_limit_codes() {
    let policy = CodesPolicy {
        country: Budget { per_hour: 2, per_day: 0 },
        all: Budget { per_hour: 0, per_day: 3 },
        ..OPEN
    };
    let asked = [("XK", "a"), ("XK", "b"), ("XK", "c"), ("RU", "d"), ("RU", "e")];
    let (history, sent) = story(
        (0..).zip(asked).map(|(n, (country, prefix))| ask(n, place(country, prefix), policy, n.into())),
    );
    assert_eq!(sent, [true, true, false, true, false]);
    assert_eq!(barriers(&history), [Barrier::Country, Barrier::All]);
}

#[test]
fn number_with_earlier_login_passes_every_barrier_and_counts() {
    let policy = CodesPolicy { all: Budget { per_hour: 1, per_day: 1 }, ..OPEN };
    let (history, _) = story([ask(0, place("RU", "a"), policy, 0), ask(1, place("RU", "a"), policy, 1)]);
    assert_eq!(barriers(&history), [Barrier::All]);
    let known = Command::Allow { nonce: id(2), place: place("RU", "a"), known: true, policy, now: at(2) };
    let events = given::<Codes>(&history).when(known).unwrap();
    assert!(matches!(&events[..], [CodesEvent::Allowed(allowed)] if allowed.known));
}

#[test]
fn prefix_without_entered_codes_is_slowed_down_then_stopped() {
    // 200 requests of one prefix, one every ten seconds.
    let (history, sent) = story((0..200).map(|n| ask(n, place("001", "sat"), GUARDED, i64::from(n) * 10)));
    assert!((20..40).contains(&count(&sent)), "{} of 200 were sent", count(&sent));
    assert_eq!(barriers(&history).first(), Some(&Barrier::Slowed));
    // After an hour the prefix is stopped; other prefixes are unaffected.
    let (history, sent) = story((0..200).map(|n| ask(n, place("001", "sat"), GUARDED, i64::from(n) * 200)));
    assert!(count(&sent[100..]) == 0 && barriers(&history).contains(&Barrier::Stopped));
    let other = given::<Codes>(&history).when(ask(999, place("RU", "a"), GUARDED, 40_001)).unwrap();
    assert!(matches!(&other[..], [CodesEvent::Allowed(_)]));
}

#[test]
fn prefix_with_entered_codes_is_not_slowed_down() {
    let mut commands = vec![];
    for n in 0..200 {
        commands.push(ask(n, place("RU", "a"), GUARDED, i64::from(n) * 10));
        if n % 5 == 0 {
            commands.push(Command::Enter { nonce: id(n) });
        }
    }
    let (history, sent) = story(commands);
    assert_eq!((count(&sent), barriers(&history)), (200, vec![]));
}

#[test]
fn burst_of_requests_is_not_judged_before_the_grace_time() {
    let (_, sent) = story((0..60).map(|n| ask(n, place("RU", "a"), GUARDED, i64::from(n))));
    assert_eq!(count(&sent), 60);
}

#[test]
fn repeated_request_counts_once_and_code_is_entered_once() {
    let (history, _) = story([ask(7, place("RU", "a"), OPEN, 0), Command::Enter { nonce: id(7) }]);
    assert_eq!(given::<Codes>(&history).when(ask(7, place("RU", "a"), OPEN, 1)), Ok(vec![]));
    assert_eq!(given::<Codes>(&history).when(Command::Enter { nonce: id(7) }), Ok(vec![]));
    assert_eq!(given::<Codes>(&history).when(Command::Enter { nonce: id(8) }), Ok(vec![]));
}

#[test]
fn a_day_has_a_name() {
    assert_eq!(Codes::day(at(0)), "2023-11-14");
    assert_eq!(Codes::day(at(86_399)), "2023-11-14");
}
