//! `veche keys`: replaces the key that data keys are wrapped with, while everything runs.

use crate::{cli::Failure, runtime::Runtime};
use clap::Subcommand;
use indicatif::ProgressBar;
use platform::config::Config;
use secrets::{journal::HEAR_EVERY, keyring::Keyring, wrapping};

/// Keys that are wrapped anew by one transaction.
const BATCH: u32 = 500;

/// What can be asked.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Put a fresh key on top of `wrapping_keys_file`, or make the file with it; running servers take it up by themselves
    Add,
    /// Wrap all data keys with the first key of the file; those behind it are of no use afterwards
    Rotate,
}

pub(crate) async fn run(config: Config, command: KeysCommand) -> Result<(), Failure> {
    match command {
        KeysCommand::Add => add(&config),
        KeysCommand::Rotate => rotate(config).await,
    }
}

fn add(config: &Config) -> Result<(), Failure> {
    let file = config.wrapping_keys_file.as_ref().ok_or("`wrapping_keys_file` is not set")?;
    wrapping::add_key(file).map_err(|error| format!("{}: {error}", file.display()))?;
    println!("A fresh key is the first of {}. Back it up before you rotate.", file.display());
    Ok(())
}

/// Goes on until nothing was left for longer than a server needs to take up the file: one that had not read it yet may have
/// wrapped a new key with an old one.
async fn rotate(config: Config) -> Result<(), Failure> {
    let runtime = Runtime::open_without_migrating(config).await?;
    let keyring = runtime.journal.keyring();
    let bar = ProgressBar::new(keyring.wrapped_before().await?);
    let mut rewrapped = pass(keyring, &bar).await?;
    loop {
        tokio::time::sleep(HEAR_EVERY * 3).await;
        match pass(keyring, &bar).await? {
            0 => break,
            more => rewrapped += more,
        }
    }
    bar.finish_and_clear();
    println!(
        "{rewrapped} keys were wrapped anew. Keys behind the first one of the file may be taken out of it."
    );
    runtime.close().await;
    Ok(())
}

/// Wraps what there is.
async fn pass(keyring: &Keyring, bar: &ProgressBar) -> Result<u64, Failure> {
    let mut rewrapped = 0;
    loop {
        match keyring.rewrap(BATCH).await? {
            0 => return Ok(rewrapped),
            done => {
                rewrapped += done;
                bar.inc(done);
            }
        }
    }
}
