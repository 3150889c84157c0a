//! The client: keep-alive connections that send the same bytes again and again.

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::runtime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::MissedTickBehavior;

use crate::call::lengths;

/// Connections that send as fast as answers come back.
///
/// The client looks for answers without ever sleeping. A server pays for waking a sleeping client,
/// and the faster server would meet an awake one more often, which is not what is measured here.
pub(crate) struct Closed {
    connections: Vec<Polled>,
}

impl Closed {
    /// Opens so many connections.
    pub(crate) fn open(server: SocketAddr, connections: usize) -> Result<Self, String> {
        let connections =
            (0..connections).map(|_| Polled::open(server)).collect::<Result<_, _>>()?;
        Ok(Self { connections })
    }

    /// Sends `count` requests in all, one at a time on each connection, and returns when all answers
    /// are there.
    pub(crate) fn send(&mut self, requests: &mut Requests, count: usize) -> Result<(), String> {
        let mut unsent = count;
        let mut unanswered = count;
        for connection in self.connections.iter_mut().take(count) {
            connection.send(requests.next())?;
            unsent -= 1;
        }
        while unanswered > 0 {
            for connection in &mut self.connections {
                if !connection.waits || !connection.has_answer()? {
                    continue;
                }
                unanswered -= 1;
                if unsent > 0 {
                    connection.send(requests.next())?;
                    unsent -= 1;
                }
            }
        }
        Ok(())
    }
}

/// Signed requests, sent one after the other and then from the first again.
#[derive(Clone)]
pub(crate) struct Requests {
    all: Arc<[Vec<u8>]>,
    sent: usize,
}

impl Requests {
    /// One request, again and again.
    pub(crate) fn one(request: Vec<u8>) -> Self {
        Self::of(vec![request])
    }

    /// These, at least one.
    pub(crate) fn of(all: Vec<Vec<u8>>) -> Self {
        Self { all: all.into(), sent: 0 }
    }

    fn next(&mut self) -> &[u8] {
        self.sent += 1;
        self.at(self.sent - 1)
    }

    fn at(&self, number: usize) -> &[u8] {
        let place = number % self.all.len().max(1);
        self.all.get(place).map(Vec::as_slice).unwrap_or_default()
    }
}

/// A connection that is looked at, never waited for.
struct Polled {
    stream: std::net::TcpStream,
    answer: Vec<u8>,
    bytes: usize,
    /// Whether a request is out whose answer is not whole yet.
    waits: bool,
}

impl Polled {
    fn open(server: SocketAddr) -> Result<Self, String> {
        let stream = std::net::TcpStream::connect(server).map_err(|error| error.to_string())?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        stream.set_nonblocking(true).map_err(|error| error.to_string())?;
        Ok(Self { stream, answer: vec![0; ANSWER_BYTES_MAX], bytes: 0, waits: false })
    }

    /// Sends a request whole; it is small enough for the socket's buffer.
    fn send(&mut self, request: &[u8]) -> Result<(), String> {
        self.bytes = 0;
        self.waits = true;
        self.stream.write_all(request).map_err(|error| error.to_string())
    }

    fn has_answer(&mut self) -> Result<bool, String> {
        let room = self.answer.get_mut(self.bytes..).unwrap_or_default();
        match self.stream.read(room) {
            Ok(0) => return Err("the server hung up".to_owned()),
            Ok(bytes) => self.bytes += bytes,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error.to_string()),
        }
        let answer = self.answer.get(..self.bytes).unwrap_or_default();
        let Some((head_bytes, body_bytes)) = lengths(answer) else { return Ok(false) };
        if answer.len() < head_bytes + body_bytes {
            return Ok(false);
        }
        self.waits = false;
        if answer.starts_with(b"HTTP/1.1 200") {
            Ok(true)
        } else {
            Err(String::from_utf8_lossy(answer).into_owned())
        }
    }
}

const ANSWER_BYTES_MAX: usize = 16 * 1024;

/// Sends at a fixed rate, whether or not answers have come, and returns each latency in
/// microseconds, counted from when the request was due.
pub(crate) async fn paced(
    server: SocketAddr,
    requests: &Requests,
    connections: usize,
    count: usize,
    rate_per_second: f64,
) -> Result<Vec<f64>, String> {
    let mut tasks = Vec::with_capacity(connections);
    let share = u32::try_from(connections).map_err(|error| error.to_string())?;
    let pause = Duration::from_secs_f64(f64::from(share) / rate_per_second);
    for place in 0..share {
        let mut connection = Connection::open(server).await?;
        let mut requests = requests.clone();
        let rounds = count / connections;
        tasks.push(runtime::spawn(async move {
            let first = tokio::time::Instant::now() + pause * place / share;
            let mut ticks = tokio::time::interval_at(first, pause);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
            let mut latencies = Vec::with_capacity(rounds);
            for _ in 0..rounds {
                // A timer wakes up to a millisecond late. That is not the server's doing, unless
                // the answer before was late itself.
                let was_early = tokio::time::Instant::now();
                let due = ticks.tick().await;
                let since = if was_early < due { tokio::time::Instant::now() } else { due };
                connection.round(requests.next()).await?;
                latencies.push(since.elapsed().as_secs_f64() * 1e6);
            }
            Ok::<_, String>(latencies)
        }));
    }
    let mut all = Vec::with_capacity(count);
    for task in tasks {
        all.extend(task.await.map_err(|error| error.to_string())??);
    }
    Ok(all)
}

struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Connection {
    async fn open(server: SocketAddr) -> Result<Self, String> {
        let stream = TcpStream::connect(server).await.map_err(|error| error.to_string())?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        Ok(Self { stream, answer: Vec::with_capacity(4096) })
    }

    async fn round(&mut self, request: &[u8]) -> Result<(), String> {
        let told = |error: std::io::Error| error.to_string();
        self.stream.write_all(request).await.map_err(told)?;
        self.answer.clear();
        loop {
            if self.stream.read_buf(&mut self.answer).await.map_err(told)? == 0 {
                return Err("the server hung up".to_owned());
            }
            if let Some((head_bytes, body_bytes)) = lengths(&self.answer)
                && self.answer.len() >= head_bytes + body_bytes
            {
                break;
            }
        }
        if self.answer.starts_with(b"HTTP/1.1 200") {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&self.answer).into_owned())
        }
    }
}

/// Sends `count` requests in all as fast as answers come back, one at a time on each of the
/// connections, and returns in how many seconds. Between answers the client sleeps, so that whatever
/// the server waits for may use the client's core.
pub(crate) async fn closed(
    server: SocketAddr,
    requests: &Requests,
    connections: usize,
    count: usize,
) -> Result<f64, String> {
    let sent = Arc::new(AtomicUsize::new(0));
    let mut clients = Vec::with_capacity(connections);
    for _ in 0..connections {
        clients.push(Connection::open(server).await?);
    }
    let started = tokio::time::Instant::now();
    let tasks = clients.into_iter().map(|mut connection| {
        let (requests, sent) = (requests.clone(), Arc::clone(&sent));
        runtime::spawn(async move {
            loop {
                let number = sent.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return Ok::<_, String>(());
                }
                connection.round(requests.at(number)).await?;
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.map_err(|error| error.to_string())??;
    }
    Ok(started.elapsed().as_secs_f64())
}
