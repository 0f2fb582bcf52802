"""Whether a session's viewer answers at its URL, as somebody with a browser finds out."""

import urllib.error

from tests.helpers.laptop import fetch

RELOADS = 3


def health(session):
    """The status of the session's health address.

    A viewer may die with a request in its hands; that connection ends, and the page is loaded again.
    """
    for _ in range(RELOADS):
        try:
            return fetch(session["url"] + "/api/health")[0]
        except (urllib.error.URLError, ConnectionError) as error:
            broken = error
    raise broken
