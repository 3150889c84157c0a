//! Ids and access keys that are drawn.

use coffer_model::{AccountId, Sensitive};
use coffer_seal::Entropy;
use zeroize::Zeroizing;

/// Draws the id of an account.
pub fn draw_account(entropy: &dyn Entropy) -> AccountId {
    let mut bytes = [0; 8];
    entropy.fill(&mut bytes);
    // No leading zero: too many tools read an account id as a number.
    AccountId::from_number(ACCOUNT_MIN + u64::from_be_bytes(bytes) % (ACCOUNT_MAX - ACCOUNT_MIN))
}

/// Draws an access key for the root of an account: its id and its secret.
pub fn draw_root_access_key(entropy: &dyn Entropy) -> (String, Sensitive<String>) {
    let id = format!("AKIA{}", draw(entropy, BASE_32, 16).expose());
    (id, draw(entropy, BASE_64, 40))
}

/// Draws the unique id of a role.
pub fn draw_role_id(entropy: &dyn Entropy) -> String {
    format!("AROA{}", draw(entropy, BASE_32, 17).expose())
}

/// Draws lower-case letters and digits, as the ids of organizations have them.
pub fn draw_lower_case(entropy: &dyn Entropy, characters: usize) -> String {
    draw(entropy, LOWER_CASE_32, characters).expose().clone()
}

/// Draws characters of an alphabet whose length divides 256.
fn draw(entropy: &dyn Entropy, alphabet: &[u8], characters: usize) -> Sensitive<String> {
    let mut bytes = Zeroizing::new(vec![0; characters]);
    entropy.fill(&mut bytes);
    let pick = |byte: &u8| alphabet.get(usize::from(*byte) % alphabet.len()).copied();
    Sensitive::new(bytes.iter().filter_map(pick).map(char::from).collect())
}

const ACCOUNT_MIN: u64 = 100_000_000_000;
const ACCOUNT_MAX: u64 = 1_000_000_000_000;
const BASE_32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE_64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const LOWER_CASE_32: &[u8] = b"abcdefghijklmnopqrstuvwxyz234567";
