//! What an operation is, and the tables of operations that the road dispatches on.

use std::pin::Pin;

use coffer_policy::ContextValues;
use coffer_protocol::rest::Http;
use coffer_protocol::shape::{Rules, Shape};
use coffer_protocol::{AuditObject, Decode, Encode, ErrorRow, Fault, Input, Output};

use crate::call::Call;
use crate::context::RequestContext;
use crate::demand::Demand;
use crate::outside::{FunctionOutcome, NotRun};
use crate::road::{Answer, Authenticated, Foreseen, Received, Road, Route, foresee, travel};
use crate::world::World;

/// One operation of an AWS service: what it takes, gives, needs and does.
pub trait Operation: Send + Sync + 'static {
    /// AWS's name for it.
    const NAME: &'static str;
    /// Whether it may stage writes.
    const ACCESS: Access;
    /// The errors of its model; the faults that every operation may answer are not among them.
    const ERRORS: &'static [ErrorRow];
    /// Whether callers sign their requests. Only those operations do without that prove by their
    /// input who calls.
    const SIGNING: Signing = Signing::Required;
    /// How it is asked for, in a REST protocol.
    const HTTP: Option<Http> = None;
    /// What it takes.
    type Input: Input + Send + Sync + 'static;
    /// What it gives.
    type Output: Output + Send + 'static;

    /// The permissions a caller needs: each action on its resource, with what policies may ask
    /// about both. What is not there is demanded by the name it was given, so that somebody who may
    /// not ask learns nothing; a fault is for what names no resource at all.
    fn demands(
        call: &mut Call<'_>,
        input: &Self::Input,
    ) -> impl Future<Output = Result<Vec<Demand>, Fault>> + Send;

    /// Puts into the audit record what it may show of the input: every member but the sensitive
    /// ones and blobs. An operation whose records differ from that says so here.
    fn audit_parameters(input: &Self::Input, object: &mut AuditObject<'_>) {
        object.input(input);
    }

    /// Puts into the audit record what it may show of the output. AWS: nothing of what was only
    /// read, and of changes every member but the sensitive ones and blobs.
    fn audit_response(output: &Self::Output, object: &mut AuditObject<'_>) {
        if Self::ACCESS == Access::Write {
            object.output(output);
        }
    }

    /// What the request itself says of a condition key, by its name in lower case: the keys of the
    /// operation's service that its input answers.
    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        let _ = (input, key);
        None
    }

    /// Which of several quotas a request counts to, where AWS has them for one operation: by an
    /// algorithm, or by what the account has set. Nothing where there is one quota at most.
    ///
    /// # Errors
    /// A store that cannot be read.
    fn quota_kind(
        call: &mut Call<'_>,
        input: &Self::Input,
    ) -> impl Future<Output = Result<Option<&'static str>, Fault>> + Send {
        let _ = (call, input);
        async { Ok(None) }
    }

    /// Decides: typed reads, staged writes. Run again, from the start, where the commit conflicts.
    fn run(
        call: &mut Call<'_>,
        input: &Self::Input,
    ) -> impl Future<Output = Result<Self::Output, Fault>> + Send;

    /// Completes the answer of a decision that ordered a function to be run, with what came of it.
    ///
    /// # Errors
    /// What the caller is told of a function that was not run.
    fn carried_out(
        output: Self::Output,
        outcome: Result<FunctionOutcome, NotRun>,
    ) -> Result<Self::Output, Fault> {
        match outcome {
            Ok(_) => Ok(output),
            Err(not_run) => Err(Fault::internal(not_run)),
        }
    }
}

/// What an operation does to the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reads only; nothing staged is committed, save what [`Call::touch`] notes.
    Read,
    /// Reads and writes, as one commit.
    Write,
}

/// Whether a request has to be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signing {
    /// It has to be.
    Required,
    /// It may come without a signature; one that it has is verified.
    Optional,
}

/// A service: a name, a wire protocol, and its operations.
#[derive(Debug)]
pub struct Service {
    /// The signing name, which is also the prefix of actions and of the host: `ssm`.
    pub name: &'static str,
    /// How requests name their operation, and how answers are written.
    pub protocol: Protocol,
    /// What it answers whoever asks too often.
    pub throttled: fn() -> Fault,
    /// Every operation it speaks.
    pub operations: &'static [Entry],
}

/// The wire protocols.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// awsJson 1.1: `X-Amz-Target: PREFIX.Operation`.
    Json {
        /// What stands before the operation's name.
        target_prefix: &'static str,
    },
    /// awsQuery: `Action=Operation&Version=VERSION`, answered in XML.
    Query {
        /// The API's version.
        version: &'static str,
        /// The XML namespace of answers.
        namespace: &'static str,
    },
    /// REST-JSON: [`Operation::HTTP`] says method and path.
    RestJson,
}

/// An operation's row in its service's table.
pub struct Entry {
    /// AWS's name for it.
    pub name: &'static str,
    /// Whether it may stage writes.
    pub access: Access,
    /// The errors of its model.
    pub errors: &'static [ErrorRow],
    /// Whether its requests have to be signed.
    pub signing: Signing,
    /// How it is asked for, in a REST protocol.
    pub http: Option<Http>,
    /// The shape of its input.
    pub input: fn() -> Shape,
    /// The shape of its output.
    pub output: fn() -> Shape,
    pub(crate) travel: for<'a> fn(&'a Road, Authenticated) -> Travelling<'a>,
    foresee: for<'a> fn(&'a World, &'a RequestContext, Route, &Received) -> Foreseeing<'a>,
}

/// A request on its way through the typed rooms.
pub type Travelling<'a> = Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

/// What would be decided about a request.
pub type Foreseeing<'a> = Pin<Box<dyn Future<Output = Result<Vec<Foreseen>, Fault>> + Send + 'a>>;

impl Entry {
    /// The row of an operation.
    pub const fn of<O: Operation>() -> Self {
        Self {
            name: O::NAME,
            access: O::ACCESS,
            errors: O::ERRORS,
            signing: O::SIGNING,
            http: O::HTTP,
            input: || <O::Input as Decode>::shape(Rules::NONE),
            output: || <O::Output as Encode>::shape(Rules::NONE),
            travel: travel::<O>,
            foresee: foresee::<O>,
        }
    }

    /// What the policies say of each permission that a request needs before it runs, without
    /// running it: in the order in which they are asked for, and also those after a denied one.
    /// What an operation asks for while it runs is not among them: of the items of a batch, and of
    /// keys that it uses for its caller.
    ///
    /// # Errors
    /// A request that is no input; what names no resource; a store or a policy that cannot be read.
    pub fn foresee<'a>(
        &self,
        world: &'a World,
        context: &'a RequestContext,
        route: Route,
        received: &Received,
    ) -> Foreseeing<'a> {
        (self.foresee)(world, context, route, received)
    }
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.name)
    }
}
