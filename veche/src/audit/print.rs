//! Events for people at a terminal, and for programs.

use audit::{DecodedEntry, Entry};
use chrono::SecondsFormat;
use std::io::{self, Write, stdout};

/// How much of an event's data a line shows.
const GLIMPSE: usize = 160;

/// One event a line: as JSON, or for people.
pub(super) fn lines(told: &[DecodedEntry], json: bool) -> io::Result<()> {
    let mut out = stdout().lock();
    for told in told {
        match json {
            true => writeln!(out, "{}", serde_json::to_string(told)?)?,
            false => writeln!(out, "{}  {}", line(&told.entry), glimpse(told))?,
        }
    }
    out.flush()
}

/// Position, time, name, stream, who.
pub(super) fn line(entry: &Entry) -> String {
    let Entry { position, kind, stream, actor, command, .. } = entry;
    let at = entry.at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let who = actor.map_or_else(|| "nobody known".to_owned(), |actor| actor.to_string());
    plain(&format!("{position:>8}  {at}  {kind:<28}  {stream}  by {who}  ({command})"))
}

fn glimpse(told: &DecodedEntry) -> String {
    match told.data() {
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

/// What somebody wrote must not move the cursor of who reads it.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '\u{FFFD}' } else { letter }).collect()
}
