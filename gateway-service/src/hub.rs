//! Follows the feed for all sockets of this process and fans its rows out in the order of the log; one hub per process.
//!
//! The bus carries rows as they are committed, each batch with the position before and after it. A batch that continues
//! at the hub's position is fanned out at once; after a gap the feed's table is read. A subscriber that got a row has
//! therefore got every row before it, in every scope. The hub does not wait for a subscriber whose queue is full: it
//! becomes lagging and reads the table for itself from its [`Cursor`].
//!
//! Layers, from the bottom: `cursor`, `delivery`; `channel`, `dirty_unread`; `fanout`; `shared`; `subscriber_handle`,
//! `feed_follower`, `other_teams`.

mod channel;
mod cursor;
mod delivery;
mod dirty_unread;
mod fanout;
mod feed_follower;
mod other_teams;
mod shared;
mod subscriber_handle;

pub(crate) use channel::SocketId;
pub(crate) use cursor::{Cursor, SubscriptionKind};
pub(crate) use delivery::{Delivery, Typing};
pub(crate) use shared::Hub;
pub(crate) use subscriber_handle::SubscriberHandle;
