//! A client as small as can be: it fetches everything once, then believes what its socket says, and knows at any moment
//! what it would see if it fetched everything anew.

use crate::client::Client;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// More than any test makes of anything.
const ALL: &str = "limit=200";

/// Keys of a view of which frames tell nothing, or not everything: when somebody was last seen, which `server.online` says
/// better; and who has seen a message, of which authors hear by others' read marks, not by their answers.
const OF_THE_MOMENT: [&str; 4] = ["last_activity", "last_active", "received", "num_received"];

/// What one account knows of one team, by what it is called there.
#[derive(Clone, Debug, PartialEq)]
pub struct Replica {
    team: String,
    /// The account's teams, by id.
    teams: Things,
    contacts: Things,
    sections: Things,
    tags: Things,
    reminds: Things,
    /// Groups, tasks and direct chats, by address.
    chats: Things,
    /// Messages by chat and id.
    messages: BTreeMap<String, Things>,
    badge: Value,
    /// Chats that it has heard of for the first time, and has to ask for.
    unknown: BTreeSet<String>,
}

type Things = BTreeMap<String, Value>;

impl Replica {
    /// Fetches everything. Answers also the position behind which frames are to be heard.
    pub async fn fetch(client: &Client, team: &str) -> (Self, u64) {
        let path = |rest: &str| format!("/api/v4/teams/{team}/{rest}");
        let teams = client.get("/api/v4/teams").await;
        let position = teams.header("event-position").and_then(|text| text.parse().ok()).unwrap_or_default();
        let chats = chats(client, team).await;
        let mut messages = BTreeMap::new();
        for jid in chats.keys() {
            messages.insert(jid.clone(), history(client, team, jid).await);
        }
        let mut sections = Things::new();
        for kind in ["contact", "group", "task"] {
            sections.extend(by("uid", client.get(path(&format!("{kind}-sections"))).await.ok()));
        }
        let replica = Self {
            team: team.to_owned(),
            teams: by("uid", teams.ok()),
            contacts: by("jid", client.get(path("contacts")).await.ok()),
            sections,
            tags: by("uid", client.get(path("tags")).await.ok()),
            reminds: by("uid", client.get(path("reminds")).await.ok()),
            chats,
            messages,
            badge: client.get("/api/v4/badge").await.ok(),
            unknown: BTreeSet::new(),
        };
        (replica, position)
    }

    /// Asks for the chats that it has heard of and does not know.
    pub async fn ask(&mut self, client: &Client) {
        let unknown = std::mem::take(&mut self.unknown);
        if unknown.is_empty() {
            return;
        }
        let mut chats = chats(client, &self.team).await;
        for jid in unknown {
            if let Some(chat) = chats.remove(&jid) {
                self.messages.insert(jid.clone(), history(client, &self.team, &jid).await);
                self.chats.insert(jid, chat);
            }
        }
    }

    /// Believes a frame.
    pub fn hear(&mut self, frame: &Value) {
        let params = &frame["params"];
        match frame["event"].as_str().unwrap_or_default() {
            "server.team.updated" => put(&mut self.teams, "uid", &params["teams"]),
            "server.team.deleted" => remove(&mut self.teams, "uid", &params["teams"]),
            "server.team.counters" => each(&params["teams"], |team| {
                if let Some(known) = self.teams.get_mut(&name(team, "uid")) {
                    known["unread"] = team["unread"].clone();
                }
            }),
            "server.contact.updated" => self.contacts_changed(&params["contacts"]),
            "server.section.updated" => put(&mut self.sections, "uid", &params["sections"]),
            "server.section.deleted" => remove(&mut self.sections, "uid", &params["sections"]),
            "server.tag.updated" => put(&mut self.tags, "uid", &params["tags"]),
            "server.tag.deleted" => remove(&mut self.tags, "uid", &params["tags"]),
            "server.remind.updated" => put(&mut self.reminds, "uid", &params["reminds"]),
            "server.remind.fired" | "server.remind.deleted" => {
                remove(&mut self.reminds, "uid", &params["reminds"])
            }
            "server.chat.updated" => each(&params["chats"], |chat| {
                let jid = name(chat, "jid");
                if self.chats.insert(jid.clone(), without_versions(chat.clone())).is_none() {
                    self.unknown.insert(jid);
                }
            }),
            "server.chat.deleted" => each(&params["chats"], |chat| {
                self.chats.remove(&name(chat, "jid"));
                self.messages.remove(&name(chat, "jid"));
                self.unknown.remove(&name(chat, "jid"));
            }),
            "server.chat.lastread" => self.count(&params["chats"]),
            "server.chat.draft" => self.drafted(params),
            "server.message.updated" => {
                each(&params["messages"], |message| self.message(message));
                self.count(&params["chat_counters"]);
            }
            _ => {}
        }
        if params["badge"].is_u64() {
            self.badge = params["badge"].clone();
        }
        if params["team_unread"].is_object()
            && let Some(team) = self.teams.get_mut(&self.team)
        {
            team["unread"] = params["team_unread"].clone();
        }
    }

    /// The same, but for where messages stand among those of their chat: who comes back hears of messages that were posted
    /// and deleted meanwhile only that they are gone, and counts for themselves.
    #[must_use]
    pub fn unnumbered(&self) -> Self {
        let mut unnumbered = self.clone();
        let messages = unnumbered.messages.values_mut().flat_map(Things::values_mut);
        let last = unnumbered.chats.values_mut().map(|chat| &mut chat["last_message"]);
        messages.chain(last).for_each(|message| set(message, "num", Value::Null));
        unnumbered
    }

    /// In what it differs from another, in words.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut found = Vec::new();
        let things = [
            ("team", &self.teams, &other.teams),
            ("contact", &self.contacts, &other.contacts),
            ("section", &self.sections, &other.sections),
            ("tag", &self.tags, &other.tags),
            ("remind", &self.reminds, &other.reminds),
            ("chat", &self.chats, &other.chats),
        ];
        for (kind, ours, theirs) in things {
            compare(kind, ours, theirs, &mut found);
        }
        for jid in other.chats.keys() {
            let of = |replica: &Self| replica.messages.get(jid).cloned();
            let (ours, theirs) = (of(self).unwrap_or_default(), of(other).unwrap_or_default());
            compare(&format!("message of {jid}"), &ours, &theirs, &mut found);
        }
        if self.badge != other.badge {
            found.push(format!("badge: {} and {}", self.badge, other.badge));
        }
        found
    }

    /// Chats with people look like these people.
    fn contacts_changed(&mut self, contacts: &Value) {
        put(&mut self.contacts, "jid", contacts);
        // The list has those who are in the team.
        self.contacts.retain(|_, contact| contact["is_archive"] != true);
        each(contacts, |contact| {
            if let Some(team) = self.teams.get_mut(&self.team)
                && team["me"]["jid"] == contact["jid"]
            {
                team["me"] = contact.clone();
            }
            if let Some(chat) = self.chats.get_mut(&name(contact, "jid")) {
                for key in ["display_name", "icons"] {
                    chat[key] = contact[key].clone();
                }
                set(chat, "can_send_message", contact["can_send_message"].clone());
            }
        });
    }

    fn count(&mut self, counters: &Value) {
        each(counters, |one| {
            if let Some(chat) = self.chats.get_mut(&name(one, "jid")) {
                for key in ["num_unread", "num_unread_notices"] {
                    chat[key] = one[key].clone();
                }
                set(chat, "last_read_message_id", one["last_read_message_id"].clone());
            }
        });
    }

    fn drafted(&mut self, params: &Value) {
        if let Some(chat) = self.chats.get_mut(&name(params, "jid")) {
            let draft = Some(&params["draft"]).filter(|draft| **draft != "").cloned().unwrap_or_default();
            set(chat, "draft", draft);
            for key in ["draft_num", "draft_gentime"] {
                chat[key] = params[key].clone();
            }
        }
    }

    /// A new message is the last one of its chat; a deleted one is none any more, and those behind it move up.
    fn message(&mut self, message: &Value) {
        let (jid, id) = (name(message, "chat"), name(message, "message_id"));
        let mut message = message.clone();
        let is_gone = message["is_archive"] == true;
        if is_gone {
            // Its author is told for a while what it said.
            message["content"]["text"] = json!("");
        }
        match self.chats.get_mut(&jid) {
            Some(chat) if message["is_last"] == true || chat["last_message"]["message_id"] == id.as_str() => {
                chat["last_message"] = message.clone();
                // What it answers and forwards stands where it is read, not in lists.
                let last = &mut chat["last_message"];
                ["reply_to", "linked_messages"].iter().for_each(|key| set(last, key, Value::Null));
            }
            Some(_) => {}
            None => drop(self.unknown.insert(jid.clone())),
        }
        let known = self.messages.entry(jid).or_default();
        if message["is_last"] == true {
            known.values_mut().for_each(|other| set(other, "is_last", Value::Null));
        }
        if is_gone {
            let gone = known.remove(&id);
            let from = gone.and_then(|gone| gone["num"].as_i64());
            let behind = known.values_mut().filter(|other| other["num"].as_i64() > from && from.is_some());
            behind.for_each(|other| other["num"] = json!(other["num"].as_i64().unwrap_or_default() - 1));
        } else {
            known.insert(id, message);
        }
    }
}

/// Versions of chats rise with what is said there; who goes by them asks for what is newer than the newest it knows.
fn without_versions(mut chat: Value) -> Value {
    ["gentime", "base_gentime"].iter().for_each(|key| set(&mut chat, key, Value::Null));
    chat
}

async fn chats(client: &Client, team: &str) -> Things {
    let page = client.get(format!("/api/v4/teams/{team}/chats?gentime_gt=0&{ALL}")).await;
    let chats = by("jid", page.ok()["objects"].take());
    chats.into_iter().map(|(jid, chat)| (jid, without_versions(chat))).collect()
}

async fn history(client: &Client, team: &str, jid: &str) -> Things {
    let page = client.get(format!("/api/v4/teams/{team}/chats/{jid}/messages?{ALL}")).await;
    by("message_id", page.ok()["messages"].take())
}

fn each(list: &Value, mut with: impl FnMut(&Value)) {
    list.as_array().into_iter().flatten().for_each(&mut with);
}

fn name(thing: &Value, key: &str) -> String {
    thing[key].as_str().unwrap_or_default().to_owned()
}

fn by(key: &str, list: Value) -> Things {
    list.as_array().cloned().unwrap_or_default().into_iter().map(|thing| (name(&thing, key), thing)).collect()
}

fn put(things: &mut Things, key: &str, list: &Value) {
    each(list, |thing| drop(things.insert(name(thing, key), thing.clone())));
}

fn remove(things: &mut Things, key: &str, list: &Value) {
    each(list, |thing| drop(things.remove(&name(thing, key))));
}

/// Views leave out what is `null`.
fn set(thing: &mut Value, key: &str, value: Value) {
    let Some(entries) = thing.as_object_mut() else { return };
    if value.is_null() {
        entries.remove(key);
    } else {
        entries.insert(key.to_owned(), value);
    }
}

fn compare(kind: &str, ours: &Things, theirs: &Things, found: &mut Vec<String>) {
    let missing = theirs.keys().filter(|key| !ours.contains_key(*key));
    found.extend(missing.map(|key| format!("{kind} {key}: unheard of: {}", theirs[key])));
    let surplus = ours.keys().filter(|key| !theirs.contains_key(*key));
    found.extend(surplus.map(|key| format!("{kind} {key}: still believed in: {}", ours[key])));
    for (key, ours) in ours {
        if let Some(theirs) = theirs.get(key) {
            differ(&format!("{kind} {key}"), Some(ours), Some(theirs), found);
        }
    }
}

/// Where two views differ, key by key.
fn differ(place: &str, believed: Option<&Value>, is: Option<&Value>, found: &mut Vec<String>) {
    if let (Some(Value::Object(ours)), Some(Value::Object(theirs))) = (believed, is) {
        let keys: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
        for key in keys.into_iter().filter(|key| !OF_THE_MOMENT.contains(&key.as_str())) {
            differ(&format!("{place}.{key}"), ours.get(key), theirs.get(key), found);
        }
    } else if believed != is {
        let say = |value: Option<&Value>| value.map_or("nothing".to_owned(), Value::to_string);
        found.push(format!("{place}: believed {}, is {}", say(believed), say(is)));
    }
}
