"""Files damaged by chance, the same ones every time; `make fuzz` tries new ones for longer."""

import pytest

from tests import fuzz

CASES = 1000
SEED = 20261122


@pytest.mark.filterwarnings("ignore::UserWarning:PIL", "ignore::UserWarning:zipfile")
def test_damaged_files_neither_fail_nor_hang_the_server_nor_end_a_reading_process(app):
    outcomes = fuzz.fuzz(app, SEED, range(CASES))
    for kind in fuzz.corpus():
        assert outcomes[f"{kind} read"], "damage must leave some files readable, or it tests one check only"
        assert outcomes[f"{kind} refused"]


def test_a_case_is_made_again_from_its_seed_and_number():
    assert fuzz.damaged(1, 2) == fuzz.damaged(1, 2)
    assert len({fuzz.damaged(1, number)[1] for number in range(100)}) > 95


def test_a_finding_says_how_to_make_its_file_again(app, monkeypatch):
    monkeypatch.setattr("server.compare.run", lambda *_: 1 / 0)
    with pytest.raises(fuzz.Finding, match=r"--seed 7 --case 3 --save bad\.(png|psd|zip)"):
        fuzz.fuzz(app, 7, [3])


def test_a_reading_process_that_dies_is_a_finding(app, monkeypatch):
    monkeypatch.setattr("server.pictures.wire.READ", "no such work")
    with pytest.raises(fuzz.Finding, match="died with status"):
        fuzz.fuzz(app, 7, range(100))
