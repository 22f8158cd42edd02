def euro(amount):
    """Return an amount of money as the price tags show it: 1.234,50 €."""
    return f"{amount:,.2f} €".translate(str.maketrans(",.", ".,"))
