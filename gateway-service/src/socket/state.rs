//! The state of a socket's task, shared by its parts.

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

/// The client of a socket, and its wishes.
pub(crate) struct Identity {
    /// The session.
    pub(crate) session: Session,
    /// The account's membership of the socket's team.
    pub(crate) member: TeamMember,
    /// Credentials and context of the client's commands.
    pub(crate) sender: Arc<Sender>,
    /// Position up to which the client has got everything; `None` to begin now.
    pub(crate) from: Option<FeedPosition>,
    /// The client resumes from an unknown position and must fetch the state.
    pub(crate) must_refetch: bool,
    /// The client wants the complete state in one frame, unless it resumes.
    pub(crate) roster: bool,
}

/// The state of one socket.
pub(super) struct Socket {
    pub(super) gateway: Gateway,
    pub(super) transport: Transport,
    pub(super) handle: SubscriberHandle,
    /// The cursor while the socket lags and reads for itself; `None` while it is live.
    pub(super) cursor: Option<Cursor>,
    /// It is not yet known whether the feed still has the rows after the cursor. The hub may have them even so, but
    /// not who was in which group then.
    pub(super) history_unverified: bool,
    /// Position up to which the client has got everything.
    pub(super) sent: FeedPosition,
    /// The request to fetch the state has yet to be sent to the client.
    pub(super) must_refetch: bool,
    /// The client has yet to get the roster.
    pub(super) roster: bool,
    /// The client knows that the socket is live.
    pub(super) sent_ready: bool,
    pub(super) presence: PresenceGuard,
    pub(super) renderer: Renderer,
    pub(super) sender: Arc<Sender>,
    pub(super) commands: CommandQueue,
    pub(super) timers: Timers,
    pub(super) sleep: Pin<Box<Sleep>>,
    pub(super) draining: Pin<Box<WaitForCancellationFutureOwned>>,
    /// The account's other teams with a subscription.
    pub(super) other_teams: HashSet<TeamId>,
    /// Contacts of the team known to be visible, from earlier typing notices.
    pub(super) visible_contacts: HashSet<ContactId>,
}

/// How a socket ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The client closed it.
    Closed,
    /// The connection was lost.
    Gone,
    /// The server closes it, with a code and a reason.
    Close(u16, &'static str),
}
