//! The state of a socket's renderer, and what becomes of a row.

use crate::{confirmations::Confirmations, counters::Counters, frame::Frame, shared_row::RenderError};
use events::{AccountId, Position, SessionId, TeamId};
use protocol::{FeedPosition, lang::Lang, notice::Scope};
use read_model::{ReadModel, rights::TeamMember};
use std::collections::HashSet;

pub(super) type Result<T> = std::result::Result<T, RenderError>;

/// Renders for one socket.
pub(crate) struct Renderer {
    /// Views of what changed.
    pub(crate) read: ReadModel,
    /// The socket's session.
    pub(crate) session: SessionId,
    /// Its account.
    pub(crate) account: AccountId,
    /// The account's membership of the socket's team, with its rights as they are now.
    pub(crate) member: TeamMember,
    /// The language of what the server says in chats.
    pub(crate) lang: Lang,
    /// Its unread counters.
    pub(crate) counters: Counters,
    /// What of it the client has confirmed.
    pub(crate) confirmations: Confirmations,
    /// Up to where the client was away: what it is told of then, it is told silently.
    pub(crate) offline_until: Position,
    /// Up to where the counters, and what else was read when the socket was opened, know everything.
    pub(crate) snapshot_position: Position,
    /// Teams that the account was out of by then.
    pub(crate) teams_left: HashSet<TeamId>,
}

impl Renderer {
    pub(super) fn is_own_team(&self, scope: Scope) -> bool {
        scope == Scope::Team(self.member.team)
    }

    /// Whether it is later than what was read when the socket was opened.
    pub(super) fn is_after_snapshot(&self, point: FeedPosition) -> bool {
        point.position > self.snapshot_position
    }
}

/// What becomes of a row.
#[derive(Debug, PartialEq)]
pub(crate) struct Rendered {
    /// What the client is told.
    pub(crate) frame: Option<Frame>,
    /// What the socket does then.
    pub(crate) follow_up: FollowUp,
}

/// What a socket does after a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FollowUp {
    /// Goes on.
    None,
    /// Learns anew which teams its account is in.
    RecountTeams,
    /// Tells the client to fetch everything anew.
    MustRefetch,
    /// Closes: there is nothing more to hear.
    Close(&'static str),
}

pub(super) fn sent(frame: Frame) -> Rendered {
    Rendered { frame: Some(frame), follow_up: FollowUp::None }
}

pub(super) fn nothing() -> Rendered {
    Rendered { frame: None, follow_up: FollowUp::None }
}
