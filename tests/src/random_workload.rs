//! Random commands of several people in one team, over all nouns, the same for the same seed. Refusals are counted and
//! otherwise ignored.

use crate::{
    exchange::{Body, Call},
    person::{Person, Team},
};
use fastrand::Rng;
use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

pub struct RandomWorkload {
    rng: Rng,
    people: Vec<Person>,
    jids: Vec<String>,
    team: String,
    groups: Vec<String>,
    tasks: Vec<String>,
    sections: Vec<String>,
    projects: Vec<String>,
    messages: Vec<(usize, String, String)>,
    /// Numbers of accepted and of refused commands.
    pub outcome: (usize, usize),
}

impl RandomWorkload {
    /// `people` are members of the team, its owner first, and `jids` their addresses in it.
    pub fn new(people: &[Person], jids: &[String], team: &Team, seed: u64) -> Self {
        Self {
            rng: Rng::with_seed(seed),
            people: people.to_vec(),
            jids: jids.to_vec(),
            team: team.uid.clone(),
            groups: Vec::new(),
            tasks: Vec::new(),
            sections: Vec::new(),
            projects: Vec::new(),
            messages: Vec::new(),
            outcome: (0, 0),
        }
    }

    /// Sends one random command.
    pub async fn step(&mut self) {
        match self.rng.u64(..25) {
            0..5 => self.post().await,
            5 => self.edit().await,
            6 => self.delete().await,
            7 | 8 => self.react().await,
            9..12 => self.read().await,
            12 => self.make_group().await,
            13 => self.change_group().await,
            14 | 15 => self.set_member().await,
            16 => self.keep().await,
            17 => self.make_task().await,
            18 | 19 => self.change_task().await,
            20 => self.change_contact().await,
            21 => self.sort_contacts().await,
            22 => self.draft().await,
            23 => self.sort_tasks().await,
            _ => self.rare().await,
        }
    }

    async fn post(&mut self) {
        let (who, chat) = (self.someone(), self.chat());
        let text = self.word(&["раз", "два, @Имя", "три\nстроки", "https://example.org/"]);
        let mut body =
            json!({"to": chat, "content": {"type": "plain", "text": text}, "important": text == "раз"});
        if self.rng.u64(..4) == 0 {
            body["silently"] = json!(true);
        }
        if self.rng.u64(..4) == 0
            && let Some((_, other, id)) = self.message()
            && other == chat
        {
            body["reply_to"] = json!(id);
        }
        let answer = self.event(who, "client.message.updated", body).await;
        if let Some(id) = answer["message_id"].as_str() {
            self.messages.push((who, chat, id.to_owned()));
        }
    }

    async fn edit(&mut self) {
        let Some((who, chat, id)) = self.message() else { return };
        let body = json!({"to": chat, "message_id": id, "content": {"text": "иначе", "type": "plain"}});
        self.event(who, "client.message.updated", body).await;
    }

    async fn delete(&mut self) {
        let Some((who, _, id)) = self.message() else { return };
        self.event(who, "client.message.deleted", json!({"message_id": id})).await;
    }

    async fn react(&mut self) {
        let Some((_, chat, id)) = self.message() else { return };
        let who = self.someone();
        let method = if self.rng.u64(..4) == 0 { Method::DELETE } else { Method::POST };
        self.call(who, method, &format!("chats/{chat}/messages/{id}/reactions/%F0%9F%91%8D"), None).await;
    }

    async fn read(&mut self) {
        let (who, mut body) = (self.someone(), json!({"jid": self.chat()}));
        if self.rng.u64(..2) == 0
            && let Some((_, chat, id)) = self.message()
        {
            body = json!({"jid": chat, "last_read_message_id": id});
        }
        self.event(who, "client.chat.lastread", body).await;
    }

    async fn make_group(&mut self) {
        let who = self.someone();
        let public = self.rng.u64(..2) == 0;
        let members = json!([{"jid": self.someones_jid(), "status": "member"}]);
        let body = json!({"display_name": format!("Группа {}", self.groups.len()), "members": members, "public": public});
        let made = self.call(who, Method::POST, "groups", Some(body)).await;
        self.groups.extend(made["jid"].as_str().map(str::to_owned));
    }

    async fn change_group(&mut self) {
        let Some(group) = self.one_of(&self.groups.clone()) else { return };
        let who = self.someone();
        let body = match self.rng.u64(..5) {
            0 => json!({"display_name": format!("Иначе {}", self.rng.u64(..9))}),
            1 => json!({"public": self.rng.u64(..2) == 0}),
            2 => json!({"readonly_for_members": self.rng.u64(..2) == 0}),
            3 => json!({"description": "о чём-то"}),
            _ => {
                let pinned = self.message().filter(|(_, chat, _)| *chat == group).map(|(_, _, id)| id);
                json!({"pinned_message": pinned})
            }
        };
        self.call(who, Method::PUT, &format!("groups/{group}"), Some(body)).await;
    }

    async fn set_member(&mut self) {
        let Some(group) = self.one_of(&self.groups.clone()) else { return };
        let (who, whom) = (self.someone(), self.someones_jid());
        match self.rng.u64(..3) {
            0 => self.call(who, Method::DELETE, &format!("groups/{group}/members/{whom}"), None).await,
            _ => {
                let status = self.word(&["member", "admin"]);
                let body = json!({"jid": whom, "status": status});
                self.call(who, Method::POST, &format!("groups/{group}/members"), Some(body)).await
            }
        };
    }

    /// Changes a member's own settings of a chat.
    async fn keep(&mut self) {
        let (who, chat) = (self.someone(), self.chat());
        let on = self.rng.u64(..2) == 0;
        let key = ["pinned", "hidden", "notifications_enabled", "counters_enabled", "collapsed", "feed"]
            [self.pick(6)];
        self.call(who, Method::PUT, &format!("chats/{chat}"), Some(json!({key: on}))).await;
    }

    async fn draft(&mut self) {
        let (who, chat) = (self.someone(), self.chat());
        let draft = self.word(&["", "начал пис"]);
        self.call(who, Method::PUT, &format!("chats/{chat}"), Some(json!({"draft": draft}))).await;
    }

    async fn make_task(&mut self) {
        let who = self.someone();
        let mut body = json!({
            "description": format!("Задача {}\nподробности", self.tasks.len()),
            "assignee": self.someones_jid(),
            "tags": [self.word(&["срочно", "дом"])],
            "items": [{"text": "раз"}, {"text": "два"}],
            "public": self.rng.u64(..2) == 0,
        });
        if self.rng.u64(..2) == 0 {
            body["observers"] = json!([self.someones_jid()]);
        }
        let made = self.call(who, Method::POST, "tasks", Some(body)).await;
        self.tasks.extend(made["jid"].as_str().map(str::to_owned));
    }

    async fn change_task(&mut self) {
        let Some(task) = self.one_of(&self.tasks.clone()) else { return };
        let who = self.someone();
        let body = match self.rng.u64(..7) {
            0 => json!({"task_status": self.word(&["new", "done", "своё"])}),
            1 => json!({"assignee": self.someones_jid()}),
            2 => json!({"observers": [self.someones_jid(), self.someones_jid()]}),
            3 => json!({"description": "Другая\nзадача", "deadline": "2019-09-27"}),
            4 => json!({"public": self.rng.u64(..2) == 0}),
            5 => json!({"section": self.one_of(&self.projects.clone())}),
            _ => json!({"tags": ["новое"]}),
        };
        let path = format!("tasks/{task}");
        if self.rng.u64(..16) == 0 {
            self.call(who, Method::DELETE, &path, None).await;
        } else {
            self.call(who, Method::PUT, &path, Some(body)).await;
        }
    }

    async fn change_contact(&mut self) {
        let (who, whom) = (self.someone(), self.someones_jid());
        let body = match self.rng.u64(..4) {
            0 => json!({"given_name": self.word(&["Анна", "Имя", "Борис"])}),
            1 => json!({"role": "повар"}),
            2 => json!({"status": self.word(&["member", "admin"])}),
            _ => json!({"sections": self.one_of(&self.sections.clone()).into_iter().collect::<Vec<_>>()}),
        };
        self.call(who, Method::PUT, &format!("contacts/{whom}"), Some(body)).await;
    }

    async fn sort_contacts(&mut self) {
        let who = self.someone();
        let body = Some(json!({"name": format!("Отдел {}", self.rng.u64(..99))}));
        match (self.rng.u64(..3), self.one_of(&self.sections.clone())) {
            (0, Some(section)) => {
                self.call(who, Method::DELETE, &format!("contact-sections/{section}"), None).await;
            }
            (1, Some(section)) => {
                self.call(who, Method::PUT, &format!("contact-sections/{section}"), body).await;
            }
            _ => {
                let made = self.call(who, Method::POST, "contact-sections", body).await;
                self.sections.extend(made["uid"].as_str().map(str::to_owned));
            }
        }
    }

    async fn sort_tasks(&mut self) {
        let who = self.someone();
        match (self.rng.u64(..3), self.one_of(&self.projects.clone())) {
            (0, Some(section)) => {
                self.call(who, Method::DELETE, &format!("task-sections/{section}"), None).await;
            }
            _ => {
                let body = json!({"name": format!("Проект {}", self.rng.u64(..99))});
                let made = self.call(who, Method::POST, "task-sections", Some(body)).await;
                self.projects.extend(made["uid"].as_str().map(str::to_owned));
            }
        }
    }

    /// Changes much at once: a member leaves or returns, a group ends, the team is renamed.
    async fn rare(&mut self) {
        let who = self.someone();
        match self.rng.u64(..5) {
            0 => {
                let last = self.jids.last().cloned().unwrap_or_default();
                self.call(0, Method::DELETE, &format!("contacts/{last}"), None).await;
            }
            1 => {
                let phone = self.people.last().map(|person| person.phone.clone());
                self.call(0, Method::POST, "contacts", Some(json!({"phone": phone}))).await;
            }
            2 => {
                if let Some(group) = self.one_of(&self.groups.clone()) {
                    self.call(who, Method::DELETE, &format!("groups/{group}"), None).await;
                }
            }
            3 => {
                let body =
                    json!({"chat": self.chat(), "fire_at": "2099-01-01T00:00:00Z", "comment": "не забыть"});
                self.call(who, Method::POST, "reminds", Some(body)).await;
            }
            _ => {
                let body = json!({"name": format!("Команда {}", self.rng.u64(..9))});
                let path = format!("/api/v4/teams/{}", self.team);
                self.send(who, Call::new(Method::PUT, path, Body::Json(body))).await;
            }
        }
    }

    async fn event(&mut self, who: usize, name: &str, params: Value) -> Value {
        let path = format!("/api/v3/teams/{}/ws/{name}", self.team);
        self.send(who, Call::new(Method::POST, path, Body::Json(params))).await
    }

    async fn call(&mut self, who: usize, method: Method, path: &str, body: Option<Value>) -> Value {
        let path = format!("/api/v4/teams/{}/{path}", self.team);
        self.send(who, Call::new(method, path, body.map_or(Body::Empty, Body::Json))).await
    }

    /// # Panics
    /// It fails by fault of the server.
    async fn send(&mut self, who: usize, call: Call) -> Value {
        let mut answer = self.people[who].client.send(call).await;
        assert!(!answer.status.is_server_error(), "a failure:\n{answer}");
        if answer.status.is_success() {
            self.outcome.0 += 1;
            answer.json["result"].take()
        } else {
            self.outcome.1 += 1;
            Value::Null
        }
    }

    fn pick(&mut self, among: usize) -> usize {
        usize::try_from(self.rng.u64(..among as u64)).unwrap_or(0)
    }

    fn word(&mut self, among: &[&'static str]) -> &'static str {
        among[self.pick(among.len())]
    }

    fn someone(&mut self) -> usize {
        self.pick(self.people.len())
    }

    fn someones_jid(&mut self) -> String {
        let one = self.someone();
        self.jids[one].clone()
    }

    fn one_of(&mut self, list: &[String]) -> Option<String> {
        let index = self.pick(list.len().max(1));
        list.get(index).cloned()
    }

    fn message(&mut self) -> Option<(usize, String, String)> {
        let index = self.pick(self.messages.len().max(1));
        self.messages.get(index).cloned()
    }

    /// A chat, existing or not.
    fn chat(&mut self) -> String {
        let all = match self.rng.u64(..3) {
            0 => self.jids.clone(),
            1 => self.groups.clone(),
            _ => self.tasks.clone(),
        };
        self.one_of(&all).unwrap_or_else(|| format!("g-{}", Uuid::nil()))
    }
}
