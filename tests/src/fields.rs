//! The fields of the vendor's published client types, and whether our answers decode into them.

use crate::shape::{Format, kind};
use serde_json::Value;
use std::{collections::BTreeMap, path::Path};

/// Other names of the same objects.
const ALIASES: [(&str, &str); 1] = [("PushDevice", "Device")];
const WORDS: [(&str, &[&str]); 7] = [
    ("TeamStatus", &["owner", "admin", "member", "guest"]),
    ("GroupStatus", &["admin", "member"]),
    ("ChatType", &["direct", "group", "task"]),
    ("TaskTabKey", &["active", "expired", "in", "out", "copy", "done"]),
    ("UploadMediaType", &["file", "image", "video", "audio", "imagefile"]),
    ("Mediatype", &["plain", "change", "deleted", "file", "image", "video", "audiomsg", "contact", "pdf"]),
    ("Mediasubtype", &["sticker", "newtask", "named"]),
];

/// The table of `contract/fields.txt`.
pub struct Fields {
    objects: BTreeMap<String, BTreeMap<String, Field>>,
}

struct Field {
    kinds: Vec<String>,
    always: bool,
}

impl Fields {
    pub fn load() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("contract/fields.txt");
        let table = std::fs::read_to_string(path).expect("the table of fields");
        let mut objects: BTreeMap<String, BTreeMap<String, Field>> = BTreeMap::new();
        for line in table.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [object, name, kinds, when] = words[..] else { panic!("no field: {line}") };
            let kinds = kinds.split('|').map(str::to_owned).collect();
            let field = Field { kinds, always: when == "always" };
            objects.entry(object.to_owned()).or_default().insert(name.to_owned(), field);
        }
        // `Me` has all fields of `User`.
        let user = objects.remove("User").unwrap_or_default();
        objects.entry("Me".to_owned()).or_default().extend(user);
        Self { objects }
    }

    /// Lists where a value does not decode into a type, such as `Team` or `[Device]`.
    pub fn faults(&self, of: &str, value: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        self.check(of, of, value, &mut faults);
        faults
    }

    fn check(&self, at: &str, of: &str, value: &Value, faults: &mut Vec<String>) {
        let of = ALIASES.iter().find(|(alias, _)| *alias == of).map_or(of, |(_, name)| name);
        if let Some(item) = of.strip_prefix('[').and_then(|of| of.strip_suffix(']')) {
            return match value.as_array() {
                Some(items) => items
                    .iter()
                    .enumerate()
                    .for_each(|(index, value)| self.check(&format!("{at}/{index}"), item, value, faults)),
                None => faults.push(format!("{at}: {} instead of a list", kind(value))),
            };
        }
        match of {
            "MessageLinks" => return self.check(at, "[MessageLink]", value, faults),
            "TeamUnread" => return self.check_unread(at, value, faults),
            _ => {}
        }
        if let Some(fields) = self.objects.get(of) {
            return self.check_object(at, fields, value, faults);
        }
        if !is(of, value) {
            faults.push(format!("{at}: {value} instead of {of}"));
        }
    }

    fn check_object(
        &self,
        at: &str,
        fields: &BTreeMap<String, Field>,
        value: &Value,
        faults: &mut Vec<String>,
    ) {
        let Some(object) = value.as_object() else {
            return faults.push(format!("{at}: {} instead of an object", kind(value)));
        };
        for (name, value) in object {
            match fields.get(name) {
                None => faults.push(format!("{at}/{name}: clients know no such field")),
                Some(field) => self.check_any(&format!("{at}/{name}"), &field.kinds, value, faults),
            }
        }
        let missing = fields.iter().filter(|(name, field)| field.always && !object.contains_key(*name));
        faults.extend(missing.map(|(name, _)| format!("{at}/{name}: missing")));
    }

    /// One of the kinds must fit; if none does, the faults of the first are reported.
    fn check_any(&self, at: &str, kinds: &[String], value: &Value, faults: &mut Vec<String>) {
        let tried = kinds.iter().map(|kind| {
            let mut faults = Vec::new();
            self.check(at, kind, value, &mut faults);
            faults
        });
        let tried: Vec<_> = tried.collect();
        if tried.iter().all(|faults| !faults.is_empty()) {
            faults.extend(tried.into_iter().next().unwrap_or_default());
        }
    }

    fn check_unread(&self, at: &str, value: &Value, faults: &mut Vec<String>) {
        for chat_type in ["direct", "group", "task"] {
            self.check(&format!("{at}/{chat_type}"), "Unread", &value[chat_type], faults);
        }
    }
}

/// Whether a value is of a kind other than the objects of the table.
fn is(kind: &str, value: &Value) -> bool {
    let text = value.as_str();
    if let Some((_, words)) = WORDS.iter().find(|(name, _)| *name == kind) {
        return text.is_some_and(|text| words.contains(&text));
    }
    match kind {
        "any" => true,
        "null" => value.is_null(),
        "bool" => value.is_boolean(),
        "str" => value.is_string(),
        "int" | "i64" => value.is_i64(),
        "uint" => value.is_u64(),
        "dt" => text.is_some_and(|text| Format::Time.fits(text)),
        "jid" => text.is_some_and(|text| ['d', 'g', 't'].iter().any(|kind| Format::Jid(*kind).fits(text))),
        // The product sends no other objects.
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::Fields;
    use serde_json::json;

    #[test]
    fn faults_of_a_value_that_does_not_decode_are_listed() {
        let fields = Fields::load();
        let right = json!({"url": "http://h/1x.jpg", "width": 1, "height": 1});
        assert_eq!(fields.faults("SingleIcon", &right), Vec::<String>::new());
        let wrong = json!({"url": 1, "width": 1.5, "depth": 1});
        assert_eq!(fields.faults("SingleIcon", &wrong).len(), 4);
        assert_eq!(fields.faults("[SingleIcon]", &right).len(), 1);
        assert_eq!(fields.faults("IconData", &json!({"stub": "x", "sm": null})), Vec::<String>::new());
    }
}
