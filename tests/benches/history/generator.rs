//! A seeded, endless history: people of some teams post, edit, react, read and delete.
//!
//! About ninety of a hundred events are posts (seven of ten in groups, the rest in direct chats), two are edits, one is a
//! deletion, three are reactions and four are read marks. Large teams post more than small ones, a few people post most,
//! texts have a few words and sometimes many, in Russian and in English. Times advance by seconds.

use crate::population::{Member, Population, Team};
use chrono::{DateTime, TimeDelta, Utc};
use event_log::Expected;
use events::{
    Event, MessageEvent, MessageId, MessageKey, Meta, Personal, ReadingEvent, StreamName, TeamId,
    chat::ChatRef,
    message::{Author, Deleted, Edited, Posted, ReactionSet},
    reading::Marked,
};
use fastrand::Rng;
use secrets::journal::Entry;
use std::collections::{HashMap, VecDeque};
use uuid::Uuid;

/// Messages that may still be edited: far enough back to be in the log for sure, and near enough to be recent.
const NEWEST: usize = 2_000;
const OLDEST: usize = 6_000;

const WORDS: [&str; 32] = [
    "привет",
    "сегодня",
    "встреча",
    "отчёт",
    "завтра",
    "готово",
    "посмотрите",
    "пожалуйста",
    "сервер",
    "клиент",
    "договор",
    "вопрос",
    "ответ",
    "спасибо",
    "почему",
    "хорошо",
    "release",
    "deploy",
    "review",
    "branch",
    "team",
    "meeting",
    "budget",
    "please",
    "done",
    "tomorrow",
    "issue",
    "customer",
    "order",
    "thanks",
    "maybe",
    "report",
];

const EMOJI: [&str; 4] = ["👍", "❤️", "😂", "🎉"];

/// Generates one event after the other.
pub(crate) struct Generator<'c> {
    population: &'c Population,
    rng: Rng,
    now: DateTime<Utc>,
    said: VecDeque<Said>,
    /// The revision of each stream's last event.
    revisions: HashMap<StreamName, u64>,
}

/// A posted message.
#[derive(Clone, Copy)]
struct Said {
    message: MessageId,
    team: TeamId,
    chat: ChatRef,
    by: Member,
    deleted: bool,
}

impl<'c> Generator<'c> {
    /// A history of these people; the same seed gives the same one.
    pub(crate) fn new(population: &'c Population, seed: u64) -> Self {
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap_or_default();
        Self { population, rng: Rng::with_seed(seed), now, said: VecDeque::new(), revisions: HashMap::new() }
    }

    /// Generates the next event.
    pub(crate) fn next(&mut self) -> Entry {
        self.now += TimeDelta::milliseconds(200 + self.rng.u64(..4_000).cast_signed());
        let die = self.rng.u64(..100);
        match (die, self.recent()) {
            (0..2, Some(place)) => self.correct(place),
            (2, Some(place)) => self.take_back(place),
            (3..6, Some(place)) => self.react(place),
            (6..10, Some(place)) => self.read(place),
            _ => self.post(),
        }
    }

    fn post(&mut self) -> Entry {
        let team = self.team();
        let by = self.speaker(team);
        let chat = if self.rng.u64(..10) < 7 {
            let group = self.skewed(team.groups.len());
            ChatRef::Group(team.groups[group].0)
        } else {
            let other = self.rng.u64(..team.members.len() as u64) as usize;
            ChatRef::direct(by.contact, team.members[other].contact)
        };
        let message = MessageId(self.uuid());
        let posted = Posted {
            message,
            team: team.uid,
            chat,
            author: Author::Contact(by.contact),
            text: self.text(team.uid, by),
            important: self.rng.u64(..100) == 0,
            nopreview: false,
            silently: false,
            reply_to: None,
            linked_messages: vec![],
            uploads: vec![],
            editable_until: self.now + TimeDelta::days(1),
        };
        self.said.push_back(Said { message, team: team.uid, chat, by, deleted: false });
        if self.said.len() > OLDEST {
            self.said.pop_front();
        }
        self.entry(
            "message.post",
            by,
            StreamName::message(MessageKey { team: team.uid, message }),
            MessageEvent::from(posted).into(),
        )
    }

    fn correct(&mut self, place: usize) -> Entry {
        let said = self.said[place];
        let text = self.text(said.team, said.by);
        let edited = Edited { text, important: false, nopreview: false };
        let stream = StreamName::message(MessageKey { team: said.team, message: said.message });
        self.entry("message.edit", said.by, stream, MessageEvent::from(edited).into())
    }

    fn take_back(&mut self, place: usize) -> Entry {
        self.said[place].deleted = true;
        let said = self.said[place];
        let deleted = Deleted { by: Some(said.by.contact) };
        let stream = StreamName::message(MessageKey { team: said.team, message: said.message });
        self.entry("message.delete", said.by, stream, MessageEvent::from(deleted).into())
    }

    fn react(&mut self, place: usize) -> Entry {
        let said = self.said[place];
        let who = self.listener(said);
        let name = EMOJI[self.rng.u64(..EMOJI.len() as u64) as usize].to_owned();
        let set = ReactionSet { contact: who.contact, name };
        let stream = StreamName::message(MessageKey { team: said.team, message: said.message });
        self.entry("message.react", who, stream, MessageEvent::from(set).into())
    }

    fn read(&mut self, place: usize) -> Entry {
        let said = self.said[place];
        let who = self.listener(said);
        let marked = Marked { team: said.team, chat: said.chat, contact: who.contact, message: said.message };
        let stream = StreamName::reading(who.contact, said.chat.key());
        self.entry("reading.mark", who, stream, ReadingEvent::from(marked).into())
    }

    fn entry(&mut self, command: &str, by: Member, stream: StreamName, event: Event) -> Entry {
        let expected = match self.revisions.get_mut(&stream) {
            Some(revision) => {
                *revision += 1;
                Expected::Revision(*revision - 1)
            }
            None => {
                self.revisions.insert(stream.clone(), 0);
                Expected::NoStream
            }
        };
        let own = |text: &str| Some(Personal::of_account(by.account, text.to_owned()));
        let meta = Meta {
            request_id: Some(self.uuid().to_string()),
            actor: Some(by.account),
            contact: Some(by.contact),
            address: own("198.51.100.7"),
            user_agent: own("generated/1"),
            ..Meta::new(self.now, command)
        };
        Entry { stream, expected, events: vec![event], meta, command: None }
    }

    /// A message that is in the log for sure and was not deleted.
    fn recent(&mut self) -> Option<usize> {
        let old = self.said.len().checked_sub(NEWEST).filter(|old| *old > 0)?;
        let place = self.rng.u64(..old as u64) as usize;
        (!self.said[place].deleted).then_some(place)
    }

    fn team(&mut self) -> &'c Team {
        &self.population.teams[self.skewed(self.population.teams.len())]
    }

    fn speaker(&mut self, team: &Team) -> Member {
        team.members[self.skewed(team.members.len())]
    }

    /// A recipient of a message.
    fn listener(&mut self, said: Said) -> Member {
        let population = self.population;
        let hears = |member: &&Member| match said.chat {
            ChatRef::Direct(low, high) => member.contact == low || member.contact == high,
            ChatRef::Group(_) | ChatRef::Task(_) => true,
        };
        let team = population.teams.iter().find(|team| team.uid == said.team);
        let received: Vec<Member> =
            team.iter().flat_map(|team| &team.members).filter(hears).copied().collect();
        received.get(self.rng.u64(..received.len().max(1) as u64) as usize).copied().unwrap_or(said.by)
    }

    /// A skewed random index: the first ones are chosen most.
    fn skewed(&mut self, length: usize) -> usize {
        let length = length as u64;
        self.rng.u64(..length).min(self.rng.u64(..length)) as usize
    }

    fn text(&mut self, team: TeamId, by: Member) -> Personal<String> {
        let words = 3 + self.rng.u64(..9) + if self.rng.u64(..20) == 0 { 80 } else { 0 };
        let words = (0..words).map(|_| WORDS[self.rng.u64(..WORDS.len() as u64) as usize]);
        Personal::in_team(team, by.account, words.collect::<Vec<_>>().join(" "))
    }

    fn uuid(&mut self) -> Uuid {
        uuid::Builder::from_random_bytes(self.rng.u128(..).to_be_bytes()).into_uuid()
    }
}
