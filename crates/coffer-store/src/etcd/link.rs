//! The connection that some workers share, made anew when it breaks, to one member after the other.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::ClientConfig;
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};
use zeroize::Zeroize as _;

use super::EtcdAddress;
use super::address::Member;
use super::channel::Channel;
use super::failure::Failure;
use super::layout::Layout;
use super::limits;
use super::messages::{AuthenticateRequest, Question, StatusRequest, TxnRequest, TxnResponse};
use crate::remote::freshness::now;

/// What all connections of a store have in common.
pub(super) struct Cluster {
    pub(super) address: EtcdAddress,
    pub(super) tls: Option<Arc<ClientConfig>>,
    pub(super) layout: Layout,
}

/// A connection, and where the next one leads.
pub(super) struct Link {
    pub(super) cluster: Arc<Cluster>,
    state: Mutex<State>,
}

struct State {
    channel: Option<Arc<Channel>>,
    used_at: Instant,
    /// How many members were left so far.
    left: usize,
}

impl Cluster {
    /// Connects to a member that is there, and logs in.
    pub(super) async fn connect(&self, member: &Member) -> Result<Channel, Failure> {
        let mut channel = Channel::connect(member, self.tls.as_ref()).await?;
        if let Some(login) = &self.address.login {
            let (name, password) = (login.user.clone(), login.password.to_string());
            let mut question = AuthenticateRequest { name, password };
            let answered = first(&channel, &question).await;
            question.password.zeroize();
            channel.set_token(&answered?.token)?;
        }
        // The system takes connections for a process that stands still; only an answer tells.
        let status = first(&channel, &StatusRequest {}).await?;
        limits::check_version(&status.version).map_err(Failure::Refused)?;
        Ok(channel)
    }
}

/// Asks for what comes before everything else.
async fn first<Q: Question>(channel: &Channel, question: &Q) -> Result<Q::Answer, Failure> {
    match timeout(FIRST, channel.ask(question, ANSWER_BYTES_MAX)).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(Failure::Refused(cause))) => Err(Failure::Refused(cause)),
        Ok(Err(failure)) => Err(Failure::Elsewhere(failure.cause())),
        Err(_) => Err(Failure::Elsewhere(SILENT.to_owned())),
    }
}

impl Link {
    pub(super) fn new(cluster: &Arc<Cluster>) -> Self {
        let state = State { channel: None, used_at: now(), left: 0 };
        Self { cluster: Arc::clone(cluster), state: Mutex::new(state) }
    }

    /// The connection, made now if there is none.
    pub(super) async fn channel(&self) -> Result<Arc<Channel>, Failure> {
        let mut state = self.state.lock().await;
        // What lies between may have forgotten a connection that was silent for long.
        let is_idle = now().duration_since(state.used_at) > IDLE_MAX;
        state.used_at = now();
        if let Some(channel) = state.channel.take_if(|it| is_idle || it.is_closed()) {
            drop(channel);
        }
        if let Some(channel) = &state.channel {
            return Ok(Arc::clone(channel));
        }
        let members = &self.cluster.address.members;
        let mut causes = Vec::new();
        for _ in 0..members.len() {
            let member = members.get(state.left % members.len());
            let member = member.ok_or_else(|| Failure::Refused("no member".to_owned()))?;
            match self.cluster.connect(member).await {
                Ok(channel) => return Ok(Arc::clone(state.channel.insert(Arc::new(channel)))),
                Err(Failure::Elsewhere(cause)) => causes.push(format!("{member}: {cause}")),
                Err(failure) => return Err(failure),
            }
            state.left += 1;
        }
        Err(Failure::Elsewhere(causes.join("; ")))
    }

    /// Gives a connection up that failed so.
    pub(super) async fn give_up(&self, failed: &Arc<Channel>, failure: &Failure) {
        let is_left = match failure {
            Failure::Refused(_) | Failure::Compacted | Failure::TooLong => return,
            Failure::Login(_) => false,
            Failure::Elsewhere(_) | Failure::Unclear(_) => true,
        };
        let mut state = self.state.lock().await;
        if state.channel.take_if(|channel| Arc::ptr_eq(channel, failed)).is_some() && is_left {
            state.left += 1;
        }
    }

    /// Asks for what does no harm when it is done twice, of one member after the other until one
    /// answers.
    pub(super) async fn read<Q: Question>(
        &self,
        question: &Q,
        bytes_max: usize,
    ) -> Result<Q::Answer, Failure> {
        let until = now() + DEADLINE;
        loop {
            let answered = self.ask(question, bytes_max, until.min(now() + ATTEMPT)).await;
            match answered {
                Err(Failure::Elsewhere(_) | Failure::Login(_) | Failure::Unclear(_))
                    if now() + PAUSE < until =>
                {
                    sleep(PAUSE).await;
                }
                answered => return answered,
            }
        }
    }

    /// Asks for a change, of one member after the other as long as it certainly was not made.
    pub(super) async fn write(&self, question: &TxnRequest) -> Result<TxnResponse, Failure> {
        let until = now() + DEADLINE;
        let last_try = now() + RETRY_FOR;
        loop {
            match self.ask(question, ANSWER_BYTES_MAX, until).await {
                Err(Failure::Elsewhere(_) | Failure::Login(_)) if now() < last_try => {
                    sleep(PAUSE).await;
                }
                answered => return answered,
            }
        }
    }

    async fn ask<Q: Question>(
        &self,
        question: &Q,
        bytes_max: usize,
        until: Instant,
    ) -> Result<Q::Answer, Failure> {
        let left = || until.saturating_duration_since(now());
        let connected = timeout(left().min(CONNECT), self.channel()).await;
        let connected =
            connected.unwrap_or_else(|_| Err(Failure::Elsewhere("no member answers".to_owned())));
        let channel = connected?;
        let answered = timeout(left(), channel.ask(question, bytes_max)).await;
        let answered = answered.unwrap_or_else(|_| Err(Failure::Unclear(SILENT.to_owned())));
        if let Err(failure) = &answered {
            self.give_up(&channel, failure).await;
        }
        answered
    }
}

const SILENT: &str = "no answer in time";
/// How long an answer is at most that holds no rows, or few.
pub(super) const ANSWER_BYTES_MAX: usize = 4 * 1_024 * 1_024;
/// How long who asks waits in all.
const DEADLINE: Duration = Duration::from_secs(10);
/// How long one member may take for a read before another one is asked.
const ATTEMPT: Duration = Duration::from_secs(4);
/// How long is tried to connect to some member.
const CONNECT: Duration = Duration::from_secs(4);
const FIRST: Duration = Duration::from_secs(3);
/// How long a change is asked for again: until there is a new leader, and no longer than leaves a
/// member time to answer.
const RETRY_FOR: Duration = Duration::from_secs(4);
const PAUSE: Duration = Duration::from_millis(100);
const IDLE_MAX: Duration = Duration::from_secs(60);
