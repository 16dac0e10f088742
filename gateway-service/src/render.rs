//! Rows of the feed as one viewer's frames.

use crate::{
    confirmations::Confirmations,
    counters::Counters,
    frame::{self, Frame, MessageParams},
    hub::{Row, Typing},
};
use events::{
    AccountId, ContactId, Position, SectionId, SessionId, TeamId, chat::ChatRef, message::Author,
    value::SectionKind,
};
use protocol::{
    ApiVersion, FeedPosition, Jid,
    lang::Lang,
    message::{ChatType, MessageRecord},
    notice::{Notice, ReadReceipt, Scope},
    realtime::{DeletedChat, DeletedSection, DeletedTeam, Gone, ReceivedMessage, ServerEvent, UiSettings},
    section,
    tag::Tag,
};
use read_model::{QueryError, ReadModel, chat_address::jid_for, remind::remind_view, rights::TeamMember};
use serde_json::value::{RawValue, to_raw_value};
use std::collections::HashSet;

/// Renders for one socket.
pub(crate) struct Renderer {
    /// Views of what changed.
    pub(crate) read: ReadModel,
    /// The socket's session.
    pub(crate) session: SessionId,
    /// Its account.
    pub(crate) account: AccountId,
    /// The account's membership of the socket's team, with its rights as they are now.
    pub(crate) member: TeamMember,
    /// The language of what the server says in chats.
    pub(crate) lang: Lang,
    /// Its unread counters.
    pub(crate) counters: Counters,
    /// What of it the client has confirmed.
    pub(crate) confirmations: Confirmations,
    /// Up to where the client was away: what it is told of then, it is told silently.
    pub(crate) away: Position,
    /// Up to where the counters, and what else was read when the socket was opened, know everything.
    pub(crate) known: Position,
    /// Teams that the account was out of by then.
    pub(crate) left: HashSet<TeamId>,
}

/// Why a row cannot be rendered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RenderError {
    /// The views cannot be read.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// A frame cannot be written.
    #[error("a frame cannot be written: {0}")]
    Json(#[from] serde_json::Error),
}

/// What becomes of a row.
#[derive(Debug, PartialEq)]
pub(crate) struct Rendered {
    /// What the client is told.
    pub(crate) frame: Option<Frame>,
    /// What the socket does then.
    pub(crate) then: Then,
}

/// What a socket does after a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// Goes on.
    Stay,
    /// Learns anew which teams its account is in.
    CountTeams,
    /// Tells the client to fetch everything anew.
    FetchAnew,
    /// Closes: there is nothing more to hear.
    Close(&'static str),
}

type Result<T> = std::result::Result<T, RenderError>;

impl Renderer {
    /// A row as this viewer is told of it.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn row(&mut self, row: &Row) -> Result<Rendered> {
        let feed = &row.feed;
        let point = feed.feed_position();
        let counted = self.is_home(feed.scope) && self.counters.hear(feed);
        match &feed.notice {
            Notice::MessageUpdated { message, delayed } => {
                self.message(row, message, *delayed, counted).await.map(told)
            }
            Notice::ReadMarked { chat, .. } => self.read_marked(point, *chat).await.map(told),
            Notice::MessagesReceived { chat, messages } => self.received(point, *chat, messages).map(told),
            Notice::GroupUpdated { group, .. } => self.chat(point, ChatRef::Group(*group)).await,
            Notice::ChatSettingsChanged { chat, .. } => self.chat(point, *chat).await,
            Notice::DraftSaved { chat, draft, num, gentime, .. } => {
                let jid = jid_for(self.member.contact, *chat);
                let (draft, draft_num, draft_gentime) = (draft.clone(), *num, *gentime);
                let event = ServerEvent::ChatDraft { jid, draft, draft_num, draft_gentime };
                frame::encode(point, &event).map(told).map_err(Into::into)
            }
            Notice::GroupDeleted { group, left, gentime } => {
                self.chat_deleted(point, ChatRef::Group(*group), left, *gentime).await
            }
            Notice::TeamUpdated { team } => self.team(point, *team, feed.scope).await,
            Notice::TeamDeleted { team, gentime } => {
                if self.left.contains(team) && !self.is_news(point) {
                    return Ok(silent());
                }
                self.team_gone(point, *team, *gentime)
            }
            Notice::TaskUpdated { task, .. } => self.chat(point, ChatRef::Task(*task)).await,
            Notice::TaskDeleted { task, left, gentime } => {
                self.chat_deleted(point, ChatRef::Task(*task), left, *gentime).await
            }
            Notice::TagUpdated { tag, name } => {
                let tags = vec![Tag { name: name.clone(), uid: tag.0 }];
                Ok(told(frame::encode(point, &ServerEvent::TagUpdated { tags })?))
            }
            Notice::TagDeleted { tag } => {
                let tags = vec![Gone { uid: tag.0 }];
                Ok(told(frame::encode(point, &ServerEvent::TagDeleted { tags })?))
            }
            Notice::RemindUpdated { remind } => {
                let reminds = vec![remind_view(remind, self.member.contact)];
                Ok(told(frame::encode(point, &ServerEvent::RemindUpdated { reminds })?))
            }
            Notice::RemindFired { remind } => {
                let reminds = vec![remind_view(remind, self.member.contact)];
                Ok(told(frame::encode(point, &ServerEvent::RemindFired { reminds })?))
            }
            Notice::RemindDeleted { remind } => {
                let reminds = vec![Gone { uid: remind.0 }];
                Ok(told(frame::encode(point, &ServerEvent::RemindDeleted { reminds })?))
            }
            Notice::ContactsUpdated { team, contacts } => self.contacts(row, *team, contacts).await,
            Notice::ContactRemoved { team, contact } => {
                if *team == self.member.team && *contact != self.member.contact {
                    return Ok(silent());
                }
                if *team == self.member.team && !self.is_news(point) {
                    // Out and in again while the client was away: what it knows of the team is of another stay.
                    return Ok(Rendered { frame: None, then: Then::FetchAnew });
                }
                self.team_gone(point, *team, feed.at.timestamp_nanos_opt().unwrap_or(i64::MAX))
            }
            Notice::SectionsUpdated { team, of, sections } => self.sections(row, *team, *of, sections).await,
            Notice::SectionsDeleted { of, sections, gentime, .. } => {
                let gone = |section: &SectionId| DeletedSection { uid: section.0, gentime: *gentime };
                let sections = sections.iter().map(gone).collect();
                let chat_type = section::chat_type(*of);
                let event = ServerEvent::SectionDeleted { chat_type, gentime: *gentime, sections };
                Ok(told(frame::encode(point, &event)?))
            }
            Notice::UiSettings { settings } => {
                let settings = RawValue::from_string(settings.clone())?;
                frame::encode(point, &ServerEvent::UiSettings(UiSettings(settings)))
                    .map(told)
                    .map_err(Into::into)
            }
            Notice::LoggedIn { session, .. } if *session == self.session => Ok(silent()),
            Notice::LoggedIn { device_name, .. } => {
                let login = ServerEvent::Login { device_name: device_name.clone() };
                frame::encode(point, &login).map(told).map_err(Into::into)
            }
            Notice::SessionClosed { session, .. } if *session != self.session => Ok(silent()),
            Notice::SessionClosed { reason, .. } => {
                let frame = frame::encode(point, &ServerEvent::Logout { reason: reason.word().to_owned() })?;
                Ok(Rendered { frame: Some(frame), then: Then::Close("logged out") })
            }
        }
    }

    /// Somebody types.
    ///
    /// # Errors
    /// None in practice: writing JSON into memory.
    pub(crate) fn typing(&self, typing: &Typing) -> Result<Frame> {
        let Typing { chat, actor, composing, is_audio, .. } = *typing;
        let jid = jid_for(self.member.contact, chat);
        let event = ServerEvent::ChatComposing { jid, actor: Jid::Direct(actor), composing, is_audio };
        Ok(frame::transient(&event)?)
    }

    fn is_home(&self, scope: Scope) -> bool {
        scope == Scope::Team(self.member.team)
    }

    /// Whether it is later than what was read when the socket was opened.
    fn is_news(&self, point: FeedPosition) -> bool {
        point.position > self.known
    }

    async fn message(
        &mut self,
        row: &Row,
        message: &MessageRecord,
        delayed: bool,
        counted: bool,
    ) -> Result<Frame> {
        let point = row.feed.feed_position();
        // Of what happened while the client was away the counters know already; the client does not.
        let counters = if delayed && !counted && self.is_news(point) {
            None
        } else {
            self.counters.refresh(&self.read).await?;
            Some(self.counters.of(message.chat))
        };
        let withdrawn = self.withdrawn(message).await?;
        let message = match &withdrawn {
            Some(own) => own,
            None => row.message(&self.read, message, (self.member.contact, self.lang)).await?,
        };
        let params = MessageParams {
            messages: [message],
            delayed: delayed || point.position <= self.away,
            chat_counters: counters.as_slice(),
            team_unread: self.counters.team(),
            badge: self.counters.badge(),
        };
        let confirm_id = self.confirmations.ask(point);
        Ok(frame::encode_message(point, params, &confirm_id)?)
    }

    /// A deleted message as its author sees it who has deleted it: for a while the text is still there, to be sent anew.
    async fn withdrawn(&self, message: &MessageRecord) -> Result<Option<Box<RawValue>>> {
        if !message.is_deleted() || message.author != Author::Contact(self.member.contact) {
            return Ok(None);
        }
        let Some(text) = self.read.messages().withdrawn_text(message.id).await? else { return Ok(None) };
        let mut view =
            message.render_for(self.member.contact, ApiVersion::V4, self.read.base_url(), self.lang);
        view.content.text = text;
        Ok(Some(to_raw_value(&view)?))
    }

    async fn read_marked(&mut self, point: FeedPosition, chat: ChatRef) -> Result<Frame> {
        self.counters.refresh(&self.read).await?;
        Ok(frame::encode(
            point,
            &ServerEvent::ChatLastRead {
                chats: vec![self.counters.of(chat)],
                team_unread: Some(self.counters.team()),
                badge: Some(self.counters.badge()),
            },
        )?)
    }

    fn received(&mut self, point: FeedPosition, chat: ChatRef, messages: &[ReadReceipt]) -> Result<Frame> {
        let chat = jid_for(self.member.contact, chat);
        let seen = |receipt: &ReadReceipt| ReceivedMessage {
            chat,
            message_id: receipt.message.0,
            received: receipt.readers > 0,
            num_received: receipt.readers,
        };
        let own = messages.iter().filter(|receipt| receipt.author == self.member.contact);
        let event = ServerEvent::MessageReceived { messages: own.map(seen).collect() };
        Ok(frame::encode_confirmed(point, &event, &self.confirmations.ask(point))?)
    }

    async fn chat(&mut self, point: FeedPosition, chat: ChatRef) -> Result<Rendered> {
        let Some(view) = self.read.chats().view(&self.member, chat).await? else { return Ok(silent()) };
        self.counters.refresh(&self.read).await?;
        Ok(told(frame::encode(
            point,
            &ServerEvent::ChatUpdated {
                chats: vec![view],
                team_unread: Some(self.counters.team()),
                badge: Some(self.counters.badge()),
            },
        )?))
    }

    async fn chat_deleted(
        &mut self,
        point: FeedPosition,
        chat: ChatRef,
        left: &[ContactId],
        gentime: i64,
    ) -> Result<Rendered> {
        if !left.is_empty() && !left.contains(&self.member.contact) {
            return Ok(silent());
        }
        self.counters.refresh(&self.read).await?;
        let (jid, chat_type) = (jid_for(self.member.contact, chat), ChatType::of(chat));
        let chat = DeletedChat { jid, chat_type, is_archive: true, gentime };
        Ok(told(frame::encode(
            point,
            &ServerEvent::ChatDeleted {
                chats: vec![chat],
                team_unread: Some(self.counters.team()),
                badge: Some(self.counters.badge()),
            },
        )?))
    }

    async fn team(&mut self, point: FeedPosition, team: TeamId, scope: Scope) -> Result<Rendered> {
        let Some(view) = self.read.teams().find(self.account, team, ApiVersion::V4).await? else {
            return Ok(silent());
        };
        if team == self.member.team
            && let Some(own) = self.read.memberships().find(self.account, team).await?
        {
            self.member = own;
        }
        let frame = frame::encode(point, &ServerEvent::TeamUpdated { teams: vec![view] })?;
        let is_new = matches!(scope, Scope::Account(_)) && team != self.member.team && self.is_news(point);
        Ok(Rendered { frame: Some(frame), then: if is_new { Then::CountTeams } else { Then::Stay } })
    }

    /// A team is gone, or this account is no longer in it, which to its clients is the same.
    fn team_gone(&self, point: FeedPosition, team: TeamId, gentime: i64) -> Result<Rendered> {
        let teams = vec![DeletedTeam { uid: team.0, is_archive: true, gentime }];
        let frame = frame::encode(point, &ServerEvent::TeamDeleted { teams })?;
        let then = match team == self.member.team {
            true => Then::Close("the team is gone"),
            false if self.is_news(point) => Then::CountTeams,
            false => Then::Stay,
        };
        Ok(Rendered { frame: Some(frame), then })
    }

    async fn contacts(&mut self, row: &Row, team: TeamId, contacts: &[ContactId]) -> Result<Rendered> {
        let point = row.feed.feed_position();
        // None named means everybody, the viewer too.
        let about_viewer = contacts.is_empty() || contacts.contains(&self.member.contact);
        if team == self.member.team && !about_viewer {
            let frame = row
                .contacts(self.member.status)
                .get_or_try_init(|| contacts_frame(&self.read, point, contacts, &self.member))
                .await?;
            return Ok(told(frame.clone()));
        }
        let Some(own) = self.read.memberships().find(self.account, team).await? else { return Ok(silent()) };
        if team == self.member.team {
            self.member = own;
        }
        contacts_frame(&self.read, point, contacts, &own).await.map(told)
    }

    async fn sections(
        &self,
        row: &Row,
        team: TeamId,
        kind: SectionKind,
        sections: &[SectionId],
    ) -> Result<Rendered> {
        let member = match team == self.member.team {
            true => Some(self.member),
            false => self.read.memberships().find(self.account, team).await?,
        };
        let Some(member) = member else { return Ok(silent()) };
        let make = || async {
            let mut sections_now = self.read.sections().list(&member, kind).await?;
            sections_now.retain(|section| sections.contains(&SectionId(section.uid)));
            let gentime = sections_now.iter().map(|section| section.gentime).max().unwrap_or(0);
            let chat_type = section::chat_type(kind);
            let event = ServerEvent::SectionUpdated { chat_type, gentime, sections: sections_now };
            Ok::<Frame, RenderError>(frame::encode(row.feed.feed_position(), &event)?)
        };
        row.sections.get_or_try_init(make).await.cloned().map(told)
    }
}

async fn contacts_frame(
    read: &ReadModel,
    point: FeedPosition,
    contacts: &[ContactId],
    member: &TeamMember,
) -> Result<Frame> {
    let contacts = match contacts {
        [] => read.contacts().present(member).await?,
        some => read.contacts().by_ids(member, some).await?,
    };
    Ok(frame::encode(point, &ServerEvent::ContactUpdated { contacts })?)
}

fn told(frame: Frame) -> Rendered {
    Rendered { frame: Some(frame), then: Then::Stay }
}

fn silent() -> Rendered {
    Rendered { frame: None, then: Then::Stay }
}
