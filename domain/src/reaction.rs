//! The reactions to messages.

/// The supported emoji, in the order in which clients offer them.
pub const NAMES: [&str; 40] = [
    "👍", "👎", "❤️", "🔥", "🎉", "😁", "😂", "😢", "😱", "😡", "🤔", "👏", "🙏", "👌", "💯", "🤝", "👀",
    "🚀", "✅", "❌", "⭐", "💪", "😍", "😎", "🥳", "🤯", "😴", "🤷", "🤦", "🙈", "👋", "✍️", "☕", "🍻",
    "💡", "⚡", "➕", "➖", "❓", "❗",
];

/// The emoji as it is stored; `None` if it is not supported. The variation selector for the coloured form is optional.
pub fn known(name: &str) -> Option<&'static str> {
    let bare = |name: &str| name.trim_end_matches('\u{fe0f}').to_owned();
    let wanted = bare(name);
    NAMES.into_iter().find(|known| bare(known) == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_emoji_is_unique_and_known_with_and_without_variation_selector() {
        let unique: std::collections::BTreeSet<&str> = NAMES.into_iter().collect();
        assert_eq!(unique.len(), NAMES.len());
        assert_eq!(known("❤"), Some("❤️"));
        assert_eq!(known("👍\u{fe0f}"), Some("👍"));
        for wrong in ["", "x", "👍👍", "\u{fe0f}"] {
            assert_eq!(known(wrong), None, "{wrong}");
        }
    }
}
