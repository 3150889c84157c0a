//! Decode: the request becomes the operation's input, or all that is wrong with it becomes a fault.

use coffer_protocol::{Fault, json, rest};

use super::route::form_of;
use super::{Authenticated, Received, Route};
use crate::context::RequestContext;
use crate::operation::{Operation, Protocol};

/// A request whose input is well formed and within every constraint.
pub struct Decoded<O: Operation> {
    pub(crate) route: Route,
    pub(crate) context: RequestContext,
    pub(crate) input: O::Input,
}

/// A request of a known caller whose input cannot be read.
pub(crate) struct Unreadable {
    pub(crate) route: Route,
    pub(crate) context: RequestContext,
    pub(crate) fault: Fault,
}

pub(crate) fn decode<O: Operation>(request: Authenticated) -> Result<Decoded<O>, Box<Unreadable>> {
    let (route, context, received) = request.into_parts();
    match input_of::<O>(route, &received) {
        Ok(input) => Ok(Decoded { route, context, input }),
        Err(fault) => Err(Box::new(Unreadable { route, context, fault })),
    }
}

/// Reads an operation's input as its service's protocol writes it.
pub(super) fn input_of<O: Operation>(route: Route, received: &Received) -> Result<O::Input, Fault> {
    match route.service.protocol {
        Protocol::Json { .. } => json::decode(&received.body),
        Protocol::Query { .. } => form_of(received).and_then(|form| form.decode()),
        Protocol::RestJson => {
            let http = O::HTTP.ok_or_else(Fault::unknown_operation)?;
            rest::decode(&received.parts(), &http)
        }
    }
}
