//! `GET /api/v4/emoji`: the emoji that clients offer, in groups, each with its Unicode name.

use serde::{Deserialize, Serialize};
use std::sync::LazyLock;
use utoipa::ToSchema;

/// All emoji that clients offer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmojiList {
    /// Emoji in the order in which they are offered.
    pub all: Vec<Emoji>,
}

/// An emoji and its short name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Emoji {
    /// The emoji itself.
    pub char: String,
    /// Short name, such as `:grinning_face:`.
    #[schema(pattern = "^:[a-z0-9_]+:$")]
    pub key: String,
}

/// The list, built once from the table.
pub fn all() -> &'static EmojiList {
    static ALL: LazyLock<EmojiList> = LazyLock::new(|| {
        let rows = include_str!("emoji/all.tsv").lines().filter_map(|line| line.split_once('\t'));
        let emoji = |(key, char): (&str, &str)| Emoji { char: char.to_owned(), key: format!(":{key}:") };
        EmojiList { all: rows.map(emoji).collect() }
    });
    &ALL
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn emoji_and_keys_are_unique_and_plain() {
        let all = &all().all;
        assert!(all.len() > 1_000);
        let chars: BTreeSet<&str> = all.iter().map(|emoji| emoji.char.as_str()).collect();
        let keys: BTreeSet<&str> = all.iter().map(|emoji| emoji.key.as_str()).collect();
        assert_eq!((chars.len(), keys.len()), (all.len(), all.len()));
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        for emoji in all {
            let name = emoji.key.strip_prefix(':').and_then(|key| key.strip_suffix(':'));
            assert!(name.is_some_and(|name| !name.is_empty() && name.chars().all(plain)), "{emoji:?}");
            assert!(!emoji.char.is_ascii() && emoji.char.chars().count() <= 2, "{emoji:?}");
        }
    }
}
