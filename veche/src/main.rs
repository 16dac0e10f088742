//! Entry point of the binary.

use clap::Parser;
use std::process::ExitCode;
use veche::cli::Cli;

fn main() -> ExitCode {
    Cli::parse().run()
}
