"""Turns of the requests of one client."""

from webapp.operations.turns import REFUSE, RUN, WAIT, Turns


def test_further_requests_of_a_client_wait_in_order_and_others_run():
    turns = Turns(2, max_waiting=2)
    assert [turns.enter("slow", number) for number in range(5)] == [RUN, RUN, WAIT, WAIT, REFUSE]
    assert turns.enter("other", 5) == RUN
    assert [turns.leave("slow") for _ in range(4)] == [2, 3, None, None]
    assert turns.leave("other") is None
    assert not turns._running and not turns._waiting, "a client without requests needs no memory"


def test_busy_client_has_fewer_requests_in_progress_until_it_is_quiet():
    now = [0.0]
    turns = Turns(4, busy=1, clock=lambda: now[0])
    for _ in range(30):         # one after the other, within a moment
        assert turns.enter("busy", None) == RUN and turns.leave("busy") is None
    assert [turns.enter("busy", number) for number in range(3)] == [RUN, WAIT, WAIT]
    assert turns.enter("other", None) == RUN and turns.enter("other", None) == RUN
    assert [turns.leave("busy") for _ in range(3)] == [1, 2, None]
    now[0] = 3.0
    assert [turns.enter("busy", number) for number in range(5)] == [RUN, RUN, RUN, RUN, WAIT]
    for client, count in (("busy", 5), ("other", 2)):
        for _ in range(count):
            turns.leave(client)
    now[0] = 6.0
    turns.enter("last", None)
    turns.leave("last")
    assert not turns._running and not turns._waiting and list(turns._rates) == ["last"]


def test_requests_that_began_before_a_client_was_busy_are_not_replaced_above_its_limit():
    turns = Turns(4, busy=1, clock=lambda: 0.0)
    assert [turns.enter("busy", number) for number in range(40)] == [RUN] * 4 + [WAIT] * 36
    assert [turns.leave("busy") for _ in range(4)] == [None, None, None, 4]


def test_zero_disables_the_limit():
    turns = Turns(0)
    assert {turns.enter("one", number) for number in range(100)} == {RUN}
    assert [turns.leave("one") for _ in range(100)] == [None] * 100 and not turns._running
