//! The error of the commands.

use std::error::Error;

/// Error of any command; it is printed to standard error.
pub type Failure = Box<dyn Error + Send + Sync>;
