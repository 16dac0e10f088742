//! Escapes text for HTML: the help of an integration (`docs/acceptance.md`, item 83) and the pages of the documentation.

/// Replaces the characters that HTML reads as markup.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    #[test]
    fn markup_is_escaped() {
        assert_eq!(super::escape(r#""><svg onload='x'>&"#), "&quot;&gt;&lt;svg onload=&#39;x&#39;&gt;&amp;");
    }
}
