//! Resolves names and checks every address; the HTTP client connects to the result and resolves nothing itself.

use super::{OutboundPolicy, address};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::{net::SocketAddr, sync::Arc};

/// The name has an address that is not public.
#[derive(Debug, thiserror::Error)]
#[error("the name resolves to an address that is not public")]
pub(super) struct NotPublic;

/// Resolves names under a policy.
#[derive(Clone)]
pub(super) struct GuardedResolver {
    policy: Arc<OutboundPolicy>,
    source: Source,
}

#[derive(Clone)]
enum Source {
    System,
    /// Answers of a name server, in order; for tests.
    #[cfg(test)]
    Scripted(Arc<std::sync::Mutex<std::collections::VecDeque<Vec<std::net::IpAddr>>>>),
}

impl GuardedResolver {
    pub(super) fn system(policy: Arc<OutboundPolicy>) -> Self {
        Self { policy, source: Source::System }
    }

    #[cfg(test)]
    pub(super) fn scripted(policy: Arc<OutboundPolicy>, answers: Vec<Vec<std::net::IpAddr>>) -> Self {
        Self { policy, source: Source::Scripted(Arc::new(std::sync::Mutex::new(answers.into()))) }
    }

    async fn addresses(
        self,
        name: Name,
    ) -> Result<Vec<SocketAddr>, Box<dyn std::error::Error + Send + Sync>> {
        let found = self.source.look_up(name.as_str()).await?;
        // One inner address is enough: such a name is made to be retried until it hits.
        if found.iter().any(|found| !address::allowed(found.ip(), &self.policy.allowed_networks)) {
            return Err(Box::new(NotPublic));
        }
        Ok(found)
    }
}

impl Source {
    async fn look_up(&self, name: &str) -> std::io::Result<Vec<SocketAddr>> {
        match self {
            Self::System => Ok(tokio::net::lookup_host((name, 0)).await?.collect()),
            #[cfg(test)]
            Self::Scripted(answers) => {
                let next = answers.lock().map_err(|_| std::io::ErrorKind::Other)?.pop_front();
                Ok(next.unwrap_or_default().into_iter().map(|ip| SocketAddr::new(ip, 0)).collect())
            }
        }
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let addresses = resolver.addresses(name).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}
