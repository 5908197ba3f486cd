"""Strikes of addresses."""

from webapp.operations import strikes as strikes_
from webapp.operations.strikes import Strikes


def test_an_address_is_refused_after_its_allowance_until_time_has_passed():
    now = [100.0]
    strikes = Strikes(3, clock=lambda: now[0])
    for _ in range(3):
        strikes.add("bad")
        assert not strikes.refuse("bad")
    strikes.add("bad")
    assert strikes.refuse("bad") and not strikes.refuse("good") and strikes.refusals == 1
    for _ in range(100):        # many more do not make it last longer
        strikes.add("bad")
    now[0] += 21                # 20 s a strike
    assert not strikes.refuse("bad")
    strikes.add("bad")
    assert strikes.refuse("bad")


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
