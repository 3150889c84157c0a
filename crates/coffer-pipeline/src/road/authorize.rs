//! Authorize: is the caller allowed each action on each resource?
//!
//! It shares the call of the decision, so that what a permission rests on is what the commit finds.

use coffer_policy::ContextValues;
use coffer_protocol::Fault;

use super::Decoded;
use crate::call::Call;
use crate::demand::Facts;
use crate::operation::Operation;

/// The proof that a caller may do what it asks for. Only this room makes it.
pub struct Authorized<'d, O: Operation> {
    input: &'d O::Input,
}

impl<'d, O: Operation> Authorized<'d, O> {
    pub(crate) fn input(&self) -> &'d O::Input {
        self.input
    }
}

pub(crate) async fn authorize<'d, O: Operation>(
    call: &mut Call<'_>,
    decoded: &'d Decoded<O>,
) -> Result<Authorized<'d, O>, Fault> {
    for demand in O::demands(call, &decoded.input).await? {
        call.must_be_allowed_by(&demand, &Asked::<O>(&decoded.input)).await?;
        if demand.resource.starts_with("arn:") && !demand.resource.ends_with('*') {
            call.note_resource(demand.resource);
        }
    }
    Ok(Authorized { input: &decoded.input })
}

/// What an operation's input says of condition keys.
pub(super) struct Asked<'d, O: Operation>(pub(super) &'d O::Input);

impl<O: Operation> Facts for Asked<'_, O> {
    fn fact(&self, key: &str) -> Option<ContextValues<'_>> {
        O::condition(self.0, key)
    }
}
