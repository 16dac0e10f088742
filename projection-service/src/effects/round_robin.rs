//! Chooses the webhooks that are tried next. An integration has one at a time and a team a few, so that a listener that never answers
//! holds no more than these; teams take turns, so that none waits behind the queue of another.

use super::pause::{Pauses, Target};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use uuid::Uuid;

/// The first due webhook of an integration that has none in flight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WaitingWebhook {
    pub(super) key: String,
    pub(super) team: Uuid,
    pub(super) target: Target,
}

/// A webhook that is being tried.
#[derive(Clone, Copy, Debug)]
pub(super) struct InFlight {
    pub(super) team: Uuid,
    pub(super) target: Target,
}

/// How many may be tried at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Capacity {
    /// Places that are free.
    pub(super) free: usize,
    /// Calls of one team, with those in flight.
    pub(super) per_team: usize,
}

/// Remembers which teams have had their turn.
#[derive(Debug, Default)]
pub(super) struct TeamRoundRobin {
    served: HashMap<Uuid, u64>,
    last: u64,
}

impl TeamRoundRobin {
    /// Chooses among those that wait, which are in the order of their due times: always of the team that has the fewest in
    /// flight, and among equals of the one whose last turn was the longest ago.
    pub(super) fn choose(
        &mut self,
        waiting: Vec<WaitingWebhook>,
        held: &[InFlight],
        pauses: &Pauses,
        room: Capacity,
    ) -> Vec<WaitingWebhook> {
        let mut in_flight: HashMap<Uuid, usize> = HashMap::new();
        for held in held {
            *in_flight.entry(held.team).or_default() += 1;
        }
        let mut queues = by_team(waiting, held, pauses);
        self.served.retain(|team, _| queues.contains_key(team) || in_flight.contains_key(team));
        let mut chosen = vec![];
        while chosen.len() < room.free {
            let fits = |team: &Uuid| in_flight.get(team).is_none_or(|count| *count < room.per_team);
            let rank = |team: &Uuid| (in_flight.get(team).copied(), self.served.get(team).copied());
            let next = queues.iter().filter(|(team, queue)| fits(team) && !queue.is_empty());
            let Some(team) = next.map(|(team, _)| *team).min_by_key(rank) else { break };
            self.last += 1;
            self.served.insert(team, self.last);
            *in_flight.entry(team).or_default() += 1;
            chosen.extend(queues.get_mut(&team).and_then(VecDeque::pop_front));
        }
        chosen
    }
}

/// The calls that may go for each team: none to targets that rest, and one at a time to those of which it is not known whether they
/// are well again.
fn by_team(
    waiting: Vec<WaitingWebhook>,
    held: &[InFlight],
    pauses: &Pauses,
) -> BTreeMap<Uuid, VecDeque<WaitingWebhook>> {
    let mut asked: HashSet<Target> = held.iter().map(|held| held.target).collect();
    let mut queues: BTreeMap<Uuid, VecDeque<WaitingWebhook>> = BTreeMap::new();
    for webhook in waiting {
        if pauses.rests(webhook.target)
            || (pauses.is_doubted(webhook.target) && !asked.insert(webhook.target))
        {
            continue;
        }
        queues.entry(webhook.team).or_default().push_back(webhook);
    }
    queues
}

#[cfg(test)]
mod tests {
    use super::{Capacity, InFlight, Pauses, Target, TeamRoundRobin, Uuid, WaitingWebhook};

    const CAPACITY: Capacity = Capacity { free: 16, per_team: 4 };

    fn webhook(team: u128, number: u8) -> WaitingWebhook {
        WaitingWebhook {
            key: format!("{team}.{number}"),
            team: Uuid::from_u128(team),
            target: target(number),
        }
    }

    fn target(number: u8) -> Target {
        Target([number; 32])
    }

    fn keys(chosen: &[WaitingWebhook]) -> Vec<&str> {
        chosen.iter().map(|webhook| webhook.key.as_str()).collect()
    }

    #[test]
    fn a_team_has_four_at_once_and_others_go_between_them() {
        let mut turns = TeamRoundRobin::default();
        let flood = (0..20).map(|number| webhook(1, number));
        let waiting: Vec<_> = flood.chain([webhook(2, 100), webhook(3, 101), webhook(2, 102)]).collect();
        let chosen = turns.choose(waiting.clone(), &[], &Pauses::default(), CAPACITY);
        assert_eq!(keys(&chosen), ["1.0", "2.100", "3.101", "1.1", "2.102", "1.2", "1.3"]);
        let held = [InFlight { team: Uuid::from_u128(1), target: target(0) }; 4];
        let chosen = turns.choose(waiting, &held, &Pauses::default(), CAPACITY);
        assert_eq!(keys(&chosen), ["3.101", "2.100", "2.102"], "the flood waits for its own");
    }

    #[test]
    fn where_there_is_one_place_teams_take_turns() {
        let mut turns = TeamRoundRobin::default();
        let mut order = vec![];
        let mut waiting: Vec<_> = (0..4).map(|number| webhook(1, number)).collect();
        for round in 0..6 {
            if round == 1 {
                // Later than all of the flood, and not behind it.
                waiting.extend([webhook(2, 100), webhook(2, 101)]);
            }
            let room = Capacity { free: 1, per_team: 4 };
            let chosen = turns.choose(waiting.clone(), &[], &Pauses::default(), room);
            waiting.retain(|webhook| !chosen.contains(webhook));
            order.extend(chosen.into_iter().map(|webhook| webhook.key));
        }
        assert_eq!(order, ["1.0", "2.100", "1.1", "2.101", "1.2", "1.3"]);
    }

    #[test]
    fn a_target_that_rests_gets_nothing_and_one_that_comes_back_is_asked_once() {
        let mut turns = TeamRoundRobin::default();
        let pauses = Pauses::of([(target(1), true), (target(2), false)]);
        let shared = |key: &str, number| WaitingWebhook { key: key.into(), ..webhook(1, number) };
        let waiting = vec![shared("rests", 1), shared("a", 2), shared("b", 2), shared("well", 3)];
        let chosen = turns.choose(waiting.clone(), &[], &pauses, CAPACITY);
        assert_eq!(keys(&chosen), ["a", "well"]);
        let held = [InFlight { team: Uuid::from_u128(1), target: target(2) }];
        let chosen = turns.choose(waiting, &held, &pauses, CAPACITY);
        assert_eq!(keys(&chosen), ["well"], "one is on its way to ask");
    }
}
