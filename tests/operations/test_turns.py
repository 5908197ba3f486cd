"""Turns of the requests of one client."""

from webapp.operations.turns import REFUSE, RUN, WAIT, Turns


def test_further_requests_of_a_client_wait_in_order_and_others_run():
    turns = Turns(2, max_waiting=2)
    assert [turns.enter("slow", number) for number in range(5)] == [RUN, RUN, WAIT, WAIT, REFUSE]
    assert turns.enter("other", 5) == RUN
    assert [turns.leave("slow") for _ in range(4)] == [2, 3, None, None]
    assert turns.leave("other") is None
    assert not turns._running and not turns._waiting, "a client without requests needs no memory"


def test_zero_disables_the_limit():
    turns = Turns(0)
    assert {turns.enter("one", number) for number in range(100)} == {RUN}
    assert [turns.leave("one") for _ in range(100)] == [None] * 100 and not turns._running
