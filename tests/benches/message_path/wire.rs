//! A minimal HTTP/1.1 client: a driver that does more would measure itself.

use crate::{
    Outcome, measured,
    subject::Subject,
    times::{Times, rate},
};
use std::time::Instant;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const CONNECTIONS: usize = 64;

/// One GET on a new connection.
pub(crate) async fn get(address: &str, path: &str) -> Outcome<()> {
    let mut connection = Connection::open(address).await?;
    connection.get(&request(address, path)).await
}

/// GETs of the ping over many connections, each waiting for its answer.
pub(crate) async fn pings(subject: &Subject) -> Outcome<String> {
    let address = subject.address();
    let request = request(&address, subject.ping());
    let started = Instant::now();
    let over = started + measured();
    let mut tasks = Vec::new();
    for _ in 0..CONNECTIONS {
        let (mut connection, request) = (Connection::open(&address).await?, request.clone());
        tasks.push(tokio::spawn(async move {
            let mut times = Times::default();
            while Instant::now() < over {
                let began = Instant::now();
                connection.get(&request).await?;
                times.0.push(began.elapsed());
            }
            Outcome::Ok(times)
        }));
    }
    let mut all = Times::default();
    for task in tasks {
        all.0.extend(task.await??.0);
    }
    Ok(format!("{}; {}", rate(all.0.len(), started.elapsed()), all.tell()))
}

fn request(address: &str, path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n\r\n").into_bytes()
}

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(address: &str) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; 16_384] })
    }

    /// Sends the request and reads the whole answer, which must be 200.
    async fn get(&mut self, request: &[u8]) -> Outcome<()> {
        self.stream.write_all(request).await?;
        let mut have = 0;
        loop {
            let read = self.stream.read(&mut self.buffer[have..]).await?;
            if read == 0 {
                return Err("the server closed the connection".into());
            }
            have += read;
            let text = &self.buffer[..have];
            if let Some(length) = whole_length(text)
                && have >= length
            {
                let ok = text.starts_with(b"HTTP/1.1 200");
                return if ok { Ok(()) } else { Err(String::from_utf8_lossy(text).into_owned().into()) };
            }
        }
    }
}

/// Length of head and body, once the head is complete.
fn whole_length(text: &[u8]) -> Option<usize> {
    let head = text.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let lines = text[..head].split(|byte| *byte == b'\n');
    let mut length = lines.filter_map(|line| {
        let (name, value) = std::str::from_utf8(line).ok()?.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    Some(head + length.next().unwrap_or(0))
}
