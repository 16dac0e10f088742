//! `veche audit state`: what something was at a moment, folded from its events.

use super::fold::{Fold, dotted};
use crate::cli::Failure;
use chrono::Utc;
use clap::Args;
use event_log::as_of::AsOf;
use events::StreamName;
use secrets::journal::Journal;
use uuid::Uuid;

/// What is asked for, and of when.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("subject").required(true)))]
pub(crate) struct State {
    /// A position of an event, or an RFC 3339 time [default: now]
    #[arg(long, value_name = "POSITION|TIME")]
    as_of: Option<AsOf>,
    /// An account
    #[arg(long, group = "subject", value_name = "UID")]
    account: Option<Uuid>,
    /// A team, with its contacts, sections, integrations, files and tags
    #[arg(long, group = "subject", value_name = "UID")]
    team: Option<Uuid>,
    /// A group or a task
    #[arg(long, group = "subject", value_name = "UID")]
    chat: Option<Uuid>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl State {
    /// Prints it.
    ///
    /// # Errors
    /// The log says nothing of it by then, or cannot be read.
    pub(crate) async fn run(self, journal: &Journal) -> Result<(), Failure> {
        let until = match self.as_of {
            Some(moment) => moment.position(journal.log(), Utc::now()).await?,
            None => journal.log().head().await?,
        };
        let fold = Fold::of(journal, &self.streams(), until).await?;
        if fold.fields.is_empty() {
            return Err(format!("the log says nothing of it up to position {until}").into());
        }
        if self.json {
            println!("{}", serde_json::to_string_pretty(&fold.state())?);
            return Ok(());
        }
        println!("as of position {until}");
        for (path, history) in &fold.fields {
            if let Some(value) = history.last().and_then(|last| last.value.as_ref()) {
                println!("{} = {value}", dotted(path));
            }
        }
        Ok(())
    }

    fn streams(&self) -> Vec<StreamName> {
        let named = |category: &str, uid: Uuid| StreamName::stored(format!("{category}-{uid}"));
        let of = |uid: Option<Uuid>, categories: &[&str]| -> Vec<StreamName> {
            uid.iter().flat_map(|uid| categories.iter().map(|category| named(category, *uid))).collect()
        };
        [
            of(self.account, &["account"]),
            of(self.team, &["team", "uploads", "tags"]),
            of(self.chat, &["chat", "task"]),
        ]
        .concat()
    }
}
