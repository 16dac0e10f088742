//! Rules of login codes of all phones together, a stream a day (UTC): budgets per prefix, per country and in all; and a guard
//! that slows down and stops a prefix whose codes are hardly ever entered. Pumped messages earn money by being sent: their
//! codes are never entered.

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

/// The codes sent on a day.
#[derive(Clone, Debug, Default)]
pub struct Codes {
    all: Count,
    countries: HashMap<String, Count>,
    prefixes: HashMap<String, Prefix>,
    /// The prefix of each code, and its place among those of the prefix.
    allowed: HashMap<Uuid, (Arc<str>, usize)>,
    /// The barriers that were recorded.
    said: HashSet<(Barrier, String, DateTime<Utc>)>,
}

/// Messages of the day and of its last hour with any.
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

/// How many messages may go out; 0 is any number.
#[derive(Clone, Copy, Debug, Default)]
pub struct Budget {
    /// In an hour of the clock.
    pub per_hour: u32,
    /// On a day.
    pub per_day: u32,
}

/// When a prefix is held to be pumped.
#[derive(Clone, Copy, Debug)]
pub struct Guard {
    /// Codes after which it may be slowed down; 0 never does.
    pub slow_after: u32,
    /// Codes after which it may be stopped; 0 never does.
    pub stop_after: u32,
    /// Less than so many of a hundred were entered.
    pub percent: u32,
    /// How long somebody may need to enter a code.
    pub grace: Duration,
    /// Pause between two messages to a prefix that is slowed down.
    pub pause: Duration,
}

/// Limits in force.
#[derive(Clone, Copy, Debug)]
pub struct CodesPolicy {
    /// The codes of a prefix.
    pub prefix: Budget,
    /// The codes of a country.
    pub country: Budget,
    /// All codes together.
    pub all: Budget,
    /// The guard.
    pub guard: Guard,
}

/// Commands.
#[derive(Clone, Debug)]
pub enum Command {
    /// May a code be sent?
    Allow {
        /// The code's identity.
        nonce: Uuid,
        /// Where it would go.
        place: Destination,
        /// Whether somebody logged in with the number before.
        known: bool,
        /// Limits in force.
        policy: CodesPolicy,
        /// When.
        now: DateTime<Utc>,
    },
    /// A code was entered.
    Enter {
        /// The code's identity.
        nonce: Uuid,
    },
}

/// Nothing is refused here: what is withheld is a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Never {}

impl Codes {
    /// The name of a day's stream.
    pub fn day(at: DateTime<Utc>) -> String {
        at.format("%Y-%m-%d").to_string()
    }

    /// Whether a code may be sent.
    pub fn is_allowed(&self, nonce: Uuid) -> bool {
        self.allowed.contains_key(&nonce)
    }

    /// The barrier that holds up a code for a number with which nobody logged in before, and its end.
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

    /// Until when the budget is used up; nothing while it is not.
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
    /// Codes that were sent a moment ago may still be entered: they do not count.
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
                match self.said.contains(&(barrier, subject(barrier, &place), until)) {
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
                self.said.insert((*barrier, subject(*barrier, place), *until));
            }
        }
    }
}

/// The subject of a barrier.
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
