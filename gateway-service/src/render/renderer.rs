//! The renderer's state and its results.

use crate::{confirmations::Confirmations, counters::Counters, frame::Frame, shared_row::RenderError};
use events::{AccountId, Position, SessionId, TeamId};
use protocol::{FeedPosition, lang::Lang, notice::Scope};
use read_model::{ReadModel, rights::TeamMember};
use std::collections::HashSet;

pub(super) type Result<T> = std::result::Result<T, RenderError>;

/// Renders rows for one socket.
pub(crate) struct Renderer {
    /// Source of the views.
    pub(crate) read: ReadModel,
    /// Session of the socket.
    pub(crate) session: SessionId,
    /// Account of the session.
    pub(crate) account: AccountId,
    /// The account's membership of the socket's team, with its current rights.
    pub(crate) member: TeamMember,
    /// Language of change messages.
    pub(crate) lang: Lang,
    /// Unread counters of the viewer.
    pub(crate) counters: Counters,
    /// Frames that the client has acknowledged.
    pub(crate) confirmations: Confirmations,
    /// The client was offline up to this position: messages up to it are sent silently.
    pub(crate) offline_until: Position,
    /// Position of the counters and of everything else that was loaded when the socket opened.
    pub(crate) snapshot_position: Position,
    /// Teams that the account had left at the snapshot.
    pub(crate) teams_left: HashSet<TeamId>,
}

impl Renderer {
    pub(super) fn is_own_team(&self, scope: Scope) -> bool {
        scope == Scope::Team(self.member.team)
    }

    /// Whether a row is newer than the loaded state.
    pub(super) fn is_after_snapshot(&self, point: FeedPosition) -> bool {
        point.position > self.snapshot_position
    }
}

/// Result of rendering a row.
#[derive(Debug, PartialEq)]
pub(crate) struct Rendered {
    /// The frame to send, if any.
    pub(crate) frame: Option<Frame>,
    /// The socket's next action.
    pub(crate) follow_up: FollowUp,
}

/// A socket's action after a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FollowUp {
    /// Continue.
    None,
    /// Load the teams of the account again.
    RecountTeams,
    /// Tell the client to fetch the whole state.
    MustRefetch,
    /// Close the socket: no more rows will concern it.
    Close(&'static str),
}

pub(super) fn sent(frame: Frame) -> Rendered {
    Rendered { frame: Some(frame), follow_up: FollowUp::None }
}

pub(super) fn nothing() -> Rendered {
    Rendered { frame: None, follow_up: FollowUp::None }
}
