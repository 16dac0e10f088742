//! Chooses the webhooks to attempt next. Limits per integration (one) and per team bound what a target that never answers can
//! occupy; teams take turns, so that none waits behind the queue of another.

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

/// A webhook that is being attempted.
#[derive(Clone, Copy, Debug)]
pub(super) struct InFlight {
    pub(super) team: Uuid,
    pub(super) target: Target,
}

/// How many webhooks may be in flight.
#[derive(Clone, Copy, Debug)]
pub(super) struct Capacity {
    /// Webhooks that may be added.
    pub(super) free: usize,
    /// Maximum in flight per team.
    pub(super) per_team: usize,
}

/// The order in which teams had their last turns.
#[derive(Debug, Default)]
pub(super) struct TeamRoundRobin {
    served: HashMap<Uuid, u64>,
    last: u64,
}

impl TeamRoundRobin {
    /// Chooses among waiting webhooks, which are sorted by due time. The next one is always of the team with the fewest in
    /// flight; among equals, of the team whose last turn is the longest ago.
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

/// The webhooks of each team that may be attempted: none to a paused target, and one at a time to a target that needs a probe.
fn by_team(
    waiting: Vec<WaitingWebhook>,
    held: &[InFlight],
    pauses: &Pauses,
) -> BTreeMap<Uuid, VecDeque<WaitingWebhook>> {
    let mut probed: HashSet<Target> = held.iter().map(|held| held.target).collect();
    let mut queues: BTreeMap<Uuid, VecDeque<WaitingWebhook>> = BTreeMap::new();
    for webhook in waiting {
        if pauses.is_paused(webhook.target)
            || (pauses.needs_probe(webhook.target) && !probed.insert(webhook.target))
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
    fn team_never_exceeds_its_limit_and_teams_alternate() {
        let mut turns = TeamRoundRobin::default();
        let flood = (0..20).map(|number| webhook(1, number));
        let waiting: Vec<_> = flood.chain([webhook(2, 100), webhook(3, 101), webhook(2, 102)]).collect();
        let chosen = turns.choose(waiting.clone(), &[], &Pauses::default(), CAPACITY);
        assert_eq!(keys(&chosen), ["1.0", "2.100", "3.101", "1.1", "2.102", "1.2", "1.3"]);
        let held = [InFlight { team: Uuid::from_u128(1), target: target(0) }; 4];
        let chosen = turns.choose(waiting, &held, &Pauses::default(), CAPACITY);
        assert_eq!(
            keys(&chosen),
            ["3.101", "2.100", "2.102"],
            "the flooding team waits for its own webhooks"
        );
    }

    #[test]
    fn teams_take_turns_when_one_webhook_may_be_in_flight() {
        let mut turns = TeamRoundRobin::default();
        let mut order = vec![];
        let mut waiting: Vec<_> = (0..4).map(|number| webhook(1, number)).collect();
        for round in 0..6 {
            if round == 1 {
                // They are due after all others, but need not wait for them.
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
    fn paused_target_gets_nothing_and_target_after_its_pause_gets_one_probe() {
        let mut turns = TeamRoundRobin::default();
        let pauses = Pauses::of([(target(1), true), (target(2), false)]);
        let shared = |key: &str, number| WaitingWebhook { key: key.into(), ..webhook(1, number) };
        let waiting = vec![shared("paused", 1), shared("a", 2), shared("b", 2), shared("healthy", 3)];
        let chosen = turns.choose(waiting.clone(), &[], &pauses, CAPACITY);
        assert_eq!(keys(&chosen), ["a", "healthy"]);
        let held = [InFlight { team: Uuid::from_u128(1), target: target(2) }];
        let chosen = turns.choose(waiting, &held, &pauses, CAPACITY);
        assert_eq!(keys(&chosen), ["healthy"], "a probe is in flight");
    }
}
