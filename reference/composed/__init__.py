"""Operations composed of others: they have no rules of their own and need none."""
