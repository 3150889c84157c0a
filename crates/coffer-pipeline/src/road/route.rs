//! Finds the operation that a request asks for: by `X-Amz-Target`, by its path, or by `Action`.

use std::collections::HashMap;

use coffer_protocol::Fault;
use coffer_protocol::query::Form;
use coffer_protocol::rest::Http;
use foldhash::fast::RandomState;
use http::header::{CONTENT_TYPE, HeaderName};

use super::Received;
use crate::operation::{Entry, Protocol, Service};

/// An operation and the service it belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// The service.
    pub service: &'static Service,
    /// The operation.
    pub entry: &'static Entry,
    /// The place of this route among all: for tables of counters.
    pub index: usize,
}

/// All routes.
pub struct Routes {
    by_target: HashMap<String, Route, RandomState>,
    by_action: HashMap<&'static str, (Protocol, HashMap<&'static str, Route>)>,
    /// So few that they are looked through.
    by_path: Vec<(Http, Route)>,
    all: Vec<Route>,
}

impl Routes {
    pub(crate) fn new(services: &'static [Service]) -> Self {
        let mut routes = Self {
            by_target: HashMap::default(),
            by_action: HashMap::new(),
            by_path: Vec::new(),
            all: Vec::new(),
        };
        for service in services {
            for entry in service.operations {
                let route = Route { service, entry, index: routes.all.len() };
                routes.all.push(route);
                match service.protocol {
                    Protocol::Json { target_prefix } => {
                        routes.by_target.insert(format!("{target_prefix}.{}", entry.name), route);
                    }
                    Protocol::Query { version, .. } => {
                        let new = || (service.protocol, HashMap::new());
                        let (_, actions) = routes.by_action.entry(version).or_insert_with(new);
                        actions.insert(entry.name, route);
                    }
                    Protocol::RestJson => {
                        routes.by_path.extend(entry.http.map(|http| (http, route)));
                    }
                }
            }
        }
        routes
    }

    /// Every route, in the order of their indexes.
    pub fn all(&self) -> &[Route] {
        &self.all
    }

    pub(crate) fn find(&self, received: &Received) -> Result<Route, Box<NoRoute>> {
        if let Some(target) = received.head.headers.get(TARGET) {
            let route = target.to_str().ok().and_then(|target| self.by_target.get(target));
            return route.copied().ok_or_else(|| NoRoute::json(Fault::unknown_operation()));
        }
        if let Some(found) = self.find_by_path(received) {
            return found;
        }
        let form = form_of(received).map_err(|fault| NoRoute::unread(received, fault))?;
        let Some(action) = form.action() else {
            return Err(NoRoute::json(Fault::unknown_operation()));
        };
        let version = form.version().unwrap_or(NO_VERSION);
        // Whoever names an action reads XML, also where no service speaks that version.
        let (protocol, route) = match self.by_action.get(version) {
            Some((protocol, actions)) => (*protocol, actions.get(action).copied()),
            None => (NO_SERVICE, None),
        };
        route.ok_or_else(|| {
            Box::new(NoRoute { fault: Fault::invalid_action(action, version), protocol })
        })
    }
}

impl Routes {
    /// The operation of a REST service; nothing where the path is none of such a service.
    ///
    /// AWS: the paths of the REST services that are here begin with the date of their API.
    fn find_by_path(&self, received: &Received) -> Option<Result<Route, Box<NoRoute>>> {
        let path = received.head.uri.path();
        let begins_with_date = path.as_bytes().get(1..3).is_some_and(|century| century == CENTURY);
        if !begins_with_date {
            return None;
        }
        let method = received.head.method.as_str();
        let mut all = self.by_path.iter();
        let found = all.find(|(http, _)| http.labels(method, path).is_some());
        let missing =
            || NoRoute { fault: Fault::unknown_operation(), protocol: Protocol::RestJson };
        Some(found.map(|(_, route)| *route).ok_or_else(|| Box::new(missing())))
    }
}

/// No operation was found, and the protocol to say so in.
#[derive(Debug)]
pub(crate) struct NoRoute {
    pub(crate) fault: Fault,
    pub(crate) protocol: Protocol,
}

impl NoRoute {
    fn json(fault: Fault) -> Box<Self> {
        Box::new(Self { fault, protocol: Protocol::Json { target_prefix: "" } })
    }

    /// Whoever says that it sends a form reads XML; clients fail on anything else.
    fn unread(received: &Received, fault: Fault) -> Box<Self> {
        let content_type = received.head.headers.get(CONTENT_TYPE);
        let is_form = content_type.is_some_and(|value| value.as_bytes().starts_with(FORM));
        match is_form {
            true => Box::new(Self { fault, protocol: NO_SERVICE }),
            false => Self::json(fault),
        }
    }
}

/// The form of an awsQuery request: its body, or its query string where it is a GET.
pub(super) fn form_of(received: &Received) -> Result<Form, Fault> {
    if received.head.method == http::Method::GET {
        return Form::parse(received.head.uri.query().unwrap_or_default().as_bytes());
    }
    Form::parse(&received.body)
}

const CENTURY: &[u8] = b"20";
const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const FORM: &[u8] = b"application/x-www-form-urlencoded";
// AWS: what it says of a form without a version, and the namespace of faults that are no service's
// (observed in answers of several query services).
const NO_VERSION: &str = "NO_VERSION_SPECIFIED";
const NO_SERVICE: Protocol =
    Protocol::Query { version: "", namespace: "http://webservices.amazon.com/AWSFault/2005-15-09" };
