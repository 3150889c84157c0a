//! ARNs, accounts, regions: what is read is written as it was, and the readers of parts agree with
//! the reader of the whole.

use coffer_model::{AccountId, Arn, Region};

use crate::Target;

pub(crate) const TARGET: Target = Target { name: "arn", bytes_max: 8 * 1024, run };

fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Ok(account) = text.parse::<AccountId>() {
        assert_eq!(account.as_str(), text);
    }
    if let Ok(region) = text.parse::<Region>() {
        assert_eq!(region.as_str(), text);
    }
    let owner = Arn::owner_of(text);
    let region = Arn::region_of(text);
    let Ok(arn) = text.parse::<Arn>() else { return };
    assert_eq!(arn.to_string(), text);
    assert_eq!(owner.ok(), Some(arn.account));
    assert_eq!(region, arn.region.as_ref().map(Region::as_str));
}
