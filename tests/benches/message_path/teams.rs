//! Teams with three people who are invited by phone.

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

#[derive(Clone)]
struct Maker {
    http: reqwest::Client,
    url: String,
    token: String,
    next: Arc<AtomicUsize>,
}

impl Maker {
    async fn new(subject: &Subject) -> Outcome<Self> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        let next = Arc::new(AtomicUsize::new(0));
        let (url, token) = match subject.client() {
            Some(client) => ("/api/v3/teams", Person::login(&client, "+79081230000").await.token),
            None => ("/teams", String::new()),
        };
        Ok(Self { http, url: format!("http://{}{url}", subject.address()), token, next })
    }

    /// A team whose three invited nobody has heard of yet.
    fn body(&self) -> Value {
        let first = self.next.fetch_add(3, Ordering::Relaxed);
        let contacts: Vec<Value> =
            (first..first + 3).map(|n| json!({"phone": format!("+791{n:08}")})).collect();
        json!({"name": "команда", "contacts": contacts})
    }

    async fn make(&self) -> Outcome<()> {
        let request = self.http.post(&self.url).header("token", &self.token).json(&self.body());
        let answer = request.send().await?.error_for_status()?;
        answer.bytes().await?;
        Ok(())
    }
}

/// Each waits for the one before.
pub(crate) async fn one_at_a_time(subject: &Subject) -> Outcome<String> {
    let maker = Maker::new(subject).await?;
    maker.next.store(30_000_000, Ordering::Relaxed);
    let mut times = Times::default();
    let over = Instant::now() + measured();
    while Instant::now() < over {
        let began = Instant::now();
        maker.make().await?;
        times.0.push(began.elapsed());
    }
    Ok(times.tell())
}

/// Sixteen at once.
pub(crate) async fn many_at_a_time(subject: &Subject) -> Outcome<String> {
    let maker = Maker::new(subject).await?;
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
