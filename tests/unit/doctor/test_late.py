"""The doctor comes when somebody asks for it."""

from runicornd.composition import LateDoctor


class Doctor:
    """Repeats what it is asked."""

    async def examine(self, target, **options):
        return target, options


async def test_it_is_made_at_the_first_question_and_kept():
    """Nobody pays for it before, and nobody pays twice."""
    made = []

    def make():
        made.append(1)
        return Doctor()

    late = LateDoctor(make)
    assert made == []
    assert await late.examine("gpu", run="r1", ask=False) == (
        "gpu",
        {"run": "r1", "login": None, "ask": False},
    )
    await late.examine(None)
    assert made == [1]
