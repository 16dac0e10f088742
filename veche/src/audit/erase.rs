//! `veche audit erase`: erases a person or a team, with or without a running server.

use super::{
    receipt,
    subject::{Who, client_text},
};
use crate::{failure::Failure, runtime::Runtime};
use clap::Args;
use command_service::ErasurePass;
use events::{Subject, value::ErasureReason};
use platform::config::Config;
use read_model::rights::{ServiceReason, ServiceTeam};
use std::{
    io::{BufRead, Write, stderr, stdin},
    time::Duration,
};

/// Pause between two passes.
const REST: Duration = Duration::from_secs(1);

#[derive(Debug, Args)]
pub(crate) struct Erase {
    #[command(flatten)]
    who: Who,
    /// Reason: `wish`, `order` or `retention`
    #[arg(long, value_parser = reason)]
    reason: ErasureReason,
    /// Do not ask for confirmation
    #[arg(long)]
    yes: bool,
}

#[expect(clippy::disallowed_methods, reason = "a command line waits for its own task")]
pub(super) async fn run(config: Config, erase: Erase) -> Result<(), Failure> {
    if config.log.expose() == "memory" {
        return Err("a log in memory ends with its process: there is nothing to erase".into());
    }
    // The read model may belong to another version that is serving: it must not be migrated here.
    let runtime = Runtime::open_without_migrating(config).await?;
    let mut db = runtime.read.pool().acquire().await?;
    if !read_model::schema::is_ours(&mut db).await? {
        return Err(
            "the read model belongs to another version: erase with the `veche` of that version".into()
        );
    }
    drop(db);
    let erasure = runtime.commands().erasure();
    let subject = erase.who.subject(&erasure).await?;
    if !erase.yes && !agreed(&runtime, subject).await? {
        return Err("cancelled: nothing was erased".into());
    }
    // Without a running server nothing else would update the rows.
    let projector = runtime.projector();
    let projecting = tokio::spawn(projector.run());
    let asked = erasure.request(subject, erase.reason).await.map_err(|error| client_text(&error))?;
    eprintln!("Erasing {subject}: receipt {}, position {}.", asked.receipt, asked.position);
    while runtime.read.erasures().find(subject).await?.is_none() {
        tokio::time::sleep(REST).await;
    }
    loop {
        match erasure.run_pass(subject).await {
            Ok(pass) if pass.finished => break,
            Ok(pass) => tell(pass),
            Err(error) => eprintln!("not yet: {}", client_text(&error)),
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
        0 => eprintln!("nothing is left; waiting for all processes to follow"),
        _ => eprintln!("{messages} messages, {files} files, {others} other things"),
    }
}

/// Shows what would be erased and asks for confirmation.
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
        "{subject} is {places} with {messages} messages. This cannot be undone. Type `erase` to continue: "
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
