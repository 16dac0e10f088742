//! `GET /api/v4/teams/{team_uid}/tasks/tabs`: the tabs that tasks are shown under, as the reference of 2019 has them.

use access::{Fresh, TeamView};
use platform::http::{ApiError, Reply, RequestInfo};
use protocol::{envelope::Success, task::TaskTab};

/// The tabs, in their order, with how many tasks each shows the caller.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/tasks/tabs", tag = "tasks", params(("team_uid" = String, Path)),
    responses((status = 200, body = Success<Vec<TaskTab>>)))]
pub(in crate::http) async fn tabs(
    fresh: Fresh,
    request: RequestInfo,
    scope: TeamView,
) -> Result<Reply<Vec<TaskTab>>, ApiError> {
    let counted = scope.read.tasks().tabs(&scope).await?;
    let tabs = counted.into_iter().map(|(key, tasks, unread)| TaskTab::new(key, tasks, unread, request.lang));
    Ok(Reply::new(tabs.collect()).at(scope.position(fresh)))
}
