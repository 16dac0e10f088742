//! Authentication and authorization: the extractors of every route with a session or a team.
//!
//! Every query of a team's data takes a [`read_model::rights::TeamMember`], which [`TeamScope`] and [`TeamView`] hold.

pub mod caller;
pub mod cookie;
pub mod fresh;
pub mod past;
pub mod team_scope;
pub mod team_view;

pub use caller::Caller;
pub use fresh::Fresh;
pub use past::Past;
pub use team_scope::TeamScope;
pub use team_view::TeamView;

use platform::{clock::Clock, config::Config, http::ApiError, limits::Limits};
use protocol::error::ErrorCode;
use read_model::ReadModel;
use std::sync::Arc;

/// The state of the extractors, which a service's state provides by `FromRef`. Cheap to clone.
#[derive(Clone)]
pub struct Access {
    pub read: ReadModel,
    pub config: Arc<Config>,
    pub limits: Arc<Limits>,
    pub clock: Clock,
    /// Teams as they were.
    pub past: Past,
}

/// `NOT_FOUND`: the thing does not exist, or the caller may not know that it does.
pub fn not_found() -> ApiError {
    ApiError::new(ErrorCode::NotFound)
}
