//! Projections: the log becomes rows, feed and notices; rebuild; effects.
