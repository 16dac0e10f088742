//! A client of server-sent events.

use crate::{client::Client, eventually};
use futures::StreamExt;
use http::Method;
use serde_json::Value;

/// An open stream.
pub struct Events {
    chunks: futures::stream::BoxStream<'static, Vec<u8>>,
    /// Bytes not parsed yet: chunks end anywhere, even within a character.
    unread: Vec<u8>,
}

impl Events {
    /// Opens the stream at a path; panics if it does not open.
    pub async fn open(client: &Client, path: &str, headers: &[(&'static str, &str)]) -> Self {
        let url = client.addresses().http(&Method::GET, path) + path;
        let http = reqwest::Client::builder()
            .no_proxy()
            .local_address(client.source())
            .build()
            .expect("an HTTP client");
        let mut request = http.get(url).header("accept", "text/event-stream");
        for (name, value) in client.identity().header().iter().chain(headers) {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        let chunks = answer.bytes_stream().map(|chunk| chunk.map(|bytes| bytes.to_vec()).unwrap_or_default());
        Self { chunks: chunks.boxed(), unread: vec![] }
    }

    /// Returns the next event's id and data, or nothing once the stream has ended.
    pub async fn next(&mut self) -> Option<(Option<String>, Option<Value>)> {
        loop {
            if let Some(end) = self.unread.windows(2).position(|bytes| bytes == b"\n\n") {
                let rest = self.unread.split_off(end + 2);
                let event = String::from_utf8(std::mem::replace(&mut self.unread, rest)).expect("text");
                let line =
                    |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
                let data = line("data: ").map(|data| serde_json::from_str(&data).expect("data is JSON"));
                let found = (line("id: "), data);
                return Some(found);
            }
            let chunk = tokio::time::timeout(eventually::HANG_GUARD, self.chunks.next()).await;
            self.unread.extend(chunk.expect("the stream goes on")?);
        }
    }

    /// Returns the next event that has an id.
    pub async fn placed(&mut self) -> (String, Value) {
        loop {
            if let (Some(id), Some(data)) = self.next().await.expect("the stream goes on") {
                return (id, data);
            }
        }
    }
}
