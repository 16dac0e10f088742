//! Measures the way of a message: to be written.

fn main() {}
