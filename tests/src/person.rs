//! A logged-in user and the teams they make.

use crate::{client::Client, client::Identity, socket::Socket, world::CODE};
use serde_json::{Value, json};

/// A user with a session.
#[derive(Clone)]
pub struct Person {
    /// Sends requests with the session.
    pub client: Client,
    pub phone: String,
    /// The session's token; empty for a cookie.
    pub token: String,
}

/// A team as its owner sees it.
#[derive(Clone, Debug)]
pub struct Team {
    pub uid: String,
    /// The owner's address in it.
    pub me: String,
    /// The whole answer.
    pub json: Value,
}

impl Person {
    /// Logs in with a code on the device `first`; an unknown phone becomes an account.
    pub async fn login(client: &Client, phone: &str) -> Self {
        Self::login_as(client, phone, "first").await
    }

    /// Logs in with a code on a device of that id.
    pub async fn login_as(client: &Client, phone: &str, device: &str) -> Self {
        let nobody = client.as_identity(Identity::Nobody);
        nobody.post("/api/v3/sms-login", json!({"phone": phone})).await.ok();
        let device =
            json!({"phone": phone, "code": CODE, "type": "android", "device_id": device, "name": device});
        let answer = nobody.post("/api/v3/sms-auth", device).await.ok();
        let token = answer["token"].as_str().expect("a login answers with a token").to_owned();
        Self { client: client.as_token(&token), phone: phone.to_owned(), token }
    }

    /// Logs in with a code and gets a cookie, as a browser does.
    pub async fn login_with_cookie(client: &Client, phone: &str) -> Self {
        let nobody = client.as_identity(Identity::Nobody);
        nobody.post("/api/v3/sms-login", json!({"phone": phone})).await.ok();
        let answer = nobody.post("/api/v3/sms-cookieauth", json!({"phone": phone, "code": CODE})).await;
        let cookie = answer.cookie();
        answer.ok();
        let cookie = cookie.expect("a login of a browser sets a cookie");
        Self {
            client: client.as_identity(Identity::Cookie(cookie)),
            phone: phone.to_owned(),
            token: String::new(),
        }
    }

    /// Makes a team with contacts of these phones.
    pub async fn make_team(&self, name: &str, phones: &[&str]) -> Team {
        let contacts: Vec<Value> = phones.iter().map(|phone| json!({"phone": phone})).collect();
        self.make_team_of(name, json!(contacts)).await
    }

    /// Makes a team with these contacts, in the shape of the request.
    pub async fn make_team_of(&self, name: &str, contacts: Value) -> Team {
        let json = self.client.post("/api/v3/teams", json!({"name": name, "contacts": contacts})).await.ok();
        Team { uid: text(&json["uid"]), me: text(&json["me"]["jid"]), json }
    }

    /// This person's address in a team.
    pub async fn jid(&self, team: &str) -> String {
        text(&self.client.get(format!("/api/v3/teams/{team}")).await.ok()["me"]["jid"])
    }

    /// Makes a group with these members; returns its address.
    pub async fn make_group(&self, team: &str, name: &str, members: &[&str]) -> String {
        let members: Vec<Value> = members.iter().map(|jid| json!({"jid": jid, "status": "member"})).collect();
        let body = json!({"display_name": name, "members": members});
        text(&self.client.post(format!("/api/v4/teams/{team}/groups"), body).await.ok()["jid"])
    }

    /// Removes a contact from a team.
    pub async fn remove(&self, team: &str, jid: &str) {
        self.client.delete(format!("/api/v4/teams/{team}/contacts/{jid}")).await.ok();
    }

    /// Posts a message over HTTP; returns it.
    pub async fn post(&self, team: &str, to: &str, text: &str) -> Value {
        let body = json!({"to": to, "content": {"type": "plain", "text": text}});
        self.client.post(format!("/api/v3/teams/{team}/ws/client.message.updated"), body).await.ok()
    }

    /// Opens a socket in a team.
    pub async fn socket(&self, team: &str) -> Socket {
        Socket::open(&self.client, team).await
    }
}

impl Team {
    /// The address of a contact that the team was made with.
    pub fn jid_of(&self, phone: &str) -> String {
        let contacts = self.json["contacts"].as_array().expect("a new team tells its contacts");
        let found = contacts.iter().find(|contact| contact["contact_phone"] == phone);
        text(&found.unwrap_or_else(|| panic!("nobody has {phone}: {}", self.json))["jid"])
    }
}

/// Returns a JSON string.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("expected a text, found {value}")).to_owned()
}
