//! `veche phones`: finds numbers that an earlier rule stored differently from what people meant.

use crate::{failure::Failure, runtime::Runtime};
use clap::{Args, Subcommand};
use domain::phone_number::former::Suspicion;
use platform::config::Config;
use read_model::{ReadModel, account::StoredPhone};
use serde_json::{Value, json};

/// Number of accounts read at once.
const PAGE: i64 = 1_000;

/// Subcommands of `veche phones`.
#[derive(Debug, Subcommand)]
pub(crate) enum PhonesCommand {
    /// List accounts whose stored number today's rule reads differently, or which probably is not the intended one
    Check(Check),
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Print the list as JSON
    #[arg(long)]
    json: bool,
    /// Also list numbers that are assigned but may have come from another one
    #[arg(long)]
    all: bool,
}

/// An account with a suspicious number.
struct Found {
    stored: StoredPhone,
    suspicion: Suspicion,
}

pub(crate) async fn run(config: Config, command: PhonesCommand) -> Result<(), Failure> {
    let PhonesCommand::Check(check) = command;
    let runtime = Runtime::open_without_migrating(config).await?;
    let found = look(&runtime.read, check.all).await?;
    runtime.close().await;
    match check.json {
        true => println!("{}", serde_json::to_string_pretty(&found.iter().map(as_json).collect::<Vec<_>>())?),
        false => list(&found),
    }
    Ok(())
}

async fn look(read: &ReadModel, all: bool) -> Result<Vec<Found>, Failure> {
    let (mut found, mut after) = (vec![], None);
    loop {
        let page = read.accounts().stored_phones(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(found) };
        after = Some(last.account);
        found.extend(page.into_iter().filter_map(|stored| {
            let suspicion = Suspicion::of(&stored.phone)?;
            (all || !suspicion.may_be_right()).then_some(Found { stored, suspicion })
        }));
    }
}

fn list(found: &[Found]) {
    if found.is_empty() {
        println!("No suspicious number found.");
    }
    for Found { stored, suspicion } in found {
        let meant = suspicion.meant().map_or_else(String::new, |meant| format!(" {}", meant.as_str()));
        let doubt = if suspicion.may_be_right() { " (may be right as it is)" } else { "" };
        let StoredPhone { account, phone, teams } = stored;
        println!("{account} {phone}: {}{meant}{doubt}, in {teams} teams", suspicion.word());
    }
}

fn as_json(found: &Found) -> Value {
    json!({
        "account": found.stored.account,
        "stored": found.stored.phone,
        "teams": found.stored.teams,
        "reason": found.suspicion.word(),
        "meant": found.suspicion.meant().map(|meant| meant.as_str()),
        "may_be_right": found.suspicion.may_be_right(),
    })
}
