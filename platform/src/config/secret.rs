//! A setting that must not appear in logs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A key or an address with a password in it. `Debug` hides it; serialising writes it, for the layers' sake.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Takes the text over.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself: not for logs.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// An address with its password and query hidden; other text is hidden whole.
    pub fn redacted(&self) -> String {
        // The word that stands for "in this process" hides nothing.
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
