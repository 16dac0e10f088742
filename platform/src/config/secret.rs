//! A setting that must not appear in logs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A key, or an address with a password. `Debug` hides it; serialising writes it, because the layers are merged in
/// serialised form.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself; must not be logged.
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Hides the password and query of an address; hides other text entirely.
    pub fn redacted(&self) -> String {
        // `memory` is not a secret.
        if self.0.is_empty() || self.0 == "memory" {
            return self.0.clone();
        }
        let Some((scheme, rest)) = self.0.split_once("://") else {
            return "***".to_owned();
        };
        let (rest, query) = match rest.split_once('?') {
            Some((rest, _)) => (rest, "?***"),
            None => (rest, ""),
        };
        let rest = match rest.rsplit_once('@') {
            Some((who, place)) => {
                let user = who.split(':').next().unwrap_or_default();
                let password = if who.contains(':') { ":***" } else { "" };
                format!("{user}{password}@{place}")
            }
            None => rest.to_owned(),
        };
        format!("{scheme}://{rest}{query}")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.redacted())
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}
