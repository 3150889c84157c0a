//! The codes of virtual MFA devices. No code is taken twice.
//!
//! Devices follow the real time, as signatures do, wherever the time of decisions was moved to.

use coffer_model::{AccountId, Timestamp};
use coffer_pipeline::Call;
use coffer_pipeline::identity::MfaDeviceRecord;
use coffer_protocol::Fault;
use coffer_seal::{TOTP_STEP_SECONDS, is_totp_code};
use data_encoding::BASE32_NOPAD;
use zeroize::Zeroizing;

/// Whether this is a code that the enabled device of this serial number shows now; it is used up
/// by that, in the commit of the call, which therefore has to be one that writes.
///
/// # Errors
/// A store that cannot be read; a call that may not write.
pub(crate) async fn verify_code(
    call: &mut Call<'_>,
    account: AccountId,
    serial: &str,
    code: &str,
) -> Result<bool, Fault> {
    let key = MfaDeviceRecord::key_of(account, serial);
    let Some(device) = call.get::<MfaDeviceRecord>(&key).await? else { return Ok(false) };
    let device = device.as_ref().clone();
    match used(&device, code, call.clock().real_now()).filter(|_| device.user.is_some()) {
        Some(last_step) => {
            call.put(MfaDeviceRecord { last_step, ..device }).await?;
            Ok(true)
        }
        None => Ok(false),
    }
}

/// The step of a code that the device shows now, or showed or will show next to now.
fn used(device: &MfaDeviceRecord, code: &str, now: Timestamp) -> Option<u64> {
    let seed = seed_of(device)?;
    let now = step_of(now).checked_add_signed(device.drift)?;
    let steps = now.saturating_sub(STEPS_ASIDE)..=now.saturating_add(STEPS_ASIDE);
    steps.filter(|step| *step > device.last_step).find(|step| is_totp_code(&seed, *step, code))
}

/// The device with its clock set by two codes that it showed one after the other, not further from
/// now than `steps_max`.
pub(super) fn synchronized(
    device: &MfaDeviceRecord,
    codes: [&str; 2],
    now: Timestamp,
    steps_max: u64,
) -> Option<MfaDeviceRecord> {
    let seed = seed_of(device)?;
    let now = step_of(now);
    let steps = now.saturating_sub(steps_max)..=now.saturating_add(steps_max);
    let [first, second] = codes;
    let is_shown = |step: &u64| {
        is_totp_code(&seed, *step, first) && is_totp_code(&seed, step.saturating_add(1), second)
    };
    // The nearest to now counts, should chance have it that there are two.
    let found = steps
        .filter(|step| *step > device.last_step)
        .filter(is_shown)
        .min_by_key(|step| step.abs_diff(now))?;
    let last_step = found.saturating_add(1);
    let ahead = i64::try_from(last_step).ok()? - i64::try_from(now).ok()?;
    // Two codes take a while to be read and typed: what lies within that is no drift.
    let drift = if ahead.unsigned_abs() <= STEPS_TYPING { 0 } else { ahead };
    Some(MfaDeviceRecord { last_step, drift, ..device.clone() })
}

fn seed_of(device: &MfaDeviceRecord) -> Option<Zeroizing<Vec<u8>>> {
    BASE32_NOPAD.decode(device.seed.expose().as_bytes()).ok().map(Zeroizing::new)
}

fn step_of(instant: Timestamp) -> u64 {
    u64::try_from(instant.as_secs()).unwrap_or_default() / TOTP_STEP_SECONDS
}

/// How many steps before and after now a code is taken.
const STEPS_ASIDE: u64 = 1;
/// How many steps may lie between the second code and now without the clocks being apart.
const STEPS_TYPING: u64 = 1;

#[cfg(test)]
mod tests {
    use coffer_model::{AccountId, Timestamp};
    use coffer_pipeline::identity::MfaDeviceRecord;
    use coffer_seal::totp_code;

    use super::{seed_of, step_of, synchronized, used};

    fn device(last_step: u64, drift: i64) -> MfaDeviceRecord {
        MfaDeviceRecord {
            account: AccountId::dev(),
            path: "/".to_owned(),
            device_name: "d".to_owned(),
            seed: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ".to_owned().into(),
            user: None,
            enabled: None,
            last_step,
            drift,
            tags: Default::default(),
        }
    }

    fn at(step: u64) -> Timestamp {
        Timestamp::from_millis(i64::try_from(step * 30_000 + 7_000).unwrap())
    }

    fn code(step: u64) -> String {
        totp_code(&seed_of(&device(0, 0)).unwrap(), step)
    }

    #[test]
    fn a_code_is_taken_once_and_only_about_its_time() {
        assert_eq!(step_of(at(1000)), 1000);
        for (step, is_taken) in
            [(998, false), (999, true), (1000, true), (1001, true), (1002, false)]
        {
            let found = used(&device(0, 0), &code(step), at(1000));
            assert_eq!(found, is_taken.then_some(step));
        }
        assert_eq!(used(&device(1000, 0), &code(1000), at(1000)), None);
        assert_eq!(used(&device(1000, 0), &code(1001), at(1000)), Some(1001));
    }

    #[test]
    fn two_codes_set_a_devices_clock() {
        let shown = [code(1040), code(1041)];
        let shown = [shown[0].as_str(), shown[1].as_str()];
        assert!(synchronized(&device(0, 0), shown, at(1000), 2).is_none());
        let set = synchronized(&device(0, 0), shown, at(1000), 100).unwrap();
        assert_eq!((set.last_step, set.drift), (1041, 41));
        assert_eq!(used(&set, &code(1042), at(1001)), Some(1042));
        assert_eq!(used(&set, &code(1001), at(1001)), None);
        let [first, second] = shown;
        assert!(synchronized(&device(0, 0), [second, first], at(1000), 100).is_none());
        assert!(synchronized(&set, shown, at(1000), 100).is_none());
    }
}
