//! What can be asked on the command line, and what it answers there.

use crate::{
    Role,
    audit::{self, AuditCommand},
    docs,
    guarding::Beginner,
    keys, log_copy, parked, phones, rebuild, rights, roles,
    runtime::{self, Runtime},
};
use clap::{Args, Parser, Subcommand};
use platform::{
    config::{Config, Profile, Secret, Sources},
    telemetry,
};
use std::{error::Error, path::PathBuf, process::ExitCode};

/// What anything here may fail with: it ends on standard error.
pub type Failure = Box<dyn Error + Send + Sync>;

/// Backend of a team messenger, event-sourced from end to end.
#[derive(Debug, Parser)]
#[command(
    name = "veche",
    version,
    max_term_width = 100,
    after_help = "\
Settings come from defaults, then the file, then VECHE_* variables, then flags; `veche config default` prints them all \
with what they mean.

Examples:
  veche serve                                   everything in one process
  veche serve --set listen=0.0.0.0:8000
  VECHE_BUS=nats://127.0.0.1:4222 veche gateway  one role alone
  veche rebuild --shadow --switch               make the read model anew from the log, beside the served one
  veche rebuild diff                            compare the read model with what the log says
  veche parked                                  list events that could not be applied
  veche phones check                            list accounts whose number was stored wrongly
  veche audit verify                            prove that history is the one that was signed
  veche log copy --to 'esdb://db:2113?tls=false'  copy the history into EventStoreDB"
)]
pub struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Task,
}

/// Where settings come from beside the environment.
#[derive(Debug, Args)]
struct Settings {
    /// A TOML file with settings [default: the one that VECHE_CONFIG names]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// One setting, e.g. `auth.code_length=6`; may be repeated
    #[arg(long = "set", global = true, value_name = "KEY=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Run everything in one process
    Serve,
    /// Run the write side alone: POST, PUT, DELETE
    Command,
    /// Run the read side alone: GET
    Query,
    /// Run the projection alone: the log becomes the read model, SMS and webhooks go out
    Projection,
    /// Run the websockets alone
    Gateway,
    /// Bring the database's schemas up to date
    Migrate(Migrate),
    /// Drop the read model and make it anew from the log, or make one beside it; a running server goes on meanwhile
    Rebuild(rebuild::Rebuild),
    /// List events that the projection could not apply, or rule about them
    Parked(parked::Parked),
    /// Look for phone numbers that were stored otherwise than they were meant
    #[command(subcommand)]
    Phones(phones::PhonesCommand),
    /// Replace the keys that keys of personal values are wrapped with
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Work on the event log itself
    #[command(subcommand)]
    Log(LogCommand),
    /// Search, follow, explain, export and prove history
    #[command(subcommand)]
    Audit(Box<AuditCommand>),
    /// Show or check the settings
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print the description of the HTTP API (OpenAPI 3.1, JSON)
    Openapi,
}

#[derive(Debug, Args)]
struct Migrate {
    /// Accept all events of now that carry no code of this installation, and say why: it stays in the log for ever. For
    /// logs of older versions that `serve` refuses, and after a tampering that was settled
    #[arg(long, value_name = "REASON", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    accept_history: Option<String>,
}

#[derive(Debug, Subcommand)]
enum LogCommand {
    /// Copy a whole history, with the keys of personal values, to another log; run it again to go on where it ended
    Copy(log_copy::Copy),
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Say whether the settings are good; changes nothing
    Check,
    /// Print the settings in force, secrets hidden
    Show,
    /// Print every setting with its default and what it means
    Default {
        /// `dev` or `production`
        #[arg(long, default_value = "production")]
        profile: String,
    },
    /// Print the JSON Schema of the settings
    Schema,
}

impl Cli {
    /// Does what was asked.
    pub fn run(self) -> ExitCode {
        let sources = Sources::of_process(self.settings.config, self.settings.set);
        // An audit that could not be made is told from one that found something.
        let failed =
            if matches!(self.command, Task::Audit(_)) { ExitCode::from(2) } else { ExitCode::FAILURE };
        carry_out(self.command, &sources).unwrap_or_else(|error| {
            eprintln!("veche: {}", chain(error.as_ref()));
            failed
        })
    }
}

fn carry_out(command: Task, sources: &Sources) -> Result<ExitCode, Failure> {
    let done = match command {
        Task::Serve => serve(Role::All, sources),
        Task::Command => serve(Role::Command, sources),
        Task::Query => serve(Role::Query, sources),
        Task::Projection => serve(Role::Projection, sources),
        Task::Gateway => serve(Role::Gateway, sources),
        Task::Migrate(asked) => migrate(asked, sources),
        Task::Rebuild(asked) => {
            let config = Config::load(sources)?;
            telemetry::start_logging(&config)?;
            return block_on(rebuild::run(config, asked));
        }
        Task::Parked(parked) => {
            let config = Config::load(sources)?;
            telemetry::start_logging(&config)?;
            block_on(parked::run(config, parked))
        }
        Task::Phones(command) => {
            let config = Config::load(sources)?;
            telemetry::start_logging(&config)?;
            block_on(phones::run(config, command))
        }
        Task::Keys(command) => {
            let config = Config::load(sources)?;
            telemetry::start_logging(&config)?;
            block_on(keys::run(config, command))
        }
        Task::Log(LogCommand::Copy(copy)) => {
            let config = Config::load(sources)?;
            telemetry::start_logging(&config)?;
            block_on(log_copy::run(config, copy))
        }
        Task::Openapi => {
            println!("{}", docs::openapi().to_pretty_json()?);
            Ok(())
        }
        Task::Config(command) => settings(&command, sources),
        Task::Audit(command) => return audit::run(*command, sources),
    };
    done.map(|()| ExitCode::SUCCESS)
}

fn serve(role: Role, sources: &Sources) -> Result<(), Failure> {
    let config = Config::load(sources)?;
    let metrics = telemetry::start(&config)?;
    block_on(roles::run(role, config, metrics))
}

fn migrate(asked: Migrate, sources: &Sources) -> Result<(), Failure> {
    let config = Config::load(sources)?;
    telemetry::start_logging(&config)?;
    block_on(async {
        let beginner = asked.accept_history.map_or(Beginner::Writer, Beginner::Operator);
        let roles = config.postgres.roles.clone();
        // First of all: opening the runtime creates the schemas that are missing, owned by the connected role.
        for (name, url) in databases(&config) {
            let pool = runtime::connect(name, url, &config).await?;
            rights::require_owner(&pool, &roles).await?;
            pool.close().await;
        }
        let runtime = Runtime::open(config, beginner).await?;
        let mut granted = false;
        for pool in [&runtime.log_database, runtime.read.pool()] {
            granted |= rights::grant(pool, &roles).await?;
        }
        runtime.close().await;
        println!("The schemas are up to date.");
        if granted {
            println!("The database roles {roles}_… may what their services need.");
        }
        Ok(())
    })
}

/// The Postgres databases of a configuration: the read model's, and the log's if it has one of its own.
fn databases(config: &Config) -> impl Iterator<Item = (&'static str, &Secret)> {
    let log = Some(&config.log)
        .filter(|log| log.expose().starts_with("postgres") && log.expose() != config.read_url().expose());
    [("read", config.read_url())].into_iter().chain(log.map(|log| ("log", log)))
}

fn settings(command: &ConfigCommand, sources: &Sources) -> Result<(), Failure> {
    match command {
        ConfigCommand::Check => {
            Config::load(sources)?;
            println!("The settings are good.");
        }
        ConfigCommand::Show => print!("{}", Config::load(sources)?.redacted_toml()),
        ConfigCommand::Default { profile } => {
            let profile = match profile.as_str() {
                "dev" => Profile::Dev,
                "production" => Profile::Production,
                other => return Err(format!("no profile {other:?}: there are dev and production").into()),
            };
            print!("{}", Config::defaults(profile).documented_toml());
        }
        ConfigCommand::Schema => println!("{}", serde_json::to_string_pretty(&Config::json_schema())?),
    }
    Ok(())
}

/// Runs what waits.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE".to_owned()),
    }
}

/// The error and what it stems from, without saying anything twice.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
