//! The policies of a simulation.

use coffer_policy::{Grammar, Policy};
use coffer_protocol::Fault;
use serde_json::Value;

use super::context::context_keys_of;
use crate::iam::errors::IamError;
use crate::iam::wire_simulation::OrderedOrganizationPolicyType;

/// A policy of a simulation.
pub(in crate::iam) struct Source {
    /// What answers call it.
    pub(super) id: String,
    pub(super) text: String,
    policy: Policy,
    /// Whether its statements are in a list.
    pub(super) has_list: bool,
}

/// All policies of a simulation.
#[derive(Default)]
pub(in crate::iam) struct Sources {
    /// Those of the user and its groups, or of the role, and those that are tried.
    pub(in crate::iam) identity: Vec<Source>,
    /// The permissions boundary.
    pub(in crate::iam) boundary: Option<Source>,
    /// An organization's service control policies, level by level.
    pub(in crate::iam) levels: Vec<Vec<Source>>,
    /// The policy of each resource.
    pub(in crate::iam) resource: Option<Source>,
}

impl Source {
    /// Reads a policy.
    ///
    /// # Errors
    /// `InvalidInput` for what is none.
    pub(in crate::iam) fn new(
        id: impl Into<String>,
        text: &str,
        grammar: Grammar,
    ) -> Result<Self, Fault> {
        let id = id.into();
        let policy = Policy::parse(text, grammar)
            .map_err(|flaw| invalid(&format!("Invalid policy {id}: {}", flaw.message())))?;
        let document: Value = serde_json::from_str(text).unwrap_or_default();
        let has_list = document.get("Statement").is_some_and(Value::is_array);
        Ok(Self { id, text: text.to_owned(), policy, has_list })
    }

    /// The policy, ready to decide by.
    pub(super) fn policy(&self) -> &Policy {
        &self.policy
    }
}

impl Sources {
    /// Adds the policies that a request brings.
    ///
    /// # Errors
    /// `InvalidInput` for what is no policy, and for more than one boundary.
    pub(in crate::iam) fn add_given(
        &mut self,
        identity: Option<&Vec<String>>,
        boundary: Option<&Vec<String>>,
        resource: Option<&String>,
    ) -> Result<(), Fault> {
        for (place, text) in identity.into_iter().flatten().enumerate() {
            let id = format!("PolicyInputList.{}", place + 1);
            self.identity.push(Source::new(id, text, Grammar::Identity)?);
        }
        match boundary.map(Vec::as_slice).unwrap_or_default() {
            [] => {}
            [text] => {
                let id = "PermissionsBoundaryPolicyInputList.1";
                self.boundary = Some(Source::new(id, text, Grammar::Identity)?);
            }
            _ => return Err(invalid("You can input only one permissions boundary.")),
        }
        if let Some(text) = resource {
            self.resource = Some(Source::new("ResourcePolicy", text, Grammar::Resource)?);
        }
        Ok(())
    }

    /// The condition keys that all policies name, in the order of their names.
    pub(in crate::iam) fn context_keys(&self) -> Vec<String> {
        let mut keys = std::collections::BTreeMap::new();
        for source in self.identity.iter().chain(&self.boundary).chain(&self.resource) {
            for key in context_keys_of(&source.text) {
                keys.entry(key.to_lowercase()).or_insert(key);
            }
        }
        keys.into_values().collect()
    }

    /// Adds the service control policies that a request brings.
    ///
    /// # Errors
    /// `InvalidInput` for what is no policy.
    pub(in crate::iam) fn add_levels(
        &mut self,
        levels: Option<&Vec<OrderedOrganizationPolicyType>>,
    ) -> Result<(), Fault> {
        for level in levels.into_iter().flatten() {
            let mut sources = Vec::new();
            for text in level.service_control_policy_input_list.iter().flatten() {
                let id = "ServiceControlPolicyInputList";
                sources.push(Source::new(id, text, Grammar::ServiceControl)?);
            }
            self.levels.push(sources);
        }
        Ok(())
    }
}

/// The fault of what cannot be simulated.
pub(in crate::iam) fn invalid(message: &str) -> Fault {
    IamError::InvalidInputException.with(message)
}
