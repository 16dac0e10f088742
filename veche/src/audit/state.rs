//! `veche audit state`: the state of an account, a team or a chat at a point in history, folded from its events.

use super::fold::{Fold, dotted};
use crate::failure::Failure;
use clap::Args;
use event_log::as_of::AsOf;
use events::StreamName;
use platform::clock::Clock;
use secrets::journal::Journal;
use uuid::Uuid;

/// Arguments of `veche audit state`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("subject").required(true)))]
pub(crate) struct State {
    /// Position of an event, or an RFC 3339 time [default: now]
    #[arg(long, value_name = "POSITION|TIME")]
    as_of: Option<AsOf>,
    /// Account id
    #[arg(long, group = "subject", value_name = "UID")]
    account: Option<Uuid>,
    /// Team id; includes contacts, sections, integrations, files and tags
    #[arg(long, group = "subject", value_name = "UID")]
    team: Option<Uuid>,
    /// Id of a group or a task
    #[arg(long, group = "subject", value_name = "UID")]
    chat: Option<Uuid>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl State {
    /// Prints the state.
    ///
    /// # Errors
    /// The log has no event of it up to then, or cannot be read.
    pub(crate) async fn run(self, journal: &Journal) -> Result<(), Failure> {
        let until = match self.as_of {
            Some(moment) => moment.position(journal.log(), Clock::System.now()).await?,
            None => journal.log().head().await?,
        };
        let fold = Fold::of(journal, &self.streams(), until).await?;
        if fold.fields.is_empty() {
            return Err(format!("the log has no event of it up to position {until}").into());
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
