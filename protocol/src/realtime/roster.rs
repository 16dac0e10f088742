//! `server.roster`: the complete state of a team in one frame, as clients of 2019 expect it right after connecting.

use crate::{chat::Chat, contact::Contact, device::Device, section::Section, task::TaskTab};
use serde::Serialize;
use utoipa::ToSchema;

/// Complete state of a team as the viewer sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Roster {
    /// Number of unread messages of the viewer in all teams.
    pub badge: u64,
    /// Sections of contacts, in order.
    pub contact_sections: Vec<Section>,
    /// All contacts of the team, including bots, ordered by name.
    pub contacts: Vec<Contact>,
    /// Devices of the account, oldest first.
    pub devices: Vec<Device>,
    /// Direct chats, including hidden ones, the most recently active first.
    pub direct_chats: Vec<Chat>,
    /// Sections of groups, in order.
    pub group_sections: Vec<Section>,
    /// Groups of which the viewer is a member, the most recently active first.
    pub groups: Vec<Chat>,
    /// Tasks in which the viewer takes part, the most recently active first.
    pub task_chats: Vec<Chat>,
    /// Sections of tasks, in order.
    pub task_sections: Vec<Section>,
    /// Tabs under which tasks are listed.
    pub task_tabs: Vec<TaskTab>,
}
