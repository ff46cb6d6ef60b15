"""What a browser would see."""

from urllib.request import urlopen

from conftest import PAGE


def test_the_server_answers(environment):
    with urlopen(f"http://{environment['address']}/", timeout=10) as answer:
        assert answer.read().decode() == PAGE
