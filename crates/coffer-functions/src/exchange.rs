//! Where the Runtime API of an instance and the one who invokes it meet: one event, one answer.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::Notify;

/// The state of one instance's conversation.
#[derive(Default)]
pub(crate) struct Exchange {
    state: Mutex<State>,
    /// Wakes the runtime's wait for an event.
    offered: Notify,
    /// Wakes who waits for the runtime.
    happened: Notify,
}

#[derive(Default)]
struct State {
    phase: Phase,
    /// The runtime may ask for its next event before this is taken.
    answer: Option<Answer>,
    /// Whether a request for the next event is open.
    has_waiter: bool,
}

#[derive(Default)]
enum Phase {
    #[default]
    Starting,
    InitFailed(Bytes),
    /// The runtime has asked for an event.
    Ready,
    Offered(Event),
    Running(String),
    Answered,
}

/// An event for the runtime.
#[derive(Clone)]
pub(crate) struct Event {
    pub(crate) request_id: String,
    pub(crate) deadline_ms: i64,
    pub(crate) function_arn: String,
    pub(crate) trace_id: Option<String>,
    pub(crate) client_context: Option<String>,
    pub(crate) payload: Bytes,
}

/// What a runtime says of an event.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    Response(Bytes),
    Error(Bytes),
    TooLarge,
}

/// Why a request of the runtime is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// There is no event with this id.
    WrongRequestId,
    /// What is asked for does not come after what was before.
    WrongOrder { from: &'static str, to: &'static str },
}

impl Exchange {
    /// Waits for the next event, on behalf of the runtime.
    pub(crate) async fn next(&self) -> Result<Event, Refusal> {
        let _waiter = self.wait()?;
        loop {
            let offered = self.offered.notified();
            {
                let mut state = self.state();
                if let Phase::Offered(event) = &state.phase {
                    let event = event.clone();
                    state.phase = Phase::Running(event.request_id.clone());
                    return Ok(event);
                }
            }
            offered.await;
        }
    }

    fn wait(&self) -> Result<Waiter<'_>, Refusal> {
        let mut state = self.state();
        let from = state.phase.name();
        let may_wait = !matches!(state.phase, Phase::InitFailed(_) | Phase::Running(_));
        if !may_wait || state.has_waiter {
            return Err(Refusal::WrongOrder { from, to: "Ready" });
        }
        state.has_waiter = true;
        // An event whose answer could not be delivered stays offered.
        if !matches!(state.phase, Phase::Offered(_)) {
            state.phase = Phase::Ready;
        }
        drop(state);
        self.happened.notify_one();
        Ok(Waiter(self))
    }

    /// Whether the runtime may answer the event.
    pub(crate) fn may_answer(&self, request_id: &str) -> Result<(), Refusal> {
        self.state().phase.may_answer(request_id)
    }

    /// Takes the runtime's answer.
    pub(crate) fn answer(&self, request_id: &str, answer: Answer) -> Result<(), Refusal> {
        let mut state = self.state();
        state.phase.may_answer(request_id)?;
        state.phase = Phase::Answered;
        state.answer = Some(answer);
        drop(state);
        self.happened.notify_one();
        Ok(())
    }

    /// Whether the runtime may still say that it could not start.
    pub(crate) fn may_fail_init(&self) -> Result<(), Refusal> {
        self.state().phase.may_fail_init()
    }

    /// Takes the error that kept the runtime from starting.
    pub(crate) fn fail_init(&self, error: Bytes) -> Result<(), Refusal> {
        let mut state = self.state();
        state.phase.may_fail_init()?;
        state.phase = Phase::InitFailed(error);
        drop(state);
        self.happened.notify_one();
        Ok(())
    }

    /// Offers an event, where the runtime waits for one.
    pub(crate) fn offer(&self, event: Event) {
        self.state().phase = Phase::Offered(event);
        self.offered.notify_one();
    }

    /// Whether the runtime waits for an event; the error that it could not start with.
    pub(crate) fn ready(&self) -> Option<Result<(), Bytes>> {
        match &self.state().phase {
            Phase::Ready => Some(Ok(())),
            Phase::InitFailed(error) => Some(Err(error.clone())),
            _ => None,
        }
    }

    /// Whether an event is offered that the runtime has not taken.
    pub(crate) fn is_offered(&self) -> bool {
        matches!(self.state().phase, Phase::Offered(_))
    }

    /// The runtime's answer, once.
    pub(crate) fn take_answer(&self) -> Option<Answer> {
        self.state().answer.take()
    }

    /// Waits until something may have changed.
    pub(crate) async fn changed(&self) {
        self.happened.notified().await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An open request for the next event.
struct Waiter<'a>(&'a Exchange);

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.state().has_waiter = false;
    }
}

impl Phase {
    fn name(&self) -> &'static str {
        match self {
            Self::Starting => "Starting",
            Self::InitFailed(_) => "InitError",
            Self::Ready | Self::Offered(_) => "Ready",
            Self::Running(_) => "Running",
            Self::Answered => "ResponseSent",
        }
    }

    fn may_answer(&self, request_id: &str) -> Result<(), Refusal> {
        match self {
            Self::Running(running) if running == request_id => Ok(()),
            Self::Running(_) => Err(Refusal::WrongRequestId),
            _ => Err(Refusal::WrongOrder { from: self.name(), to: "InvocationResponse" }),
        }
    }

    fn may_fail_init(&self) -> Result<(), Refusal> {
        match self {
            Self::Starting => Ok(()),
            _ => Err(Refusal::WrongOrder { from: self.name(), to: "InitError" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures_util::FutureExt as _;

    use super::{Answer, Event, Exchange, Refusal};

    fn event(request_id: &str) -> Event {
        Event {
            request_id: request_id.to_owned(),
            deadline_ms: 0,
            function_arn: String::new(),
            trace_id: None,
            client_context: None,
            payload: Bytes::new(),
        }
    }

    #[test]
    fn an_event_is_answered_once_and_by_its_own_id() {
        let exchange = Exchange::default();
        assert!(exchange.ready().is_none());
        let mut next = Box::pin(exchange.next());
        assert!(next.as_mut().now_or_never().is_none());
        assert_eq!(exchange.ready(), Some(Ok(())));
        let answer = || Answer::Response("1".into());
        assert!(matches!(exchange.answer("a", answer()), Err(Refusal::WrongOrder { .. })));
        exchange.offer(event("a"));
        assert_eq!(next.as_mut().now_or_never().unwrap().unwrap().request_id, "a");
        drop(next);
        assert!(exchange.take_answer().is_none());
        assert_eq!(exchange.answer("b", answer()), Err(Refusal::WrongRequestId));
        assert_eq!(exchange.answer("a", answer()), Ok(()));
        assert!(matches!(exchange.answer("a", answer()), Err(Refusal::WrongOrder { .. })));
        assert!(exchange.take_answer() == Some(answer()));
        assert!(exchange.take_answer().is_none() && exchange.ready().is_none());
    }

    #[test]
    fn an_answer_is_kept_when_the_next_event_is_asked_for_at_once() {
        let exchange = Exchange::default();
        let mut next = Box::pin(exchange.next());
        assert!(next.as_mut().now_or_never().is_none());
        exchange.offer(event("a"));
        assert!(next.as_mut().now_or_never().is_some());
        drop(next);
        assert_eq!(exchange.answer("a", Answer::Response("1".into())), Ok(()));
        assert!(exchange.next().now_or_never().is_none());
        assert!(exchange.take_answer() == Some(Answer::Response("1".into())));
    }

    #[test]
    fn one_request_waits_and_an_event_that_it_leaves_is_given_to_the_next() {
        let exchange = Exchange::default();
        let mut first = Box::pin(exchange.next());
        assert!(first.as_mut().now_or_never().is_none());
        assert!(matches!(exchange.next().now_or_never(), Some(Err(Refusal::WrongOrder { .. }))));
        exchange.offer(event("a"));
        drop(first);
        assert_eq!(exchange.next().now_or_never().unwrap().unwrap().request_id, "a");
        assert!(matches!(exchange.next().now_or_never(), Some(Err(Refusal::WrongOrder { .. }))));
    }

    #[test]
    fn a_runtime_that_could_not_start_is_given_nothing() {
        let exchange = Exchange::default();
        assert_eq!(exchange.fail_init("why".into()), Ok(()));
        assert_eq!(exchange.ready(), Some(Err("why".into())));
        assert!(exchange.next().now_or_never().unwrap().is_err());
        assert!(exchange.fail_init("why".into()).is_err());
    }
}
