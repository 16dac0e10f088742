//! Rules of the login codes of all phones, one stream per day (UTC): budgets per prefix, per country and overall, and a guard
//! that slows down and stops a prefix whose codes are hardly ever entered. SMS pumping earns money from messages as such, so
//! its codes are never entered.

mod lists;
#[cfg(test)]
mod tests;

pub use lists::Lists;

use crate::Aggregate;
use chrono::{DateTime, Duration, DurationRound, Utc};
use events::{
    CodesEvent,
    codes::{self, Barrier, Destination},
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};
use uuid::Uuid;

/// The codes of one day.
#[derive(Clone, Debug, Default)]
pub struct Codes {
    all: Count,
    countries: HashMap<String, Count>,
    prefixes: HashMap<String, Prefix>,
    /// The prefix of each code, and its index among the codes of the prefix.
    allowed: HashMap<Uuid, (Arc<str>, usize)>,
    /// The barriers that events have recorded.
    recorded: HashSet<(Barrier, String, DateTime<Utc>)>,
}

/// Messages of the day, and of the last hour with messages.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    day: u32,
    hour: u32,
    hour_of: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, Default)]
struct Prefix {
    count: Count,
    sent: Vec<Sent>,
}

#[derive(Clone, Copy, Debug)]
struct Sent {
    at: DateTime<Utc>,
    entered: bool,
}

/// Maximum messages; 0 means unlimited.
#[derive(Clone, Copy, Debug, Default)]
pub struct Budget {
    /// Per clock hour.
    pub per_hour: u32,
    /// Per day.
    pub per_day: u32,
}

/// When a prefix is considered pumped.
#[derive(Clone, Copy, Debug)]
pub struct Guard {
    /// Minimum number of codes before the prefix is slowed down; 0 turns this off.
    pub slow_after: u32,
    /// Minimum number of codes before the prefix is stopped; 0 turns this off.
    pub stop_after: u32,
    /// The prefix is pumped if a smaller percentage of its codes was entered.
    pub percent: u32,
    /// A code counts as not entered after this time.
    pub grace: Duration,
    /// Minimum time between two messages to a slowed-down prefix.
    pub pause: Duration,
}

#[derive(Clone, Copy, Debug)]
pub struct CodesPolicy {
    pub prefix: Budget,
    pub country: Budget,
    pub all: Budget,
    pub guard: Guard,
}

#[derive(Clone, Debug)]
pub enum Command {
    /// Asks whether a code may be sent.
    Allow {
        nonce: Uuid,
        place: Destination,
        /// Somebody has logged in with the number before.
        known: bool,
        policy: CodesPolicy,
        now: DateTime<Utc>,
    },
    /// Records that a code was entered.
    Enter { nonce: Uuid },
}

/// No command is rejected: withholding a code is an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Never {}

impl Codes {
    /// The id of a day's stream.
    pub fn day(at: DateTime<Utc>) -> String {
        at.format("%Y-%m-%d").to_string()
    }

    pub fn is_allowed(&self, nonce: Uuid) -> bool {
        self.allowed.contains_key(&nonce)
    }

    /// The barrier that withholds a code for a number without an earlier login, and when it ends.
    pub fn barrier(
        &self,
        place: &Destination,
        policy: &CodesPolicy,
        now: DateTime<Utc>,
    ) -> Option<(Barrier, DateTime<Utc>)> {
        let prefix = self.prefixes.get(&place.prefix);
        let country = self.countries.get(&place.country).copied().unwrap_or_default();
        let guarded = prefix.and_then(|prefix| prefix.guarded(&policy.guard, now));
        let over = |count: Count, budget, barrier| count.over(budget, now).map(|until| (barrier, until));
        guarded
            .or_else(|| over(prefix.map(|prefix| prefix.count)?, policy.prefix, Barrier::Prefix))
            .or_else(|| over(country, policy.country, Barrier::Country))
            .or_else(|| over(self.all, policy.all, Barrier::All))
    }
}

impl Count {
    fn add(&mut self, at: DateTime<Utc>) {
        let hour = Some(hour(at));
        self.hour = if self.hour_of == hour { self.hour + 1 } else { 1 };
        self.hour_of = hour;
        self.day += 1;
    }

    /// When an exhausted budget is available again; `None` if it is not exhausted.
    fn over(self, budget: Budget, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let full = |count: u32, most: u32| most > 0 && count >= most;
        if full(self.day, budget.per_day) {
            return Some(next_day(now));
        }
        let in_hour = if self.hour_of == Some(hour(now)) { self.hour } else { 0 };
        full(in_hour, budget.per_hour).then(|| hour(now) + Duration::hours(1))
    }
}

impl Prefix {
    /// Recent codes may still be entered, so they do not count.
    fn guarded(&self, guard: &Guard, now: DateTime<Utc>) -> Option<(Barrier, DateTime<Utc>)> {
        let judged = self.sent.iter().filter(|sent| sent.entered || sent.at + guard.grace <= now);
        let (count, entered) = judged
            .fold((0_u32, 0_u32), |(count, entered), sent| (count + 1, entered + u32::from(sent.entered)));
        let hardly = |after: u32| after > 0 && count >= after && entered * 100 < guard.percent * count;
        if hardly(guard.stop_after) {
            return Some((Barrier::Stopped, next_day(now)));
        }
        let last = self.sent.last()?.at;
        (hardly(guard.slow_after) && now < last + guard.pause)
            .then(|| (Barrier::Slowed, hour(now) + Duration::hours(1)))
    }
}

impl Aggregate for Codes {
    type Command = Command;
    type Event = CodesEvent;
    type Rejection = Never;

    fn initial() -> Self {
        Self::default()
    }

    fn decide(&self, command: Command) -> Result<Vec<CodesEvent>, Never> {
        match command {
            Command::Allow { nonce, .. } if self.is_allowed(nonce) => Ok(vec![]),
            Command::Allow { nonce, place, known, policy, now } => {
                let barrier = self.barrier(&place, &policy, now).filter(|_| !known);
                let Some((barrier, until)) = barrier else {
                    return Ok(vec![codes::Allowed { nonce, at: now, place, known }.into()]);
                };
                match self.recorded.contains(&(barrier, subject(barrier, &place), until)) {
                    true => Ok(vec![]),
                    false => Ok(vec![codes::Withheld { barrier, place, at: now, until }.into()]),
                }
            }
            Command::Enter { nonce } => {
                let place = self.allowed.get(&nonce);
                let sent = place.and_then(|(prefix, at)| self.prefixes.get(&**prefix)?.sent.get(*at));
                Ok(match sent {
                    Some(Sent { entered: false, .. }) => vec![codes::Entered { nonce }.into()],
                    _ => vec![],
                })
            }
        }
    }

    fn evolve(&mut self, event: &CodesEvent) {
        match event {
            CodesEvent::Allowed(codes::Allowed { nonce, at, place, .. }) => {
                self.all.add(*at);
                self.countries.entry(place.country.clone()).or_default().add(*at);
                let prefix = self.prefixes.entry(place.prefix.clone()).or_default();
                prefix.count.add(*at);
                prefix.sent.push(Sent { at: *at, entered: false });
                self.allowed.insert(*nonce, (place.prefix.as_str().into(), prefix.sent.len() - 1));
            }
            CodesEvent::Entered(codes::Entered { nonce }) => {
                let place = self.allowed.get(nonce);
                let sent = place.and_then(|(prefix, at)| self.prefixes.get_mut(&**prefix)?.sent.get_mut(*at));
                if let Some(sent) = sent {
                    sent.entered = true;
                }
            }
            CodesEvent::Withheld(codes::Withheld { barrier, place, until, .. }) => {
                self.recorded.insert((*barrier, subject(*barrier, place), *until));
            }
        }
    }
}

fn subject(barrier: Barrier, place: &Destination) -> String {
    match barrier {
        Barrier::Prefix | Barrier::Slowed | Barrier::Stopped => place.prefix.clone(),
        Barrier::Country => place.country.clone(),
        Barrier::All => String::new(),
    }
}

fn hour(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(Duration::hours(1)).unwrap_or(at)
}

fn next_day(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(Duration::days(1)).unwrap_or(at) + Duration::days(1)
}
