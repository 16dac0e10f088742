//! Frames about teams, contacts and sections.

use super::renderer::{FollowUp, Rendered, Renderer, Result, nothing, sent};
use crate::{
    frame::{self, Frame},
    shared_row::{RenderError, SharedRow},
};
use events::{ContactId, SectionId, TeamId, value::SectionKind};
use protocol::{
    ApiVersion, FeedPosition,
    notice::Scope,
    realtime::{DeletedTeam, ServerEvent},
    section,
};
use read_model::{ReadModel, rights::TeamMember};

impl Renderer {
    pub(super) async fn team(&mut self, point: FeedPosition, team: TeamId, scope: Scope) -> Result<Rendered> {
        let Some(view) = self.read.teams().find(self.account, team, ApiVersion::V4).await? else {
            return Ok(nothing());
        };
        if team == self.member.team
            && let Some(own) = self.read.memberships().find(self.account, team).await?
        {
            self.member = own;
        }
        let frame = frame::encode(point, &ServerEvent::TeamUpdated { teams: vec![view] })?;
        let is_new =
            matches!(scope, Scope::Account(_)) && team != self.member.team && self.is_after_snapshot(point);
        Ok(Rendered {
            frame: Some(frame),
            follow_up: if is_new { FollowUp::RecountTeams } else { FollowUp::None },
        })
    }

    /// A team was deleted, or the account has left it; clients see no difference.
    pub(super) fn team_gone(&self, point: FeedPosition, team: TeamId, gentime: i64) -> Result<Rendered> {
        let teams = vec![DeletedTeam { uid: team.0, is_archive: true, gentime }];
        let frame = frame::encode(point, &ServerEvent::TeamDeleted { teams })?;
        let follow_up = match team == self.member.team {
            true => FollowUp::Close("the team is gone"),
            false if self.is_after_snapshot(point) => FollowUp::RecountTeams,
            false => FollowUp::None,
        };
        Ok(Rendered { frame: Some(frame), follow_up })
    }

    pub(super) async fn contacts(
        &mut self,
        row: &SharedRow,
        team: TeamId,
        contacts: &[ContactId],
    ) -> Result<Rendered> {
        let point = row.feed.feed_position();
        // No contacts means everybody, the viewer included.
        let about_viewer = contacts.is_empty() || contacts.contains(&self.member.contact);
        if team == self.member.team && !about_viewer {
            let frame = row
                .contacts(self.member.status)
                .get_or_try_init(|| contacts_frame(&self.read, point, contacts, &self.member))
                .await?;
            return Ok(sent(frame.clone()));
        }
        let Some(own) = self.read.memberships().find(self.account, team).await? else { return Ok(nothing()) };
        if team == self.member.team {
            self.member = own;
        }
        contacts_frame(&self.read, point, contacts, &own).await.map(sent)
    }

    pub(super) async fn sections(
        &self,
        row: &SharedRow,
        team: TeamId,
        kind: SectionKind,
        sections: &[SectionId],
    ) -> Result<Rendered> {
        let member = match team == self.member.team {
            true => Some(self.member),
            false => self.read.memberships().find(self.account, team).await?,
        };
        let Some(member) = member else { return Ok(nothing()) };
        let make = || async {
            let mut sections_now = self.read.sections().list(&member, kind).await?;
            sections_now.retain(|section| sections.contains(&SectionId(section.uid)));
            let gentime = sections_now.iter().map(|section| section.gentime).max().unwrap_or(0);
            let chat_type = section::chat_type(kind);
            let event = ServerEvent::SectionUpdated { chat_type, gentime, sections: sections_now };
            Ok::<Frame, RenderError>(frame::encode(row.feed.feed_position(), &event)?)
        };
        row.sections.get_or_try_init(make).await.cloned().map(sent)
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
