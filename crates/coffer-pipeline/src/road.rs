//! The road: six rooms in a row, each of which only opens with what the one before it made.
//!
//! receive → authenticate → decode → authorize → decide → respond
//!
//! Where there are quotas, a request counts to them once it is decoded.
//!
//! Where a decision orders something outside of the process, that is carried out between deciding
//! and responding.

mod authenticate;
mod authorize;
mod carry_out;
mod decide;
mod decode;
mod foresee;
mod receive;
mod record;
mod respond;
mod route;
mod throttle;

use std::sync::Arc;

use coffer_protocol::Fault;
use tracing::Instrument as _;

use self::route::NoRoute;

use crate::operation::{Operation, Service, Travelling};
use crate::quota::Quotas;
use crate::spans;
use crate::world::World;

pub use authenticate::Authenticated;
pub use authorize::Authorized;
pub use decide::{Decision, decide};
pub use decode::Decoded;
pub use foresee::Foreseen;
pub(crate) use foresee::foresee;
pub use receive::{Received, TlsSession};
pub use respond::Answer;
pub use route::{Route, Routes};

/// The road with all that its rooms need.
pub struct Road {
    world: Arc<World>,
    routes: Routes,
    authenticator: authenticate::Authenticator,
    request_ids: receive::RequestIds,
    quotas: Option<Quotas>,
}

impl Road {
    /// Builds the road to these services.
    pub fn new(world: Arc<World>, services: &'static [Service]) -> Self {
        let request_ids = receive::RequestIds::new(world.entropy.as_ref());
        let authenticator = authenticate::Authenticator::new(world.tables.store().as_ref());
        let routes = Routes::new(services);
        Self { world, routes, authenticator, request_ids, quotas: None }
    }

    /// The same road with quotas on its services.
    #[must_use]
    pub fn with_quotas(self, quotas: Option<Quotas>) -> Self {
        Self { quotas, ..self }
    }

    /// The lasting surroundings.
    pub fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// Whether the store can be read now.
    ///
    /// # Errors
    /// Why not.
    pub async fn is_ready(&self) -> Result<(), Fault> {
        let key = crate::identity::AccessKeyRecord::key_of("");
        let read = self.world.tables.get_fresh::<crate::identity::AccessKeyRecord>(&key).await;
        read.map(drop).map_err(|error| Fault::unavailable(error.to_string()))?;
        if self.world.root_key.is_lost() {
            return Err(Fault::unavailable(
                "the root key was changed, and the new one is not here",
            ));
        }
        Ok(())
    }

    /// Every route there is.
    pub fn routes(&self) -> &Routes {
        &self.routes
    }

    /// Takes a request all the way. The answer is always one that can be sent.
    ///
    /// A future is copied whole into each one that waits for it. So that those of the usual way stay
    /// small, the request lies behind a pointer, and what is seldom waited for in a future of its own.
    pub async fn travel(&self, received: Box<Received>) -> Answer {
        let request_id = self.request_ids.next();
        let route = match self.routes.find(&received) {
            Ok(route) => route,
            Err(missing) => {
                let NoRoute { fault, protocol } = *missing;
                return Answer::fault_in(protocol, request_id, fault);
            }
        };
        let span = spans::authenticate();
        match authenticate::authenticate(self, route, request_id, received).instrument(span).await {
            Ok(request) => (route.entry.travel)(self, request).await,
            Err(stranger) => {
                let authenticate::Stranger { request_id, received, fault } = *stranger;
                Box::pin(self.answer_stranger(route, request_id, &received, fault)).await
            }
        }
    }

    /// What would be decided about a request, whose signature is verified; nothing of it is done,
    /// and no record is kept.
    ///
    /// # Errors
    /// A request that nobody is known to have sent, and see [`Entry::foresee`](crate::Entry::foresee).
    pub async fn foresee(&self, received: Box<Received>) -> Result<Vec<Foreseen>, Fault> {
        let request_id = self.request_ids.next();
        let route = self.routes.find(&received).map_err(|missing| missing.fault)?;
        let request = authenticate::authenticate(self, route, request_id, received).await;
        let request = request.map_err(|stranger| stranger.fault)?;
        let (route, context, received) = request.into_parts();
        route.entry.foresee(&self.world, &context, route, &received).await
    }

    async fn answer_stranger(
        &self,
        route: Route,
        request_id: String,
        received: &Received,
        fault: Fault,
    ) -> Answer {
        let key = authenticate::named_access_key(received);
        let recorded =
            record::stranger(self, route, &request_id, received, key.as_deref(), &fault).await;
        Answer::fault(route, request_id, recorded.err().unwrap_or(fault))
    }

    /// Refuses a request before it could be read whole, in the words of the service it asked for.
    pub async fn refuse(&self, received: &Received, fault: Fault) -> Answer {
        let request_id = self.request_ids.next();
        match self.routes.find(received) {
            Ok(route) => self.answer_stranger(route, request_id, received, fault).await,
            Err(missing) => Answer::fault_in(missing.protocol, request_id, fault),
        }
    }
}

/// The typed half of the road. What needs no waiting is done before there is a future, so that the
/// future, which every request allocates, holds the decision alone.
pub(crate) fn travel<O: Operation>(road: &Road, request: Authenticated) -> Travelling<'_> {
    spans::tell(request.context());
    let real_now = request.real_now();
    let decoded = decode::decode::<O>(request);
    match &road.quotas {
        None => go_on(road, decoded),
        Some(quotas) => Box::pin(async move {
            match throttle::throttle(road, quotas, &decoded, real_now).await {
                Ok(()) => go_on(road, decoded).await,
                Err(answer) => answer,
            }
        }),
    }
}

fn go_on<O: Operation>(
    road: &Road,
    decoded: Result<Decoded<O>, Box<decode::Unreadable>>,
) -> Travelling<'_> {
    match decoded {
        Ok(decoded) => Box::pin(async move {
            let decided = match decide::decide_traced(&road.world, &decoded).await {
                Ok((output, trace)) if trace.order.is_some() => {
                    Box::pin(carry_out::carry_out(road, &decoded, output, trace)).await
                }
                Ok((output, trace)) => {
                    let kept = record::answered(road, &decoded, &output, &trace).kept();
                    kept.instrument(spans::record()).await.map(|()| output)
                }
                Err(fault) => {
                    let recorded = record::refused(road, &decoded, &fault);
                    let recorded = recorded.instrument(spans::record()).await;
                    Err(recorded.err().unwrap_or(fault))
                }
            };
            let Decoded { route, context, .. } = decoded;
            match decided {
                Ok(output) => Answer::output(route, context.request_id, &output),
                Err(fault) => Answer::fault(route, context.request_id, fault),
            }
        }),
        Err(unreadable) => Box::pin(async move {
            let decode::Unreadable { route, context, fault } = *unreadable;
            let recorded = record::unreadable(road, route, &context, &fault).await;
            Answer::fault(route, context.request_id, recorded.err().unwrap_or(fault))
        }),
    }
}
