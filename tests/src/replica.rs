//! A minimal client: it fetches everything once, then applies the frames of its socket. Its state must always equal what
//! a new fetch would return.

mod difference;
mod things;

use crate::client::Client;
use difference::compare;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use things::{Things, by, each, name, newer, put, remove, set};

/// Page size greater than any number of things in a test.
const ALL: &str = "limit=200";

/// One account's copy of one team.
#[derive(Clone, Debug, PartialEq)]
pub struct Replica {
    team: String,
    /// The account's address in the team.
    me: String,
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
    /// Chats that a frame named first and that have to be fetched.
    unknown: BTreeSet<String>,
}

impl Replica {
    /// Fetches everything; returns also the position after which frames have to be applied.
    pub async fn fetch(client: &Client, team: &str) -> (Self, u64) {
        let path = |rest: &str| format!("/api/v4/teams/{team}/{rest}");
        let teams = client.get("/api/v4/teams").await;
        let position = teams.header("event-position").and_then(|text| text.parse().ok()).unwrap_or_default();
        let mut sections = Things::new();
        for kind in ["contact", "group", "task"] {
            sections.extend(by("uid", client.get(path(&format!("{kind}-sections"))).await.ok()));
        }
        let mut replica = Self {
            team: team.to_owned(),
            me: String::new(),
            teams: by("uid", teams.ok()),
            contacts: by("jid", client.get(path("contacts")).await.ok()),
            sections,
            tags: by("uid", client.get(path("tags")).await.ok()),
            reminds: by("uid", client.get(path("reminds")).await.ok()),
            chats: Things::new(),
            messages: BTreeMap::new(),
            badge: client.get("/api/v4/badge").await.ok(),
            unknown: BTreeSet::new(),
        };
        replica.me = name(&replica.teams[team]["me"], "jid");
        replica.chats = replica.all_chats(client).await;
        for jid in replica.chats.keys().cloned().collect::<Vec<_>>() {
            let history = replica.history(client, &jid).await;
            replica.messages.insert(jid, history);
        }
        (replica, position)
    }

    /// This state, with a roster's contents instead of those that were fetched.
    #[must_use]
    pub fn with_roster(&self, roster: &Value) -> Self {
        let chats = ["direct_chats", "groups", "task_chats"].map(|key| by("jid", roster[key].clone()));
        let chats = chats.into_iter().flatten().map(|(jid, chat)| (jid, self.chat_as_pushed(chat)));
        let sections =
            ["contact", "group", "task"].map(|kind| by("uid", roster[format!("{kind}_sections")].clone()));
        Self {
            contacts: by("jid", roster["contacts"].clone()),
            sections: sections.into_iter().flatten().collect(),
            chats: chats.collect(),
            badge: roster["badge"].clone(),
            ..self.clone()
        }
    }

    /// Fetches the chats that frames named first.
    pub async fn ask(&mut self, client: &Client) {
        let unknown = std::mem::take(&mut self.unknown);
        if unknown.is_empty() {
            return;
        }
        let mut chats = self.all_chats(client).await;
        for jid in unknown {
            if let Some(chat) = chats.remove(&jid) {
                let history = self.history(client, &jid).await;
                self.messages.insert(jid.clone(), history);
                self.chats.insert(jid, chat);
            }
        }
    }

    async fn all_chats(&self, client: &Client) -> Things {
        let page = client.get(format!("/api/v4/teams/{}/chats?gentime_gt=0&{ALL}", self.team)).await;
        let chats = by("jid", page.ok()["objects"].take());
        chats.into_iter().map(|(jid, chat)| (jid, self.chat_as_pushed(chat))).collect()
    }

    async fn history(&self, client: &Client, jid: &str) -> Things {
        let page = client.get(format!("/api/v4/teams/{}/chats/{jid}/messages?{ALL}", self.team)).await;
        let messages = by("message_id", page.ok()["messages"].take());
        messages.into_iter().map(|(id, message)| (id, self.message_as_pushed(message))).collect()
    }

    /// A chat without what frames do not update: the version that all viewers share, which only `server.chat.updated` has.
    fn chat_as_pushed(&self, mut chat: Value) -> Value {
        set(&mut chat, "base_gentime", Value::Null);
        // It is in the chat's history too, and known by its id.
        let pinned = chat["pinned_message"]["message_id"].clone();
        set(&mut chat, "pinned_message", pinned);
        if chat["last_message"].is_object() {
            chat["last_message"] = self.message_as_pushed(chat["last_message"].take());
        } else {
            set(&mut chat, "last_message", Value::Null);
        }
        chat
    }

    /// A message without what frames do not update: the quoted message, which is in the history and known by its id, and the
    /// number of readers of another author's message, which only the author is notified of.
    fn message_as_pushed(&self, mut message: Value) -> Value {
        let replied = message["reply_to"]["message_id"].clone();
        set(&mut message, "reply_to", replied);
        if message["from"] != self.me.as_str() {
            ["received", "num_received"].iter().for_each(|key| set(&mut message, key, Value::Null));
        }
        message
    }

    /// Applies a frame.
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
            "server.remind.updated" => {
                put(&mut self.reminds, "uid", &params["reminds"]);
                self.remind();
            }
            "server.remind.fired" | "server.remind.deleted" => {
                remove(&mut self.reminds, "uid", &params["reminds"]);
                self.remind();
            }
            "server.chat.updated" => each(&params["chats"], |chat| {
                let jid = name(chat, "jid");
                if chat["chat_type"] == "direct" && chat["last_message"].is_null() {
                    return; // A direct chat exists from its first message on.
                }
                if self.chats.insert(jid.clone(), self.chat_as_pushed(chat.clone())).is_none() {
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

    /// This state without the numbers of messages. A client that reconnects learns of messages posted and deleted meanwhile
    /// only that they are gone, and numbers the others itself.
    #[must_use]
    pub fn unnumbered(&self) -> Self {
        let mut unnumbered = self.clone();
        let messages = unnumbered.messages.values_mut().flat_map(Things::values_mut);
        let last = unnumbered.chats.values_mut().filter_map(|chat| chat.get_mut("last_message"));
        messages.chain(last).for_each(|message| set(message, "num", Value::Null));
        unnumbered
    }

    /// Lists where this state differs from another.
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

    /// Direct chats show the name and picture of the contact.
    fn contacts_changed(&mut self, contacts: &Value) {
        put(&mut self.contacts, "jid", contacts);
        // The list has current members only.
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
                newer(chat, &contact["gentime"]);
                if contact["jid"] == self.me.as_str() {
                    return; // Notes to oneself can always be posted.
                }
                for key in ["can_send_message", "cant_send_message_reason"] {
                    set(chat, key, contact[key].clone());
                }
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
                newer(chat, &one["gentime"]);
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
            newer(chat, &params["draft_gentime"]);
        }
    }

    /// A task shows the earliest of this account's reminders about it.
    fn remind(&mut self) {
        for (jid, task) in self.chats.iter_mut().filter(|(_, chat)| chat["chat_type"] == "task") {
            let own = self.reminds.values().filter(|remind| remind["chat"] == jid.as_str());
            let first = own.filter_map(|remind| remind["fire_at"].as_str()).min();
            set(task, "remind_at", first.map_or(Value::Null, Value::from));
        }
    }

    /// Applies the number of readers of this account's message.
    fn received(&mut self, seen: &Value) {
        let (jid, id) = (name(seen, "chat"), name(seen, "message_id"));
        let last = self.chats.get_mut(&jid).and_then(|chat| chat.get_mut("last_message"));
        let last = last.filter(|last| last["message_id"] == id.as_str());
        let known = self.messages.get_mut(&jid).and_then(|known| known.get_mut(&id));
        for message in last.into_iter().chain(known) {
            let is_seen = seen["received"] == true;
            for key in ["received", "num_received"] {
                set(message, key, if is_seen { seen[key].clone() } else { Value::Null });
            }
        }
    }

    /// Makes a new message the last one of its chat; a deleted one leaves, and later ones move up.
    fn message(&mut self, message: &Value) {
        let (jid, id) = (name(message, "chat"), name(message, "message_id"));
        let mut message = self.message_as_pushed(message.clone());
        let is_gone = message["is_archive"] == true;
        if is_gone {
            // Its author may still see the text for a while.
            message["content"]["text"] = json!("");
        }
        match self.chats.get_mut(&jid) {
            Some(chat) if message["is_last"] == true || chat["last_message"]["message_id"] == id.as_str() => {
                chat["last_message"] = message.clone();
                chat["last_activity"] = message["created"].clone();
                // Lists do not show quoted and forwarded messages.
                let last = &mut chat["last_message"];
                ["reply_to", "linked_messages"].iter().for_each(|key| set(last, key, Value::Null));
            }
            Some(_) => {}
            None => drop(self.unknown.insert(jid.clone())),
        }
        let known = self.messages.entry(jid.clone()).or_default();
        if message["is_last"] == true {
            known.values_mut().for_each(|other| set(other, "is_last", Value::Null));
        }
        if is_gone {
            let from = known.remove(&id).and_then(|gone| gone["num"].as_i64());
            let last = self.chats.get_mut(&jid).and_then(|chat| chat.get_mut("last_message"));
            let behind = known.values_mut().chain(last);
            let behind = behind.filter(|other| other["num"].as_i64() > from && from.is_some());
            behind.for_each(|other| other["num"] = json!(other["num"].as_i64().unwrap_or_default() - 1));
        } else {
            known.insert(id, message);
        }
        let importants = known.values().filter(|message| message["important"] == true).count();
        if let Some(chat) = self.chats.get_mut(&jid) {
            set(chat, "num_importants", if importants > 0 { json!(importants) } else { Value::Null });
        }
    }
}
