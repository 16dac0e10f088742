//! What a socket does by the clock.

use std::time::Duration;
use tokio::time::Instant;

/// A peer that has not taken what was written for so long is let go.
pub(super) const STALLED: Duration = Duration::from_secs(20);

/// A message that has not come whole within this time is given up, and its client let go.
pub(super) const UNFINISHED: Duration = Duration::from_secs(60);

/// Protocol pings, so that dead peers are noticed.
const PING: Duration = Duration::from_secs(30);
/// Pings without an answer until the peer counts as dead.
const PINGS: u32 = 2;
/// Clients wait at most 10 s for `server.online`.
const ONLINE: Duration = Duration::from_millis(4_500);
/// Presence is not told more often than this.
const ONLINE_PAUSE: Duration = Duration::from_millis(200);
/// For so many bytes of presence one more pause: who is online in a large team is told less often.
const ONLINE_BYTES: usize = 4_096;
/// Whether the session is still good, and how often its owner is noted as seen.
const SESSION: Duration = Duration::from_secs(30);
const SEEN: Duration = Duration::from_secs(60);
/// What a client has confirmed is remembered so late: most confirmations are followed by others.
const CONFIRMED: Duration = Duration::from_secs(5);

/// See the file's head.
pub(super) struct Timers {
    ping: Instant,
    unanswered: u32,
    online: Instant,
    online_earliest: Instant,
    time: Instant,
    time_every: Duration,
    session: Instant,
    seen: Instant,
    confirmed: Option<Instant>,
    leave: Option<Instant>,
    expiry: Option<Instant>,
}

/// What is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct DueTimers {
    /// A protocol ping.
    pub(super) ping: bool,
    /// Nothing was heard for too long.
    pub(super) dead: bool,
    /// `server.online`
    pub(super) online: bool,
    /// `server.time`
    pub(super) time: bool,
    /// A look at the session.
    pub(super) session: bool,
    /// A note that the contact was seen.
    pub(super) seen: bool,
    /// A note of what the client has confirmed.
    pub(super) confirmed: bool,
    /// The end, in a drain.
    pub(super) leave: bool,
    /// The session is as old as it may get.
    pub(super) expired: bool,
}

impl Timers {
    /// `server.online` is due at once; `server.time` comes every so often; the session lasts for so long.
    pub(super) fn new(time_every: Duration, session: Duration) -> Self {
        let now = Instant::now();
        Self {
            ping: now + PING,
            unanswered: 0,
            online: now,
            online_earliest: now,
            time: now + time_every,
            time_every,
            session: now + SESSION,
            seen: now + SEEN,
            confirmed: None,
            leave: None,
            expiry: now.checked_add(session),
        }
    }

    /// When something is due next.
    pub(super) fn next(&self) -> Instant {
        let always = [self.ping, self.online, self.time, self.session, self.seen];
        always
            .into_iter()
            .chain(self.confirmed)
            .chain(self.leave)
            .chain(self.expiry)
            .min()
            .unwrap_or(self.ping)
    }

    /// What is due now; it will be due again later.
    pub(super) fn due(&mut self, now: Instant) -> DueTimers {
        let ping = pass(&mut self.ping, now, PING);
        let dead = ping && self.unanswered >= PINGS;
        self.unanswered += u32::from(ping);
        DueTimers {
            ping,
            dead,
            online: pass(&mut self.online, now, ONLINE),
            time: pass(&mut self.time, now, self.time_every),
            session: pass(&mut self.session, now, SESSION),
            seen: pass(&mut self.seen, now, SEEN),
            confirmed: self.confirmed.take_if(|at| *at <= now).is_some(),
            leave: self.leave.is_some_and(|leave| leave <= now),
            expired: self.expiry.take_if(|expiry| *expiry <= now).is_some(),
        }
    }

    /// The peer lives.
    pub(super) fn alive(&mut self) {
        self.unanswered = 0;
    }

    /// The client has confirmed something.
    pub(super) fn confirmed(&mut self) {
        self.confirmed.get_or_insert_with(|| Instant::now() + CONFIRMED);
    }

    /// `server.online` was sent, with so many bytes.
    pub(super) fn presence_sent(&mut self, now: Instant, bytes: usize) {
        let pauses = u32::try_from(1 + bytes / ONLINE_BYTES).unwrap_or(u32::MAX);
        self.online_earliest = now + ONLINE_PAUSE.saturating_mul(pauses).min(ONLINE);
    }

    /// Presence has changed: it is told as soon as that may be.
    pub(super) fn presence_changed(&mut self) {
        self.online = self.online.min(self.online_earliest);
    }

    /// Whether the end is set.
    pub(super) fn is_leaving(&self) -> bool {
        self.leave.is_some()
    }

    /// Sets the end.
    pub(super) fn leave_in(&mut self, wait: Duration) {
        self.leave = Some(Instant::now() + wait);
    }
}

fn pass(at: &mut Instant, now: Instant, every: Duration) -> bool {
    let due = *at <= now;
    if due {
        *at = now + every;
    }
    due
}

#[cfg(test)]
mod tests {
    use super::{ONLINE, PING, Timers};
    use std::time::Duration;
    use tokio::time::Instant;

    const DAY: Duration = Duration::from_secs(86_400);

    #[test]
    fn the_end_of_a_session_is_due_at_its_moment() {
        let mut timers = Timers::new(ONLINE, Duration::from_millis(700));
        let now = Instant::now();
        assert!(!timers.due(now).expired);
        assert!(timers.next() <= now + Duration::from_millis(700));
        assert!(timers.due(now + Duration::from_millis(700)).expired);
    }

    #[test]
    fn presence_is_due_at_once_and_then_again_and_again() {
        let mut timers = Timers::new(ONLINE, DAY);
        let now = Instant::now();
        assert!(timers.due(now).online);
        assert!(!timers.due(now + Duration::from_secs(4)).online);
        assert!(timers.due(now + ONLINE).online);
    }

    #[test]
    fn presence_of_many_is_told_less_often() {
        let mut timers = Timers::new(ONLINE, DAY);
        let now = Instant::now();
        timers.due(now);
        timers.presence_sent(now, 100);
        timers.presence_changed();
        assert!(timers.due(now + Duration::from_millis(200)).online);
        timers.presence_sent(now, 40_000);
        timers.presence_changed();
        assert!(!timers.due(now + Duration::from_millis(1_900)).online);
        assert!(timers.due(now + Duration::from_secs(2)).online);
    }

    #[test]
    fn a_peer_that_answers_no_ping_is_dead() {
        let mut timers = Timers::new(ONLINE, DAY);
        let mut now = Instant::now();
        let mut after = || {
            now += PING;
            now
        };
        assert!(!timers.due(after()).dead);
        assert!(!timers.due(after()).dead);
        timers.alive();
        assert!(!timers.due(after()).dead);
        assert!(!timers.due(after()).dead);
        assert!(timers.due(after()).dead);
    }
}
