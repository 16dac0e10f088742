//! The chain over real logs and a real database.

mod house;
mod notary;
mod searching;
