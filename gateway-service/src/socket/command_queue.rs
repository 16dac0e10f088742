//! The commands of one socket, executed one after the other in the order in which they came.

use super::client_command::ClientCommand;
use crate::upstream::Refused;
use futures::future::BoxFuture;
use std::{collections::VecDeque, future::pending};

/// CommandQueue of one socket that wait for their turn; above, the client is not listened to for a while.
const PIPELINE: usize = 64;

/// CommandQueue of one socket: carried out one after the other, in the order they came.
#[derive(Default)]
pub(super) struct CommandQueue {
    pub(super) waiting: VecDeque<ClientCommand>,
    pub(super) running: Option<BoxFuture<'static, Done>>,
    pub(super) refused: u32,
}

/// A command and what became of it.
pub(super) type Done = (ClientCommand, Result<(), Refused>);

impl CommandQueue {
    /// Whether the client may send more.
    pub(super) fn have_room(&self) -> bool {
        self.waiting.len() < PIPELINE
    }

    /// Whether none is carried out or waits.
    pub(super) fn are_done(&self) -> bool {
        self.running.is_none() && self.waiting.is_empty()
    }

    /// The command that is carried out, once it is done. May be dropped while waiting: nothing gets lost.
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
