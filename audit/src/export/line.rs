//! One event of an export: a line of JSON, or a CSV record with the same columns.
//!
//! Hashes cover `number`, `stream`, `revision`, `event_id`, `kind`, and the stored bytes of data and metadata: as text
//! in `data` and `meta`, or as base64 in `data_base64` and `meta_base64` if they are not UTF-8. The other columns
//! repeat metadata for human readers.

use crate::{Entry, Hash};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use event_log::RawEvent;
use events::{EventId, Position, Revision, StreamName};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{
    io::{self, Read, Write},
    str,
};

/// Format of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// One JSON object per line.
    Ndjson,
    /// Comma-separated values (RFC 4180) with a header.
    Csv,
}

/// Columns of CSV.
const COLUMNS: [&str; 22] = [
    "number",
    "position",
    "hash",
    "previous",
    "at",
    "team",
    "actor",
    "contact",
    "session",
    "command",
    "command_id",
    "request_id",
    "correlation",
    "causation",
    "stream",
    "revision",
    "event_id",
    "kind",
    "data",
    "data_base64",
    "meta",
    "meta_base64",
];

#[derive(Serialize)]
struct Written<'w> {
    #[serde(flatten)]
    entry: &'w Entry,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<Hash>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'w str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_base64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<&'w str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta_base64: Option<String>,
}

/// Writes events in a format.
#[derive(Clone, Copy)]
pub(super) struct LineWriter(Format);

impl LineWriter {
    pub(super) fn new(format: Format) -> Self {
        Self(format)
    }

    /// Writes the header, if the format has one.
    pub(super) fn head(self, out: &mut impl Write) -> io::Result<()> {
        match self.0 {
            Format::Ndjson => Ok(()),
            Format::Csv => record(out, COLUMNS),
        }
    }

    pub(super) fn event(
        self,
        out: &mut impl Write,
        entry: &Entry,
        previous: Option<Hash>,
        raw: &RawEvent,
    ) -> io::Result<()> {
        let (data, data_base64) = text_or_base64(&raw.data);
        let (meta, meta_base64) = text_or_base64(&raw.meta);
        let written = Written { entry, previous, data, data_base64, meta, meta_base64 };
        match self.0 {
            Format::Ndjson => {
                serde_json::to_writer(&mut *out, &written)?;
                out.write_all(b"\n")
            }
            Format::Csv => {
                let fields = serde_json::to_value(&written)?;
                record(out, COLUMNS.map(|column| cell(&fields[column])))
            }
        }
    }
}

fn record<const N: usize>(out: &mut impl Write, cells: [impl AsRef<[u8]>; N]) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    writer.write_record(cells)?;
    writer.flush()
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn text_or_base64(bytes: &[u8]) -> (Option<&str>, Option<String>) {
    match str::from_utf8(bytes) {
        Ok(text) => (Some(text), None),
        Err(_) => (None, Some(STANDARD.encode(bytes))),
    }
}

/// An event as read from a file; columns that hashes do not cover are ignored.
#[derive(Deserialize)]
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) hash: Hash,
    #[serde(default)]
    pub(super) previous: Option<Hash>,
    position: Position,
    stream: String,
    revision: Revision,
    event_id: EventId,
    kind: String,
    #[serde(default)]
    data: Option<String>,
    #[serde(default)]
    data_base64: Option<String>,
    #[serde(default)]
    meta: Option<String>,
    #[serde(default)]
    meta_base64: Option<String>,
}

impl Line {
    /// The event on the line.
    pub(super) fn event(&self) -> Result<RawEvent, String> {
        Ok(RawEvent {
            position: self.position,
            stream: StreamName::stored(self.stream.clone()),
            revision: self.revision,
            id: self.event_id,
            kind: self.kind.clone(),
            data: bytes_of(self.data.as_deref(), self.data_base64.as_deref())?,
            meta: bytes_of(self.meta.as_deref(), self.meta_base64.as_deref())?,
        })
    }
}

fn bytes_of(text: Option<&str>, base64: Option<&str>) -> Result<Bytes, String> {
    match base64.filter(|digits| !digits.is_empty()) {
        Some(digits) => STANDARD.decode(digits).map(Bytes::from).map_err(|error| error.to_string()),
        None => Ok(Bytes::copy_from_slice(text.unwrap_or_default().as_bytes())),
    }
}

/// Parses the lines of a file; a line that cannot be parsed yields an error.
pub(super) fn read<'r>(
    format: Format,
    file: impl Read + 'r,
) -> Box<dyn Iterator<Item = Result<Line, String>> + 'r> {
    match format {
        Format::Ndjson => {
            let lines = serde_json::Deserializer::from_reader(file).into_iter::<Line>();
            Box::new(lines.map(|line| line.map_err(|error| error.to_string())))
        }
        Format::Csv => {
            let lines = csv::Reader::from_reader(file).into_deserialize::<Line>();
            Box::new(lines.map(|line| line.map_err(|error| error.to_string())))
        }
    }
}
