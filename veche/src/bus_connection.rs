//! The configured bus: in the process, or NATS with credentials and authority from files.

use crate::failure::Failure;
use bus::{Bus, NatsOptions, NatsTls};
use platform::config::Config;

/// Opens the bus; the connection is made in the background.
///
/// # Errors
/// The password file cannot be read, or the address is invalid.
pub(crate) async fn open(config: &Config) -> Result<Bus, Failure> {
    match config.bus.expose() {
        "memory" => Ok(Bus::memory()),
        servers => {
            let servers = servers.split(',').map(|server| server.trim().to_owned()).collect();
            let nats = &config.nats;
            let user = nats_user(config)?;
            let tls = NatsTls {
                ca: nats.ca_file.clone(),
                certificate: nats.cert_file.clone().zip(nats.key_file.clone()),
            };
            Ok(Bus::nats(NatsOptions { servers, name: "veche".to_owned(), user, tls }).await?)
        }
    }
}

/// User name and password for NATS, unless the address contains them.
fn nats_user(config: &Config) -> Result<Option<(String, String)>, Failure> {
    let nats = &config.nats;
    let Some(file) = &nats.password_file else { return Ok(None) };
    let password = std::fs::read_to_string(file)
        .map_err(|error| format!("nats.password_file {}: {error}", file.display()))?;
    Ok(Some((nats.user.clone(), password.trim_end().to_owned())))
}
