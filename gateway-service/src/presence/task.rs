//! The task of presence: receives reports of other gateways, publishes its own, and rebuilds the teams' frames.

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

/// Interval at which this gateway repeats its report.
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
                delivery = lives.next() => match delivery {
                    Some(Delivery::Message(message)) => self.receive_message(&hub, &message),
                    // Missed reports are repeated.
                    Some(Delivery::Missed(_)) => {}
                    None => return,
                },
                _ = changes.tick() => self.publish_reports(false),
                _ = beats.tick() => self.publish_reports(true),
            }
        }
    }

    fn receive_message(&self, hub: &Hub, message: &Message) {
        let team = message.subject.rsplit('.').next().and_then(|team| team.parse::<TeamId>().ok());
        let Some(team) = team.filter(|team| hub.has_team(*team)) else { return };
        match serde_json::from_slice(&message.payload) {
            Ok(Live::Composing { chat, actor, composing, is_audio }) => {
                hub.typing(Typing { team, chat, actor, composing, is_audio });
            }
            Ok(live) => self.receive(team, live, Instant::now()),
            Err(error) => tracing::debug!(%team, %error, "invalid live message on the bus"),
        }
    }

    /// Rebuilds frames and publishes reports: of changed teams, or of all.
    fn publish_reports(&self, everything: bool) {
        let now = Instant::now();
        let mut reports = Vec::new();
        for (team, roster) in self.teams().iter_mut() {
            roster.forget(now);
            roster.refresh();
            if roster.take_unpublished() || everything {
                reports.push((*team, roster.here()));
            }
        }
        for (team, contacts) in reports {
            self.publish(team, &Live::Presence { node: self.0.node, contacts });
        }
    }
}
