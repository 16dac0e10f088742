//! A simulated EventStoreDB on threads of its own, so that it goes on while a test waits for a process to end.

use esdb_sim::Sim;
use tokio::runtime::Runtime;

/// A running server, until this is dropped.
pub struct OwnLog {
    server: Sim,
    runtime: Option<Runtime>,
}

impl OwnLog {
    pub async fn start() -> Self {
        let runtime = Runtime::new().expect("threads");
        let server = runtime.spawn(Sim::start()).await.expect("it runs").expect("a port is free");
        Self { server, runtime: Some(runtime) }
    }

    /// URL for the product.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Number of appends so far.
    pub fn appends(&self) -> u64 {
        self.server.calls("Append")
    }
}

impl Drop for OwnLog {
    fn drop(&mut self) {
        // A runtime must not be dropped, which waits, within another one.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
