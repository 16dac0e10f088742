//! The state of a socket's task, as the parts of the task share it.

use super::{command_queue::CommandQueue, timers::Timers};
use crate::{
    gateway::Gateway,
    hub::{Cursor, SubscriberHandle},
    presence::PresenceGuard,
    render::Renderer,
    transport::Transport,
    upstream::Sender,
};
use events::{ContactId, TeamId};
use protocol::FeedPosition;
use read_model::rights::{Session, TeamMember};
use std::{collections::HashSet, pin::Pin, sync::Arc};
use tokio::time::Sleep;
use tokio_util::sync::WaitForCancellationFutureOwned;

/// Whose socket it is.
pub(crate) struct Identity {
    /// The login.
    pub(crate) session: Session,
    /// The account's membership of the socket's team.
    pub(crate) member: TeamMember,
    /// How its commands are sent.
    pub(crate) sender: Arc<Sender>,
    /// Up to where its client was told everything; `None` to begin now.
    pub(crate) from: Option<FeedPosition>,
    /// It wants to go on from a cursor that is not known: it must fetch everything.
    pub(crate) must_refetch: bool,
    /// It wants everything in one frame, if it does not go on from somewhere.
    pub(crate) roster: bool,
}

/// See the file's head.
pub(super) struct Socket {
    pub(super) gateway: Gateway,
    pub(super) transport: Transport,
    pub(super) handle: SubscriberHandle,
    /// Where it stands while it reads the feed for itself; `None` while it is live.
    pub(super) cursor: Option<Cursor>,
    /// Whether the feed remembers what comes behind the cursor is not known yet. The hub may still have what the feed has
    /// forgotten; but who heard which groups then is forgotten too.
    pub(super) history_unverified: bool,
    /// Up to where the client was told everything.
    pub(super) sent: FeedPosition,
    /// The client has yet to be told that it must fetch everything.
    pub(super) must_refetch: bool,
    /// The client has yet to be told everything.
    pub(super) roster: bool,
    /// The client knows that it is live.
    pub(super) sent_ready: bool,
    pub(super) presence: PresenceGuard,
    pub(super) renderer: Renderer,
    pub(super) sender: Arc<Sender>,
    pub(super) commands: CommandQueue,
    pub(super) timers: Timers,
    pub(super) sleep: Pin<Box<Sleep>>,
    pub(super) draining: Pin<Box<WaitForCancellationFutureOwned>>,
    /// The account's other teams that are listened to.
    pub(super) other_teams: HashSet<TeamId>,
    /// Contacts of the team whose chats were typed in.
    pub(super) visible_contacts: HashSet<ContactId>,
}

/// How a socket ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The client closes.
    Closed,
    /// The connection is lost.
    Gone,
    /// We close.
    Close(u16, &'static str),
}
