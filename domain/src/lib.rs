//! Rules: what may happen. Pure: no runtime, database, clock or randomness; what a decision needs is in the state or in
//! the command.

pub mod icon;
