//! The rules of the shell for all requests.

use crate::{budget::Budget, limits::Limits};
use ipnet::IpNet;
use protocol::lang::Lang;
use secrets::vault::Vault;
use std::{sync::Arc, time::Duration};

/// The configured rules for all requests.
#[derive(Clone)]
pub(super) struct Rules {
    pub(super) proxies: Vec<IpNet>,
    /// Verifies the address that a gateway vouches for.
    pub(super) vault: Option<Vault>,
    pub(super) lang: Lang,
    pub(super) body_limit: usize,
    pub(super) body_idle: Duration,
    pub(super) budget: Budget,
    pub(super) limits: Option<Arc<Limits>>,
    pub(super) timeout: Duration,
    pub(super) https: bool,
}
