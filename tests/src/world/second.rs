//! One more process of a role, beside those of a world: as where a service runs on several machines.

use super::{Role, World};
use crate::{client::Client, process::Process};

/// See the file's head; it ends when this is dropped.
pub struct Second {
    /// The process.
    pub process: Process,
    /// Nobody in particular, whose calls to that role go to this process.
    pub client: Client,
}

impl World {
    /// Starts a second process of a role and waits until it is ready.
    pub async fn second(&self, role: Role) -> Second {
        let port = super::free_port();
        let mut process = Process::start(self.recipe(role, port, "second"));
        super::until_ready(&mut process, port).await;
        Second { process, client: self.client.at(self.addresses.with(role, port)) }
    }
}
