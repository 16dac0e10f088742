//! Sends the requests of the seed's examples in order, each with the preparation that it needs, and compares the answers.

use crate::{
    client::{Client, Identity, multipart},
    example_matcher::ExampleMatcher,
    exchange::{Answer, Body, Call},
    person::{Person, text},
    scenario::picture,
    world::CODE,
};
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{collections::BTreeMap, path::Path};

/// Phone of the examples' caller.
const OWNER: &str = "+79166660002";
/// Phone of the person who joins, who has a name.
const JOINER: &str = "+75550000001";
/// Phone in the examples' address book, of a person with a name.
const KNOWN: &str = "+79162255059";
/// Phone of the owner of another team, in which the others set their names.
const HOST: &str = "+79990000001";

/// Values of the examples that come from a preparation rather than an answer.
const INVITATION: &str = "_GPHfNsbkxiCR3jKq3CyESw8MMw";
const FIRST_GROUP: &str = "g-edb35028-b3ff-48ef-afc4-6fcd4c86b5ad";
const SECOND_GROUP: &str = "g-1b4c1070-2dfb-470e-84a4-f0017d49f1fc";
const TEAM: &str = "3525d76d-cfe0-469f-b46e-cbb79ae5491e";
const TEAM_OF_MESSAGES: &str = "the team of messages";
const PEER: &str = "d-a2d94e8e-74aa-4b0b-b55d-0b4fc1ce07f4";
const PREVIOUS_MESSAGE: &str = "0a78549a-ea3a-4fba-8fa7-a72c8261b9b8";

/// An example file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    method: String,
    path: String,
    #[serde(rename = "as")]
    caller: String,
    #[serde(default)]
    parameters: BTreeMap<String, String>,
    request: Option<Value>,
    file: Option<Picture>,
    /// Pointers below which only keys and kinds are compared, as the example's values are from another time or team.
    #[serde(default)]
    loose: Vec<String>,
    /// Pieces that a text must contain, by its pointer, where our wording differs.
    #[serde(default)]
    pieces: BTreeMap<String, Vec<String>>,
    response: Value,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Picture {
    field: String,
    width: u32,
    height: u32,
}

/// Reads the examples in order of their file names, such as `01-ping-post`.
pub fn examples(folder: &Path) -> BTreeMap<String, Example> {
    let entries = std::fs::read_dir(folder).expect("the folder of examples").flatten();
    let read = |path: std::path::PathBuf| {
        let text = std::fs::read_to_string(&path).expect("an example can be read");
        let example =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        (path.file_stem().unwrap_or_default().to_string_lossy().into_owned(), example)
    };
    entries.map(|entry| read(entry.path())).collect()
}

/// The state of the walkthrough.
pub struct SeedWalkthrough {
    nobody: Client,
    callers: BTreeMap<&'static str, Client>,
    matcher: ExampleMatcher,
}

impl SeedWalkthrough {
    /// Prepares the people who have names, in a team of their own.
    pub async fn begin(client: &Client) -> Self {
        let host = Person::login(client, HOST).await;
        let team = host.make_team_of("чужая", json!([{"phone": KNOWN}, {"phone": JOINER}])).await;
        for (phone, given, family) in [(KNOWN, "dfg", "dfgdfg"), (JOINER, "Контакт", "№2")] {
            let person = Person::login(client, phone).await;
            let contact = format!("/api/v4/teams/{}/contacts/{}", team.uid, team.jid_of(phone));
            person.client.put(contact, json!({"given_name": given, "family_name": family})).await.ok();
        }
        Self { nobody: client.clone(), callers: BTreeMap::new(), matcher: ExampleMatcher::default() }
    }

    /// Sends one example's request; returns the differences of the answer.
    pub async fn tell(&mut self, name: &str, example: &Example) -> Vec<String> {
        self.prepare(name).await;
        let client = match example.caller.as_str() {
            "nobody" => self.nobody.clone(),
            known => self.callers.get(known).unwrap_or_else(|| panic!("{known} has not come in yet")).clone(),
        };
        let answer = client.send(self.call(example)).await;
        self.remember(name, &answer);
        let mut differences = self.matcher.differences(&example.response, &answer.json, &example.loose);
        differences.extend(self.missing_pieces(example, &answer.json));
        if !differences.is_empty() {
            differences.push(answer.to_string());
        }
        differences
    }

    fn missing_pieces(&self, example: &Example, answer: &Value) -> Vec<String> {
        let text = |pointer: &str| answer.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let missing = |pointer: &str, pieces: &Vec<String>| {
            let wanted = pieces.iter().map(|piece| self.matcher.translate(piece));
            let absent = wanted.filter(|piece| !text(pointer).contains(piece.as_str()));
            absent.map(|piece| format!("{pointer}: without {piece:?}")).collect::<Vec<_>>()
        };
        example.pieces.iter().flat_map(|(pointer, pieces)| missing(pointer, pieces)).collect()
    }

    fn call(&self, example: &Example) -> Call {
        let method = Method::from_bytes(example.method.as_bytes()).expect("a method");
        let mut path = example.path.clone();
        for (name, value) in &example.parameters {
            path = path.replace(&format!("{{{name}}}"), &self.matcher.translate(value));
        }
        let body = match (&example.request, &example.file) {
            (Some(request), _) => Body::Json(self.matcher.translate_json(request)),
            (None, Some(file)) => {
                multipart(&[(&file.field, Some("picture.png"), &picture(file.width, file.height))])
            }
            (None, None) => Body::Empty,
        };
        Call::new(method, path, body)
    }

    /// Prepares what the examples' original run had before this example.
    async fn prepare(&mut self, name: &str) {
        match name {
            "14-ui-settings-get" => {
                let settings =
                    json!({"current_team": "54b9580b-9fd8-4771-98bd-e9ca3d920017", "zzzz": [1, 2, 3]});
                self.owner().put("/api/v3/ui-settings", settings).await.ok();
            }
            "25-integrations-post" => {
                for example in [FIRST_GROUP, SECOND_GROUP] {
                    let path = format!("/api/v4/teams/{}/groups", self.matcher.ours(TEAM));
                    let group = self.owner().post(path, json!({"display_name": example})).await.ok();
                    self.matcher.bind(example, text(&group["jid"]));
                }
            }
            "34-teams-join" => {
                // The examples use the token of an invitation that they delete one example earlier.
                let path = format!("/api/v3/teams/{}/invitations", self.matcher.ours(TEAM));
                let invitation = self.owner().post(path, json!({})).await.ok();
                self.matcher.bind(INVITATION, text(&invitation["token"]));
                self.callers.insert("joiner", Person::login(&self.nobody, JOINER).await.client);
            }
            "40-team-usage" => {
                let owner =
                    Person { client: self.owner().clone(), phone: OWNER.into(), token: String::new() };
                let team = owner.make_team("сообщения", &[JOINER]).await;
                let peer = team.jid_of(JOINER);
                let first = owner.post(&team.uid, &peer, "первое").await;
                self.matcher.bind(TEAM_OF_MESSAGES, team.uid);
                self.matcher.bind(PEER, peer);
                self.matcher.bind(PREVIOUS_MESSAGE, text(&first["message_id"]));
            }
            _ => {}
        }
    }

    fn remember(&mut self, name: &str, answer: &Answer) {
        match name {
            "06-sms-auth" => {
                let client =
                    self.nobody.as_token(answer.json["result"]["token"].as_str().unwrap_or_default());
                self.callers.insert("owner", client);
            }
            "08-sms-cookieauth" => {
                let cookie = answer.cookie().expect("a login of a browser sets a cookie");
                self.callers.insert("browser", self.nobody.as_identity(Identity::Cookie(cookie)));
            }
            _ => {}
        }
    }

    fn owner(&self) -> &Client {
        self.callers.get("owner").expect("the owner has logged in by now")
    }
}

/// The examples' login code must be the dev profile's.
const _: () = assert!(CODE.len() == 4);
