//! A client as small as can be: it fetches everything once, then believes what its socket says, and knows at any moment
//! what it would see if it fetched everything anew.

use crate::client::Client;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// More than any test makes of anything.
const ALL: &str = "limit=200";

/// Keys of a view of which frames tell nothing: when somebody was last seen, and what `server.online` says better.
const OF_THE_MOMENT: [&str; 2] = ["last_activity", "last_active"];

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
}

type Things = BTreeMap<String, Value>;

impl Replica {
    /// Fetches everything. Answers also the position behind which frames are to be heard.
    pub async fn fetch(client: &Client, team: &str) -> (Self, u64) {
        let path = |rest: &str| format!("/api/v4/teams/{team}/{rest}");
        let teams = client.get("/api/v4/teams").await;
        let position = teams.header("event-position").and_then(|text| text.parse().ok()).unwrap_or_default();
        let chats =
            by("jid", client.get(path(&format!("chats?hidden=true&{ALL}"))).await.ok()["objects"].take());
        let mut messages = BTreeMap::new();
        for jid in chats.keys() {
            let mut page = client.get(path(&format!("chats/{jid}/messages?{ALL}"))).await.ok();
            messages.insert(jid.clone(), by("message_id", page["messages"].take()));
        }
        let replica = Self {
            team: team.to_owned(),
            teams: by("uid", teams.ok()),
            contacts: by("jid", client.get(path("contacts")).await.ok()),
            sections: by("uid", client.get(path("contact-sections")).await.ok()),
            tags: by("uid", client.get(path("tags")).await.ok()),
            reminds: by("uid", client.get(path("reminds")).await.ok()),
            chats,
            messages,
            badge: client.get("/api/v4/badge").await.ok()["unread"].take(),
        };
        (replica, position)
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
            "server.chat.updated" => put(&mut self.chats, "jid", &params["chats"]),
            "server.chat.deleted" => each(&params["chats"], |chat| {
                self.chats.remove(&name(chat, "jid"));
                self.messages.remove(&name(chat, "jid"));
            }),
            "server.chat.lastread" => self.count(&params["chats"]),
            "server.chat.draft" => self.drafted(params),
            "server.message.updated" => {
                each(&params["messages"], |message| self.message(message));
                self.count(&params["chat_counters"]);
            }
            "server.message.received" => each(&params["messages"], |seen| self.received(seen)),
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
        let none = Things::new();
        for jid in other.chats.keys() {
            let of = |replica: &Self| replica.messages.get(jid).cloned();
            let (ours, theirs) = (of(self).unwrap_or_default(), of(other).unwrap_or(none.clone()));
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
        each(contacts, |contact| {
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

    fn received(&mut self, seen: &Value) {
        let known = self.messages.get_mut(&name(seen, "chat"));
        if let Some(message) = known.and_then(|known| known.get_mut(&name(seen, "message_id"))) {
            for key in ["received", "num_received"] {
                message[key] = seen[key].clone();
            }
        }
    }

    /// A new message is the last one of its chat; a deleted one is none any more, and those behind it move up.
    fn message(&mut self, message: &Value) {
        let (jid, id) = (name(message, "chat"), name(message, "message_id"));
        if let Some(chat) = self.chats.get_mut(&jid)
            && (message["is_last"] == true || chat["last_message"]["message_id"] == message["message_id"])
        {
            chat["last_message"] = message.clone();
        }
        let known = self.messages.entry(jid).or_default();
        if message["is_archive"] == true {
            let gone = known.remove(&id);
            let from = gone.and_then(|gone| gone["num"].as_i64());
            let behind = known.values_mut().filter(|other| other["num"].as_i64() > from && from.is_some());
            behind.for_each(|other| other["num"] = json!(other["num"].as_i64().unwrap_or_default() - 1));
        } else {
            if message["is_last"] == true {
                known.values_mut().for_each(|other| set(other, "is_last", Value::Null));
            }
            known.insert(id, message.clone());
        }
    }
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
    let empty = Map::new();
    for (key, ours) in ours {
        let Some(theirs) = theirs.get(key) else { continue };
        let (ours, theirs) = (ours.as_object().unwrap_or(&empty), theirs.as_object().unwrap_or(&empty));
        let mut keys: Vec<&String> = ours.keys().chain(theirs.keys()).collect();
        keys.sort_unstable();
        keys.dedup();
        for field in keys.into_iter().filter(|field| !OF_THE_MOMENT.contains(&field.as_str())) {
            let (believed, is) = (ours.get(field), theirs.get(field));
            if believed != is {
                let say = |value: Option<&Value>| value.map_or("nothing".to_owned(), Value::to_string);
                found.push(format!("{kind} {key}.{field}: believed {}, is {}", say(believed), say(is)));
            }
        }
    }
}
