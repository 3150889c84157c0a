//! The rotators that need no function: they change passwords in databases, draw random values, and
//! have services issue and revoke API keys.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use coffer_model::Sensitive;
use coffer_pipeline::{NewValue, NotRotated, RotatorAction, RotatorKind, RotatorStep};
use coffer_rotators::{
    ApiKeyRule, ApiKeyRules, Form, KeySecrets, Limits, Network, NewKey, RandomMember,
    RotationError, Rotator, Secrets, with_random_members,
};
use coffer_seal::Entropy;
use rustls_pki_types::CertificateDer;

use crate::internet::may_be_asked;
use crate::trust;

/// All rotators, and what they may reach.
pub(crate) struct Rotators {
    allows_loopback: bool,
    authorities: Vec<CertificateDer<'static>>,
    api_keys: ApiKeyRules,
    network: OnceLock<Result<Network, String>>,
    entropy: Arc<dyn Entropy>,
}

/// One of them.
enum Named<'r> {
    /// A user's password in a database.
    Database(Rotator),
    /// Members that only have to be random.
    Random(Vec<RandomMember>),
    /// A key of a service, by a rule of the operator's.
    ApiKey(&'r ApiKeyRule),
}

impl Rotators {
    /// Reads the operator's certificate authorities and rules; the authorities of the system are read
    /// when they are first needed.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(crate) fn new(
        ca_file: Option<&Path>,
        rules_file: Option<&Path>,
        allows_loopback: bool,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, String> {
        let authorities = ca_file.map(trust::read).transpose()?.unwrap_or_default();
        let api_keys = rules_file.map(|path| rules(path, allows_loopback)).transpose()?;
        let api_keys = api_keys.unwrap_or_default();
        Ok(Self { allows_loopback, authorities, api_keys, network: OnceLock::new(), entropy })
    }

    /// What a rotator is like.
    ///
    /// # Errors
    /// Why there is none of this name, as a sentence.
    pub(crate) fn kind(&self, name: &str) -> Result<RotatorKind, String> {
        Ok(match self.named(name)? {
            Named::Database(rotator) => RotatorKind {
                needs_superuser: rotator.form() == Form::AlternatingUsers,
                ..RotatorKind::default()
            },
            Named::Random(_) => RotatorKind::default(),
            Named::ApiKey(rule) => RotatorKind {
                needs_superuser: rule.needs_superuser(),
                creates_outside: true,
                finishes: rule.revokes() && !rule.revokes_first(),
            },
        })
    }

    /// Whether a rotator could rotate this value.
    ///
    /// # Errors
    /// Why not, without a secret.
    pub(crate) fn check(
        &self,
        rotator: &str,
        current: &Sensitive<String>,
        superuser: Option<&Sensitive<String>>,
    ) -> Result<(), String> {
        let checked = match self.named(rotator)? {
            Named::Database(rotator) => rotator.check(current, superuser),
            // What is drawn does not matter: it is thrown away.
            Named::Random(members) => with_random_members(current, &members, |_| ()).map(drop),
            Named::ApiKey(rule) => rule.check(current, superuser),
        };
        checked.map_err(|error| error.to_string())
    }

    /// Does a step of a rotation.
    ///
    /// # Errors
    /// Why it was not done, without a secret.
    pub(crate) async fn rotate(&self, step: RotatorStep) -> Result<Option<NewValue>, NotRotated> {
        let not_rotated = |why| NotRotated { why, is_final: false };
        let done = match self.named(&step.rotator).map_err(not_rotated)? {
            Named::Random(members) => self.at_random(&members, &step),
            Named::Database(rotator) => {
                let network = self.network().map_err(not_rotated)?;
                Self::in_database(network, rotator, step).await
            }
            Named::ApiKey(rule) => {
                let network = self.network().map_err(not_rotated)?;
                Self::at_service(network, rule, &step).await
            }
        };
        done.map_err(|error| NotRotated { why: error.to_string(), is_final: error.is_final() })
    }

    async fn in_database(
        network: &Network,
        rotator: Rotator,
        step: RotatorStep,
    ) -> Result<Option<NewValue>, RotationError> {
        let RotatorStep { action, current, previous, superuser, .. } = step;
        match &action {
            RotatorAction::Create(password) => rotator.create(&current, password).map(new),
            RotatorAction::Set(pending) => {
                let (previous, superuser) = (previous.as_ref(), superuser.as_ref());
                let secrets = Secrets { current: &current, pending, previous, superuser };
                rotator.set(network, secrets).await.map(|()| None)
            }
            RotatorAction::Test(pending) => rotator.test(network, pending).await.map(|()| None),
            RotatorAction::Finish(_) => Ok(None),
        }
    }

    /// Only making the values is something to do: nobody else has to be told of them.
    fn at_random(
        &self,
        members: &[RandomMember],
        step: &RotatorStep,
    ) -> Result<Option<NewValue>, RotationError> {
        let RotatorAction::Create(_) = step.action else { return Ok(None) };
        let draw = |bytes: &mut [u8]| self.entropy.fill(bytes);
        with_random_members(&step.current, members, draw).map(new)
    }

    async fn at_service(
        network: &Network,
        rule: &ApiKeyRule,
        step: &RotatorStep,
    ) -> Result<Option<NewValue>, RotationError> {
        let secrets = KeySecrets {
            current: &step.current,
            superuser: step.superuser.as_ref(),
            version_id: &step.version_id,
        };
        match &step.action {
            RotatorAction::Create(_) => {
                if rule.revokes_first() {
                    revoke(network, rule, step, None, secrets).await?;
                }
                let NewKey { secret, named } = rule.create(network, secrets).await?;
                Ok(Some(NewValue { text: secret, made: Some(named) }))
            }
            // A key that is made is taken.
            RotatorAction::Set(_) => Ok(None),
            RotatorAction::Test(pending) => {
                rule.test(network, pending, secrets).await.map(|()| None)
            }
            RotatorAction::Finish(pending) => {
                revoke(network, rule, step, Some(pending), secrets).await.map(|()| None)
            }
        }
    }

    fn named(&self, name: &str) -> Result<Named<'_>, String> {
        if let Some(rule) = name.strip_prefix(RANDOM) {
            let members = RandomMember::read_rule(rule).map_err(|error| format!("{error}."))?;
            return Ok(Named::Random(members));
        }
        let rule = name.strip_prefix(API_KEY).and_then(|rule| self.api_keys.named(rule));
        let named = rule.map(Named::ApiKey).or_else(|| Rotator::named(name).map(Named::Database));
        named.ok_or_else(|| format!("There is no rotator `{name}`."))
    }

    fn network(&self) -> Result<&Network, String> {
        self.network.get_or_init(|| self.new_network()).as_ref().map_err(Clone::clone)
    }

    fn new_network(&self) -> Result<Network, String> {
        let allows_loopback = self.allows_loopback;
        let may_reach = move |address| may_be_asked(address, allows_loopback);
        let limits = Limits {
            login: LOGIN_TIME_MAX,
            statements: STATEMENTS_TIME_MAX,
            request: REQUEST_TIME_MAX,
        };
        let trusted = trust::with_system(&self.authorities);
        Network::new(trusted, may_reach, limits).map_err(|error| error.to_string())
    }
}

/// Revokes the key from before, and tells the log where it was left alone.
async fn revoke(
    network: &Network,
    rule: &ApiKeyRule,
    step: &RotatorStep,
    pending: Option<&Sensitive<String>>,
    secrets: KeySecrets<'_>,
) -> Result<(), RotationError> {
    let Some(previous) = &step.previous else { return Ok(()) };
    let is_rotated = step.is_previous_rotated;
    let left = rule.revoke(network, pending, previous, is_rotated, secrets).await?;
    if let Some(why) = left {
        let rotator = &step.rotator;
        tracing::warn!(rotator, "the key from before was left alone: {why}");
    }
    Ok(())
}

fn new(text: Sensitive<String>) -> Option<NewValue> {
    Some(NewValue { text, made: None })
}

fn rules(path: &Path, allows_loopback: bool) -> Result<ApiKeyRules, String> {
    let wrong = |why: String| format!("cannot use the rules in `{}`: {why}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    ApiKeyRules::read(&text, allows_loopback).map_err(wrong)
}

const RANDOM: &str = "random/";
const API_KEY: &str = "api-key/";
const LOGIN_TIME_MAX: Duration = Duration::from_secs(10);
const STATEMENTS_TIME_MAX: Duration = Duration::from_secs(30);
const REQUEST_TIME_MAX: Duration = Duration::from_secs(10);
