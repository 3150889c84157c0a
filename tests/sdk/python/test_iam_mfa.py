"""Virtual MFA devices: seeds, codes, users, clocks."""

import base64
import hashlib
import hmac
import struct
import time

import pytest

from world import pages, refused, tags, word

STEP_SECONDS = 30


def code(seed, steps_from_now=0):
    """What an authenticator app shows (RFC 6238)."""
    step = int(time.time()) // STEP_SECONDS + steps_from_now
    key = base64.b32decode(seed)
    digest = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
    offset = digest[-1] & 0xF
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def codes(seed, steps_from_now=0):
    """Two of them in a row, the second one now."""
    first, second = code(seed, steps_from_now - 1), code(seed, steps_from_now)
    return {"AuthenticationCode1": first, "AuthenticationCode2": second}


@pytest.fixture
def device(world):
    made = world.iam.create_virtual_mfa_device(VirtualMFADeviceName=f"phone-{word()}")
    return world, made["VirtualMFADevice"]


@pytest.fixture
def enabled(device):
    world, made = device
    user = f"Ann-{word()}"
    world.iam.create_user(UserName=user)
    serial, seed = made["SerialNumber"], made["Base32StringSeed"]
    world.iam.enable_mfa_device(UserName=user, SerialNumber=serial, **codes(seed))
    return world, user, serial, seed


def test_a_device_is_made_with_a_seed_and_its_picture(world):
    name = f"phone-{word()}"
    made = world.iam.create_virtual_mfa_device(
        VirtualMFADeviceName=name, Path="/team/", Tags=tags(a="1")
    )["VirtualMFADevice"]
    assert made["SerialNumber"] == world.iam_arn(f"mfa/team/{name}")
    assert len(base64.b32decode(made["Base32StringSeed"])) == 40
    assert made["QRCodePNG"].startswith(b"\x89PNG\r\n\x1a\n")
    assert made["Tags"] == tags(a="1")
    sentence = "MFADevice entity at the same path and name already exists."
    with refused("EntityAlreadyExists", sentence, 409):
        world.iam.create_virtual_mfa_device(VirtualMFADeviceName=name, Path="/team/")


def test_two_codes_in_a_row_give_a_device_to_a_user(enabled):
    world, user, serial, _ = enabled
    listed = world.iam.list_mfa_devices(UserName=user)["MFADevices"]
    assert [(item["UserName"], item["SerialNumber"]) for item in listed] == [(user, serial)]
    found = world.iam.get_mfa_device(SerialNumber=serial, UserName=user)
    assert (found["UserName"], found["SerialNumber"]) == (user, serial)
    assert found["EnableDate"] == listed[0]["EnableDate"]


def test_wrong_codes_give_nothing(device):
    world, made = device
    user = f"ann-{word()}"
    world.iam.create_user(UserName=user)
    serial, seed = made["SerialNumber"], made["Base32StringSeed"]
    right = codes(seed)
    first, second = right["AuthenticationCode1"], right["AuthenticationCode2"]
    for wrong in ((first, first), (second, first), (code(seed, -5), second)):
        sentence = "Authentication code for device is not valid."
        with refused("InvalidAuthenticationCode", sentence, 403):
            world.iam.enable_mfa_device(
                UserName=user,
                SerialNumber=serial,
                AuthenticationCode1=wrong[0],
                AuthenticationCode2=wrong[1],
            )
    with refused("InvalidAuthenticationCode", status=403):
        world.iam.enable_mfa_device(UserName=user, SerialNumber=serial, **codes(seed, 100))
    assert world.iam.list_mfa_devices(UserName=user)["MFADevices"] == []


def test_a_device_has_one_user(enabled):
    world, _, serial, seed = enabled
    other = f"bob-{word()}"
    world.iam.create_user(UserName=other)
    with refused("EntityAlreadyExists", status=409):
        world.iam.enable_mfa_device(UserName=other, SerialNumber=serial, **codes(seed))
    with refused("NoSuchEntity", "MFA Device invalid for user.", 404):
        world.iam.deactivate_mfa_device(UserName=other, SerialNumber=serial)


def test_a_clock_that_goes_wrong_is_set_again_by_codes_that_were_not_used(enabled):
    world, user, serial, seed = enabled
    with refused("InvalidAuthenticationCode", status=403):
        world.iam.resync_mfa_device(UserName=user, SerialNumber=serial, **codes(seed))
    world.iam.resync_mfa_device(UserName=user, SerialNumber=serial, **codes(seed, 1000))
    with refused("InvalidAuthenticationCode", status=403):
        world.iam.resync_mfa_device(UserName=user, SerialNumber=serial, **codes(seed, 9000))


def test_a_device_is_ended_after_it_was_deactivated(enabled):
    world, user, serial, _ = enabled
    with refused("DeleteConflict", "MFA VirtualDevice in use. Must deactivate first.", 409):
        world.iam.delete_virtual_mfa_device(SerialNumber=serial)
    with refused("DeleteConflict", "Cannot delete entity, must delete MFA device first.", 409):
        world.iam.delete_user(UserName=user)
    world.iam.deactivate_mfa_device(UserName=user, SerialNumber=serial)
    world.iam.delete_virtual_mfa_device(SerialNumber=serial)
    world.iam.delete_user(UserName=user)
    sentence = f"VirtualMFADevice with serial number {serial} doesn't exist."
    with refused("NoSuchEntity", sentence, 404):
        world.iam.delete_virtual_mfa_device(SerialNumber=serial)


def test_devices_are_listed_by_whether_they_are_given(dev):
    serials = [
        dev.iam.create_virtual_mfa_device(VirtualMFADeviceName=f"phone{number}")["VirtualMFADevice"]
        for number in range(3)
    ]
    dev.iam.create_user(UserName="Ann")
    given = serials[1]
    dev.iam.enable_mfa_device(
        UserName="ann", SerialNumber=given["SerialNumber"], **codes(given["Base32StringSeed"])
    )

    def listed(**arguments):
        items, count = pages(
            dev.iam.list_virtual_mfa_devices, "VirtualMFADevices", token="Marker", **arguments
        )
        return [item["SerialNumber"].rsplit("/")[-1] for item in items], count

    assert listed() == (["phone0", "phone1", "phone2"], 1)
    assert listed(MaxItems=1) == (["phone0", "phone1", "phone2"], 3)
    assert listed(AssignmentStatus="Assigned") == (["phone1"], 1)
    assert listed(AssignmentStatus="Unassigned") == (["phone0", "phone2"], 1)
    found = dev.iam.list_virtual_mfa_devices(AssignmentStatus="Assigned")["VirtualMFADevices"][0]
    assert found["User"]["UserName"] == "Ann"
    assert "Base32StringSeed" not in found and "QRCodePNG" not in found


def test_a_renamed_user_keeps_its_device(enabled):
    world, user, serial, _ = enabled
    new = f"renamed-{word()}"
    world.iam.update_user(UserName=user, NewUserName=new)
    assert world.iam.get_mfa_device(SerialNumber=serial, UserName=new)["UserName"] == new
    world.iam.deactivate_mfa_device(UserName=new, SerialNumber=serial)


def test_a_device_follows_the_real_time_where_decisions_do_not(timed):
    timed.server.advance("40d")
    made = timed.iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    timed.iam.create_user(UserName="ann")
    timed.iam.enable_mfa_device(
        UserName="ann", SerialNumber=made["SerialNumber"], **codes(made["Base32StringSeed"])
    )
    assert len(timed.iam.list_mfa_devices(UserName="ann")["MFADevices"]) == 1


def test_a_device_has_tags(device):
    world, made = device
    serial = made["SerialNumber"]
    world.iam.tag_mfa_device(SerialNumber=serial, Tags=tags(a="1", b="2"))
    world.iam.untag_mfa_device(SerialNumber=serial, TagKeys=["a"])
    assert world.iam.list_mfa_device_tags(SerialNumber=serial)["Tags"] == tags(b="2")
