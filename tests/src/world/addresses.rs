//! The ports of the product's processes.

use super::Role;
use http::Method;
use std::{collections::BTreeMap, sync::Arc};

/// Ports by role; a client routes its requests to them as the proxy of `deploy/` does.
#[derive(Clone, Debug)]
pub struct Addresses(Arc<BTreeMap<Role, u16>>);

impl Addresses {
    pub(super) fn of(ports: impl IntoIterator<Item = (Role, u16)>) -> Self {
        Self(Arc::new(ports.into_iter().collect()))
    }

    /// One port for everything, such as a proxy's.
    pub fn one(port: u16) -> Self {
        Self::of([(Role::Serve, port)])
    }

    /// These addresses with another port for one role.
    pub(super) fn with(&self, role: Role, port: u16) -> Self {
        let mut ports = (*self.0).clone();
        ports.insert(role, port);
        Self(Arc::new(ports))
    }

    /// The base URL of an HTTP request: `http://127.0.0.1:port`.
    pub fn http(&self, method: &Method, path: &str) -> String {
        let path = path.trim_end_matches('/');
        let reads = [Method::GET, Method::HEAD, Method::OPTIONS].contains(method);
        let changes_by_get = path.ends_with("/qr-login.png") || path.ends_with("/cookieauth-logout");
        let is_stream = path.starts_with("/api/v3/teams/") && path.ends_with("/events");
        let role = if path.starts_with("/messaging") || is_stream {
            Role::Gateway
        } else if reads && !changes_by_get {
            Role::Query
        } else {
            Role::Command
        };
        format!("http://127.0.0.1:{}", self.port(role))
    }

    /// The base URL of websockets: `ws://127.0.0.1:port`.
    pub fn websocket(&self) -> String {
        format!("ws://127.0.0.1:{}", self.port(Role::Gateway))
    }

    /// The port of a role.
    pub fn port(&self, role: Role) -> u16 {
        let port = self.0.get(&role).or_else(|| self.0.get(&Role::Serve));
        *port.expect("every role runs alone or with all")
    }
}
