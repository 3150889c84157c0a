//! The ids of temporary access keys. As at AWS they tell the account, so that an id found somewhere
//! leads to those who can look further.

use coffer_model::AccountId;
use coffer_seal::Entropy;

/// Draws the id of a temporary access key: `ASIA` and sixteen characters of base32, which hold a
/// bit that is set, the account in forty bits, and chance in the rest.
pub(super) fn temporary(account: AccountId, entropy: &dyn Entropy) -> String {
    let mut chance = [0; 8];
    entropy.fill(&mut chance);
    let chance = u128::from(u64::from_be_bytes(chance)) & CHANCE_MASK;
    let account: u128 = account.as_str().parse().unwrap_or(0);
    let bits = 1 << 79 | account << CHANCE_BITS | chance;
    let mut id = PREFIX.to_owned();
    for place in (0..CHARACTERS).rev() {
        let index = usize::try_from(bits >> (place * 5) & 31).unwrap_or(0);
        id.push(BASE_32.get(index).copied().map_or('A', char::from));
    }
    id
}

/// The account that such an id tells; nothing for every other id.
pub(super) fn account_of(id: &str) -> Option<AccountId> {
    let text = id.strip_prefix(PREFIX).filter(|text| text.len() == CHARACTERS)?;
    let mut bits = 0_u128;
    for byte in text.bytes() {
        let index = BASE_32.iter().position(|known| *known == byte)?;
        bits = bits << 5 | u128::try_from(index).ok()?;
    }
    let account = u64::try_from(bits >> CHANCE_BITS & ACCOUNT_MASK).ok()?;
    (account < ACCOUNTS).then(|| AccountId::from_number(account))
}

const PREFIX: &str = "ASIA";
const BASE_32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const CHARACTERS: usize = 16;
const CHANCE_BITS: u32 = 39;
const CHANCE_MASK: u128 = (1 << CHANCE_BITS) - 1;
const ACCOUNT_MASK: u128 = (1 << 40) - 1;
const ACCOUNTS: u64 = 1_000_000_000_000;

#[cfg(test)]
mod tests {
    use coffer_seal::SystemEntropy;

    use super::{account_of, temporary};

    #[test]
    fn an_id_tells_its_account() {
        let entropy = SystemEntropy::new();
        for account in ["000000000000", "000000000042", "111122223333", "999999999999"] {
            let account = account.parse().unwrap();
            let id = temporary(account, &entropy);
            assert_eq!(id.len(), 20);
            assert_eq!(account_of(&id), Some(account));
            assert_ne!(temporary(account, &entropy), id);
        }
    }

    #[test]
    fn ids_of_aws_are_read_in_the_same_way() {
        // Published by its finders as an id of account 609629065308.
        assert_eq!(account_of("ASIAY34FZKBOKMUTVV7A"), "609629065308".parse().ok());
        for id in ["", "AKIAY34FZKBOKMUTVV7A", "ASIAY34FZKBOKMUTVV7", "ASIAY34FZKBOKMUTVV71"] {
            assert_eq!(account_of(id), None, "{id}");
        }
    }
}
