//! The root key in an environment variable.

use coffer_model::Sensitive;
use coffer_seal::RootKey;
use zeroize::Zeroizing;

/// Reads the root key in the variable's value.
pub(super) fn read(text: &Sensitive<String>) -> Result<RootKey, String> {
    super::parse(&Zeroizing::new(text.expose().clone()), &super::VARIABLE)
}

#[cfg(test)]
mod tests {
    use coffer_model::Sensitive;

    use super::read;

    #[test]
    fn a_value_that_is_no_key_is_not_shown() {
        let text = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
        assert!(read(&Sensitive::new(text.to_owned())).is_ok());
        let said = read(&Sensitive::new("hunter2".to_owned())).unwrap_err();
        assert!(said.contains("COFFER_ROOT_KEY") && !said.contains("hunter2"), "{said}");
    }
}
