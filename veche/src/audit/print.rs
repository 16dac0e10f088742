//! Printing of events, for terminals and as JSON.

use audit::{DecodedEntry, Entry};
use chrono::SecondsFormat;
use std::io::{self, Write, stdout};

/// Maximum number of characters of an event's data in a line.
const GLIMPSE: usize = 160;

/// Prints one event per line, as JSON or as text.
pub(super) fn lines(entry: &[DecodedEntry], json: bool) -> io::Result<()> {
    let mut out = stdout().lock();
    for entry in entry {
        match json {
            true => writeln!(out, "{}", serde_json::to_string(entry)?)?,
            false => writeln!(out, "{}  {}", line(&entry.entry), glimpse(entry))?,
        }
    }
    out.flush()
}

/// Position, time, stored name, stream and actor of an event.
pub(super) fn line(entry: &Entry) -> String {
    let Entry { position, kind, stream, actor, command, .. } = entry;
    let at = entry.at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let who = actor.map_or_else(|| "nobody known".to_owned(), |actor| actor.to_string());
    plain(&format!("{position:>8}  {at}  {kind:<28}  {stream}  by {who}  ({command})"))
}

fn glimpse(entry: &DecodedEntry) -> String {
    match entry.data() {
        Ok(data) => {
            let mut text = data.to_string();
            if text.len() > GLIMPSE {
                text.truncate(text.floor_char_boundary(GLIMPSE));
                text.push('…');
            }
            plain(&text)
        }
        Err(why) => format!("unreadable: {}", plain(&why)),
    }
}

/// Text without control characters, which could move the cursor of the reader's terminal.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '\u{FFFD}' } else { letter }).collect()
}
