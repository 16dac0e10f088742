//! Realtime: one websocket is one account in one team.
