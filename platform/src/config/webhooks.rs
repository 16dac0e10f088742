//! The section `webhooks` and its defaults.

use super::Profile;
use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Calls to the addresses of integrations (webhooks).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Webhooks {
    /// Allow plain http besides https.
    pub allow_http: bool,
    /// Networks that may be called although they are not public; in dev this machine.
    #[schemars(with = "Vec<String>")]
    pub allowed_networks: Vec<IpNet>,
    /// Ports that may be called; empty = any.
    pub allowed_ports: Vec<u16>,
    /// Delay before each retry of a call that was not answered with 200, in seconds.
    pub retry_delays_sec: Vec<u32>,
    /// Maximum number of concurrent calls; each integration has at most one.
    pub at_once: u32,
    /// Maximum number of concurrent calls per team.
    pub at_once_per_team: u32,
    /// Number of consecutive failures (no answer, 429, 5xx) after which a team's calls to a host and port pause; 0
    /// = never.
    pub pause_after: u32,
    /// Duration of the first pause, in seconds; it doubles with each further failure.
    pub pause_sec: u32,
    /// Maximum duration of a pause, in seconds.
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
