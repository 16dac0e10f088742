//! An EventStoreDB of a world's own: the simulated server, on threads of its own, so that it goes on while a test waits for a
//! process to end.

use esdb_sim::Sim;
use tokio::runtime::Runtime;

/// A running server; gone with this.
pub struct OwnLog {
    server: Sim,
    runtime: Option<Runtime>,
}

impl OwnLog {
    /// Starts one.
    ///
    /// # Panics
    /// No port is free.
    pub async fn start() -> Self {
        let runtime = Runtime::new().expect("threads");
        let server = runtime.spawn(Sim::start()).await.expect("it runs").expect("a port is free");
        Self { server, runtime: Some(runtime) }
    }

    /// Where the product finds it.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// How often events were appended to it.
    pub fn appends(&self) -> u64 {
        self.server.calls("Append")
    }
}

impl Drop for OwnLog {
    fn drop(&mut self) {
        // One must not be waited for where others are being waited for.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
