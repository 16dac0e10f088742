//! The commands of one socket, executed one after the other in the order in which they came.

use super::client_command::ClientCommand;
use crate::upstream::Refused;
use futures::future::BoxFuture;
use std::{collections::VecDeque, future::pending};

/// Maximum number of waiting commands; above it the socket stops reading from its client.
const PIPELINE: usize = 64;

/// The commands of one socket: one is running, the others wait.
#[derive(Default)]
pub(super) struct CommandQueue {
    pub(super) waiting: VecDeque<ClientCommand>,
    pub(super) running: Option<BoxFuture<'static, Done>>,
    pub(super) refused: u32,
}

/// A command and its result.
pub(super) type Done = (ClientCommand, Result<(), Refused>);

impl CommandQueue {
    /// Whether the client may send more.
    pub(super) fn have_room(&self) -> bool {
        self.waiting.len() < PIPELINE
    }

    /// Whether no command is running or waiting.
    pub(super) fn are_done(&self) -> bool {
        self.running.is_none() && self.waiting.is_empty()
    }

    /// The running command, once it is done. Cancel-safe.
    pub(super) async fn done(&mut self) -> Done {
        match &mut self.running {
            Some(running) => {
                let done = running.await;
                self.running = None;
                done
            }
            None => pending().await,
        }
    }
}
