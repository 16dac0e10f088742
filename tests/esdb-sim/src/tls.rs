//! The server's TLS: a certificate for the loopback address, signed by an authority for tests. Its key is no secret, and only
//! tests trust the authority. Both are valid for a hundred years.

use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio_rustls::TlsAcceptor;

/// The certificate of the authority that signed the server's.
pub fn authority() -> PathBuf {
    file("ca.pem")
}

/// The certificate of another authority, which signed nothing.
pub fn other_authority() -> PathBuf {
    file("other-ca.pem")
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("certificates").join(name)
}

/// Accepts connections with the server's certificate. The crypto provider is passed explicitly, because the client has to install the
/// process's default.
pub(crate) fn acceptor() -> io::Result<TlsAcceptor> {
    let certificate = CertificateDer::from_pem_file(file("server.pem")).map_err(io::Error::other)?;
    let key = PrivateKeyDer::from_pem_file(file("server.key")).map_err(io::Error::other)?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key);
    let mut config = config.map_err(io::Error::other)?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
