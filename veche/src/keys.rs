//! `veche keys`: replaces the key that wraps the data keys while the product runs.

use crate::{failure::Failure, runtime::Runtime};
use clap::Subcommand;
use indicatif::ProgressBar;
use platform::config::Config;
use secrets::{journal::KEY_POLL_INTERVAL, keyring::Keyring, wrapping};

/// Number of keys rewrapped per transaction.
const BATCH: u32 = 500;

/// Subcommands of `veche keys`.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Put a new key at the top of `wrapping_keys_file`, creating the file if needed; running servers reload it
    Add,
    /// Rewrap all data keys with the first key of the file; the other keys of the file are unused afterwards
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
    println!("Added a new key at the top of {}. Back the file up before you rotate.", file.display());
    Ok(())
}

/// Repeats until no key was left for longer than a server needs to reload the file: a server with the old file may
/// have wrapped a new key with an old one.
async fn rotate(config: Config) -> Result<(), Failure> {
    let runtime = Runtime::open_without_migrating(config).await?;
    let keyring = runtime.journal.keyring();
    let bar = ProgressBar::new(keyring.wrapped_before().await?);
    let mut rewrapped = pass(keyring, &bar).await?;
    loop {
        tokio::time::sleep(KEY_POLL_INTERVAL * 3).await;
        match pass(keyring, &bar).await? {
            0 => break,
            more => rewrapped += more,
        }
    }
    bar.finish_and_clear();
    println!("Rewrapped {rewrapped} keys. You may remove all keys but the first from the file.");
    runtime.close().await;
    Ok(())
}

/// Rewraps all keys that need it.
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
