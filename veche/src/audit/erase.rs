//! `veche audit erase`: a person or a team is forgotten, beside a running server or without one.

use super::receipt;
use crate::{cli::Failure, runtime::Runtime};
use clap::Args;
use command_service::{Erasure, ErasurePass};
use domain::phone_number::PhoneNumber;
use events::{AccountId, Subject, TeamId, value::ErasureReason};
use platform::config::Config;
use read_model::rights::{ServiceReason, ServiceTeam};
use std::{
    io::{BufRead, Write, stderr, stdin},
    time::Duration,
};
use uuid::Uuid;

/// How long it rests between two passes.
const REST: Duration = Duration::from_secs(1);

#[derive(Debug, Args)]
pub(crate) struct Erase {
    #[command(flatten)]
    who: Who,
    /// Why: `wish`, `order` or `retention`
    #[arg(long, value_parser = reason)]
    reason: ErasureReason,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// Whom it is about.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Who {
    /// A person, by the account's id
    #[arg(long, value_name = "UUID")]
    account: Option<Uuid>,
    /// A person, by the phone number
    #[arg(long, value_name = "NUMBER")]
    phone: Option<String>,
    /// A team, with all that was said and kept in it
    #[arg(long, value_name = "UUID")]
    team: Option<Uuid>,
}

impl Who {
    /// The person or team that is meant. A number that was erased is nobody's.
    pub(super) async fn subject(&self, erasure: &Erasure) -> Result<Subject, Failure> {
        match (self.account, self.team, &self.phone) {
            (Some(account), ..) => Ok(Subject::Account(AccountId(account))),
            (_, Some(team), _) => Ok(Subject::Team(TeamId(team))),
            (.., phone) => {
                let number = PhoneNumber::parse(phone.as_deref().unwrap_or_default());
                let number = number.map_err(|_| "this is no phone number")?;
                let owner = erasure.owner_of(&number).await.map_err(|error| told(&error))?;
                Ok(Subject::Account(owner.ok_or("nobody has this number")?))
            }
        }
    }
}

pub(super) async fn run(config: Config, erase: Erase) -> Result<(), Failure> {
    if config.log.expose() == "memory" {
        return Err("a log in memory is forgotten with its process".into());
    }
    // A read model of another program's shape is served by it: making it anew is not what was asked for.
    let runtime = Runtime::open_without_migrating(config).await?;
    let mut db = runtime.read.pool().acquire().await?;
    if !read_model::schema::is_ours(&mut db).await? {
        return Err("the read model is another program's: erase with that one's `veche`".into());
    }
    drop(db);
    let erasure = runtime.commands().erasure();
    let subject = erase.who.subject(&erasure).await?;
    if !erase.yes && !agreed(&runtime, subject).await? {
        return Err("nothing was done".into());
    }
    // Should no server be running, the rows must follow nevertheless.
    let projector = runtime.projector();
    let projecting = tokio::spawn(projector.run());
    let asked = erasure.request(subject, erase.reason).await.map_err(|error| told(&error))?;
    eprintln!("{subject} is to be forgotten: receipt {}, position {}.", asked.receipt, asked.position);
    while runtime.read.erasures().find(subject).await?.is_none() {
        tokio::time::sleep(REST).await;
    }
    loop {
        match erasure.run_pass(subject).await {
            Ok(pass) if pass.finished => break,
            Ok(pass) => tell(pass),
            Err(error) => eprintln!("not yet: {}", told(&error)),
        }
        tokio::time::sleep(REST).await;
    }
    projecting.abort();
    let signed = receipt::issue(&runtime, subject).await?;
    println!("{}", serde_json::to_string_pretty(&signed)?);
    runtime.close().await;
    Ok(())
}

fn tell(pass: ErasurePass) {
    let ErasurePass { messages, files, others, .. } = pass;
    match messages + files + others {
        0 => eprintln!("nothing is left; waiting until every process has heard of it"),
        _ => eprintln!("{messages} messages, {files} files, {others} other things"),
    }
}

/// Shows what would go, and asks.
async fn agreed(runtime: &Runtime, subject: Subject) -> Result<bool, Failure> {
    let (places, messages) = match subject {
        Subject::Account(account) => {
            let places = runtime.read.erasures().contacts_of(account).await?;
            let contacts: Vec<_> = places.iter().map(|(_, contact)| *contact).collect();
            (
                format!("a person in {} teams", places.len()),
                runtime.read.erasures().count_messages_by(&contacts).await?,
            )
        }
        Subject::Team(team) => {
            let asked = ServiceTeam::for_service(team, ServiceReason::Erasure);
            let people = runtime.read.erasures().count_people(asked).await?;
            (format!("a team of {people} people"), runtime.read.erasures().count_messages_in(asked).await?)
        }
    };
    eprint!(
        "{subject} is {places} with {messages} messages. Nothing brings it back. Type `erase` to go on: "
    );
    stderr().flush()?;
    let mut answer = String::new();
    stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim() == "erase")
}

fn reason(word: &str) -> Result<ErasureReason, String> {
    let words: Vec<&str> = ErasureReason::ALL.iter().map(|reason| reason.word()).collect();
    ErasureReason::from_word(word).ok_or_else(|| format!("one of {}", words.join(", ")))
}

/// What clients would be told.
fn told(error: &platform::http::ApiError) -> String {
    format!("{:?}", error.failure().code)
}
