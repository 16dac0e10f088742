//! The task of presence: hears other gateways, tells them of this one, and brings the teams' frames up to date.

use crate::{
    hub::{Hub, Typing},
    presence::Presence,
};
use bus::{Delivery, Message, Subscription};
use events::TeamId;
use protocol::live::Live;
use std::time::{Duration, Instant};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// Changes within this time become one frame.
const DEBOUNCE: Duration = Duration::from_millis(200);

/// The other gateways are told again after this time, whether something changed or not.
const BEAT: Duration = Duration::from_secs(2);

impl Presence {
    /// Runs until the stop.
    pub(crate) async fn run(self, hub: Hub, mut lives: Subscription, stop: CancellationToken) {
        let mut changes = interval(DEBOUNCE);
        let mut beats = interval(BEAT);
        changes.set_missed_tick_behavior(MissedTickBehavior::Delay);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                heard = lives.next() => match heard {
                    Some(Delivery::Message(message)) => self.heard(&hub, &message),
                    // What is missed will be repeated.
                    Some(Delivery::Missed(_)) => {}
                    None => return,
                },
                _ = changes.tick() => self.tell(false),
                _ = beats.tick() => self.tell(true),
            }
        }
    }

    fn heard(&self, hub: &Hub, message: &Message) {
        let team = message.subject.rsplit('.').next().and_then(|team| team.parse::<TeamId>().ok());
        let Some(team) = team.filter(|team| hub.has_team(*team)) else { return };
        match serde_json::from_slice(&message.payload) {
            Ok(Live::Composing { chat, actor, composing, is_audio }) => {
                hub.typing(Typing { team, chat, actor, composing, is_audio });
            }
            Ok(live) => self.receive(team, live, Instant::now()),
            Err(error) => tracing::debug!(%team, %error, "what another process says cannot be read"),
        }
    }

    /// Brings frames up to date and tells the other gateways, of changes or of everything.
    fn tell(&self, everything: bool) {
        let now = Instant::now();
        let mut told = Vec::new();
        for (team, roster) in self.teams().iter_mut() {
            roster.forget(now);
            roster.refresh();
            if roster.take_untold() || everything {
                told.push((*team, roster.here()));
            }
        }
        for (team, contacts) in told {
            self.publish(team, &Live::Presence { node: self.0.node, contacts });
        }
    }
}
