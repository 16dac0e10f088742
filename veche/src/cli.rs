//! The command line: parsing, dispatch to the commands, exit codes.

use crate::{
    Role,
    audit::{self, AuditCommand},
    docs,
    failure::Failure,
    guarding::Beginner,
    keys, log_copy, parked, phones, rebuild, rights, roles,
    runtime::{self, Runtime, block_on},
};
use clap::{Args, Parser, Subcommand};
use platform::{
    config::{Config, Profile, Secret, Sources},
    telemetry,
};
use std::{error::Error, path::PathBuf, process::ExitCode};

/// Backend of a team messenger, event-sourced from end to end.
#[derive(Debug, Parser)]
#[command(
    name = "veche",
    version,
    max_term_width = 100,
    after_help = "\
Settings come from defaults, then the file, then VECHE_* variables, then flags; `veche config default` prints all of them \
with descriptions. Exit code 0: success, 1: failure; `veche audit` lists its own.

Examples:
  veche serve                                   everything in one process
  veche serve --set listen=0.0.0.0:8000
  VECHE_BUS=nats://127.0.0.1:4222 veche gateway  one role alone
  veche rebuild --shadow --switch               rebuild the read model next to the served one, then switch
  veche rebuild diff                            compare the read model with a rebuild from the log
  veche parked                                  list streams whose projection is parked
  veche phones check                            list accounts with a wrongly stored phone number
  veche audit verify                            verify the history against its signatures
  veche log copy --to 'esdb://db:2113?tls=false'  copy the history to EventStoreDB"
)]
pub struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Task,
}

/// Sources of settings besides the environment.
#[derive(Debug, Args)]
struct Settings {
    /// TOML file with settings [default: the file that VECHE_CONFIG names]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Override one setting, e.g. `auth.code_length=6`; repeatable
    #[arg(long = "set", global = true, value_name = "KEY=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Run all roles in one process
    Serve,
    /// Run the command side only (POST, PUT, DELETE)
    Command,
    /// Run the query side only (GET)
    Query,
    /// Run the projection only: updates the read model, sends SMS and webhooks
    Projection,
    /// Run the websocket gateway only
    Gateway,
    /// Create or update the database schemas and grant the services' roles their rights
    Migrate(Migrate),
    /// Rebuild the read model from the log, in place or next to the served one; a running server stays available
    Rebuild(rebuild::Rebuild),
    /// List the streams whose projection is parked, retry them, or skip an event
    Parked(parked::Parked),
    /// Check stored phone numbers
    #[command(subcommand)]
    Phones(phones::PhonesCommand),
    /// Add or rotate the keys that wrap the keys of personal values
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Maintain the event log
    #[command(subcommand)]
    Log(LogCommand),
    /// Search, explain, export and verify the history
    #[command(subcommand)]
    Audit(Box<AuditCommand>),
    /// Check or print the settings
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print the OpenAPI 3.1 document of the HTTP API as JSON
    Openapi,
}

#[derive(Debug, Args)]
struct Migrate {
    /// Accept all existing events without a code of this installation, for this reason, which stays in the log for
    /// ever. For logs of older versions that `serve` refuses, and after a tampering has been investigated
    #[arg(long, value_name = "REASON", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    accept_history: Option<String>,
}

#[derive(Debug, Subcommand)]
enum LogCommand {
    /// Copy the whole history with the keys of personal values to another log; a repeated run continues
    Copy(log_copy::Copy),
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Check the settings without changing anything
    Check,
    /// Print the effective settings with secrets hidden
    Show,
    /// Print all settings with their defaults and descriptions
    Default {
        /// Profile: `dev` or `production`
        #[arg(long, default_value = "production")]
        profile: String,
    },
    /// Print the JSON Schema of the settings
    Schema,
}

impl Cli {
    /// Runs the command. Exit code 0: success; 1: failure; `veche audit` has codes of its own.
    pub fn run(self) -> ExitCode {
        let sources = Sources::of_process(self.settings.config, self.settings.set);
        // An audit that failed to run differs from one that found something.
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
        // Before anything else: opening the runtime creates missing schemas, which the connected role would then own.
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
            println!("The database roles {roles}_… have their rights.");
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
            println!("The settings are valid.");
        }
        ConfigCommand::Show => print!("{}", Config::load(sources)?.redacted_toml()),
        ConfigCommand::Default { profile } => {
            let profile = match profile.as_str() {
                "dev" => Profile::Dev,
                "production" => Profile::Production,
                other => return Err(format!("unknown profile {other:?}: expected dev or production").into()),
            };
            print!("{}", Config::defaults(profile).documented_toml());
        }
        ConfigCommand::Schema => println!("{}", serde_json::to_string_pretty(&Config::json_schema())?),
    }
    Ok(())
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE".to_owned()),
    }
}

/// The error followed by its sources, each text once.
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
    fn command_line_definition_is_consistent() {
        Cli::command().debug_assert();
    }
}
