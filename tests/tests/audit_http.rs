//! History over HTTP: streamed live, limited to what each reader may see, with every access recorded.

use http::Method;
use serde_json::Value;
use veche_tests::{
    eventually,
    exchange::{Answer, Body, Call},
    person::Person,
    server_sent::Events,
    world::{Layout, Plan, World},
};

const ANNA: &str = "+79081000001";
const BORIS: &str = "+79081000002";
const CLARA: &str = "+79081000003";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn audit_stream_follows_history_and_records_every_access() {
    let world = World::start(Plan::new(Layout::AllInOne).set("VECHE_AUDIT_AUDITORS", CLARA)).await;
    let anna = Person::login(world.client(), ANNA).await;
    let clara = Person::login_with_cookie(world.client(), CLARA).await;
    let team = anna.make_team("двое", &[BORIS]).await;
    let boris = team.jid_of(BORIS);
    let everybody = "/api/audit/v1/events?kind=message.*";
    let own = format!("/api/audit/v1/teams/{}/events?kind=message.*", team.uid);

    let mut of_auditor = Events::open(&clara.client, everybody, &[]).await;
    let mut of_owner = Events::open(&anna.client, &own, &[]).await;
    anna.post(&team.uid, &boris, "тайна").await;
    let (id, seen) = of_auditor.placed().await;
    assert_eq!(seen["data"]["text"]["$personal"]["value"], "тайна");
    assert_eq!(seen["address"], "127.0.0.1");
    let (_, concealed) = of_owner.placed().await;
    assert_eq!(concealed["event_id"], seen["event_id"]);
    assert_eq!(concealed["data"]["text"]["$personal"]["value"], Value::Null);
    assert_eq!(concealed["address"], Value::Null);

    // A reader that reconnects resumes after the last event.
    anna.post(&team.uid, &boris, "вторая").await;
    let mut again = Events::open(&clara.client, everybody, &[("last-event-id", &id)]).await;
    assert_eq!(again.placed().await.1["data"]["text"]["$personal"]["value"], "вторая");
    assert_eq!(of_auditor.placed().await.1["data"]["text"]["$personal"]["value"], "вторая");

    let looks = eventually::until("every look is in history", async || {
        let looks = clara.client.get("/api/audit/v1/events?kind=audit.read.v1&limit=3").await.ok();
        let looks = looks["events"].as_array().expect("a list").clone();
        (looks.len() == 3).then_some(looks)
    })
    .await;
    assert!(looks.iter().all(|look| look["data"]["call"] == "stream"), "{looks:#?}");
    assert_eq!((&looks[0]["team"], &looks[1]["team"]), (&Value::Null, &Value::from(team.uid.as_str())));
    let asked = looks[0]["data"]["asked"]["$personal"]["value"].as_str().expect("what was asked");
    assert!(asked.contains(r#""kind":"message.*""#), "{asked}");

    // The stream ends with the session, before it shows anything more.
    clara.client.get("/api/v3/cookieauth-logout").await.ok();
    anna.post(&team.uid, &boris, "третья").await;
    while let Some((id, _)) = again.next().await {
        assert_eq!(id, None, "nothing is shown to who has left");
    }
}

/// Opens a stream that must be refused.
async fn ask(person: &Person, path: &str) -> Answer {
    let call = Call::new(Method::GET, path, Body::Empty).header("accept", "text/event-stream");
    person.client.send(call).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn audit_streams_per_account_are_limited() {
    let plan = Plan::new(Layout::AllInOne)
        .set("VECHE_AUDIT_AUDITORS", CLARA)
        .set("VECHE_AUDIT_STREAMS", "3")
        .set("VECHE_AUDIT_STREAMS_PER_ACCOUNT", "2");
    let world = World::start(plan).await;
    let anna = Person::login(world.client(), ANNA).await;
    let clara = Person::login(world.client(), CLARA).await;
    let team = anna.make_team("двое", &[BORIS]).await;
    let other = anna.make_team("другие", &[BORIS]).await;
    let own = format!("/api/audit/v1/teams/{}/events", team.uid);
    let of_other = format!("/api/audit/v1/teams/{}/events", other.uid);
    let everybody = "/api/audit/v1/events?kind=message.*";

    // The limit per account counts streams of all its teams.
    let first = Events::open(&anna.client, &own, &[]).await;
    let _second = Events::open(&anna.client, &of_other, &[]).await;
    let refused = ask(&anna, &own).await;
    assert!(refused.header("retry-after").is_some(), "{refused}");
    refused.fails(429, "RATE_LIMIT");
    anna.client.get(own.clone()).await.ok();
    // Other accounts have room until the process has none.
    let mut of_auditor = Events::open(&clara.client, everybody, &[]).await;
    ask(&clara, everybody).await.fails(503, "UNAVAILABLE");
    anna.post(&team.uid, &team.jid_of(BORIS), "слышно").await;
    assert_eq!(of_auditor.placed().await.1["kind"], "message.posted.v1");
    // A closed stream frees its place.
    drop(first);
    eventually::until("the place is given back", async || {
        let http = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
        let url = anna.client.addresses().http(&Method::GET, &own) + &own;
        let request = http.get(url).header("accept", "text/event-stream").header("token", &anna.token);
        let answer = request.send().await.ok()?;
        (answer.status() == 200).then_some(())
    })
    .await;
}
