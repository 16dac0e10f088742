//! Codes of close frames (RFC 6455, 7.4; 1012 and 1013 by its registry).

/// All that was to be said is said.
pub(crate) const NORMAL: u16 = 1000;
/// The peer broke the protocol.
pub(crate) const PROTOCOL: u16 = 1002;
/// A text is not UTF-8.
pub(crate) const NOT_UTF8: u16 = 1007;
/// The peer is not welcome: wrong credentials, too many frames.
pub(crate) const POLICY: u16 = 1008;
/// A message is too long.
pub(crate) const TOO_LONG: u16 = 1009;
/// The server restarts: come back.
pub(crate) const RESTART: u16 = 1012;
/// The server cannot go on with this socket now: come back later.
pub(crate) const TRY_LATER: u16 = 1013;
