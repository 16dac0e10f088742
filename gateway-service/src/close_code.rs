//! Codes of close frames (RFC 6455, 7.4; 1012 and 1013 from its registry).

/// The socket's purpose is fulfilled.
pub(crate) const NORMAL: u16 = 1000;
/// The peer violated the protocol.
pub(crate) const PROTOCOL: u16 = 1002;
/// A text frame is not UTF-8.
pub(crate) const NOT_UTF8: u16 = 1007;
/// The peer violated a policy: wrong credentials, too many frames.
pub(crate) const POLICY: u16 = 1008;
/// A message is too long.
pub(crate) const TOO_LONG: u16 = 1009;
/// The server restarts; the client should reconnect.
pub(crate) const RESTART: u16 = 1012;
/// The server cannot serve the socket now; the client should reconnect later.
pub(crate) const TRY_LATER: u16 = 1013;
