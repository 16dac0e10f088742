//! The section `webhooks` and its defaults.

use super::Profile;
use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Calls to the addresses that teams' integrations name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Webhooks {
    /// Allows plain http besides https.
    pub allow_http: bool,
    /// Networks that may be called although they are not public; in dev this machine.
    #[schemars(with = "Vec<String>")]
    pub allowed_networks: Vec<IpNet>,
    /// Ports that may be called; none listed means any.
    pub allowed_ports: Vec<u16>,
    /// Seconds before each repetition of a call that was not answered by 200.
    pub retry_delays_sec: Vec<u32>,
    /// Calls made at once; one at a time of an integration.
    pub at_once: u32,
    /// Calls made at once for one team.
    pub at_once_per_team: u32,
    /// After so many failures in a row (no answer, 429, 5xx) a team's calls to that host and port wait; 0: never.
    pub pause_after: u32,
    /// How long they wait the first time, in seconds; each time twice as long as before, while calls fail.
    pub pause_sec: u32,
    /// The longest such pause, in seconds.
    pub longest_pause_sec: u32,
}

impl Webhooks {
    pub(super) fn defaults(profile: Profile) -> Self {
        let production = profile == Profile::Production;
        let this_machine =
            [IpNet::from(ipnet::Ipv4Net::new_assert([127, 0, 0, 0].into(), 8)), localhost_v6()];
        Self {
            allow_http: !production,
            allowed_networks: if production { Vec::new() } else { this_machine.to_vec() },
            allowed_ports: if production { vec![80, 443, 8443] } else { Vec::new() },
            retry_delays_sec: vec![10, 30, 120, 600, 1_800, 3_600, 10_800, 21_600],
            at_once: 64,
            at_once_per_team: 4,
            pause_after: 5,
            pause_sec: 10,
            longest_pause_sec: 600,
        }
    }
}

fn localhost_v6() -> IpNet {
    IpNet::from(std::net::IpAddr::V6(std::net::Ipv6Addr::LOCALHOST))
}
