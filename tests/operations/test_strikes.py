"""Strikes of addresses."""

import pytest

from webapp.operations import strikes as strikes_
from webapp.operations.strikes import Strikes


@pytest.fixture
def now():
    return [100.0]


def exceed(strikes, count=4):
    for _ in range(count):
        strikes.add("bad")


def test_an_address_is_refused_for_a_minute_after_its_allowance(now):
    strikes = Strikes(3, clock=lambda: now[0])
    for _ in range(3):
        strikes.add("bad")
        assert not strikes.refuse("bad")
    strikes.add("bad")
    assert strikes.refuse("bad") == 60 and not strikes.refuse("good") and strikes.refusals == 1
    exceed(strikes, 100)        # many more do not make it last longer
    now[0] += 59
    assert strikes.refuse("bad") == 1
    now[0] += 1
    assert not strikes.refuse("bad")


def test_strikes_are_forgotten_with_time(now):
    strikes = Strikes(3, clock=lambda: now[0])
    for _ in range(20):
        strikes.add("slow")
        now[0] += 21            # 20 s a strike
        assert not strikes.refuse("slow")


def test_an_address_that_goes_on_is_refused_for_longer_and_longer(now):
    strikes, seconds = Strikes(3, clock=lambda: now[0]), []
    for _ in range(6):
        exceed(strikes)
        seconds.append(strikes.refuse("bad"))
        now[0] += seconds[-1]
        assert not strikes.refuse("bad")
    assert seconds == [60, 120, 240, 480, 600, 600]
    now[0] += 599               # still within the time of the last refusal
    exceed(strikes)
    assert strikes.refuse("bad") == 600
    now[0] += 1200
    exceed(strikes)
    assert strikes.refuse("bad") == 60


def test_zero_disables_it_and_unknown_addresses_are_not_counted():
    strikes, none = Strikes(0), Strikes(1)
    for _ in range(10):
        strikes.add("one")
        none.add("")
    assert not strikes.refuse("one") and not none.refuse("")


def test_the_number_of_addresses_is_bounded(monkeypatch):
    monkeypatch.setattr(strikes_, "MAX_ADDRESSES", 3)
    strikes = Strikes(0.5)
    for address in "abcd":
        strikes.add(address)
    assert [address for address in "abcd" if strikes.refuse(address)] == ["b", "c", "d"]
