//! `veche audit why`: which event gave each field its value.

use super::fold::{Fold, Origin, Path, Set, dotted};
use crate::failure::Failure;
use clap::{Args, ValueEnum};
use event_log::{Log, RawEvent, as_of::AsOf};
use events::{MessageId, MessageKey, StreamName, TeamId};
use platform::clock::Clock;
use secrets::journal::Journal;
use serde::Serialize;
use serde_json::Value;
use std::{collections::BTreeSet, sync::Arc};
use uuid::Uuid;

/// Number of events read from the log at once.
const PAGE: usize = 1_000;

/// Arguments of `veche audit why`.
#[derive(Debug, Args)]
pub(crate) struct Why {
    /// Kind of thing
    kind: Kind,
    /// Id of the thing
    uid: Uuid,
    /// Show one field only, e.g. `role`
    #[arg(long)]
    field: Option<String>,
    /// Show all values of a field, not only the last one
    #[arg(long)]
    all: bool,
    /// Position of an event, or an RFC 3339 time [default: now]
    #[arg(long, value_name = "POSITION|TIME")]
    as_of: Option<AsOf>,
    /// Team that it belongs to. Without it the log is searched for messages and parts of a team
    #[arg(long, value_name = "UID")]
    team: Option<Uuid>,
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

/// Kinds of things with a history.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    Account,
    Team,
    Contact,
    Section,
    Invitation,
    Integration,
    Upload,
    Tag,
    Group,
    Task,
    Message,
    Remind,
}

impl Kind {
    /// Category of its streams; for a part of a team also the list that it is in.
    fn place(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Account => ("account", None),
            Self::Team => ("team", None),
            Self::Contact => ("team", Some("contacts")),
            Self::Section => ("team", Some("sections")),
            Self::Invitation => ("team", Some("invitations")),
            Self::Integration => ("team", Some("integrations")),
            Self::Upload => ("uploads", Some("uploads")),
            Self::Tag => ("tags", Some("tags")),
            Self::Group => ("chat", None),
            Self::Task => ("task", None),
            Self::Message => ("message", None),
            Self::Remind => ("remind", None),
        }
    }
}

/// A value with its origin.
#[derive(Serialize)]
struct Line<'l> {
    field: String,
    value: Option<&'l Value>,
    #[serde(flatten)]
    by: &'l Origin,
}

impl Why {
    /// Prints the history of the fields.
    ///
    /// # Errors
    /// The log has no event of it, or cannot be read.
    pub(crate) async fn run(self, journal: &Journal) -> Result<(), Failure> {
        let until = match self.as_of {
            Some(moment) => moment.position(journal.log(), Clock::System.now()).await?,
            None => journal.log().head().await?,
        };
        let (stream, prefix) = self.stream(journal.log()).await?;
        let fold = Fold::of(journal, &[stream], until).await?;
        let mut found = false;
        for (path, history) in fold.fields.iter().filter(|(path, _)| path.starts_with(&prefix)) {
            let field = dotted(&path[prefix.len()..].to_vec());
            if self.field.as_ref().is_some_and(|wanted| *wanted != field) {
                continue;
            }
            let from = if self.all { 0 } else { history.len().saturating_sub(1) };
            for set in &history[from..] {
                found = true;
                self.print(&field, set)?;
            }
        }
        if found { Ok(()) } else { Err(format!("the log has no event of it up to position {until}").into()) }
    }

    fn print(&self, field: &str, Set { value, by }: &Set) -> Result<(), Failure> {
        let by: &Arc<Origin> = by;
        if self.json {
            let line = Line { field: field.to_owned(), value: value.as_ref(), by };
            println!("{}", serde_json::to_string(&line)?);
            return Ok(());
        }
        let value = value.as_ref().map_or_else(|| "(removed)".to_owned(), Value::to_string);
        let actor = by.actor.map_or_else(|| "nobody".to_owned(), |actor| actor.to_string());
        let request = by.request_id.as_deref().unwrap_or("-");
        println!(
            "{field} = {value}\n    {} at position {}, {}, by {actor}, request {request}",
            by.kind,
            by.position,
            by.at.to_rfc3339()
        );
        Ok(())
    }

    /// The stream with its events, and its path in the fold.
    async fn stream(&self, log: &Log) -> Result<(StreamName, Path), Failure> {
        if matches!(self.kind, Kind::Message) {
            let stream = stream_of_message(log, self.team.map(TeamId), MessageId(self.uid)).await?;
            return Ok((stream, vec![]));
        }
        let (category, list) = self.kind.place();
        let Some(list) = list else {
            return Ok((StreamName::stored(format!("{category}-{}", self.uid)), vec![]));
        };
        let stream = match self.team {
            Some(team) => StreamName::stored(format!("{category}-{team}")),
            None => first_to_name(log, category, self.uid).await?,
        };
        Ok((stream, vec![list.to_owned(), self.uid.to_string()]))
    }
}

/// The stream of a message. Without a team the whole log is searched, and the id must be the only one.
async fn stream_of_message(
    log: &Log,
    team: Option<TeamId>,
    message: MessageId,
) -> Result<StreamName, Failure> {
    if let Some(team) = team {
        let by_id = StreamName::message_by_id(message);
        let earlier = log.read_stream(&by_id, 0, 1).await?;
        let named = format!("\"team\":\"{team}\"");
        let is_of_team = earlier.first().is_some_and(|posted| names(&posted.data, &named));
        return Ok(if is_of_team { by_id } else { StreamName::message(MessageKey { team, message }) });
    }
    let (mut after, mut found) = (0, BTreeSet::new());
    loop {
        let page = log.read_all(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.position;
        let streams = page.into_iter().map(|event| event.stream);
        found.extend(streams.filter(|stream| stream.message_in().is_some_and(|(_, id)| id == message)));
    }
    let first = found.pop_first().ok_or_else(|| format!("no stream holds message {message}"))?;
    match found.is_empty() {
        true => Ok(first),
        false => Err(format!("several teams have a message {message}: name one with --team").into()),
    }
}

fn names(data: &[u8], name: &str) -> bool {
    data.windows(name.len()).any(|bytes| bytes == name.as_bytes())
}

/// The first stream of a category that names a uid, in which the thing was created.
async fn first_to_name(log: &Log, category: &str, uid: Uuid) -> Result<StreamName, Failure> {
    let name = uid.to_string();
    let mut after = 0;
    loop {
        let page = log.read_all(after, PAGE).await?;
        let Some(last) = page.last() else { return Err(format!("no {category} names {uid}").into()) };
        after = last.position;
        let named = |event: &RawEvent| event.stream.category() == category && names(&event.data, &name);
        let found = page.into_iter().find(named);
        if let Some(event) = found {
            return Ok(event.stream);
        }
    }
}
