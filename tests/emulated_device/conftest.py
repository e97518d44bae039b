"""Every test of this folder needs the device, and says why where it cannot be made."""

import pytest

import emulated_device


@pytest.fixture(autouse=True, scope="session")
def emulated():
    """Compile the device, or skip."""
    if emulated_device.DEVICE != emulated_device.NAME:
        return
    if why := emulated_device.lacking():
        pytest.skip(why)
    emulated_device.make()


@pytest.fixture
def no_float64():
    """The device refuses float64, as Apple's MPS does: what runs here never meets it."""
    if emulated_device.DEVICE == emulated_device.NAME:
        with emulated_device.without_float64():
            yield
    else:
        yield
