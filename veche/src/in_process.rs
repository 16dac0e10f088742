//! The product with all its roles in this process, without a listener, for tests that send requests to the router.

use crate::{
    Role,
    failure::Failure,
    roles::{assemble, beginner},
    runtime::Runtime,
};
use axum::Router;
use platform::config::Config;
use std::time::Duration;

/// All roles, reached through their router.
pub struct InProcess {
    runtime: Runtime,
    router: Router,
}

impl InProcess {
    /// Opens everything that the configuration names and starts the tasks of all roles.
    ///
    /// # Errors
    /// The text names what is missing or does not answer.
    pub async fn start(config: Config) -> Result<Self, Failure> {
        let runtime = Runtime::open(config, beginner(Role::All)).await?;
        let router = assemble(Role::All, &runtime).await?;
        Ok(Self { runtime, router })
    }

    /// All routes, as a listener would serve them.
    pub fn router(&self) -> &Router {
        &self.router
    }

    /// Ends the tasks and closes the connections.
    ///
    /// # Errors
    /// A task failed, or did not end within `limit`.
    pub async fn stop(self, limit: Duration) -> Result<(), Failure> {
        let stopped = self.runtime.tasks.drain(limit).await;
        self.runtime.close().await;
        Ok(stopped?)
    }
}
