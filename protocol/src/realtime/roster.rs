//! `server.roster`: all that a team's screen shows, in one frame, as clients of 2019 expect it right after connecting.

use crate::{chat::Chat, contact::Contact, device::Device, section::Section, task::TaskTab};
use serde::Serialize;
use utoipa::ToSchema;

/// A team as the hearer sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Roster {
    /// The hearer's unread in all teams.
    pub badge: u64,
    /// Sections of contacts, in their order.
    pub contact_sections: Vec<Section>,
    /// Everybody in the team, bots too, by shown name.
    pub contacts: Vec<Contact>,
    /// The account's devices, oldest first.
    pub devices: Vec<Device>,
    /// Direct chats, hidden ones too; here and below the one in which something was said last comes first.
    pub direct_chats: Vec<Chat>,
    /// Sections of groups.
    pub group_sections: Vec<Section>,
    /// The groups that the hearer is in.
    pub groups: Vec<Chat>,
    /// The tasks that concern the hearer.
    pub task_chats: Vec<Chat>,
    /// Sections of tasks.
    pub task_sections: Vec<Section>,
    /// The tabs that tasks are shown under.
    pub task_tabs: Vec<TaskTab>,
}
