//! The steps of a rotation, in both of its forms, over whatever database it is.

use coffer_model::Sensitive;

use crate::engine::{ENGINES, Engine, Session};
use crate::login::{NewMember, rewrite};
use crate::{Login, Network, RotationError};

/// How the secrets of one kind of database are rotated.
#[derive(Clone, Copy)]
pub struct Rotator {
    engine: &'static dyn Engine,
    form: Form,
}

/// Whose password a rotation sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The user's own, by itself: between the database's change and the secret's, the old one is
    /// refused.
    SingleUser,
    /// That of a second user with the same rights, by a superuser: the first one's is good until the
    /// next rotation.
    AlternatingUsers,
}

/// The texts of the secrets that a step works with.
#[derive(Debug, Clone, Copy)]
pub struct Secrets<'a> {
    /// The version that is labelled AWSCURRENT.
    pub current: &'a Sensitive<String>,
    /// The version that is labelled AWSPENDING, as [`Rotator::create`] has made it.
    pub pending: &'a Sensitive<String>,
    /// The version that is labelled AWSPREVIOUS, where there is one; only a single user needs it.
    pub previous: Option<&'a Sensitive<String>>,
    /// The current version of the secret that [`Rotator::superuser_arn`] names.
    pub superuser: Option<&'a Sensitive<String>>,
}

impl Rotator {
    /// All rotators.
    pub fn all() -> impl Iterator<Item = Self> {
        let forms = [Form::SingleUser, Form::AlternatingUsers];
        ENGINES.iter().flat_map(move |engine| forms.map(|form| Self { engine: *engine, form }))
    }

    /// The rotator of this name, as `postgresql-single-user`.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|rotator| rotator.name() == name)
    }

    /// The name: the database and the form.
    pub fn name(&self) -> String {
        let form = match self.form {
            Form::SingleUser => "single-user",
            Form::AlternatingUsers => "alternating-users",
        };
        format!("{}-{form}", self.engine.name())
    }

    /// Whose password it sets.
    pub fn form(&self) -> Form {
        self.form
    }

    /// The secret of the superuser that [`Rotator::set`] will need, where it needs one.
    ///
    /// # Errors
    /// Unusable, where the current secret does not say.
    pub fn superuser_arn(
        &self,
        current: &Sensitive<String>,
    ) -> Result<Option<String>, RotationError> {
        let current = self.read(current, "current")?;
        match self.form {
            Form::SingleUser => Ok(None),
            Form::AlternatingUsers => current.masterarn.map(Some).ok_or_else(|| {
                let why = "the secret has no member `masterarn`; alternating users are made and \
                           changed by the superuser whose secret it names";
                RotationError::Unusable(why.to_owned())
            }),
        }
    }

    /// Makes sure that these secrets are of this rotator, as far as they tell by themselves.
    ///
    /// # Errors
    /// Unusable.
    pub fn check(
        &self,
        current: &Sensitive<String>,
        superuser: Option<&Sensitive<String>>,
    ) -> Result<(), RotationError> {
        let login = self.read(current, "current")?;
        match self.form {
            Form::SingleUser => Ok(()),
            Form::AlternatingUsers => {
                self.superuser_arn(current)?;
                self.alternate(&login)?;
                self.superuser(&login, superuser).map(drop)
            }
        }
    }

    /// Makes the pending secret: the current one with the new password and, for alternating users,
    /// the other user's name.
    ///
    /// # Errors
    /// Unusable, where the current secret is no login of this database, or the password is none.
    pub fn create(
        &self,
        current: &Sensitive<String>,
        password: &Sensitive<String>,
    ) -> Result<Sensitive<String>, RotationError> {
        self.superuser_arn(current)?;
        let login = self.read(current, "current")?;
        let password = ("password", NewMember::Text(password.expose()));
        let pending = match self.form {
            Form::SingleUser => rewrite(current, &[password])?,
            Form::AlternatingUsers => {
                let username = self.alternate(&login)?;
                rewrite(current, &[("username", NewMember::Text(&username)), password])?
            }
        };
        // A password that could not be read back is found now, and not when it has been set.
        self.read(&pending, "pending")?;
        Ok(pending)
    }

    /// Makes the database take the pending secret's login, unless it does already.
    ///
    /// # Errors
    /// Any: nothing was changed, or it is changed and a second call goes on from there.
    pub async fn set(&self, network: &Network, secrets: Secrets<'_>) -> Result<(), RotationError> {
        let current = self.read(secrets.current, "current")?;
        let pending = self.read(secrets.pending, "pending")?;
        match self.form {
            Form::SingleUser => {
                let previous = secrets.previous;
                self.set_single(network, &current, &pending, previous).await
            }
            Form::AlternatingUsers => {
                let superuser = secrets.superuser;
                self.set_alternate(network, &current, &pending, superuser).await
            }
        }
    }

    /// Makes sure that the pending secret's login works and can read.
    ///
    /// # Errors
    /// Any.
    pub async fn test(
        &self,
        network: &Network,
        pending: &Sensitive<String>,
    ) -> Result<(), RotationError> {
        let pending = self.read(pending, "pending")?;
        let mut session = self.must_log_in(network, &pending, "pending").await?;
        let checked = network.within_statements(&pending.host, session.check()).await;
        close(network, &pending, session).await;
        checked
    }

    async fn set_single(
        &self,
        network: &Network,
        current: &Login,
        pending: &Login,
        previous: Option<&Sensitive<String>>,
    ) -> Result<(), RotationError> {
        same_place(pending, current, "current")?;
        same_user(&pending.username, &current.username)?;
        if let Some(mut session) = self.try_log_in(network, pending).await? {
            let kept = network.within_statements(&pending.host, session.keep()).await;
            close(network, pending, session).await;
            return kept;
        }
        let mut session = match self.try_log_in(network, current).await? {
            Some(session) => session,
            None => self.log_in_as_previous(network, current, pending, previous).await?,
        };
        let statements = async {
            // A right to this that is missing shows before the old password is gone.
            session.keep().await?;
            session.set_own_password(pending).await?;
            session.keep().await
        };
        let done = network.within_statements(&pending.host, statements).await;
        close(network, pending, session).await;
        done
    }

    /// The last resort: the database never learned of the password that is current.
    async fn log_in_as_previous(
        &self,
        network: &Network,
        current: &Login,
        pending: &Login,
        previous: Option<&Sensitive<String>>,
    ) -> Result<Box<dyn Session>, RotationError> {
        let refused = |which: &str| {
            RotationError::Refused(format!(
                "`{}` does not let the secret's user in: it takes the password of no version, \
                 {which}; set the current secret's password in the database, or the database's in \
                 the secret",
                current.host
            ))
        };
        // As AWS's functions do, one that cannot be read counts as none.
        let Some(mut previous) = previous.and_then(|it| self.read(it, "previous").ok()) else {
            return Err(refused("pending or current"));
        };
        same_place(pending, &previous, "previous")?;
        same_user(&pending.username, &previous.username)?;
        previous.tls = current.tls;
        let session = self.try_log_in(network, &previous).await?;
        session.ok_or_else(|| refused("pending, current or previous"))
    }

    async fn set_alternate(
        &self,
        network: &Network,
        current: &Login,
        pending: &Login,
        superuser: Option<&Sensitive<String>>,
    ) -> Result<(), RotationError> {
        same_place(pending, current, "current")?;
        same_user(&pending.username, &self.alternate(current)?)?;
        let is_set = match self.try_log_in(network, pending).await? {
            Some(session) => {
                close(network, pending, session).await;
                true
            }
            None => false,
        };
        if is_set && !self.engine.keeps_apart() {
            return Ok(());
        }
        // Whoever may write the secret could name any user and have its password set by the
        // superuser; so the user must be known to be theirs.
        let mut session = self.must_log_in(network, current, "current").await?;
        let account = network.within_statements(&current.host, session.account()).await;
        close(network, current, session).await;
        let account = account?;

        let superuser = self.superuser(current, superuser)?;
        let mut session = self.must_log_in(network, &superuser, "superuser's").await?;
        let statements = async {
            if !is_set {
                session.set_alternate(&account, current, pending).await?;
            }
            session.keep().await
        };
        let done = network.within_statements(&superuser.host, statements).await;
        close(network, &superuser, session).await;
        done
    }

    fn superuser(
        &self,
        current: &Login,
        superuser: Option<&Sensitive<String>>,
    ) -> Result<Login, RotationError> {
        let superuser = superuser.ok_or_else(|| {
            let why = "the superuser's secret, which `masterarn` names, was not given";
            RotationError::Unusable(why.to_owned())
        })?;
        let mut superuser = self.read(superuser, "superuser's")?;
        if !superuser.host.eq_ignore_ascii_case(&current.host) {
            return Err(RotationError::Unusable(format!(
                "the superuser's secret is not for the host `{}`; correct `masterarn` or its secret",
                current.host
            )));
        }
        // Rights are given in the database where the users work.
        superuser.dbname.clone_from(&current.dbname);
        Ok(superuser)
    }

    fn read(&self, secret: &Sensitive<String>, which: &str) -> Result<Login, RotationError> {
        let unusable = |why: String| RotationError::Unusable(format!("{which} secret: {why}"));
        let login = Login::read(secret).map_err(|error| unusable(error.to_string()))?;
        if !self.engine.spellings().contains(&login.engine.as_str()) {
            let known = self.engine.spellings().join("`, `");
            return Err(unusable(format!(
                "its member `engine` is not of this rotator, which is for `{known}`"
            )));
        }
        Ok(login)
    }

    /// The name of the other of the two users.
    fn alternate(&self, current: &Login) -> Result<String, RotationError> {
        if let Some(first) = current.username.strip_suffix(CLONE).filter(|it| !it.is_empty()) {
            return Ok(first.to_owned());
        }
        let clone = format!("{}{CLONE}", current.username);
        let bytes_max = self.engine.username_bytes_max(&current.engine);
        if clone.len() > bytes_max {
            return Err(RotationError::Unusable(format!(
                "the second user's name, with `{CLONE}` at its end, would be longer than the \
                 {bytes_max} bytes that the database allows; choose a shorter `username`"
            )));
        }
        Ok(clone)
    }

    async fn log_in(
        &self,
        network: &Network,
        login: &Login,
    ) -> Result<Box<dyn Session>, RotationError> {
        network.within_login(&login.host, self.engine.log_in(network, login)).await
    }

    async fn must_log_in(
        &self,
        network: &Network,
        login: &Login,
        which: &str,
    ) -> Result<Box<dyn Session>, RotationError> {
        self.log_in(network, login).await.map_err(|error| match error {
            RotationError::Refused(why) => RotationError::Refused(format!("{which} secret: {why}")),
            other => other,
        })
    }

    /// Logs in; nothing where the database does not let the user in.
    async fn try_log_in(
        &self,
        network: &Network,
        login: &Login,
    ) -> Result<Option<Box<dyn Session>>, RotationError> {
        match self.log_in(network, login).await {
            Ok(session) => Ok(Some(session)),
            Err(RotationError::Refused(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// What was done is done, whether or not the server hears goodbye.
async fn close(network: &Network, login: &Login, session: Box<dyn Session>) {
    let goodbye = async {
        session.close().await;
        Ok(())
    };
    network.within_statements(&login.host, goodbye).await.ok();
}

fn same_place(pending: &Login, other: &Login, which: &str) -> Result<(), RotationError> {
    let differs = [
        ("host", !pending.host.eq_ignore_ascii_case(&other.host)),
        ("port", pending.port != other.port),
        ("engine", pending.engine != other.engine),
    ];
    match differs.iter().find(|(_, differs)| *differs) {
        Some((member, _)) => Err(RotationError::Unusable(format!(
            "the pending and the {which} secret differ in their member `{member}`; a rotation \
             changes only who logs in"
        ))),
        None => Ok(()),
    }
}

fn same_user(pending: &str, expected: &str) -> Result<(), RotationError> {
    match pending == expected {
        true => Ok(()),
        false => Err(RotationError::Unusable(
            "the pending secret's member `username` is not the user of this rotation".to_owned(),
        )),
    }
}

const CLONE: &str = "_clone";

#[cfg(test)]
mod tests {
    use coffer_model::Sensitive;

    use super::{Form, Rotator};

    fn secret(engine: &str, username: &str) -> Sensitive<String> {
        Sensitive::new(format!(
            r#"{{"engine":"{engine}","host":"h","username":"{username}","password":"old",
                "masterarn":"arn:x"}}"#
        ))
    }

    fn created(name: &str, engine: &str, username: &str) -> Result<String, String> {
        let new = Sensitive::new("new".to_owned());
        let pending = Rotator::named(name).unwrap().create(&secret(engine, username), &new);
        let read = pending.map(|pending| super::Login::read(&pending).unwrap());
        let read = read.map_err(|error| error.to_string())?;
        assert_eq!(read.password.expose(), "new");
        Ok(read.username)
    }

    #[test]
    fn rotators_are_found_by_their_names() {
        let names: Vec<String> = Rotator::all().map(|rotator| rotator.name()).collect();
        let expected = [
            "postgresql-single-user",
            "postgresql-alternating-users",
            "mysql-single-user",
            "mysql-alternating-users",
            "redis-single-user",
            "redis-alternating-users",
        ];
        assert_eq!(names, expected);
        for name in expected {
            assert_eq!(Rotator::named(name).unwrap().name(), name);
        }
        for name in ["", "postgresql", "postgresql-", "Redis-single-user", "redis-single-user "] {
            assert!(Rotator::named(name).is_none(), "{name}");
        }
        assert_eq!(Rotator::named("mysql-single-user").unwrap().form(), Form::SingleUser);
    }

    #[test]
    fn the_username_stays_or_goes_to_and_fro() {
        for (name, engine, username, expected) in [
            ("postgresql-single-user", "postgres", "app", "app"),
            ("mysql-single-user", "mariadb", "app_clone", "app_clone"),
            ("postgresql-alternating-users", "aurora-postgresql", "app", "app_clone"),
            ("mysql-alternating-users", "mysql", "app_clone", "app"),
            ("redis-alternating-users", "valkey", "_clone", "_clone_clone"),
            ("redis-alternating-users", "redis", "_clone_clone", "_clone"),
        ] {
            assert_eq!(created(name, engine, username).as_deref(), Ok(expected), "{username}");
        }
    }

    #[test]
    fn a_clone_has_a_name_that_the_database_allows() {
        for (name, engine, bytes_max) in [
            ("postgresql-alternating-users", "postgres", 63),
            ("mysql-alternating-users", "mysql", 32),
            ("mysql-alternating-users", "mariadb", 80),
        ] {
            let longest = "x".repeat(bytes_max - "_clone".len());
            assert!(created(name, engine, &longest).is_ok());
            let error = created(name, engine, &format!("{longest}x")).unwrap_err();
            assert!(error.contains(&format!("the {bytes_max} bytes")), "{error}");
        }
    }

    #[test]
    fn a_secret_of_another_database_or_without_a_superuser_is_refused() {
        let error = created("mysql-single-user", "postgres", "app").unwrap_err();
        let why = "current secret: its member `engine` is not of this rotator, which is for \
                   `mysql`, `mariadb`, `aurora-mysql`";
        assert_eq!(error, why);
        let alone = secret("redis", "app").expose().replace("masterarn", "other");
        let alone = Sensitive::new(alone);
        let error = Rotator::named("redis-alternating-users").unwrap().superuser_arn(&alone);
        assert!(error.unwrap_err().to_string().contains("`masterarn`"));
        let single = Rotator::named("redis-single-user").unwrap();
        assert_eq!(single.superuser_arn(&alone), Ok(None));
    }

    #[test]
    fn secrets_are_checked_before_anything_is_reached() {
        let alternating = Rotator::named("redis-alternating-users").unwrap();
        let (app, superuser) = (secret("redis", "app"), secret("redis", "admin"));
        assert_eq!(alternating.check(&app, Some(&superuser)), Ok(()));
        let elsewhere = superuser.expose().replace(r#""host":"h""#, r#""host":"i""#);
        let elsewhere = Sensitive::new(elsewhere);
        let other = secret("postgres", "admin");
        for (current, superuser) in [
            (&app, None),
            (&app, Some(&elsewhere)),
            (&app, Some(&other)),
            (&other, Some(&superuser)),
        ] {
            let error = alternating.check(current, superuser).unwrap_err().to_string();
            assert!(!error.contains("old"), "{error}");
        }
        let single = Rotator::named("redis-single-user").unwrap();
        assert_eq!(single.check(&app, None), Ok(()));
        assert!(single.check(&Sensitive::new("{}".to_owned()), None).is_err());
    }

    #[test]
    fn a_new_password_must_be_one() {
        let single = Rotator::named("redis-single-user").unwrap();
        for password in ["", "a\0b", &"x".repeat(5000)] {
            let new = Sensitive::new(password.to_owned());
            assert!(single.create(&secret("redis", "app"), &new).is_err());
        }
    }
}
