//! Renders rows of the feed as frames for one viewer.

mod chat;
mod renderer;
mod team;

pub(crate) use renderer::{FollowUp, Rendered, Renderer};

use crate::{
    frame::{self, Frame},
    hub::Typing,
    shared_row::SharedRow,
};
use events::{SectionId, chat::ChatRef};
use protocol::{
    Jid,
    notice::Notice,
    realtime::{DeletedSection, Gone, ServerEvent, UiSettings},
    section,
    tag::Tag,
};
use read_model::{chat_address::jid_for, remind::remind_view};
use renderer::{Result, nothing, sent};
use serde_json::value::RawValue;

impl Renderer {
    /// Renders a row.
    pub(crate) async fn row(&mut self, row: &SharedRow) -> Result<Rendered> {
        let feed = &row.feed;
        let point = feed.feed_position();
        let counted = self.is_own_team(feed.scope) && self.counters.apply(feed);
        match &feed.notice {
            Notice::MessageUpdated { message, delayed } => {
                self.message(row, message, *delayed, counted).await.map(sent)
            }
            Notice::ReadMarked { chat, .. } => self.read_marked(point, *chat).await.map(sent),
            Notice::MessagesReceived { chat, messages } => self.received(point, *chat, messages).map(sent),
            Notice::GroupUpdated { group, .. } => self.chat(point, ChatRef::Group(*group)).await,
            Notice::ChatSettingsChanged { chat, .. } => self.chat(point, *chat).await,
            Notice::DraftSaved { chat, draft, num, gentime, .. } => {
                let jid = jid_for(self.member.contact, *chat);
                let (draft, draft_num, draft_gentime) = (draft.clone(), *num, *gentime);
                let event = ServerEvent::ChatDraft { jid, draft, draft_num, draft_gentime };
                frame::encode(point, &event).map(sent).map_err(Into::into)
            }
            Notice::GroupDeleted { group, left, gentime } => {
                self.chat_deleted(point, ChatRef::Group(*group), left, *gentime).await
            }
            Notice::TeamUpdated { team } => self.team(point, *team, feed.scope).await,
            Notice::TeamDeleted { team, gentime } => {
                if self.teams_left.contains(team) && !self.is_after_snapshot(point) {
                    return Ok(nothing());
                }
                self.team_gone(point, *team, *gentime)
            }
            Notice::TaskUpdated { task, .. } => self.chat(point, ChatRef::Task(*task)).await,
            Notice::TaskDeleted { task, left, gentime } => {
                self.chat_deleted(point, ChatRef::Task(*task), left, *gentime).await
            }
            Notice::TagUpdated { tag, name } => {
                let tags = vec![Tag { name: name.clone(), uid: tag.0 }];
                Ok(sent(frame::encode(point, &ServerEvent::TagUpdated { tags })?))
            }
            Notice::TagDeleted { tag } => {
                let tags = vec![Gone { uid: tag.0 }];
                Ok(sent(frame::encode(point, &ServerEvent::TagDeleted { tags })?))
            }
            Notice::RemindUpdated { remind } => {
                let reminds = vec![remind_view(remind, self.member.contact)];
                Ok(sent(frame::encode(point, &ServerEvent::RemindUpdated { reminds })?))
            }
            Notice::RemindFired { remind } => {
                let reminds = vec![remind_view(remind, self.member.contact)];
                Ok(sent(frame::encode(point, &ServerEvent::RemindFired { reminds })?))
            }
            Notice::RemindDeleted { remind } => {
                let reminds = vec![Gone { uid: remind.0 }];
                Ok(sent(frame::encode(point, &ServerEvent::RemindDeleted { reminds })?))
            }
            Notice::ContactsUpdated { team, contacts } => self.contacts(row, *team, contacts).await,
            Notice::ContactRemoved { team, contact } => {
                if *team == self.member.team && *contact != self.member.contact {
                    return Ok(nothing());
                }
                if *team == self.member.team && !self.is_after_snapshot(point) {
                    // The account left and rejoined while the client was offline: the client's state is from an earlier membership.
                    return Ok(Rendered { frame: None, follow_up: FollowUp::MustRefetch });
                }
                self.team_gone(point, *team, feed.at.timestamp_nanos_opt().unwrap_or(i64::MAX))
            }
            Notice::SectionsUpdated { team, of, sections } => self.sections(row, *team, *of, sections).await,
            Notice::SectionsDeleted { of, sections, gentime, .. } => {
                let gone = |section: &SectionId| DeletedSection { uid: section.0, gentime: *gentime };
                let sections = sections.iter().map(gone).collect();
                let chat_type = section::chat_type(*of);
                let event = ServerEvent::SectionDeleted { chat_type, gentime: *gentime, sections };
                Ok(sent(frame::encode(point, &event)?))
            }
            Notice::UiSettings { settings } => {
                let settings = RawValue::from_string(settings.clone())?;
                frame::encode(point, &ServerEvent::UiSettings(UiSettings(settings)))
                    .map(sent)
                    .map_err(Into::into)
            }
            Notice::LoggedIn { session, .. } if *session == self.session => Ok(nothing()),
            Notice::LoggedIn { device_name, .. } => {
                let login = ServerEvent::Login { device_name: device_name.clone() };
                frame::encode(point, &login).map(sent).map_err(Into::into)
            }
            Notice::SessionClosed { session, .. } if *session != self.session => Ok(nothing()),
            Notice::SessionClosed { reason, .. } => {
                let frame = frame::encode(point, &ServerEvent::Logout { reason: reason.word().to_owned() })?;
                Ok(Rendered { frame: Some(frame), follow_up: FollowUp::Close("logged out") })
            }
        }
    }

    /// Renders a typing notice.
    pub(crate) fn typing(&self, typing: &Typing) -> Result<Frame> {
        let Typing { chat, actor, composing, is_audio, .. } = *typing;
        let jid = jid_for(self.member.contact, chat);
        let event = ServerEvent::ChatComposing { jid, actor: Jid::Direct(actor), composing, is_audio };
        Ok(frame::transient(&event)?)
    }
}
