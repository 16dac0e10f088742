//! Client events as commands: `POST /api/v3/teams/{team_uid}/ws/{event}` with the socket's own credentials, so that
//! rights, rules and limits are those of HTTP.

use crate::credentials::Credentials;
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
};
use bytes::Bytes;
use events::TeamId;
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, header::CONTENT_TYPE};
use platform::http::{REQUEST_ID, vouch};
use protocol::{error::ErrorCode, lang::Lang, realtime::ClientEvent};
use secrets::vault::Vault;
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    time::Duration,
};
use tower::ServiceExt;

const PREFER: HeaderName = HeaderName::from_static("prefer");
const LANG: HeaderName = HeaderName::from_static("lang");

/// Maximum size of an answer; its result is not used.
const LONGEST_ANSWER: usize = 1024 * 1024;

/// Longest wait for an answer of another process; the HTTP shell bounds those of this one.
const PATIENCE: Duration = Duration::from_secs(35);

/// The command service. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Upstream {
    /// The command service's routes in this process, wrapped in the HTTP shell.
    InProcess(Router),
    /// The command service in another process, or a proxy in front of it. It shares the master key and so trusts
    /// the client address that this process vouches for.
    Http {
        /// Base address, `scheme://host[:port]`.
        base_url: String,
        /// HTTP client.
        client: reqwest::Client,
        /// Vouches for clients' addresses.
        vault: Vault,
    },
}

/// Credentials and context of a socket's commands.
#[derive(Clone)]
pub(crate) struct Sender {
    /// The team.
    pub(crate) team: TeamId,
    /// Credentials of the socket.
    pub(crate) credentials: Credentials,
    /// IP address of the client.
    pub(crate) client: IpAddr,
    /// Id of the request that opened the socket; its commands carry it.
    pub(crate) request_id: String,
    /// Language of refusals.
    pub(crate) lang: Lang,
}

/// A command was refused or failed; the text is for people.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Refused(pub(crate) String);

impl Upstream {
    /// Executes a command with the event's parameters as the client wrote them; returns when it is done and
    /// visible.
    ///
    /// # Errors
    /// The refusal in words.
    pub(crate) async fn command(
        &self,
        sender: &Sender,
        event: ClientEvent,
        params: Bytes,
    ) -> Result<(), Refused> {
        let path = format!("/api/v3/teams/{}/ws/{}", sender.team, event.name());
        let (status, answer) = match self {
            Self::InProcess(router) => in_process(router, sender, &path, params).await?,
            Self::Http { base_url, client, vault } => {
                let mut headers = headers(sender);
                vouch(vault, sender.client, &path, &mut headers);
                let url = format!("{}{path}", base_url.trim_end_matches('/'));
                by_http(client, &url, headers, params).await?
            }
        };
        if status == StatusCode::NO_CONTENT {
            return Ok(());
        }
        let answer: Answer = serde_json::from_slice(&answer).map_err(unavailable)?;
        if answer.ok { Ok(()) } else { Err(answer.refused()) }
    }
}

async fn in_process(
    router: &Router,
    sender: &Sender,
    path: &str,
    body: Bytes,
) -> Result<(StatusCode, Bytes), Refused> {
    let mut request = Request::post(path).body(Body::from(body)).map_err(unavailable)?;
    *request.headers_mut() = headers(sender);
    request.extensions_mut().insert(ConnectInfo(SocketAddr::new(sender.client, 0)));
    let Ok(response) = router.clone().oneshot(request).await;
    let status = response.status();
    Ok((status, to_bytes(response.into_body(), LONGEST_ANSWER).await.map_err(unavailable)?))
}

async fn by_http(
    client: &reqwest::Client,
    url: &str,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Bytes), Refused> {
    let request = client.post(url).headers(headers).body(body).timeout(PATIENCE);
    let response = request.send().await.map_err(unavailable)?;
    let status = response.status();
    Ok((status, response.bytes().await.map_err(unavailable)?))
}

fn headers(sender: &Sender) -> HeaderMap {
    let mut headers = sender.credentials.headers();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(LANG, HeaderValue::from_static(sender.lang.tag()));
    // The socket gets the result from the feed.
    headers.insert(PREFER, HeaderValue::from_static("return=minimal"));
    if let Ok(id) = HeaderValue::from_str(&sender.request_id) {
        headers.insert(REQUEST_ID, id);
    }
    headers
}

/// The cause goes to the log only.
fn unavailable(error: impl std::fmt::Display) -> Refused {
    tracing::warn!(%error, "executing a command of a socket failed");
    Refused(ErrorCode::Unavailable.to_string())
}

/// The parts of the envelope that a warning needs.
#[derive(Deserialize)]
struct Answer {
    ok: bool,
    #[serde(default)]
    error: String,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    details: BTreeMap<String, String>,
}

impl Answer {
    fn refused(self) -> Refused {
        let details = self.details.iter().map(|(field, text)| format!("{field}: {text}"));
        let texts: Vec<String> = self.reason.into_iter().chain(details).collect();
        if texts.is_empty() {
            Refused(self.error)
        } else {
            Refused(format!("{}: {}", self.error, texts.join("; ")))
        }
    }
}

#[cfg(test)]
mod tests;
