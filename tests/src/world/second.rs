//! A second process of a role, as if the service ran on several machines.

use super::{Role, World};
use crate::{client::Client, process::Process};

/// A second process; it ends when this is dropped.
pub struct Second {
    pub process: Process,
    /// A client without credentials whose requests to the role go to this process.
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
