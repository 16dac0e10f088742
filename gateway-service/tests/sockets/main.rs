//! Sockets over a real listener, a real database and the bus.

mod client;
mod connecting;
mod ending;
mod feed;
mod house;
mod speaking;
