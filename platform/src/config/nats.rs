//! The section `nats` and its defaults.

use super::blank;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Connection to the NATS servers, if `bus` is not `memory`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nats {
    /// User name; empty = the one in the address, if any.
    pub user: String,
    /// File that contains the password.
    #[serde(with = "blank")]
    #[schemars(with = "String")]
    pub password_file: Option<PathBuf>,
    /// File (PEM) with the certificate authorities that sign the servers' certificates, instead of the system's.
    /// With it, or with an address that begins with `tls://`, the connection is always encrypted.
    #[serde(with = "blank")]
    #[schemars(with = "String")]
    pub ca_file: Option<PathBuf>,
    /// File (PEM) with the client certificate, for servers that require one.
    #[serde(with = "blank")]
    #[schemars(with = "String")]
    pub cert_file: Option<PathBuf>,
    /// File (PEM) with the key of the client certificate.
    #[serde(with = "blank")]
    #[schemars(with = "String")]
    pub key_file: Option<PathBuf>,
}
