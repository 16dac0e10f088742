//! What every bus promises, run on each of them; and what NATS adds, run on a real server.

