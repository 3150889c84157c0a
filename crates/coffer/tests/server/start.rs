//! Starts: the first one, those after it, those after one that was killed, and those that must not
//! succeed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::process::{Setup, code, is_same, key, mode, wait_for};

/// All that is in a folder is for its owner alone.
fn is_private(folder: &Path) {
    assert_eq!(mode(folder), 0o700, "{}", folder.display());
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        match path.is_dir() {
            true => is_private(&path),
            false => assert_eq!(mode(&path), 0o600, "{}", path.display()),
        }
    }
}

#[test]
fn a_first_start_prints_what_to_paste_and_keeps_its_secrets_private() {
    let setup = Setup::new();
    let server = setup.start();
    let printed = server.printed_key();
    assert_eq!(server.printed("AWS_REGION"), Some("us-east-1"));
    assert_eq!(server.printed("AWS_DEFAULT_REGION"), Some("us-east-1"));
    assert!(server.printed("AWS_ENDPOINT_URL").unwrap().starts_with("http://127.0.0.1:"));
    assert!(is_same(&printed, &setup.credentials()));
    server.put(&printed, "/kept").unwrap();
    is_private(&setup.path("data"));
    assert!(!setup.log().contains(printed.secret_access_key.expose()));
    server.stop();

    let server = setup.start();
    assert_eq!(server.printed("AWS_SECRET_ACCESS_KEY"), None);
    let file = server.printed("AWS_SHARED_CREDENTIALS_FILE").unwrap();
    assert_eq!(
        fs::canonicalize(file).unwrap(),
        fs::canonicalize(setup.data("credentials")).unwrap()
    );
    assert!(is_same(&printed, &setup.credentials()));
    server.get(&printed, "/kept").unwrap();
    server.kill();
    setup.start().get(&printed, "/kept").unwrap();
}

#[test]
fn a_first_start_that_is_killed_after_any_step_is_made_good_by_the_next() {
    for file in ["coffer.lock", "coffer.db", "coffer.db-wal", "root.key", "credentials"] {
        let setup = Setup::new();
        let mut child = setup.spawn("server");
        wait_for(|| setup.data(file).exists().then_some(()));
        child.kill().unwrap();
        child.wait().unwrap();
        let server = setup.start();
        let credentials = setup.credentials();
        server.put(&credentials, "/kept").unwrap();
        server.stop();
        setup.start().get(&credentials, "/kept").unwrap();
    }
}

#[test]
fn a_root_key_without_a_store_and_credentials_without_an_account_are_made_good() {
    let made = Setup::new();
    made.start().stop();
    let setup = Setup::new();
    fs::create_dir(setup.path("data")).unwrap();
    for file in ["root.key", "credentials"] {
        fs::copy(made.data(file), setup.data(file)).unwrap();
    }
    fs::set_permissions(setup.data("credentials"), fs::Permissions::from_mode(0o644)).unwrap();
    let server = setup.start();
    let credentials = setup.credentials();
    assert!(!is_same(&credentials, &made.credentials()));
    assert_eq!(mode(&setup.data("credentials")), 0o600);
    server.put(&credentials, "/kept").unwrap();
    assert_eq!(fs::read(setup.data("root.key")).unwrap(), fs::read(made.data("root.key")).unwrap());
}

#[test]
fn a_store_is_never_opened_with_another_root_key_nor_keyed_anew() {
    let setup = Setup::new();
    setup.start().stop();
    let credentials = setup.credentials();
    let right = fs::read(setup.data("root.key")).unwrap();

    fs::remove_file(setup.data("root.key")).unwrap();
    let said = setup.refusal();
    assert!(said.contains("no root key at") && said.contains("--root-key-file"), "{said}");
    assert!(!setup.data("root.key").exists());

    let other = Setup::new();
    other.start().stop();
    fs::copy(other.data("root.key"), setup.data("root.key")).unwrap();
    let said = setup.refusal();
    assert!(said.contains("does not open this store"), "{said}");

    for text in ["", "not base64!", "c2hvcnQ="] {
        fs::write(setup.data("root.key"), text).unwrap();
        let said = setup.refusal();
        assert!(said.contains("a root key is 32 bytes in base64"), "{said}");
    }

    fs::write(setup.path("elsewhere"), right).unwrap();
    fs::set_permissions(setup.path("elsewhere"), fs::Permissions::from_mode(0o644)).unwrap();
    let elsewhere = setup.again().with("COFFER_ROOT_KEY_FILE", "elsewhere");
    assert!(elsewhere.refusal().contains("by every user of this machine"));
    fs::set_permissions(setup.path("elsewhere"), fs::Permissions::from_mode(0o640)).unwrap();
    let server = elsewhere.start();
    server.put(&credentials, "/kept").unwrap();
    assert!(setup.log().contains("can be read by its group"));
}

#[test]
fn a_data_directory_has_one_server() {
    let setup = Setup::new();
    let first = setup.start();
    let said = setup.refusal();
    assert!(said.contains("lock held by pid") && said.contains("--data"), "{said}");
    first.put(&setup.credentials(), "/kept").unwrap();
}

#[test]
fn an_address_that_is_taken_leaves_nothing_behind() {
    let first = Setup::new();
    let server = first.start();
    let second = Setup::new().with("COFFER_LISTEN", server.address());
    let said = second.refusal();
    assert!(said.contains("cannot listen on") && said.contains("--listen"), "{said}");
    assert!(!second.path("data").exists());
}

#[test]
fn a_preset_access_key_is_the_one_that_signs_and_takes_the_place_of_the_one_before() {
    let preset = |setup: &Setup, id: &str, secret: &str| {
        let setup = setup.again().with("COFFER_ROOT_ACCESS_KEY_ID", id);
        setup.with("COFFER_ROOT_SECRET_ACCESS_KEY", secret)
    };
    let setup = Setup::new();
    let server = setup.start();
    let drawn = server.printed_key();
    server.put(&drawn, "/kept").unwrap();
    server.stop();

    let (first, second) = ("AKIAPRESET0000000001", "AKIAPRESET0000000002");
    for (id, secret) in [(first, SECRETS[0]), (second, SECRETS[0]), (second, SECRETS[1])] {
        let setup = preset(&setup, id, secret);
        let server = setup.start();
        assert_eq!(server.printed("AWS_ACCESS_KEY_ID"), Some(id));
        assert!(!server.greeting.contains(secret) && !setup.log().contains(secret));
        server.get(&key(id, secret), "/kept").unwrap();
        assert_eq!(code(server.get(&drawn, "/kept")), "UnrecognizedClientException");
        server.stop();
    }

    // Without presets the last one stays, and the file with the drawn one is not named.
    let server = setup.start();
    server.get(&key(second, SECRETS[1]), "/kept").unwrap();
    assert_eq!(code(server.get(&key(second, SECRETS[0]), "/kept")), "InvalidSignatureException");
    assert_eq!(code(server.get(&key(first, SECRETS[0]), "/kept")), "UnrecognizedClientException");
    assert_eq!(server.printed("AWS_ACCESS_KEY_ID"), Some(second));
    assert_eq!(server.printed("AWS_SHARED_CREDENTIALS_FILE"), None);
}

#[test]
fn a_preset_account_is_the_first_one_and_stays_so() {
    let account = Setup::new().with("COFFER_ACCOUNT_ID", "123456789012");
    let server = account.start();
    assert!(server.greeting.contains("account 123456789012"));
    server.stop();
    let said = account.again().with("COFFER_ACCOUNT_ID", "210987654321").refusal();
    assert!(said.contains("the store's account is 123456789012"), "{said}");
    assert!(account.again().start().greeting.contains("account 123456789012"));
}

const SECRETS: [&str; 2] = ["preset-secret-number-one", "preset-secret-number-two"];
