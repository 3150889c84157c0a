//! API keys of services: a rule of the operator's says by which HTTP requests a new one is made,
//! tested, and an old one revoked.
//!
//! Whoever may put a value of a secret or have it rotated says nothing of where requests go: hosts,
//! methods and bodies are the operator's, and members of the secret fill places in them that they
//! cannot leave.

mod answer;
mod body;
mod request;
mod rule;
mod template;

use coffer_model::Sensitive;

use self::answer::{Json, Word};
use self::request::Failure;
use self::template::{Source, Values, unusable};
use crate::error::said;
use crate::login::{Members, rewrite};
use crate::{Network, RotationError};

pub use rule::{ApiKeyRule, ApiKeyRules};

/// The texts of the secrets that a step of an API key's rotation works with.
#[derive(Debug, Clone, Copy)]
pub struct KeySecrets<'a> {
    /// The version that is labelled AWSCURRENT.
    pub current: &'a Sensitive<String>,
    /// The current version of the secret that `masterarn` names.
    pub superuser: Option<&'a Sensitive<String>>,
    /// The id of the version that the rotation makes.
    pub version_id: &'a str,
}

/// A key that a service has made.
#[derive(Debug)]
pub struct NewKey {
    /// The pending secret.
    pub secret: Sensitive<String>,
    /// Which key it is, in words that hold no secret.
    pub named: String,
}

impl ApiKeyRule {
    /// Whether requests are authorised by the secret that `masterarn` names.
    pub fn needs_superuser(&self) -> bool {
        self.superuser
    }

    /// Whether keys are revoked.
    pub fn revokes(&self) -> bool {
        self.revoke.is_some()
    }

    /// Whether the previous key is revoked before a new one is made, as where a service lets nobody
    /// have a third one.
    pub fn revokes_first(&self) -> bool {
        self.revoke_first
    }

    /// Makes sure that the secrets have all members that the rule has places for.
    ///
    /// # Errors
    /// Unusable.
    pub fn check(
        &self,
        current: &Sensitive<String>,
        superuser: Option<&Sensitive<String>>,
    ) -> Result<(), RotationError> {
        let values = values(current, superuser, "")?;
        let taken = self.take.iter().map(|(name, _)| (Source::Key, name.as_str()));
        let requests = [Some(&self.create), Some(&self.test), self.revoke.as_ref()];
        let used = requests.into_iter().flatten().flat_map(|request| request.members());
        for (source, name) in taken.chain(used) {
            let members = match source {
                Source::Key | Source::New => Some(&values.key),
                Source::Superuser => values.superuser.as_ref(),
            };
            let word = members.and_then(|members| members.word(name));
            word.ok_or_else(|| unusable(source, name, "is not there; add it"))?;
        }
        Ok(())
    }

    /// Has the service make a key, and gives the pending secret: the current one with what the answer
    /// says of the new key.
    ///
    /// # Errors
    /// Any; says whether a key may have been made that nobody uses. Final, where it is certain that
    /// one was made, and the next attempt would make another.
    pub async fn create(
        &self,
        network: &Network,
        secrets: KeySecrets<'_>,
    ) -> Result<NewKey, RotationError> {
        self.check(secrets.current, secrets.superuser)?;
        if self.makes_for_whom_the_key_names() {
            self.test(network, secrets.current, secrets).await?;
        }
        let values = values(secrets.current, secrets.superuser, secrets.version_id)?;
        let answer = self.create.send(network, &values).await.map_err(|failure| match failure {
            Failure::Before(error) => error,
            Failure::After(error) => self.left(&error, None, secrets.version_id),
            Failure::Done(error) => self.wasted(&error, None, secrets.version_id),
        })?;
        let answer = answer.json();
        let id = self.id.as_ref().and_then(|id| Some(&self.take.iter().find(|it| it.0 == *id)?.1));
        let id = id.and_then(|pointer| answer.as_ref().ok()?.word(pointer));
        let id = id.as_ref().map(|id| id.text());
        let pending = answer.as_ref().map_err(Clone::clone);
        let pending = pending.and_then(|answer| self.pending(&values, secrets.current, answer));
        let secret = pending.map_err(|error| self.wasted(&error, id, secrets.version_id))?;
        let named = self.key_named(id, secrets.version_id);
        Ok(NewKey { secret, named })
    }

    /// Makes sure that the service takes the key of this secret.
    ///
    /// # Errors
    /// Any.
    pub async fn test(
        &self,
        network: &Network,
        key: &Sensitive<String>,
        secrets: KeySecrets<'_>,
    ) -> Result<(), RotationError> {
        let values = values(key, secrets.superuser, secrets.version_id)?;
        let answer = self.test.send(network, &values).await?;
        if self.same.is_empty() {
            return Ok(());
        }
        let answer = answer.json()?;
        for (name, pointer) in &self.same {
            let said = answer.word(pointer);
            let member = values.key.word(name);
            let is_same = said.zip(member).is_some_and(|(said, it)| said.text() == it.expose());
            if !is_same {
                return Err(RotationError::Failed(format!(
                    "the service knows the key by another `{name}` than the secret: see `{pointer}` \
                     in its answer"
                )));
            }
        }
        Ok(())
    }

    /// Revokes the key of the previous secret, unless that is the key of another version too, or
    /// works no more. There is a pending one unless the rule revokes first. Gives why it was left alone where somebody ought to look after it.
    ///
    /// # Errors
    /// Any: it may still work, and a second call goes on from there.
    pub async fn revoke(
        &self,
        network: &Network,
        pending: Option<&Sensitive<String>>,
        previous: &Sensitive<String>,
        is_rotated: bool,
        secrets: KeySecrets<'_>,
    ) -> Result<Option<String>, RotationError> {
        let Some(revoke) = &self.revoke else { return Ok(None) };
        // As with databases, one that cannot be read counts as none.
        let Some(key) = self.key_of(previous) else { return Ok(None) };
        let is_used = |secret| self.key_of(secret).is_some_and(|it| it.expose() == key.expose());
        if is_used(secrets.current) || pending.is_some_and(is_used) {
            return Ok(None);
        }
        // Whoever may put a value can name any key in it, and would have that one revoked: so it was
        // a rotation that named it, or the service says that the key and the name belong together.
        if !is_rotated {
            if self.same.is_empty() {
                let why = "a key that was put by hand is not revoked, as the rule has no `same`";
                return Ok(Some(why.to_owned()));
            }
            match self.test(network, previous, secrets).await {
                Ok(()) => {}
                Err(RotationError::Refused(_)) => return Ok(None),
                Err(RotationError::Failed(why)) => return Ok(Some(why)),
                Err(error) => return Err(error),
            }
        }
        let mut values = values(previous, secrets.superuser, secrets.version_id)?;
        values.new = Some(Members::of(pending.unwrap_or(secrets.current))?);
        let done = revoke.send(network, &values).await.map_err(RotationError::from);
        done.map(|_| None).map_err(|error| in_words(&error, "the key from before was not revoked"))
    }

    fn pending(
        &self,
        values: &Values<'_>,
        current: &Sensitive<String>,
        answer: &Json,
    ) -> Result<Sensitive<String>, RotationError> {
        let mut taken = Vec::with_capacity(self.take.len());
        for (name, pointer) in &self.take {
            let word = answer.word(pointer).filter(Word::is_fit);
            let word = word.ok_or_else(|| {
                RotationError::Failed(format!("the answer has nothing usable at `{pointer}`"))
            })?;
            taken.push((name.as_str(), word));
        }
        let key = taken.iter().find(|(name, _)| *name == self.key).map(|(_, word)| word);
        let before = values.key.word(&self.key);
        if key.zip(before).is_some_and(|(key, before)| key.text() == before.expose()) {
            let why = "the service gave the key that is current, and no new one";
            return Err(RotationError::Failed(why.to_owned()));
        }
        let changes: Vec<_> = taken
            .iter()
            .map(|(name, word)| (*name, word.in_place_of(values.key.is_text(name))))
            .collect();
        rewrite(current, &changes)
    }

    fn key_of(&self, secret: &Sensitive<String>) -> Option<Sensitive<String>> {
        Members::of(secret).ok()?.word(&self.key)
    }

    fn key_named(&self, id: Option<&str>, version_id: &str) -> String {
        let id = id.map(|id| format!("`{}` ", said(id))).unwrap_or_default();
        let version_id = said(version_id);
        format!("the key {id}of the rule `{}`, made for the version {version_id}", self.name)
    }

    /// The error, with what may be left at the service.
    fn left(&self, error: &RotationError, id: Option<&str>, version_id: &str) -> RotationError {
        let key = self.key_named(id, version_id);
        in_words(error, &format!("{key}, may be left at the service, where nobody uses it"))
    }

    /// The same where a key was made for certain.
    fn wasted(&self, error: &RotationError, id: Option<&str>, version_id: &str) -> RotationError {
        let left = self.left(error, id, version_id);
        RotationError::Wasted(format!(
            "{left}; it is not tried again by itself, as that would leave another: see to the rule"
        ))
    }
}

fn values<'a>(
    key: &'a Sensitive<String>,
    superuser: Option<&'a Sensitive<String>>,
    version_id: &'a str,
) -> Result<Values<'a>, RotationError> {
    let superuser = superuser.map(Members::of).transpose()?;
    Ok(Values { key: Members::of(key)?, new: None, superuser, version_id })
}

/// The same error, with more to say.
fn in_words(error: &RotationError, more: &str) -> RotationError {
    let why = format!("{error}; {more}");
    match error {
        RotationError::Refused(_) => RotationError::Refused(why),
        RotationError::Unreachable(_) => RotationError::Unreachable(why),
        RotationError::TimedOut(_) => RotationError::TimedOut(why),
        RotationError::Insecure(_) => RotationError::Insecure(why),
        RotationError::Unusable(_) => RotationError::Unusable(why),
        RotationError::Failed(_) => RotationError::Failed(why),
        RotationError::Wasted(_) => RotationError::Wasted(why),
    }
}
