//! Reactions that a message may get.

/// The emoji that may be set, in the order in which clients offer them.
pub const NAMES: [&str; 40] = [
    "👍", "👎", "❤️", "🔥", "🎉", "😁", "😂", "😢", "😱", "😡", "🤔", "👏", "🙏", "👌", "💯", "🤝", "👀",
    "🚀", "✅", "❌", "⭐", "💪", "😍", "😎", "🥳", "🤯", "😴", "🤷", "🤦", "🙈", "👋", "✍️", "☕", "🍻",
    "💡", "⚡", "➕", "➖", "❓", "❗",
];

/// The emoji as it is kept; `None` for what is no reaction. The sign that asks for the coloured form may be left out.
pub fn known(name: &str) -> Option<&'static str> {
    let bare = |name: &str| name.trim_end_matches('\u{fe0f}').to_owned();
    let wanted = bare(name);
    NAMES.into_iter().find(|known| bare(known) == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_there_once_in_either_form() {
        let unique: std::collections::BTreeSet<&str> = NAMES.into_iter().collect();
        assert_eq!(unique.len(), NAMES.len());
        assert_eq!(known("❤"), Some("❤️"));
        assert_eq!(known("👍\u{fe0f}"), Some("👍"));
        for wrong in ["", "x", "👍👍", "\u{fe0f}"] {
            assert_eq!(known(wrong), None, "{wrong}");
        }
    }
}
