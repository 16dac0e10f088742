//! Creation of teams with three people invited by phone.

use crate::{
    Outcome, measured,
    subject::Subject,
    times::{Times, rate},
};
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};
use veche_tests::person::Person;

const AT_ONCE: usize = 16;
/// People who make teams in turn, as each may be in a few hundred.
const MAKERS: usize = 64;

#[derive(Clone)]
struct Maker {
    http: reqwest::Client,
    url: String,
    tokens: Arc<[String]>,
    next: Arc<AtomicUsize>,
}

impl Maker {
    /// Makers of teams whose contacts have phones from `first` on.
    async fn new(subject: &Subject, first: usize) -> Outcome<Self> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        let next = Arc::new(AtomicUsize::new(first));
        let mut tokens = Vec::new();
        let url = match subject.client() {
            Some(client) => {
                // New people each time, so that earlier lines do not slow down later ones.
                let round = first / 10_000_000;
                for maker in 0..MAKERS {
                    tokens.push(Person::login(&client, &format!("+79081{round}{maker:05}")).await.token);
                }
                "/api/v3/teams"
            }
            None => {
                tokens.push(String::new());
                "/teams"
            }
        };
        Ok(Self { http, url: format!("http://{}{url}", subject.address()), tokens: tokens.into(), next })
    }

    /// Makes a team with three new people; returns its maker.
    fn team(&self) -> (Value, &str) {
        let first = self.next.fetch_add(3, Ordering::Relaxed);
        let contacts: Vec<Value> =
            (first..first + 3).map(|n| json!({"phone": format!("+791{n:08}")})).collect();
        (json!({"name": "команда", "contacts": contacts}), &self.tokens[first / 3 % self.tokens.len()])
    }

    async fn make(&self) -> Outcome<()> {
        let (body, token) = self.team();
        let request = self.http.post(&self.url).header("token", token).json(&body);
        let answer = request.send().await?;
        let status = answer.status();
        let body = answer.text().await?;
        if status.is_success() { Ok(()) } else { Err(body.into()) }
    }
}

/// Each request waits for the one before.
pub(crate) async fn one_at_a_time(subject: &Subject) -> Outcome<String> {
    let maker = Maker::new(subject, 30_000_000).await?;
    let mut times = Times::default();
    let over = Instant::now() + measured();
    while Instant::now() < over {
        let began = Instant::now();
        maker.make().await?;
        times.0.push(began.elapsed());
    }
    Ok(times.tell())
}

/// Sixteen concurrent requests.
pub(crate) async fn many_at_a_time(subject: &Subject) -> Outcome<String> {
    let maker = Maker::new(subject, 40_000_000).await?;
    let started = Instant::now();
    let over = started + measured();
    let mut tasks = Vec::new();
    for _ in 0..AT_ONCE {
        let maker = maker.clone();
        tasks.push(tokio::spawn(async move {
            let mut times = Times::default();
            while Instant::now() < over {
                let began = Instant::now();
                maker.make().await?;
                times.0.push(began.elapsed());
            }
            Outcome::Ok(times)
        }));
    }
    let mut all = Times::default();
    for task in tasks {
        all.0.extend(task.await??.0);
    }
    Ok(format!("{}; {}", rate(all.0.len(), started.elapsed()), all.tell()))
}
