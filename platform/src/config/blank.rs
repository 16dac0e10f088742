//! Optional values in TOML, which has no null: the empty string means "not set".

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt::Display, net::SocketAddr, path::PathBuf, str::FromStr};

/// A value that TOML holds as one string.
pub(super) trait Text: Sized {
    fn write(&self) -> String;
    fn read(text: &str) -> Result<Self, String>;
}

impl Text for String {
    fn write(&self) -> String {
        self.clone()
    }
    fn read(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }
}

impl Text for PathBuf {
    fn write(&self) -> String {
        self.display().to_string()
    }
    fn read(text: &str) -> Result<Self, String> {
        Ok(Self::from(text))
    }
}

impl Text for SocketAddr {
    fn write(&self) -> String {
        self.to_string()
    }
    fn read(text: &str) -> Result<Self, String> {
        Self::from_str(text).map_err(|_| "expected host:port with a numeric address, or nothing".to_owned())
    }
}

pub(super) fn serialize<T: Text, S: Serializer>(value: &Option<T>, to: S) -> Result<S::Ok, S::Error> {
    value.as_ref().map(Text::write).unwrap_or_default().serialize(to)
}

pub(super) fn deserialize<'de, T: Text, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    let text = String::deserialize(from)?;
    if text.is_empty() { Ok(None) } else { T::read(&text).map(Some).map_err(custom) }
}

fn custom<E: de::Error>(problem: impl Display) -> E {
    E::custom(problem)
}
