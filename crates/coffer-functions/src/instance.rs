//! One instance of a function: its conversation with one process, from the first event to the last.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use coffer_model::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::exchange::{Answer, Event, Exchange};
use crate::function::{Function, Invocation};
use crate::functions::Shared;
use crate::log_lines::LogLines;
use crate::log_tail::{Report, Status};
use crate::outcome::{Exit, Fault, FunctionError, Outcome};
use crate::peer;
use crate::pool::{Job, Place, Reply};
use crate::runtime_api;
use crate::start::{Keeper, Scratch};
use crate::watched::Watched;

/// An instance that has been started.
pub(crate) struct Instance {
    shared: Arc<Shared>,
    place: Place,
    function: Function,
    exchange: Arc<Exchange>,
    watched: Watched,
    scratch: Scratch,
    /// Keeps the code's folder where it is.
    _code: Option<Arc<Path>>,
    expires: Timestamp,
    /// When its start began, until its first invocation.
    since: Option<Instant>,
}

/// What starting an instance gives.
pub(crate) struct Parts {
    pub(crate) keeper: Keeper,
    pub(crate) scratch: Scratch,
    pub(crate) code: Option<Arc<Path>>,
    pub(crate) expires: Timestamp,
    pub(crate) since: Instant,
}

/// What came of waiting for an instance's process.
enum Wake<T> {
    Got(T),
    Ended(Exit),
    TimedOut,
}

/// What a process makes of an event.
enum Heard {
    Response(Bytes),
    Error(Bytes),
    Fault(Fault),
    /// It has ended without having seen the event.
    NotTaken,
}

impl Heard {
    /// Whether the process has spoken, and can go on.
    fn is_answer(&self) -> bool {
        match self {
            Self::Response(_) | Self::Error(_) | Self::Fault(Fault::ResponseTooLarge) => true,
            Self::Fault(_) | Self::NotTaken => false,
        }
    }
}

/// How long an invocation and the start before it took.
struct Durations {
    own: Duration,
    init: Option<Duration>,
}

impl Instance {
    pub(crate) fn new(shared: Arc<Shared>, place: Place, function: Function, it: Parts) -> Self {
        let is_on = shared.settings.logs_lines;
        let lines = LogLines::new(&function, is_on);
        Self {
            shared,
            place,
            function,
            exchange: Arc::default(),
            watched: Watched::new(it.keeper, lines),
            scratch: it.scratch,
            _code: it.code,
            expires: it.expires,
            since: Some(it.since),
        }
    }

    /// Serves invocations, beginning with this one, until there is nothing more to do.
    pub(crate) async fn run(
        mut self,
        listener: TcpListener,
        first: Job,
        mut stop: watch::Receiver<bool>,
    ) {
        let Place { uid, is_alone, .. } = self.place;
        // Without a process there is nobody whose connections would be taken.
        let keeper = self.watched.process().unwrap_or_default();
        let peer = peer::Instance { keeper, uid, is_alone };
        let serving = runtime_api::serve(listener, self.exchange.clone(), peer);
        tokio::select! {
            () = serving => {}
            () = self.work(first) => {}
            _ = stop.wait_for(|is_stopped| *is_stopped) => {}
        }
        self.place.end();
        self.watched.end(&self.function.name).await;
        // Not on a thread that answers requests: it may be large.
        let scratch = self.scratch;
        tokio::task::spawn_blocking(move || drop(scratch)).await.ok();
    }

    async fn work(&mut self, first: Job) {
        let mut next = Some(first);
        while let Some(job) = next {
            if !self.serve(job).await {
                return;
            }
            next = self.rest().await;
        }
    }

    /// Waits for the next job; none where the instance is to end.
    async fn rest(&mut self) -> Option<Job> {
        let deadline = Instant::now() + self.shared.settings.idle_time_max;
        while self.watched.exit.is_none() {
            tokio::select! {
                job = self.place.jobs.recv() => return job,
                () = self.watched.look() => {}
                () = tokio::time::sleep_until(deadline) => {
                    if self.place.retire() {
                        return None;
                    }
                    // It was given a job at this very moment.
                    return self.place.jobs.recv().await;
                }
            }
        }
        None
    }

    /// Serves one invocation; whether the instance can serve another.
    async fn serve(&mut self, job: Job) -> bool {
        let Job { invocation, reply } = job;
        let timeout = self.function.timeout;
        self.watched.lines.begin(&invocation.request_id);
        let since = self.since.take();
        // AWS: ten seconds are there to start, and what is left to do then counts as the function's.
        let start_max = if since.is_some() { INIT_TIME_MAX + timeout } else { timeout };
        let ready = self.until(Instant::now() + start_max, Exchange::ready).await;
        let init = since.map(|since| since.elapsed());
        self.watched.read_log();
        self.watched.log.start(&invocation.request_id, &self.function.version);
        let begin = Instant::now();
        let heard = match ready {
            Wake::Got(Ok(())) => self.hand_over(&invocation, begin + timeout, init.is_some()).await,
            Wake::Got(Err(error)) => Heard::Error(error),
            Wake::Ended(exit) => Heard::Fault(Fault::Exited(exit)),
            Wake::TimedOut => Heard::Fault(Fault::TimedOut { timeout }),
        };
        let durations = Durations { own: begin.elapsed(), init };
        let has_answered = heard.is_answer();
        // Its client asks for the next event at once, and then all is in the log.
        let soon = Instant::now() + RETURN_TIME_MAX;
        let mut is_back = has_answered && self.is_back(soon).await;
        let says = self.outcome(heard, &invocation, &durations);
        // Who asked may have gone; or may ask again at once, and finds this instance.
        reply.send(says.map_or(Reply::NotTaken, |outcome| Reply::Done(Ok(outcome)))).ok();
        if has_answered && !is_back {
            is_back = self.is_back(begin + timeout).await;
        }
        is_back
    }

    /// Waits until the runtime wants another event, and lets it have one.
    async fn is_back(&mut self, deadline: Instant) -> bool {
        let is_back = matches!(self.until(deadline, Exchange::ready).await, Wake::Got(Ok(())));
        if is_back {
            self.place.idle(self.expires);
        }
        is_back
    }

    async fn hand_over(&mut self, it: &Invocation, deadline: Instant, is_cold: bool) -> Heard {
        let timeout = self.function.timeout;
        self.exchange.offer(Event {
            request_id: it.request_id.clone(),
            deadline_ms: self.shared.host.real_now().plus(timeout).as_millis(),
            function_arn: self.function.arn.clone(),
            trace_id: it.trace_id.clone(),
            client_context: it.client_context.clone(),
            payload: it.payload.clone(),
        });
        match self.until(deadline, Exchange::take_answer).await {
            Wake::Got(Answer::Response(payload)) => Heard::Response(payload),
            Wake::Got(Answer::Error(error)) => Heard::Error(error),
            Wake::Got(Answer::TooLarge) => Heard::Fault(Fault::ResponseTooLarge),
            Wake::Ended(_) if !is_cold && self.exchange.is_offered() => Heard::NotTaken,
            Wake::Ended(exit) => Heard::Fault(Fault::Exited(exit)),
            Wake::TimedOut => Heard::Fault(Fault::TimedOut { timeout }),
        }
    }

    /// Waits until the runtime has done something, has ended, or has taken too long.
    async fn until<T>(
        &mut self,
        deadline: Instant,
        found: impl Fn(&Exchange) -> Option<T>,
    ) -> Wake<T> {
        loop {
            if let Some(found) = found(&self.exchange) {
                return Wake::Got(found);
            }
            if let Some(exit) = self.watched.exit {
                return Wake::Ended(exit);
            }
            tokio::select! {
                () = self.exchange.changed() => {}
                () = self.watched.look() => {}
                () = tokio::time::sleep_until(deadline) => return Wake::TimedOut,
            }
        }
    }

    /// What the caller sees, with the log's last lines; nothing where the event was not taken.
    fn outcome(&mut self, heard: Heard, it: &Invocation, durations: &Durations) -> Option<Outcome> {
        let memory_peak_bytes = self.watched.memory_peak_bytes();
        self.watched.read_log();
        self.watched.lines.end_line();
        let log = &mut self.watched.log;
        let (payload, status) = match heard {
            Heard::NotTaken => return None,
            Heard::Response(payload) => (payload, Status::Answered),
            Heard::Error(error) => (error, Status::Raised),
            Heard::Fault(fault) => {
                log.fault(&it.request_id, &fault, self.shared.host.real_now());
                self.watched.lines.tell(&fault.sentence());
                let status = match fault {
                    Fault::TimedOut { .. } => Status::TimedOut,
                    _ => Status::Failed(fault.error_type()),
                };
                (fault.payload(&it.request_id), status)
            }
        };
        log.end(&Report {
            request_id: &it.request_id,
            duration: durations.own,
            init_duration: durations.init,
            memory_mb: self.function.memory_mb,
            memory_peak_bytes,
            status,
        });
        let is_error = status != Status::Answered;
        Some(Outcome {
            payload,
            function_error: is_error.then_some(FunctionError::Unhandled),
            log_tail: log.take(),
            executed_version: self.function.version.clone(),
            duration: durations.own,
        })
    }
}

const INIT_TIME_MAX: Duration = Duration::from_secs(10);
/// How long an answer waits for its client to ask for another event, which AWS's do at once.
const RETURN_TIME_MAX: Duration = Duration::from_secs(1);
