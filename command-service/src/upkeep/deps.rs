//! The services that the parts of the upkeep use.

use crate::{aggregates::Aggregates, answers::Answers};
use access::Access;

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct UpkeepDeps {
    pub(crate) access: Access,
    pub(crate) aggregates: Aggregates,
    pub(crate) answers: Answers,
}
