//! Names to addresses, all of them checked; the HTTP client connects to what comes out of here and resolves no more.

use super::{OutboundPolicy, address};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::{net::SocketAddr, sync::Arc};

/// A name with an address that is not public.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to an address that is not public")]
pub(super) struct NotPublic;

/// Resolves and checks.
#[derive(Clone)]
pub(super) struct GuardedResolver {
    policy: Arc<OutboundPolicy>,
    source: Source,
}

#[derive(Clone)]
enum Source {
    System,
    /// One name server's answers, in the order in which they will be asked for.
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
        // Any, not all: a name with one public and one inner address is made to be tried until it hits.
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
