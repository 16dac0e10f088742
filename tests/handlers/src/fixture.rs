//! A team with a member of each status, and a person outside it.

use http::Method;
use serde_json::{Value, json};
use veche_tests::{
    exchange::{Answer, Body, Call},
    person::{Person, Team, text},
    test_app::TestApp,
};

pub(crate) const OWNER: &str = "+79110000001";
pub(crate) const ADMIN: &str = "+79110000002";
pub(crate) const MEMBER: &str = "+79110000003";
pub(crate) const GUEST: &str = "+79110000004";
pub(crate) const STRANGER: &str = "+79110000005";
/// A phone that nobody in the team has.
pub(crate) const UNKNOWN: &str = "+79110000009";
/// A UUID that names nothing.
pub(crate) const NOWHERE: &str = "00000000-0000-4000-8000-000000000000";

/// A team of an owner who is logged in; the others log in when a test asks for them.
pub(crate) struct Fixture {
    pub(crate) app: TestApp,
    pub(crate) owner: Person,
    pub(crate) team: Team,
}

impl Fixture {
    pub(crate) async fn start() -> Self {
        Self::on(TestApp::start().await).await
    }

    pub(crate) async fn on(app: TestApp) -> Self {
        let owner = app.login(OWNER).await;
        let contacts = json!([{"phone": ADMIN, "status": "admin"}, {"phone": MEMBER}, {"phone": GUEST, "status": "guest"}]);
        let team = owner.make_team_of("Полк", contacts).await;
        Self { app, owner, team }
    }

    pub(crate) async fn admin(&self) -> Person {
        self.app.login(ADMIN).await
    }

    pub(crate) async fn member(&self) -> Person {
        self.app.login(MEMBER).await
    }

    pub(crate) async fn guest(&self) -> Person {
        self.app.login(GUEST).await
    }

    /// Has an account, and no place in the team.
    pub(crate) async fn stranger(&self) -> Person {
        self.app.login(STRANGER).await
    }

    /// The address of a contact of the team.
    pub(crate) fn jid(&self, phone: &str) -> String {
        self.team.jid_of(phone)
    }

    /// A path of the team, version 3.
    pub(crate) fn v3(&self, rest: &str) -> String {
        format!("/api/v3/teams/{}{rest}", self.team.uid)
    }

    /// A path of the team, version 4.
    pub(crate) fn v4(&self, rest: &str) -> String {
        format!("/api/v4/teams/{}{rest}", self.team.uid)
    }

    /// A group of the owner's with the member in it.
    pub(crate) async fn group(&self) -> String {
        self.owner.make_group(&self.team.uid, "Кружок", &[&self.jid(MEMBER)]).await
    }

    /// The path of a chat's messages.
    pub(crate) fn messages(&self, chat: &str) -> String {
        self.v4(&format!("/chats/{chat}/messages"))
    }

    /// Posts a text in a chat; returns the message's id.
    pub(crate) async fn post(&self, author: &Person, chat: &str, said: &str) -> String {
        text(&author.client.post(self.messages(chat), json!({"text": said})).await.ok()["message_id"])
    }
}

/// Sends a call twice under one `Idempotency-Key`; both answers must be equal. Returns the result.
pub(crate) async fn twice(person: &Person, method: Method, path: &str, body: Value) -> Value {
    let first = keyed(person, method.clone(), path, body.clone()).await.ok();
    let second = keyed(person, method, path, body).await.ok();
    assert_eq!(first, second, "a repetition gets the stored answer");
    first
}

/// Sends a call under the `Idempotency-Key` "once".
pub(crate) async fn keyed(person: &Person, method: Method, path: &str, body: Value) -> Answer {
    let body = if body.is_null() { Body::Empty } else { Body::Json(body) };
    person.client.send(Call::new(method, path, body).header("Idempotency-Key", "once")).await
}
