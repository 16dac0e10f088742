//! The section of the configuration that says how the bus's servers are reached.

use super::blank;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// How the bus's servers are reached, where `bus` is not `memory`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nats {
    /// The user's name at the servers; empty: the one in the address, if any.
    pub user: String,
    /// A file with the user's password.
    #[serde(with = "blank")]
    #[schemars(with = "String")]
    pub password_file: Option<PathBuf>,
    /// A file with the authorities (PEM) that the servers' certificates must be from, instead of those that the system trusts. With
    /// it, or with an address that begins with `tls://`, nothing goes over the wire in clear.
    #[serde(with = "blank")]
    #[schemars(with = "String")]
    pub ca_file: Option<PathBuf>,
    /// A certificate (PEM) of ours, for servers that ask for one.
    #[serde(with = "blank")]
    #[schemars(with = "String")]
    pub cert_file: Option<PathBuf>,
    /// Its key (PEM).
    #[serde(with = "blank")]
    #[schemars(with = "String")]
    pub key_file: Option<PathBuf>,
}
