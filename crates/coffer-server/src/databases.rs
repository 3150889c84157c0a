//! Databases whose passwords are rotated without a function.

use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use coffer_model::Sensitive;
use coffer_pipeline::{RotatorAction, RotatorStep};
use coffer_rotators::{Limits, Network, Rotator, Secrets};
use rustls_pki_types::CertificateDer;

use crate::internet::may_be_asked;
use crate::trust;

/// The databases that may be reached.
pub(crate) struct Databases {
    allows_loopback: bool,
    authorities: Vec<CertificateDer<'static>>,
    network: OnceLock<Result<Network, String>>,
}

impl Databases {
    /// Reads the operator's certificate authorities; those of the system are read when they are
    /// first needed.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(crate) fn new(ca_file: Option<&Path>, allows_loopback: bool) -> Result<Self, String> {
        let authorities = ca_file.map(trust::read).transpose()?.unwrap_or_default();
        Ok(Self { allows_loopback, authorities, network: OnceLock::new() })
    }

    /// Does a step of a rotation.
    ///
    /// # Errors
    /// Why it was not done, without a secret.
    pub(crate) async fn rotate(
        &self,
        step: RotatorStep,
    ) -> Result<Option<Sensitive<String>>, String> {
        let RotatorStep { rotator, action, current, previous, superuser } = step;
        let rotator = Rotator::named(&rotator)
            .ok_or_else(|| format!("this release has no rotator `{rotator}`"))?;
        let network = self.network.get_or_init(|| self.network()).as_ref()?;
        let done = match &action {
            RotatorAction::Create(password) => rotator.create(&current, password).map(Some),
            RotatorAction::Set(pending) => {
                let (previous, superuser) = (previous.as_ref(), superuser.as_ref());
                let secrets = Secrets { current: &current, pending, previous, superuser };
                rotator.set(network, secrets).await.map(|()| None)
            }
            RotatorAction::Test(pending) => rotator.test(network, pending).await.map(|()| None),
        };
        done.map_err(|error| error.to_string())
    }

    fn network(&self) -> Result<Network, String> {
        let allows_loopback = self.allows_loopback;
        let may_reach = move |address| may_be_asked(address, allows_loopback);
        let limits = Limits { login: LOGIN_TIME_MAX, statements: STATEMENTS_TIME_MAX };
        let trusted = trust::with_system(&self.authorities);
        Network::new(trusted, may_reach, limits).map_err(|error| error.to_string())
    }
}

const LOGIN_TIME_MAX: Duration = Duration::from_secs(10);
const STATEMENTS_TIME_MAX: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use coffer_rotators::Rotator;

    #[test]
    fn the_rotators_that_are_accepted_are_those_that_there_are() {
        let there: BTreeSet<String> = Rotator::all().map(|rotator| rotator.name()).collect();
        let accepted = coffer_services::secretsmanager::ROTATORS;
        assert_eq!(there, accepted.iter().map(|name| (*name).to_owned()).collect());
    }
}
