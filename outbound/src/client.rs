//! The HTTP client for addresses that users choose; no other client may call them.
//!
//! Users could point it at our own network (SSRF). A name is therefore resolved once and refused if any of its
//! addresses is not public, and the connection goes to the checked addresses, with the name kept for the Host
//! header and TLS; redirects and proxies are off. Time and size are limited.

mod address;
mod resolver;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, header::CONTENT_TYPE};
use ipnet::IpNet;
use reqwest::{Client, Url, redirect::Policy};
use resolver::{GuardedResolver, NotPublic};
use std::{net::IpAddr, sync::Arc, time::Duration};

/// Maximum length of a URL, in bytes.
const MAX_URL: usize = 2_048;

/// Targets that the operator allows beyond public https addresses.
#[derive(Clone, Debug)]
pub struct OutboundPolicy {
    /// Allow plain http.
    pub allow_http: bool,
    /// Networks that may be called although they are not public, such as the company's own.
    pub allowed_networks: Vec<IpNet>,
    /// Ports that may be called; empty = any.
    pub ports: Vec<u16>,
    /// Timeout of a call, from name resolution to the last byte.
    pub timeout: Duration,
    /// Maximum number of bytes read of an answer.
    pub answer_limit: usize,
}

impl Default for OutboundPolicy {
    fn default() -> Self {
        Self {
            allow_http: false,
            allowed_networks: Vec::new(),
            ports: vec![443, 80, 8443],
            timeout: Duration::from_secs(10),
            answer_limit: 64 * 1024,
        }
    }
}

/// Why a URL is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadUrl {
    /// Not an absolute URL, or one in an unusual spelling.
    #[error("not a valid address")]
    Malformed,
    /// Not https (or http, if that is allowed).
    #[error("this scheme is not allowed")]
    Scheme,
    /// A user name or password before the host.
    #[error("credentials in the address are not allowed")]
    Credentials,
    /// A port that is not allowed.
    #[error("this port is not allowed")]
    Port,
    /// A host that is not a public address.
    #[error("this host is not a public address")]
    NotPublic,
}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// The URL is refused; a retry is useless until it changes.
    #[error(transparent)]
    Refused(#[from] BadUrl),
    /// No answer in time.
    #[error("no answer in time")]
    Timeout,
    /// The network failed; the text contains no address.
    #[error("the call failed: {0}")]
    Failed(#[source] reqwest::Error),
    /// The form cannot be encoded.
    #[error("the form cannot be encoded: {0}")]
    Form(#[from] serde_urlencoded::ser::Error),
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status; redirects are not followed.
    pub status: u16,
    /// The body, cut at the limit.
    pub body: Bytes,
}

/// Calls URLs that users choose. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Outbound {
    client: Client,
    policy: Arc<OutboundPolicy>,
}

impl Outbound {
    /// A client with a policy.
    ///
    /// # Errors
    /// [`OutboundError::Failed`] if TLS cannot be set up.
    pub fn new(policy: OutboundPolicy) -> Result<Self, OutboundError> {
        Self::with_resolver(policy, GuardedResolver::system)
    }

    /// Checks a URL without the network, before it is stored. Every call checks it again.
    ///
    /// # Errors
    /// [`BadUrl`].
    pub fn vet(&self, url: &str) -> Result<(), BadUrl> {
        self.parse(url).map(drop)
    }

    /// Posts a form with additional headers.
    ///
    /// # Errors
    /// [`OutboundError`]. No status is an error.
    pub async fn post_form(
        &self,
        url: &str,
        headers: HeaderMap,
        form: &[(&str, &str)],
    ) -> Result<Answer, OutboundError> {
        self.post(url, headers, encode_form(form)?).await
    }

    /// Posts a form from [`encode_form`], for callers that sign the bytes.
    ///
    /// # Errors
    /// [`OutboundError`]. No status is an error.
    pub async fn post(
        &self,
        url: &str,
        mut headers: HeaderMap,
        form: String,
    ) -> Result<Answer, OutboundError> {
        let url = self.parse(url)?;
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        let call = async {
            let answer = self.client.post(url).headers(headers).body(form).send().await?;
            self.read(answer).await
        };
        call.await.map_err(explain)
    }

    #[expect(clippy::disallowed_methods, reason = "the one client for addresses that users choose")]
    fn with_resolver(
        policy: OutboundPolicy,
        resolver: impl FnOnce(Arc<OutboundPolicy>) -> GuardedResolver,
    ) -> Result<Self, OutboundError> {
        let policy = Arc::new(policy);
        let client = Client::builder()
            .dns_resolver(resolver(Arc::clone(&policy)))
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .timeout(policy.timeout)
            .user_agent(concat!("veche/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(OutboundError::Failed)?;
        Ok(Self { client, policy })
    }

    fn parse(&self, text: &str) -> Result<Url, BadUrl> {
        // The parser tolerates spaces, tabs and backslashes; only attackers use them.
        let odd = |c: char| c.is_whitespace() || c.is_control() || c == '\\';
        if text.len() > MAX_URL || text.contains(odd) {
            return Err(BadUrl::Malformed);
        }
        let url = Url::parse(text).map_err(|_| BadUrl::Malformed)?;
        match url.scheme() {
            "https" => {}
            "http" if self.policy.allow_http => {}
            _ => return Err(BadUrl::Scheme),
        }
        if !url.username().is_empty() || url.password().is_some() || authority(text).contains('@') {
            return Err(BadUrl::Credentials);
        }
        let port = url.port_or_known_default().ok_or(BadUrl::Port)?;
        if !self.policy.ports.is_empty() && !self.policy.ports.contains(&port) {
            return Err(BadUrl::Port);
        }
        self.check_host(&url, text)?;
        Ok(url)
    }

    fn check_host(&self, url: &Url, text: &str) -> Result<(), BadUrl> {
        let host = url.host_str().ok_or(BadUrl::Malformed)?;
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        match literal {
            Ok(ip) => {
                // The parser turns 2130706433, 0x7f.1 and 0177.0.0.1 into 127.0.0.1: only that form is accepted.
                let canonical = ip.is_ipv6() || host_of(authority(text)) == host;
                if !canonical {
                    return Err(BadUrl::Malformed);
                }
                if address::allowed(ip, &self.policy.allowed_networks) {
                    Ok(())
                } else {
                    Err(BadUrl::NotPublic)
                }
            }
            Err(_) => Ok(()),
        }
    }

    async fn read(&self, mut answer: reqwest::Response) -> Result<Answer, reqwest::Error> {
        let status = answer.status().as_u16();
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await? {
            let room = self.policy.answer_limit - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if body.len() == self.policy.answer_limit {
                break;
            }
        }
        Ok(Answer { status, body: body.freeze() })
    }
}

/// Encodes a form as `application/x-www-form-urlencoded`.
///
/// # Errors
/// [`OutboundError::Form`].
pub fn encode_form(form: &[(&str, &str)]) -> Result<String, OutboundError> {
    Ok(serde_urlencoded::to_string(form)?)
}

/// Host and port of a URL, normalised; `None` if it is malformed.
pub fn authority_of(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    Some(format!("{}:{}", url.host_str()?, url.port_or_known_default()?))
}

/// The authority of a URL, as written.
fn authority(text: &str) -> &str {
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

fn host_of(authority: &str) -> &str {
    authority.split(':').next().unwrap_or_default()
}

fn explain(error: reqwest::Error) -> OutboundError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(inner) = cause {
        if inner.is::<NotPublic>() {
            return OutboundError::Refused(BadUrl::NotPublic);
        }
        cause = inner.source();
    }
    if error.is_timeout() { OutboundError::Timeout } else { OutboundError::Failed(error.without_url()) }
}

#[cfg(test)]
mod tests;
