//! What is to be done because of an event, one row for each event and effect.

use crate::error::ProjectionError;
use chrono::{DateTime, Utc};
use events::{
    ContactId, Event, EventId, GroupId, Position, Recorded, message::Author, message::Posted,
    phone::CodeRequested,
};
use protocol::{Jid, Timestamp};
use secrets::vault::{Place, Vault};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, Row, postgres::PgRow};
use std::collections::HashMap;
use uuid::Uuid;

/// An effect to be.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    position: Position,
    /// The event's id, and whom the effect is for where there may be several: the same in any log, and what receivers
    /// of webhooks tell repetitions by.
    key: String,
    /// The integration of a webhook, so that each has its turn.
    integration: Option<Uuid>,
    effect: Effect,
}

/// What is done.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub(crate) enum Effect {
    /// A login code goes out.
    Sms {
        /// `+` and digits.
        phone: String,
        /// Keyed hash of the phone, hex.
        phone_hash: String,
        /// The code's identity.
        nonce: Uuid,
        /// Digits.
        length: u8,
        /// `ru` or `en`.
        lang: String,
        /// After this it is of no use.
        valid_until: DateTime<Utc>,
    },
    /// A new message goes to an integration's address.
    Webhook {
        /// Which integration: address and key are looked up when it is sent.
        integration: Uuid,
        /// What is posted.
        form: WebhookForm,
    },
}

/// Exactly the fields that receivers expect.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct WebhookForm {
    chat: Jid,
    chat_display_name: String,
    created: Timestamp,
    sender: Jid,
    sender_display_name: String,
    text: String,
}

impl WebhookForm {
    /// The group in which it was said.
    pub(crate) fn group(&self) -> Option<GroupId> {
        match self.chat {
            Jid::Group(group) => Some(group),
            Jid::Direct(_) | Jid::Task(_) => None,
        }
    }

    /// The fields as they are posted.
    pub(crate) fn fields(&self) -> [(&'static str, String); 6] {
        [
            ("chat", self.chat.to_string()),
            ("chat_display_name", self.chat_display_name.clone()),
            ("created", self.created.to_string()),
            ("sender", self.sender.to_string()),
            ("sender_display_name", self.sender_display_name.clone()),
            ("text", self.text.clone()),
        ]
    }
}

impl Effect {
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Sms { .. } => "sms",
            Self::Webhook { .. } => "webhook",
        }
    }
}

impl Planned {
    /// The message with a login code; nothing when the number was erased.
    pub(crate) fn sms(recorded: &Recorded<Event>, requested: &CodeRequested) -> Option<Self> {
        let effect = Effect::Sms {
            phone: requested.phone.as_ref()?.value.clone()?,
            phone_hash: recorded.stream.id().to_owned(),
            nonce: requested.nonce,
            length: requested.code_length,
            lang: requested.lang.clone(),
            valid_until: requested.valid_until,
        };
        let (position, key) = (recorded.position, recorded.id.to_string());
        Some(Self { position, key, integration: None, effect })
    }
}

/// A post with its place.
#[derive(Clone, Copy)]
pub(crate) struct Placed<'p> {
    /// Its position.
    pub(crate) position: Position,
    /// The id of the event.
    pub(crate) event: EventId,
    /// When it was posted.
    pub(crate) at: DateTime<Utc>,
    /// The fact.
    pub(crate) posted: &'p Posted,
}

/// The calls that posts lead to: each enabled integration of the chat with an address, but not for its own posts.
pub(crate) async fn webhooks(
    db: &mut PgConnection,
    posts: &[Placed<'_>],
) -> Result<Vec<Planned>, sqlx::Error> {
    let chats: Vec<Uuid> = posts.iter().map(|post| post.posted.chat.key().0).collect();
    let listeners = sqlx::query(
        "SELECT i.uid, i.chat, c.display_name FROM integration i JOIN chat c ON c.key = i.chat \
         WHERE i.chat = ANY($1) AND i.enabled AND i.webhook_url <> '' ORDER BY i.uid",
    )
    .bind(chats)
    .fetch_all(&mut *db)
    .await?;
    if listeners.is_empty() {
        return Ok(vec![]);
    }
    let senders = senders(db, posts).await?;
    let mut planned = vec![];
    for post in posts {
        let chat = post.posted.chat.key().0;
        for listener in listeners.iter().filter(|row| row.get::<Uuid, _>("chat") == chat) {
            let integration: Uuid = listener.get("uid");
            if post.posted.author != Author::Integration(integration.into()) {
                let effect = Effect::Webhook { integration, form: form(*post, listener, &senders) };
                planned.push(Planned {
                    position: post.position,
                    key: format!("{}:{integration}", post.event),
                    integration: Some(integration),
                    effect,
                });
            }
        }
    }
    Ok(planned)
}

fn form(post: Placed<'_>, listener: &PgRow, senders: &HashMap<Uuid, String>) -> WebhookForm {
    let sender = protocol::message::author_jid(post.posted.author);
    let sender_display_name = match sender {
        Jid::Direct(ContactId(uid)) => senders.get(&uid).cloned().unwrap_or_default(),
        Jid::Group(_) | Jid::Task(_) => String::new(),
    };
    WebhookForm {
        chat: Jid::Group(listener.get::<Uuid, _>("chat").into()),
        chat_display_name: listener.get("display_name"),
        created: post.at.into(),
        sender,
        sender_display_name,
        text: post.posted.text.or_default(),
    }
}

/// Names of people and of integrations, which are called by their comment.
async fn senders(db: &mut PgConnection, posts: &[Placed<'_>]) -> Result<HashMap<Uuid, String>, sqlx::Error> {
    let ids: Vec<Uuid> = posts
        .iter()
        .map(|post| match post.posted.author {
            Author::Contact(contact) => contact.0,
            Author::Integration(integration) => integration.0,
        })
        .collect();
    let rows = sqlx::query(
        "SELECT uid, given_name, family_name, phone FROM contact WHERE uid = ANY($1) \
         UNION ALL SELECT uid, comment, '', '' FROM integration WHERE uid = ANY($1)",
    )
    .bind(ids)
    .fetch_all(db)
    .await?;
    let name = |row: &PgRow| {
        (
            row.get("uid"),
            domain::name::display_name(row.get("given_name"), row.get("family_name"), row.get("phone")),
        )
    };
    Ok(rows.iter().map(name).collect())
}

/// Writes the plans of a batch, unless they were made before: on a rebuild nothing is planned again.
pub(crate) async fn store(
    db: &mut PgConnection,
    vault: &Vault,
    position: Position,
    planned: Vec<Planned>,
) -> Result<(), ProjectionError> {
    if planned.is_empty() {
        // The checkpoint moves with plans only: without any there is nothing that could be planned twice.
        return Ok(());
    }
    let done: i64 = sqlx::query_scalar("SELECT position FROM ops.effect_checkpoint FOR UPDATE")
        .fetch_one(&mut *db)
        .await?;
    for plan in planned.into_iter().filter(|plan| plan.position > done.cast_unsigned()) {
        let place = Place::Effect { kind: plan.effect.kind(), key: &plan.key };
        let payload = vault.seal(&serde_json::to_vec(&plan.effect)?, place)?;
        sqlx::query(
            "INSERT INTO ops.effect (kind, key, position, payload, due, integration) \
             VALUES ($1, $2, $3, $4, now(), $5) ON CONFLICT DO NOTHING",
        )
        .bind(plan.effect.kind())
        .bind(plan.key)
        .bind(plan.position.cast_signed())
        .bind(payload)
        .bind(plan.integration)
        .execute(&mut *db)
        .await?;
    }
    sqlx::query("UPDATE ops.effect_checkpoint SET position = greatest(position, $1)")
        .bind(position.cast_signed())
        .execute(db)
        .await?;
    Ok(())
}
