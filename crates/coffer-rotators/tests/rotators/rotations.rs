//! What holds for every database and form.

use coffer_model::Sensitive;
use coffer_rotators::{RotationError, Secrets};

use crate::database::{Database, network, rotate, rotator, secret, secret_at, superuser};

const PASSWORDS: [&str; 3] =
    [r#"p'q"r\s%t@u:v/w ?x#y&z;--"#, r"día ☃ 𝕏 \' \\ $1 `b` {}", "'; DROP USER \"x\"; -- %s%n\\"];

/// After a single user's rotation only the new password opens, whatever is in names and passwords.
pub(crate) async fn single_user(database: &dyn Database) {
    for (at, password) in PASSWORDS.iter().enumerate() {
        let user = name(database, &format!("s{at}"));
        database.add_user(&user, "old-one");
        assert!(database.reads(&user, "old-one"));
        let current = secret(database, &user, "old-one");
        let single = rotator(database, "single-user");
        rotate(database, single, &current, password).await.unwrap();
        assert!(database.reads(&user, password), "{user}");
        assert!(!database.opens(&user, "old-one"), "{user}");
    }
}

/// After a rotation of alternating users both passwords open, after the next one the first is gone.
pub(crate) async fn alternating_users(database: &dyn Database) {
    let rotator = rotator(database, "alternating-users");
    let user = name(database, "a");
    let clone = format!("{user}_clone");
    database.add_user(&user, "old-one");
    let first = secret(database, &user, "old-one");
    let second = rotate(database, rotator, &first, PASSWORDS[0]).await.unwrap();
    assert!(database.reads(&user, "old-one") && database.reads(&clone, PASSWORDS[0]));
    let third = rotate(database, rotator, &second, PASSWORDS[1]).await.unwrap();
    assert!(database.reads(&user, PASSWORDS[1]) && database.reads(&clone, PASSWORDS[0]));
    assert!(!database.opens(&user, "old-one"));
    rotate(database, rotator, &third, PASSWORDS[2]).await.unwrap();
    assert!(database.reads(&user, PASSWORDS[1]) && database.reads(&clone, PASSWORDS[2]));
    assert!(!database.opens(&clone, PASSWORDS[0]));
}

/// Each step may be run again, and goes on where a crash has left it.
pub(crate) async fn steps_twice(database: &dyn Database) {
    let network = network(database);
    let superuser = superuser(database);
    for form in ["single-user", "alternating-users"] {
        let rotator = rotator(database, form);
        let user = format!("twice_{}", form.len());
        database.add_user(&user, "old-one");
        let current = secret(database, &user, "old-one");
        let new = Sensitive::new("new-one".to_owned());
        let pending = rotator.create(&current, &new).unwrap();
        let again = rotator.create(&current, &new).unwrap();
        assert_eq!(pending.expose(), again.expose());
        let secrets = Secrets {
            current: &current,
            pending: &pending,
            previous: None,
            superuser: Some(&superuser),
        };
        rotator.set(&network, secrets).await.unwrap();
        let whose = if form == "single-user" { user } else { format!("{user}_clone") };
        let kept = database.kept(&whose);
        assert!(!kept.is_empty());
        rotator.set(&network, secrets).await.unwrap();
        assert_eq!(database.kept(&whose), kept, "{form}");
        rotator.test(&network, &pending).await.unwrap();
        rotator.test(&network, &pending).await.unwrap();
        assert!(database.reads(&whose, "new-one"), "{form}");
    }
}

/// A password that nobody knows any more is refused, and nothing is changed; the previous one will do.
pub(crate) async fn wrong_passwords(database: &dyn Database) {
    let network = network(database);
    let admin = superuser(database);
    database.add_user("lost", "real-one");
    let kept = database.kept("lost");
    let wrong = secret(database, "lost", "wrong-one");
    let new = Sensitive::new("new-one".to_owned());
    for form in ["single-user", "alternating-users"] {
        let rotator = rotator(database, form);
        let pending = rotator.create(&wrong, &new).unwrap();
        let secrets = Secrets {
            current: &wrong,
            pending: &pending,
            previous: Some(&wrong),
            superuser: Some(&admin),
        };
        let refused = rotator.set(&network, secrets).await.unwrap_err();
        assert!(matches!(refused, RotationError::Refused(_)), "{form}: {refused:?}");
        let refused = rotator.test(&network, &pending).await.unwrap_err();
        assert!(matches!(refused, RotationError::Refused(_)), "{form}: {refused:?}");
        assert_eq!(database.kept("lost"), kept);
        assert_eq!(database.kept("lost_clone"), "", "{form}");
    }
    let single = rotator(database, "single-user");
    let pending = single.create(&wrong, &new).unwrap();
    let (admin, password) = database.superuser();
    let others = secret(database, admin, password);
    let secrets =
        Secrets { current: &wrong, pending: &pending, previous: Some(&others), superuser: None };
    let refused = single.set(&network, secrets).await.unwrap_err();
    assert!(matches!(refused, RotationError::Unusable(_)), "{refused:?}");
    // Whether there is TLS is the current secret's to say.
    let previous = secret_at(database, database.port(), "lost", "real-one", r#""ssl":true,"#);
    let secrets =
        Secrets { current: &wrong, pending: &pending, previous: Some(&previous), superuser: None };
    single.set(&network, secrets).await.unwrap();
    assert!(database.reads("lost", "new-one") && !database.opens("lost", "real-one"));
}

/// The superuser changes only whom the current secret proves to be its own, in its own database.
pub(crate) async fn superusers(database: &dyn Database) {
    let network = network(database);
    let alternating = rotator(database, "alternating-users");
    database.add_user("own", "real-one");
    let current = secret(database, "own", "real-one");
    let new = Sensitive::new("new-one".to_owned());
    let pending = alternating.create(&current, &new).unwrap();
    let set = async |current: &Sensitive<String>, pending, superuser| {
        let secrets = Secrets { current, pending, previous: None, superuser };
        alternating.set(&network, secrets).await.unwrap_err()
    };
    let wrong = secret(database, database.superuser().0, "wrong-one");
    let refused = set(&current, &pending, Some(&wrong)).await;
    assert!(matches!(refused, RotationError::Refused(_)), "{refused:?}");
    let elsewhere = superuser(database).expose().replace("localhost", "elsewhere");
    let elsewhere = Sensitive::new(elsewhere);
    let refused = set(&current, &pending, Some(&elsewhere)).await;
    assert!(matches!(refused, RotationError::Unusable(_)), "{refused:?}");
    let refused = set(&current, &pending, None).await;
    assert!(matches!(refused, RotationError::Unusable(_)), "{refused:?}");
    let other = secret(database, "admin", "new-one");
    let real = superuser(database);
    let refused = set(&current, &other, Some(&real)).await;
    assert!(matches!(refused, RotationError::Unusable(_)), "{refused:?}");
    assert_eq!(database.kept("own_clone"), "");
}

/// No password stands in what the server writes about what it was told.
pub(crate) async fn nothing_written(database: &dyn Database) {
    database.add_user("quiet", "old-one");
    let user = secret(database, "quiet", "old-one");
    let single = rotator(database, "single-user");
    let user = rotate(database, single, &user, "canary-of-the-first").await.unwrap();
    let alternating = rotator(database, "alternating-users");
    rotate(database, alternating, &user, "canary-of-the-second").await.unwrap();
    let written = database.written();
    assert!(written.contains("quiet_clone"), "{written}");
    assert!(!written.contains("canary-of-the"), "{written}");
}

/// Without `ssl` a server that speaks no TLS is taken as it is; with `ssl` it gets no password.
pub(crate) async fn without_tls(database: &dyn Database) {
    let network = network(database);
    let single = rotator(database, "single-user");
    database.add_user("plain", "canary-one");
    let at = |port, ssl| secret_at(database, port, "plain", "canary-one", ssl);
    for ssl in ["", r#""ssl":false,"#, r#""ssl":"FALSE","#, r#""ssl":"maybe","#] {
        single.test(&network, &at(database.port(), ssl)).await.unwrap();
    }
    for ssl in [r#""ssl":true,"#, r#""ssl":"True","#] {
        let recorder = crate::network::Recorder::before(database.port()).await;
        let secret = at(recorder.port, ssl);
        let tested = single.test(&network, &secret);
        let (refused, recorded) = recorder.during(tested).await;
        let refused = refused.unwrap_err();
        assert!(matches!(refused, RotationError::Insecure(_)), "{refused:?}");
        assert!(!recorded.is_empty());
        let recorded = String::from_utf8_lossy(&recorded).into_owned();
        assert!(!recorded.contains("plain") && !recorded.contains("canary"), "{recorded}");
    }
}

/// A server that speaks TLS must prove its name, whether or not TLS is demanded.
pub(crate) async fn with_tls(database: &dyn Database) {
    let single = rotator(database, "single-user");
    database.add_user("safe", "canary-one");
    let stranger = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let strangers = crate::database::network_of(Some(stranger.cert.der().clone()));
    let network = network(database);
    for ssl in ["", r#""ssl":true,"#] {
        let secret = secret_at(database, database.port(), "safe", "canary-one", ssl);
        let refused = single.test(&strangers, &secret).await.unwrap_err();
        assert!(matches!(refused, RotationError::Insecure(_)), "{ssl}: {refused:?}");
        let by_address = secret.expose().replace("localhost", "127.0.0.1");
        let refused = single.test(&network, &Sensitive::new(by_address)).await.unwrap_err();
        assert!(matches!(refused, RotationError::Insecure(_)), "{ssl}: {refused:?}");
        let recorder = crate::network::Recorder::before(database.port()).await;
        let recorded = secret_at(database, recorder.port, "safe", "canary-one", ssl);
        let (tested, recorded) = recorder.during(single.test(&network, &recorded)).await;
        tested.unwrap();
        let recorded = String::from_utf8_lossy(&recorded).into_owned();
        assert!(!recorded.contains("safe") && !recorded.contains("canary"), "{recorded}");
        rotate(database, single, &secret, "canary-two").await.unwrap();
        database.set_password("safe", "canary-one");
    }
}

/// A name with what could end a name in a statement.
fn name(database: &dyn Database, start: &str) -> String {
    let name = format!("{start} o'b\"c\\d%@:é`");
    if database.has_spaces_in_names() { name } else { name.replace(' ', "") }
}
