//! Diagnosis of TLS failures: the client reports only that it cannot connect. If a log does not open, each node of its
//! URL is called once without the client, and the TLS error is reported.

use super::address::Address;
use rustls::{
    ClientConfig, ClientConnection, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use std::{
    io,
    net::{TcpStream, ToSocketAddrs},
    sync::Arc,
    time::Duration,
};

/// Deadline for each step with a node.
const PATIENCE: Duration = Duration::from_secs(2);

/// The TLS error of one of the nodes; `None` if TLS is not to blame.
#[expect(clippy::disallowed_methods, reason = "the caller waits for this blocking work")]
pub(super) async fn explain(address: &Address) -> Option<String> {
    if !address.is_verified() {
        return None;
    }
    let address = address.clone();
    let asked = tokio::task::spawn_blocking(move || {
        let config = Arc::new(config(&address)?);
        address.hosts().iter().find_map(|host| {
            let error = greet(host, config.clone()).err()?;
            // The client itself reports nodes that are away.
            error.get_ref()?.downcast_ref::<rustls::Error>().map(|error| format!("TLS with {host}: {error}"))
        })
    });
    asked.await.ok().flatten()
}

fn config(address: &Address) -> Option<ClientConfig> {
    let mut roots = RootCertStore::empty();
    match address.authorities() {
        Some(file) => roots.add_parsable_certificates(CertificateDer::pem_file_iter(file).ok()?.flatten()),
        None => roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs),
    };
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().ok()?;
    Some(config.with_root_certificates(roots).with_no_client_auth())
}

fn greet(host: &str, config: Arc<ClientConfig>) -> io::Result<()> {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name).to_owned();
    let name = ServerName::try_from(name).map_err(io::Error::other)?;
    let address = host.to_socket_addrs()?.next().ok_or(io::ErrorKind::NotFound)?;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut connection = ClientConnection::new(config, name).map_err(io::Error::other)?;
    connection.complete_io(&mut stream).map(drop)
}
