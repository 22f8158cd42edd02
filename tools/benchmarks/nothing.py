"""The floor under `pytest chapters/NN`: a test that needs a database and does nothing with it."""


def test_nothing(db):
    pass
