//! Rules: what may happen. Pure: no runtime, database, clock or randomness.
