"""What the quiz says, where no other test runs it."""

from decimal import ROUND_HALF_UP, Decimal

import pytest

from shared_project.shop.models import Product


def test_a_decimal_made_of_a_float_keeps_its_error(capsys):
    price = Decimal(54.05) * Decimal("1.1")  # noqa: RUF032
    print(price.quantize(Decimal("0.01"), ROUND_HALF_UP))
    price = Decimal("54.05") * Decimal("1.1")
    print(price.quantize(Decimal("0.01"), ROUND_HALF_UP))
    assert capsys.readouterr().out == "59.45\n59.46\n"


@pytest.mark.parametrize(("number", "saved"), [(2, 3), (3, 0)])
def test_step_3_runs_no_save(call, step, products, monkeypatch, number, saved):
    calls = []
    monkeypatch.setattr(Product, "save", lambda product: calls.append(product))
    assert call(step(number), "--percentage=10") == "Changed 3 of 4 prices.\n"
    assert len(calls) == saved
