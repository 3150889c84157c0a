//! Flags win over variables, variables over the file.

use std::fs;

use crate::process::Setup;

#[test]
fn flags_win_over_variables_and_variables_over_the_file() {
    let setup = Setup::new().without("COFFER_LISTEN").without("COFFER_DATA");
    let file = setup.path("coffer.toml");
    fs::write(
        &file,
        "listen = \"127.0.0.1:0\"\ndata = \"by-file\"\nregion = \"eu-north-1\"\n\
         account_id = \"111111111111\"\n",
    )
    .unwrap();
    let setup = setup.with("COFFER_CONFIG", "coffer.toml");
    let server = setup.start();
    assert_eq!(server.printed("AWS_REGION"), Some("eu-north-1"));
    assert!(server.greeting.contains("account 111111111111"));
    assert!(setup.path("by-file/root.key").exists());
    server.stop();

    let setup = setup.with("COFFER_DATA", "by-variable").with("COFFER_REGION", "eu-west-1");
    let server = setup.start();
    assert_eq!(server.printed("AWS_REGION"), Some("eu-west-1"));
    assert!(setup.path("by-variable/root.key").exists());
    server.stop();

    let setup = setup.flag("--data", "by-flag").flag("--region", "us-west-2");
    let setup = setup.flag("--root-key-file", "key-by-flag");
    let server = setup.start();
    assert_eq!(server.printed("AWS_REGION"), Some("us-west-2"));
    assert!(setup.path("by-flag/coffer.db").exists() && setup.path("key-by-flag").exists());
    assert!(!setup.path("by-flag/root.key").exists());
}

#[test]
fn a_setting_that_cannot_be_right_is_told_before_anything_is_made() {
    for (variables, told) in [
        (&[("COFFER_TLS_CERT", "cert.pem")][..], "--tls-key"),
        (&[("COFFER_TLS_KEY", "key.pem")], "--tls-cert"),
        (&[("COFFER_TLS_CERT", "none.pem"), ("COFFER_TLS_KEY", "none.pem")], "`none.pem`"),
        (&[("COFFER_ROOT_ACCESS_KEY_ID", "AKIAPRESET0000000001")], "SECRET_ACCESS_KEY"),
        (&[("COFFER_ROOT_SECRET_ACCESS_KEY", "hunter2hunter2hunter2")], "ACCESS_KEY_ID"),
        (&[("COFFER_ROOT_KEY", "a"), ("COFFER_ROOT_KEY_FILE", "b")], "keep one of them"),
        (&[("COFFER_ROOT_KEY_COMMAND", "cat 'key")], "a quote that does not end"),
        (&[("COFFER_ROOT_KEY_CREDENTIAL", "key")], "LoadCredential="),
        (&[("COFFER_ACCOUNT_ID", "12345")], "give twelve digits"),
        (&[("COFFER_REGION", "Europe!")], "region `Europe!`"),
        (&[("COFFER_LISTEN", "nowhere")], "nowhere"),
        (&[("COFFER_CONFIG", "none.toml")], "`none.toml`"),
        (&[("COFFER_LOG", "coffer=loudest")], "log filter"),
    ] {
        let mut setup = Setup::new();
        for (name, value) in variables {
            setup = setup.with(name, value);
        }
        let said = setup.refusal();
        assert!(said.contains(told), "{variables:?}: {said}");
        assert!(!said.contains("hunter2"), "{said}");
        assert!(!setup.path("data").exists(), "{variables:?}");
    }
}
