//! `server.roster`: the complete state right after connecting, for clients that ask for it. It carries its
//! position; later frames continue from there. A state that is too large is not sent: the client is told to fetch
//! it.

use super::state::{End, Socket};
use crate::frame;
use platform::{
    config::RosterMode,
    http::fields::{boolean, is_true},
};
use protocol::realtime::ServerEvent;
use read_model::roster::RosterOptions;

/// Maximum length of a roster frame: a longer one would wait in memory for a slow client.
const LONGEST: usize = 8 * 1024 * 1024;

/// Whether a client that does not resume gets a roster.
pub(crate) fn is_wanted(mode: RosterMode, asked: Option<&str>) -> bool {
    match mode {
        RosterMode::Never => false,
        RosterMode::Asked => is_true(asked),
        RosterMode::Always => !asked.is_some_and(|asked| boolean(asked) == Ok(false)),
    }
}

impl Socket {
    /// Sends the complete state as of the socket's starting position.
    pub(super) async fn send_roster(&mut self) -> Option<End> {
        let (at, renderer) = (self.sent, &self.renderer);
        let shared = &self.gateway.0;
        let max_objects = match shared.access.config.realtime.roster_objects {
            0 => u32::MAX,
            max => max,
        };
        let options = RosterOptions {
            account: renderer.account,
            lang: renderer.lang,
            badge: renderer.counters.badge(),
            max_objects,
        };
        let made = {
            // The semaphore is never closed.
            let _turn = shared.rosters.acquire().await;
            renderer.read.rosters().of(&renderer.member, options).await
        };
        let frame = match made {
            Ok(Some(roster)) => frame::encode(at, &ServerEvent::Roster(Box::new(roster))),
            Ok(None) => return self.too_much(),
            Err(error) => return self.broken(&error.into()),
        };
        match frame {
            Ok(frame) if frame.len() > LONGEST => self.too_much(),
            Ok(frame) => {
                self.transport.push(frame, Some(at));
                None
            }
            Err(error) => self.broken(&error.into()),
        }
    }

    fn too_much(&mut self) -> Option<End> {
        self.send_must_refetch(self.sent);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{RosterMode, is_wanted};

    #[test]
    fn roster_setting_wins_over_the_clients_wish() {
        for (mode, unasked, asked, declined) in [
            (RosterMode::Never, false, false, false),
            (RosterMode::Asked, false, true, false),
            (RosterMode::Always, true, true, false),
        ] {
            let outcome = [None, Some("true"), Some("false")].map(|word| is_wanted(mode, word));
            assert_eq!(outcome, [unasked, asked, declined], "{mode:?}");
        }
    }
}
