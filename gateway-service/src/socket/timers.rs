//! The timers of a socket.

use std::time::Duration;
use tokio::time::Instant;

/// A peer that takes nothing for this long is disconnected.
pub(super) const STALLED: Duration = Duration::from_secs(20);

/// A message that is incomplete for this long ends the socket.
pub(super) const UNFINISHED: Duration = Duration::from_secs(60);

/// Interval of protocol pings, which detect dead peers.
const PING: Duration = Duration::from_secs(30);
/// Unanswered pings after which the peer counts as dead.
const PINGS: u32 = 2;
/// Interval of `server.online`; clients wait at most 10 s for it.
const ONLINE: Duration = Duration::from_millis(4_500);
/// Minimum interval between presence frames.
const ONLINE_PAUSE: Duration = Duration::from_millis(200);
/// Frame size that adds another [`ONLINE_PAUSE`]: large teams get presence less often.
const ONLINE_BYTES: usize = 4_096;
/// Interval at which the session is checked.
const SESSION: Duration = Duration::from_secs(30);
const SEEN: Duration = Duration::from_secs(60);
/// Delay after which acknowledgements are stored: most are followed by others.
const CONFIRMED: Duration = Duration::from_secs(5);

/// The timers of one socket.
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

/// The timers that are due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct DueTimers {
    /// Send a protocol ping.
    pub(super) ping: bool,
    /// The peer has not answered for too long.
    pub(super) dead: bool,
    /// Send `server.online`.
    pub(super) online: bool,
    /// Send `server.time`.
    pub(super) time: bool,
    /// Check the session.
    pub(super) session: bool,
    /// Store that the contact was seen.
    pub(super) seen: bool,
    /// Store the client's acknowledgements.
    pub(super) confirmed: bool,
    /// Close the socket: the server is draining.
    pub(super) leave: bool,
    /// The session has expired.
    pub(super) expired: bool,
}

impl Timers {
    /// `server.online` is due at once; `time_every` is the interval of `server.time`, `session` the session's
    /// remaining time.
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

    /// Time of the next timer.
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

    /// Takes the timers that are due and schedules them again.
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

    /// The peer showed a sign of life.
    pub(super) fn alive(&mut self) {
        self.unanswered = 0;
    }

    /// The client acknowledged a frame.
    pub(super) fn confirmed(&mut self) {
        self.confirmed.get_or_insert_with(|| Instant::now() + CONFIRMED);
    }

    /// A presence frame of this size was sent.
    pub(super) fn presence_sent(&mut self, now: Instant, bytes: usize) {
        let pauses = u32::try_from(1 + bytes / ONLINE_BYTES).unwrap_or(u32::MAX);
        self.online_earliest = now + ONLINE_PAUSE.saturating_mul(pauses).min(ONLINE);
    }

    /// Presence changed: its frame becomes due as soon as the pause allows.
    pub(super) fn presence_changed(&mut self) {
        self.online = self.online.min(self.online_earliest);
    }

    /// Whether the end is scheduled.
    pub(super) fn is_leaving(&self) -> bool {
        self.leave.is_some()
    }

    /// Schedules the end.
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
    fn session_expiry_is_due_at_its_time() {
        let mut timers = Timers::new(ONLINE, Duration::from_millis(700));
        let now = Instant::now();
        assert!(!timers.due(now).expired);
        assert!(timers.next() <= now + Duration::from_millis(700));
        assert!(timers.due(now + Duration::from_millis(700)).expired);
    }

    #[test]
    fn presence_is_due_at_once_and_periodically() {
        let mut timers = Timers::new(ONLINE, DAY);
        let now = Instant::now();
        assert!(timers.due(now).online);
        assert!(!timers.due(now + Duration::from_secs(4)).online);
        assert!(timers.due(now + ONLINE).online);
    }

    #[test]
    fn large_presence_frame_delays_the_next() {
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
    fn peer_without_pongs_is_dead_after_two_pings() {
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
