//! Frames about messages, read marks and chats.

use super::renderer::{Rendered, Renderer, Result, nothing, sent};
use crate::{
    frame::{self, Frame, MessageParams},
    shared_row::SharedRow,
};
use events::{ContactId, chat::ChatRef, message::Author};
use protocol::{
    ApiVersion, FeedPosition,
    message::{ChatType, MessageRecord},
    notice::ReadReceipt,
    realtime::{DeletedChat, ReceivedMessage, ServerEvent},
};
use read_model::chat_address::jid_for;
use serde_json::value::{RawValue, to_raw_value};

impl Renderer {
    pub(super) async fn message(
        &mut self,
        row: &SharedRow,
        message: &MessageRecord,
        delayed: bool,
        counted: bool,
    ) -> Result<Frame> {
        let point = row.feed.feed_position();
        // Counters loaded with the socket already include rows that the client has not got yet.
        let counters = if delayed && !counted && self.is_after_snapshot(point) {
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
            delayed: delayed || point.position <= self.offline_until,
            chat_counters: counters.as_slice(),
            team_unread: self.counters.team(),
            badge: self.counters.badge(),
        };
        let confirm_id = self.confirmations.ask(point);
        Ok(frame::encode_message(point, params, &confirm_id)?)
    }

    /// A deleted message as its author sees it who deleted it: for a while the text is still there, to be posted
    /// again.
    async fn withdrawn(&self, message: &MessageRecord) -> Result<Option<Box<RawValue>>> {
        if !message.is_deleted() || message.author != Author::Contact(self.member.contact) {
            return Ok(None);
        }
        let Some(text) = self.read.messages().withdrawn_text(message.key()).await? else { return Ok(None) };
        let mut view =
            message.render_for(self.member.contact, ApiVersion::V4, self.read.base_url(), self.lang);
        view.content.text = text;
        Ok(Some(to_raw_value(&view)?))
    }

    pub(super) async fn read_marked(&mut self, point: FeedPosition, chat: ChatRef) -> Result<Frame> {
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

    pub(super) fn received(
        &mut self,
        point: FeedPosition,
        chat: ChatRef,
        messages: &[ReadReceipt],
    ) -> Result<Frame> {
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

    pub(super) async fn chat(&mut self, point: FeedPosition, chat: ChatRef) -> Result<Rendered> {
        let Some(view) = self.read.chats().view(&self.member, chat).await? else { return Ok(nothing()) };
        self.counters.refresh(&self.read).await?;
        Ok(sent(frame::encode(
            point,
            &ServerEvent::ChatUpdated {
                chats: vec![view],
                team_unread: Some(self.counters.team()),
                badge: Some(self.counters.badge()),
            },
        )?))
    }

    pub(super) async fn chat_deleted(
        &mut self,
        point: FeedPosition,
        chat: ChatRef,
        left: &[ContactId],
        gentime: i64,
    ) -> Result<Rendered> {
        if !left.is_empty() && !left.contains(&self.member.contact) {
            return Ok(nothing());
        }
        self.counters.refresh(&self.read).await?;
        let (jid, chat_type) = (jid_for(self.member.contact, chat), ChatType::of(chat));
        let chat = DeletedChat { jid, chat_type, is_archive: true, gentime };
        Ok(sent(frame::encode(
            point,
            &ServerEvent::ChatDeleted {
                chats: vec![chat],
                team_unread: Some(self.counters.team()),
                badge: Some(self.counters.badge()),
            },
        )?))
    }
}
